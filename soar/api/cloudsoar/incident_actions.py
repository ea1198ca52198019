"""What can be done to incidents: closing, moving, giving away, and the like for many at once (contract §4.2)."""

from collections.abc import Callable
from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response

from incidents.selectors import get_incident
from incidents.services.bulk import for_each_incident
from incidents.services.cloning import clone_incident
from incidents.services.closing import close_incident, reopen_incident
from incidents.services.deleting import delete_incident, restore_incident
from incidents.services.editing import change_incident, move_to_folder, set_owner
from incidents.services.favorites import add_favorite, remove_favorite
from incidents.services.investigators import add_investigator
from incidents.services.parties import find_party
from soar.api.base import shared
from soar.api.cloudsoar.errors import translate
from soar.api.cloudsoar.incident_bodies import (
    BulkIn,
    CloneIn,
    ClosingIn,
    IncidentChangeIn,
    InvestigatorIn,
    MoveIn,
    OwnerIn,
    PhaseIn,
    ReopeningIn,
    changes_of,
    whom_of,
)
from soar.api.cloudsoar.incident_shapes import (
    BulkOut,
    IncidentOut,
    MovedOut,
    OwnerOut,
    owner_of,
)
from soar.api.cloudsoar.incidents import ANALYST, shown
from soar.api.cloudsoar.views import CloudSoarViewSet, FailureOut, endpoint
from soar.core.actor import Actor
from soar.core.errors import DomainError

CONFLICT = {409: FailureOut}
Service = Callable[[int], object]
Params = dict[str, Any]


class IncidentActionViewSet(CloudSoarViewSet):
    """Actions on one incident."""

    @endpoint(
        ANALYST,
        summary="Close an incident",
        takes=ClosingIn,
        gives=IncidentOut,
        also=CONFLICT,
    )
    def close(self, request: Request, incident: int) -> Response:
        """Close an incident and answer it."""
        close_incident(self.actor, incident, **self.read(ClosingIn))
        return Response(shown(self.actor, incident))

    @endpoint(
        ANALYST,
        summary="Reopen an incident",
        takes=ReopeningIn,
        gives=IncidentOut,
        also=CONFLICT,
    )
    def reopen(self, request: Request, incident: int) -> Response:
        """Open an incident again and answer it."""
        reopen_incident(self.actor, incident, **self.read(ReopeningIn))
        return Response(shown(self.actor, incident))

    @endpoint(ANALYST, summary="Restore a deleted incident", gives=IncidentOut, also=CONFLICT)
    def restore(self, request: Request, incident: int) -> Response:
        """Bring an incident back and answer it."""
        restore_incident(self.actor, incident)
        return Response(shown(self.actor, incident))

    @endpoint(
        ANALYST,
        summary="Open an incident like another",
        description="Its fields; parts, investigators and relations stay with the other one.",
        takes=CloneIn,
        gives=IncidentOut,
        code=201,
        also=CONFLICT,
    )
    def clone(self, request: Request, incident: int) -> Response:
        """Open a clone and answer it."""
        made = clone_incident(self.actor, incident, **self.read(CloneIn))
        return Response(shown(self.actor, cast(int, made.pk)), status=201)

    @endpoint(
        ANALYST,
        summary="Put an incident into a folder",
        takes=MoveIn,
        gives=MovedOut,
        also=CONFLICT,
    )
    def folder(self, request: Request, incident: int) -> Response:
        """Move an incident and answer where it is."""
        folder = move_to_folder(self.actor, incident, **self.read(MoveIn))
        return Response({"id": incident, "folder": {"id": folder.pk, "name": folder.name}})

    @endpoint(ANALYST, summary="Tell whom an incident belongs to", gives=OwnerOut)
    def owner(self, request: Request, incident: int) -> Response:
        """Answer the owner."""
        return Response(owner_of(get_incident(self.actor, incident)))

    @endpoint(
        ANALYST,
        summary="Give an incident to a user or a group",
        takes=OwnerIn,
        gives=OwnerOut,
        also=CONFLICT,
    )
    def set_owner(self, request: Request, incident: int) -> Response:
        """Give an incident away and answer to whom."""
        change_incident(self.actor, incident, self.read(OwnerIn))
        return Response(owner_of(get_incident(self.actor, incident)))

    @endpoint(
        ANALYST,
        summary="Let an incident enter a process phase",
        description="A phase may bring a status; none that is mandatory can be skipped.",
        takes=PhaseIn,
        gives=IncidentOut,
        also=CONFLICT,
    )
    def phase(self, request: Request, incident: int) -> Response:
        """Enter a phase and answer the incident."""
        change_incident(self.actor, incident, self.read(PhaseIn))
        return Response(shown(self.actor, incident))

    @endpoint(ANALYST, summary="Keep an incident in sight", code=204)
    def add_favorite(self, request: Request, incident: int) -> Response:
        """Make an incident a favourite."""
        add_favorite(self.actor, incident)
        return Response(status=204)

    @endpoint(ANALYST, summary="Keep an incident in sight no longer", code=204)
    def remove_favorite(self, request: Request, incident: int) -> Response:
        """Make an incident no favourite."""
        remove_favorite(self.actor, incident)
        return Response(status=204)

    @endpoint(
        ANALYST,
        summary="Do the same to many incidents",
        description="Each by its own permission; what one refuses does not stop the others.",
        takes=BulkIn,
        gives=BulkOut,
    )
    def bulk(self, request: Request) -> Response:
        """Do an action to every incident and answer to which it was done."""
        asked = self.read(BulkIn)
        service = BULK[asked["action"]](self.actor, asked["params"])
        done, failed = for_each_incident(asked["ids"], service)
        refused = [{"id": pk, "error": _refusal(error)} for pk, error in failed]
        return Response({"done": done, "failed": refused})


def _edit(actor: Actor, params: Params) -> Service:
    fields = changes_of(shared(IncidentChangeIn).run_validation(params))
    return lambda pk: change_incident(actor, pk, fields)


def _close(actor: Actor, params: Params) -> Service:
    values = shared(ClosingIn).run_validation(params)
    return lambda pk: close_incident(actor, pk, **values)


def _reopen(actor: Actor, params: Params) -> Service:
    values = shared(ReopeningIn).run_validation(params)
    return lambda pk: reopen_incident(actor, pk, **values)


def _delete(actor: Actor, params: Params) -> Service:
    return lambda pk: delete_incident(actor, pk)


def _restore(actor: Actor, params: Params) -> Service:
    return lambda pk: restore_incident(actor, pk)


def _add_investigator(actor: Actor, params: Params) -> Service:
    values = shared(InvestigatorIn).run_validation(params)
    party = find_party(whom_of(values), "params")
    return lambda pk: add_investigator(actor, pk, party=party, role=values.get("role", ""))


def _change_owner(actor: Actor, params: Params) -> Service:
    owner = find_party(shared(OwnerIn).run_validation(params)["owner"], "owner")
    return lambda pk: set_owner(actor, pk, owner=owner)


BULK: dict[str, Callable[[Actor, Params], Service]] = {
    "edit": _edit,
    "close": _close,
    "reopen": _reopen,
    "delete": _delete,
    "restore": _restore,
    "add_investigator": _add_investigator,
    "change_owner": _change_owner,
}


def _refusal(error: DomainError) -> str:
    answer = translate(error, {})
    return str(answer.data["description"]) if answer is not None else str(error)
