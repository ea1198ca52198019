"""Searches that users keep for themselves."""

from typing import Any

from cases.selectors import find
from cases.services.references import unique
from incidents.models import SavedSearch
from incidents.selectors import visible_saved_searches
from incidents.services.names import check_length, strip_name
from soar.core.actor import Actor
from soar.core.errors import Conflict, Invalid
from soar.core.history import apply_changes
from soar.core.locking import lock_for_transaction
from soar.core.recording import recording

EDITABLE = frozenset({"name", "filter", "columns"})
NAME_LENGTH, LONGEST_FILTER, MOST_COLUMNS, MOST_SEARCHES = 200, 10_000, 200, 200
UNKNOWN = "There is no such search."
TAKEN = "You have a search of this name already."
TOO_MANY = f"A user keeps at most {MOST_SEARCHES} searches."


def add_search(
    actor: Actor, *, name: str, filter: str = "", columns: list[str] | None = None
) -> SavedSearch:
    """Keep a search for the actor. Raise Invalid for a taken name, or Conflict when he has too many."""
    with recording(actor) as record:
        lock_for_transaction(f"saved searches of {actor.user_id}")
        if visible_saved_searches(actor).count() >= MOST_SEARCHES:
            raise Conflict(TOO_MANY)
        search = SavedSearch(user_id=actor.user_id)
        _, after = _apply(search, {"name": name, "filter": filter, "columns": columns or []})
        record("saved_search.created", search, summary=f"saved search {search}", after=after)
    return search


def update_search(actor: Actor, search_id: int, **changes: Any) -> SavedSearch:
    """Change a search of the actor's own. Raise NotFound, or Invalid for a taken name."""
    with recording(actor) as record:
        rows = visible_saved_searches(actor).select_for_update(of=("self",))
        search = find(rows, search_id, UNKNOWN)
        before, after = _apply(search, changes)
        summary = f"updated search {search}"
        if after:
            record("saved_search.updated", search, summary=summary, before=before, after=after)
    return search


def delete_search(actor: Actor, search_id: int) -> None:
    """Forget a search of the actor's own. Raise NotFound."""
    with recording(actor) as record:
        rows = visible_saved_searches(actor).select_for_update(of=("self",))
        search = find(rows, search_id, UNKNOWN)
        before = {"name": search.name, "filter": search.filter, "columns": search.columns}
        record("saved_search.deleted", search, summary=f"deleted search {search}", before=before)
        search.delete()


def _apply(search: SavedSearch, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    strip_name(changes, length=NAME_LENGTH)
    check_length(changes, length=LONGEST_FILTER, field="filter")
    if len(changes.get("columns", [])) > MOST_COLUMNS:
        raise Invalid.field("columns", f"At most {MOST_COLUMNS} columns.")
    made = apply_changes(search, changes, EDITABLE)
    with unique("name", TAKEN):
        search.save()
    return made
