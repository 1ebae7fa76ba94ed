"""A vault process for kill tests: re-encrypts and sequences for ever, a word per step."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from proxy.run.vault_rounds import Rounds
from proxy.services import rotate
from proxy.store import pool as pools
from tests.support import vault as vaults


async def main(directory: Path, login: dict[str, str]) -> None:
    """Work until killed."""
    rotate.BATCH_RECORDS = 50
    vault = vaults.Vault(directory, vaults.StillClock())
    vault.make()
    access = pools.Access(
        host=login["host"],
        port=int(login["port"]),
        user=login["user"],
        password=login["password"],
        database=login["database"],
    )
    pool = await pools.open_pool(access, max_size=4)
    rounds = Rounds(vault.rooms(pool))
    await rounds.prepare()

    async def report() -> None:
        while True:
            await rounds.next_step(rounds.steps)
            print(rounds.steps, flush=True)

    async def sequence() -> None:
        while True:
            await rounds.sequence()

    async def turn() -> None:
        while True:
            if vault.walls.rewrapper.rotation() is None:
                await rounds.begin_rotation(is_compromised=True)
            await rounds.rotate()

    await asyncio.gather(report(), sequence(), turn())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), json.loads(sys.stdin.readline())))
