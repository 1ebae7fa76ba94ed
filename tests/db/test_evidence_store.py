"""Files handed in with a case: what is kept, what is refused, and what an upload leaves behind."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Conflict, InvalidInput, NotFound
from proxy.model.evidence import MOST_PIECES, PIECE_OCTETS
from proxy.model.identifiers import RecordClass
from proxy.services import keep_evidence
from proxy.store import evidence as store
from proxy.store import pool as pools
from tests.support import cases as support
from tests.support import openings
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cases import Opened
    from tests.support.database import Database

pytestmark = pytest.mark.db

MARK = b"somebody's private words"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
MAIL = b"From: somebody@example.org\r\nSubject: hello\r\n\r\nhello \xe9\r\n"
ARMOUR = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello\n"


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case with its vault."""
    async with vaults.service(tmp_path, database) as service:
        yield await support.opened(service)


async def left(case: Opened) -> list[int]:
    """How many rows of files, evidence records, submissions and events of files there are."""
    rows = await case.service.administrate(
        """SELECT (SELECT count(*) FROM evidence) AS a,
             (SELECT count(*) FROM sealed_record WHERE class = 'evidence') AS b,
             (SELECT count(*) FROM submission) AS c,
             (SELECT count(*) FROM case_event WHERE act = 'evidence_added') AS d"""
    )
    return [rows[0][one] for one in "abcd"]


@pytest.mark.parametrize(
    "octets", [1, PIECE_OCTETS - 1, PIECE_OCTETS, PIECE_OCTETS + 1, 11 * PIECE_OCTETS + 5]
)
async def test_a_file_is_kept_in_pieces_and_named_by_an_event(case: Opened, octets: int) -> None:
    """Row, event and answer agree on id, length and hash; the records are adopted and check."""
    content = (b"0123456789abcdef" * (octets // 16 + 1))[:octets]
    made = await case.add(content)
    assert (made.sha256, made.octets) == (hashlib.sha256(content).hexdigest(), octets)
    rows = await case.service.administrate("SELECT * FROM evidence")
    assert [(one["id"], one["octets"], one["sha256"].hex(), one["records"]) for one in rows] == [
        (made.id, octets, made.sha256, -(-octets // PIECE_OCTETS))
    ]
    assert (rows[0]["first_version"] - 1) % MOST_PIECES == 0
    events = await case.service.administrate(
        "SELECT facts FROM case_event WHERE act = 'evidence_added'"
    )
    assert [json.loads(one["facts"]) for one in events] == [
        {"evidence": str(made.id), "kind": "letter", "sha256": made.sha256}
    ]
    await case.service.rounds.adopt()
    found = await openings.rows(case.service, RecordClass.EVIDENCE)
    assert len(found) == rows[0]["records"]
    assert set(case.service.vault.walls.examiner.examine(found)) == {None}


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/pdf", b"%PDF-1.7\n" + bytes(9)),
        ("image/png", PNG),
        ("image/jpeg", b"\xff\xd8\xff\xe0" + bytes(20)),
        ("message/rfc822", MAIL),
        ("application/json", b' {"a": 1}'),
        ("application/pgp-signature", ARMOUR),
        ("text/plain", "größer".encode()),
    ],
)
async def test_allowed_files_are_taken(case: Opened, media_type: str, content: bytes) -> None:
    """Each by its own first octets."""
    assert (await case.add(content, media_type=media_type)).octets == len(content)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/pdf", PNG),
        ("image/png", b"\xff\xd8\xff" + bytes(20)),
        ("image/jpeg", b"GIF89a"),
        ("application/json", b"hello"),
        ("application/pgp-signature", b"hello"),
        ("application/pgp-signature", ARMOUR + b"\xff"),
        ("message/rfc822", b"hello\n"),
        ("message/rfc822", MAIL + b"\0"),
        ("text/plain", b"%PDF-1.7"),
        ("text/plain", PNG),
        ("text/plain", b"a" * 700_000 + b"\x1b[2J"),
        ("text/plain", b"a" * 700_000 + b"\xff"),
        ("text/plain", b"half a letter \xc3"),
        ("text/html", b"<p>hello"),
        ("image/svg+xml", b"<svg/>"),
        ("application/octet-stream", b"MZ"),
    ],
)
async def test_a_file_that_lies_about_its_type_is_refused(
    case: Opened, media_type: str, content: bytes
) -> None:
    """Also where only its end shows it; nothing of it is left."""
    before = await left(case)
    with pytest.raises(InvalidInput, match="evidence_type"):
        await case.add(content, media_type=media_type)
    assert await left(case) == before


@pytest.mark.parametrize(
    ("changes", "content", "code"),
    [
        ({}, b"", "evidence_empty"),
        ({}, b"a" * (support.LIMIT + 1), "evidence_too_large"),
        ({"kind": "Letter"}, b"a", "evidence_kind"),
        ({"name": "a\nb"}, b"a", "evidence_name"),
        ({"name": "a" * 201}, b"a", "evidence_name"),
    ],
)
async def test_other_faults_leave_nothing(
    case: Opened, changes: dict[str, Any], content: bytes, code: str
) -> None:
    """Refused with a reason of its own."""
    before = await left(case)
    with pytest.raises(InvalidInput, match=code):
        await case.add(content, **changes)
    assert await left(case) == before


async def test_an_upload_that_breaks_off_leaves_nothing(case: Opened) -> None:
    """However much of it was written by then; inside a caller's transaction as well."""

    class Gone(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield bytes([65]) * PIECE_OCTETS
        raise Gone

    before = await left(case)
    async with (
        pools.connected(case.service.database.access("web")) as connection,
        connection.transaction(),
    ):
        with pytest.raises(Gone):
            await keep_evidence.add(
                connection, case.desk, case.offered(), broken(), now=vaults.START
            )
    assert await left(case) == before


async def test_a_case_is_not_held_while_a_file_comes(case: Opened) -> None:
    """Others act on a case while a slow line delivers; both stand in the chain."""

    async def slow() -> AsyncIterator[bytes]:
        yield b"a" * (9 * PIECE_OCTETS)
        await case.tell("noted", evidence="x")
        yield b"b"

    async with pools.connected(case.service.database.access("web")) as connection:
        await keep_evidence.add(connection, case.desk, case.offered(), slow(), now=vaults.START)
    rows = await case.service.administrate("SELECT act FROM case_event ORDER BY seq")
    assert [one["act"] for one in rows] == ["open", "noted", "evidence_added"]


async def test_two_files_do_not_share_versions(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where chance picks a block that is taken another is picked; at the same time, one is told."""
    picks = [7, 7, 8]
    desk = case.desk
    random = desk.random

    def loaded(octets: int) -> bytes:
        return picks.pop(0).to_bytes(8) if octets == 8 and picks else random(octets)

    loaded_desk = keep_evidence.Desk(sealer=desk.sealer, random=loaded, limit_octets=100)
    async with pools.connected(case.service.database.access("web")) as connection:
        for _ in range(2):
            await keep_evidence.add(
                connection, loaded_desk, case.offered(), support.chunks(b"a"), now=vaults.START
            )
    rows = await case.service.administrate("SELECT first_version FROM evidence ORDER BY 1")
    assert [one["first_version"] for one in rows] == [7 * MOST_PIECES + 1, 8 * MOST_PIECES + 1]
    picks.append(8)

    async def free(*_: object) -> bool:
        return False

    monkeypatch.setattr(store, "is_taken", free)
    async with pools.connected(case.service.database.access("web")) as connection:
        with pytest.raises(Conflict, match="evidence_clash"):
            await keep_evidence.add(
                connection, loaded_desk, case.offered(), support.chunks(b"a"), now=vaults.START
            )


async def test_memory_does_not_grow_with_the_file(case: Opened) -> None:
    """Twenty megabytes take no more of it than some hand-overs do."""
    size = 20 << 20

    async def long() -> AsyncIterator[bytes]:
        for _ in range(size // PIECE_OCTETS):
            yield b"a" * PIECE_OCTETS

    desk = keep_evidence.Desk(sealer=case.desk.sealer, random=case.desk.random, limit_octets=size)
    async with pools.connected(case.service.database.access("web")) as connection:
        tracemalloc.start()
        try:
            await keep_evidence.add(connection, desk, case.offered(), long(), now=vaults.START)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8 << 20


async def test_what_people_write_is_kept_alike(case: Opened) -> None:
    """A text is a file; one that is no text is refused."""
    made = await case.add_text("Ich widerspreche.", kind="objection")
    assert made.sha256 == hashlib.sha256(b"Ich widerspreche.").hexdigest()
    with pytest.raises(InvalidInput, match="evidence_type"):
        await case.add_text("\ud800")


async def test_nothing_plain_is_written(case: Opened) -> None:
    """Neither words nor file name stand in any table."""
    await case.add(MARK * 10, name="marlene-letter.txt")
    for table in ("evidence", "sealed_record", "submission", "case_event", "ledger_entry"):
        rows = await case.service.administrate(f"SELECT t::text AS t FROM {table} t")  # noqa: S608 - names from above
        text = " ".join(one["t"] for one in rows)
        for mark in (MARK, b"marlene-letter"):
            assert mark.decode() not in text
            assert mark.hex() not in text


async def test_a_case_that_is_not_there_takes_nothing(case: Opened) -> None:
    """No file without a case."""
    with pytest.raises(NotFound, match="case_unknown"):
        await case.add(b"a", case_id=vaults.TENANT)
