"""`privacyproxy staff`: who acts on cases. Invite, list, suspend, change roles, recover, passwords.

Most use the operator's database login, beside the service. `recover` is for two administrators,
each signed in on their own machine (`privacyproxy sign-in`), as is `suspend --signed-in`; `whoami`
and `sign-out` are for everybody who is signed in.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from proxy.client.refusals import printable
from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model import identifiers
from proxy.model import staff as model
from proxy.model.staff import ADMINISTRATOR
from proxy.rules import password_policy, staffing
from proxy.run import enrolling, staff_desk
from proxy.run.cli import case_words
from proxy.run.password_words import WORDS
from proxy.services.staff import change_roles, invite, suspend
from proxy.store import pool as pools
from proxy.store import staff as store

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.model.staff import Staff
    from proxy.settings import Settings
    from proxy.store.pool import Connection

NAME = "staff"
HELP = "who acts on cases: invite, list, suspend, change roles, recover"
_MOST: Final = 10_000  # people listed
_CODE: Final = ("person", "code", "expires_at")
_T = TypeVar("_T")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `staff`."""
    actions = flags.add_actions(parser)
    add = flags.add_action(actions, "add", "invite somebody; the code is shown once")
    add.add_argument("person", metavar="HANDLE", help="a handle, no name; as in the roster")
    add.add_argument("--roles", metavar="ROLE,...", help="what they do")
    add.add_argument("--again", action="store_true", help="another code; the first one was lost")
    flags.add_action(actions, "list", "everybody, with roles and state")
    ended = flags.add_action(actions, "suspend", "end sessions, and let them sign in no more")
    ended.add_argument("person", metavar="HANDLE", help="whom")
    ended.add_argument(
        "--signed-in", action="store_true", help="as an administrator, from your own machine"
    )
    who = flags.add_action(actions, "whoami", "who is signed in here, with which roles")
    out = flags.add_action(actions, "sign-out", "end your session, here and at the service")
    roles = flags.add_action(actions, "roles", "change what somebody does")
    roles.add_argument("person", metavar="HANDLE", help="whom")
    roles.add_argument("--roles", metavar="ROLE,...", required=True, help="all that they do")
    back = flags.add_action(actions, "recover", "let somebody enrol anew, by two administrators")
    back.add_argument("person", metavar="HANDLE", nargs="?", help="whom, for the first of the two")
    back.add_argument("--approve", metavar="ID", help="the recovery, for the second of the two")
    for one in (ended, who, out, back):
        one.add_argument(
            "--session", metavar="FILE", type=Path, default=staff_desk.default_session_file(),
            help="your session",
        )  # fmt: skip
    made = flags.add_action(actions, "password", "print a random password that keeps the rules")
    made.add_argument("--generate", action="store_true", required=True, help="make one")
    made.add_argument("--person", metavar="HANDLE", default="staff", help="for whom")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; raises what it was refused with."""
    now = SystemClock().now()
    match arguments.action:
        case "add":
            return _add(arguments, settings, now)
        case "list":
            return _list(arguments, settings)
        case "suspend":
            return _suspend(arguments, settings, now)
        case "roles":
            return _roles(arguments, settings, now)
        case "recover":
            return _recover(arguments)
        case "whoami":
            return _whoami(arguments)
        case "sign-out":
            return _sign_out(arguments)
        case _:
            print(
                password_policy.generated(arguments.person, now.date(), WORDS, secrets.token_bytes)
            )
            return 0


def _add(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    person = _person(arguments.person)
    if arguments.again == (arguments.roles is not None):
        raise InvalidInput("roles", "Say --roles for somebody new, or --again.")

    async def act(connection: Connection) -> invite.Invitation:
        if arguments.again:
            return await invite.invite_again(
                connection, person, now=now, random=secrets.token_bytes
            )
        roles = _roles_of(arguments.roles)
        return await invite.invite(connection, person, roles, now=now, random=secrets.token_bytes)

    made = asyncio.run(_as_operator(settings, act))
    until = made.expires_at.isoformat(timespec="seconds")
    site = staff_desk.site_of(settings.web_base_url)
    said = {"person": made.person, "code": made.code, "expires_at": until, "site": site}
    print(json.dumps(said))
    print(
        "Hand the code over in person; it is shown this once. They enrol on their own machine:\n"
        f"  privacyproxy sign-in --enrol --web URL --site {site} --person {made.person} --key FILE",
        file=sys.stderr,
    )
    return 0


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    async def act(connection: Connection) -> list[Staff]:
        found: list[Staff] = []
        while len(found) < _MOST:
            rows = await store.page(connection, found[-1].person if found else "")
            found += rows
            if len(rows) < store.PAGE:
                break
        return found

    rows = [
        {"person": one.person, "state": one.state.value, "roles": _names(one)}
        for one in asyncio.run(_as_operator(settings, act))
    ]
    if arguments.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print(f"{row['person']:<32}  {row['state']:<9}  {', '.join(row['roles'])}")
    return 0


def _suspend(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    person = _person(arguments.person)
    if arguments.signed_in:
        desk = staff_desk.open_session(arguments.session)
        desk.call("POST", f"/staff/people/{person}/suspension")
        print(json.dumps({"person": person}) if arguments.json else f"{person} is suspended.")
        return 0
    is_new = asyncio.run(
        _as_operator(
            settings,
            lambda connection: suspend.suspend(
                connection, person, by=invite.OPERATOR, now=now, random=secrets.token_bytes
            ),
        )
    )
    said = "is suspended" if is_new else "was suspended already"
    print(json.dumps({"person": person}) if arguments.json else f"{person} {said}.")
    return 0


def _roles(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    person, roles = _person(arguments.person), _roles_of(arguments.roles)
    asyncio.run(
        _as_operator(
            settings,
            lambda connection: change_roles.change_roles(
                connection, person, roles, now=now, random=secrets.token_bytes
            ),
        )
    )
    said = {"person": person, "roles": sorted(roles)}
    print(json.dumps(said) if arguments.json else f"{person}: {', '.join(sorted(roles))}.")
    return 0


def _recover(arguments: argparse.Namespace) -> int:
    desk = staff_desk.open_session(arguments.session)
    if (arguments.person is None) == (arguments.approve is None):
        raise InvalidInput("recover", "Say a handle to begin, or --approve ID.")
    if arguments.approve is None:
        body = {"person": _person(arguments.person)}
        answer = desk.call("POST", "/staff/recoveries", body)
        shown = {"recovery": printable(str(answer.get("id")))}
        print(json.dumps(shown))
        print("Another administrator agrees with --approve and this id.", file=sys.stderr)
        return 0
    recovery = identifiers.canonical_uuid(arguments.approve)
    if recovery is None:
        raise InvalidInput("recover", "--approve takes the id of a recovery.")
    answer = desk.call("POST", f"/staff/recoveries/{recovery}/approvals")
    print(json.dumps({name: printable(str(answer.get(name))) for name in _CODE}))
    print("Hand the code over in person; it is shown this once.", file=sys.stderr)
    return 0


def _whoami(arguments: argparse.Namespace) -> int:
    found = staff_desk.open_session(arguments.session).call("GET", "/staff/session")
    if arguments.json:
        print(json.dumps(found))
        return 0
    roles = [ADMINISTRATOR] if found.get("administrator") else found.get("roles", [])
    print(f"{printable(str(found['person']))}: {printable(', '.join(roles))}.")
    ends = case_words.moment(str(found["ends_at"]))
    print(f"Until {ends}, by {printable(str(found['level']))}.")
    if found.get("must_change"):
        print("Your password breaks a rule by now: privacyproxy sign-in --change-password.")
    return 0


def _sign_out(arguments: argparse.Namespace) -> int:
    desk = staff_desk.open_session(arguments.session)
    try:
        desk.call("POST", "/staff/sign-out")
    finally:
        arguments.session.unlink(missing_ok=True)  # even where the service is away
    print("{}" if arguments.json else "Signed out.")
    return 0


async def _as_operator(settings: Settings, act: Callable[[Connection], Awaitable[_T]]) -> _T:
    async with pools.connected(enrolling.operator_access(settings)) as connection:
        return await act(connection)


def _person(text: str) -> Person:
    found = model.parse_person(text)
    if found is None:
        raise InvalidInput(
            "person", "A handle is a lower-case letter, then letters, digits and hyphens."
        )
    return found


def _roles_of(text: str) -> frozenset[str]:
    roles = frozenset(one.strip() for one in text.split(",") if one.strip())
    unknown = sorted(roles - staffing.KNOWN_ROLES)
    if unknown:
        raise InvalidInput("roles", f"Roles are {', '.join(sorted(staffing.KNOWN_ROLES))}.")
    return roles


def _names(one: Staff) -> list[str]:
    return [ADMINISTRATOR] if one.is_administrator else sorted(one.roles)
