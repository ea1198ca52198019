
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('incidents', '0004_incident_indexes'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='alert',
            name='alert_once_per_source',
        ),
        migrations.AddConstraint(
            model_name='alert',
            constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('customer', 'source', 'external_id'), name='alert_once_per_customer_and_source', violation_error_message='The source sent an event of this external ID before.'),
        ),
    ]
