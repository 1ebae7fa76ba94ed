"""What cases have registrars do, on a real database: asked, done once, taken back, left to people."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Conflict
from proxy.model.case import Overlay
from proxy.model.identifiers import DomainName
from proxy.model.registrar_effect import CaseEffect, Change, EffectState
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import ask_effect, carry_effects
from proxy.services.casework.carry_effects import Registrars
from proxy.services.casework.office import Turn
from proxy.store import cases, effects, pool
from registrar_adapters import statuses
from registrar_adapters.reference import ReferenceAdapter
from registrar_adapters.reference_registrar import Fault, Held, ReferenceRegistrar
from tests.support import claim_walks, clocked
from tests.support.clocked import START, TwoClocks

if TYPE_CHECKING:
    from proxy.model.case import CaseFile, CaseId
    from proxy.model.registrar_effect import KeptEffect
    from proxy.services.casework.office import Office
    from tests.support.database import Database

pytestmark = pytest.mark.db

DOMAIN = DomainName("quiet.example")
THEIRS = frozenset({"clientTransferProhibited"})
HOLD = statuses.HOLD


class Died(BaseException):
    """The worker is gone at this line."""


@dataclass(slots=True)
class Bench:
    """A case of a claim, a registrar with its name, and a worker's way to both."""

    database: Database
    case_id: CaseId
    faults: list[Fault | None] = field(default_factory=list)
    clocks: TwoClocks = field(default_factory=TwoClocks)
    there: ReferenceRegistrar = field(init=False)

    def __post_init__(self) -> None:
        """The registrar has the name, locked against transfers by somebody else."""
        self.there = ReferenceRegistrar(self.clocks, {"key": "us"}, fault=self._fault)
        held = Held(
            sponsor="us", statuses=THEIRS, contacts={}, expires_at=START + timedelta(days=900)
        )
        self.there.add(DOMAIN, held, {})

    def _fault(self, command: str) -> Fault | None:
        return self.faults.pop(0) if self.faults and command == "update" else None

    @property
    def shown(self) -> frozenset[str]:
        """What stands at the registrar."""
        return self.there.names[DOMAIN].statuses

    def registrars(self, **changes: Any) -> Registrars:
        """Who is asked."""
        adapter = ReferenceAdapter(self.there, _credential)
        whole = Registrars(office=OFFICE, clock=self.clocks, of=lambda _tenant: adapter)
        return dataclasses.replace(whole, **changes)

    async def ask(self, change: Change) -> None:
        """A case asks."""
        async with pool.connected(self.database.access("worker")) as connection:
            async with connection.transaction():
                await ask_effect.ask(self._turn(connection), await self._file(connection), change)

    async def act(self, effect: CaseEffect) -> None:
        """Staff act, in the web role."""
        async with pool.connected(self.database.access("web")) as connection:
            async with connection.transaction():
                file = await self._file(connection)
                await ask_effect.follow_act(self._turn(connection), file, effect)

    async def carry(self, **changes: Any) -> int:
        """The worker carries out what is due; how many it looked at."""
        count = 0
        async with pool.connected(self.database.access("worker")) as connection:
            while await carry_effects.carry_one(connection, self.registrars(**changes)):
                count += 1
        return count

    async def kept(self) -> list[KeptEffect]:
        """The effects, oldest first."""
        async with pool.connected(self.database.access("worker")) as connection:
            async with connection.transaction():
                return list(reversed(await effects.of_case(connection, self.case_id)))

    async def states(self) -> list[tuple[str, str]]:
        """What was asked for, and where it stands."""
        return [(one.change.value, one.state.value) for one in await self.kept()]

    async def told(self) -> list[str]:
        """The case's events of effects, with why."""
        events = await clocked.acts(self.database, self.case_id)
        return [
            " ".join([act, *(str(facts[name]) for name in ("outcome", "reason") if name in facts)])
            for act, facts in events
            if act.startswith("effect_") or act == "task_opened"
        ]

    async def lay(self, overlay: Overlay) -> None:
        """An overlay on the case."""
        event = NewEvent(
            actor="lena", role="legal", act="overlay_set",
            facts={"overlay": overlay.value, "until": "", "evidence": ""},
        )  # fmt: skip
        async with pool.connected(self.database.access("worker")) as connection:
            await case_events.append(
                connection, self.case_id, [event], now=self.clocks.now(),
                random=secrets.token_bytes,
            )  # fmt: skip

    def _turn(self, connection: pool.Connection) -> Turn:
        return Turn(office=OFFICE, connection=connection, now=self.clocks.now())

    async def _file(self, connection: pool.Connection) -> CaseFile:
        return (await cases.lock(connection, [self.case_id]))[self.case_id]


async def _credential() -> str:
    return "key"
