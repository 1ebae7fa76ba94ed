"""API PUT: durable enrolments a second, against bare asyncpg commits of one row in the same run.

Flow: start the whole service, enrol new names over one keep-alive connection, then over 32; commit
one row of about the same size per transaction over as many database connections. Every PUT is
validated, sealed, decided, written with its journal row and durable when it is answered.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from proxy.errors import Unavailable
from proxy.run.bench import whole
from proxy.run.bench.result import Result
from proxy.store import pool as pools

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proxy.run.bench.whole import Whole

ALONE: Final = 400
TOGETHER: Final = 3_000
WARM_UP: Final = 100
CONNECTIONS: Final = 32
GOAL: Final = ">= 0.2 x at one connection, >= 0.1 x at 32"
ROW_OCTETS: Final = 1_500  # what a PUT writes of a registration and its two sealed records


def measure(scratch: Path) -> Result:
    """Ratios at one connection and at 32."""
    with whole.running(scratch) as service:
        return asyncio.run(_measure(service))


async def _measure(service: Whole) -> Result:
    bodies = whole.lines(WARM_UP + ALONE + TOGETHER)
    await _put(service, bodies, WARM_UP, 4)
    alone = await _put(service, bodies, ALONE, 1)
    together = await _put(service, bodies, TOGETHER, CONNECTIONS)
    floor_alone = await _commit(service, ALONE * 4, 1)
    floor_together = await _commit(service, TOGETHER * 4, CONNECTIONS)
    return Result(
        name="api_put",
        floor=round(floor_alone),
        result=round(alone),
        ratio=round(alone / floor_alone, 3),
        goal=GOAL,
        unit="durable writes/s at one connection",
        details={
            "at_32_floor": round(floor_together),
            "at_32_result": round(together),
            "at_32_ratio": round(together / floor_together, 3),
        },
    )


async def _put(service: Whole, bodies: Iterator[bytes], count: int, connections: int) -> float:
    """PUTs a second over `connections`."""
    parts = urlsplit(service.api_url)
    left = iter(range(count))

    async def drive() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in left:
            body = next(bodies)
            name = json.loads(body)["domain"]
            writer.write(
                f"PUT /v1/registrations/{name} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                f"Authorization: Bearer {service.api_key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 201"):
                raise Unavailable("bench", "A PUT was refused.")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(drive() for _ in range(connections)))
    return count / (time.perf_counter() - began)


async def _commit(service: Whole, count: int, connections: int) -> float:
    """Bare commits of one row a second over `connections`."""
    pool = await pools.open_pool(service.owner, min_size=connections, max_size=connections)
    left = iter(range(count))
    filler = secrets.token_bytes(ROW_OCTETS)
    statement = "INSERT INTO floor_put (id, filler) VALUES ($1, $2)"

    async def drive() -> None:
        async with pool.acquire() as connection:
            for number in left:
                await connection.execute(statement, number, filler)

    try:
        async with pool.acquire() as connection:
            await connection.execute(
                "DROP TABLE IF EXISTS floor_put;"
                "CREATE TABLE floor_put (id bigint PRIMARY KEY, filler bytea NOT NULL)"
            )
        began = time.perf_counter()
        await asyncio.gather(*(drive() for _ in range(connections)))
        return count / (time.perf_counter() - began)
    finally:
        await pool.close()
