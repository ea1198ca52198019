"""Parts of incidents in the console: files, artifacts, raw alerts, the war room, details of tasks."""

from html import escape
from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cases.admin.base import has_full_access
from cases.models import Task
from cases.selectors import visible_activities
from incidents.admin.custom_values import ChangedCustomValues, CustomValues
from incidents.models import Artifact, Attachment, ExternalAlert, TimelineEntry
from incidents.selectors import (
    visible_artifacts,
    visible_attachments,
    visible_external_alerts,
    visible_task_details,
    visible_timeline_entries,
)
from incidents.services.artifacts import add_artifact
from incidents.services.attachments import (
    add_attachment,
    delete_attachment,
    open_attachment,
    update_attachment,
)
from incidents.war_room import body_of, title_of, visible_steps
from soar.core.actor import Actor
from soar.core.admin.base import ReadOnlyAdmin, ServiceAdmin, Services, actor_of
from soar.core.admin.filters import VisibleChoiceFilter
from soar.core.admin.panels import Context, Panel, add_panel
from soar.core.downloads import download_of
from soar.core.errors import DomainError
from soar.core.permissions import Permission
from soar.core.rich_text import sanitised_html

BY_INCIDENT = ("incident", VisibleChoiceFilter)
WRITERS = (Permission.STANDARD_USER, Permission.SERVER_ADMINISTRATOR)
LATEST_STEPS = 30


class UploadForm(forms.ModelForm):
    """A file for an incident; without a name it keeps its own."""

    content = forms.FileField(label="File", allow_empty_file=True)
    custom = CustomValues()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["incident"].required = True
        self.fields["file_name"].required = False


class AttachmentForm(ChangedCustomValues):
    """What may be changed of a file."""


@admin.register(Attachment)
class AttachmentAdmin(ServiceAdmin):
    """Files on incidents, alerts and indicators; their bytes are only ever downloaded."""

    services = Services(
        visible_attachments,
        add_attachment,
        update_attachment,
        delete_attachment,
        visible_activities,
    )
    writers = WRITERS
    form = AttachmentForm
    add_form = UploadForm
    autocomplete_fields = ("incident",)
    list_display = ("file_name", "incident", "size", "kind", "user", "added_at", "saved")
    list_select_related = ("incident", "file", "user")
    list_filter = (BY_INCIDENT,)
    search_fields = ("file_name", "description", "reference", "file__sha256", "file__md5")
    ordering = ("-pk",)
    small_fields = (*ServiceAdmin.small_fields, "description")
    readonly_fields = ("alert", "ioc", "size", "kind", "digests", "user", "added_at", "saved")
    fixed_fields = ("incident",)
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "incident",
                    "content",
                    "file_name",
                    "description",
                    "reference",
                    "custom",
                )
            },
        ),
    )
    fieldsets = (
        (None, {"fields": ("file_name", "saved", "description", "reference", "custom")}),
        ("File", {"fields": (("size", "kind"), "digests")}),
        ("Where", {"fields": (("incident", "alert", "ioc"), ("user", "added_at"))}),
    )

    def may_write(self, request: HttpRequest, obj: Any) -> bool:
        """Tell whether the actor may write what the file is on."""
        if obj.incident_id is not None:
            return has_full_access(request, obj.incident_id)
        return obj.alert_id is None or actor_of(request).may(Permission.ALERTS_WRITE)

    def perform_add(self, actor: Actor, values: dict[str, Any]) -> Attachment:
        """Keep the file."""
        values["file_name"] = values["file_name"] or values["content"].name
        return add_attachment(actor, **values)

    def get_urls(self) -> list[URLPattern]:
        """Return the stock addresses and that of the bytes."""
        view = self.admin_site.admin_view(self.download_view)
        name = "incidents_attachment_download"
        return [path("<int:attachment_id>/download/", view, name=name), *super().get_urls()]

    def download_view(self, request: HttpRequest, attachment_id: int) -> HttpResponseBase:
        """Answer the bytes of an attachment the actor may see."""
        if not self.has_view_permission(request):
            raise Http404
        try:
            found, content = open_attachment(actor_of(request), attachment_id)
        except DomainError as error:
            raise Http404 from error
        return download_of(found.file_name, found.file.size_bytes, content)

    @admin.display(description="Size", ordering="file__size_bytes")
    def size(self, attachment: Attachment) -> str:
        """Return its size."""
        return filesizeformat(attachment.file.size_bytes)

    @admin.display(description="Looks like")
    def kind(self, attachment: Attachment) -> str:
        """Return what its bytes look like."""
        return attachment.file.media_type

    @admin.display(description="Digests")
    def digests(self, attachment: Attachment) -> SafeString:
        """Return what its bytes are known by elsewhere."""
        file = attachment.file
        return format_html(
            "<pre>SHA-256 {}\nSHA-1   {}\nMD5     {}</pre>", file.sha256, file.sha1, file.md5
        )

    @admin.display(description="Bytes")
    def saved(self, attachment: Attachment) -> SafeString:
        """Return the link that saves it."""
        address = reverse("admin:incidents_attachment_download", args=[attachment.pk])
        return format_html('<a href="{}">Download</a>', address)


@admin.register(Artifact)
class ArtifactAdmin(ServiceAdmin):
    """Values for fields of incidents; new ones may become entities."""

    services = Services(visible_artifacts, add_artifact, audit=visible_activities)
    writers = WRITERS
    address = ("incident_id", "pk")
    autocomplete_fields = ("incident",)
    list_display = ("field", "value", "incident", "user", "added_at")
    list_select_related = ("incident", "user")
    list_filter = (BY_INCIDENT,)
    search_fields = ("field", "value")
    ordering = ("-pk",)
    small_fields = (*ServiceAdmin.small_fields, "value")
    readonly_fields = ("user", "added_at")
    add_fieldsets = ((None, {"fields": ("incident", "field", "value")}),)
    fieldsets = ((None, {"fields": ("incident", "field", "value", ("user", "added_at"))}),)


@admin.register(ExternalAlert)
class ExternalAlertAdmin(ReadOnlyAdmin):
    """Raw alerts, as they came."""

    services = Services(visible_external_alerts, audit=visible_activities)
    list_display = ("type", "name", "incident", "user", "received_at")
    list_select_related = ("incident", "user")
    list_filter = (BY_INCIDENT,)
    search_fields = ("type", "name")
    ordering = ("-pk",)
    fields = ("incident", "type", "name", "data", "actions", "result", "user", "received_at")


@admin.register(TimelineEntry)
class TimelineEntryAdmin(ReadOnlyAdmin):
    """What people wrote into war rooms."""

    services = Services(visible_timeline_entries, audit=visible_activities)
    list_display = ("title", "incident", "user", "started_at")
    list_select_related = ("incident", "user")
    list_filter = (BY_INCIDENT,)
    search_fields = ("title", "body_html")
    ordering = ("-pk",)
    fields = ("incident", "title", "text", "started_at", "user")

    @admin.display(description="Text")
    def text(self, entry: TimelineEntry) -> SafeString:
        """Return the text, made harmless."""
        return sanitised_html(entry.body_html)


def _task_details(request: HttpRequest, task: Any) -> Context | None:
    """Return what Cloud SOAR knows of a task besides, None for nothing."""
    related = ("group", "authorizer", "priority")
    rows = visible_task_details(actor_of(request)).select_related(*related)
    found = rows.filter(task=task.pk).first()
    if found is None:
        return None
    lines = [
        ("Group", found.group),
        ("Authorizer", found.authorizer),
        ("Priority", found.priority),
        ("Due (UTC)", found.due_at and f"{found.due_at:%Y-%m-%d %H:%M}"),
        ("Effort", found.effort_hours and f"{found.effort_hours} hours"),
        ("Done", f"{found.percentage} %"),
        ("Mandatory", "yes" if found.is_mandatory else "no"),
        ("Made by", found.get_source_display()),
        *found.custom.items(),
    ]
    return {"lines": [(name, value) for name, value in lines if value]}


def _war_room(request: HttpRequest, incident: Any) -> Context:
    """Return the latest steps of an incident, without those that were deleted."""
    rows = visible_steps(actor_of(request), incident.pk).exclude(mark__is_deleted=True)
    latest = rows.order_by("-happened_at", "-pk")[:LATEST_STEPS]
    return {"steps": [_as_shown(step) for step in latest]}


def _as_shown(step: Any) -> Context:
    """Return a step with its text, unless that only repeats the title."""
    title, body = title_of(step), body_of(step)
    is_said = body == f"<p>{escape(title)}</p>"
    return {
        "step": step,
        "mark": getattr(step, "mark", None),
        "title": title,
        "body": "" if is_said else sanitised_html(body),
    }


add_panel(Task._meta.label_lower, Panel("admin/task_panel.html", _task_details))
add_panel("incidents.incident", Panel("admin/war_room_panel.html", _war_room))
