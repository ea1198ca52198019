"""The first start: reference data, the first administrator, and the initial customer and case."""

import secrets
import string
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db import transaction

from cases.models import Case, Customer
from cases.services.access import set_group_access
from cases.services.customers import add_customer
from cases.services.iocs import add_ioc
from cases.services.notes import add_note, add_note_directory
from incidents.services.incidents import open_incident
from incidents.services.reference import seed_reference
from iocs.models import IocType, Tlp
from soar.core import environment
from soar.core.actor import Actor, system_actor
from soar.core.locking import align_sequences, lock_for_transaction
from soar.core.models import IrisApiKey, User
from soar.core.permissions import ALL_PERMISSIONS, AccessLevel
from soar.core.services.api_keys import set_key
from soar.core.services.standing import refresh_standing
from soar.core.services.users import add_user

LOGIN = "administrator"
ANALYSTS_ID = 2
CLASSIFICATION_OTHER_ID = 36
CASE_STATE_OPEN_ID = 3
GENERATED_LENGTH = 20


@dataclass(frozen=True, slots=True)
class FirstCredentials:
    """What the first administrator opens the doors with; told once, stored nowhere."""

    login: str
    password: str
    api_key: str


def seed() -> FirstCredentials | None:
    """Make an empty database ready for work and return the first administrator's credentials.

    With any user present it only adds missing reference rows and returns None. SOAR_ADMIN_PASSWORD
    counts at the first seed only; SOAR_ADMIN_API_KEY is what the key of user 1 is, at every seed.
    Raise Invalid for a weak password or a short key.
    """
    with transaction.atomic():
        lock_for_transaction("bootstrap")
        seed_reference()
        refresh_standing()  # a new version may have given a group another permission
        given_key = environment.text("SOAR_ADMIN_API_KEY")
        first = None if User.objects.exists() else _open_house(given_key)
        if given_key and IrisApiKey.objects.filter(user_id=1).exists():
            set_key(_first_actor(), 1, key=given_key)
    return first


def generated_password() -> str:
    """Return a random password that satisfies the policy."""
    alphabet = string.ascii_letters + string.digits
    password = "".join(secrets.choice(alphabet) for _ in range(GENERATED_LENGTH))
    return f"{password}{secrets.choice(string.ascii_uppercase)}a{secrets.choice(string.digits)}"


def _first_actor() -> Actor:
    return Actor(1, LOGIN, LOGIN, ALL_PERMISSIONS, "system")


def _open_house(given_key: str) -> FirstCredentials:
    align_sequences(User, Customer, Case)  # their first rows must get id 1
    password = environment.text("SOAR_ADMIN_PASSWORD") or generated_password()
    user, derived = add_user(
        _first_actor(),
        login=LOGIN,
        name=LOGIN,
        email=f"{LOGIN}@iris.local",
        password=password,
        is_administrator=True,
    )
    actor = system_actor(user)
    customer = add_customer(actor, name="IrisInitialClient")
    _open_initial_case(actor, customer.pk)
    return FirstCredentials(LOGIN, password, given_key or derived)


def _open_initial_case(actor: Actor, customer_id: int) -> None:
    incident = open_incident(
        actor,
        name="Initial Demo",
        description="This is a demonstration.",
        customer_id=customer_id,
        soc_id="soc_id_demo",
        classification_id=CLASSIFICATION_OTHER_ID,
        state_id=CASE_STATE_OPEN_ID,
    )
    case_id = cast(int, incident.pk)
    set_group_access(actor, case_id, group_id=ANALYSTS_ID, level=AccessLevel.FULL_ACCESS)
    directory = add_note_directory(actor, case_id, name="Getting started")
    add_note(
        actor,
        case_id,
        title="Welcome",
        content=f"This case belongs to the first start of Watchfloor {settings.VERSION}. Feel free to try things here.",
        directory_id=directory.pk,
    )
    add_ioc(
        actor,
        case_id,
        type_id=IocType.objects.get(name="ip-any").pk,
        tlp_id=Tlp.objects.get(name="green").pk,
        value="192.0.2.1",
        description="A documentation address (RFC 5737), here as an example",
    )
