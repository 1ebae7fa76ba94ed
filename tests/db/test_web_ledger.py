"""The public ledger over HTTP: what strangers get, how long they may keep it, what is taken."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.apps import ledger as public
from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.metrics import Registry
from proxy.run import web as web_role
from proxy.settings import RateLimit
from proxy.vault import checkpoint, cosignature, note, primitives, tiles, verifier
from tests.support import vault as vaults
from tests.support import web as webs
from tests.support.ledger import Log, signed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.vault.verifier import VerifierKey
    from tests.support.database import Database
    from tests.support.web import Web

pytestmark = pytest.mark.db
FOREVER = "public, max-age=31536000, immutable"
SEEDS = {name: hashlib.sha256(name.encode()).digest() for name in ("w1.example", "w2.example")}
STRANGER = hashlib.sha256(b"stranger").digest()


def witness_key(name: str, seed: bytes | None = None) -> VerifierKey:
    """The key of an invented witness."""
    public_key = primitives.ed25519_public(seed or SEEDS[name])
    return verifier.VerifierKey(name=name, kind=verifier.Kind.COSIGNATURE, public_key=public_key)


def cosigned(text: str, *names: str, seed: bytes | None = None, at: timedelta = timedelta()) -> str:
    """A note with the lines of witnesses added."""
    found = note.parse(text)
    at_s = int((vaults.START + at).timestamp())
    lines = tuple(
        cosignature.cosigned(
            found.text, witness_key(one, seed), primitives.signer(seed or SEEDS[one]), at_s
        )
        for one in names
    )
    return note.render(note.Note(text=found.text, signatures=(*found.signatures, *lines)))


@pytest_asyncio.fixture
async def web(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    """The web role with two configured witnesses."""
    monkeypatch.setattr(public, "POLL_S", 0.02)
    file = tmp_path / "witnesses"
    keys = "".join(f"{verifier.render(witness_key(name))}\n" for name in SEEDS)
    file.write_text(f"# ours\n\n{keys}")
    async with webs.serving(tmp_path, database, file) as made:
        yield made


async def newest(web: Web) -> str:
    """The newest checkpoint as it is answered."""
    return (await web.call("GET", "checkpoint")).content.decode()


async def reason(web: Web, body: str | bytes) -> tuple[int, str]:
    """Status and code with which a cosignature is refused."""
    reply = await web.call("POST", "cosignatures", body)
    assert reply.headers["Content-Type"] == "application/problem+json"
    return reply.status, json.loads(reply.content)["code"]


async def test_the_newest_checkpoint_may_be_kept_for_an_interval(web: Web) -> None:
    """Signed by the ledger, cacheable for the interval, and stale rather than an error."""
    assert (await web.call("GET", "checkpoint")).status == 503
    size = await web.sequence(5)
    reply = await web.call("GET", "checkpoint")
    assert checkpoint.opened(reply.content.decode(), web.log).size == size
    assert reply.headers["Cache-Control"] == "public, max-age=10, stale-if-error=86400"
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    known = await web.call("GET", "checkpoint", If_None_Match=reply.headers["ETag"])
    assert (known.status, known.content) == (304, b"")
    await web.sequence()
    renewed = await web.call("GET", "checkpoint", If_None_Match=reply.headers["ETag"])
    assert renewed.status == 200
    head = await web.call("HEAD", "checkpoint")
    assert (head.status, head.content) == (200, b"")
    assert head.headers["ETag"] == renewed.headers["ETag"]


async def test_checkpoints_of_a_size_and_tiles_never_change(web: Web) -> None:
    """What has a size in its name is immutable; partial tiles, soon of no use, are kept a day."""
    first = await web.sequence(300)
    old = await newest(web)
    size = await web.sequence(40)
    reply = await web.call("GET", f"checkpoint/{first}")
    assert (reply.content.decode(), reply.headers["Cache-Control"]) == (old, FOREVER)
    rows = await web.service.administrate("SELECT commitment FROM ledger_leaf ORDER BY index")
    log = Log([row["commitment"] for row in rows])
    assert log.size == size
    for tile in [*tiles.new_tiles(0, size), tiles.Tile(level=0, number=0, width=9)]:
        reply = await web.call("GET", tiles.path(tile))
        wanted = log.tiles.get(
            tile, log.tiles[tile.whole][: tile.octets] if tile.width == 9 else b""
        )
        assert reply.content == wanted
        is_full = tile.width == tiles.WIDTH
        assert reply.headers["Cache-Control"] == (FOREVER if is_full else "public, max-age=86400")
        assert reply.headers["Content-Type"] == "application/octet-stream"
        assert (await web.call("HEAD", tiles.path(tile))).headers["Content-Length"] == str(
            tile.octets
        )


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",  # not full yet
        "tile/0/000.p/17",  # beyond the tree
        "tile/entries/000.p/17",
        "tile/1/000.p/1",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/..%2f..%2fvkey",
        "tile/64/000",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "checkpoint/5",
        "checkpoint/016",
        "checkpoint/99999999999999999999",
        "checkpoint/witnessed",
        "nothing",
    ],
)
async def test_what_the_tree_lacks_is_not_there_for_a_moment(web: Web, path: str) -> None:
    """No tile or checkpoint outside the newest tree, and a no is kept for seconds at most."""
    await web.sequence(9)
    reply = await web.call("GET", path)
    assert reply.status == 404
    assert reply.headers["Cache-Control"] in {"public, max-age=5", "no-store"}
    assert reply.headers["Content-Type"] == "application/problem+json"


async def test_a_leaf_beyond_the_checkpoint_is_not_served(web: Web) -> None:
    """Rows that no checkpoint covers yet stay unseen."""
    size = await web.sequence(9)
    await web.service.administrate("INSERT INTO ledger_leaf VALUES ($1, sha256('x'))", size)
    assert (await web.call("GET", f"tile/entries/000.p/{size + 1}")).status == 404


async def test_every_answer_has_the_fixed_headers(web: Web) -> None:
    """Nothing is sniffed, framed or run; the program's version is not told."""
    await web.sequence()
    for path in ("checkpoint", "vkey", "witnesses", "nothing"):
        headers = (await web.call("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Server"] == "privacyproxy"
    unreadable = await web.call("NONSENSE", "checkpoint")
    assert (unreadable.status, unreadable.headers["Server"]) == (400, "privacyproxy")


async def test_keys_are_told(web: Web) -> None:
    """The ledger's verifier key, and those of the witnesses that it takes."""
    reply = await web.call("GET", "vkey")
    assert reply.content.decode() == f"{verifier.render(web.log)}\n"
    lines = (await web.call("GET", "witnesses")).content.decode().splitlines()
    assert [verifier.parse(one) for one in lines] == [witness_key(name) for name in SEEDS]


async def test_the_newest_checkpoint_outlives_the_database(web: Web) -> None:
    """While the database is away the last checkpoint is answered; tiles are not, and say so."""
    await web.sequence(9)
    before = await newest(web)
    async with web.without_database():
        assert await newest(web) == before
        reply = await web.call("GET", "tile/0/000.p/16")
        assert reply.status == 503
        assert reply.headers["Cache-Control"] == "no-store"
        assert await newest(web) == before
    assert (await web.call("GET", "tile/0/000.p/16")).status == 200


async def test_a_cosignature_is_taken_and_shown(web: Web) -> None:
    """Lines of configured witnesses stand under the newest checkpoint, each once."""
    size = await web.sequence(9)
    bare = await newest(web)
    for sent in (
        cosigned(bare, "w1.example"),
        cosigned(bare, "w1.example", at=timedelta(minutes=1)),  # a later one of the same
        cosigned(bare, "w2.example", "w1.example"),
    ):
        assert (await web.call("POST", "cosignatures", sent)).status == 204
    assert web.metrics.counter("web_cosignatures_total").value == 2
    keys = [witness_key(name) for name in SEEDS]
    found = note.parse(await newest(web))
    times = cosignature.witnessed(found, keys, now=vaults.START, leeway=timedelta())
    assert set(times) == set(keys)
    assert set(times.values()) == {int(vaults.START.timestamp())}
    assert (await web.call("GET", f"checkpoint/{size}")).content.decode() == bare
    await web.sequence()
    witnessed = (await web.call("GET", "checkpoint/witnessed")).content.decode()
    assert witnessed == note.render(found)


async def test_a_cosigned_note_handed_in_again_changes_nothing(web: Web) -> None:
    """Anybody may repeat what is public: nothing is written, read anew or counted."""
    await web.sequence(9)
    sent = cosigned(await newest(web), "w1.example")
    assert (await web.call("POST", "cosignatures", sent)).status == 204
    public_note = await newest(web)
    assert "w1.example" in public_note
    # What would be written now is refused; what is not written is not.
    await web.rewrite("REVOKE INSERT ON ledger_cosignature FROM pp_web")
    assert (await web.call("POST", "cosignatures", public_note)).status == 204
    assert web.metrics.counter("web_cosignatures_total").value == 1


async def test_lines_that_do_not_hold_are_not_shown(web: Web) -> None:
    """Whoever can write the table shows no junk, no line of others, none twice."""
    size = await web.sequence(9)
    bare = await newest(web)
    good = cosigned(bare, "w2.example").splitlines()[-1] + "\n"
    forged = f"{good[:-40]}{'B' if good[-40] == 'A' else 'A'}{good[-39:]}"
    w1, w2 = (public.witness_id(witness_key(name)) for name in SEEDS)
    insert = "INSERT INTO ledger_cosignature VALUES ($1, $2, $3, now())"
    for witness, line in ((w1, "junk\x1b[2J\n"), (w2, forged), ("a", good), ("b", "x\n")):
        await web.service.administrate(insert, size, witness, line)
    await web.sequence()
    assert (await web.call("GET", "checkpoint/witnessed")).status == 404
    await web.rewrite("DELETE FROM ledger_cosignature")
    for witness, line in ((w1, good), (w2, good)):  # the second, once more under another id
        await web.service.administrate(insert, size, witness, line)
    witnessed = (await web.call("GET", "checkpoint/witnessed")).content.decode()
    assert witnessed == bare + good


async def test_a_checkpoint_that_the_ledger_did_not_sign_is_not_shown(web: Web) -> None:
    """A rewritten note is neither answered nor cached; what was seen before stays."""
    size = await web.sequence(9)
    before = await newest(web)
    await web.rewrite(
        "UPDATE ledger_checkpoint SET note = replace(note, $1, $2)", f"\n{size}\n", "\n12\n"
    )
    reply = await web.call("GET", f"checkpoint/{size}")
    assert (reply.status, reply.headers["Cache-Control"]) == (404, "public, max-age=5")
    sent = cosigned(before, "w1.example")
    assert await reason(web, sent) == (409, "checkpoint_other")
    assert await newest(web) == before
    looking = public.PublicLedger(
        pool=web.service.pool,
        clock=web.service.vault.clock,
        metrics=Registry(),
        log_key=web.log,
        witnesses=(),
        interval_s=10,
        admit=lambda _: None,
    )
    with pytest.raises(Refused, match="note_signature"):
        await looking.refresh()


async def test_strangers_are_limited_where_they_need_no_key(
    tmp_path: Path, database: Database
) -> None:
    """Cosignatures and the approvers' routes share a limit per client; reading has none."""
    async with webs.serving(
        tmp_path, database, approvals_rate_limit=RateLimit(requests=2, seconds=3_600)
    ) as web:
        await web.sequence(3)
        assert await reason(web, "x") == (422, "note_malformed")
        assert (await web.call("GET", "../approvals/rosters")).status == 503  # no vault here
        for method, path in (
            ("POST", "cosignatures"),
            ("GET", "../approvals/rosters"),
            ("GET", "../approvals/order/x"),
            ("GET", "../approvals/orders/x"),
            ("POST", "../approvals/orders/x/votes"),
            ("POST", "../approvals/orders/x/objections"),
            ("POST", f"../approvals/rosters/{'0' * 64}/objections"),
        ):
            reply = await web.call(method, path, "x" if method == "POST" else None)
            assert (reply.status, json.loads(reply.content)["code"]) == (429, "rate_limited")
            assert 1_000 < int(reply.headers["Retry-After"]) <= 3_600
        assert (await web.call("GET", "checkpoint")).status == 200


async def test_a_cosignature_must_be_a_witness_of_ours(web: Web) -> None:
    """Forged lines, unknown witnesses, other keys under a known name: nothing is kept."""
    await web.sequence(9)
    bare = await newest(web)
    good = cosigned(bare, "w1.example")
    blob = good.splitlines()[-1].split(" ")[-1]
    forged = good.replace(blob, f"{blob[:40]}{'B' if blob[40] == 'A' else 'A'}{blob[41:]}")
    assert await reason(web, forged) == (403, "note_signature")
    assert await reason(web, bare) == (403, "witness_unknown")
    assert await reason(web, cosigned(bare, "w1.example", seed=STRANGER)) == (
        403,
        "witness_unknown",
    )
    late = cosigned(bare, "w1.example", at=timedelta(minutes=6))
    assert await reason(web, late) == (403, "cosignature_time")
    assert await web.service.administrate("SELECT 1 FROM ledger_cosignature") == []
    assert await newest(web) == bare


async def test_a_cosignature_must_be_of_a_checkpoint_of_ours(web: Web) -> None:
    """Another root, another size, another ledger: refused, and disputed ones are counted."""
    size = await web.sequence(9)
    bare = note.parse(await newest(web))
    lines = bare.text.splitlines()
    for text in (
        f"{lines[0]}\n{size}\n{'A' * 43}=\n",
        f"{lines[0]}\n{size + 4}\n{lines[2]}\n",
        f"{bare.text}an extension\n",
    ):
        other = note.render(note.Note(text=text, signatures=bare.signatures))
        assert await reason(web, cosigned(other, "w1.example")) == (409, "checkpoint_other")
    assert web.metrics.counter("web_checkpoints_disputed_total").value == 3
    foreign = signed(Log([bytes(32)]).checkpoint())
    assert await reason(web, cosigned(foreign, "w1.example")) == (403, "checkpoint_origin")
    assert await web.service.administrate("SELECT 1 FROM ledger_cosignature") == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "note_malformed"),
        (b"\xff\xfe", 422, "note_malformed"),
        (b"no note\n", 422, "note_malformed"),
        (b"x" * 8_193, 413, "body_too_large"),
        (b"x" * 100_000, 413, "body_too_large"),
    ],
)
async def test_what_is_no_note_is_not_taken(web: Web, body: bytes, status: int, code: str) -> None:
    """A body that is too long or no note gets its reason."""
    await web.sequence()
    assert await reason(web, body) == (status, code)


def test_a_file_of_witnesses_names_its_faulty_line() -> None:
    """A key of another kind or a damaged one is refused with the number of its line."""
    good = verifier.render(witness_key("w1.example"))
    assert public.parse_witnesses(f"# a\n\n{good}\n") == (witness_key("w1.example"),)
    log_key = verifier.render(note.log_key(primitives.ed25519_public(STRANGER)))
    for bad in (log_key, good[:-2], "x"):
        with pytest.raises(InvalidInput, match="ledger_witnesses") as fault:
            public.parse_witnesses(f"{good}\n{bad}\n")
        assert "Line 2" in fault.value.detail


def test_the_web_role_does_not_start_without_its_files(tmp_path: Path) -> None:
    """A ledger's key or a list of witnesses that can not be used is named before anything opens."""
    bad = tmp_path / "bad"
    bad.write_text("nothing\n")
    for read, path, code in (
        (web_role._log_key, bad, "ledger_key"),
        (web_role._log_key, tmp_path / "absent", "file"),
        (web_role._witnesses, bad, "ledger_witnesses"),
        (web_role._witnesses, tmp_path / "absent", "file"),
    ):
        with pytest.raises(Unavailable, match=code) as fault:
            read(path)
        assert str(path) in fault.value.detail
    assert web_role._witnesses(None) == ()
