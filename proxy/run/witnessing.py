"""A witness of somebody else's ledger: looks, checks that history only grew, cosigns, hands in.

Needs nothing of the service but the ledger's address. The decision and the files are the vault
package's (witness, witness_files); here is the network around them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound, Refused
from proxy.vault import checkpoint, files, verifier, witness, witness_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from proxy.run.ledger_remote import Remote
    from proxy.vault.tiles import Source, Tile
    from proxy.vault.verifier import VerifierKey

TILE_WAIT_S: Final = 120.0  # a tile with its repetitions
MISBEHAVIOUR: Final = frozenset({"witness_forked", "witness_inconsistent", "witness_rolled_back"})
"""Codes that say something of the log, not of us or of the way to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One round that found nothing wrong."""

    size: int
    is_new: bool


def ready(directory: Path, name: str | None, random: Callable[[int], bytes]) -> bool:
    """Whether a key was made just now; NotFound `witness_key` without one and without a name."""
    if (directory / "witness.key").exists():
        return False
    if name is None:
        raise NotFound("witness_key", f"{directory} has no witness's key; --name makes one.")
    directory.parent.mkdir(parents=True, exist_ok=True)
    witness_files.make(directory, name, random)
    return True


def own_key(directory: Path, log: VerifierKey) -> VerifierKey:
    """The witness's verifier key; it lies in `witness.vkey` as well, to be handed out."""
    key = witness_files.load(directory, log).key
    if not (directory / "witness.vkey").exists():
        files.write(directory / "witness.vkey", f"{verifier.render(key)}\n".encode(), 0o644)
    return key


async def look(
    remote: Remote, directory: Path, log: VerifierKey, now: datetime, *, post: bool
) -> Look:
    """One round: what the log shows now, cosigned and durable before it is handed in.

    Raises what witness.decide refuses; of codes in MISBEHAVIOUR there is evidence in the directory.
    """
    offered = await remote.checkpoint()
    before = witness_files.last(directory)
    source = _source(remote, asyncio.get_running_loop())
    try:
        cosigned = await asyncio.to_thread(
            witness_files.observe, directory, log, offered, source, now
        )
    except Refused as fault:
        if fault.code in MISBEHAVIOUR and not isinstance(fault, witness.Contradiction):
            witness_files.keep_seen(directory, fault.code, before, offered)
        raise
    size = checkpoint.opened(cosigned, log).size
    is_new = before is None or checkpoint.opened(before, log).size != size
    if post:
        await remote.cosign(cosigned)
    return Look(size=size, is_new=is_new)


def _source(remote: Remote, loop: asyncio.AbstractEventLoop) -> Source:
    """Tiles for the thread that decides, fetched on the loop."""

    def fetch(tile: Tile) -> bytes:
        return asyncio.run_coroutine_threadsafe(remote.tile(tile), loop).result(TILE_WAIT_S)

    return fetch
