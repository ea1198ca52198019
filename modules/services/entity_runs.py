"""Running a module on an entity, by its name, in one of the cases that hold it."""

from cases.selectors import WRITE, visible_case_iocs
from incidents.selectors import visible_entities
from incidents.services.entities import DELETED, LOCKED, UNKNOWN
from iocs.models import Ioc
from modules.models import ModuleRun
from modules.selectors import manual_subscriptions
from modules.services.runs import IOC, request_runs
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, NotFound
from soar.core.history import is_possible_id
from soar.core.permissions import Permission
from soar.core.recording import recording


def request_entity_runs(
    actor: Actor,
    ioc_id: int,
    *,
    module_name: str,
    ui_name: str = "",
    case_id: int | None = None,
) -> list[ModuleRun]:
    """Queue a run of each manual hook of a module on an entity; without a case, in the newest he may write.

    A module goes by its package or the name people read. Raise NotFound for an unknown entity, module or
    hook and for a case that does not hold it, Forbidden where he may write none, or Conflict when the entity
    is locked or deleted.
    """
    actor.require(Permission.STANDARD_USER)
    with recording(actor):
        visible = visible_entities(actor).filter(pk=ioc_id if is_possible_id(ioc_id) else 0)
        rows = Ioc.objects.select_for_update(no_key=True)
        ioc = rows.filter(pk=visible.values_list("pk", flat=True).first() or 0).first()
        if ioc is None:
            raise NotFound(UNKNOWN)
        place = _place(actor, ioc.pk, case_id)
        package = _package(module_name, ui_name)
        if ioc.locked_at is not None:
            raise Conflict(LOCKED)
        if ioc.deleted_at is not None:
            raise Conflict(DELETED)
        return request_runs(
            actor,
            place,
            object_type=IOC,
            target_ids=[ioc.pk],
            module_name=package,
            ui_name=ui_name,
        )


def _place(actor: Actor, ioc_id: int, case_id: int | None) -> int:
    """Return the case to run in."""
    holders = visible_case_iocs(actor).filter(ioc_id=ioc_id)
    if case_id is not None:
        holders = holders.filter(case_id=case_id if is_possible_id(case_id) else 0)
        if not holders.exists():
            raise NotFound("No such case holds the entity")
    writable = visible_case_iocs(actor, WRITE).filter(pk__in=holders.order_by().values("pk"))
    newest = writable.order_by("-case_id").values_list("case_id", flat=True).first()
    if newest is None:
        raise Forbidden(case_id=case_id)
    return newest


def _package(module_name: str, ui_name: str) -> str:
    """Return the package of the active module that offers this on indicators."""
    for one in manual_subscriptions(IOC):
        names = (one.module.package, one.module.human_name.casefold())
        is_named = module_name == names[0] or module_name.casefold() == names[1]
        if is_named and ui_name in ("", one.ui_name):
            return one.module.package
    raise NotFound("No active module offers this on indicators")
