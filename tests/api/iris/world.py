"""Two customers with everything in a case of each, and the nine callers of the permission table."""

import base64
import datetime as dt
from dataclasses import dataclass, field

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission

from cases.services.access import set_user_access
from cases.services.assets import add_asset
from cases.services.customers import add_customer, set_membership
from cases.services.evidences import add_evidence
from cases.services.global_tasks import add_global_task
from cases.services.iocs import add_ioc
from cases.services.lookups import add_asset_type, add_classification
from cases.services.notes import add_note, add_note_directory
from cases.services.tasks import add_task
from cases.services.timeline import add_event
from incidents.services.incidents import open_incident
from iocs.services import add_ioc_type
from modules.models import ModuleRun
from soar.core.actor import Actor
from soar.core.models import User
from soar.core.permissions import AccessLevel, Permission
from soar.core.services.users import add_user, set_active, set_groups
from tests.cast import ADMINISTRATORS, ANALYSTS, PASSWORD
from tests.http import ApiClient, key_of
from tests.modules.rows import PLAYED, add_parameter, add_row, subscribe

MISSING = 987_654_321_987
NO_LEVEL, READ_LEVEL, FULL_LEVEL = 1, 2, 4
MOMENT = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Reach:
    """How far somebody may go in the case of each side."""

    here: int = NO_LEVEL
    there: int = NO_LEVEL

    @property
    def own(self) -> str:
        """Return the side he works on."""
        return "there" if self.there > self.here else "here"

    @property
    def foreign(self) -> str:
        """Return the other side."""
        return "here" if self.own == "there" else "there"

    def level(self, side: str) -> int:
        """Return his level on the case of a side; on a missing case none."""
        return int(getattr(self, side, NO_LEVEL))


CALLERS = {
    "no key": Reach(),
    "bad key": Reach(),
    "deactivated user": Reach(),
    "guest": Reach(),
    "read-only": Reach(here=READ_LEVEL),
    "full access": Reach(here=FULL_LEVEL),
    "other customer": Reach(there=FULL_LEVEL),
    "administrator": Reach(here=FULL_LEVEL, there=FULL_LEVEL),
    "denied administrator": Reach(there=FULL_LEVEL),
}


@dataclass(frozen=True)
class Caller:
    """Who sends a request: his client, and his permissions unless the door does not know him."""

    client: ApiClient
    permissions: Permission | None = None


@dataclass(frozen=True)
class World:
    """The ids of both sides' objects, what belongs to no side, and the callers by name."""

    here: dict[str, int | str]
    there: dict[str, int | str]
    shared: dict[str, int | str]
    callers: dict[str, Caller] = field(default_factory=dict)

    def id_of(self, side: str, noun: str) -> int | str:
        """Return the id of a noun on a side; "missing" has only ids of nothing."""
        if side == "missing":
            return "nobody" if noun == "login" else MISSING
        objects: dict[str, int | str] = getattr(self, side)
        return {**self.shared, **objects}[noun]


def build_world() -> World:
    """Seed both sides with an object of every kind, and enrol the callers."""
    admin = Actor.of(User.objects.get(pk=1), "iris")
    here_customer = add_customer(admin, name="Here Client").pk
    there_customer = add_customer(admin, name="There Client").pk
    users = _enrol(admin, here_customer, there_customer)
    analyst, outsider = Actor.of(users["analyst"], "iris"), Actor.of(users["outsider"], "iris")
    here = fill_case(analyst, here_customer, "Here")
    there = fill_case(outsider, there_customer, "There")
    for login, level in (("reader", AccessLevel.READ_ONLY), ("denied", AccessLevel.DENY_ALL)):
        set_user_access(admin, int(here["case"]), user_id=users[login].pk, level=level)
    here["empty_customer"] = add_customer(admin, name="Empty Here").pk
    there["empty_customer"] = add_customer(admin, name="Empty There").pk
    here["run"], there["run"] = _add_run(here), _add_run(there)
    denied = users["denied"].pk
    for pk in (here_customer, int(here["empty_customer"])):
        set_membership(admin, pk, user_id=denied, level=AccessLevel.DENY_ALL)
    return World(here, there, _shared(admin, users), _callers(users))


def fill_case(actor: Actor, customer_id: int, word: str) -> dict[str, int | str]:
    """Open a case of a customer with one object of every kind; return their ids by noun."""
    case = open_incident(
        actor, name=f"{word} case", description=f"{word} summary", customer_id=customer_id
    ).case.pk
    ioc = add_ioc(actor, case, type_id=1, tlp_id=1, value=f"{word.lower()}.example.org")[0].ioc_id
    asset = add_asset(
        actor, case, name=f"{word} laptop", type_id=1, analysis_status_id=1, ioc_ids=[ioc]
    ).pk
    group = add_note_directory(actor, case, name=f"{word} group").pk
    event = add_event(
        actor,
        case,
        title=f"{word} event",
        asset_ids=[asset],
        ioc_ids=[ioc],
        category_id=1,
        date=MOMENT,
        local_date=MOMENT,
        tz="+00:00",
    )
    task = add_task(actor, case, title=f"{word} task", status_id=1, assignee_ids=[actor.user_id])
    return {
        "case": case,
        "customer": customer_id,
        "ioc": ioc,
        "asset": asset,
        "group": group,
        "note": add_note(actor, case, title=f"{word} note", content=word, directory_id=group).pk,
        "event": event.pk,
        "task": task.pk,
        "evidence": add_evidence(actor, case, filename=f"{word.lower()}.img").pk,
    }


def _enrol(admin: Actor, here_customer: int, there_customer: int) -> dict[str, User]:
    other = Group.objects.create(name="Analysts of the other customer")
    other.permissions.set(DjangoPermission.objects.filter(group=ANALYSTS))
    members = {
        "analyst": [ANALYSTS],
        "reader": [ANALYSTS],
        "outsider": [other.pk],
        "guest": [],
        "gone": [ANALYSTS],
        "denied": [ADMINISTRATORS],
    }
    users = {"administrator": User.objects.get(pk=1)}
    for login, group_ids in members.items():
        email = f"{login}@world.example.org"
        user, _ = add_user(admin, login=login, name=login, email=email, password=PASSWORD)
        users[login] = set_groups(admin, user.pk, group_ids=group_ids)
    set_active(admin, users["gone"].pk, active=False)
    for login, customer in (
        ("analyst", here_customer),
        ("outsider", there_customer),
        ("denied", there_customer),
    ):
        level = AccessLevel.FULL_ACCESS
        set_membership(admin, customer, user_id=users[login].pk, level=level)
    return users


def _shared(admin: Actor, users: dict[str, User]) -> dict[str, int | str]:
    idle, _ = add_user(
        admin, login="idle", name="Idle", email="idle@world.example.org", password=PASSWORD
    )
    set_active(admin, idle.pk, active=False)
    task = add_global_task(admin, title="Global", status_id=1, assignee_id=admin.user_id)
    classification = add_classification(
        admin, name="spare:class", name_expanded="Spare: class", description="Spare"
    )
    return {
        "user": users["guest"].pk,
        "login": "guest",
        "idle_user": idle.pk,
        "global_task": task.pk,
        "row": 1,
        "asset_type": add_asset_type(admin, name="Spare asset", description="Spare").pk,
        "ioc_type": add_ioc_type(admin, name="spare-ioc", description="Spare").pk,
        "classification": classification.pk,
        "analyst": users["analyst"].pk,
        **_add_module(),
    }


def _add_run(side: dict[str, int | str]) -> str:
    case_id = int(side["case"])
    return str(ModuleRun.objects.create(module_name="m", hook_name="h", case_id=case_id).task_id)


def _add_module() -> dict[str, int | str]:
    module = add_row(PLAYED)
    subscribe(module, "on_manual_trigger_ioc")
    add_parameter(module)
    address = base64.b64encode(f"{module.pk}##url".encode()).decode()
    return {"module": module.pk, "parameter": address}


def _callers(users: dict[str, User]) -> dict[str, Caller]:
    def caller(login: str) -> Caller:
        return Caller(ApiClient(key_of(users[login])), Actor.of(users[login], "iris").permissions)

    return {
        "no key": Caller(ApiClient("")),
        "bad key": Caller(ApiClient("x" * 86)),
        "deactivated user": Caller(ApiClient(key_of(users["gone"]))),
        "guest": caller("guest"),
        "read-only": caller("reader"),
        "full access": caller("analyst"),
        "other customer": caller("outsider"),
        "administrator": caller("administrator"),
        "denied administrator": caller("denied"),
    }
