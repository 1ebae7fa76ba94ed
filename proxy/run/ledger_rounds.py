"""The vault's rounds about its ledger: give entries their leaves, and recount what is there.

Part of vault_rounds, which repeats them. What is found wrong is kept where every room sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import Refused
from proxy.services import audit_ledger, sequence_ledger
from proxy.store import ledger as store

if TYPE_CHECKING:
    from proxy.ports import LedgerWalk
    from proxy.run.vault_rounds import Rooms


@dataclass(slots=True, kw_only=True)
class LedgerTrust:
    """Whether the database's ledger was found to be ours: by the last batch, by the last recount.

    Kept in memory: after a start the first round looks again.
    """

    batch_fault: Refused | None = None
    recount_fault: Refused | None = None

    @property
    def fault(self) -> Refused | None:
        """What was found wrong, if anything; to be raised once, since raising adds to it."""
        found = self.recount_fault or self.batch_fault
        return None if found is None else Refused(found.code, found.detail)


class LedgerRounds:
    """The two rounds."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._walk: LedgerWalk | None = None
        self._size = rooms.metrics.gauge("vault_ledger_size")
        self._waiting = rooms.metrics.gauge("vault_ledger_waiting")
        self._disagrees = rooms.metrics.gauge("vault_ledger_disagrees")

    async def sequence(self) -> None:
        """One batch of the ledger, and more at once while more waits than a batch holds.

        Refused `ledger_disagrees` signs nothing.
        """
        rooms, walls, trust = self._rooms, self._rooms.open_walls(), self._rooms.ledger_trust
        if trust.recount_fault is not None:
            raise Refused(trust.recount_fault.code, trust.recount_fault.detail)
        is_full = True
        while is_full:
            try:
                done = await sequence_ledger.sequence(
                    rooms.pool, walls.ledger, now=rooms.clock.now()
                )
            except Refused as fault:
                if fault.code == sequence_ledger.CODE:
                    trust.batch_fault = Refused(fault.code, sequence_ledger.DISAGREES)
                    self._show()
                raise
            trust.batch_fault = None
            self._show()
            is_full = done.is_full
            self._size.value = float(done.size)
            async with rooms.pool.acquire() as connection:
                self._waiting.value = float(await store.count_waiting(connection))

    async def recount(self) -> None:
        """Some leaves of the database's ledger against the tree that we signed, then the next.

        A walk to the end without a fault takes back what an earlier one found.
        """
        rooms, walls, trust = self._rooms, self._rooms.open_walls(), self._rooms.ledger_trust
        walk, self._walk = self._walk or walls.ledger.walk(), None
        try:
            is_over = await audit_ledger.step(rooms.pool, walls.ledger, walk)
        except Refused as fault:
            trust.recount_fault = fault
            self._show()
            raise
        if is_over:
            trust.recount_fault = None
            self._show()
        else:
            self._walk = walk

    def _show(self) -> None:
        self._disagrees.value = float(self._rooms.ledger_trust.fault is not None)
