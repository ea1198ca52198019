"""`manage.py tokens`: issue, list and revoke API tokens in a shell."""

import datetime as dt
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from soar.core.actor import Actor, system_actor
from soar.core.errors import DomainError, NotFound
from soar.core.models import ApiToken, User
from soar.core.selectors import first_administrator, visible_api_tokens, visible_users
from soar.core.services.api_tokens import issue_token, revoke_token, show_token

HEADINGS: tuple[str, ...] = ("JTI", "user", "state", "created", "last used", "ends", "description")
NEVER = "-"


class Command(BaseCommand):
    """Tokens of the Cloud SOAR API, for operators."""

    help = "Issue, list and revoke tokens of the Cloud SOAR API."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        issue = verbs.add_parser("issue", help="give a user a token and print it")
        issue.add_argument("login", metavar="LOGIN")
        issue.add_argument("--description", default="", metavar="TEXT")
        issue.add_argument(
            "--days", type=int, metavar="N", help="how long it is good; else for ever"
        )
        listing = verbs.add_parser("list", help="show the tokens, revoked ones too")
        listing.add_argument("login", nargs="?", metavar="LOGIN")
        revoke = verbs.add_parser("revoke", help="end a token at once")
        revoke.add_argument("jti", type=uuid.UUID, metavar="JTI")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says."""
        try:
            VERBS[options["verb"]](self, system_actor(first_administrator()), options)
        except DomainError as error:
            reasons = [text for lines in error.fields.values() for text in lines]
            raise CommandError("\n".join([error.message, *reasons])) from error

    def say(self, text: str) -> None:
        """Print a text."""
        self.stdout.write(text)


def _issue(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    user = _user(actor, options["login"])
    row = issue_token(actor, user.pk, description=options["description"], days=options["days"])
    command.say(f"JTI    {row.jti}")
    command.say(f"token  {show_token(actor, row.pk)}")


def _list(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    rows = visible_api_tokens(actor).select_related("user")
    if options["login"]:
        rows = rows.filter(user=_user(actor, options["login"]))
    lines = [HEADINGS, *(_line(row) for row in rows.order_by("user__login", "pk"))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [text.ljust(width) for text, width in zip(line, widths, strict=True)]
        command.say("  ".join(cells).rstrip())


def _revoke(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    row = visible_api_tokens(actor).filter(jti=options["jti"]).first()
    if row is None:
        raise CommandError(f"No token {options['jti']}")
    revoke_token(actor, row.pk)
    command.say(f"Revoked {row.jti}")


def _user(actor: Actor, login: str) -> User:
    user = visible_users(actor).filter(login__iexact=login).first()
    if user is None:
        raise NotFound(f"No user {login}")
    return user


def _line(row: ApiToken) -> tuple[str, ...]:
    moments = (row.created_at, row.last_used_at, row.expires_at)
    return (str(row.jti), row.user.login, row.state, *map(_moment, moments), row.description)


def _moment(value: dt.datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if value is not None else NEVER


VERBS = {"issue": _issue, "list": _list, "revoke": _revoke}
