"""The ledger of the running service as an operator and a stranger use it, command by command."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from proxy.store import embedded
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support.running import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.served import Served

pytestmark = [
    pytest.mark.db,
    pytest.mark.xdist_group("asked"),
    pytest.mark.timeout(300),
]


async def an_entry(data_dir: Path) -> str:
    """The id of the newest entry."""
    access = embedded.access(data_dir / "postgres", LoginRole.OWNER)
    async with pools.connected(access) as connection:
        return str(
            await connection.fetchval("SELECT id FROM ledger_entry ORDER BY at DESC LIMIT 1")
        )


def test_an_act_becomes_a_receipt_that_a_copy_bears_out(asked: Served, tmp_path: Path) -> None:
    """Prove, copy, verify: what happened in the service is shown to who has the copy alone."""
    service = asked.service
    url = f"http://127.0.0.1:{service.port('web')}/ledger"
    entry = asyncio.run(an_entry(service.data_dir))
    receipt, copy = tmp_path / "receipt.json", tmp_path / "copy"
    for _ in until(60):
        done = service.command("ledger", "prove", entry, "--out", str(receipt))
        if done.returncode == 0:
            break
        assert done.stderr.startswith("entry_waiting: ")
    assert json.loads(receipt.read_text())["v"] == 1
    key = service.data_dir / "ledger.vkey"
    for _ in until(60):  # the web role shows a checkpoint up to a second after the vault has it
        done = service.command("ledger", "copy", "--url", url, "--dir", str(copy), "--json")
        assert done.returncode == 0, done.stderr
        done = service.command(
            "ledger", "verify", str(copy), "--key", str(key), "--receipt", str(receipt)
        )
        if done.returncode == 0:
            assert entry in done.stdout
            break
        assert "ledger_rolled_back: " in done.stderr
    else:
        pytest.fail("the copy never bore the receipt out")
    shown = json.loads(service.command("ledger", "show", "--json").stdout)
    assert shown["vkey"] == key.read_text().strip()
    done = service.command("ledger", "prove", "01890000-0000-7000-8000-000000000009")
    assert (done.returncode, done.stderr.partition(":")[0]) == (1, "entry_unknown")
