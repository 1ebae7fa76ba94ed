"""Orders: what named people decide by their votes. Frozen; nothing here decides.

An order is a document; these are its facts once read. Another kind of order is another class of
`subject` here, a row in rules.orders and its deed in services.carry_out.
Source: vault.md, Roster and orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads it in the state (vault.orders)
from enum import StrEnum
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from proxy.model.roster import Agent, AgentId, DeploymentId, Person

OrderId = NewType("OrderId", UUID)
"""128 random bits."""


class OrderKind(StrEnum):
    """What can be ordered."""

    CHANGE_AGENT = "change agent"


class OrderState(StrEnum):
    """Where an order stands; all but the first are for ever."""

    OPEN = "open"
    STOPPED = "stopped"  # a member objected
    CARRIED_OUT = "carried out"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAgent:
    """An escrow agent as it shall be; None: it shall be no more.

    `replaces` is the SHA-256 of the agent as the order's author saw it, "" where there was none:
    what was not seen is not replaced.
    """

    agent_id: AgentId
    agent: Agent | None
    replaces: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What an order says. `proposer`, `handler` and `releaser` may not vote on it; "" is nobody.

    `roster` is the SHA-256 of the roster it is made under: another roster needs another order.
    """

    deployment: DeploymentId
    id: OrderId
    kind: OrderKind
    roster_version: int
    roster: str
    proposer: Person
    handler: Person
    releaser: Person
    reason: str
    not_before: datetime
    expires_at: datetime
    subject: ChangeAgent


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOrder:
    """What the vault's own state knows of an order: enough to refuse every other paper."""

    sha256: str
    nonce: bytes
    kind: OrderKind
    state: OrderState
    received_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """Somebody whose valid signature an order carries, as the rules see them."""

    person: Person
    is_detached: bool
    """Whether the signature comes from the person's own machine, not through a web page."""
