"""The bench of the reference adapter: its registrar in memory, with troubles to order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from proxy.model.identifiers import Role
from registrar_adapters import statuses
from registrar_adapters.reference import ReferenceAdapter
from registrar_adapters.reference_registrar import Fault, Held, ReferenceRegistrar, Result
from tests.adapters import bench as on
from tests.adapters.bench import NONE, Sight, Traits, Trouble

if TYPE_CHECKING:
    from proxy.model.identifiers import DomainName
    from registrar_adapters.base import Change

OURS: Final = "reg-ours"
CREDENTIAL: Final = "an invented credential"
NOW: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_FAULTS: Final = {
    Trouble.UNREACHABLE: Fault.UNREACHABLE,
    Trouble.ANSWER_LOST: Fault.ANSWER_LOST,
    Trouble.RATE_LIMITED: Fault.TOO_MANY,
    Trouble.BAD_CREDENTIAL: Fault.BAD_CREDENTIAL,
    Trouble.PENDING: Fault.SLOW,
}


@dataclass(slots=True)
class FakeClock:
    """A clock that a test sets."""

    at: datetime = NOW

    def now(self) -> datetime:
        """The moment set."""
        return self.at


@dataclass(slots=True)
class Troubles:
    """What happens to the next changing commands."""

    ahead: deque[Trouble | None] = field(default_factory=deque)
    kills: bool = False

    def next(self, command: str) -> Fault | None:
        """The fault of this command."""
        if command != "update" or not self.ahead:
            return None
        trouble = self.ahead.popleft()
        self.kills = trouble is Trouble.KILLED
        return None if trouble is None else _FAULTS.get(trouble)


class KillingRegistrar(ReferenceRegistrar):
    """A registrar whose caller may be gone when it has done its part."""

    troubles: Troubles

    @override
    async def update(
        self, credential: str, domain: DomainName, change: Change, revision: str | None
    ) -> Result:
        result = await super().update(credential, domain, change, revision)
        if self.troubles.kills:
            self.troubles.kills = False
            raise on.Killed
        return result


async def a_credential() -> str:
    """What the vault would give for one call."""
    return CREDENTIAL


class ReferenceBench:
    """A Bench over the reference registrar; `adapter` is the class that is tried."""

    def __init__(self, adapter: type[ReferenceAdapter] = ReferenceAdapter) -> None:
        self.traits = Traits()
        self.troubles = Troubles()
        self.there = KillingRegistrar(FakeClock(), {CREDENTIAL: OURS}, fault=self.troubles.next)
        self.there.troubles = self.troubles
        self._adapter = adapter

    def registrar(self) -> ReferenceAdapter:
        """A new adapter, as after a restart."""
        return self._adapter(self.there, a_credential)

    def plant(self, statuses: frozenset[str], *, is_ours: bool = True) -> None:
        """Make NAME anew."""
        held = Held(
            sponsor=OURS if is_ours else "reg-other",
            statuses=statuses - on.OK,
            contacts=dict.fromkeys(Role, on.OLD),
            expires_at=NOW,
        )
        self.there.add(on.NAME, held, {on.OLD: on.PERSON})

    def sight(self) -> Sight:
        """What stands there, `ok` included."""
        held = self.there.names[on.NAME]
        return Sight(
            statuses=statuses.settled(held.statuses),
            contacts={role: self.there.contacts[one] for role, one in held.contacts.items()},
        )

    def updates(self) -> int:
        """How many changing commands were carried out or left pending."""
        return self.there.updates

    def meet(self, *troubles: Trouble | None) -> None:
        """What happens to the next changing commands."""
        self.troubles.ahead = deque(troubles)

    def touch(self, *, add: frozenset[str] = NONE, remove: frozenset[str] = NONE) -> None:
        """Statuses changed by the registrar or registry itself."""
        self.there.touch(on.NAME, add=add, remove=remove)

    def dispute(self, *, is_open: bool) -> None:
        """A provider's case begins or ends."""
        self.there.dispute(on.NAME, is_open=is_open)

    def finish(self, *, is_granted: bool) -> None:
        """What becomes of the command that is pending."""
        self.there.finish(on.NAME, is_granted=is_granted)
