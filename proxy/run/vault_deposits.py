"""What the vault answers the escrow process: the data keys of a deposit that was announced.

Begin: the agent's standing, budgets, a ledger entry; keys: batch by batch, every row checked
against the state; end: whether exactly what was announced was asked for. The run is kept in the
state before keys leave, so that it goes on after a restart. A DEK opens the record it was given
for, as long as those very bytes lie somewhere, and no later one.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

import structlog

from proxy.errors import Refused
from proxy.model.identifiers import TenantId
from proxy.run import vault_alarms as alarms
from proxy.store import sealed
from proxy.vault import deposits, grants
from proxy.vault.deposits import DepositBook, Outcome, Run
from proxy.vault.grants import Budget, Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.vault.state import Disagreement

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from proxy.model.roster import Agent
    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.vault.deposits import Announced, Batch
    from proxy.wire import frames
    from proxy.wire.frames import Answer, Value

    FindAgent = Callable[[str], Awaitable[Agent | None]]  # of the roster in force

_log = structlog.get_logger()
_AGENT_SPAN_H = 24  # the roster says how many deposits a day
# What becomes of records while a deposit is made; anything else is a changed database. So is a
# record that was superseded before: what is replaced meanwhile opens (deposits.SNAPSHOT_AGE).
_EXPECTED = frozenset({Disagreement.ERASED, "record_changed"})


class Depositing:
    """Answers the escrow process."""

    def __init__(self, rooms: Rooms, *, agent: FindAgent) -> None:
        self._rooms = rooms
        self._agent = agent

    async def show_agent(self, _caller: Caller, request: frames.ShowAgent) -> AsyncIterator[Answer]:
        """The agent of the roster in force, as the vault's own state has it; Refused without one.

        It opens nothing and is answered as rosters are shown: whatever the database says, and
        while its ledger disagrees.
        """
        rosters = self._rooms.open_walls().rosters
        agent = None if rosters.standing() is None else await self._agent(request.agent)
        standing = rosters.standing()  # now that a roster whose time has come is in force
        if agent is None or standing is None:
            raise self._no_agent()
        yield {
            "done": True,
            "openpgp": agent.openpgp,
            "host": agent.host,
            "port": agent.port,
            "host_key": agent.host_key,
            "deposits_per_day": agent.deposits_per_day,
            "registrars": sorted(str(one) for one in agent.registrars),
            "roster_version": standing.version,
        }

    async def begin(self, _caller: Caller, request: frames.BeginDeposit) -> AsyncIterator[Answer]:
        """How many records were asked for so far: nought, or more when a run goes on.

        Refused `deposit_agent` (none such, or none of this registrar's), `deposit_run` (the id
        stands for another run), `budget`, `deposit_count` (more records than the registrar has).
        """
        announced = deposits.parse_begin(request)
        walls = self._rooms.open_for_data()
        agent = await self._standing_agent(announced)
        now = self._rooms.clock.now()
        book = DepositBook(walls.state)
        run = book.find(announced.run, now)
        if run is None:
            self._spend(walls, announced, agent)
            await self._check_count(book, announced)
            run = book.find(announced.run, now)  # counting takes a second: asked twice meanwhile?
        if run is None:
            self._note("deposit_opened", announced, {"records": announced.records})
            run = Run(announced=announced, begun_at=now)
            book.keep(run, now)
        elif run.announced != announced:
            raise Refused("deposit_run", "This id stands for another deposit.")
        else:
            run = book.open(announced.run, now)
        yield {"done": True, "asked": run.frontier.size}

    async def keys(self, _caller: Caller, request: frames.DepositKeys) -> AsyncIterator[Answer]:
        """For every name its key or the reason why there is none, in order."""
        run_id, rooms = deposits.parse_run(request.run), self._rooms
        # In turn with the rounds, and with another batch of the same run.
        async with rooms.turn:
            walls = rooms.open_for_data()  # as it is now, however long the turn was waited for
            book = DepositBook(walls.state)
            now = rooms.clock.now()
            run = book.open(run_id, now)
            await self._standing_agent(run.announced)
            asked = deposits.parse_batch(run, request.names)
            async with rooms.pool.acquire() as connection:
                rows = await sealed.find_records(connection, [one.name for one in asked.asked])
            vault = VaultOpenings(rooms.keyring, walls.state)
            keys, refused = self._keys(vault, run, asked, rows)
            book.keep(deposits.advanced(run, asked, refused), now)
        alarms.opened(rooms, Grant.DEPOSIT, len(asked.asked) - len(refused))
        yield {"done": True, "keys": keys}

    async def end(self, _caller: Caller, request: frames.EndDeposit) -> AsyncIterator[Answer]:
        """That exactly what was announced was asked for, and how much of it refused.

        Refused `deposit_root` when it was not; again gives the same answer.
        """
        run_id = deposits.parse_run(request.run)
        async with self._rooms.turn:
            book = DepositBook(self._rooms.open_for_data().state)
            now = self._rooms.clock.now()
            run = book.find(run_id, now)
            if run is None or run.outcome is Outcome.NONE:
                run = deposits.ended(book.open(run_id, now))
                self._note_end(run)
                book.keep(run, now)
        if run.outcome is Outcome.FAILED:
            raise Refused("deposit_root", "What was opened is not what was announced.")
        yield {"done": True, "outcome": "complete", "refused": run.refused}

    async def end_overdue(self) -> None:
        """End what nobody ended in time, as failed: keys may have left, and the ledger says so."""
        if self._rooms.walls is None:
            return
        book = DepositBook(self._rooms.walls.state)
        async with self._rooms.turn:
            now = self._rooms.clock.now()
            for run in book.overdue(now):
                failed = deposits.failed(run)
                self._note_end(failed, reason="deposit_expired")
                book.keep(failed, now)

    async def _check_count(self, book: DepositBook, announced: Announced) -> None:
        if not await asyncio.to_thread(book.is_possible, announced):
            _log.error("vault_refused", grant=Grant.DEPOSIT.value, reason="deposit_count")
            raise Refused("deposit_count", "The registrar has fewer records than were announced.")

    async def _standing_agent(self, announced: Announced) -> Agent:
        agent = await self._agent(announced.agent)
        if agent is None or agent.openpgp != announced.fingerprint:
            raise self._no_agent()
        if not agent.may_get(TenantId(announced.tenant)):
            # The plan, which one person writes, would send a registrar's people to another's agent.
            raise alarms.agent(self._rooms, announced)
        return agent

    def _no_agent(self) -> Refused:
        _log.error("vault_refused", grant=Grant.DEPOSIT.value, reason="deposit_agent")
        return Refused("deposit_agent", "The roster has no such agent with such a key.")

    def _spend(self, walls: Walls, announced: Announced, agent: Agent) -> None:
        now, state, whom = self._rooms.clock.now(), walls.state, announced.run.bytes
        own = Budget(most=agent.deposits_per_day, hours=_AGENT_SPAN_H)
        if not grants.spend_from(state, "deposit_agent", own, whom, now, each=agent.id):
            raise alarms.budget(self._rooms, Grant.DEPOSIT, "agent")
        if not grants.spend(state, Grant.DEPOSIT, whom, now):
            raise alarms.budget(self._rooms, Grant.DEPOSIT, "all")

    def _keys(
        self,
        vault: VaultOpenings,
        run: Run,
        batch: Batch,
        found: Sequence[SealedRecord],
    ) -> tuple[list[Value], dict[int, str]]:
        rows: dict[RecordName, SealedRecord] = {row.name: row for row in found}
        keys: list[Value] = []
        since, refused = deposits.snapshot_since(run), dict(deposits.refused_before(run, batch))
        for place, one in enumerate(batch.asked):
            key = b""
            if place not in refused:
                try:
                    row = rows.get(one.name)
                    key = vault.deposit_key(one.name, row, one.record_sha256, since=since)
                except Refused as refusal:
                    refused[place] = refusal.code
                    if refusal.code not in _EXPECTED:
                        alarms.row(self._rooms, Grant.DEPOSIT, one.name, refusal.code)
            keys.append(
                {"refused": refused[place]}
                if place in refused
                else {"key": base64.b64encode(key).decode()}
            )
        return keys, refused

    def _note_end(self, run: Run, *, reason: str = "deposit_root") -> None:
        counts = {"records": run.frontier.size, "refused": run.refused}
        if run.outcome is Outcome.COMPLETE:
            self._note("deposit_closed", run.announced, counts)
            return
        self._rooms.metrics.counter("vault_alarms_total").value += 1
        _log.error(
            "deposit_failed",
            tenant_id=str(run.announced.tenant),
            count=run.frontier.size,
            total=run.announced.records,
            reason=reason,
        )
        seen = run.frontier.root().hex()
        self._note("deposit_failed", run.announced, {**counts, "reason": reason, "root_seen": seen})

    def _note(self, kind: str, announced: Announced, facts: Mapping[str, str | int]) -> None:
        whole: dict[str, str | int | bool] = {
            "grant": Grant.DEPOSIT.value,
            "caller": Caller.ESCROW.value,
            "run": str(announced.run),
            "agent": announced.agent,
            "fingerprint": announced.fingerprint,
            "root": announced.root.hex(),
            **facts,
        }
        tenant_id = TenantId(announced.tenant)
        self._rooms.note(kind, whole, subject=str(announced.run), tenant_id=tenant_id)
