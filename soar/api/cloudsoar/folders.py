"""`folders/`: where incidents are kept (contract §4.7)."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.selectors import find
from incidents.selectors import visible_folders
from incidents.services.folders import UNKNOWN, add_folder, delete_folder, update_folder
from soar.api.base import represent
from soar.api.cloudsoar.fields import Integer, Text
from soar.api.cloudsoar.set_up import ADMINISTRATOR, CONFLICT, PARTLY, NothingRequired
from soar.api.cloudsoar.views import ANY_TOKEN, CloudSoarViewSet, endpoint

EXAMPLE = {"id": 7, "name": "CSE-Pending", "parent": 1}


class FolderOut(serializers.Serializer[Any]):
    """A folder; one on top has no parent."""

    id = Integer()
    name = Text()
    parent = Integer(source="parent_id", allow_null=True)  # type: ignore[assignment]


class FolderIn(serializers.Serializer[Any]):
    """A new folder."""

    name = Text(max_length=200)
    parent = Integer(  # type: ignore[assignment]
        source="parent_id", required=False, allow_null=True, help_text="The id of another folder."
    )


class FolderChangesIn(NothingRequired, FolderIn):
    """What changes of a folder."""


class FolderViewSet(CloudSoarViewSet):
    """Folders."""

    @endpoint(
        ANY_TOKEN,
        summary="List the folders",
        gives=FolderOut(many=True),
        examples={"Two": [{"id": 1, "name": "Incidents", "parent": None}, EXAMPLE]},
    )
    def list(self, request: Request) -> Response:
        """Answer all of them."""
        return Response([represent(FolderOut, row) for row in visible_folders(self.actor)])

    @endpoint(
        ADMINISTRATOR,
        summary="Add a folder",
        takes=FolderIn,
        gives=FolderOut,
        code=201,
        also=CONFLICT,
        examples={"Added": EXAMPLE},
    )
    def create(self, request: Request) -> Response:
        """Answer the new folder."""
        folder = add_folder(self.actor, **self.read(FolderIn))
        return Response(represent(FolderOut, folder), status=201)

    @endpoint(ANY_TOKEN, summary="Fetch a folder", gives=FolderOut, examples={"One": EXAMPLE})
    def retrieve(self, request: Request, folder_id: int) -> Response:
        """Answer one folder."""
        folder = find(visible_folders(self.actor), folder_id, UNKNOWN)
        return Response(represent(FolderOut, folder))

    @endpoint(
        ADMINISTRATOR,
        summary="Rename or move a folder",
        description=PARTLY,
        takes=FolderChangesIn,
        gives=FolderOut,
        also=CONFLICT,
        examples={"Moved": EXAMPLE},
    )
    def update(self, request: Request, folder_id: int) -> Response:
        """Answer the folder as it is now."""
        folder = update_folder(self.actor, folder_id, **self.read(FolderChangesIn))
        return Response(represent(FolderOut, folder))

    @endpoint(
        ADMINISTRATOR,
        summary="Delete an empty folder",
        code=204,
        also=CONFLICT,
    )
    def destroy(self, request: Request, folder_id: int) -> Response:
        """Answer nothing; 409 where anything is in it."""
        delete_folder(self.actor, folder_id)
        return Response(status=204)
