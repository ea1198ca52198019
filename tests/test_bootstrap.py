"""The first start and every start after it."""

import pytest
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from cases.models import AssetType, Case, CaseIoc, Customer, Note, TaskStatus
from cases.permissions import level_on_case
from incidents.services import bootstrap
from incidents.services.bootstrap import generated_password, seed
from iocs.models import IocType
from soar.core import audit_triggers
from soar.core.actor import Actor
from soar.core.errors import Invalid
from soar.core.models import AuditLog, GroupProfile, IrisApiKey, User
from soar.core.passwords import PolicyValidator
from soar.core.permissions import ALL_PERMISSIONS, IRIS_PERMISSIONS, AccessLevel, Permission
from soar.core.services.api_keys import derived_key, hash_of_key, renew_key

KEY = "k" * 40


@pytest.fixture
def empty_house(transactional_db: None) -> None:
    """A database that was migrated and never seeded."""
    audit_triggers.remove(connection)
    call_command("flush", interactive=False, verbosity=0)
    audit_triggers.install(connection)


def test_the_reference_rows_have_the_ids_of_the_contract(db: None) -> None:
    assert IocType.objects.get(name="ip-any").pk == 76
    assert IocType.objects.count() == 160
    assert AssetType.objects.get(name="Account").pk == 1
    assert TaskStatus.objects.get(name="To do").pk == 1


def test_the_first_objects_have_id_one(administrator: User, case: Case) -> None:
    assert (administrator.login, administrator.email) == (
        "administrator",
        "administrator@iris.local",
    )
    assert administrator.is_staff
    assert str(case) == "#1 - Initial Demo"
    assert (case.soc_id, case.classification_id, case.state_id) == ("soc_id_demo", 36, 3)
    assert Customer.objects.get(pk=1).name == "IrisInitialClient"
    assert (Note.objects.count(), CaseIoc.objects.get().ioc.value) == (1, "192.0.2.1")


def test_the_groups_hold_the_masks_of_the_contract(
    as_administrator: Actor, as_analyst: Actor
) -> None:
    masks = [actor.permissions & IRIS_PERMISSIONS for actor in (as_administrator, as_analyst)]
    assert masks == [4095, 1133]
    assert as_administrator.permissions == ALL_PERMISSIONS
    touching = Permission.ENTITIES_MANAGE | Permission.INVESTIGATORS_MANAGE
    assert as_analyst.permissions == 1133 | Permission.API_USE | touching
    assert GroupProfile.objects.get(pk=1).auto_follow
    assert not GroupProfile.objects.get(pk=2).auto_follow


def test_both_groups_may_write_the_initial_case(as_administrator: Actor, colleague: User) -> None:
    for actor in (as_administrator, Actor.of(colleague, "iris")):
        assert level_on_case(actor, 1) == AccessLevel.FULL_ACCESS


def test_a_second_seed_adds_nothing(db: None) -> None:
    before = AuditLog.objects.count()
    assert seed() is None
    assert AuditLog.objects.count() == before
    assert (Case.objects.count(), User.objects.count(), Group.objects.count()) == (1, 1, 2)


def test_a_missing_row_comes_back_and_a_renamed_one_stays(db: None) -> None:
    IocType.objects.filter(pk=3).delete()
    IocType.objects.filter(pk=4).update(name="ours")
    seed()
    assert IocType.objects.get(pk=3).name == "account"
    assert IocType.objects.get(pk=4).name == "ours"


def test_a_name_an_administrator_gave_to_another_row_does_not_stop_the_seed(db: None) -> None:
    IocType.objects.filter(pk=3).delete()
    IocType.objects.create(name="Account")
    assert seed() is None


def test_new_rows_follow_the_seeded_ids(db: None) -> None:
    assert IocType.objects.create(name="brand-new").pk > 160
    assert Group.objects.create(name="Third").pk > 2


def test_the_credentials_open_the_doors(empty_house: None) -> None:
    first = seed()
    assert first is not None
    user = User.objects.get(pk=1)
    assert user.check_password(first.password)
    assert user.iris_key.key_hash == hash_of_key(first.api_key)
    assert first.api_key == derived_key(user.iris_key)


def test_given_credentials_are_taken(empty_house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as given:
        given.setenv("SOAR_ADMIN_PASSWORD", "Given-Password-1")
        given.setenv("SOAR_ADMIN_API_KEY", KEY)
        first = seed()
    assert first is not None
    assert (first.password, first.api_key) == ("Given-Password-1", KEY)
    assert User.objects.get(pk=1).check_password("Given-Password-1")
    assert IrisApiKey.objects.get(pk=1).key_hash == hash_of_key(KEY)


def test_a_weak_given_password_leaves_the_house_empty(
    empty_house: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as given:
        given.setenv("SOAR_ADMIN_PASSWORD", "weak")
        with pytest.raises(Invalid):
            seed()
    assert not User.objects.exists()
    assert not IocType.objects.exists()


def test_after_a_failed_seed_the_first_ids_are_still_one(
    empty_house: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "add_ioc", _fail)
        with pytest.raises(Invalid):
            seed()
    assert seed() is not None
    assert (User.objects.get().pk, Case.objects.get().pk) == (1, 1)


def _fail(*args: object, **fields: object) -> None:
    raise Invalid("no")


def test_a_key_given_later_replaces_the_key_and_a_password_does_not(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as given:
        given.setenv("SOAR_ADMIN_PASSWORD", "Another-Password-1")
        given.setenv("SOAR_ADMIN_API_KEY", KEY)
        assert seed() is None
        assert seed() is None
    assert IrisApiKey.objects.get(pk=1).key_hash == hash_of_key(KEY)
    assert AuditLog.objects.filter(action="api_key.set").count() == 1
    administrator.refresh_from_db()
    assert not administrator.check_password("Another-Password-1")


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.Argon2PasswordHasher"])
def test_the_password_is_kept_as_argon2(empty_house: None) -> None:
    seed()
    assert identify_hasher(User.objects.get(pk=1).password).algorithm == "argon2"


def test_generated_passwords_satisfy_the_policy() -> None:
    validate = PolicyValidator().validate
    assert all(validate(generated_password()) is None for _ in range(50))


def test_a_given_key_that_was_renewed_does_not_come_back(
    as_administrator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOAR_ADMIN_API_KEY", KEY)
    seed()
    renewed = renew_key(as_administrator, 1)
    seed()
    assert IrisApiKey.objects.get(pk=1).key_hash == hash_of_key(renewed)
