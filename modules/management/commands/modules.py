"""`manage.py modules`: install, check, configure, try and remove modules."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modules.management import texts
from modules.models import Module
from modules.selectors import module_named
from modules.services import parameters, registry
from modules.services.dry_run import dry_run
from modules.services.environments import HOST_PACKAGES
from modules.services.installing import install_module, uninstall_module
from soar.core.actor import Actor, system_actor
from soar.core.errors import DomainError
from soar.core.selectors import first_administrator

STDIN, FILE_MARK = "-", "@"


class Command(BaseCommand):
    """Everything about modules that is done in a shell."""

    help = "Install, check, configure, try and remove modules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="show the modules")
        install = verbs.add_parser("install", help="install a package, wheel or source folder")
        install.add_argument("requirement", metavar="PACKAGE|WHEEL|FOLDER")
        install.add_argument("--with", dest="also", action="append", default=[], metavar="PACKAGE")
        install.add_argument(
            "--bare",
            action="store_true",
            help=f"do not install {', '.join(HOST_PACKAGES)} beside it",
        )
        add = verbs.add_parser("add", help="register a module that is shipped or installed already")
        add.add_argument("package")
        for verb, text in (
            ("check", "describe a module, check its health and let it register its hooks"),
            ("enable", "let a module take runs"),
            ("disable", "keep a module from taking runs"),
            ("remove", "forget a module, its configuration and its environment"),
            ("export", "write its configuration, without secrets"),
        ):
            verbs.add_parser(verb, help=text).add_argument("name", metavar="NAME")
        configure = verbs.add_parser("configure", help="show or set its parameters")
        configure.add_argument("name", metavar="NAME")
        configure.add_argument(
            "values",
            nargs="*",
            metavar="PARAMETER=VALUE",
            help="VALUE may be @FILE, or - to be read from standard input; use these for secrets",
        )
        importing = verbs.add_parser("import", help="take over an exported configuration")
        importing.add_argument("name", metavar="NAME")
        importing.add_argument("file", metavar="FILE|-")
        trying = verbs.add_parser("try", help="run it on an object and apply nothing")
        trying.add_argument("name", metavar="NAME")
        trying.add_argument("object", metavar="KIND:ID", help="such as ioc:12")
        trying.add_argument("--case", type=int, metavar="N", help="the case that holds the object")
        trying.add_argument("--hook", default="", metavar="HOOK|NAME", help="which hook to call")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what the verb says."""
        try:
            actor = system_actor(first_administrator())
            VERBS[options["verb"]](self, actor, options)
        except DomainError as error:
            reasons = [f"{name}: {text}" for name, lines in error.fields.items() for text in lines]
            raise CommandError("\n".join([error.message, *reasons, *error.details])) from error

    def say(self, text: str) -> None:
        """Print a text."""
        self.stdout.write(text)


def _list(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    command.say(texts.table_of(Module.objects.all()))


def _install(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    also = [*([] if options["bare"] else HOST_PACKAGES), *options["also"]]
    command.say(texts.state_of(install_module(actor, options["requirement"], also=also)))


def _add(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    command.say(texts.state_of(registry.add_module(actor, options["package"])))


def _check(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    module = module_named(options["name"])
    for line in registry.check_module(actor, module.pk):
        command.say(line)
    command.say(texts.state_of(module_named(options["name"])))


def _enable(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    module = registry.enable_module(actor, module_named(options["name"]).pk)
    command.say(texts.state_of(module))


def _disable(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    module = registry.disable_module(actor, module_named(options["name"]).pk)
    command.say(texts.state_of(module))


def _remove(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    package = uninstall_module(actor, module_named(options["name"]).pk)
    command.say(f"Removed {package}; its runs are kept.")


def _configure(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    module = module_named(options["name"])
    values = {}
    for assignment in options["values"]:
        name, sign, value = assignment.partition("=")
        if not sign:
            raise CommandError(f"{assignment!r} is not PARAMETER=VALUE")
        values[name] = _value(value)
    if values:
        parameters.set_parameters(actor, module.pk, values)
    command.say(texts.configuration_of(module))
    command.say(texts.state_of(module_named(options["name"])))


def _export(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    exported = parameters.export_configuration(actor, module_named(options["name"]).pk)
    command.say(json.dumps(exported, indent=4))


def _import(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    try:
        loaded = json.loads(_read(options["file"]))
    except ValueError as error:
        raise CommandError(f"{options['file']} is no JSON: {error}") from error
    entries = loaded.get("module_configuration") if isinstance(loaded, dict) else loaded
    if not isinstance(entries, list):
        raise CommandError(f"{options['file']} holds no module_configuration")
    module = module_named(options["name"])
    parameters.import_configuration(actor, module.pk, entries)
    command.say(texts.configuration_of(module))


def _try(command: Command, actor: Actor, options: dict[str, Any]) -> None:
    kind, _, number = options["object"].partition(":")
    if not number.isdigit():
        raise CommandError(f"{options['object']!r} is not KIND:ID, such as ioc:12")
    module = module_named(options["name"])
    outcome = dry_run(actor, module.pk, kind, int(number), options["case"], called=options["hook"])
    command.say(texts.outcome_of(outcome))


def _value(text: str) -> str:
    """Return a value: the text, or what the file or standard input it names holds."""
    if text == STDIN:
        return _read(STDIN).rstrip("\n")
    return _read(text[1:]).rstrip("\n") if text.startswith(FILE_MARK) else text


def _read(place: str) -> str:
    if place == STDIN:
        return sys.stdin.read()
    try:
        return Path(place).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{place} cannot be read: {error.strerror}") from error


VERBS = {
    "list": _list,
    "install": _install,
    "add": _add,
    "check": _check,
    "enable": _enable,
    "disable": _disable,
    "remove": _remove,
    "configure": _configure,
    "export": _export,
    "import": _import,
    "try": _try,
}
