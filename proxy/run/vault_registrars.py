"""What every request of a registrar has in common: a signed document, fresh, good once.

The API role carries it. Whose key it is stands in the vault's own state (vault.registrar_keys).
Used by vault_read_back, vault_find and vault_publish. Source: vault.md, Grants (registrar).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from proxy.errors import Refused
from proxy.run import vault_alarms as alarms
from proxy.vault import grants, primitives
from proxy.vault.grants import Caller
from proxy.vault.registrar_keys import RegistrarKeys
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from proxy.model.identifiers import TenantId
    from proxy.model.roster import DeploymentId
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.vault.grants import Budget, Grant
    from proxy.vault.registrar_keys import KeptKey

WINDOW: Final = timedelta(minutes=5)  # how far a document's time may be from ours
# Some key, for the same work where a registrar has none; what it signs counts for nothing.
_NOBODYS: Final = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

_log = structlog.get_logger()


class Paper(Protocol):
    """What such a document holds in any case."""

    @property
    def deployment(self) -> DeploymentId:
        """For which installation it was signed."""
        ...

    @property
    def id(self) -> UUID:
        """Its own id, good once for its registrar."""
        ...

    @property
    def tenant_id(self) -> TenantId:
        """Which registrar signed it."""
        ...

    @property
    def at(self) -> datetime:
        """When it was signed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one kind of request has of its own."""

    grant: Grant
    code: str  # what its codes begin with
    used: bytes  # what stands before used ids in the state


class RegistrarDesk:
    """Takes signed documents of one kind."""

    def __init__(self, rooms: Rooms, kind: Kind, *, deployment: Callable[[], str]) -> None:
        self._rooms = rooms
        self._kind = kind
        self._deployment = deployment
        self._refused = rooms.metrics.counter(f"vault_{kind.grant.value}_refused_total")

    def check(self, walls: Walls, paper: Paper, message: bytes, signature: str) -> KeptKey:
        """The key that signed, if it is the registrar's own and holds.

        Refused `CODE_deployment`, `CODE_time`, `CODE_key`. Who has no key and who did not sign get
        one answer, after the same work.
        """
        now, kind = self._rooms.clock.now(), self._kind
        if paper.deployment != self._deployment():
            raise Refused(f"{kind.code}_deployment", "This was signed for another installation.")
        if abs(now - paper.at) > WINDOW:
            raise Refused(f"{kind.code}_time", "This was signed too long ago, or its clock is off.")
        key = RegistrarKeys(walls.state).in_force(paper.tenant_id, now)
        public = _NOBODYS if key is None else bytes.fromhex(key.signing)
        is_signed = primitives.is_signed(public, documents.octets(signature), message)
        if key is None or not is_signed:
            self._refused.value += 1
            reason = f"{kind.code}_key"
            _log.error(
                "vault_refused",
                role=Caller.API.value,
                grant=kind.grant.value,
                reason=reason,
            )
            raise Refused(reason, "No key of this registrar that is in force has signed this.")
        return key

    def take(self, walls: Walls, paper: Paper) -> None:
        """Take the document's id, for as long as it could be used; Refused `CODE_repeated`."""
        now, state, kind = self._rooms.clock.now(), walls.state, self._kind
        until = paper.at + WINDOW + timedelta(seconds=1)
        used = kind.used + paper.tenant_id.bytes + paper.id.bytes
        if not state.passing.claim(used, until, now):
            raise Refused(f"{kind.code}_repeated", "This was answered before: sign another.")

    def spend(self, walls: Walls, paper: Paper, *, day: Budget, in_all: Budget) -> None:
        """Take the document's id, then the budgets.

        Refused `CODE_repeated` or, with an alarm, `budget`.
        """
        now, state, kind = self._rooms.clock.now(), walls.state, self._kind
        self.take(walls, paper)
        whom, each = paper.id.bytes, str(paper.tenant_id)
        for purpose, budget in (
            (f"{kind.grant.value}_hour", grants.BUDGETS[kind.grant]),
            (f"{kind.grant.value}_day", day),
        ):
            if not grants.spend_from(state, purpose, budget, whom, now, each=each):
                raise alarms.budget(self._rooms, kind.grant, purpose)
        if not grants.spend_from(state, kind.grant, in_all, whom, now):
            raise alarms.budget(self._rooms, kind.grant, "all")
