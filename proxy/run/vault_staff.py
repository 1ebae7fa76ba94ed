"""What every request of a member of staff has in common: a signed document, fresh, good once.

The web role carries it; who signed is told by the roster in force. Used by vault_evidence and
vault_match as vault_search does the same for its own.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from proxy.errors import Refused
from proxy.run import vault_alarms as alarms
from proxy.vault import grants

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from proxy.model.roster import DeploymentId, Person, StaffRole
    from proxy.run.vault_cases import KnownCase
    from proxy.run.vault_rounds import Rooms
    from proxy.run.vault_search import Authenticate
    from proxy.vault.grants import Budget, Grant
    from proxy.vault.state import State
    from proxy.wire import frames

WINDOW = timedelta(minutes=5)  # how far a document's time may be from ours


class Paper(Protocol):
    """What such a document holds in any case."""

    @property
    def deployment(self) -> DeploymentId:
        """For which installation it was signed."""
        ...

    @property
    def id(self) -> UUID:
        """Its own id, good once."""
        ...

    @property
    def at(self) -> datetime:
        """When it was signed."""
        ...


class StaffDesk:
    """Takes signed documents."""

    def __init__(
        self, rooms: Rooms, *, authenticate: Authenticate, deployment: Callable[[], str]
    ) -> None:
        self._rooms = rooms
        self._authenticate = authenticate
        self._deployment = deployment

    async def take(
        self,
        paper: Paper,
        signature: frames.Signature,
        message: bytes,
        *,
        roles: frozenset[StaffRole],
        grant: Grant,
    ) -> Person:
        """Who signed; the document is used up.

        Refused `paper_deployment`, `paper_time`, `paper_repeated`, or as the signature is.
        """
        now = self._rooms.clock.now()
        if paper.deployment != self._deployment():
            raise Refused("paper_deployment", "This was signed for another installation.")
        if abs(now - paper.at) > WINDOW:
            raise Refused("paper_time", "This was signed too long ago, or its clock is off.")
        person = await self._authenticate(signature, message, roles)
        # For as long as it could be used, then it is forgotten.
        until = paper.at + WINDOW + timedelta(seconds=1)
        key = grant.value.encode() + b"\0" + paper.id.bytes
        state = self._rooms.open_walls().state
        if not state.passing.claim(key, until, now):
            raise Refused("paper_repeated", "This was carried out before: sign another.")
        return person

    def check_conflict(self, case: KnownCase, person: Person) -> None:
        """Return when the person may act in the case; Refused `conflicted`."""
        if person in case.conflicted:
            raise Refused("conflicted", "Who has a conflict of interest sees nothing of a case.")

    def spend(self, state: State, grant: Grant, whom: bytes, person: Person, all_: Budget) -> None:
        """Take from the person's budget and from everybody's; Refused `budget`, with an alarm."""
        now, own = self._rooms.clock.now(), grants.BUDGETS[grant]
        if not grants.spend_from(state, f"{grant.value}_person", own, whom, now, each=person):
            raise alarms.budget(self._rooms, grant, "person")
        if not grants.spend_from(state, grant, all_, whom, now):
            raise alarms.budget(self._rooms, grant, "all")
