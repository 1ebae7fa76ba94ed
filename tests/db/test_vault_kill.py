"""Real processes, really killed: a vault that rotates and sequences dies by kill -9."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.services import check_records
from tests.support import vault as vaults

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db
CHILD = Path(__file__).parents[1] / "support" / "vault_child.py"
ROOT = Path(__file__).parents[2]


async def run_until(steps: int, directory: Path, database: Database) -> None:
    """Start a vault that rotates and sequences for ever; kill -9 after it said `steps` words."""
    access = database.access("vault")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        str(directory),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    login = {name: getattr(access, name) for name in ("host", "port", "user", "password")}
    child.stdin.write(json.dumps({**login, "database": access.database}).encode() + b"\n")
    await child.stdin.drain()
    for _ in range(steps):
        assert await child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    child.stdin.close()


async def test_kill_of_a_rotating_and_sequencing_vault_loses_nothing(
    tmp_path: Path, database: Database
) -> None:
    """After each of several kills every record opens, and the ledger is one tree."""
    async with vaults.service(tmp_path, database) as service:
        await service.enrol(*(vaults.to_seal() for _ in range(400)))
        await service.rounds.adopt()
    for steps in (3, 8, 14):
        await run_until(steps, tmp_path, database)
    async with vaults.service(tmp_path, database) as service:
        if service.rooms.open_walls().rewrapper.rotation() is not None:
            await service.rounds.rotate()
        size = service.rooms.open_walls().ledger.frontier()[0]
        await service.rounds.sequence()
        assert service.rooms.open_walls().ledger.frontier()[0] > size
        looks = check_records.check_all(
            service.pool, service.rooms.open_walls().examiner, service.rooms.turn
        )
        assert [step async for step in looks][-1] == (800, {})
