"""Orders as documents and back. Pure; what an order needs and does is said elsewhere.

Every kind of order has the members of `_Common` and those of its own. Source: vault.md, Order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model.order import ChangeAgent, Order, OrderId, OrderKind
from proxy.model.roster import AgentId, DeploymentId, Person
from proxy.wire import documents, roster_document
from proxy.wire.roster_document import AgentFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON_LIMIT = 500  # characters: what an approver reads before signing

_Hex32 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
_Hex64 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Handle = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
_Nobody = Annotated[str, msgspec.Meta(pattern=r"^([a-z][a-z0-9-]{0,31})?\Z")]


class _Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    type: Literal["privacyproxy order"]
    v: Literal[1]
    kind: Literal["change agent"]
    deployment: _Hex32
    id: UUID
    roster_version: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    roster: _Hex64
    proposer: _Handle
    handler: _Nobody
    releaser: _Nobody
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LIMIT)]
    not_before: str
    expires_at: str
    agent_id: _Handle
    agent: Annotated[tuple[AgentFacts, ...], msgspec.Meta(max_length=1)]
    replaces: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]


def parse(document: str) -> Order:
    """The order; InvalidInput `document_malformed`, `document_not_canonical`, `agent_malformed`."""
    found = documents.parse(document, _Document)
    if (
        not found.reason.isprintable()
        or "  " in found.reason
        or found.reason.strip() != found.reason
    ):
        # An approver reads it on a terminal: nothing in it may move the cursor, hide text, or
        # push some to the next line.
        raise InvalidInput("document_malformed", "The reason holds characters that do not print.")
    agent = next((roster_document.agent(one) for one in found.agent), None)
    if agent is not None and agent.id != found.agent_id:
        raise InvalidInput("document_malformed", "The order names two agents.")
    order = Order(
        deployment=DeploymentId(found.deployment),
        id=OrderId(found.id),
        kind=OrderKind(found.kind),
        roster_version=found.roster_version,
        roster=found.roster,
        proposer=Person(found.proposer),
        handler=Person(found.handler),
        releaser=Person(found.releaser),
        reason=found.reason,
        not_before=documents.moment(found.not_before),
        expires_at=documents.moment(found.expires_at),
        subject=ChangeAgent(agent_id=AgentId(found.agent_id), agent=agent, replaces=found.replaces),
    )
    if render(order) != document:  # an id with capitals, for one
        raise InvalidInput("document_malformed", "The order is written in another way than it is.")
    return order


def render(order: Order) -> str:
    """The order's document."""
    return documents.render({**_common(order), **_change_agent(order.subject)})


def _common(order: Order) -> Mapping[str, object]:
    return {
        "type": "privacyproxy order",
        "v": 1,
        "kind": order.kind,
        "deployment": order.deployment,
        "id": order.id,
        "roster_version": order.roster_version,
        "roster": order.roster,
        "proposer": order.proposer,
        "handler": order.handler,
        "releaser": order.releaser,
        "reason": order.reason,
        "not_before": documents.moment_text(order.not_before),
        "expires_at": documents.moment_text(order.expires_at),
    }


def _change_agent(subject: ChangeAgent) -> Mapping[str, object]:
    agent = subject.agent
    return {
        "agent_id": subject.agent_id,
        "agent": [] if agent is None else [roster_document.agent_facts(agent)],
        "replaces": subject.replaces,
    }
