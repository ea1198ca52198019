"""Add the permissions for the second API, and give them to the groups that hold what they follow from."""

from typing import Any

from django.db import migrations
from django.db.models import F

# codename, label, bit, and the permission whose holders get it
GRANTED = (
    ("api_use", "Use the Cloud SOAR API", 1 << 16, "standard_user"),
    ("api_admin", "Issue and revoke API tokens", 1 << 17, "server_administrator"),
)


def grant(apps: Any, schema_editor: Any) -> None:
    """Grant each to the groups concerned, and to the masks of their members."""
    Permission = apps.get_model("auth", "Permission")
    User = apps.get_model("core", "User")
    for codename, label, bit, followed in GRANTED:
        held = Permission.objects.filter(content_type__app_label="core", codename=followed).first()
        groups = list(held.group_set.all()) if held is not None else []
        if not groups:
            continue  # a new database: the groups are seeded with it
        permission, _ = Permission.objects.get_or_create(
            content_type=held.content_type, codename=codename, defaults={"name": label}
        )
        members = set()
        for group in groups:
            group.permissions.add(permission)
            members |= set(group.user_set.values_list("pk", flat=True))
        without = User.objects.filter(pk__in=members, permission_mask__lt=bit)
        without.update(permission_mask=F("permission_mask") + bit)


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
