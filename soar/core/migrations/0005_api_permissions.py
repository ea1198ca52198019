"""Add the permissions for the second API, and give them to the groups that hold what they follow from."""

from typing import Any

from django.db import migrations

from soar.core.services.granting import grant_to_holders

GRANTED = (
    ("api_use", "Use the Cloud SOAR API", 1 << 16, "standard_user"),
    ("api_admin", "Issue and revoke API tokens", 1 << 17, "server_administrator"),
)


def grant(apps: Any, schema_editor: Any) -> None:
    """Grant each to the groups concerned, and to the masks of their members."""
    grant_to_holders(apps, GRANTED)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_user_permission_mask"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "ordering": ["id"],
                "permissions": [
                    ("standard_user", "Work on cases"),
                    ("server_administrator", "Administer the server"),
                    ("alerts_read", "Read alerts"),
                    ("alerts_write", "Write alerts"),
                    ("alerts_delete", "Delete alerts"),
                    ("search_across_cases", "Search across cases"),
                    ("customers_read", "Read customers"),
                    ("customers_write", "Write customers"),
                    ("case_templates_read", "Read case templates"),
                    ("case_templates_write", "Write case templates"),
                    ("activities_read", "Read activities"),
                    ("all_activities_read", "Read all activities"),
                    ("api_use", "Use the Cloud SOAR API"),
                    ("api_admin", "Issue and revoke API tokens"),
                ],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
