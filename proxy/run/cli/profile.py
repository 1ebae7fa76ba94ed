"""`privacyproxy profile`: white-label profiles, one per brand: mask, hosts, notices, TLD tables.

`check` asks nobody and lists every fault; `add` and `replace` check the same way first.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from proxy.errors import InvalidInput, NotFound
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model.identifiers import TenantId
from proxy.run import accounts as desk
from proxy.run import enrolling
from proxy.run.cli import account_words
from proxy.store import accounts

if TYPE_CHECKING:
    import argparse

    from proxy.model.public_record import Profile
    from proxy.settings import Settings
    from proxy.store.accounts import KeptProfile
    from proxy.store.pool import Connection

NAME = "profile"
HELP = "white-label profiles of a registrar: add, list, show, replace, check"
_ID: Final = "0198c0de-0000-7000-8000-000000000001"  # of the examples
_COLUMNS: Final = ("profile", "revision", "brand", "whois", "rdap", "tlds")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `profile`."""
    actions = flags.add_actions(parser)
    check = account_words.action(
        actions, "check", "every fault of a file, without writing anything",
        "profile check webworks.json",
    )  # fmt: skip
    add = account_words.action(
        actions, "add", "a further profile of a registrar", f"profile add {_ID} webworks.json"
    )
    new = account_words.action(
        actions, "replace", "another body for a profile that is there",
        f"profile replace {_ID} webworks.json",
    )  # fmt: skip
    listed = account_words.action(actions, "list", "those it has", f"profile list {_ID}")
    show = account_words.action(
        actions, "show", "one as profile.json, to be changed and given to `replace`",
        f"profile show {_ID} webworks > webworks.json",
    )  # fmt: skip
    for one in (add, new, listed, show):
        one.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="whose")
    for one in (check, add, new):
        one.add_argument("file", type=Path, metavar="FILE", help="profile.json")
    show.add_argument("profile", metavar="PROFILE", help="its id")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; 1 with every fault of the file on standard error."""
    match arguments.action:
        case "check":
            return _check(arguments, settings)
        case "add" | "replace":
            return _write(arguments, settings)
        case "list":
            rows = account_words.profile_rows(_kept(arguments, settings))
            return account_words.tell(rows, _COLUMNS, as_json=arguments.json)
        case _:
            kept = _kept(arguments, settings)
            found = next((one for one in kept if one.id == arguments.profile), None)
            if found is None:
                raise NotFound("profile", "The registrar has no profile by that id.")
            body = json.loads(found.body)
            print(json.dumps(body, ensure_ascii=False, indent=None if arguments.json else 2))
            return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    body = account_words.read(arguments.file)
    try:
        found = desk.check_profile(body, enrolling.defaults(settings))
    except InvalidInput as refusal:
        if arguments.json:
            print(
                json.dumps([{"pointer": one.pointer, "code": one.code} for one in refusal.faults])
            )
        _tell_faults(refusal)
        raise
    return account_words.said({"profile": found}, f"{found}: no fault.", as_json=arguments.json)


def _write(arguments: argparse.Namespace, settings: Settings) -> int:
    tenant_id, body = TenantId(arguments.registrar), account_words.read(arguments.file)
    is_new = arguments.action == "add"

    async def act(connection: Connection) -> Profile:
        defaults = enrolling.defaults(settings)
        return await desk.write_profile(
            connection, tenant_id, body, defaults, is_new=is_new, now=SystemClock().now()
        )

    try:
        made = account_words.as_operator(settings, act)
    except InvalidInput as refusal:
        _tell_faults(refusal)
        raise
    if is_new:
        print(
            "A registrar with several must say `profile` in every registration; keys of a\n"
            "reseller that has a profile need not.",
            file=sys.stderr,
        )
    facts: dict[str, Any] = {"profile": made.id, "revision": made.revision}
    sentence = f"{made.id} is written, revision {made.revision}."
    return account_words.said(facts, sentence, as_json=arguments.json)


def _kept(arguments: argparse.Namespace, settings: Settings) -> tuple[KeptProfile, ...]:
    tenant_id = TenantId(arguments.registrar)

    async def act(connection: Connection) -> tuple[KeptProfile, ...]:
        async with connection.transaction():
            await desk.require(connection, tenant_id)
            return await accounts.profiles(connection, tenant_id)

    return account_words.as_operator(settings, act)


def _tell_faults(refusal: InvalidInput) -> None:
    for line in account_words.faults(refusal.faults):
        print(line, file=sys.stderr)
