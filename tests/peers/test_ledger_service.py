"""What the served ledger hands out convinces a checker that was written from the RFCs alone."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from proxy.apps import ledger as public
from proxy.run.ledger_copy import Copy
from proxy.run.vault_proofs import Proofs
from proxy.vault import checkpoint, tiles, tree, verifier
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.support import web as webs
from tests.support.web import command

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = [pytest.mark.db, pytest.mark.peer]
DRIVER = Path(__file__).parent / "drivers" / "independent_ledger.py"


def judged(*cases: tuple[str, dict[str, Any]]) -> list[bool]:
    """The checker's verdicts."""
    done = subprocess.run(
        [sys.executable, DRIVER],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
    )
    return [verdict for _, verdict in json.loads(done.stdout)]


async def test_a_stranger_can_check_everything(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Receipt, growth and cosignature of a running ledger hold; a changed entry does not."""
    monkeypatch.setattr(public, "POLL_S", 0.02)
    copy, witness = tmp_path / "copy", tmp_path / "witness"
    async with webs.serving(tmp_path, database) as web:
        (entry, *_) = await webs.add_entries(web.service, 700)
        await web.sequence()
        old = checkpoint.opened((await web.call("GET", "checkpoint")).content.decode(), web.log)
        await web.sequence(300)
        key = verifier.render(web.log)
        watch = ("--url", web.url, "--key", key, "--dir", witness, "--name", "w1.example", "--once")
        assert await command("witness", *watch) == 0
        assert await command("copy", "--url", web.url, "--dir", copy) == 0
        _, handle = Proofs(web.service.rooms).commands()[frames.Prove]
        asked = frames.Prove(entry=str(entry))
        (answer,) = [one async for one in handle(Caller.OPERATOR, asked)]
    receipt = cast("dict[str, Any]", answer["receipt"])
    lines = receipt["checkpoint"].splitlines()
    salt, content = bytes.fromhex(receipt["salt"]), receipt["entry"].encode()
    new = checkpoint.opened((copy / "checkpoint").read_text(), verifier.parse(key))
    read = tiles.TileReader(new.size, Copy(copy).source).read
    inclusion = {
        "index": receipt["index"],
        "size": int(lines[1]),
        "leaf": hashlib.sha256(b"pp-ledger-leaf-v1\0" + salt + content).hexdigest(),
        "proof": receipt["proof"],
        "root": new.root.hex(),
    }
    growth = {
        "first": old.size,
        "second": new.size,
        "first_root": old.root.hex(),
        "second_root": new.root.hex(),
        "proof": [one.hex() for one in tree.consistency_proof(old.size, new.size, read)],
    }
    changed = content.replace(b"registration", b"unregistration")
    forged = hashlib.sha256(b"pp-ledger-leaf-v1\0" + salt + changed).hexdigest()
    cosigned = {
        "text": (witness / "checkpoint").read_text(),
        "key": (witness / "witness.vkey").read_text().strip(),
    }
    verdicts = await asyncio.to_thread(
        judged,
        ("note", {"text": receipt["checkpoint"], "key": key}),
        ("inclusion", inclusion),
        ("consistency", growth),
        ("cosignature", cosigned),
        ("inclusion", {**inclusion, "leaf": forged}),
    )
    assert verdicts == [True, True, True, True, False]
