"""`privacyproxy sign-in`: sign in as staff, or enrol first with the code of an invitation.

Made for the person's own machine. The password is asked on the terminal, or read from a file that
nobody else may read; it is never an argument, which other users could see.
"""

from __future__ import annotations

import getpass
import json
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, Refused
from proxy.model import staff
from proxy.run import staff_desk
from proxy.run.cli import asking
from proxy.run.staff_desk import WebDesk

if TYPE_CHECKING:
    import argparse

    from proxy.model.roster import Person
    from proxy.settings import Settings

NAME = "sign-in"
HELP = "sign in as staff with password and key, or enrol"
_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_LIMIT_OCTETS: Final = 4096


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sign-in`."""
    parser.add_argument("--web", metavar="URL", required=True, help="the web role's address")
    parser.add_argument("--person", metavar="HANDLE", required=True, help="your handle")
    parser.add_argument(
        "--key", metavar="FILE", type=Path, required=True, action="append",
        help="your key: a private key file, or the .pub of one in an agent or security key;"
        " several when you enrol",
    )  # fmt: skip
    parser.add_argument(
        "--site", metavar="HOST",
        help="the host of the service's own base address, where it is not that of --web",
    )  # fmt: skip
    parser.add_argument(
        "--enrol", action="store_true", help="set a password and your keys with a code first"
    )
    parser.add_argument(
        "--change-password", action="store_true", help="take another password, then sign in anew"
    )
    for flag, what in (
        ("--password-file", "a file with the password, for programs"),
        ("--new-password-file", "a file with the next password, for programs"),
        ("--code-file", "a file with the code of the invitation, for programs"),
    ):
        parser.add_argument(flag, metavar="FILE", type=Path, help=what)
    parser.add_argument(
        "--session", metavar="FILE", type=Path, default=staff_desk.default_session_file(),
        help="where the session is kept",
    )  # fmt: skip


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """0 when signed in; raises what it was refused with."""
    person = staff.parse_person(arguments.person)
    if person is None:
        raise InvalidInput("person", "--person takes a handle.")
    site = arguments.site or staff_desk.site_of(arguments.web)
    try:
        return _sign_in(arguments, person, site)
    except InvalidInput as refusal:
        for fault in refusal.faults:
            print(f"  {fault.detail}", file=sys.stderr)
        raise


def _sign_in(arguments: argparse.Namespace, person: Person, site: str) -> int:
    password = _enrolled(arguments, person, site) if arguments.enrol else None
    if password is None:
        password = _secret(arguments.password_file, "Password: ")
    if len(arguments.key) > 1 and not arguments.enrol:
        raise InvalidInput("key", "One --key signs in.")
    key = arguments.key[0]
    opened = WebDesk(arguments.web).sign_in(person, password, key, asking.passphrase, site)
    if arguments.change_password:
        new = _secret(arguments.new_password_file, "New password: ", is_new=True)
        WebDesk(arguments.web, opened.session).call(
            "POST", "/staff/password", {"current": password, "new": new}
        )
        opened = WebDesk(arguments.web).sign_in(person, new, key, asking.passphrase, site)
    staff_desk.keep_session(arguments.session, arguments.web, opened.session)
    if opened.must_change:
        print(
            "Your password breaks a rule by now: sign in with --change-password.", file=sys.stderr
        )
    said = {"person": person, "until": opened.ends_at, "must_change": opened.must_change}
    print(json.dumps(said) if arguments.json else f"Signed in as {person}.")
    return 0


def _enrolled(arguments: argparse.Namespace, person: Person, site: str) -> str:
    """The password with which the person was enrolled."""
    code = _secret(arguments.code_file, "Code of the invitation: ")
    password = _secret(arguments.password_file, "New password: ", is_new=True)
    try:
        WebDesk(arguments.web).enrol(
            person=person,
            code=code,
            password=password,
            key_files=arguments.key,
            passphrase=asking.passphrase,
            site=site,
        )
    except Refused as refusal:
        if refusal.code != "signature_invalid":
            raise
        # We sign for the site; a service of another name sees no valid signature.
        raise Refused(
            "staff_site",
            f"The service does not enrol people for {site}: say --site with the host that came"
            " with your invitation.",
        ) from None
    return password


def _secret(file: Path | None, question: str, *, is_new: bool = False) -> str:
    """A secret from a file, or from the terminal; a new one is asked for twice."""
    if file is not None:
        return _content(file)
    if not sys.stdin.isatty():
        raise Refused("nobody_to_ask", "Nobody can be asked here: say it with a file.")
    try:
        found = getpass.getpass(question)
        if is_new and getpass.getpass("The same again: ") != found:
            raise InvalidInput("password_unequal", "The two are not the same.")
    except (EOFError, OSError):
        raise Refused("nobody_to_ask", "Nobody can be asked here: say it with a file.") from None
    return found


def _content(file: Path) -> str:
    try:
        with file.open("rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            content = source.read(_LIMIT_OCTETS).decode()
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("secret_file", f"{file} can not be read as text.") from None
    if stat.S_ISREG(mode) and mode & _FOR_OTHERS:
        raise Refused("secret_file_mode", f"Others may read {file}: chmod 600 it.")
    return content.removesuffix("\n").removesuffix("\r")
