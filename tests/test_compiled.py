"""Compiled queries: the text is built once, its parameters vary, what cannot vary is refused."""

import uuid

import pytest
from django.db import connection
from django.db.models import F, IntegerField, Q, Subquery, Value
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from cases.selectors import visible_cases
from incidents.services.incidents import open_incident
from soar.core.actor import Actor
from soar.core.compiled import (
    Among,
    CompiledObjects,
    CompiledPage,
    CompiledQuery,
    CompiledRows,
    ids_text,
)
from soar.core.compiled_expression import CompiledExpression
from soar.core.models import AuditLog, User

BY_LOGIN = CompiledQuery(
    lambda login, pk: User.objects.filter(login=login, pk=pk).values_list("pk", "login"),
    login=str,
    pk=int,
)
READABLE = CompiledQuery(
    lambda actor, case: visible_cases(actor).filter(pk=case).values_list("pk"), case=int
)
ALL = CompiledPage(lambda: User.objects.order_by("pk"), "pk", "login")
ALL_AT_ONCE = CompiledPage(lambda: User.objects.order_by("pk"), "pk", counts_within=True)
BY_IDS = CompiledQuery(
    lambda ids: User.objects.filter(Among("id", ids)).order_by("pk").values_list("pk"), ids=str
)
WHOLE = CompiledObjects(User, lambda pk: User.objects.filter(pk=pk), pk=int)
ODD_COLUMNS = CompiledRows(
    lambda pk: User.objects.filter(pk=pk).values_list("uuid", "created_at", "is_active"), pk=int
)
BY_UUID = CompiledQuery(
    lambda uid: User.objects.filter(uuid=uid).values_list("login"), uid=uuid.UUID
)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    BY_LOGIN._texts.clear()
    READABLE._texts.clear()


def test_values_take_the_place_of_the_marks(administrator: User) -> None:
    assert list(BY_LOGIN.rows(login="administrator", pk=1)) == [(1, "administrator")]
    assert BY_LOGIN.first(login="nobody", pk=1) is None


def test_a_uuid_takes_the_place_of_its_mark(administrator: User, analyst: User) -> None:
    found = [BY_UUID.first(uid=user.uuid) for user in (administrator, analyst)]
    assert found == [("administrator",), ("analyst",)]
    assert BY_UUID.first(uid=uuid.uuid4()) is None


def test_a_text_is_data_never_sql(administrator: User) -> None:
    assert BY_LOGIN.first(login="' OR 1=1 -- %s", pk=1) is None


def test_the_text_is_built_once(administrator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    BY_LOGIN.first(login="administrator", pk=1)
    monkeypatch.setattr(BY_LOGIN, "build", None)
    assert BY_LOGIN.first(login="administrator", pk=1) == (1, "administrator")


def test_running_it_is_one_query(administrator: User) -> None:
    with CaptureQueriesContext(connection) as queries:
        BY_LOGIN.first(login="administrator", pk=1)
    assert len(queries) == 1


def test_only_the_id_of_an_actor_varies(
    as_administrator: Actor, as_analyst: Actor, case: Case
) -> None:
    other = Actor(10**9, "x", "x", as_analyst.permissions, "iris")
    assert READABLE.first(actor=as_analyst, case=case.pk) == (case.pk,)
    assert READABLE.first(actor=other, case=case.pk) is None


def test_actors_with_other_permissions_get_a_text_of_their_own(
    as_administrator: Actor, as_guest: Actor, case: Case
) -> None:
    assert READABLE.first(actor=as_guest, case=case.pk) is None
    assert READABLE.first(actor=as_administrator, case=case.pk) == (case.pk,)
    assert len(READABLE._texts) == 2


def test_a_parameter_that_never_reaches_the_sql_is_refused(db: None) -> None:
    query = CompiledQuery(lambda pk: Case.objects.values_list("pk"), pk=int)
    with pytest.raises(ValueError, match="pk"):
        query.rows(pk=1)


def test_a_constant_that_is_no_mark_stays(case: Case) -> None:
    query = CompiledQuery(
        lambda pk: Case.objects.filter(pk=pk).annotate(seven=Value(7)).values_list("seven"), pk=int
    )
    assert query.first(pk=case.pk) == (7,)


def test_a_page_has_its_rows_and_counts_all(administrator: User, analyst: User) -> None:
    assert ALL.read(start=1, size=1) == ([(analyst.pk, "analyst")], User.objects.count())
    assert ALL.read(start=0, size=500)[0] == list(User.objects.values_list("pk", "login"))


def test_a_page_that_counts_within_says_the_same(administrator: User, analyst: User) -> None:
    total = User.objects.count()
    assert ALL_AT_ONCE.read(start=1, size=1) == ([(analyst.pk,)], total)
    assert ALL_AT_ONCE.read(start=total, size=1) == ([], total)


def test_any_number_of_ids_is_one_parameter(administrator: User, analyst: User) -> None:
    wanted = [(administrator.pk,), (analyst.pk,)]
    assert list(BY_IDS.rows(ids=ids_text([analyst.pk, administrator.pk]))) == wanted
    assert list(BY_IDS.rows(ids=ids_text([]))) == []


def test_columns_of_any_kind_come_as_the_orm_gives_them(administrator: User) -> None:
    row = User.objects.values_list("uuid", "created_at", "is_active").get(pk=administrator.pk)
    assert ODD_COLUMNS.first(pk=administrator.pk) == row


def test_whole_objects_are_as_loaded(administrator: User) -> None:
    (found,) = WHOLE.all(pk=administrator.pk)
    assert (found, found.uuid, found._state.adding) == (administrator, administrator.uuid, False)


def test_what_permissions_rule_out_is_an_empty_answer(as_guest: Actor) -> None:
    nothing = CompiledRows(lambda actor: User.objects.none().values_list("pk"))
    assert list(nothing.rows(actor=as_guest)) == []


def test_patterns_are_part_of_the_text(db: None) -> None:
    actions = CompiledQuery(
        lambda case: (
            AuditLog.objects.filter(
                Q(action__startswith="case.") | Q(action__startswith="note_directory."),
                case_id=case,
            )
            .order_by("pk")
            .values_list("action")
        ),
        case=int,
    )
    sql, bound = actions.bind({"case": 1})
    assert bound == [1]
    assert "'case.%%'" in sql
    expected = AuditLog.objects.filter(case_id=1).order_by("pk").values_list("action", flat=True)
    nouns = ("case.", "note_directory.")
    assert (
        [action for (action,) in actions.rows(case=1)]
        == [action for action in expected if action.startswith(nouns)]
        != []
    )


def test_an_expression_is_built_once_and_takes_any_expression_for_its_ids(case: Case) -> None:
    built: list[int] = []

    def build(user: int) -> Subquery:
        built.append(user)
        return Subquery(User.objects.filter(pk=user, is_active=True).values("pk")[:1])

    def found(user: F | int) -> CompiledExpression:
        return CompiledExpression(build, user, output_field=IntegerField())

    owner = case.owner_id
    for user, expected in ((F("owner_id"), owner), (owner, owner), (0, None)):
        assert Case.objects.annotate(found=found(user)).get(pk=1).found == expected
    assert len(built) == 1


def test_tables_of_an_expression_are_never_those_of_the_query_around(
    as_administrator: Actor, analyst: User
) -> None:
    other = open_incident(as_administrator, name="Of another owner", customer_id=1)
    Case.objects.filter(pk=other.pk).update(owner=analyst)

    def same_case(pk: int) -> Subquery:
        return Subquery(Case.objects.filter(pk=pk).values("owner")[:1])

    inner = Case.objects.alias(
        of=CompiledExpression(same_case, F("pk"), output_field=IntegerField())
    )
    nested = Case.objects.filter(pk__in=inner.filter(of=F("owner_id")).values("pk"))
    twice = Case.objects.filter(pk__in=nested.values("pk"))
    assert [*twice.values_list("pk", flat=True)] == [*Case.objects.values_list("pk", flat=True)]
