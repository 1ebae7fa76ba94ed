"""A worker for kill tests: scans for deadlines, says when it is at `line`, and waits there."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime

from proxy.store import calendars, cases, deadlines, pool
from tests.support import clocked

OWNERS = {"calendars": calendars, "deadlines": deadlines, "cases": cases}


async def main(line: str, login: dict[str, str]) -> None:
    """Work until killed."""
    access = pool.Access(
        host=login["host"],
        port=int(login["port"]),
        user=login["user"],
        password=login["password"],
        database=login["database"],
    )
    clocks = clocked.TwoClocks(wall=datetime.fromisoformat(login["now"]))

    async def stay(*_: object) -> None:
        print("there", flush=True)
        await asyncio.Event().wait()

    owner, _, name = line.partition(".")
    setattr(OWNERS[owner], name, stay)
    async with pool.connected(access) as connection:
        await clocked.scanner(clocks).round(connection)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.stdin.readline())))
