"""`/case/notes/*`: notes and the v1 notes groups, which are directories without parent."""

from typing import Any

from django.db.models import F, Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.models import Note, NoteDirectory
from cases.selectors import find, visible_note_directories, visible_notes
from cases.services import notes as services
from soar.api.base import represent
from soar.api.fast import FastRead, Nested
from soar.api.iris.envelope import success
from soar.api.iris.fields import REQUIRED, Always, Attributes, Integer, JsonObject, Text, Timestamp
from soar.api.iris.shapes import Empty, StateOut, state_of
from soar.api.iris.views import CASE_READ, CASE_WRITE, IrisViewSet, endpoint
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.like import MatchesLike

SEARCH_LENGTH = 1000
NO_NOTE = "Invalid note ID"  # v1.0.2 words a fetch like this, writes with "for this case"


class NoteRow(serializers.Serializer[Any]):
    """A note inside its group."""

    note_id = Integer(source="id")
    note_title = Text(source="title")
    note_lastupdate = Timestamp(source="updated_at")
    user = Text(source="user.name")


class GroupRow(serializers.Serializer[Any]):
    """A notes group in the list."""

    group_id = Integer(source="id")
    group_title = Text(source="name")
    notes = NoteRow(many=True, source="listed_notes")


class GroupOut(serializers.Serializer[Any]):
    """A notes group."""

    group_id = Integer(source="id")
    group_title = Text(source="name")
    group_creationdate = Timestamp(source="created_at")
    group_lastupdate = Timestamp(source="updated_at")


class GroupDetailsOut(GroupOut):
    """A notes group with its notes."""

    notes = NoteRow(many=True, source="notes.all")


class DirectoryOut(serializers.Serializer[Any]):
    """The directory of a note."""

    id = Integer()
    name = Text()
    parent_id = Integer(allow_null=True)
    case_id = Integer()


class NoteOut(serializers.Serializer[Any]):
    """A note."""

    note_id = Integer(source="id")
    note_uuid = serializers.UUIDField(source="uuid")
    note_title = Text(source="title")
    note_content = Text(source="content")
    note_creationdate = Timestamp(source="created_at")
    note_lastupdate = Timestamp(source="updated_at")
    note_user = Integer(source="user_id")
    note_case_id = Integer(source="case_id")
    group_id = Integer(source="directory_id")
    group_title = Text(source="directory.name")
    directory_id = Integer()
    directory = DirectoryOut()
    comments = Always([])
    custom_attributes = Attributes()
    modification_history = JsonObject(source="history")


class FoundNoteOut(serializers.Serializer[Any]):
    """A note that matched a search."""

    note_id = Integer(source="id")
    note_title = Text(source="title")
    note_content = Text(source="content")
    directory_id = Integer()


class GroupIn(serializers.Serializer[Any]):
    """The title of a notes group."""

    group_title = Text(source="name", min_length=1, max_length=200)


class GroupChangesIn(serializers.Serializer[Any]):
    """The title of a notes group; `group_id` where the path does not carry it."""

    group_title = Text(source="name", min_length=1, max_length=200, required=False)
    group_id = Integer(required=False)


class NoteIn(serializers.Serializer[Any]):
    """A new note, in a v1 group or a v2 directory."""

    note_title = Text(source="title", min_length=1, max_length=Note.TITLE_LENGTH)
    note_content = Text(source="content", required=False)
    group_id = Integer(required=False)
    directory_id = Integer(required=False)
    custom_attributes = Attributes()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two containers."""
        group_id = attrs.pop("group_id", None)
        attrs.setdefault("directory_id", group_id)
        if attrs["directory_id"] is None:
            raise serializers.ValidationError({"group_id": [REQUIRED]})
        return attrs


class NoteChangesIn(serializers.Serializer[Any]):
    """What changes of a note."""

    note_title = Text(source="title", min_length=1, max_length=Note.TITLE_LENGTH, required=False)
    note_content = Text(source="content", required=False)
    directory_id = Integer(required=False)
    custom_attributes = Attributes()


class NoteSearchIn(serializers.Serializer[Any]):
    """A v1 search term, where % stands for anything, or a v2 search input."""

    search_term = Text(required=False, max_length=SEARCH_LENGTH)
    search_input = Text(required=False, max_length=SEARCH_LENGTH)


class GroupListOut(serializers.Serializer[Any]):
    """The notes groups of a case."""

    groups = GroupRow(many=True)
    state = StateOut()


def _groups(actor: Actor, case: int) -> QuerySet[NoteDirectory]:
    return visible_note_directories(actor).filter(case_id=case, parent=None).order_by("id")


def _notes(actor: Actor, case: int) -> QuerySet[Note]:
    return visible_notes(actor).filter(case_id=case).order_by("id")


GROUP_LIST = FastRead(
    GroupRow,
    _groups,
    nested={"notes": Nested(NoteRow, _notes, "directory_id", "group_id")},
    case=int,
)


class NotesGroupViewSet(IrisViewSet):
    """Notes groups of the context case."""

    @endpoint(CASE_READ, summary="List the notes groups of a case", gives=GroupListOut)
    def list(self, request: Request) -> Response:
        """Answer the groups with the heads of their notes."""
        groups = GROUP_LIST.all(self.actor, case=self.case_id)
        return success(data={"groups": groups, "state": state_of(self.case_id, services.COUNTER)})

    @endpoint(CASE_READ, summary="Fetch a notes group", gives=GroupDetailsOut)
    def retrieve(self, request: Request, group_id: int) -> Response:
        """Answer one group."""
        rows = visible_note_directories(self.actor).filter(case_id=self.case_id)
        rows = rows.prefetch_related("notes__user")
        return success(data=represent(GroupDetailsOut, find(rows, group_id, services.NO_GROUP)))

    @endpoint(CASE_WRITE, summary="Add a notes group", takes=GroupIn, gives=GroupOut)
    def add(self, request: Request) -> Response:
        """Make a group."""
        directory = services.add_note_directory(self.actor, self.case_id, **self.read(GroupIn))
        return success(data=represent(GroupOut, directory))

    @endpoint(CASE_WRITE, summary="Rename a notes group", takes=GroupChangesIn, gives=GroupOut)
    def update(self, request: Request, group_id: int | None = None) -> Response:
        """Give a group another title; the id may come in the body."""
        fields = self.read(GroupChangesIn)
        if "name" not in fields:
            raise Invalid("Missing field group_title")
        pk = group_id if group_id is not None else fields.get("group_id")
        if pk is None:
            raise Invalid("Missing field group_id")
        directory = services.rename_note_directory(
            self.actor, self.case_id, pk, name=fields["name"]
        )
        return success(f"Updated title of group ID {pk}", represent(GroupOut, directory))

    @endpoint(CASE_WRITE, summary="Delete a notes group with its notes", takes=Empty)
    def delete(self, request: Request, group_id: int) -> Response:
        """Delete a group."""
        services.delete_note_directory(self.actor, self.case_id, group_id)
        return success(f"Group ID {group_id} deleted")


class NoteViewSet(IrisViewSet):
    """Notes of the context case."""

    @endpoint(CASE_READ, summary="Fetch a note", gives=NoteOut)
    def retrieve(self, request: Request, note_id: int) -> Response:
        """Answer one note."""
        rows = visible_notes(self.actor).filter(case_id=self.case_id).select_related("directory")
        return success(data=represent(NoteOut, find(rows, note_id, NO_NOTE)))

    @endpoint(CASE_WRITE, summary="Add a note", takes=NoteIn, gives=NoteOut, hooked="note_create")
    def add(self, request: Request) -> Response:
        """Write a note."""
        new = services.add_note(self.actor, self.case_id, **self.read(NoteIn))
        return success(data=self.written(NoteOut, new))

    @endpoint(
        CASE_WRITE,
        summary="Update a note",
        takes=NoteChangesIn,
        gives=NoteOut,
        hooked="note_update",
    )
    def update(self, request: Request, note_id: int) -> Response:
        """Change a note."""
        changes = self.read(NoteChangesIn)
        changed = services.update_note(self.actor, self.case_id, note_id, **changes)
        return success(data=self.written(NoteOut, changed))

    @endpoint(CASE_WRITE, summary="Delete a note", takes=Empty, hooked="note_delete")
    def delete(self, request: Request, note_id: int) -> Response:
        """Delete a note."""
        services.delete_note(self.actor, self.case_id, note_id)
        return success("Deleted")

    @endpoint(CASE_READ, summary="Search notes", takes=NoteSearchIn, gives=FoundNoteOut, many=True)
    def search(self, request: Request) -> Response:
        """Answer the notes whose title or content match."""
        fields = self.read(NoteSearchIn)
        wanted = self.query_text("search_input") or fields.get("search_input")
        if wanted is not None:
            match = Q(title__icontains=wanted) | Q(content__icontains=wanted)
        elif "search_term" in fields:
            term = fields["search_term"]
            match = Q(MatchesLike(F("title"), term)) | Q(MatchesLike(F("content"), term))
        else:
            raise Invalid.field("search_term", REQUIRED)
        found = visible_notes(self.actor).filter(match, case_id=self.case_id).order_by("id")
        return success(data=FoundNoteOut(found, many=True).data)

    def _wire_names(self) -> dict[str, str]:
        """Complain of the container under the name it was sent by."""
        names = super()._wire_names()
        return names if "directory_id" in self.body else names | {"directory_id": "group_id"}
