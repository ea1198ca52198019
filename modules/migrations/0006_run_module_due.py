from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('modules', '0005_run_due'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='modulerun', name='run_module_status'),
        migrations.AddIndex(
            model_name='modulerun',
            index=models.Index(fields=['module', 'status', 'available_at'], name='run_module_due'),
        ),
    ]
