"""The ledger: how fast entries become provable, how long a large copy and a proof in it take.

Flow: start the whole service, commit entries that wait for a leaf, and poll as an operator would
until the vault gives a receipt of the last one, which is checked. Then, without the service, a
log of a million leaves in a PostgreSQL of its own: proofs of random leaves out of the database,
and the verification of its copy as files. Floor: as many bare SHA-256 as that copy has nodes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import statistics
import time
import uuid
from typing import TYPE_CHECKING, Final, cast

from proxy.apps.ledger_tiles import LedgerTiles
from proxy.errors import Conflict, Unavailable
from proxy.hosting.process import SystemClock
from proxy.run import ledger_verify
from proxy.run.bench import whole
from proxy.run.bench.result import Result
from proxy.run.cli import keys
from proxy.run.ledger_copy import Copy
from proxy.services import complete_tiles
from proxy.store import embedded, migrate
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import checkpoint, note, primitives, proofs, receipt, tiles, tree, verifier
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from proxy.ports import Ledger
    from proxy.run.bench.whole import Whole
    from proxy.store.pool import Access, Pool
    from proxy.vault.verifier import VerifierKey

MANY: Final = 150_000  # entries that wait at once: three batches
BATCH: Final = 50_000  # entries that one batch takes
LEAVES: Final = 1_000_000
PROOFS: Final = 2_000
POLL_S: Final = 0.05
DEADLINE_S: Final = 300.0
GOAL: Final = ">= 5000 leaves/s; copy of 1,000,000 leaves <= 60 s; proof p99 <= 5 ms"
_CHUNK: Final = 50_000  # leaves written at a time


def measure(scratch: Path) -> Result:
    """Leaves a second, with the times of a batch, a copy and a proof."""
    (scratch / "service").mkdir()
    with whole.running(scratch / "service") as service:
        asyncio.run(_warm_up(service))
        many_s = asyncio.run(_append(service, MANY))
        batch_s = asyncio.run(_append(service, BATCH))
    large = _large(scratch / "large")
    return Result(
        name="ledger",
        floor=None,
        result=round(MANY / many_s),
        ratio=None,
        goal=GOAL,
        unit="leaves/s",
        details={"batch_entries": BATCH, "batch_to_proof_s": round(batch_s, 2), **large},
    )


async def _warm_up(service: Whole) -> None:
    """The first batch is written: there is a checkpoint."""
    await _append(service, 1)


async def _append(service: Whole, count: int) -> float:
    """Seconds from the commit of entries to a receipt of each kind of place among them."""
    ids = [uuid.uuid4() for _ in range(count)]
    key = verifier.parse((service.data_dir / "ledger.vkey").read_text().strip())
    async with pools.connected(service.owner) as connection:
        await connection.execute(
            """INSERT INTO ledger_entry (id, tenant_id, subject, kind, facts, at)
               SELECT i, $2, i::text, 'registration_enrolled', '{"revision": 1, "record": 2}', now()
               FROM unnest($1::uuid[]) AS i""",
            ids,
            service.tenant_id,
        )
        began = time.perf_counter()
        waiting = "SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE leaf_index IS NULL)"
        while await connection.fetchval(waiting):
            if time.perf_counter() - began > DEADLINE_S:
                raise Unavailable("bench", "Entries of the ledger got no leaf.")
            await asyncio.sleep(POLL_S)
    for entry in (ids[0], ids[-1]):
        await asyncio.to_thread(_prove, service.data_dir, entry, key)
    return time.perf_counter() - began


def _prove(data_dir: Path, entry: uuid.UUID, key: VerifierKey) -> None:
    """Return once the vault's receipt of the entry was checked."""
    path, until = keys.socket_path(data_dir), time.perf_counter() + 10
    while True:
        try:
            answer = keys.last(keys.ask(path, frames.Prove(entry=str(entry))))
        except Conflict:  # its batch is written, and confirmed within milliseconds
            if time.perf_counter() > until:
                raise
            time.sleep(POLL_S)
            continue
        receipt.check(receipt.parse(json.dumps(answer["receipt"]).encode()), key)
        return


class _Hashes:
    """What complete_tiles asks of a ledger."""

    def tile_over(self, leaves: Sequence[bytes]) -> bytes:
        """A lowest tile."""
        return b"".join([tree.leaf_hash(one) for one in leaves])

    def tile_root(self, hashes: bytes) -> bytes:
        """The root of a full tile."""
        return proofs.tile_root(hashes)


def _large(scratch: Path) -> dict[str, float]:
    cluster = embedded.Cluster(scratch)
    cluster.prepare()
    postmaster = cluster.start()
    try:
        access = cluster.access(LoginRole.VAULT)

        async def work() -> dict[str, float]:
            await cluster.wait_ready(postmaster)
            now = SystemClock().now()
            await migrate.migrate(cluster.access(LoginRole.OWNER), now=now)
            return await _measure_large(access, scratch / "copy")

        return asyncio.run(work())
    finally:
        cluster.stop(postmaster)
        cluster.close()


async def _measure_large(access: Access, directory: Path) -> dict[str, float]:
    pool = await pools.open_pool(access, max_size=2)
    try:
        edge, tiled_s = await _fill(pool)
        proof_ms = await _prove_some(pool, edge)
        await _write_copy(pool, Copy(directory), edge)
    finally:
        await pool.close()
    began = time.perf_counter()
    ledger_verify.verify(
        ledger_verify.Question(directory=directory), SystemClock().now(), lambda _done, _all: None
    )
    verify_s = time.perf_counter() - began
    floor_s = _floor(2 * LEAVES)
    quantiles = statistics.quantiles(proof_ms, n=100)
    return {
        "tiles_made_s": round(tiled_s, 2),
        "verify_leaves": LEAVES,
        "verify_s": round(verify_s, 2),
        "verify_floor_s": round(floor_s, 2),
        "verify_ratio": round(verify_s / floor_s, 2),
        "proof_cold_ms": round(proof_ms[0], 2),
        "proof_p50_ms": round(quantiles[49], 2),
        "proof_p99_ms": round(quantiles[98], 2),
    }


async def _fill(pool: Pool) -> tuple[tree.Frontier, float]:
    """A million random leaves and their tiles; the tree, and the seconds that the tiles took."""
    edge = tree.Frontier()
    async with pool.acquire() as connection:
        while edge.size < LEAVES:
            leaves = [secrets.token_bytes(32) for _ in range(_CHUNK)]
            await connection.execute(
                """INSERT INTO ledger_leaf (index, commitment)
                   SELECT $1 + n.place - 1, n.commitment
                   FROM unnest($2::bytea[]) WITH ORDINALITY AS n (commitment, place)""",
                edge.size,
                leaves,
            )
            edge = edge.extended(leaves)
        began, place, last = time.perf_counter(), 0, -1
        while place != last:
            last = place
            async with connection.transaction():
                place = await complete_tiles.complete(
                    connection, cast("Ledger", _Hashes()), place, LEAVES
                )
        return edge, time.perf_counter() - began


async def _prove_some(pool: Pool, edge: tree.Frontier) -> list[float]:
    """Milliseconds of each proof of a random leaf; the first meets an empty memory."""
    reader, root, spent = LedgerTiles(), edge.root(), []
    async with pool.acquire() as connection:
        for _ in range(PROOFS):
            index = secrets.randbelow(edge.size)
            began = time.perf_counter()
            proof = await reader.inclusion(connection, index, edge.size)
            spent.append((time.perf_counter() - began) * 1_000)
            leaf: bytes = await connection.fetchval(
                "SELECT commitment FROM ledger_leaf WHERE index = $1", index
            )
            tree.check_inclusion(index, edge.size, tree.leaf_hash(leaf), proof, root)
    return spent


async def _write_copy(pool: Pool, copy: Copy, edge: tree.Frontier) -> None:
    seed = secrets.token_bytes(32)
    public, reader = primitives.ed25519_public(seed), LedgerTiles()
    async with pool.acquire() as connection:
        for tile in tiles.new_tiles(0, edge.size):
            copy.keep(tile, await reader.content(connection, tile))
    key = note.log_key(public)
    seen = checkpoint.Checkpoint(origin=key.name, size=edge.size, root=edge.root())
    signed = note.signed(public, checkpoint.render(seen), primitives.signer(seed))
    copy.settle("vkey", f"{verifier.render(key)}\n")
    copy.settle("checkpoint", signed)


def _floor(count: int) -> float:
    """Seconds of so many bare SHA-256 over two hashes and an octet."""
    sha256, block = hashlib.sha256, bytes(65)
    began = time.perf_counter()
    for _ in range(count):
        sha256(block).digest()
    return time.perf_counter() - began
