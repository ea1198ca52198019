"""Making what a module proposed: notes, directories, evidence, indicators and assets of its case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from cases.models import Asset, Case, Evidence, Note, NoteDirectory
from cases.models.lookups import CompromiseStatus
from cases.services.assets import add_asset
from cases.services.evidences import add_evidence
from cases.services.iocs import Added, add_ioc
from cases.services.notes import add_note, add_note_directory
from iocs.models import IocType
from modules.services.enriching import Desk
from modules.services.merging import merge_attributes, note_entry, storable
from modules.services.writable import ATTRIBUTES
from soar.core.errors import DomainError, Invalid
from soar.core.history import MAXIMUM_ID, is_possible_id
from soar.core.recording import BUSY

MAXIMUM_CREATIONS = 500  # of one run
ORDER = ("note_directory", "note", "ioc", "asset", "evidence")
AMBER, UNSPECIFIED = 2, 1  # the TLP and the analysis status of what says nothing else
CASE_NAMES = ("case_id", "caseid", "note_case_id")
NOT_CREATED = "refers to something that was not created"
OTHER_CASE = "a module creates only in the case of its run"


@dataclass(frozen=True)
class _Proposal:
    """One proposed object: its fields as the module named them, and what its siblings became."""

    desk: Desk
    case_id: int
    fields: Mapping[str, Any]
    made: Mapping[int, int]

    def text(self, *names: str, limit: int | None = None) -> str:
        """Return the first text given under one of the names, or ""."""
        value = next((self.fields[name] for name in names if self.fields.get(name)), "")
        if not isinstance(value, str):
            raise Invalid(f"{names[0]} is not a text")
        clean: str = storable(value)
        if limit is not None and len(clean) > limit:
            raise Invalid(f"{names[0]} is longer than {limit} characters")
        return clean

    def required(self, *names: str, limit: int | None = None) -> str:
        """Return a text that must be given."""
        text = self.text(*names, limit=limit)
        if not text.strip():
            raise Invalid(f"{names[0]} is missing")
        return text

    def number(self, *names: str, default: int | None = None) -> int | None:
        """Return the first whole number given under one of the names, a proposal's id resolved."""
        value = next(
            (self.fields[name] for name in names if self.fields.get(name) is not None), None
        )
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or value > MAXIMUM_ID:
            raise Invalid(f"{names[0]} is not a whole number")
        if value >= 0:
            return value
        if value not in self.made:
            raise Invalid(f"{names[0]} {NOT_CREATED}")
        return self.made[value]


@dataclass
class _Result:
    """The row of a proposal, and whether it was made now or was there already."""

    row: models.Model
    pk: int
    title: str
    is_new: bool = True


def create_all(desk: Desk, case: Case, proposals: list[Any]) -> None:
    """Make the proposed objects; what is there already is not made again.

    A proposal that cannot be made is noted as refused with the reason and does not stop the others,
    but for those that refer to it.
    """
    made: dict[int, int] = {}
    titles: list[str] = []
    for proposal in _in_order(desk, proposals):
        kind, ref = proposal["kind"], proposal.get("ref")
        fields = proposal["fields"]
        try:
            result = _create(_Proposal(desk, case.pk, fields, made), kind)
        except DomainError as error:
            if error.message == BUSY:  # the database ended a mutual wait: all of it is tried again
                raise
            reason = "; ".join(text for texts in error.fields.values() for text in texts)
            desk.sheet.refuse(kind, ref, "", reason or error.message, _title_of(fields))
            continue
        if isinstance(ref, int):
            made[ref] = result.pk
        if result.is_new:
            note_entry(desk.sheet.created, {"kind": kind, "id": result.pk, "title": result.title})
            titles.append(f'{kind.replace("_", " ")} "{result.title[:100]}"')
    if titles:
        desk.record(
            "case.enriched",
            case,
            case_id=case.pk,
            summary=f"{desk.label} created {', '.join(titles[:10])}"
            + (f" and {len(titles) - 10} more" if len(titles) > 10 else ""),
        )


def _in_order(desk: Desk, proposals: list[Any]) -> list[dict[str, Any]]:
    """Return the proposals that can be read, those first that others refer to."""
    readable: list[dict[str, Any]] = []
    for proposal in proposals:
        is_known = isinstance(proposal, dict) and proposal.get("kind") in ORDER
        if not is_known or not isinstance(proposal.get("fields"), dict):
            kind = proposal.get("kind") if isinstance(proposal, dict) else proposal
            desk.sheet.refuse(str(kind), None, "", "modules cannot create this")
        elif len(readable) >= MAXIMUM_CREATIONS:
            reason = f"a run creates at most {MAXIMUM_CREATIONS} objects"
            desk.sheet.refuse(proposal["kind"], proposal.get("ref"), "", reason)
        else:
            readable.append(proposal)
    return sorted(readable, key=_place)


def _place(proposal: dict[str, Any]) -> tuple[int, str]:
    """Return where a proposal comes: IOCs in one order for all runs, so that two never wait for each other."""
    fields = proposal["fields"]
    value = f"{fields.get('ioc_type_id')} {fields.get('ioc_value')}"
    return ORDER.index(proposal["kind"]), value if proposal["kind"] == "ioc" else ""


def _create(proposal: _Proposal, kind: str) -> _Result:
    for name in CASE_NAMES:
        meant = proposal.fields.get(name)
        if meant is not None and str(meant) != str(proposal.case_id):
            raise Invalid(f"{OTHER_CASE}, this one was meant for case {meant}")
    result = MAKERS[kind](proposal)
    attributes = proposal.fields.get(ATTRIBUTES)
    if result.is_new and isinstance(attributes, dict) and attributes:
        merge = merge_attributes(getattr(result.row, ATTRIBUTES, None), None, attributes)
        if merge.applied and hasattr(result.row, ATTRIBUTES):
            setattr(result.row, ATTRIBUTES, merge.value)
            result.row.save(update_fields=[ATTRIBUTES])
    return result


def _directory(given: _Proposal) -> _Result:
    name = given.required("name", "group_title", limit=200)
    parent_id = given.number("parent_id")
    rows = NoteDirectory.objects.filter(case_id=given.case_id, parent_id=parent_id, name=name)
    known = rows.order_by("pk").first()
    if known is not None:
        return _Result(known, known.pk, name, is_new=False)
    made = add_note_directory(given.desk.actor, given.case_id, name=name, parent_id=parent_id)
    return _Result(made, made.pk, name)


def _note(given: _Proposal) -> _Result:
    title = given.required("note_title", limit=Note.TITLE_LENGTH)
    content = given.text("note_content")
    directory_id = given.number("directory_id", "group_id")
    if directory_id is None:
        raise Invalid("directory_id is missing")
    actor = given.desk.actor
    if is_possible_id(directory_id):
        rows = Note.objects.filter(case_id=given.case_id, directory_id=directory_id, title=title)
        known = rows.filter(content=content, user_id=actor.user_id).first()
        if known is not None:
            return _Result(known, known.pk, title, is_new=False)
    made = add_note(actor, given.case_id, title=title, content=content, directory_id=directory_id)
    return _Result(made, made.pk, title)


def _ioc(given: _Proposal) -> _Result:
    value = given.required("ioc_value")
    case_ioc, how = add_ioc(
        given.desk.actor,
        given.case_id,
        type_id=_ioc_type(given),
        tlp_id=given.number("ioc_tlp_id", default=AMBER) or 0,
        value=value,
        description=given.text("ioc_description") or None,
        tags=given.text("ioc_tags") or None,
    )
    is_new = how != Added.ALREADY_HERE
    return _Result(case_ioc, case_ioc.ioc_id, value, is_new=is_new)


def _ioc_type(given: _Proposal) -> int:
    """Return the id of the type, which may also be given by its name."""
    nested = given.fields.get("ioc_type")
    type_id = nested.get("type_id") if isinstance(nested, dict) else given.fields.get("ioc_type_id")
    if isinstance(type_id, int):
        return type_id
    name = given.required("ioc_type", "type_name", "ioc_type_id", limit=200)
    found = IocType.objects.filter(name__iexact=name).values_list("pk", flat=True).first()
    if found is None:
        raise Invalid(f"There is no IOC type {name}")
    return found


def _asset(given: _Proposal) -> _Result:
    name, type_id = given.required("asset_name", limit=400), given.number("asset_type_id")
    if type_id is None:
        raise Invalid("asset_type_id is missing")
    compromise = given.number("asset_compromise_status_id")
    if compromise is not None and compromise not in CompromiseStatus.values:
        raise Invalid("Invalid compromise status ID")
    if is_possible_id(type_id):
        known = Asset.objects.filter(case_id=given.case_id, type_id=type_id, name=name).first()
        if known is not None:
            return _Result(known, known.pk, name, is_new=False)
    made = add_asset(
        given.desk.actor,
        given.case_id,
        name=name,
        type_id=type_id,
        analysis_status_id=given.number("analysis_status_id", default=UNSPECIFIED) or 0,
        compromise_status=compromise,
        description=given.text("asset_description") or None,
        domain=given.text("asset_domain") or None,
        ip=given.text("asset_ip") or None,
        info=given.text("asset_info") or None,
        tags=given.text("asset_tags") or None,
    )
    return _Result(made, made.pk, name)


def _evidence(given: _Proposal) -> _Result:
    filename = given.required("filename", limit=400)
    file_hash = given.text("file_hash", "sha256", limit=400) or None
    size = given.number("file_size", "size")
    rows = Evidence.objects.filter(case_id=given.case_id, filename=filename, file_hash=file_hash)
    known = rows.first()
    if known is not None:
        return _Result(known, known.pk, filename, is_new=False)
    made = add_evidence(
        given.desk.actor,
        given.case_id,
        filename=filename,
        file_hash=file_hash,
        size_bytes=size,
        description=given.text("file_description", "description") or None,
        type_id=given.number("type_id"),
    )
    return _Result(made, made.pk, filename)


MAKERS: dict[str, Callable[[_Proposal], _Result]] = {
    "note_directory": _directory,
    "note": _note,
    "ioc": _ioc,
    "asset": _asset,
    "evidence": _evidence,
}


def _title_of(fields: Mapping[str, Any]) -> Any:
    names = ("name", "group_title", "note_title", "ioc_value", "asset_name", "filename")
    return next((fields[name] for name in names if fields.get(name)), None)
