"""`privacyproxy order`: the operator proposes orders, sees where they stand, has them carried out.

Works beside the running vault, over the operator's socket. Voting is `privacyproxy approve`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model.order import ChangeAgent, OrderKind
from proxy.model.roster import AgentId
from proxy.rules import orders, reasons
from proxy.run.cli import keys, proposing
from proxy.run.cli.roster import in_force
from proxy.wire import documents, frames, order_document, plain_words, roster_document

if TYPE_CHECKING:
    import argparse

    from proxy.model.roster import Agent, Roster
    from proxy.settings import Settings

NAME = "order"
HELP = "propose orders, show them, and have approved ones carried out"
_LONGEST_H = int(orders.LONGEST_LIFE / timedelta(hours=1))
_USUAL_H = int(orders.USUAL_LIFE / timedelta(hours=1))
_EVERY = "every"
_AFTERWARDS = {
    OrderKind.REGISTRAR_KEY.value: "A new key holds after the roster's delay; until then, and"
    " after, any member ends it with `approve ORDER --revoke-key`.",
    OrderKind.DEACTIVATE.value: "The worker tells the registrar's system next.",
    OrderKind.RELEASE_PRIVACY.value: "The worker tells the registrar's system next.",
    OrderKind.PUBLISH.value: "No process publishes by an order yet; instructions of registrars do.",
}


class _Change(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What --set may change of an agent."""

    openpgp: str | None = None
    host: str | None = None
    port: int | None = None
    host_key: str | None = None
    deposits_per_day: int | None = None
    registrars: tuple[UUID, ...] | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `order`."""
    actions = flags.add_actions(parser)
    change = flags.add_action(
        actions, "change-agent", "an escrow agent's key or host, a new agent, or none any more"
    )
    change.add_argument("agent", metavar="AGENT", help="the agent's id")
    change.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[],
        help="openpgp, host, port, host_key or deposits_per_day, all of them for a new agent; or"
        f" registrars: ids, with commas, of those whose deposits it may get, or {_EVERY}",
    )  # fmt: skip
    change.add_argument("--remove", action="store_true", help="it shall be no agent any more")
    proposing.configure(change, usual_h=_USUAL_H, longest_h=_LONGEST_H)
    change.add_argument("--out", type=Path, help="write the document there as well")
    flags.add_action(actions, "list", "the newest orders")
    for name, sentence in (
        ("show", "an order in words, and where it stands"),
        ("carry-out", "do what an approved order says"),
    ):
        action = flags.add_action(actions, name, sentence)
        action.add_argument("order", metavar="ORDER", help="the order's id")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 done; raises what the vault refused with."""
    path = keys.socket_path(settings.data_dir)
    match arguments.action:
        case "change-agent":
            return _change_agent(path, arguments)
        case "list":
            return _list(path, as_json=arguments.json)
        case "show":
            return _show(path, arguments)
        case _:
            answer = keys.last(keys.ask(path, frames.CarryOut(order=arguments.order)))
            return _carried_out(answer, as_json=arguments.json)


def _change_agent(path: Path, arguments: argparse.Namespace) -> int:
    under = in_force(path)
    roster, _ = under
    before = roster.agent(arguments.agent)
    change = ChangeAgent(
        agent_id=AgentId(arguments.agent),
        agent=None if arguments.remove else _changed(before, arguments),
        replaces=roster_document.agent_digest(before),
    )
    made = proposing.propose(path, arguments, under, OrderKind.CHANGE_AGENT, change)
    if arguments.out is not None:
        arguments.out.write_text(made.document, "utf-8")
    return proposing.tell(made, roster, as_json=arguments.json)


def _changed(before: Agent | None, arguments: argparse.Namespace) -> Agent:
    given: dict[str, Any] = dict(one.partition("=")[::2] for one in getattr(arguments, "set"))  # noqa: B009 - a builtin's name
    if "registrars" in given:
        given["registrars"] = _registrars(given["registrars"])
    try:
        change = msgspec.convert(given, _Change, strict=False)
    except msgspec.ValidationError as error:  # names members and types, no values
        raise InvalidInput("set", f"--set: {error}.") from None
    facts: dict[str, Any] = {
        name: value for name, value in msgspec.structs.asdict(change).items() if value is not None
    }
    if "host_key" in facts:
        facts["host_key"] = " ".join(facts["host_key"].split()[:2])
    if "openpgp" in facts:
        facts["openpgp"] = facts["openpgp"].replace(" ", "").upper()
    if before is not None:
        if "registrars" in facts:
            facts["registrars"] = frozenset(facts["registrars"])
        return replace(before, **facts)
    missing = orders.NEW_AGENT_FIELDS - facts.keys()
    if missing:
        raise InvalidInput(
            "set", f"A new agent needs --set for {', '.join(sorted(missing))} as well."
        )
    return roster_document.agent(roster_document.AgentFacts(id=arguments.agent, **facts))


def _registrars(given: str) -> list[str]:
    """The ids, none for the word `every`: an empty value, a shell's slip, is not the widest."""
    if given == _EVERY:
        return []
    if not given.strip():
        raise InvalidInput("set", f"--set registrars: ids with commas, or the word {_EVERY}.")
    return [one.strip() for one in given.split(",")]


def _list(path: Path, *, as_json: bool) -> int:
    answer = keys.last(keys.ask(path, frames.ListOrders()))
    found: Any = answer["orders"]
    if as_json:
        print(json.dumps(found))
        return 0
    table = Table("order", "kind", "state", "received", "expires", show_edge=False)
    for one in found:
        table.add_row(
            one["order"], one["kind"], one["state"], one["received_at"][:16], one["expires_at"][:16]
        )
    Console().print(table)
    return 0


def _show(path: Path, arguments: argparse.Namespace) -> int:
    answer: Any = keys.last(keys.ask(path, frames.ShowOrder(order=arguments.order)))
    if arguments.json:
        print(json.dumps({name: value for name, value in answer.items() if name != "done"}))
        return 0
    order = order_document.parse(answer["document"])
    under: Roster = roster_document.parse(answer["roster"])
    for line in plain_words.order(order, documents.digest(answer["document"]), under):
        print(line)
    stands = plain_words.standing(
        order, answer["state"], is_enough=not answer["lacking"], now=SystemClock().now()
    )
    print(f"  state       {stands}")
    people = ", ".join(one["person"] for one in answer["approvals"])
    print(f"  votes       {people or 'none yet'}")
    for lack in answer["lacking"]:
        print(f"  lacks       {reasons.LACKS.get(lack, lack)}")
    return 0


def _carried_out(answer: frames.Answer, *, as_json: bool) -> int:
    waiting: Any = answer["waiting"]
    package: Any = answer["package"]
    kind = str(answer["kind"])
    is_of_agent = kind == OrderKind.CHANGE_AGENT
    if as_json:
        shown = waiting if is_of_agent else {"kind": kind, "package": package}
        print(json.dumps(shown))
    elif is_of_agent:
        print(
            f"Carried out: roster {waiting['version']} is announced and in force from"
            f" {waiting['effective_at'][:16]} UTC, unless a member objects."
        )
    elif package is not None:
        print(f"Carried out: package {package['id']} is built, and released by its releaser.")
    else:
        print(f"Carried out: {kind}. {_AFTERWARDS.get(kind, 'It holds from now on.')}")
    return 0
