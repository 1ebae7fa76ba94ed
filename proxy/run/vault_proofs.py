"""What the vault answers about its ledger: the receipt of one entry, for whoever may know it.

A receipt tells the entry and its salt, and nothing of any other entry. It is checked here against
the vault's own tree before it leaves, so a forged database gives none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.apps.ledger_tiles import LedgerTiles
from proxy.errors import Conflict, InvalidInput, Refused
from proxy.model.ledger import LedgerEntryId
from proxy.services.sequence_ledger import CODE, DISAGREES
from proxy.store import ledger as store
from proxy.vault import leaf, receipt, tree
from proxy.vault.grants import Caller, Grant
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.run.vault_answers import Command
    from proxy.run.vault_rounds import Rooms
    from proxy.wire.frames import Answer


class Proofs:
    """Answers with receipts."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._tiles = LedgerTiles()

    def commands(self) -> dict[type, Command]:
        """What is answered here, and by what grant."""
        return {frames.Prove: (Grant.PROVE, self._prove)}

    async def _prove(self, _caller: Caller, request: frames.Prove) -> AsyncIterator[Answer]:
        """The receipt under the newest checkpoint.

        InvalidInput `entry_id`, NotFound `entry_unknown`, Conflict `entry_waiting`, Refused
        `ledger_disagrees`.
        """
        keeper = self._rooms.open_walls().ledger
        known, (_, signed) = keeper.tree(), keeper.frontier()
        async with self._rooms.pool.acquire() as connection:
            row, index = await store.find(connection, _entry_id(request.entry))
            if index is None or signed is None or index >= known.size:
                raise Conflict("entry_waiting", "The entry waits for the next batch of the ledger.")
            proof = await self._tiles.inclusion(connection, index, known.size)
        root = known.root()
        # A row that was unfit has a leaf that says so: what the leaf commits to is what is told.
        for entry in (row.entry(), row.unfit_entry()):
            if entry is None:
                continue
            content, salt = leaf.canonical(entry), keeper.proof_salt(entry)
            hashed = tree.leaf_hash(leaf.commitment(salt, content))
            try:
                tree.check_inclusion(index, known.size, hashed, proof, root)
            except Refused:
                continue
            break
        else:
            self._tiles.forget()  # or receipts would fail on once the database is mended
            raise Refused(CODE, DISAGREES)
        made = receipt.made(content, salt, index, signed, proof)
        yield {"done": True, "receipt": msgspec.to_builtins(made)}


def _entry_id(text: str) -> LedgerEntryId:
    try:
        return LedgerEntryId(UUID(text))
    except ValueError:
        raise InvalidInput("entry_id", "An entry's id is a UUID.") from None
