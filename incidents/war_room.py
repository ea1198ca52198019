"""The war room of an incident: every step taken in it, read from the lines of the audit trail.

Nothing is written for it: whatever is done through any door is a step as soon as it is recorded.
"""

from html import escape
from typing import Any, Protocol

from django.db.models import Case as Choice
from django.db.models import (
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString

from cases.models import Event
from cases.selectors import visible_cases
from incidents.models import TimelineEntry
from soar.core.actor import Actor
from soar.core.models import AuditLog
from soar.core.rich_text import html_of, safe_html_of, sanitised_html

OTHER = "incident"
# Which nouns of audit actions make up a category; every other noun is about the incident as a whole.
CATEGORIES = {
    "note": ("note",),
    "task": ("task",),
    "entity": ("ioc", "entity"),
    "attachment": ("attachment",),
    "artifact": ("artifact",),
    "external_alert": ("external_alert",),
    "asset": ("asset",),
    "evidence": ("evidence",),
    "timeline": ("event", "timeline_entry"),
    "module_run": ("hook", "run"),
}
CATEGORY_NAMES = (*CATEGORIES, OTHER)
_CATEGORY_OF = {noun: name for name, nouns in CATEGORIES.items() for noun in nouns}
UNSEEN = ("timeline_mark", "note_directory")  # what is only about how others are kept or shown
PRINTED = "timeline_mark.printed"
EVENT = Event._meta.label_lower
ENTRY = TimelineEntry._meta.label_lower
TITLES = ("title", "file_name", "filename", "value", "name", "field", "type")
HTML_BODIES = ("body_html", "content_html", "description_html")
MARKDOWN_BODIES = ("content", "description")
LONGEST_TITLE = 400


def visible_steps(actor: Actor, incident_id: int) -> QuerySet[AuditLog]:
    """Return the steps of a visible incident with their marks, as `category` and `happened_at`.

    Events of the timeline that are printed steps are not steps themselves: they would show twice.
    """
    # Of this incident alone, so that they are found once and not for each line.
    printed = AuditLog.objects.filter(case_id=incident_id, action=PRINTED, object_type=EVENT)
    entry = TimelineEntry.objects.filter(
        pk=OuterRef("object_id"), incident_id=OuterRef("case_id")
    ).values("started_at")
    happened_at = Choice(When(object_type=ENTRY, then=Subquery(entry[:1])), default=None)
    # Asked once, where "its case is among the visible ones" would be asked again for each line.
    is_visible = Exists(visible_cases(actor).filter(pk=incident_id).order_by())
    return (
        AuditLog.objects.filter(is_visible, case_id=incident_id)
        .exclude(_is_about(*UNSEEN))
        .exclude(object_type=EVENT, object_id__in=printed.values("object_id"))
        .select_related("mark")
        .annotate(
            category=Choice(
                *(When(_is_about(*nouns), then=Value(name)) for name, nouns in CATEGORIES.items()),
                default=Value(OTHER),
                output_field=CharField(),
            ),
            happened_at=Coalesce(happened_at, "recorded_at"),
        )
    )


def of_category(steps: QuerySet[AuditLog], category: str) -> QuerySet[AuditLog]:
    """Return the steps of one category, as CATEGORIES has them."""
    if category == OTHER:
        return steps.exclude(_is_about(*(noun for nouns in CATEGORIES.values() for noun in nouns)))
    return steps.filter(_is_about(*CATEGORIES[category]))


def category_of(action: str) -> str:
    """Return the category of the steps of an audit action, as visible_steps has it."""
    return _CATEGORY_OF.get(action.partition(".")[0], OTHER)


class Step(Protocol):
    """What title and body of a step are made of: a line of the audit trail, or columns of one."""

    action: Any
    summary: Any
    details: Any


def title_of(step: Step) -> str:
    """Return what a step is called: as somebody named it, else as what it is about."""
    mark = getattr(step, "mark", None)
    if mark is not None and mark.title:
        return str(mark.title)
    known = "" if getattr(step, "category", OTHER) == OTHER else _named(step)
    return (known or str(step.summary or step.action))[:LONGEST_TITLE]


def body_of(step: Step) -> str:
    """Return what a step says, as HTML still to be sanitised: the text that was written, else a sentence."""
    text, is_markdown = _written(step)
    return html_of(text) if is_markdown else text


def safe_body_of(step: Step) -> SafeString:
    """Return what body_of does, sanitised."""
    text, is_markdown = _written(step)
    return safe_html_of(text) if is_markdown else sanitised_html(text)


def _written(step: Step) -> tuple[str, bool]:
    """Return the text of a step, and whether it is markdown."""
    after = step.details.get("after") or {}
    for name in HTML_BODIES:
        if isinstance(after.get(name), str) and after[name]:
            return after[name], False
    for name in MARKDOWN_BODIES:
        if isinstance(after.get(name), str) and after[name]:
            return after[name], True
    return (f"<p>{escape(step.summary)}</p>" if step.summary else ""), False


def _is_about(*nouns: str) -> Q:
    found = Q()
    for noun in nouns:
        found |= Q(action__startswith=f"{noun}.")
    return found


def _named(step: Step) -> str:
    """Return how what a step is about was called, "" where nobody named it."""
    before, after = step.details.get("before") or {}, step.details.get("after") or {}
    for name in TITLES:
        value = after[name] if name in after else before.get(name)
        if value and isinstance(value, str):
            return value
    return ""
