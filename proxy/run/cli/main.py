"""The command line: one table of commands, one way to fail.

Each command is a module `proxy.run.cli.<name>` with `NAME`, `HELP`, `configure(parser)` and
`run(arguments, settings) -> int`. Exit codes: 0 done, 1 failed with a reason, 2 wrong use. A
command's module is imported only when it is asked for, so that one does not pay for another.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn, Protocol

from proxy import settings as settings_module
from proxy.hosting import commands, flags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.settings import Settings

ESCROW = "escrow"  # a program beside this one
COMMANDS: Mapping[str, str] = {
    "up": "start every role on this machine",
    "run": "start one role, for many machines",
    "migrate": "bring the database's schema up to date",
    "registrar": "registrars: add, list, show; their accreditations, API keys and quotas",
    "reseller": "resellers of a registrar: add, list, remove",
    "profile": "white-label profiles of a registrar: add, list, show, replace, check",
    "webhook": "where a registrar's events are sent: add, list, secrets, dead letters, replay",
    "import": "enrol registrations from an NDJSON file",
    "keys": "show or rotate the vault's keys",
    "roster": "who may decide: make, sign, submit, show and verify rosters",
    "order": "propose orders, show them, and have approved ones carried out",
    "approve": "read an order in words and vote for it with your own key",
    "staff": "who acts on cases: invite, list, suspend, change roles, recover",
    "sign-in": "sign in as staff with password and key, or enrol",
    "case": "handle cases: list, open, look, act, hand in files, propose, vote, release, read",
    "case-types": "list and check the tables of case types, draw them as a page",
    "report": "write the transparency report of a period",
    "anchor": "go on without the vault's state, by members' signatures",
    "calendar": "business days: make, list and show calendars, have deadlines follow one",
    "clock": "say why the deadlines of a case fall when they do",
    ESCROW: "make, send, verify and restore deposits",
    "ledger": "show, copy, verify or witness the public ledger",
    "doctor": "find out what is wrong and what to do",
    "bench": "measure against floors on this machine",
}
"""Every command with its help, in the order of `--help`."""


class Command(Protocol):
    """What a command's module offers."""

    NAME: str
    HELP: str

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's own arguments."""
        ...

    def run(self, arguments: argparse.Namespace, settings: Settings) -> int:
        """The exit code."""
        ...


def main(arguments: Sequence[str]) -> int:
    """The exit code of one command line; 2 comes from argparse as SystemExit."""
    if ESCROW in arguments[:1]:
        _escrow(arguments[1:])
    parser = _parser(arguments)
    given = parser.parse_args(arguments)
    command: Command = given.command

    def act() -> int:
        # A process of a role learns its settings from its supervisor, not from the environment.
        given_flags = {
            name: getattr(given, name, None) for name in ("data_dir", "key_dir", "ports")
        }
        settings = settings_module.from_environment(given.config, given_flags)
        return command.run(given, settings)

    return commands.guarded(command.NAME, act)


def _escrow(arguments: Sequence[str]) -> NoReturn:
    """Become the escrow program, which is none of ours: nothing in `proxy` may import it.

    With -P a directory of that name where somebody happens to stand is not taken for it.
    """
    os.execv(sys.executable, (sys.executable, "-P", "-m", ESCROW, *arguments))  # noqa: S606 - no shell


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="privacyproxy", description="Domain privacy service.", allow_abbrev=False
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, sentence in COMMANDS.items():
        sub = commands.add_parser(name, help=sentence, description=sentence, allow_abbrev=False)
        if name not in arguments or name == ESCROW:
            continue  # not asked for, or only as in `run escrow`: its module stays unread
        command = _command(name)
        sub.set_defaults(command=command)
        flags.add_shared(sub)
        command.configure(sub)
    return parser


def _command(name: str) -> Command:  # noqa: C901, PLR0911, PLR0912, PLR0915 - a table, one case a command
    """The module of a command; static imports, so that walls and types see them."""
    match name:
        case "up":
            from proxy.run.cli import up  # noqa: PLC0415 - one command's code at a time

            return up
        case "run":
            from proxy.run.cli import run  # noqa: PLC0415 - one command's code at a time

            return run
        case "migrate":
            from proxy.run.cli import migrate  # noqa: PLC0415 - one command's code at a time

            return migrate
        case "registrar":
            from proxy.run.cli import registrar  # noqa: PLC0415 - one command's code at a time

            return registrar
        case "reseller":
            from proxy.run.cli import reseller  # noqa: PLC0415 - one command's code at a time

            return reseller
        case "profile":
            from proxy.run.cli import profile  # noqa: PLC0415 - one command's code at a time

            return profile
        case "webhook":
            from proxy.run.cli import webhook  # noqa: PLC0415 - one command's code at a time

            return webhook
        case "import":
            from proxy.run.cli import import_  # noqa: PLC0415 - one command's code at a time

            return import_
        case "keys":
            from proxy.run.cli import keys  # noqa: PLC0415 - one command's code at a time

            return keys
        case "roster":
            from proxy.run.cli import roster  # noqa: PLC0415 - one command's code at a time

            return roster
        case "order":
            from proxy.run.cli import order  # noqa: PLC0415 - one command's code at a time

            return order
        case "approve":
            from proxy.run.cli import approve  # noqa: PLC0415 - one command's code at a time

            return approve
        case "staff":
            from proxy.run.cli import staff  # noqa: PLC0415 - one command's code at a time

            return staff
        case "sign-in":
            from proxy.run.cli import sign_in  # noqa: PLC0415 - one command's code at a time

            return sign_in
        case "case":
            from proxy.run.cli import case  # noqa: PLC0415 - one command's code at a time

            return case
        case "case-types":
            from proxy.run.cli import case_types  # noqa: PLC0415 - one command's code at a time

            return case_types
        case "report":
            from proxy.run.cli import report  # noqa: PLC0415 - one command's code at a time

            return report
        case "anchor":
            from proxy.run.cli import anchor  # noqa: PLC0415 - one command's code at a time

            return anchor
        case "calendar":
            from proxy.run.cli import calendar  # noqa: PLC0415 - one command's code at a time

            return calendar
        case "clock":
            from proxy.run.cli import clock  # noqa: PLC0415 - one command's code at a time

            return clock
        case "ledger":
            from proxy.run.cli import ledger  # noqa: PLC0415 - one command's code at a time

            return ledger
        case "doctor":
            from proxy.run.cli import doctor  # noqa: PLC0415 - one command's code at a time

            return doctor
        case _:
            from proxy.run.cli import bench  # noqa: PLC0415 - one command's code at a time

            return bench
