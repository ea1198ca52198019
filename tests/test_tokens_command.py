"""`manage.py tokens`: what an operator does and sees in a shell."""

import io
import re
import uuid

import pytest
from django.core.management import CommandError, call_command

from soar.core.models import ApiToken, AuditLog, User
from soar.core.token_texts import claims_of, text_of

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    """Return what the command prints."""
    out = io.StringIO()
    call_command("tokens", *words, stdout=out)
    return out.getvalue()


def test_a_token_is_issued_and_printed(analyst: User) -> None:
    printed = run("issue", "Analyst", "--description", "Nightly import", "--days", "30")
    row = ApiToken.objects.get()
    assert re.search(r"^token  (\S+)$", printed, re.M)[1] == text_of(row)  # type: ignore[index]
    assert str(row.jti) in printed
    assert claims_of(text_of(row)).user_id == analyst.pk  # type: ignore[union-attr]
    assert (row.description, (row.expires_at - row.created_at).days) == ("Nightly import", 30)  # type: ignore[operator]
    assert AuditLog.objects.get(action="api_token.issued").channel == "system"


def test_the_list_shows_everything_but_the_token(analyst: User, administrator: User) -> None:
    for login in ("analyst", "administrator"):
        run("issue", login)
    rows = ApiToken.objects.all()
    listed = run("list")
    assert all(str(row.jti) in listed for row in rows)
    assert not any(text_of(row) in listed for row in rows)
    assert len(run("list", "analyst").splitlines()) == 2


def test_a_token_is_revoked(analyst: User) -> None:
    run("issue", "analyst")
    row = ApiToken.objects.get()
    assert run("revoke", str(row.jti)) == f"Revoked {row.jti}\n"
    assert "revoked" in run("list")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("issue", "nobody"), "No user nobody"),
        (("issue", "guest"), "may not use the API"),
        (("issue", "administrator", "--days", "0"), "Between 1 and 3650 days"),
        (("issue", "administrator", "--days", "99999"), "Between 1 and 3650 days"),
        (("list", "nobody"), "No user nobody"),
        (("revoke", str(uuid.uuid4())), "No token"),
        (("revoke", "nonsense"), "invalid"),
        (("forget",), "invalid choice"),
    ],
)
def test_what_cannot_be_done_is_told(guest: User, words: tuple[str, ...], text: str) -> None:
    with pytest.raises(CommandError, match=text):
        run(*words)
    assert not ApiToken.objects.exists()
