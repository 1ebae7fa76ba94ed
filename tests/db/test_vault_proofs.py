"""Receipts of ledger entries: what the vault gives, and what strangers can do with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.apps import ledger as public
from proxy.errors import Conflict, InvalidInput, NotFound, Refused
from proxy.run.vault_proofs import Proofs
from proxy.vault import receipt
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.support import web as webs
from tests.support.web import command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.web import Web

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def web(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    """A served ledger."""
    monkeypatch.setattr(public, "POLL_S", 0.02)
    async with webs.serving(tmp_path, database) as made:
        yield made


async def prove(web: Web, entry: object, proofs: Proofs | None = None) -> receipt.Receipt:
    """The vault's receipt of an entry."""
    proofs = proofs or Proofs(web.service.rooms)
    _, handle = proofs.commands()[frames.Prove]
    answers = [one async for one in handle(Caller.OPERATOR, frames.Prove(entry=str(entry)))]
    return receipt.parse(json.dumps(answers[-1]["receipt"]).encode())


async def test_a_receipt_convinces_a_stranger(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An entry of the database and one of the vault's own are proved; a changed one is not."""
    copy = tmp_path / "copy"
    ids = await webs.add_entries(web.service, 600)
    own = web.service.rooms.note("opened", {"records": 3, "grant": "check"})
    await web.sequence()
    files = []
    for entry_id in (ids[0], ids[-1], own):
        made = await prove(web, entry_id)
        assert receipt.check(made, web.log).entry.id == entry_id
        files.append(tmp_path / f"{entry_id}.json")
        files[-1].write_bytes(receipt.render(made))
    await web.sequence(5)
    assert await command("copy", "--url", web.url, "--dir", copy) == 0
    flags = [word for one in files for word in ("--receipt", one)]
    assert await command("verify", copy, *flags) == 0
    assert str(own) in capsys.readouterr().out
    files[0].write_text(files[0].read_text().replace("registrations", "registration"))
    assert await command("verify", copy, "--receipt", files[0], "--json") == 1
    assert json.loads(capsys.readouterr().out)["failed"] == "proof_root"


async def test_a_mended_database_gives_receipts_again(web: Web) -> None:
    """What was remembered of tiles that did not hold is forgotten."""
    ids = await webs.add_entries(web.service, 600)
    await web.sequence()
    proofs = Proofs(web.service.rooms)
    await web.rewrite("CREATE TABLE kept AS SELECT * FROM ledger_tile")
    await web.rewrite("UPDATE ledger_tile SET hashes = decode(repeat('ab', 8192), 'hex')")
    with pytest.raises(Refused, match="ledger_disagrees"):
        await prove(web, ids[0], proofs)
    await web.rewrite("DELETE FROM ledger_tile")
    await web.rewrite("INSERT INTO ledger_tile SELECT * FROM kept")
    assert receipt.check(await prove(web, ids[0], proofs), web.log).entry.id == ids[0]


async def test_what_can_not_be_proved_has_its_reason(web: Web) -> None:
    """Unknown, not an id, still waiting, or rewritten underneath: each has a code of its own."""
    ids = await webs.add_entries(web.service, 3)
    for entry, kind, code in (
        ("x", InvalidInput, "entry_id"),
        ("01890000-0000-7000-8000-000000000009", NotFound, "entry_unknown"),
        (ids[0], Conflict, "entry_waiting"),
    ):
        with pytest.raises(kind, match=code):
            await prove(web, entry)
    await web.sequence()
    await web.rewrite("UPDATE ledger_entry SET facts = '{\"records\": 3}' WHERE id = $1", ids[0])
    with pytest.raises(Refused, match="ledger_disagrees"):
        await prove(web, ids[0])
    assert receipt.check(await prove(web, ids[1]), web.log).entry.id == ids[1]
