"""Reading evidence: to whom the vault opens a file, to what key, and what rows can not do."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import os
import shutil
import socket
import tempfile
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.apps.vault import VaultServer
from proxy.errors import ProxyError, Refused, Unavailable
from proxy.hosting.vault_calls import VaultCaller
from proxy.model.case import CaseId, EvidenceId
from proxy.model.evidence import PIECE_OCTETS
from proxy.model.roster import DeploymentId, StaffRole
from proxy.run import reading_desk
from proxy.run.vault_answers import Answers
from proxy.services import keep_evidence
from proxy.store import pool as pools
from proxy.vault import grants
from proxy.vault.grants import Budget, Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import frames
from tests.support import cases as support
from tests.support import openings
from tests.support import vault as vaults
from tests.support.openings import Desk, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.cases import Opened
    from tests.support.database import Database

pytestmark = pytest.mark.db

CONTENT = b"somebody's private words; " * 30_000  # a dozen pieces


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case with its vault."""
    async with vaults.service(tmp_path, database) as service:
        yield await support.opened(service)


async def kept(case: Opened, content: bytes = CONTENT, **changes: Any) -> Any:
    """A file that the vault has adopted."""
    made = await case.add(content, **changes)
    await case.service.rounds.adopt()
    return made


async def refused(case: Opened, request: frames.ReadEvidence, desk: Desk | None = None) -> str:
    """The code of a refusal."""
    try:
        await support.parts(openings.openings(case.service, desk), request)
    except ProxyError as fault:
        return fault.code
    raise AssertionError


@pytest.mark.parametrize("octets", [1, PIECE_OCTETS, 8 * PIECE_OCTETS, len(CONTENT)])
async def test_the_reader_gets_the_file_and_its_header(case: Opened, octets: int) -> None:
    """On their own machine the file is whole, and says what it is."""
    made = await kept(case, CONTENT[:octets], name="letter.txt")
    prepared = case.reading(made.id)
    parts = await support.parts(openings.openings(case.service), support.asking(prepared))
    content, header = await support.received(prepared, parts, made.sha256)
    assert content == CONTENT[:octets]
    assert (header.kind, header.media_type, header.name) == ("letter", "text/plain", "letter.txt")


async def test_who_carries_the_parts_reads_nothing(case: Opened) -> None:
    """No part holds words, nor opens to another reading's key; name and type are sealed too."""
    made = await kept(case, name="letter.txt")
    prepared, other = case.reading(made.id), case.reading(made.id)
    room = openings.openings(case.service)
    parts = await support.parts(room, support.asking(prepared))
    assert not any(mark in one for one in parts for mark in (b"private", b"letter", b"text"))
    with pytest.raises(Refused, match="reading_part"):
        await support.received(other, parts, made.sha256)


async def test_parts_can_not_be_swapped_dropped_or_repeated(case: Opened) -> None:
    """Each is bound to its place, and the last says that it is."""
    made = await kept(case)
    prepared = case.reading(made.id)
    parts = await support.parts(openings.openings(case.service), support.asking(prepared))
    for wrong, code in [
        ([parts[0], parts[2], parts[1], *parts[3:]], "reading_part"),
        (parts[:-1], "reading_incomplete"),
        (parts[1:], "reading_part"),
        ([*parts, parts[-1]], "reading_part"),
        ([], "reading_incomplete"),
    ]:
        with pytest.raises(Refused, match=code):
            await support.received(prepared, wrong, made.sha256)
    with pytest.raises(Refused, match="reading_sha256"):
        await support.received(prepared, parts, "00" * 32)


async def test_an_entry_says_who_read_what_before_it_is_opened(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Person, file and the reason's hash; durable also if the opening itself then fails."""
    made = await kept(case)
    prepared = case.reading(made.id)

    def fail(*_: object) -> None:
        raise Refused("stopped")

    monkeypatch.setattr(VaultOpenings, "piece", fail)
    assert await refused(case, support.asking(prepared)) == "stopped"
    (entry,) = [one for one in entries(case.service) if one["kind"] == "evidence_read"]
    assert entry["subject"] == str(case.id)
    facts = entry["facts"]
    assert (facts["person"], facts["evidence"]) == ("anna", str(made.id))
    assert "weighed" not in str(entry)


async def test_only_members_whose_work_it_is(case: Opened) -> None:
    """The roles asked for are those that weigh evidence; a false signature is refused."""
    made = await kept(case)
    desk = Desk()
    await support.parts(
        openings.openings(case.service, desk), support.asking(case.reading(made.id))
    )
    ((_, roles),) = desk.asked
    assert {StaffRole.RELEASER, StaffRole.AUDITOR} == set(StaffRole) - roles
    false = dataclasses.replace(case.reading(made.id), message=bytes(32))
    assert await refused(case, support.asking(false)) == "signature"
    searching = case.match()
    mixed = frames.ReadEvidence(
        document=case.reading(made.id).document, signature=support.signed(searching)
    )
    assert await refused(case, mixed) == "signature"


async def test_a_document_is_fresh_ours_and_good_once(case: Opened) -> None:
    """Of this installation, within five minutes, and never again."""
    made = await kept(case)
    now = vaults.START
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"deployment": DeploymentId("00" * 16)}, "paper_deployment"),
        ({"now": now - timedelta(minutes=5, seconds=1)}, "paper_time"),
        ({"now": now + timedelta(minutes=5, seconds=1)}, "paper_time"),
    ]
    for given, code in wrong:
        assert await refused(case, support.asking(case.reading(made.id, **given))) == code
    asked = support.asking(case.reading(made.id))
    await support.parts(openings.openings(case.service), asked)
    assert await refused(case, asked) == "paper_repeated"
    case.service.reopen()
    assert await refused(case, asked) == "paper_repeated"


async def test_who_has_a_conflict_reads_nothing(case: Opened) -> None:
    """As the case's chain says; others go on."""
    made = await kept(case)
    await case.tell("conflict_declared", person="anna")
    assert await refused(case, support.asking(case.reading(made.id))) == "conflicted"
    room = openings.openings(case.service)
    await support.parts(room, support.asking(case.reading(made.id), "ben"))


async def test_budgets_end_a_theft(case: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person's and everybody's; the same file again costs nothing more."""
    files = [await kept(case, bytes([65 + one])) for one in range(4)]
    monkeypatch.setitem(grants.BUDGETS, Grant.EVIDENCE, Budget(most=2, hours=24))
    monkeypatch.setattr(grants, "EVIDENCE_IN_ALL", Budget(most=3, hours=24))
    room = openings.openings(case.service)
    for one in (files[0], files[1], files[0]):
        await support.parts(room, support.asking(case.reading(one.id)))
    assert await refused(case, support.asking(case.reading(files[2].id))) == "budget"
    await support.parts(room, support.asking(case.reading(files[2].id), "ben"))
    assert await refused(case, support.asking(case.reading(files[3].id), "ben")) == "budget"


async def test_what_is_not_there_or_not_adopted(case: Opened) -> None:
    """Codes of their own, and no alarm."""
    made = await case.add(b"a")
    assert await refused(case, support.asking(case.reading(made.id))) == "not_adopted"
    other = case.reading(EvidenceId(uuid4()))
    assert await refused(case, support.asking(other)) == "evidence_unknown"
    nowhere = case.reading(made.id, case_id=CaseId(uuid4()))
    assert await refused(case, support.asking(nowhere)) == "case_unknown"
    assert openings.alarms(case.service) == 0


@pytest.mark.parametrize("key", ["00" * 32, "01" + "00" * 31])
async def test_a_key_that_keeps_nothing_is_refused(case: Opened, key: str) -> None:
    """A point of small order, under which everybody could read."""
    made = await kept(case, b"a")
    prepared = case.reading(made.id)
    public = prepared.document.split('"key":"')[1][:64]
    document = prepared.document.replace(public, key)
    assert (
        await refused(
            case, frames.ReadEvidence(document=document, signature=support.signed(prepared))
        )
        == "document_malformed"
    )


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        ("UPDATE evidence SET sha256 = decode(repeat('00', 32), 'hex')", "evidence_forged"),
        ("UPDATE evidence SET records = records - 1 WHERE records > 2", "evidence_forged"),
        ("UPDATE evidence SET records = 5000 WHERE records > 2", "evidence_forged"),
        ("UPDATE evidence SET first_version = first_version + 1", "evidence_forged"),
        (
            """UPDATE evidence SET first_version = o.first_version, records = o.records
               FROM evidence o WHERE evidence.records > 2 AND o.records = 1""",
            "evidence_forged",
        ),
        ("DELETE FROM evidence", "evidence_forged"),
        (
            """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
               FROM sealed_record b WHERE a.class = 'evidence' AND b.class = 'evidence'
               AND b.version = a.version + 1""",
            "record_forged",
        ),
        ("DELETE FROM sealed_record WHERE class = 'evidence'", "record_missing"),
        (
            """UPDATE sealed_record SET record = set_byte(record, 200, get_byte(record, 200) # 1)
               WHERE class = 'evidence'""",
            "record_forged",
        ),
    ],
)
async def test_a_superuser_can_not_pass_off_another_file(
    case: Opened, attack: str, code: str
) -> None:
    """Rows that were swapped, cut, moved, forged or deleted end in an alarm, never in a file."""
    await kept(case, b"another file")
    made = await kept(case)
    await case.service.administrate(attack)
    assert await refused(case, support.asking(case.reading(made.id))) == code
    assert openings.alarms(case.service) == 1


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        ("UPDATE case_event SET actor = 'ben' WHERE seq = 2", "case_forged"),
        ("UPDATE case_event SET facts = '{}' WHERE act = 'conflict_declared'", "case_forged"),
        ("DELETE FROM case_event WHERE seq = 3", "case_rolled_back"),
        ("DELETE FROM case_event WHERE seq = 1", "case_forged"),
        ("DELETE FROM case_event WHERE seq < 3", "case_forged"),
        ("DELETE FROM case_event", "case_rolled_back"),
    ],
)
async def test_a_superuser_can_not_take_an_event_back(case: Opened, attack: str, code: str) -> None:
    """A conflict that the vault has seen stays, whatever happens to the rows."""
    made = await kept(case)
    await case.tell("conflict_declared", person="anna")
    assert await refused(case, support.asking(case.reading(made.id))) == "conflicted"
    async with pools.connected(case.service.database.superuser()) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(attack)
    assert await refused(case, support.asking(case.reading(made.id))) == code
    assert openings.alarms(case.service) == 1


async def test_a_file_of_another_case_is_not_this_ones(case: Opened) -> None:
    """Its row copied over gives nothing: the chain does not have it, nor do its records open."""
    other = await support.opened(case.service)
    theirs = await kept(other)
    await case.service.administrate(
        """INSERT INTO evidence SELECT $1, id, kind, media_type, octets, sha256, first_version,
             records, added_by, added_at FROM evidence""",
        case.id,
    )
    assert await refused(case, support.asking(case.reading(theirs.id))) == "evidence_unknown"
    await case.tell("evidence_added", evidence=str(theirs.id), kind="letter", sha256=theirs.sha256)
    await case.service.administrate(
        """INSERT INTO sealed_record SELECT tenant_id, $1, class, version, NULL, kek_epoch, record,
             wrapped_dek FROM sealed_record WHERE class = 'evidence'""",
        case.id,
    )
    assert await refused(case, support.asking(case.reading(theirs.id))) == "record_unknown"


async def test_a_document_needs_a_reason(case: Opened) -> None:
    """The desk says so before anybody signs."""
    with pytest.raises(ProxyError, match="document_malformed"):
        case.reading(EvidenceId(uuid4()), reason=" ")
    with pytest.raises(ProxyError, match="reading_key"):
        await reading_desk.receive(case.match(), support.chunks(b""), print, sha256="")


@contextlib.asynccontextmanager
async def served(case: Opened) -> AsyncIterator[VaultCaller]:
    """The vault on a socket, and the web role's way to it."""
    folder = Path(tempfile.mkdtemp(prefix="pp-read-"))  # short: a socket's path has a limit
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(folder / "vault.web"))
    listener.listen()
    listener.setblocking(False)
    server = VaultServer(
        listeners={"web": (listener,)},
        users={"web": os.getuid()},
        answer=Answers(openings.openings(case.service).commands()).answer,
    )
    await server.start()
    try:
        yield VaultCaller(folder, "web")
    finally:
        server.close()
        shutil.rmtree(folder)


async def test_a_file_comes_over_the_socket_part_by_part(case: Opened) -> None:
    """As the web role passes it on; a refusal is raised, also one in the middle of a file."""
    made = await kept(case)
    async with served(case) as caller:
        prepared = case.reading(made.id)
        answers = [one async for one in caller.answers(support.asking(prepared))]
        parts = [base64.b64decode(str(one["part"])) for one in answers[:-1]]
        content, _ = await support.received(prepared, parts, made.sha256)
        assert content == CONTENT
        with pytest.raises(Refused, match="paper_repeated"):
            await anext(caller.answers(support.asking(prepared)))
        rows = await case.service.administrate("SELECT max(version) AS v FROM sealed_record")
        await case.service.administrate(
            "DELETE FROM sealed_record WHERE class = 'evidence' AND version = $1", rows[0]["v"]
        )
        answers_cut = caller.answers(support.asking(case.reading(made.id)))
        before_it = [await anext(answers_cut) for _ in range(9)]
        assert all("part" in one for one in before_it)
        with pytest.raises(Refused, match="record_missing"):
            await anext(answers_cut)


async def test_a_vault_that_is_away_is_unavailable(case: Opened, tmp_path: Path) -> None:
    """The web role says so instead of hanging."""
    with pytest.raises(Unavailable, match="vault"):
        await anext(VaultCaller(tmp_path, "web").answers(frames.ShowSession(session="x")))


async def test_a_slow_reader_holds_up_nobody(case: Opened) -> None:
    """Between parts the vault's rounds have their turn."""
    made = await kept(case)
    _, handle = openings.openings(case.service).commands()[frames.ReadEvidence]
    answers = handle(Caller.WEB, support.asking(case.reading(made.id)))
    await anext(answers)
    assert not case.service.rooms.turn.locked()
    await case.service.rounds.adopt()
    assert len([one async for one in answers]) > 10


async def test_a_web_process_that_lied_about_a_hash_is_found_out(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that does not come to what event and row say ends in an alarm instead of `done`."""
    lying = SimpleNamespace(sha256=lambda: hashlib.sha256(b"something else"))
    with monkeypatch.context() as patched:
        patched.setattr(keep_evidence, "hashlib", lying)
        made = await kept(case)
    assert await refused(case, support.asking(case.reading(made.id))) == "evidence_forged"
    assert openings.alarms(case.service) == 1
