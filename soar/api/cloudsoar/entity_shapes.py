"""Entities on the wire: what is read of them, and how they look (contract §3.3, §4.6)."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from rest_framework import serializers

from incidents.services.entity_facts import EntityDetail, EntityFacts, told_of
from incidents.services.entity_tags import shown_tags
from iocs.models import Verdict
from modules.models import ModuleRun
from soar.api.cloudsoar.entity_types import entity_type_of
from soar.api.cloudsoar.fields import Integer, Moment, TagList, Text
from soar.api.cloudsoar.paging import ListingIn
from soar.core.actor import Actor
from soar.core.models import AuditLog
from soar.core.rich_text import sanitised_html

LONGEST_VALUE, LONGEST_TEXT = 10_000, 1_000_000
TAG_MODES = ("add", "replace")
# What rows of lists are made of.
ENTITY_COLUMNS = ("pk", "value", "type__name", "verdict", "locked_at", "deleted_at")
SEPARATOR = "<hr>"  # between what is said of an entity in different places


class EntityListIn(ListingIn):
    """What a list of entities takes; each parameter is an exact match."""

    type = Text(required=False)
    value = Text(required=False, max_length=LONGEST_VALUE)
    tag = Text(required=False)
    incident = Text(required=False, help_text="Its id, or its incident ID.")
    threat = serializers.ChoiceField(choices=Verdict.values, required=False)
    favorite = serializers.BooleanField(required=False)
    locked = serializers.BooleanField(required=False)
    deleted = serializers.BooleanField(
        required=False, help_text="Without it deleted ones are left out."
    )


class EntityIn(serializers.Serializer[Any]):
    """A new entity."""

    type = Text(max_length=200)
    value = Text(
        default="",
        max_length=LONGEST_VALUE,
        trim_whitespace=True,
        help_text="Of a file that is sent along its name, unless given.",
    )
    tag = TagList(required=False, source="tags")
    additional_info = Text(required=False, max_length=LONGEST_TEXT, source="description")
    file = serializers.FileField(
        required=False,
        write_only=True,
        allow_empty_file=True,
        help_text="In multipart bodies, of an entity of type file.",
    )


class EntityChangesIn(serializers.Serializer[Any]):
    """What changes of an entity."""

    tag = TagList(
        required=False,
        source="tags",
        help_text="Added to the tags there are. A red circle or MALICIOUS, an orange circle or SUSPICIOUS set "
        "the threat indicator.",
    )
    tag_mode = serializers.ChoiceField(choices=TAG_MODES, default="add")
    additional_info = Text(required=False, max_length=LONGEST_TEXT, source="description")
    locked = serializers.BooleanField(required=False, source="is_locked")
    favorite = serializers.BooleanField(required=False, source="is_favorite")
    threat_indicator = serializers.ChoiceField(
        choices=Verdict.values, required=False, source="verdict"
    )


class ThreatIndicatorIn(serializers.Serializer[Any]):
    """What an entity is held for."""

    value = serializers.ChoiceField(choices=Verdict.values, source="verdict")


class EntityActionIn(serializers.Serializer[Any]):
    """What to run on an entity."""

    module = Text(max_length=200, allow_blank=False, help_text="Its package, or its name.")
    action = Text(
        default="",
        max_length=300,
        help_text="What the module calls it; without one, all it offers for indicators.",
    )
    incident_id = Integer(
        required=False, help_text="Where to run it; else the newest incident you may write."
    )


class LatestIn(serializers.Serializer[Any]):
    """How much of what happened last to show."""

    page_size = Integer(min_value=1, max_value=500, default=50)


class EntityTagOut(serializers.Serializer[Any]):
    """A tag."""

    value = serializers.CharField()


class EntityRowOut(serializers.Serializer[Any]):
    """An entity in a list."""

    id = Integer()
    value = serializers.CharField()
    type = serializers.CharField()
    tag = EntityTagOut(many=True)
    related_incidents_count = Integer()
    favorite = serializers.BooleanField()
    locked = serializers.BooleanField()
    deleted = serializers.BooleanField()


class EntityIncidentOut(serializers.Serializer[Any]):
    """An incident an entity appears in."""

    id = Integer()
    incidentid = serializers.CharField()


class EntityEnrichmentOut(serializers.Serializer[Any]):
    """What a module found out about an entity."""

    source = serializers.CharField()  # type: ignore[assignment]
    datetime = Moment(allow_null=True)
    result = serializers.JSONField()


class EntityOut(serializers.Serializer[Any]):
    """An entity."""

    id = Integer()
    resource = serializers.CharField(help_text="The value.")
    value = serializers.CharField()
    type = serializers.CharField()
    tag = EntityTagOut(many=True)
    additional_info = serializers.CharField(help_text="HTML.")
    related_incidents = EntityIncidentOut(many=True)
    has_attachment = serializers.BooleanField()
    deleted = serializers.BooleanField()
    locked = serializers.BooleanField()
    favorite = serializers.BooleanField()
    threat_indicator = serializers.ChoiceField(choices=Verdict.values)
    md5_hash = serializers.CharField(allow_null=True)
    sha1_hash = serializers.CharField(allow_null=True)
    sha256_hash = serializers.CharField(allow_null=True)
    first_seen = Moment(allow_null=True)
    last_seen = Moment(allow_null=True)
    enrichments = EntityEnrichmentOut(many=True)


class EntityUpdatedOut(serializers.Serializer[Any]):
    """The answer to a change: what clients read of it is `detail`."""

    detail = serializers.CharField()
    id = Integer()
    tag = EntityTagOut(many=True)
    threat_indicator = serializers.ChoiceField(choices=Verdict.values)


class EntityHolderOut(serializers.Serializer[Any]):
    """An incident that holds an entity, and since when."""

    id = Integer(source="case_id")
    incidentid = serializers.CharField(source="case.incident.reference")
    description = serializers.CharField(source="case.incident.title")
    status = serializers.CharField(source="case.state.list_value.label", default=None)
    added_at = Moment()


class EntityStepOut(serializers.Serializer[Any]):
    """Something that was done to an entity, or with it."""

    datetime = Moment()
    category = serializers.ChoiceField(choices=["change", "action"])
    title = serializers.CharField()
    status = serializers.CharField(allow_null=True, help_text="Of an action.")
    created_by = serializers.CharField()
    incident = Integer(allow_null=True)


class EntityActionOut(serializers.Serializer[Any]):
    """A run that was queued."""

    running_id = serializers.UUIDField(source="task_id")
    module = serializers.CharField(source="module_name")
    action = serializers.CharField(source="ui_name")
    incident = Integer(source="case_id")
    status = serializers.CharField()
    start = Moment(source="queued_at")


def tag_rows(tags: list[str]) -> list[dict[str, str]]:
    """Return tags as the wire has them."""
    return [{"value": tag} for tag in tags]


def _tags(verdict: str, texts: tuple[str, ...]) -> list[dict[str, str]]:
    return tag_rows(shown_tags(verdict, texts))


def entity_rows(actor: Actor, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return entities, read as ENTITY_COLUMNS, as rows of a list: without an object per row (bench/)."""
    told = told_of(actor, [row[0] for row in rows])
    tags = cache(_tags)  # most entities have the tags of others
    return [
        {
            "id": pk,
            "value": value,
            "type": entity_type_of(type_name),
            "tag": tags(verdict, tuple(told.texts[pk])),
            "related_incidents_count": told.counts[pk],
            "favorite": pk in told.favorites,
            "locked": locked_at is not None,
            "deleted": deleted_at is not None,
        }
        for pk, value, type_name, verdict, locked_at, deleted_at in rows
    ]


def entity_row(facts: EntityFacts) -> dict[str, Any]:
    """Return an entity as a row of a list."""
    return {
        "id": facts.ioc.pk,
        "value": facts.ioc.value,
        "type": entity_type_of(facts.ioc.type.name),
        "tag": tag_rows(facts.tags),
        "related_incidents_count": facts.related_incidents_count,
        "favorite": facts.is_favorite,
        "locked": facts.ioc.locked_at is not None,
        "deleted": facts.ioc.deleted_at is not None,
    }


def entity_body(detail: EntityDetail, runs: list[ModuleRun]) -> dict[str, Any]:
    """Return an entity with what modules found out about it, times as moments."""
    ioc = detail.ioc
    row = entity_row(detail)
    del row["related_incidents_count"]
    return row | {
        "resource": ioc.value,
        "additional_info": SEPARATOR.join(map(sanitised_html, detail.descriptions)),
        "related_incidents": [{"id": pk, "incidentid": name} for pk, name in detail.incidents],
        "has_attachment": detail.has_attachment,
        "threat_indicator": ioc.verdict,
        **{f"{name}_hash": detail.hashes.get(name) for name in ("md5", "sha1", "sha256")},
        "first_seen": detail.first_seen_at,
        "last_seen": detail.last_seen_at,
        "enrichments": [enrichment(run, ioc.pk) for run in runs],
    }


def enrichment(run: ModuleRun, ioc_id: int) -> dict[str, Any]:
    """Return what a run of a module found out about an entity: its message, and what it wrote of it."""
    name = run.module.human_name if run.module is not None else run.module_name
    written = {
        str(entry.get("field")): _inert(entry.get("new"))
        for entry in run.applied
        if isinstance(entry, Mapping) and (entry.get("kind"), entry.get("id")) == ("ioc", ioc_id)
    }
    return {
        "source": name,
        "datetime": run.done_at and Moment().to_representation(run.done_at),
        "result": {"message": _inert(run.message), "changes": written},
    }


def steps(lines: list[AuditLog], runs: list[ModuleRun], count: int) -> list[dict[str, Any]]:
    """Return the last things that happened to an entity, newest first."""
    changes: list[dict[str, Any]] = [
        {
            "datetime": line.recorded_at,
            "category": "change",
            "title": line.summary or line.action,
            "status": None,
            "created_by": line.actor_login,
            "incident": line.case_id,
        }
        for line in lines
    ]
    actions: list[dict[str, Any]] = [
        {
            "datetime": run.started_at or run.queued_at,
            "category": "action",
            "title": run.ui_name or str(run),
            "status": run.status,
            "created_by": run.user_login,
            "incident": run.case_id,
        }
        for run in runs
    ]
    newest = sorted([*changes, *actions], key=lambda step: step["datetime"], reverse=True)
    return [
        step | {"datetime": Moment().to_representation(step["datetime"])} for step in newest[:count]
    ]


def _inert(value: Any) -> Any:
    """Return what a module wrote with the markup in it sanitised, as reports are whenever they are shown."""
    if isinstance(value, str):
        return str(sanitised_html(value)) if "<" in value else value
    if isinstance(value, Mapping):
        return {key: _inert(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_inert(item) for item in value]
    return value
