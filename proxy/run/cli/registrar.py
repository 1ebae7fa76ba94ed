"""`privacyproxy registrar`: registrars, their accreditations, API keys and quotas.

With the operator's database login, beside a running service or without one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model.identifiers import AccreditationId, ResellerId, TenantId
from proxy.model.public_record import Accreditation
from proxy.run import accounts as desk
from proxy.run import enrolling
from proxy.run.cli import account_words, registrar_keys, registrar_read_back
from proxy.run.cli.plain import plain
from proxy.store import accounts, quotas

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings
    from proxy.store.accounts import RegistrarAccount
    from proxy.store.pool import Connection

NAME = "registrar"
HELP = "registrars: add, list, show; their accreditations, API keys and quotas"
_MOST: Final = 100_000  # registrars listed
_MOST_NAMES: Final = 2**53
_ID: Final = "0198c0de-0000-7000-8000-000000000001"  # of the examples
_ACCREDITATION: Final = ("accreditation", "iana_id", "registrar_name")
_QUOTA: Final = ("reseller", "names", "used", "left")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `registrar`."""
    actions = flags.add_actions(parser)
    add = account_words.action(
        actions, "add", "add a registrar; its first API key is shown once",
        'registrar add "Quiet Harbour AS" --iana-id 9999 --profile profile.json',
    )  # fmt: skip
    add.add_argument("name", metavar="NAME", help="the registrar's name as answers show it")
    add.add_argument("--iana-id", type=int, required=True, metavar="N", help="its IANA id")
    add.add_argument("--profile", type=Path, metavar="FILE", help="its profile.json")
    account_words.action(actions, "list", "every registrar", "registrar list")
    show = account_words.action(
        actions, "show", "one registrar with all that hangs on it", f"registrar show {_ID}"
    )
    accreditation = account_words.action(
        actions, "accreditation", "under which ids it sponsors names",
        f"registrar accreditation list {_ID}",
    )  # fmt: skip
    below = account_words.below(accreditation)
    more = account_words.action(
        below, "add", "add one; every profile is published with it",
        f'registrar accreditation add {_ID} --id de --name "Quiet Harbour GmbH"',
    )  # fmt: skip
    listed = account_words.action(
        below, "list", "those it has", f"registrar accreditation list {_ID}"
    )
    more.add_argument("--iana-id", type=int, metavar="N", help="its IANA id; none for a ccTLD")
    more.add_argument("--id", metavar="ID", help="how bodies name it; by default iana-N")
    more.add_argument("--name", required=True, metavar="NAME", help="the name that answers show")
    quota = account_words.action(
        actions, "quota", "most live names; without --names shows them",
        f"registrar quota {_ID} --names 50000 --reseller Webworks",
    )  # fmt: skip
    quota.add_argument("--names", type=int, metavar="N", help="the limit; 0: none")
    quota.add_argument("--reseller", metavar="NAME", help="of one reseller alone")
    for one in (show, more, listed, quota):
        one.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="its id")
    registrar_keys.configure(actions)
    registrar_read_back.configure(actions)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; 1 for a faulty profile or a registrar that is not there."""
    match arguments.action:
        case "add":
            return _add(arguments, settings)
        case "list":
            return _list(arguments, settings)
        case "show":
            return _show(arguments, settings)
        case "accreditation":
            return _accreditation(arguments, settings)
        case "quota":
            return _quota(arguments, settings)
        case registrar_read_back.NAME:
            return registrar_read_back.run(arguments, settings)
        case _:
            return registrar_keys.run(arguments, settings)


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    name = account_words.printable(arguments.name, "NAME")
    iana_id = _iana_id(arguments.iana_id)
    profile = None if arguments.profile is None else account_words.read(arguments.profile)
    now = SystemClock().now()
    try:
        added = asyncio.run(enrolling.add_registrar(settings, name, iana_id, profile, now))
    except InvalidInput as refusal:
        print(*account_words.faults(refusal.faults), sep="\n", file=sys.stderr)
        raise
    if profile is None:
        print(
            "Without --profile this registrar's answers show invented contacts and hosts: "
            "for trying out only.",
            file=sys.stderr,
        )
    print(json.dumps({"id": str(added.id), "api_key": added.api_key}))
    return 0


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    async def act(connection: Connection) -> list[RegistrarAccount]:
        found: list[RegistrarAccount] = []
        while len(found) < _MOST:
            page = await accounts.registrars(connection, found[-1].id if found else None)
            found += page
            if len(page) < accounts.PAGE:
                break
        return found

    found = account_words.as_operator(settings, act)
    rows = [_facts(one) for one in found]
    return account_words.tell(rows, ("id", "name", "created_at"), as_json=arguments.json)


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    tenant_id, now = TenantId(arguments.registrar), SystemClock().now()

    async def act(connection: Connection) -> dict[str, Any]:
        one = await desk.require(connection, tenant_id)
        async with connection.transaction():
            profiles = await accounts.profiles(connection, tenant_id)
        return {
            **_facts(one),
            "accreditations": _accreditations(await accounts.accreditations(connection, tenant_id)),
            "profiles": account_words.profile_rows(profiles),
            "resellers": account_words.reseller_rows(
                await accounts.resellers(connection, tenant_id)
            ),
            "keys": account_words.key_rows(await accounts.keys(connection, tenant_id), now),
            "quotas": account_words.quota_rows(await quotas.of_tenant(connection, tenant_id)),
        }

    facts = account_words.as_operator(settings, act)
    if arguments.json:
        print(json.dumps(facts))
        return 0
    print(plain(f"{facts['name']}, {facts['id']}, since {facts['created_at']}"))
    for part, columns in (
        ("accreditations", _ACCREDITATION),
        ("profiles", ("profile", "revision", "brand", "whois", "tlds")),
        ("resellers", ("reseller", "profile", "created_at")),
        ("keys", registrar_keys.COLUMNS),
        ("quotas", _QUOTA),
    ):
        print(f"\n{part.capitalize()}")
        account_words.tell(facts[part], columns, as_json=False)
    return 0


def _accreditation(arguments: argparse.Namespace, settings: Settings) -> int:
    tenant_id = TenantId(arguments.registrar)
    if arguments.deed == "list":

        async def listed(connection: Connection) -> list[dict[str, Any]]:
            await desk.require(connection, tenant_id)
            return _accreditations(await accounts.accreditations(connection, tenant_id))

        rows = account_words.as_operator(settings, listed)
        return account_words.tell(rows, _ACCREDITATION, as_json=arguments.json)
    iana_id = None if arguments.iana_id is None else _iana_id(arguments.iana_id)
    if iana_id is None and arguments.id is None:
        raise InvalidInput("id", "Say --iana-id N, or --id ID where there is none.")
    one = Accreditation(
        id=AccreditationId(registrar_keys.slug(arguments.id or f"iana-{iana_id}", "--id")),
        registrar_name=account_words.printable(arguments.name, "--name"),
        iana_id=iana_id,
    )
    now = SystemClock().now()
    account_words.as_operator(
        settings, lambda connection: desk.add_accreditation(connection, tenant_id, one, now)
    )
    print(
        "A registrar with several must say `accreditation` in every registration.", file=sys.stderr
    )
    facts = {"accreditation": one.id, "iana_id": iana_id, "registrar_name": one.registrar_name}
    return account_words.said(facts, f"{one.id} is added.", as_json=arguments.json)


def _quota(arguments: argparse.Namespace, settings: Settings) -> int:
    tenant_id = TenantId(arguments.registrar)
    reseller = arguments.reseller
    whose = (
        None if reseller is None else ResellerId(account_words.printable(reseller, "--reseller"))
    )
    if arguments.names is not None and not 0 <= arguments.names <= _MOST_NAMES:
        raise InvalidInput("names", "--names takes a whole number; 0 ends the limit.")

    async def act(connection: Connection) -> list[dict[str, Any]]:
        await desk.require(connection, tenant_id)
        if arguments.names is not None:
            now = SystemClock().now()
            await desk.set_quota(connection, tenant_id, whose, arguments.names, now)
        elif whose is not None:
            await desk.require_reseller(connection, tenant_id, whose)
        return account_words.quota_rows(await quotas.of_tenant(connection, tenant_id), whose)

    rows = account_words.as_operator(settings, act)
    if any(row["used"] is not None and row["used"] > row["names"] for row in rows):
        print(
            "There are more names than that already: they stay, and none can be added.",
            file=sys.stderr,
        )
    return account_words.tell(rows, _QUOTA, as_json=arguments.json)


def _facts(one: RegistrarAccount) -> dict[str, Any]:
    created = account_words.moment(one.created_at)
    return {"id": str(one.id), "name": one.name, "created_at": created}


def _accreditations(found: dict[AccreditationId, Accreditation]) -> list[dict[str, Any]]:
    return [
        {"accreditation": one.id, "iana_id": one.iana_id, "registrar_name": one.registrar_name}
        for one in found.values()
    ]


def _iana_id(given: int) -> int:
    if not 0 < given < 2**31:
        raise InvalidInput("iana_id", "--iana-id takes a whole number above 0.")
    return given
