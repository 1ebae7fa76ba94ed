"""A small team with keys, and what it writes: rosters, orders, votes, objections."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from proxy.model.order import ChangeAgent, Order, OrderId, OrderKind
from proxy.model.roster import (
    Agent,
    AgentId,
    DeploymentId,
    Holder,
    Member,
    Person,
    RelyingParty,
    Roster,
    Rule,
    StaffRole,
)
from proxy.rules import orders as order_rules
from proxy.vault import statements
from proxy.wire import documents, order_document, roster_document
from proxy.wire.frames import Signature
from tests.support import passkey
from tests.support.security_key import SshKey, armor

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey
    from tests.support.passkey import Passkey

MADE_AT = datetime(2026, 11, 1, tzinfo=UTC)
DEPLOYMENT = DeploymentId("0f" * 16)
AGENT = Agent(
    id=AgentId("harbour-escrow"),
    openpgp="A1" * 20,
    host="sftp.escrow.example",
    port=22,
    host_key="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ",
    deposits_per_day=4,
)
ROLES = {
    "anna": {StaffRole.DECIDER, StaffRole.LEGAL},
    "ben": {StaffRole.DECIDER},
    "chris": {StaffRole.DPO, StaffRole.DECIDER},
}
AGENT_RULE = Rule(
    kind=OrderKind.CHANGE_AGENT,
    approvals=2,
    voters=frozenset({StaffRole.DECIDER}),
    each=(),
    fields=order_rules.AGENT_FIELDS,
)
ALL_AGENT_FIELDS = order_rules.AGENT_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """A person and one key of theirs: whatever they sign."""

    person: str
    key: SshKey | Passkey

    @property
    def public(self) -> ApprovalKey:
        """The key as rosters hold it."""
        return self.key.public

    def sign(self, message: bytes) -> Signature:
        """The person's signature over a message, or over it as a challenge."""
        if isinstance(self.key, SshKey):
            made = armor(self.key.envelope(message))
        else:
            made = passkey.as_json(self.key.assertion(message))
        return Signature(person=self.person, key=self.public.id, signature=made)

    def vote(self, sha256: str, nonce: str) -> Signature:
        """A vote for an order."""
        return self.sign(statements.approval(bytes.fromhex(sha256), bytes.fromhex(nonce)))

    def no(self, sha256: str) -> Signature:
        """An objection to an order or a roster."""
        return self.sign(statements.objection(bytes.fromhex(sha256)))


def hand(person: str, mark: str = "") -> Hand:
    """A person with an Ed25519 key of their own; `mark` gives further ones."""
    seed = hashlib.sha256(f"{person}/{mark}".encode()).digest()
    return Hand(person=person, key=SshKey(seed=seed))


def passkey_hand(person: str) -> Hand:
    """A person with a passkey."""
    seed = hashlib.sha256(f"{person}/passkey".encode()).digest()
    return Hand(person=person, key=passkey.Passkey(seed=seed))


ANNA, BEN, CHRIS = hand("anna"), hand("ben"), hand("chris")
SAFES = (hand("safe-one"), hand("safe-two"), hand("safe-three"))
STRANGER = hand("mallory")


def member(one: Hand, *more: Hand, roles: set[StaffRole] | None = None) -> Member:
    """A member with the keys of these hands."""
    return Member(
        person=Person(one.person),
        roles=frozenset(roles or ROLES.get(one.person, {StaffRole.DECIDER})),
        keys=tuple(sorted((each.public for each in (one, *more)), key=lambda key: key.id)),
    )


def roster(**changes: object) -> Roster:
    """A first roster of three members and three recovery keys."""
    made = Roster(
        deployment=DEPLOYMENT,
        version=1,
        previous="",
        made_at=MADE_AT,
        is_demo=False,
        delay_s=172_800,
        recovery_delay_s=604_800,
        approvals=2,
        members=(member(ANNA), member(BEN), member(CHRIS)),
        holders=tuple(
            Holder(person=Person(one.person), keys=(one.public,))
            for one in sorted(SAFES, key=lambda one: one.person)
        ),
        recovery_approvals=2,
        rules=(AGENT_RULE,),
        relying_party=RelyingParty(id=passkey.RP_ID, origins=(passkey.ORIGIN,)),
        agents=(AGENT,),
        order="",
    )
    return replace(made, **changes)  # type: ignore[arg-type] # the test names fields


def successor(before: Roster, **changes: object) -> Roster:
    """The next version, otherwise the same."""
    facts: dict[str, object] = {
        "version": before.version + 1,
        "previous": sha256(before),
        "order": "",
        **changes,
    }
    return replace(before, **facts)  # type: ignore[arg-type] # the test names fields


def sha256(one: Roster) -> str:
    """A roster's digest."""
    return documents.digest(roster_document.render(one))


def signed(one: Roster, *hands: Hand) -> tuple[Signature, ...]:
    """Signatures under a roster's document."""
    message = roster_document.render(one).encode()
    return tuple(each.sign(message) for each in hands)


def order(under: Roster, now: datetime, **changes: object) -> Order:
    """An order to move the agent to another host."""
    made = Order(
        deployment=under.deployment,
        id=OrderId(uuid4()),
        kind=OrderKind.CHANGE_AGENT,
        roster_version=under.version,
        roster=sha256(under),
        proposer=Person("operator"),
        handler=Person(""),
        releaser=Person(""),
        reason="The agent has moved its servers; letter of 30 October.",
        not_before=now.replace(microsecond=0),
        expires_at=now.replace(microsecond=0) + timedelta(hours=72),
        subject=ChangeAgent(
            agent_id=AGENT.id,
            agent=replace(AGENT, host="new.escrow.example"),
            replaces=roster_document.agent_digest(AGENT),
        ),
    )
    return replace(made, **changes)  # type: ignore[arg-type] # the test names fields


def text(one: Order) -> str:
    """An order's document."""
    return order_document.render(one)


def reordered(document: str) -> str:
    """The same facts as another text: members in another order."""
    return json.dumps(dict(reversed(json.loads(document).items())), separators=(",", ":"))


def order_id(number: int) -> OrderId:
    """An id that a test can name."""
    return OrderId(UUID(int=number))
