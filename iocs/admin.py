"""Reference data of indicators in the console; the indicators are in cases.admin and incidents.admin, which know who sees them."""

from django.contrib import admin

from iocs.models import IocType
from iocs.selectors import visible_ioc_types
from iocs.services import TLP_LEVELS, add_ioc_type, delete_ioc_type, update_ioc_type
from soar.core.admin.base import Services
from soar.core.admin.reference import ReferenceAdmin, register_table


@admin.register(IocType)
class IocTypeAdmin(ReferenceAdmin):
    """Types of indicators, and the pattern values must match where an administrator set one."""

    services = Services(visible_ioc_types, add_ioc_type, update_ioc_type, delete_ioc_type)
    list_display = ("id", "name", "description", "taxonomy")
    search_fields = ("name", "description")
    fields = (
        "name",
        "description",
        "taxonomy",
        "validation_regex",
        "validation_expect",
        "suggested_regex",
        "suggested_expect",
    )
    readonly_fields = ("suggested_regex", "suggested_expect")


register_table(TLP_LEVELS, columns=("bscolor",))
