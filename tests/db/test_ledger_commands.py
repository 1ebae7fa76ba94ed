"""`privacyproxy ledger` against a served ledger: copying, verifying, witnessing, being deceived."""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import web as aio
from aiohttp.test_utils import TestServer

from proxy.apps import ledger as public
from proxy.hosting.process import SystemClock
from proxy.run.cli import ledger
from proxy.vault import checkpoint, note, tree, verifier
from tests.support import ledger as logs
from tests.support import web as webs
from tests.support.web import command

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
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


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where a copy goes."""
    return tmp_path / "copy"


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The last line that a command printed, as JSON."""
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


async def forge(web: Web, commitments: Sequence[bytes]) -> None:
    """The database shows another tree, signed with the ledger's own key: a dishonest operator."""
    root = tree.Frontier().extended(commitments).root()
    said = checkpoint.Checkpoint(origin=web.log.name, size=len(commitments), root=root)
    ring = web.service.vault.ring
    forged = note.signed(ring.file.ledger_public, checkpoint.render(said), ring.sign_checkpoint)
    for table in ("ledger_tile", "ledger_leaf", "ledger_checkpoint"):
        await web.rewrite(f"DELETE FROM {table}")  # noqa: S608 - names from above
    await web.rewrite(
        "INSERT INTO ledger_leaf SELECT n - 1, c"
        " FROM unnest($1::bytea[]) WITH ORDINALITY AS l (c, n)",
        list(commitments),
    )
    await web.rewrite(
        "INSERT INTO ledger_checkpoint VALUES ($1, $2, now())", len(commitments), forged
    )
    async with asyncio.timeout(20):
        while (await web.call("GET", "checkpoint")).content.decode() != forged:  # noqa: ASYNC110 - another task reads the database
            await asyncio.sleep(0.02)


async def leaves(web: Web) -> list[bytes]:
    """The leaves in the database."""
    rows = await web.service.administrate("SELECT commitment FROM ledger_leaf ORDER BY index")
    return [row["commitment"] for row in rows]


async def test_a_copy_grows_by_what_is_new_and_verifies(
    web: Web, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only new tiles are fetched, and the copy alone convinces who has an older checkpoint."""
    await web.sequence(1_000)
    assert await command("copy", "--url", web.url, "--dir", copy, "--json") == 0
    assert said(capsys) == {"size": 1_024, "old_size": 0, "fetched": 4 + 4 + 1}
    (copy.parent / "older").write_bytes((copy / "checkpoint").read_bytes())
    size = await web.sequence(300)
    assert await command("copy", "--url", web.url, "--dir", copy, "--json") == 0
    assert said(capsys) == {"size": size, "old_size": 1_024, "fetched": 4 + 4 + 1}
    older = ("--checkpoint", copy.parent / "older")
    key = web.service.vault.data_dir / "ledger.vkey"
    assert await command("verify", copy, *older, "--key", key, "--json") == 0
    report = said(capsys)
    assert report["size"] == size
    assert any("1024 leaves" in one for one in report["proved"])
    assert not any("The past" in one for one in report["not_proved"])
    assert await command("verify", copy) == 0
    assert "nothing older was given" in capsys.readouterr().out


async def test_show_tells_the_newest_checkpoint(
    web: Web, capsys: pytest.CaptureFixture[str]
) -> None:
    """Size, root and key as the ledger shows them."""
    size = await web.sequence(9)
    assert await command("show", "--url", web.url, "--json") == 0
    facts = said(capsys)
    assert (facts["size"], facts["vkey"]) == (size, verifier.render(web.log))


@pytest.mark.parametrize(
    "fault",
    [
        ("tile/entries/001", b"\1", "entries_malformed"),
        ("tile/entries/001", None, "entries_missing"),
        ("tile/0/001", b"", "tile_length"),
        ("tile/0/002", None, "tile_missing"),
        ("tile/1/000.p/4", bytes(128), "tile_disagrees"),
        ("checkpoint", None, "file"),
        ("checkpoint", b"nothing", "note_malformed"),
        ("vkey", b"nothing", "verifier_key"),
    ],
)
async def test_a_tampered_copy_names_its_fault(
    web: Web, copy: Path, capsys: pytest.CaptureFixture[str], fault: tuple[str, bytes | None, str]
) -> None:
    """Whatever is changed or missing: exit code 1, the reason's code, the file."""
    file, change, code = fault
    await web.sequence(1_000)
    assert await command("copy", "--url", web.url, "--dir", copy) == 0
    if change is None:
        (copy / file).unlink()
    else:
        content = (copy / file).read_bytes()
        spoilt = change + content[1:] if len(change) == 1 else change
        (copy / file).write_bytes(spoilt)
    assert await command("verify", copy) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"{code}: ")
    assert file in error


async def test_one_changed_entry_is_found(
    web: Web, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A commitment rewritten in the copy, with all tiles made to fit, does not give the root."""
    await web.sequence(9)
    assert await command("copy", "--url", web.url, "--dir", copy) == 0
    bundle, lowest = copy / "tile/entries/000.p/16", copy / "tile/0/000.p/16"
    other = bytes(32)
    bundle.write_bytes(bundle.read_bytes()[:2] + other + bundle.read_bytes()[34:])
    lowest.write_bytes(tree.leaf_hash(other) + lowest.read_bytes()[32:])
    assert await command("verify", copy, "--json") == 1
    assert said(capsys)["failed"] == "ledger_root"


async def test_a_copy_does_not_follow_a_rewritten_history(
    web: Web, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fork, a smaller tree and another root of one size are refused; the old copy stays whole."""
    await web.sequence(40)
    assert await command("copy", "--url", web.url, "--dir", copy) == 0
    honest = await leaves(web)
    for forged, code in (
        ([bytes(32), *honest[1:], bytes(32)], "ledger_forked"),
        ([bytes(32), *honest[1:]], "ledger_forked"),
        (honest[:-4], "ledger_rolled_back"),
    ):
        await forge(web, forged)
        assert await command("copy", "--url", web.url, "--dir", copy, "--json") == 1
        assert said(capsys)["failed"] == code
        refused = checkpoint.opened((copy / "checkpoint.refused").read_text(), web.log)
        assert refused.size == len(forged)
        assert await command("verify", copy) == 0
    await forge(web, [*honest, bytes(32)])
    assert await command("copy", "--url", web.url, "--dir", copy) == 0


async def test_a_copy_keeps_the_key_it_began_with(
    web: Web, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another key is refused, whoever hands it over."""
    await web.sequence(9)
    assert await command("copy", "--url", web.url, "--dir", copy) == 0
    other = verifier.render(note.log_key(bytes(32)))
    assert await command("copy", "--url", web.url, "--dir", copy, "--key", other, "--json") == 1
    assert said(capsys)["failed"] == "ledger_key_changed"
    fresh = tmp_path / "fresh"
    assert await command("copy", "--url", web.url, "--dir", fresh, "--key", other, "--json") == 1
    assert said(capsys)["failed"] == "note_unsigned"


async def test_a_witness_cosigns_growth_and_the_copy_shows_it(
    web: Web, copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its key is made once, its cosignature stays in its directory, and verify tells of it."""
    await web.sequence(9)
    directory = tmp_path / "witness"
    watch = ("witness", "--url", web.url, "--key", verifier.render(web.log), "--dir", directory)
    assert await command(*watch, "--once", "--json") == 1
    assert said(capsys)["failed"] == "witness_key"
    assert await command(*watch, "--name", "w1.example", "--once") == 0
    made = capsys.readouterr().out
    assert "witness made w1.example+" in made
    size = await web.sequence(1_000)
    assert await command(*watch, "--once") == 0
    assert made.splitlines()[0].replace("made", "is") in capsys.readouterr().out
    assert await command("copy", "--url", web.url, "--dir", copy) == 0
    own = ("--witness", directory / "witness.vkey")
    assert await command("verify", copy, *own, "--json") == 1
    assert said(capsys)["failed"] == "not_witnessed"
    seen = ("--checkpoint", directory / "checkpoint")
    assert await command("verify", copy, *own, *seen, "--json") == 0
    assert f"saw the tree of {size} leaves" in str(said(capsys)["proved"])


async def test_a_witness_hands_in_what_it_cosigned(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """--post puts its line under the checkpoint that everybody is shown, once it is known."""
    monkeypatch.setattr(public, "POLL_S", 0.02)
    directory, known = tmp_path / "witness", tmp_path / "witnesses"
    known.write_text("")
    async with webs.serving(tmp_path, database, known) as web:
        await web.sequence(9)
        web.service.vault.clock.moment = SystemClock().now()  # a witness has a clock of its own
        key = verifier.render(web.log)
        watch = ("witness", "--url", web.url, "--key", key, "--dir", directory)
        words = (*watch, "--name", "w1.example", "--once", "--post", "--json")
        assert await command(*words) == 1
        assert said(capsys)["failed"] == "cosignature_refused"
    known.write_text((directory / "witness.vkey").read_text())
    async with webs.serving(tmp_path, database, known) as web:
        web.service.vault.clock.moment = SystemClock().now()
        async with asyncio.timeout(20):
            while (await web.call("GET", "checkpoint")).status != 200:  # noqa: ASYNC110 - another task reads the database
                await asyncio.sleep(0.02)
        watch = ("witness", "--url", web.url, "--key", key, "--dir", directory)
        assert await command(*watch, "--once", "--post") == 0
        copy = tmp_path / "copy"
        assert await command("copy", "--url", web.url, "--dir", copy) == 0
        assert await command("verify", copy, "--witness", known) == 0
        assert await command("show", "--url", web.url) == 0
        assert "w1.example: cosigned at" in capsys.readouterr().out


async def test_a_witness_cosigns_no_second_history(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fork or a rollback: exit code 1, one sentence, evidence kept, the last checkpoint stays."""
    await web.sequence(40)
    directory = tmp_path / "witness"
    watch = (
        "witness", "--url", web.url, "--key", verifier.render(web.log), "--dir", directory,
        "--name", "w1.example", "--once", "--json",
    )  # fmt: skip
    assert await command(*watch) == 0
    honest, kept = await leaves(web), (directory / "checkpoint").read_bytes()
    for number, (forged, code) in enumerate(
        (
            ([bytes(32), *honest[1:], bytes(32)], "witness_inconsistent"),
            ([bytes(32), *honest[1:]], "witness_forked"),
            (honest[:-4], "witness_rolled_back"),
        ),
        1,
    ):
        await forge(web, forged)
        assert await command(*watch) == 1
        assert said(capsys)["failed"] == code
        assert (directory / "checkpoint").read_bytes() == kept
        assert len(list((directory / "evidence").iterdir())) == number


async def test_a_watching_witness_alarms_at_every_look(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It goes on after a fork, says so each time, and ends as one that saw something."""
    await web.sequence(40)
    key = verifier.render(web.log)
    words = ("--url", web.url, "--key", key, "--dir", tmp_path / "w", "--name", "w1.example")
    assert await command("witness", *words, "--once") == 0
    honest = await leaves(web)
    await forge(web, [bytes(32), *honest[1:]])
    arguments = argparse.Namespace(dir=tmp_path / "w", post=False, json=False, interval=0.01)
    watch, stopping, said_so = ledger._Watch(arguments, web.log, web.url), asyncio.Event(), ""
    going = asyncio.create_task(watch.go_on(stopping))
    async with asyncio.timeout(20):
        while said_so.count("witness_forked: ") < 2:
            await asyncio.sleep(0.02)
            said_so += capsys.readouterr().err
    stopping.set()
    await going
    assert watch.has_misbehaved


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_leaf SET commitment = sha256('x') WHERE index = 3",
        "UPDATE ledger_tile SET hashes = decode(repeat('ab', 8192), 'hex') WHERE index = 1",
    ],
)
async def test_a_superusers_change_is_seen_from_outside(
    web: Web, copy: Path, capsys: pytest.CaptureFixture[str], change: str
) -> None:
    """Rewritten leaves and tiles do not come to the signed root: no copy is made of them."""
    await web.sequence(1_000)
    await web.rewrite(change)
    assert await command("copy", "--url", web.url, "--dir", copy, "--json") == 1
    assert said(capsys)["failed"] == "tile_disagrees"
    assert not (copy / "checkpoint").exists()


async def test_a_rewritten_checkpoint_is_seen_from_outside(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody without the ledger's key makes a checkpoint."""
    log = logs.Log(logs.leaves(16))
    application = aio.Application()

    async def handle(_: aio.Request) -> aio.StreamResponse:
        return aio.Response(text=log.signed().replace("\n16\n", "\n12\n"))

    application.router.add_get("/checkpoint", handle)
    key = verifier.render(logs.KEY)
    async with TestServer(application) as server:
        url = str(server.make_url("/"))
        assert await command("copy", "--url", url, "--dir", copy, "--key", key, "--json") == 1
    assert said(capsys)["failed"] == "note_signature"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (aio.Response(status=302, headers={"Location": "/elsewhere"}), "remote"),
        (aio.Response(status=500), "remote"),
        (aio.Response(status=404), "remote_missing"),
        (aio.Response(body=b"x" * (note.NOTE_LIMIT_OCTETS + 1)), "remote_too_long"),
        (aio.Response(body=b"x", headers={"Content-Encoding": "gzip"}), "remote_encoding"),
        (aio.Response(body=b"\xff"), "note_malformed"),
    ],
)
async def test_a_hostile_server_gets_nowhere(
    copy: Path, capsys: pytest.CaptureFixture[str], answer: aio.Response, code: str
) -> None:
    """Redirects, endless or compressed answers and octets that are no text end in a reason."""
    application = aio.Application()

    async def handle(_: aio.Request) -> aio.StreamResponse:
        return aio.Response(status=answer.status, body=answer.body, headers=dict(answer.headers))

    application.router.add_get("/checkpoint", handle)
    key = verifier.render(note.log_key(bytes(32)))
    async with TestServer(application) as server:
        url = str(server.make_url("/"))
        assert await command("copy", "--url", url, "--dir", copy, "--key", key, "--json") == 1
    assert said(capsys)["failed"] == code
    assert not (copy / "checkpoint").exists()
