"""Queries over what came with the run, proposals instead of writes, and what is refused. Contract §3.2."""

from pathlib import Path
from typing import Any

import pytest

from tests.modules.runner.jobs import (
    CASE_ID,
    failure_of,
    ioc,
    run_body,
    success_of,
    texts,
)

HEAD = """
from app import db
from app.models import *
from app.models import Ioc, IocLink, IocType, Cases, NoteDirectory, Notes, Client, Tlp, User, Alert
from sqlalchemy import and_, or_, not_, desc, func
"""
PLACES = {
    "case": {"case_id": CASE_ID, "name": "#3 - Phishing", "owner": {"id": 9, "name": "Ola"}},
    "note_directories": [
        {"id": 1, "name": "Triage", "parent_id": None, "case_id": CASE_ID},
        {"id": 2, "name": "Findings", "parent_id": 1, "case_id": CASE_ID},
        {"id": 3, "name": "findings of bob", "parent_id": 1, "case_id": CASE_ID},
    ],
    "ioc_types": [{"type_id": 20, "type_name": "domain"}, {"type_id": 76, "type_name": "ip-any"}],
}
D = "NoteDirectory"
QUERIES: dict[str, Any] = {
    f"{D}.query.filter({D}.name == 'Findings').first().id": 2,
    f"{D}.query.filter({D}.name == 'none').first()": None,
    f"{D}.query.filter_by(name='Findings', case_id=3).count()": 1,
    f"{D}.query.filter(and_({D}.name == 'Findings', {D}.case_id == self.case_id)).first().id": 2,
    f"len({D}.query.filter(or_({D}.id == 1, {D}.name == 'Findings')).all())": 2,
    f"[d.id for d in {D}.query.filter(not_({D}.id == 1))]": [2, 3],
    f"[d.id for d in {D}.query.filter({D}.id != 1, {D}.id < 3)]": [2],
    f"[d.id for d in {D}.query.filter(({D}.id == 1) | ({D}.id == 3))]": [1, 3],
    f"[d.id for d in {D}.query.filter(({D}.id >= 2) & ~({D}.id == 3))]": [2],
    f"[d.id for d in {D}.query.filter({D}.name.ilike('%findings%'))]": [2, 3],
    f"[d.id for d in {D}.query.filter({D}.name.like('F%'))]": [2],
    f"[d.id for d in {D}.query.filter({D}.id.in_([1, 3]))]": [1, 3],
    f"[d.id for d in {D}.query.filter({D}.parent_id.is_(None))]": [1],
    f"[d.id for d in {D}.query.filter({D}.parent_id == None)]": [1],
    f"[d.id for d in {D}.query.filter(func.lower({D}.name) == 'findings')]": [2],
    f"[d.id for d in {D}.query.order_by(desc({D}.id)).limit(2)]": [3, 2],
    f"[d.id for d in {D}.query.order_by({D}.name.asc()).offset(1)]": [1, 3],
    f"{D}.query.get(2).name": "Findings",
    f"{D}.query.filter({D}.id == '2').one().name": "Findings",
    f"{D}.query.with_entities({D}.id, {D}.name).first()": [1, "Triage"],
    f"db.session.query({D}).filter({D}.id == 1).one_or_none().name": "Triage",
    f"db.session.query({D}.name).filter({D}.id == 1).scalar()": "Triage",
    "IocType.query.filter(IocType.type_name == 'domain').first().type_id": 20,
    "Cases.query.filter(Cases.case_id == data[0].case_id).first().name": "#3 - Phishing",
    "Cases.query.get(3).owner.name": "Ola",
    "[i.ioc_value for i in Ioc.query.filter(Ioc.ioc_id == 5)]": ["198.51.100.7"],
    "Ioc.query.filter(Ioc.ioc_id == 5).first() is data[0]": True,
    "[x.case_id for x in IocLink.query.filter(IocLink.ioc_id == 5)]": [CASE_ID],
    "Tlp.query.filter_by(tlp_name='amber').first().tlp_id": 2,
    "User.query.filter(User.name == 'Mara Lindqvist').first().id": 4,
    "Alert.query.all()": [],
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The answers to all queries, from one run."""
    body = f"return InterfaceStatus.I2Success(data=[{', '.join(QUERIES)}])"
    outcome = run_body(tmp_path_factory.mktemp("queries"), body, head=HEAD, surroundings=PLACES)
    found: list[Any] = success_of(outcome)["data"]
    return found


@pytest.mark.parametrize(("place", "query"), list(enumerate(QUERIES)), ids=list(QUERIES))
def test_a_query_finds_what_came_with_the_run(place: int, query: str, answers: list[Any]) -> None:
    assert answers[place] == QUERIES[query]


REFUSED = {
    "db.session.execute('SELECT 1')": "Raw SQL is not offered",
    "db.session.execute(text('SELECT 1'))": "Raw SQL is not offered",
    "db.engine.connect()": "Raw SQL is not offered",
    "db.session.delete(data[0])": "Modules do not delete",
    "Ioc.query.join(IocLink).all()": "Only queries over one model are offered",
    "Ioc.query.filter(Ioc.ioc_id == IocLink.ioc_id).all()": "Only queries over one model",
    "db.session.query(Ioc, IocLink).all()": "Only queries over one model",
    "Ioc.query.delete()": "Only queries over one model are offered",
    "Ioc.nonsense": "Ioc has no column nonsense; it has ioc_id",
    "db.session.add(Alert(alert_title='x'))": "Creating Alert is not offered",
    "IocSchema().load({})": "Schemas only dump here",
    "current_user.id": "Use self.current_user",
    "g.case_id": "self.case_id",
    "flask.request.json": "There is no web request in a module run",
    "reporter.IrisMakeDocReport(1)": "Reports are not made inside a module run",
    "add_obj_history_entry(data[0], 'x')": "The helpers of app.util",
}
REFUSED_HEAD = f"""
{HEAD}
import flask
import app.iris_engine.reporter.reporter as reporter
from app.schema.marshables import IocSchema
from app.util import add_obj_history_entry
from flask import g
from flask_login import current_user
from sqlalchemy import text
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a module is told for each expression."""
    body = f"""
        told = {{}}
        for expression in {list(REFUSED)!r}:
            try:
                eval(expression)
            except Exception as error:
                told[expression] = f"{{type(error).__name__}}: {{error}}"
        return InterfaceStatus.I2Success(data=told)
    """
    folder = tmp_path_factory.mktemp("refusals")
    found: dict[str, str] = success_of(run_body(folder, body, head=REFUSED_HEAD))["data"]
    return found


@pytest.mark.parametrize(("expression", "words"), REFUSED.items(), ids=REFUSED.keys())
def test_what_is_not_offered_says_what_to_use(
    refusals: dict[str, str], expression: str, words: str
) -> None:
    assert words in refusals[expression]


def test_a_refusal_ends_the_run_with_its_words(tmp_path: Path) -> None:
    message = failure_of(run_body(tmp_path, "db.session.execute('SELECT 1')", head=HEAD))
    assert message.startswith("NotOffered: Raw SQL is not offered: modules have no connection")


def test_importing_what_cannot_be_used_is_logged(tmp_path: Path) -> None:
    body = "return InterfaceStatus.I2Success(data=[getattr(g, 'case_id', 1), hasattr(g, 'user')])"
    result = success_of(run_body(tmp_path, body, head="from flask import g"))
    assert result["data"] == [1, False]
    assert any(line.startswith("flask is not offered. There is no web") for line in texts(result))


def test_a_rolled_back_proposal_is_forgotten(tmp_path: Path) -> None:
    body = """
        db.session.add(NoteDirectory(name="kept"))
        db.session.commit()
        db.session.add(NoteDirectory(name="forgotten"))
        db.session.rollback()
        return InterfaceStatus.I2Success()
    """
    result = success_of(run_body(tmp_path, body, head=HEAD))
    assert [one["fields"]["name"] for one in result["creations"]] == ["kept"]


def test_a_proposal_is_read_at_the_end_and_found_meanwhile(tmp_path: Path) -> None:
    body = """
        directory = NoteDirectory(name="first name")
        db.session.add(directory)
        db.session.add(directory)
        directory.name = "last name"
        found = NoteDirectory.query.filter(NoteDirectory.name == "last name").count()
        link = IocLink(ioc_id=1, case_id=3)
        db.session.add(link)
        return InterfaceStatus.I2Success(data=[found, directory.id])
    """
    result = success_of(run_body(tmp_path, body, head=HEAD))
    assert result["data"] == [1, -1]
    assert [one["fields"]["name"] for one in result["creations"]] == ["last name"]


def test_a_guessed_case_becomes_the_case_of_the_run(tmp_path: Path) -> None:
    head = "from app.datamgmt.case.case_notes_db import add_note, add_note_group"
    body = """
        group = add_note_group(group_title="Group", caseid=1, userid=1, creationdate=None)
        add_note("Title", None, 1, 1, group.group_id, "Content")
        return InterfaceStatus.I2Success()
    """
    result = success_of(run_body(tmp_path, body, head=head))
    group, note = result["creations"]
    assert group["fields"] == {"name": "Group", "case_id": CASE_ID}
    assert (note["fields"]["note_case_id"], note["fields"]["directory_id"]) == (CASE_ID, -1)
    assert sum("not in case 1" in line for line in texts(result)) == 2


def test_changes_in_place_and_of_related_objects_are_seen(tmp_path: Path) -> None:
    body = """
        data[0].ioc_enrichment["vt"] = {"score": 5}
        data[0].ioc_type.type_name = "domain"
        data[0].custom_attributes["Tab"] = {"Field": {"type": "html", "value": "x"}}
        flag_modified(data[0], "custom_attributes")
        Cases.query.first().description = "by a module"
        data[0].private = object()
        return InterfaceStatus.I2Success()
    """
    head = f"{HEAD}\nfrom sqlalchemy.orm.attributes import flag_modified"
    result = success_of(run_body(tmp_path, body, head=head, surroundings=PLACES))
    case, found = sorted(result["diffs"], key=lambda diff: diff["kind"])
    assert found["changes"] == {
        "ioc_enrichment": [{}, {"vt": {"score": 5}}],
        "ioc_type.type_name": ["ip-any", "domain"],
    }
    assert found["attributes"] == {"Tab": {"Field": {"type": "html", "value": "x"}}}
    assert (case["kind"], case["id"], case["index"]) == ("case", CASE_ID, None)
    assert case["changes"] == {"description": [None, "by a module"]}


def test_only_what_differs_of_the_attributes_is_reported(tmp_path: Path) -> None:
    field = {"type": "input_string", "mandatory": False, "value": "a"}
    before = {"Tab": {"Same": field, "Other": field}, "Untouched": {"F": field}}
    body = """
        data[0].custom_attributes["Tab"]["Other"]["value"] = "b"
        del data[0].custom_attributes["Untouched"]
        return InterfaceStatus.I2Success()
    """
    result = success_of(run_body(tmp_path, body, data=[ioc(custom_attributes=before)]))
    assert result["diffs"][0]["attributes"] == {"Tab": {"Other": {**field, "value": "b"}}}
    assert "Custom attributes the module removed are kept" in texts(result)


def test_whatever_is_returned_becomes_json(tmp_path: Path) -> None:
    head = "import datetime, decimal, enum, math, uuid"
    body = """
        loop = []
        loop.append(loop)
        return InterfaceStatus.I2Success(data={
            1: datetime.datetime(2026, 1, 2, 3, 4), "bytes": b"a\\xff", "set": {1},
            "nan": math.nan, "decimal": decimal.Decimal("1.5"), "nul": "a\\0b", "half": "\\ud800",
            "enum": enum.Enum("E", "A").A, "status": InterfaceStatus.I2Success, "loop": loop,
        })
    """
    data = success_of(run_body(tmp_path, body, head=head))["data"]
    loop, status = data.pop("loop"), data.pop("status")
    assert isinstance(loop, list)
    assert "IIStatus" in status
    assert data == {
        "1": "2026-01-02T03:04:00",
        "bytes": "a\ufffd",
        "set": [1],
        "nan": "nan",
        "decimal": "1.5",
        "nul": "a\ufffdb",
        "half": "?",
        "enum": 1,
    }
