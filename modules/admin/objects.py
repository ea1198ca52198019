"""The pages of the objects modules run on: which kind a row is, what it is called, where it is shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.urls import reverse

from cases.models import Asset, Case, CaseIoc, Event, Evidence, Note, Task
from cases.selectors import visible_cases
from modules.models import ModuleRun
from modules.services.runs import CASE, IN_CASE
from soar.core.actor import Actor
from soar.core.history import is_possible_id

Key = tuple[str, int, int | None]  # kind, id on the wire, case
LONGEST_TITLE = 60
SHOWN_TARGETS = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A kind with a page: its word, the model behind the page, and the column that names an object."""

    word: str
    model: type[Model]
    title: str


@dataclass(frozen=True, slots=True)
class Link:
    """An object as people see it; without an address it is gone, or not theirs to see."""

    text: str
    address: str = ""


PAGES = {
    CASE: Page("Case", Case, "name"),
    "ioc": Page("IOC", CaseIoc, "ioc__value"),
    "asset": Page("Asset", Asset, "name"),
    "note": Page("Note", Note, "title"),
    "event": Page("Event", Event, "title"),
    "task": Page("Task", Task, "title"),
    "evidence": Page("Evidence", Evidence, "filename"),
}
KINDS = {page.model: kind for kind, page in PAGES.items()}


def key_of(obj: Any) -> Key:
    """Return how modules know the object of a page; an IOC by the id of its observable."""
    kind = KINDS[type(obj)]
    if kind == CASE:
        return kind, obj.pk, obj.pk
    return kind, obj.ioc_id if kind == "ioc" else obj.pk, obj.case_id


def word_of(kind: str) -> str:
    """Return the word for a kind."""
    return PAGES[kind].word if kind in PAGES else kind.replace("_", " ").capitalize()


def keys_of(run: ModuleRun) -> list[Key]:
    """Return the first objects of a run."""
    found = []
    for target in run.targets[:SHOWN_TARGETS] if isinstance(run.targets, list) else ():
        pk = target.get("id") if isinstance(target, dict) else None
        if isinstance(pk, int) and is_possible_id(pk):
            found.append((run.object_kind, pk, run.case_id))
    return found


def links_to(actor: Actor, keys: Iterable[Key]) -> dict[Key, Link]:
    """Return a link per object, with one query per kind; those the actor may not see have no address."""
    wanted = set(keys)
    found = {key: Link(f"{word_of(key[0])} {key[1]}") for key in wanted}
    for kind, page in PAGES.items():
        of_kind = {key for key in wanted if key[0] == kind}
        if of_kind:
            links = _links(actor, kind, page, of_kind)
            found |= {key: link for key, link in links.items() if key in wanted}
    return found


def _links(actor: Actor, kind: str, page: Page, keys: set[Key]) -> dict[Key, Link]:
    visible, id_name = (visible_cases, "pk") if kind == CASE else IN_CASE[kind]
    case_name = "pk" if kind == CASE else "case_id"
    ids, cases = {pk for _, pk, _ in keys}, {case for *_, case in keys}
    rows = visible(actor).order_by().filter(**{f"{id_name}__in": ids, f"{case_name}__in": cases})
    return {
        (kind, wire_id, case): Link(f"{page.word} {_short(title)}", address_of(page.model, pk))
        for wire_id, case, pk, title in rows.values_list(id_name, case_name, "pk", page.title)
    }


def address_of(model: type[Model], pk: int) -> str:
    """Return the address of the page of a row."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[pk])


def _short(text: str) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= LONGEST_TITLE else f"{line[:LONGEST_TITLE]}…"
