"""Notes of an incident (contract §4.3, §5 example 7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Note
from cases.selectors import find, visible_notes
from cases.services.notes import delete_note
from cases.services.rich_texts import shown_as_html
from incidents.models import CustomField
from incidents.selectors import custom_fields_of
from incidents.services.calculations import values_as_shown
from incidents.services.incident_notes import SECTION, update_incident_note, write_note
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Moment, Text
from soar.api.cloudsoar.filters import FilterField, FilterTable, Moments, Numbers, Texts
from soar.api.cloudsoar.incident_parts import (
    LONGEST_HTML,
    WORKERS,
    CustomValuesIn,
    PartViewSet,
)
from soar.api.cloudsoar.paging import ListingIn, Page
from soar.api.cloudsoar.views import endpoint
from soar.core.rich_text import sanitised_html

UNKNOWN = "No such note in this incident"
TABLE = FilterTable(
    FilterField("id", "ID", Numbers(), "pk"),
    FilterField("title", "Title", Texts(), "title"),
    FilterField("created_on", "Created on", Moments(), "created_at"),
    FilterField("created_by", "Created by", Texts(), "user__login"),
    free_text=("title", "content"),
)
EXAMPLE = {
    "id": 77,
    "title": "Investigation",
    "additional_info": "<table><tr><td>src</td><td>203.0.113.7</td></tr></table>",
    "created_on": "2025-03-04T09:31:00.123456Z",
    "created_by": "mrossi",
    "updated_on": None,
    "is_deleted": False,
}


class NoteIn(CustomValuesIn):
    """A note to be written. Custom fields go by opt_<number>."""

    title = Text(max_length=Note.TITLE_LENGTH, allow_blank=False)
    additional_info = Text(source="content_html", default="", max_length=LONGEST_HTML)
    created_on = Moment(source="written_at", required=False, allow_null=True)
    created_by = Text(
        source="author",
        default="",
        max_length=150,
        help_text="Counts where the caller may speak for that user; the answer shows who it is.",
    )


class NoteChangeIn(CustomValuesIn):
    """What changes of a note, custom fields by opt_<number>; when and by whom it was written stays."""

    title = Text(max_length=Note.TITLE_LENGTH, allow_blank=False, required=False)
    additional_info = Text(source="content_html", required=False, max_length=LONGEST_HTML)


class NoteOut(serializers.Serializer[Any]):
    """A note, with its custom values as opt_<number>."""

    id = Integer()
    title = Text()
    additional_info = serializers.SerializerMethodField()
    created_on = Moment(source="created_at", is_precise=True)
    created_by = Text(source="user.login")
    updated_on = serializers.SerializerMethodField()
    is_deleted = serializers.SerializerMethodField(help_text="Deleted notes are gone: false.")

    def get_additional_info(self, note: Note) -> str:
        """Return the text as HTML."""
        return str(sanitised_html(shown_as_html(note.content, note.content_html)))

    def get_updated_on(self, note: Note) -> str | None:
        """Return when it was changed, None for never."""
        if note.updated_at == note.created_at:
            return None
        return Moment(is_precise=True).to_representation(note.updated_at)

    def get_is_deleted(self, note: Note) -> bool:
        """Return False: what is shown is there."""
        return False


def shown(note: Note, custom_fields: list[CustomField]) -> dict[str, Any]:
    """Return a note as this door shows it."""
    values = represent(NoteOut, note)
    return values | values_as_shown(custom_fields, note.custom, values)


class NotesViewSet(PartViewSet):
    """Notes."""

    @endpoint(WORKERS, summary="List notes", query=ListingIn, gives=NoteOut(many=True))
    def list(self, request: Request, incident: int) -> Response:
        """Answer the notes of an incident."""
        self.find_incident(incident)
        rows = visible_notes(self.actor).filter(case_id=incident).select_related("user")
        page = Page.of(rows, TABLE, self.query(ListingIn), default_order="id")
        fields = custom_fields_of(self.actor, SECTION)
        return page.answer(request, [shown(row, fields) for row in page.rows])

    @endpoint(
        WORKERS,
        summary="Write a note",
        takes=NoteIn,
        gives=NoteOut,
        code=201,
        examples={"A note": EXAMPLE},
    )
    def create(self, request: Request, incident: int) -> Response:
        """Write a note into the directory of the incident's notes."""
        self.admit_writer(incident)
        made = write_note(self.actor, incident, **self.read(NoteIn))
        return self._answer(incident, made.pk, 201)

    @endpoint(WORKERS, summary="Fetch a note", gives=NoteOut, examples={"A note": EXAMPLE})
    def retrieve(self, request: Request, incident: int, note: int) -> Response:
        """Answer a note."""
        self.find_incident(incident)
        return self._answer(incident, note)

    @endpoint(WORKERS, summary="Change a note", takes=NoteChangeIn, gives=NoteOut)
    def update(self, request: Request, incident: int, note: int) -> Response:
        """Change what is given of a note."""
        self.admit_writer(incident)
        update_incident_note(self.actor, incident, note, **self.read(NoteChangeIn))
        return self._answer(incident, note)

    @endpoint(WORKERS, summary="Delete a note", code=204)
    def destroy(self, request: Request, incident: int, note: int) -> Response:
        """Delete a note."""
        self.admit_writer(incident)
        delete_note(self.actor, incident, note)
        return Response(status=204)

    def _answer(self, incident: int, note: int, code: int = 200) -> Response:
        rows = visible_notes(self.actor).filter(case_id=incident).select_related("user")
        fields = custom_fields_of(self.actor, SECTION)
        return Response(shown(find(rows, note, UNKNOWN), fields), status=code)
