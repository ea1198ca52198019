"""Entities: what somebody catalogues, judges, locks and says of an indicator across his cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone

from cases.models import CaseIoc
from cases.selectors import WRITE, find, visible_case_iocs
from cases.services.iocs import COUNTER
from incidents.models import AlertIoc, FavoriteIoc
from incidents.selectors import visible_alert_iocs, visible_entities
from incidents.services.entity_tags import parted, tags_of, text_of
from iocs.models import CatalogueEntry, Ioc, Verdict
from iocs.selectors import visible_catalogue_entries
from iocs.services import ensure_ioc
from soar.core.actor import Actor
from soar.core.errors import Conflict, Forbidden, Invalid, NotFound
from soar.core.history import apply_changes, note
from soar.core.inserting import insert_if_absent
from soar.core.permissions import Permission
from soar.core.recording import Record, recording

UNKNOWN = "There is no such entity"
LOCKED = "The entity is locked"
DELETED = "The entity is deleted, restore it first"
NOT_DELETED = "This is not deleted"
SAID = frozenset({"tags", "description"})
BATCH = 500
Place = CaseIoc | AlertIoc | CatalogueEntry


@dataclass(frozen=True, slots=True)
class _Desk:
    """An entity being changed: who does, its locked row, and the locked records of it he may write."""

    actor: Actor
    record: Record
    ioc: Ioc
    places: list[Place]


def catalogue_entity(
    actor: Actor, *, type_id: int, value: str, tags: Sequence[str] = (), description: str = ""
) -> tuple[Ioc, bool]:
    """Make an indicator visible to the actor without a case, and return it with whether it was not yet.

    One that he sees already is returned as it is. Raise Forbidden, also for tags that judge where he may not,
    Invalid for no value, or Conflict when the tags judge one that is locked.
    """
    actor.require(Permission.STANDARD_USER)
    verdict, others = parted(tags)
    if verdict is not None:
        actor.require(Permission.ENTITIES_MANAGE)
    if not value.strip():
        raise Invalid.field("value", "An entity has a value.")
    with recording(actor) as record:
        ioc, _ = ensure_ioc(type_id=type_id, value=value.strip())
        if visible_entities(actor).filter(pk=ioc.pk).exists():
            return ioc, False
        if ioc.catalogued_by_id is None:
            ioc.catalogued_by_id = actor.user_id
            ioc.save(update_fields=["catalogued_by"])
        entry = CatalogueEntry(
            ioc=ioc, user_id=actor.user_id, tags=text_of(others), description=description
        )
        insert_if_absent(entry)
        after = {"value": ioc.value, "type_id": type_id, "tags": entry.tags}
        record("entity.catalogued", ioc, summary=f'catalogued "{ioc.value}"', after=after)
        if verdict is not None:
            _judge(_Desk(actor, record, ioc, [entry]), verdict)
    return ioc, True


def update_entity(
    actor: Actor,
    ioc_id: int,
    *,
    tags: Sequence[str] | None = None,
    replaces_tags: bool = False,
    description: str | None = None,
    verdict: str | None = None,
    is_locked: bool | None = None,
    is_favorite: bool | None = None,
) -> Ioc:
    """Change an entity in one transaction; None leaves a value as it is.

    Tags are added, or replace all there are, and the description is set, in every case and alert the actor
    may write that holds the entity and in his own catalogue. Reserved tags are the verdict, and replacing
    them away takes it back. Raise NotFound, Forbidden where he may write none of those or would judge or
    lock without ENTITIES_MANAGE, or Conflict when the entity is locked or deleted; unlocking comes first and
    locking last.
    """
    with recording(actor) as record:
        if is_favorite is not None:
            set_favorite(actor, ioc_id, is_favorite=is_favorite)
        is_rewritten = any(value is not None for value in (tags, description, verdict))
        if not is_rewritten and is_locked is None:
            return find(visible_entities(actor), ioc_id, UNKNOWN)
        desk = _desk(actor, record, ioc_id, manages=verdict is not None or is_locked is not None)
        if is_locked is False:
            _lock(desk, is_locked=False)
        if is_rewritten:
            told, others = _told(desk, tags, replaces_tags=replaces_tags)
            _judge(desk, verdict or told)
            _say(desk, others, replaces_tags=replaces_tags, description=description)
        if is_locked is True:
            _lock(desk, is_locked=True)
    return desk.ioc


def set_verdict(actor: Actor, ioc_id: int, *, verdict: str) -> Ioc:
    """Judge an entity, for everybody. Raise NotFound, Forbidden, Invalid or Conflict."""
    return update_entity(actor, ioc_id, verdict=verdict)


def lock_entity(actor: Actor, ioc_id: int) -> Ioc:
    """Let an entity take no change and no action. Raise NotFound or Forbidden."""
    return update_entity(actor, ioc_id, is_locked=True)


def unlock_entity(actor: Actor, ioc_id: int) -> Ioc:
    """Let an entity take changes and actions again. Raise NotFound or Forbidden."""
    return update_entity(actor, ioc_id, is_locked=False)


def delete_entity(actor: Actor, ioc_id: int) -> None:
    """Hide an entity from lists until it is restored; cases keep it. Twice is as good as once.

    Raise NotFound, Forbidden, or Conflict when it is locked.
    """
    with recording(actor) as record:
        ioc = _desk(actor, record, ioc_id, manages=True).ioc
        if ioc.locked_at is not None:
            raise Conflict(LOCKED)
        if ioc.deleted_at is None:
            ioc.deleted_at = timezone.now()
            ioc.save(update_fields=["deleted_at"])
            record("entity.deleted", ioc, summary=f'deleted entity "{ioc.value}"')


def restore_entity(actor: Actor, ioc_id: int) -> Ioc:
    """Bring a deleted entity back. Raise NotFound, Forbidden, or Conflict when it is not deleted or locked."""
    with recording(actor) as record:
        ioc = _desk(actor, record, ioc_id, manages=True).ioc
        if ioc.deleted_at is None:
            raise Conflict(NOT_DELETED)
        if ioc.locked_at is not None:
            raise Conflict(LOCKED)
        ioc.deleted_at = None
        ioc.save(update_fields=["deleted_at"])
        record("entity.restored", ioc, summary=f'restored entity "{ioc.value}"')
    return ioc


def set_favorite(actor: Actor, ioc_id: int, *, is_favorite: bool) -> None:
    """Mark an entity for the actor himself, or no longer. Raise Forbidden or NotFound."""
    actor.require(Permission.STANDARD_USER)
    with recording(actor) as record:
        ioc = find(visible_entities(actor), ioc_id, UNKNOWN)
        mine = FavoriteIoc.objects.filter(user=actor.user_id, ioc=ioc)
        if is_favorite:
            if insert_if_absent(FavoriteIoc(user_id=actor.user_id, ioc=ioc)):
                record("entity.favorited", ioc, summary=f'marked "{ioc.value}" as a favourite')
        elif mine.delete()[0]:
            record("entity.unfavorited", ioc, summary=f'"{ioc.value}" is no favourite any more')


def may_write_entity(actor: Actor, ioc: Ioc) -> bool:
    """Tell whether the actor may write a case or an alert that holds the entity, or catalogued it."""
    if not actor.may(Permission.STANDARD_USER):
        return False
    return any(rows.exists() for rows in _writable(actor, ioc.pk))


def _writable(actor: Actor, ioc_id: int) -> list[QuerySet[Any]]:
    """Return what the actor may write of an entity, in the order in which rows are locked."""
    sources: list[QuerySet[Any]] = [visible_case_iocs(actor, WRITE)]
    if actor.may(Permission.ALERTS_WRITE):
        sources.append(visible_alert_iocs(actor))
    sources.append(visible_catalogue_entries(actor))
    return [rows.filter(ioc_id=ioc_id) for rows in sources]


def _desk(actor: Actor, record: Record, ioc_id: int, *, manages: bool) -> _Desk:
    """Lock an entity and what the actor may write of it.

    Raise NotFound, or Forbidden: what he does for everybody is also a matter of ENTITIES_MANAGE.
    """
    actor.require(Permission.STANDARD_USER)
    if manages:
        actor.require(Permission.ENTITIES_MANAGE)
    seen = find(visible_entities(actor), ioc_id, UNKNOWN)
    places = [
        place
        for rows in _writable(actor, seen.pk)
        for place in rows.order_by("pk").select_for_update(of=("self",))
    ]
    ioc = Ioc.objects.select_for_update(no_key=True).filter(pk=seen.pk).first()
    if ioc is None:
        raise NotFound(UNKNOWN)
    if not places:
        raise Forbidden()
    return _Desk(actor, record, ioc, places)


def _lock(desk: _Desk, *, is_locked: bool) -> None:
    ioc = desk.ioc
    if is_locked != (ioc.locked_at is not None):
        ioc.locked_at = timezone.now() if is_locked else None
        ioc.save(update_fields=["locked_at"])
        verb = "locked" if is_locked else "unlocked"
        desk.record(f"entity.{verb}", ioc, summary=f'{verb} entity "{ioc.value}"')


def _require_changeable(ioc: Ioc) -> None:
    if ioc.locked_at is not None:
        raise Conflict(LOCKED)
    if ioc.deleted_at is not None:
        raise Conflict(DELETED)


def _told(
    desk: _Desk, tags: Sequence[str] | None, *, replaces_tags: bool
) -> tuple[str | None, list[str] | None]:
    """Return the verdict that tags tell, and the others. Raise Forbidden for one the actor may not give.

    Whoever replaces the tags and leaves the verdict as it is gives none.
    """
    if tags is None:
        return None, None
    told, others = parted(tags)
    if replaces_tags:
        told = told or Verdict.NONE
    if told is not None and not (replaces_tags and told == desk.ioc.verdict):
        desk.actor.require(Permission.ENTITIES_MANAGE)
    return told, others


def _judge(desk: _Desk, verdict: str | None) -> None:
    """Set the verdict, if one is given."""
    ioc, before = desk.ioc, desk.ioc.verdict
    _require_changeable(ioc)
    if verdict is None or verdict == before:
        return
    if verdict not in Verdict.values:
        raise Invalid.field("verdict", f"One of {', '.join(Verdict.values)}.")
    ioc.verdict = verdict
    ioc.save(update_fields=["verdict"])
    desk.record(
        "entity.verdict_set",
        ioc,
        summary=f'held "{ioc.value}" for {Verdict(verdict).label.lower()}',
        before={"verdict": before},
        after={"verdict": verdict},
    )


def _say(
    desk: _Desk, tags: list[str] | None, *, replaces_tags: bool, description: str | None
) -> None:
    """Write tags and description into every place, with a line of the trail for each that changes."""
    changed: dict[type[Model], list[Any]] = {}
    for place in desk.places:
        changes = _changes_of(place, tags, replaces_tags=replaces_tags, description=description)
        before, after = apply_changes(place, changes, SAID)
        if not after:
            continue
        changed.setdefault(type(place), []).append(place)
        if isinstance(place, CaseIoc):
            note(desk.actor, place, "updated")
        _tell(desk, place, before, after)
    for model, rows in changed.items():
        fields = [*SAID, "history"] if model is CaseIoc else [*SAID]
        model._default_manager.bulk_update(rows, fields, batch_size=BATCH)


def _changes_of(
    place: Place, tags: list[str] | None, *, replaces_tags: bool, description: str | None
) -> dict[str, str]:
    """Return what of a place becomes different."""
    changes: dict[str, str] = {}
    known = tags_of([place.tags])
    wanted = known if tags is None else tags_of(tags if replaces_tags else [*known, *tags])
    if wanted != known:
        changes["tags"] = text_of(wanted)
    if description is not None and description != (place.description or ""):
        changes["description"] = description
    return changes


def _tell(desk: _Desk, place: Place, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Record the change of one place; in a case it is what changing its indicator there is."""
    is_in_case = isinstance(place, CaseIoc)
    desk.record(
        "ioc.updated" if is_in_case else "entity.updated",
        place,
        case_id=place.case_id if isinstance(place, CaseIoc) else None,
        counter=COUNTER if is_in_case else "",
        summary=f'updated ioc "{desk.ioc.value}"',
        before=before,
        after=after | {"ioc_id": desk.ioc.pk},
    )
