from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('modules', '0004_run_times'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='modulerun', name='run_pending'),
        migrations.RemoveIndex(model_name='modulerun', name='run_running'),
        migrations.AddIndex(
            model_name='modulerun',
            index=models.Index(fields=['status', 'available_at'], name='run_due'),
        ),
        migrations.AddIndex(
            model_name='modulerun',
            index=models.Index(fields=['status', 'lease_until'], name='run_lease'),
        ),
    ]
