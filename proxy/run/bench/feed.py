"""The feed of public records: records a second over HTTP, and what it costs the API in memory.

The whole service on a scratch directory; rows are put in by SQL, beside the journal, so that only
reading is measured. The floor is COPY of the same rows to a client.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp

from proxy.errors import Unavailable
from proxy.run.bench import memory, whole
from proxy.run.bench.result import Result
from proxy.store import pool

if TYPE_CHECKING:
    from proxy.run.bench.whole import Whole
    from proxy.store.pool import Connection

RECORDS: Final = 200_000
GOAL: Final = 20_000
_BEGIN: Final = b'{"domain"'  # of a record's line
_SAMPLE_OCTETS: Final = 32 << 20  # between two looks at the API's memory
_ROWS: Final = (
    "ALTER TABLE registration DISABLE TRIGGER USER",
    "ALTER TABLE published DROP CONSTRAINT published_pos_check",
    """
    INSERT INTO registration (tenant_id, id, domain, state, revision, declared, reference, alias,
                              record_version, contacts_mac, enrolled_at, changed_at)
    SELECT one.tenant_id, ('0198c0de-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
           'feed-' || number || '.example', one.state, 1, one.declared, one.reference,
           one.alias || number, 1, one.contacts_mac, one.enrolled_at, one.changed_at
    FROM registration one, generate_series(1, $1::bigint) number
    """,
    # positions that no follower asks for: edges have nothing to do with this
    """
    INSERT INTO published (domain, tenant_id, registration_id, value, pos)
    SELECT kept.domain, kept.tenant_id, kept.id, one.value, -row_number() OVER ()
    FROM registration kept, published one WHERE kept.id <> one.registration_id
    """,
    "ANALYZE",
)
_COPIED: Final = """
    SELECT kept.domain, shown.value FROM registration kept
    JOIN published shown ON shown.registration_id = kept.id
"""


def measure(scratch: Path, size: int | None = None) -> Result:
    """Records a second of one reader, with the API's growth while it streams."""
    records = size or RECORDS
    with whole.running(scratch) as service:
        floor = asyncio.run(_fill(service, records))
        api = _api(service)
        before = memory.private_octets(api, beside=service.data_dir)
        rate, octets, most = asyncio.run(_read(service, records, api))
    return Result(
        name="feed",
        floor=round(floor),
        result=round(rate),
        ratio=round(rate / floor, 3),
        goal=f">= {GOAL}/s with flat memory",
        unit="records/s",
        details={
            "records": records,
            "octets_a_record": round(octets / records),
            "api_growth_mb": round((most - before) / 1e6, 1),
        },
    )


def _headers(service: Whole) -> dict[str, str]:
    return {"Authorization": f"Bearer {service.api_key}"}


def _api(service: Whole) -> int:
    """The process id of the API."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if parent == service.process_id and b"api" in words:
                return int(folder.name)
    raise Unavailable("bench", "The API's process is not found.")


async def _fill(service: Whole, records: int) -> float:
    line = next(whole.lines(1))
    async with aiohttp.ClientSession() as session:
        name = json.loads(line)["domain"]
        async with session.put(
            f"{service.api_url}/v1/registrations/{name}",
            data=line,
            headers={**_headers(service), "Content-Type": "application/json"},
        ) as answer:
            if not answer.ok:
                raise Unavailable("bench", f"The first name was refused: {answer.status}.")
    async with pool.connected(service.owner) as connection:
        for statement in _ROWS:
            given = (records,) if "$1" in statement else ()
            await connection.execute(statement, *given, timeout=600)
        return await _copy(connection, records)


async def _copy(connection: Connection, records: int) -> float:
    async def forget(_: bytes) -> None:
        return

    began = time.perf_counter()
    await connection.copy_from_query(_COPIED, output=forget, timeout=600)
    return records / (time.perf_counter() - began)


async def _read(service: Whole, records: int, api: int) -> tuple[float, int, int]:
    seen = octets = most = sampled = 0
    tail = b""
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        began = time.perf_counter()
        async with session.get(
            f"{service.api_url}/v1/public-records", headers=_headers(service)
        ) as answer:
            async for part in answer.content.iter_chunked(1 << 20):
                octets += len(part)
                seen += (tail + part).count(_BEGIN)
                tail = part[1 - len(_BEGIN) :]
                if octets > sampled + _SAMPLE_OCTETS:
                    sampled = octets
                    most = max(most, memory.private_octets(api, beside=service.data_dir))
        took = time.perf_counter() - began
    if seen < records:
        raise Unavailable("bench", f"Only {seen} of {records} records came.")
    return seen / took, octets, most
