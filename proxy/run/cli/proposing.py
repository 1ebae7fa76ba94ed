"""Orders that an operator proposes beside the running vault: drafted, submitted, told in words.

Those of cases are drafted elsewhere (run/drafting). Works over the operator's socket.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.hosting.process import SystemClock
from proxy.model.order import Order, OrderId
from proxy.model.roster import Person
from proxy.rules import orders
from proxy.run.cli import keys
from proxy.wire import frames, order_document, plain_words

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from proxy.model.order import ChangeAgent, ChangeRegistrarKey, OrderKind
    from proxy.model.roster import Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An order as it was submitted: `document` is what members sign."""

    order: Order
    document: str
    sha256: str


def configure(parser: argparse.ArgumentParser, *, usual_h: int, longest_h: int) -> None:
    """Add what every proposal takes: a reason, who proposes, and until when; hours."""
    parser.add_argument("--reason", required=True, help="why, as approvers will read it")
    parser.add_argument(
        "--proposer", default=orders.OPERATOR, help="a member, who then can not vote"
    )
    parser.add_argument(
        "--hours", type=int, default=usual_h, choices=range(1, longest_h + 1),
        metavar=f"1..{longest_h}", help=f"until it expires; {usual_h} if not said",
    )  # fmt: skip


def propose(
    path: Path,
    arguments: argparse.Namespace,
    under: tuple[Roster, str],
    kind: OrderKind,
    subject: ChangeAgent | ChangeRegistrarKey,
) -> Proposal:
    """Submit an order under the roster in force and its digest; raises the vault's refusal."""
    roster, sha256 = under
    now = SystemClock().now().replace(microsecond=0)
    order = Order(
        deployment=roster.deployment,
        id=OrderId(UUID(bytes=secrets.token_bytes(16))),
        kind=kind,
        roster_version=roster.version,
        roster=sha256,
        proposer=Person(arguments.proposer),
        handler=Person(""),
        releaser=Person(""),
        reason=arguments.reason,
        not_before=now,
        expires_at=now + timedelta(hours=arguments.hours),
        subject=subject,
    )
    document = order_document.render(order)
    order_document.parse(document)  # what the vault would refuse is told before it is asked
    answer = keys.last(keys.ask(path, frames.SubmitOrder(document=document)))
    return Proposal(order=order, document=document, sha256=str(answer["sha256"]))


def tell(made: Proposal, roster: Roster, *more: str, as_json: bool) -> int:
    """Prints the order in words and how members vote, or JSON; the exit code."""
    if as_json:
        print(json.dumps({"order": str(made.order.id), "sha256": made.sha256}))
        return 0
    for line in (*plain_words.order(made.order, made.sha256, roster), *more):
        print(line)
    print(f"Members vote with: privacyproxy approve {made.order.id} --api URL --key FILE")
    return 0
