"""A stream's deposits as the database and the ledger learn of them: every change is one statement.

The log gets ids, codes and counts. Who works on a stream holds its lock on the same connection.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from escrow import chain, retrying
from proxy.errors import Conflict, Refused
from proxy.model.deposit import Deposit, Step
from proxy.model.identifiers import uuid7
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.store import deposits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from escrow.model import Stream
    from escrow.schedule import Slot
    from proxy.ports import Clock
    from proxy.store.pool import Connection

# Rows at a time: a clock or a row that is far off must not make millions.
MISSED_AT_MOST: Final = 60
REMEMBERED: Final = 60  # deposits of a stream that are looked back on: two months of days


class Postponed(Refused):
    """Nothing is wrong: it is not yet time for this step."""


_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """One stream's deposits, over one connection."""

    stream: Stream
    connection: Connection
    clock: Clock
    draw: Callable[[int], bytes]

    def new_id(self) -> UUID:
        """An id that sorts by time."""
        return uuid7(self.clock.now(), self.draw(10))

    async def earlier(self) -> Sequence[Deposit]:
        """The stream's deposits, newest first."""
        return await deposits.list_stream(
            self.connection, self.stream.tenant_id, self.stream.id, REMEMBERED
        )

    async def find_open(self) -> Deposit | None:
        """The deposit that is being made or sent."""
        return await deposits.find_open(self.connection, self.stream.tenant_id, self.stream.id)

    async def add(self, deposit: Deposit) -> None:
        """A deposit to be staged."""
        await deposits.add(self.connection, deposit, None)

    async def advance(
        self, before: Deposit, after: Deposit, kind: str, facts: Mapping[str, str | int]
    ) -> Deposit:
        """`after`, once the row and an entry of `kind` say so.

        Conflict `escrow_taken` when the row is no more at the step of `before`.
        """
        entry = self._entry(kind, {**_named(after), **facts}, after)
        moved = await deposits.advance(
            self.connection, after, expected_step=before.step, entry=entry
        )
        if not moved:
            raise Conflict("escrow_taken", "Somebody else works on this deposit.")
        _log.info(kind, stream=after.stream, deposit_id=str(after.id), state=after.step.value)
        return after

    async def note_delivered_file(self, deposit: Deposit, number: int) -> Deposit:
        """The deposit, once the row says that so many files are at the agent."""
        after = replace(deposit, delivered_files=number)
        await deposits.advance(self.connection, after, expected_step=Step.STAGED, entry=None)
        return after

    async def postpone(self, deposit: Deposit, until: datetime) -> None:
        """Have the step wait until then; it is no failure."""
        waiting = replace(deposit, try_after=until)
        await deposits.advance(self.connection, waiting, expected_step=deposit.step, entry=None)

    async def give_up(self, deposit: Deposit, reason: str) -> Deposit:
        """The deposit, abandoned for this reason; the next one is current."""
        after = replace(deposit, step=Step.ABANDONED, reason=reason, try_after=None)
        _log.error(
            "deposit_given_up",
            stream=self.stream.id,
            deposit_id=str(deposit.id),
            reason=reason,
        )
        return await self.advance(deposit, after, "deposit_abandoned", {"reason": reason})

    async def note_failure(self, deposit: Deposit, code: str, least: timedelta) -> None:
        """Have the step tried again later, each time a little later, but not before `least`."""
        fresh = await deposits.find(self.connection, deposit.tenant_id, deposit.id)
        if fresh is None or fresh.step is not deposit.step:
            return
        attempts = fresh.attempts + 1
        wait = timedelta(seconds=retrying.delay_s(attempts, self.draw(1)[0] / 256))
        after = replace(
            fresh,
            attempts=attempts,
            try_after=self.clock.now() + max(wait, least),
            # What used the budget up is what somebody has to know.
            reason=fresh.reason if code == "budget" and fresh.reason else code,
        )
        await deposits.advance(self.connection, after, expected_step=fresh.step, entry=None)
        _log.error(
            "deposit_step_failed",
            stream=self.stream.id,
            deposit_id=str(deposit.id),
            state=deposit.step.value,
            reason=code,
            failed=attempts,
        )

    async def note_missed(self, missed: Sequence[Slot], earlier: Sequence[Deposit]) -> None:
        """A row and an entry for every slot that passed while nobody could make its deposit."""
        if not missed:
            return
        missed = missed[-MISSED_AT_MOST:]
        now = self.clock.now()
        noted: list[Deposit] = []
        for slot in missed:
            one = chain.following(
                self.stream,
                slot=slot.at,
                base=chain.Base(kind=slot.kind),
                earlier=(*noted, *earlier),
                resend=0,
                deposit_id=self.new_id(),
                now=now,
            )
            noted.append(replace(one, step=Step.MISSED, reason="missed"))
        _log.error("deposit_missed", stream=self.stream.id, count=len(noted))
        await deposits.note_missed(
            self.connection,
            self.stream.tenant_id,
            [(one, self._entry("deposit_missed", _named(one), one)) for one in noted],
        )

    def _entry(self, kind: str, facts: Mapping[str, str | int], deposit: Deposit) -> LedgerEntry:
        return LedgerEntry(
            id=LedgerEntryId(self.new_id()),
            tenant_id=deposit.tenant_id,
            subject=str(deposit.id),
            kind=kind,
            facts=facts,
            at=self.clock.now(),
        )


def settled(after: Deposit, step: Step, at: datetime) -> Deposit:
    """The deposit at its next step, with nothing left of earlier failures."""
    done = replace(after, step=step, attempts=0, try_after=None, reason="")
    match step:
        case Step.STAGED:
            return replace(done, staged_at=at)
        case Step.DELIVERED:
            return replace(done, delivered_at=at)
        case _:
            return replace(done, verified_at=at)


def _named(deposit: Deposit) -> dict[str, str | int]:
    """Which deposit an entry is about; its manifest's hash once there is one."""
    digest = deposit.manifest_sha256
    return {
        "stream": deposit.stream,
        "agent": deposit.agent,
        "kind": deposit.kind.value,
        "sequence": deposit.sequence,
        "manifest": "" if digest is None else digest.hex(),
    }
