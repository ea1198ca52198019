"""One table of permissions: IRIS bits, Django permissions and Cloud SOAR capabilities are its names.

A group holds Django permissions; those of this table are rows of `core.User`, and no other model has
permissions of these names (core.E003). The mask of a user is the union of the bits his groups hold. Its
lower half is the mask of IRIS and goes over the wire there; what IRIS does not know starts at bit 16 and
never does.
Source of bits: DFIR-IRIS, permissions (contract §5). Source of capabilities: Cloud SOAR, role capabilities.
"""

from enum import IntEnum, IntFlag

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Case as Choice
from django.db.models import IntegerField, OuterRef, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce


class Permission(IntFlag):
    """What a user may do besides reading public reference data."""

    STANDARD_USER = 1
    SERVER_ADMINISTRATOR = 2
    ALERTS_READ = 4
    ALERTS_WRITE = 8
    ALERTS_DELETE = 16
    SEARCH_ACROSS_CASES = 32
    CUSTOMERS_READ = 64
    CUSTOMERS_WRITE = 128
    CASE_TEMPLATES_READ = 256
    CASE_TEMPLATES_WRITE = 512
    ACTIVITIES_READ = 1024
    ALL_ACTIVITIES_READ = 2048
    API_USE = 1 << 16
    API_ADMIN = 1 << 17
    ENTITIES_MANAGE = 1 << 18
    INVESTIGATORS_MANAGE = 1 << 19

    @property
    def codename(self) -> str:
        """Return the codename of the Django permission of one bit."""
        return (self.name or "").lower()


ALL_PERMISSIONS = Permission(sum(Permission))
IRIS_PERMISSIONS = ALL_PERMISSIONS & Permission(0xFFFF)
NO_PERMISSION = Permission(0)

LABELS = {
    Permission.STANDARD_USER: "Work on cases",
    Permission.SERVER_ADMINISTRATOR: "Administer the server",
    Permission.ALERTS_READ: "Read alerts",
    Permission.ALERTS_WRITE: "Write alerts",
    Permission.ALERTS_DELETE: "Delete alerts",
    Permission.SEARCH_ACROSS_CASES: "Search across cases",
    Permission.CUSTOMERS_READ: "Read customers",
    Permission.CUSTOMERS_WRITE: "Write customers",
    Permission.CASE_TEMPLATES_READ: "Read case templates",
    Permission.CASE_TEMPLATES_WRITE: "Write case templates",
    Permission.ACTIVITIES_READ: "Read activities",
    Permission.ALL_ACTIVITIES_READ: "Read all activities",
    Permission.API_USE: "Use the Cloud SOAR API",
    Permission.API_ADMIN: "Issue and revoke API tokens",
    Permission.ENTITIES_MANAGE: "Judge, lock and delete entities for everybody",
    Permission.INVESTIGATORS_MANAGE: "Invite and remove investigators of incidents",
}
# Capabilities of records there are; others come with what they are about.
CAPABILITIES = {
    Permission.STANDARD_USER: (
        "cloudSoarIncidentView",
        "cloudSoarIncidentAccess",
        "cloudSoarIncidentEdit",
        "cloudSoarIncidentBulkOperations",
        "cloudSoarIncidentChangeOwnership",
        "cloudSoarIncidentNotesAccess",
        "cloudSoarIncidentNotesEdit",
        "cloudSoarIncidentAttachmentsAccess",
        "cloudSoarIncidentAttachmentsEdit",
        "cloudSoarIncidentWarRoomUse",
        "taskView",
        "taskAccess",
        "taskEdit",
        "taskReassign",
        "cloudSoarEntitiesAccess",
        "cloudSoarIncidentTemplatesAccess",
        "cloudSoarDashboardAccess",
    ),
    Permission.SERVER_ADMINISTRATOR: (
        "cloudSoarGeneralConfigure",
        "cloudSoarUserManagementGroups",
        "cloudSoarIncidentFoldersEdit",
        "cloudSoarIncidentTemplatesConfigure",
        "cloudSoarCustomizationFields",
        "cloudSoarCustomizationIncidentLabels",
        "cloudSoarCustomizationTriage",
        "cloudSoarIncidentTriageChangeOwnership",
    ),
    Permission.ALERTS_READ: ("cloudSoarIncidentTriageView", "cloudSoarIncidentTriageAccess"),
    Permission.ALERTS_WRITE: ("cloudSoarIncidentTriageEdit",),
    Permission.ALERTS_DELETE: ("cloudSoarIncidentTriageBulkPhysicalDelete",),
    Permission.ALL_ACTIVITIES_READ: ("cloudSoarAuditAndInformationAuditTrail",),
    Permission.API_USE: ("cloudSoarAPIUse",),
    Permission.API_ADMIN: ("cloudSoarAPIAdmin",),
    Permission.ENTITIES_MANAGE: ("cloudSoarEntitiesManage",),
    Permission.INVESTIGATORS_MANAGE: ("cloudSoarIncidentManageInvestigators",),
}


class AccessLevel(IntEnum):
    """How far a user may go in one case. Source: DFIR-IRIS, case access levels (contract §5)."""

    DENY_ALL = 1
    READ_ONLY = 2
    FULL_ACCESS = 4

    @classmethod
    def choices(cls) -> list[tuple[int, str]]:
        """Return the levels as Django choices."""
        return [(level.value, level.name.lower()) for level in cls]


def mask_of_user(user: OuterRef) -> Coalesce:
    """Return the expression that computes a user's permission mask from his groups."""
    bits = Choice(
        *(When(permission__codename=bit.codename, then=Value(int(bit))) for bit in Permission),
        output_field=IntegerField(),
    )
    links = apps.get_model("core", "User").groups.through.objects
    memberships = links.filter(user_id=OuterRef(user))
    held = Group.permissions.through.objects.filter(
        group_id__in=memberships.order_by().values("group_id"),
        permission__content_type__app_label="core",
        permission__codename__in=[bit.codename for bit in Permission],
    )
    masks = held.order_by().values(everything=Value(1)).values(mask=Sum(bits, distinct=True))
    return Coalesce(Subquery(masks), Value(0), output_field=IntegerField())
