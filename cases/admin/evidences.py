"""The evidence register in the console."""

from django.contrib import admin

from cases.admin.base import ATTRIBUTES, BY_CASE, CaseRecordAdmin
from cases.models import Evidence
from cases.selectors import visible_activities, visible_evidences
from cases.services.evidences import add_evidence, delete_evidence, update_evidence
from soar.core.admin.base import Services


@admin.register(Evidence)
class EvidenceAdmin(CaseRecordAdmin):
    """What is known of each piece of evidence."""

    services = Services(
        visible_evidences, add_evidence, update_evidence, delete_evidence, visible_activities
    )
    list_display = ("filename", "case", "type", "size_bytes", "file_hash", "added_at")
    list_select_related = ("case", "type")
    list_filter = (BY_CASE, "type")
    search_fields = ("filename", "file_hash")
    readonly_fields = ("user", "added_at")
    details = (
        "case",
        "filename",
        ("type", "size_bytes"),
        "file_hash",
        "description",
        ("start_at", "end_at"),
    )
    add_fieldsets = ((None, {"fields": details}),)
    fieldsets = (
        (None, {"fields": details}),
        ("Registered", {"fields": (("user", "added_at"),)}),
        ATTRIBUTES,
    )
