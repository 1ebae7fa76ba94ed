"""A worker for kill tests: asks a registrar for one hold, says when it is at `line`, and waits."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from uuid import UUID

from proxy.model.case import CaseId
from proxy.services.casework import carry_effects
from proxy.store import effects, pool
from tests.support.effects import Bench


async def main(line: str, login: dict[str, str]) -> None:
    """Work until killed."""
    access = pool.Access(
        host=login["host"],
        port=int(login["port"]),
        user=login["user"],
        password=login["password"],
        database=login["database"],
    )
    bench = Bench(None, CaseId(UUID(login["case"])))  # type: ignore[arg-type]  # not looked at
    bench.clocks.to(datetime.fromisoformat(login["now"]))

    async def stay(*_: object) -> None:
        print(json.dumps(sorted(bench.shown)), flush=True)
        await asyncio.Event().wait()

    setattr(effects, line, stay)
    async with pool.connected(access) as connection:
        await carry_effects.carry_one(connection, bench.registrars())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.stdin.readline())))
