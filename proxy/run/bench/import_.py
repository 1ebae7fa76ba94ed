"""Import: registrations a second from upload to `succeeded`, against COPY of the same rows.

Flow: start the whole service, send a file through POST /v1/imports, then read the rows it left and
COPY them into tables of the same shape, indexes and checks included, in the same PostgreSQL. The
floor neither validates nor seals nor decides. Adoption runs beside the import, as in service.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Final

from proxy.client import uploading
from proxy.errors import Unavailable
from proxy.hosting.process import SystemClock
from proxy.model import identifiers
from proxy.run.bench import whole
from proxy.run.bench.result import Result
from proxy.store import pool as pools

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.run.bench.whole import Whole
    from proxy.store.pool import Connection

REGISTRATIONS: Final = 12_000
GOAL: Final = ">= 0.12 x COPY and >= 1,500/s on 2 cores; adopted within 60 s"
TABLES: Final = ("registration", "submission", "sealed_record", "published")
ADOPTED_WITHIN_S: Final = 60
_COPY_ROWS: Final = 500  # registrations a COPY, as many as an import commits at once


def measure(scratch: Path) -> Result:
    """Registrations a second."""
    file = scratch / "bench.ndjson"
    with file.open("wb") as out:
        out.writelines(line + b"\n" for line in whole.lines(REGISTRATIONS))
    octets = file.stat().st_size
    with whole.running(scratch) as service:
        return asyncio.run(_measure(service, file, octets))


async def _measure(service: Whole, file: Path, octets: int) -> Result:
    began = time.perf_counter()
    operation = await uploading.upload(
        uploading.Upload(
            api_url=service.api_url,
            api_key=service.api_key,
            file=file,
            operation_id=identifiers.uuid7(SystemClock().now(), secrets.token_bytes(10)),
            progress=lambda _: None,
        )
    )
    taken_s = time.perf_counter() - began
    if operation.state != "succeeded" or operation.failed:
        raise Unavailable("bench", "The import did not succeed.")
    async with pools.connected(service.owner) as connection:
        adopted_s = await _adopted(connection, began + taken_s)
        copy_s = await _copy_s(connection)
    ours, theirs = REGISTRATIONS / taken_s, REGISTRATIONS / copy_s
    return Result(
        name="import",
        floor=round(theirs),
        result=round(ours),
        ratio=round(ours / theirs, 3),
        goal=GOAL,
        unit="registrations/s",
        details={
            "registrations": REGISTRATIONS,
            "octets": octets,
            "seconds": round(taken_s, 2),
            "adopted_after_s": round(adopted_s, 1),
        },
    )


async def _adopted(connection: Connection, since: float) -> float:
    """Seconds from the import's end until the vault has adopted every record."""
    waiting = "SELECT EXISTS (SELECT 1 FROM sealed_record WHERE kek_epoch IS NULL)"
    while time.perf_counter() - since < ADOPTED_WITHIN_S:
        if not await connection.fetchval(waiting):
            break
        await asyncio.sleep(0.2)
    return time.perf_counter() - since


async def _copy_s(connection: Connection) -> float:
    """Seconds that COPY takes for the same rows, in as many transactions."""
    rows = {}
    for table in TABLES:
        # Names of our own tables, from the tuple above.
        await connection.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
        rows[table] = [
            tuple(row)
            for row in await connection.fetch(f"SELECT * FROM {table}")  # noqa: S608 - see above
        ]
    batches = -(-REGISTRATIONS // _COPY_ROWS)
    began = time.perf_counter()
    for batch in range(batches):
        async with connection.transaction():
            for table in TABLES:
                share = -(-len(rows[table]) // batches)
                part = rows[table][batch * share : (batch + 1) * share]
                await connection.copy_records_to_table(f"floor_{table}", records=part)
    return time.perf_counter() - began
