"""The roster: who may decide, by which keys, how many, and which escrow agents there are. Frozen.

People stand here by a handle, never by name: rosters are shown to strangers and kept for ever.
Source: vault.md, Roster and orders; casework roles and approval matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - msgspec reads it in the state (vault.roster)
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.identifiers import TenantId
    from proxy.model.order import OrderKind

Person = NewType("Person", str)
"""A pseudonymous handle: a lower-case letter, then letters, digits and hyphens, 32 in all."""

DeploymentId = NewType("DeploymentId", str)
"""32 hex digits drawn at genesis: no document of one installation is valid in another."""

AgentId = NewType("AgentId", str)


class StaffRole(StrEnum):
    """What a person of staff does; the separation of duties is between these."""

    INTAKE = "intake"
    HANDLER = "handler"
    VERIFIER = "verifier"
    DECIDER = "decider"
    LEGAL = "legal"
    DPO = "dpo"
    RELEASER = "releaser"
    INVESTIGATOR = "investigator"
    ABUSE = "abuse"
    AUDITOR = "auditor"
    DIRECTOR = "director"
    ON_CALL = "on-call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody who may vote: one person, whatever their keys and roles."""

    person: Person
    roles: frozenset[StaffRole]
    keys: tuple[ApprovalKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Somebody who keeps a recovery key, for the day when too few members can sign."""

    person: Person
    keys: tuple[ApprovalKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an order of one kind needs: so many voters of these roles, one of `each` among them.

    `fields` are the fields such an order may touch at most.
    """

    kind: OrderKind
    approvals: int
    voters: frozenset[StaffRole]
    each: tuple[StaffRole, ...]
    fields: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An escrow agent: the key deposits are encrypted to, and the host they are sent to.

    `registrars` are those whose deposits it may get; none named: it may get every registrar's.
    """

    id: AgentId
    openpgp: str  # fingerprint of its OpenPGP key, upper-case hex
    host: str
    port: int
    host_key: str  # OpenSSH public key line without a comment
    deposits_per_day: int
    registrars: frozenset[TenantId] = frozenset()

    def may_get(self, tenant_id: TenantId) -> bool:
        """Whether deposits of that registrar may go to it."""
        return not self.registrars or tenant_id in self.registrars


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """For which site passkeys vote: its relying-party id, and the origins of its pages."""

    id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """One version of the roster. `previous` is the SHA-256 of the one before, "" at genesis.

    `approvals` is how many members must sign its successor. `order` is the digest of the order
    that made this version, "" where members signed it.
    """

    deployment: DeploymentId
    version: int
    previous: str
    made_at: datetime
    is_demo: bool
    delay_s: int
    recovery_delay_s: int
    approvals: int
    members: tuple[Member, ...]
    holders: tuple[Holder, ...]
    recovery_approvals: int
    rules: tuple[Rule, ...]
    relying_party: RelyingParty | None
    agents: tuple[Agent, ...]
    order: str

    @property
    def people(self) -> tuple[Member | Holder, ...]:
        """Members and keepers of recovery keys: everybody who has a key."""
        return (*self.members, *self.holders)

    def member(self, person: str) -> Member | None:
        """The member of that handle."""
        return next((one for one in self.members if one.person == person), None)

    def keys_of(self, person: str) -> tuple[ApprovalKey, ...]:
        """The keys of a member or a holder; none for anybody else."""
        return next((one.keys for one in self.people if one.person == person), ())

    def rule(self, kind: OrderKind) -> Rule | None:
        """What orders of that kind need; None: there are no such orders."""
        return {one.kind: one for one in self.rules}.get(kind)

    def agent(self, agent_id: str) -> Agent | None:
        """The agent of that id."""
        return next((one for one in self.agents if one.id == agent_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A roster that was announced and is not in force yet; digests are SHA-256 in hex.

    `route` is one of rules.succession.Route; `signers` are those whose word entitled it, by keys
    of the roster in force. `evidence` is JSON: what others need to see that they did.
    """

    sha256: str
    version: int
    document: str
    evidence: str
    route: str
    signers: tuple[Person, ...]
    objectors: tuple[Person, ...]
    announced_at: datetime
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Which roster is in force, by the vault's own state, and which one waits.

    The documents are here as well, so that no decision needs a database that may lie or be away.
    """

    sha256: str
    version: int
    document: str
    evidence: str
    since: datetime
    waiting: Waiting | None
    stopped: tuple[str, ...]
    """Digests of successors that were stopped: they do not come again."""
