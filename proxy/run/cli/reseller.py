"""`privacyproxy reseller`: a registrar's resellers, each with the profile its names are shown with.

Their keys are `registrar key add --reseller`, their quotas `registrar quota --reseller`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model.identifiers import ProfileId, ResellerId, TenantId
from proxy.run import accounts as desk
from proxy.run.cli import account_words, registrar_keys
from proxy.store import accounts

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from proxy.settings import Settings
    from proxy.store.pool import Connection

NAME = "reseller"
HELP = "resellers of a registrar: add, list, remove"
_ID: Final = "0198c0de-0000-7000-8000-000000000001"  # of the examples


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `reseller`."""
    actions = flags.add_actions(parser)
    add = account_words.action(
        actions, "add", "add one, or give it another profile",
        f"reseller add {_ID} Webworks --profile webworks",
    )  # fmt: skip
    add.add_argument(
        "--profile", metavar="ID", help="the one profile its keys use; by default any, by name"
    )
    listed = account_words.action(actions, "list", "those it has", f"reseller list {_ID}")
    gone = account_words.action(
        actions, "remove", "end it and its keys at once; its names stay the registrar's",
        f"reseller remove {_ID} Webworks",
    )  # fmt: skip
    for one in (add, listed, gone):
        one.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="whose")
    for one in (add, gone):
        one.add_argument("name", metavar="NAME", help="its name as answers show it")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; raises NotFound for a registrar or reseller there is not."""
    tenant_id, now = TenantId(arguments.registrar), SystemClock().now()
    match arguments.action:
        case "add":
            return _add(arguments, settings, now)
        case "list":

            async def listed(connection: Connection) -> list[dict[str, Any]]:
                await desk.require(connection, tenant_id)
                return account_words.reseller_rows(await accounts.resellers(connection, tenant_id))

            rows = account_words.as_operator(settings, listed)
            columns = ("reseller", "profile", "created_at")
            return account_words.tell(rows, columns, as_json=arguments.json)
        case _:
            return _remove(arguments, settings, now)


def _add(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    tenant_id = TenantId(arguments.registrar)
    name = ResellerId(account_words.printable(arguments.name, "NAME"))
    profile = None
    if arguments.profile is not None:
        profile = ProfileId(registrar_keys.slug(arguments.profile, "--profile"))

    account_words.as_operator(
        settings, lambda connection: desk.add_reseller(connection, tenant_id, name, profile, now)
    )
    facts = {"reseller": name, "profile": profile}
    sentence = f"{name} is added; its keys: privacyproxy registrar key add --reseller."
    return account_words.said(facts, sentence, as_json=arguments.json)


def _remove(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    tenant_id = TenantId(arguments.registrar)
    name = ResellerId(account_words.printable(arguments.name, "NAME"))
    ended = account_words.as_operator(
        settings, lambda connection: desk.remove_reseller(connection, tenant_id, name, now)
    )
    facts = {"reseller": name, "keys_ended": ended}
    sentence = f"{name} is removed; keys ended: {ended}. Its names stay the registrar's."
    return account_words.said(facts, sentence, as_json=arguments.json)
