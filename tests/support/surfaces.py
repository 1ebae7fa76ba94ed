"""Everything that leaves the vault, as octets: what a running service answered, said and stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import asyncpg

from proxy.store import embedded
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Reply, Running

_EMPTY_PAGES = re.compile(rb"\0{512,}")
# What every table has in common with no person; `sealed` tables are the vault's own and are
# searched all the same: what they hold is not readable.
_TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""

_SAMPLES = """
SELECT one::text FROM pg_stats one UNION ALL SELECT one::text FROM pg_stat_activity one
"""


class Heard:
    """What was answered so far, kept by kind."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._kept: dict[str, list[bytes]] = {}

    def keep(self, kind: str, said: bytes) -> bytes:
        """`said`, kept."""
        self._kept.setdefault(kind, []).append(said)
        return said

    def reply(self, kind: str, reply: Reply) -> Reply:
        """`reply`, its head and body kept; problems apart."""
        head = "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
        is_problem = reply.headers.get("content-type", "").startswith("application/problem")
        self.keep("problems" if is_problem else kind, head.encode() + b"\n\n" + reply.body)
        return reply

    def surfaces(self) -> dict[str, bytes]:
        """Everything kept, by kind."""
        return {kind: b"\n".join(parts) for kind, parts in self._kept.items()}


async def tables(service: Running) -> bytes:
    """Every row of every table as text, and its octets where a column holds octets."""
    access = embedded.access(service.data_dir / "postgres", LoginRole.OWNER)
    link = await asyncpg.connect(
        host=access.host,
        port=access.port,
        user=access.user,
        password=access.password,
        database=access.database,
    )
    found: list[bytes] = []
    try:
        names = [row[0] for row in await link.fetch(_TABLES)]
        assert len(names) > 10
        # The planner's samples of columns, and statements under way: as text, their types vary.
        found += [row[0].encode() for row in await link.fetch(_SAMPLES)]
        for name in names:
            rows = await link.fetch(f"SELECT * FROM {name}")  # noqa: S608 - names of the catalogue
            found += [octets(value) for row in rows for value in row.values()]
    finally:
        await link.close()
    return b"\n".join(found)


def octets(value: object) -> bytes:
    """A column's value as octets."""
    return value if isinstance(value, bytes) else str(value).encode()


def files(*directories: Path) -> dict[str, bytes]:
    """Every file below `directories` by its path; runs of empty octets are cut short."""
    found = {}
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[str(path)] = _EMPTY_PAGES.sub(bytes(64), path.read_bytes())
    return found


WAL_PAGE_OCTETS = 8192
WAL_HEAD_OCTETS = 24  # of every page (access/xlog_internal.h, XLogPageHeaderData)
WAL_FIRST_HEAD_OCTETS = 40  # of a segment's first page


def write_ahead_log(directory: Path) -> bytes:
    """The log's records in one piece each: page heads, which cut through values, are taken out."""
    found = []
    for path in sorted(directory.glob("[0-9A-F]*")):
        if path.is_file():
            data = path.read_bytes()
            found.append(data[WAL_FIRST_HEAD_OCTETS:WAL_PAGE_OCTETS])
            found += [
                data[at + WAL_HEAD_OCTETS : at + WAL_PAGE_OCTETS]
                for at in range(WAL_PAGE_OCTETS, len(data), WAL_PAGE_OCTETS)
            ]
    return _EMPTY_PAGES.sub(bytes(64), b"".join(found))


def joined(found: dict[str, bytes], part: str) -> bytes:
    """The files whose path holds `part`, one after the other."""
    return b"\n".join(data for path, data in found.items() if part in path)


def stored(service: Running) -> dict[str, bytes]:
    """Every file, once the service has ended and all is on disk."""
    data = files(service.data_dir)
    (cluster,) = service.data_dir.glob("postgres/cluster")
    rest = {p: d for p, d in data.items() if "/pg_wal/" not in p and "/snapshot/" not in p}
    return {
        "write-ahead log": write_ahead_log(cluster / "pg_wal"),
        "snapshot": joined(data, "/snapshot/"),
        "key files": joined(files(service.key_dir), ""),
        "cluster files": joined(rest, ""),
    }
