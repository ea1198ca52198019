"""Add the permissions for what touches others, and give them to the groups that could do it before."""

from typing import Any

from django.db import migrations

from soar.core.services.granting import grant_to_holders

GRANTED = (
    (
        "entities_manage",
        "Judge, lock and delete entities for everybody",
        1 << 18,
        "standard_user",
    ),
    (
        "investigators_manage",
        "Invite and remove investigators of incidents",
        1 << 19,
        "standard_user",
    ),
)


def grant(apps: Any, schema_editor: Any) -> None:
    """Grant each to the groups concerned, and to the masks of their members."""
    grant_to_holders(apps, GRANTED)


class Migration(migrations.Migration):
    dependencies = [("core", "0006_api_token")]
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
                    ("entities_manage", "Judge, lock and delete entities for everybody"),
                    ("investigators_manage", "Invite and remove investigators of incidents"),
                ],
            },
        ),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
