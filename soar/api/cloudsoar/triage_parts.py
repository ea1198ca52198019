"""What is on a triage event: notes, entities and files (contract §4.5, as §4.3)."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.models import Alert, AlertNote, Attachment
from incidents.selectors import (
    visible_alert_iocs,
    visible_alert_notes,
    visible_alerts,
    visible_attachments,
    visible_entities,
)
from incidents.services.alert_parts import add_alert_ioc, add_alert_note
from incidents.services.alerts import UNKNOWN_ALERT
from incidents.services.attachments import add_attachment, open_attachment
from incidents.services.entity_types import ENTITY_TYPES, entity_type_of, find_ioc_type
from soar.api.base import represent
from soar.api.cloudsoar.attachments import TABLE as FILES
from soar.api.cloudsoar.fields import Html, Integer, Moment, TagList, Text
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.triage_examples import NOTE
from soar.api.cloudsoar.uploads import (
    EXAMPLE,
    AttachmentDataOut,
    AttachmentOut,
    UploadIn,
    UploadViewSet,
    data_of,
    shown_attachment,
    shown_attachments,
    upload_of,
)
from soar.api.cloudsoar.views import CloudSoarViewSet, FailureOut, endpoint, needs
from soar.core.errors import Invalid
from soar.core.history import is_possible_id
from soar.core.permissions import Permission
from soar.core.selectors import visible_users

READ = needs(Permission.ALERTS_READ)
WRITE = needs(Permission.ALERTS_WRITE)
LONGEST_TEXT = 1_000_000
UNKNOWN_FILE = "There is no such file on this event."
NOTES = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("title", "Title", Texts(), "title"),
    FilterField("created_on", "Created on", Moments(), "created_at"),
    FilterField("created_by", "Created by", Texts(), "user__login"),
    free_text=("title", "content_html"),
)
ENTITIES = FilterTable(
    FilterField("id", "ID", Numbers(), "ioc_id"),
    FilterField("value", "Value", Texts(), "ioc__value"),
    FilterField("added_at", "Added at", Moments(), "added_at"),
    free_text=("ioc__value", "description", "tags"),
)


class TriageNoteIn(serializers.Serializer[Any]):
    """A note to be written on an event."""

    title = Text(max_length=AlertNote._meta.get_field("title").max_length, allow_blank=False)
    additional_info = Text(source="content_html", default="", max_length=LONGEST_TEXT)
    created_on = Moment(source="created_at", required=False, allow_null=True)
    created_by = Text(
        default="",
        max_length=150,
        help_text="Counts where the caller may speak for that user; the answer shows who it is.",
    )


class TriageNoteOut(serializers.Serializer[Any]):
    """A note on an event."""

    id = Integer()
    title = Text()
    additional_info = Html(source="content_html")
    created_on = Moment(source="created_at", is_precise=True)
    created_by = Text(source="user.login")
    updated_on = Moment(source="updated_at", is_precise=True, allow_null=True)
    is_deleted = serializers.SerializerMethodField(help_text="Deleted notes are gone: false.")

    def get_is_deleted(self, note: AlertNote) -> bool:
        """Return False: what is shown is there."""
        return False


class TriageEntityIn(serializers.Serializer[Any]):
    """An entity to be put on an event: by type and value, or one that is known by its id."""

    entity_id = Integer(required=False)
    type = Text(required=False, max_length=200)
    value = Text(required=False, max_length=10_000, allow_blank=False)
    tag = TagList(required=False)
    additional_info = Text(source="description", default="", max_length=LONGEST_TEXT)


class TriageTagOut(serializers.Serializer[Any]):
    """A tag."""

    value = Text()


class TriageEntityOut(serializers.Serializer[Any]):
    """An entity on an event, with what the event says of it."""

    id = Integer(source="ioc_id")
    value = Text(source="ioc.value")
    type = serializers.SerializerMethodField()
    tag = serializers.SerializerMethodField()
    additional_info = Html(source="description")

    def get_type(self, row: Any) -> str:
        """Return what Cloud SOAR calls the type."""
        return entity_type_of(row.ioc.type.name)

    def get_tag(self, row: Any) -> list[dict[str, str]]:
        """Return the tags, each an object."""
        return [{"value": tag.strip()} for tag in row.tags.split(",") if tag.strip()]


class TriagePartViewSet(CloudSoarViewSet):
    """Notes and entities of an event."""

    @endpoint(
        READ,
        summary="List the notes on a triage event",
        query=ListingIn,
        gives=TriageNoteOut(many=True),
    )
    def notes(self, request: Request, triage: int) -> Response:
        """Answer the notes."""
        alert = self.find_alert(triage)
        rows = visible_alert_notes(self.actor).filter(alert=alert).select_related("user")
        page = Page.of(rows, NOTES, self.query(ListingIn), default_order="id")
        return page.answer(request, [represent(TriageNoteOut, row) for row in page.rows])

    @endpoint(
        WRITE,
        summary="Write a note on a triage event",
        takes=TriageNoteIn,
        gives=TriageNoteOut,
        code=201,
        examples={"A note": NOTE},
    )
    def add_note(self, request: Request, triage: int) -> Response:
        """Answer the note."""
        values = self.read(TriageNoteIn)
        login = values.pop("created_by")
        writers = visible_users(self.actor).filter(login__iexact=login)
        user_id = writers.values_list("pk", flat=True).first() if login else None
        note = add_alert_note(self.actor, triage, user_id=user_id, **values)
        return Response(represent(TriageNoteOut, note), status=201)

    @endpoint(
        READ,
        summary="List the entities on a triage event",
        query=ListingIn,
        gives=TriageEntityOut(many=True),
    )
    def entities(self, request: Request, triage: int) -> Response:
        """Answer the entities."""
        alert = self.find_alert(triage)
        rows = visible_alert_iocs(self.actor).filter(alert=alert).select_related("ioc__type")
        page = Page.of(rows, ENTITIES, self.query(ListingIn), default_order="id")
        return page.answer(request, [represent(TriageEntityOut, row) for row in page.rows])

    @endpoint(
        WRITE,
        summary="Put an entity on a triage event",
        description="One that is on it already answers 200 as it is.",
        takes=TriageEntityIn,
        gives=TriageEntityOut,
        code=201,
        also={200: TriageEntityOut},
    )
    def add_entity(self, request: Request, triage: int) -> Response:
        """Answer the entity."""
        values = self.read(TriageEntityIn)
        tags = ",".join(values.pop("tag", []))
        row, is_new = add_alert_ioc(self.actor, triage, tags=tags, **self.observable(values))
        return Response(represent(TriageEntityOut, row), status=201 if is_new else 200)

    def find_alert(self, alert_id: int) -> Alert:
        """Return the event of the path. Raise NotFound for a hidden one as for a missing one."""
        return find(visible_alerts(self.actor), alert_id, UNKNOWN_ALERT)

    def observable(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values with type and value of what was named. Raise Invalid."""
        description = values["description"]
        if "entity_id" in values:
            known = visible_entities(self.actor).filter(pk=values["entity_id"]).first()
            if known is None:
                raise Invalid.field("entity_id", "There is no such entity.")
            return {"type_id": known.type_id, "value": known.value, "description": description}
        for name in ("type", "value"):
            if name not in values:
                raise Invalid.field(name, "This field is required.")
        kind = find_ioc_type(values["type"])
        if kind is None:
            known_types = ", ".join(ENTITY_TYPES)
            raise Invalid.field("type", f"There is no such type; known ones are {known_types}.")
        return {"type_id": kind.pk, "value": values["value"], "description": description}


class TriageFileViewSet(UploadViewSet):
    """Files on an event."""

    @endpoint(
        READ,
        summary="List the files on a triage event",
        query=ListingIn,
        gives=AttachmentOut(many=True),
    )
    def attachments(self, request: Request, triage: int) -> Response:
        """Answer the files."""
        find(visible_alerts(self.actor), triage, UNKNOWN_ALERT)
        rows = self.files(triage)
        page = Page.of(rows, FILES, self.query(ListingIn), default_order="id")
        return page.answer(request, shown_attachments(self.actor, page.rows))

    @endpoint(
        WRITE,
        summary="Attach a file to a triage event",
        takes=UploadIn,
        gives=AttachmentOut,
        code=201,
        examples={"An attachment": EXAMPLE},
    )
    def add_file(self, request: Request, triage: int) -> Response:
        """Answer the file."""
        find(visible_alerts(self.actor), triage, UNKNOWN_ALERT)
        made = add_attachment(self.actor, alert_id=triage, **upload_of(self.read(UploadIn)))
        return Response(shown_attachment(self.actor, made), status=201)

    @endpoint(
        READ,
        summary="Fetch a file on a triage event in base64",
        gives=AttachmentDataOut,
        also={409: FailureOut},
    )
    def data(self, request: Request, triage: int, triage_file: int) -> Response:
        """Answer the bytes."""
        found = find(self.files(triage), triage_file, UNKNOWN_FILE)
        return Response(data_of(*open_attachment(self.actor, found.pk)))

    def files(self, alert_id: int) -> QuerySet[Attachment]:
        """Return the files on an event, none for one that is hidden."""
        known = alert_id if is_possible_id(alert_id) else 0
        rows = visible_attachments(self.actor).filter(alert=known)
        return rows.select_related("file", "user")
