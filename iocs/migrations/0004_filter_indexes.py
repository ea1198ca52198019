"""Let PostgreSQL find what is catalogued by one of its tags."""

from django.db import migrations

from soar.core.postgresql.indexes import TAGS, gin_index


class Migration(migrations.Migration):
    dependencies = [("iocs", "0003_entity_catalogue")]
    operations = [gin_index("catalogue_by_tag", "iocs_catalogueentry", TAGS)]
