"""A bench for what cases have registrars do: a case, a registrar, a worker's way to both."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from proxy.model.identifiers import DomainName
from proxy.model.order import OrderKind
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import ask_effect, carry_effects
from proxy.services.casework.carry_effects import Registrars
from proxy.services.casework.office import Turn
from proxy.store import cases, effects, pool
from registrar_adapters import statuses
from registrar_adapters.reference import ReferenceAdapter
from registrar_adapters.reference_registrar import Fault, Held, ReferenceRegistrar
from tests.support import case_rows, claim_walks, clocked
from tests.support import case_walks as walks
from tests.support.clocked import START, TwoClocks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.case import CaseFile, CaseId, Overlay
    from proxy.model.registrar_effect import CaseEffect, Change, KeptEffect
    from tests.support.case_walks import Walk
    from tests.support.database import Database

DOMAIN = DomainName("name.example")
THEIRS = frozenset({"clientTransferProhibited"})
HOLD = statuses.HOLD
_TASKS = frozenset(
    one.kind for one in (carry_effects.BY_HAND, carry_effects.STOPPED, carry_effects.LOCK_CAME)
)


@dataclass(slots=True)
class Bench:
    """A case of a claim, a registrar with its name, and a worker's way to both."""

    database: Database
    case_id: CaseId
    faults: list[Fault | None] = field(default_factory=list)
    failing: str = "update"
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
        return self.faults.pop(0) if self.faults and command == self.failing else None

    @property
    def shown(self) -> frozenset[str]:
        """What stands at the registrar."""
        return self.there.names[DOMAIN].statuses

    def registrars(self, **changes: Any) -> Registrars:
        """Who is asked."""
        adapter = ReferenceAdapter(self.there, _credential)
        whole = Registrars(
            office=case_rows.OFFICE,
            clock=self.clocks,
            of=lambda _tenant: adapter,
            is_ordered=_is_ordered,
        )
        return dataclasses.replace(whole, **changes)

    async def ask(self, change: Change) -> None:
        """A case asks."""
        async with self._login("worker") as connection:
            await ask_effect.ask(self._turn(connection), await self._file(connection), change)

    async def act(self, effect: CaseEffect) -> None:
        """Staff act, in the web role."""
        async with self._login("web") as connection:
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
        async with self._login("worker") as connection:
            return list(reversed(await effects.of_case(connection, self.case_id)))

    async def states(self) -> list[tuple[str, str]]:
        """What was asked for, and where it stands."""
        return [(one.change.value, one.state.value) for one in await self.kept()]

    async def told(self) -> list[str]:
        """The case's events of effects, with why."""
        events = await clocked.acts(self.database, self.case_id)
        first = next(n for n, (act, _) in enumerate(events) if act == "effect_asked")
        return [
            " ".join([act, *(str(facts[name]) for name in ("outcome", "reason") if name in facts)])
            for act, facts in events[first:]
            if act.startswith("effect_") or (facts.get("kind") in _TASKS and act == "task_opened")
        ]

    async def tasks(self) -> list[str]:
        """Kinds of tasks that effects opened for people."""
        events = await clocked.acts(self.database, self.case_id)
        return [
            str(facts["kind"])
            for act, facts in events
            if act == "task_opened" and facts["kind"] in _TASKS
        ]

    async def state(self) -> str:
        """Where the case stands."""
        async with pool.connected(self.database.access("worker")) as connection:
            return (await cases.find(connection, self.case_id)).state

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

    @contextlib.asynccontextmanager
    async def _login(self, role: str) -> AsyncIterator[pool.Connection]:
        """A connection of a role, in a transaction."""
        async with (
            pool.connected(self.database.access(role)) as connection,
            connection.transaction(),
        ):
            yield connection

    def _turn(self, connection: pool.Connection) -> Turn:
        return Turn(office=case_rows.OFFICE, connection=connection, now=self.clocks.now())

    async def _file(self, connection: pool.Connection) -> CaseFile:
        return (await cases.lock(connection, [self.case_id]))[self.case_id]


async def _is_ordered(*_: object) -> bool:
    """What the vault says of an order: test_effect_attacks.py asks a real one."""
    return True


async def _credential() -> str:
    return "key"


def deactivating() -> Walk:
    """A claim on which an order to take the name out was carried out, but for the registrar."""
    walk = claim_walks.breached()
    walk.act(walks.DORA, "propose_deactivation", **claim_walks.deactivation(walk))
    walk.act(walks.HANS, "tell_deactivation").due("pre_release")
    order = walk.approved(OrderKind.DEACTIVATE)
    return walk.act(walks.RITA, "deactivate").carried_out(order)
