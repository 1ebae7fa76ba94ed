"""The vault's rounds about its ledger: give entries their leaves, and recount what is there.

Part of vault_rounds, which repeats them. What is found wrong is kept where every room sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from proxy.errors import Refused
from proxy.services import audit_ledger, sequence_ledger
from proxy.store import ledger as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.ledger import LedgerEntry
    from proxy.ports import LedgerWalk
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.services.sequence_ledger import Sequenced

BEHIND_INTERVALS = 6
BEHIND_S = 60.0  # beside the intervals: what a restart of the database may take
BEHIND = "ledger_behind"
_NOT_LOOKED = (
    "The vault has not yet compared the database's ledger with its own, which it does as soon as"
    " the database answers. Try again in a minute."
)
_WAITS = (
    "Openings of some time ago still have no leaf in the public ledger, so no more data leaves the"
    " vault. Find out why the database takes no batch: `status`, and the vault's log."
)
_LOGGED = 20  # unfit rows of a batch that are named; all are counted

_log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class LedgerTrust:
    """Whether the database's ledger was found to be ours: by the last batch, by the last recount.

    `has_batch` once this process has written one: until then nothing is known. What a recount
    found is kept in the vault's state as well, and outlives the process.
    """

    has_batch: bool = False
    batch_fault: Refused | None = None
    recount_fault: Refused | None = None

    @property
    def fault(self) -> Refused | None:
        """What was found wrong, if anything; to be raised once, since raising adds to it."""
        found = self.recount_fault or self.batch_fault
        return None if found is None else Refused(found.code, found.detail)


def why_not(rooms: Rooms, walls: Walls) -> Refused | None:
    """Why no opening may give data: `ledger_disagrees`, or `ledger_behind`; None when it may."""
    trust = rooms.ledger_trust
    if trust.fault is not None:
        return trust.fault
    if not trust.has_batch:
        return Refused(BEHIND, _NOT_LOOKED)
    oldest = walls.ledger.oldest()
    limit_s = BEHIND_INTERVALS * rooms.ledger_interval_s + BEHIND_S
    if oldest is not None and (rooms.clock.now() - oldest).total_seconds() > limit_s:
        return Refused(BEHIND, _WAITS)
    return None


class LedgerRounds:
    """The two rounds."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._walk: LedgerWalk | None = None
        self._size = rooms.metrics.gauge("vault_ledger_size")
        self._waiting = rooms.metrics.gauge("vault_ledger_waiting")
        self._disagrees = rooms.metrics.gauge("vault_ledger_disagrees")
        self._unfit = rooms.metrics.counter("vault_ledger_unfit_total")
        known = None if rooms.walls is None else rooms.walls.ledger.recount_fault()
        if known is not None:
            rooms.ledger_trust.recount_fault = Refused(sequence_ledger.CODE, known)
            self._show()

    async def sequence(self) -> None:
        """One batch of the ledger, and more at once while more waits than a batch holds.

        Refused `ledger_disagrees` signs nothing.
        """
        while (await self.batch()).is_full:
            pass

    async def batch(self) -> Sequenced:
        """One batch."""
        rooms, walls, trust = self._rooms, self._rooms.open_walls(), self._rooms.ledger_trust
        if trust.recount_fault is not None:
            raise Refused(trust.recount_fault.code, trust.recount_fault.detail)
        try:
            done = await sequence_ledger.sequence(
                rooms.pool, walls.ledger, now=rooms.clock.now(), unfit=self._note_unfit
            )
        except Refused as fault:
            if fault.code == sequence_ledger.CODE:
                trust.batch_fault = Refused(fault.code, sequence_ledger.DISAGREES)
                self._show()
            raise
        trust.batch_fault, trust.has_batch = None, True
        self._show()
        self._size.value = float(done.size)
        async with rooms.pool.acquire() as connection:
            self._waiting.value = float(await store.count_waiting(connection))
        return done

    async def recount(self) -> None:
        """Some leaves of the database's ledger against the tree that we signed, then the next.

        A walk to the end without a fault takes back what an earlier one found.
        """
        rooms, walls, trust = self._rooms, self._rooms.open_walls(), self._rooms.ledger_trust
        if self._walk is None:
            self._walk = walls.ledger.walk()
        try:
            is_over = await audit_ledger.step(rooms.pool, walls.ledger, self._walk)
        except Refused as fault:
            self._walk = None
            trust.recount_fault = fault
            walls.ledger.keep_recount_fault(fault.detail)
            self._show()
            raise
        if is_over:
            self._walk = None
            if trust.recount_fault is not None:
                trust.recount_fault = None
                walls.ledger.keep_recount_fault(None)
            self._show()

    def _note_unfit(self, entries: Sequence[LedgerEntry]) -> None:
        """Rows that somebody wrote who may not, or that can not be read: an alarm."""
        self._unfit.value += len(entries)
        self._rooms.metrics.counter("vault_alarms_total").value += len(entries)
        for one in entries[:_LOGGED]:
            _log.error("ledger_entry_unfit", entry_id=str(one.id), count=len(entries))

    def _show(self) -> None:
        self._disagrees.value = float(self._rooms.ledger_trust.fault is not None)
