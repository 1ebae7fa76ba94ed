"""Letters in the outbox: sent and noted as notices are, told to no case, withheld by a code."""

from __future__ import annotations

import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519

from proxy.errors import Refused
from proxy.hosting.process import Paths
from proxy.metrics import Registry
from proxy.model.case import NoticeId
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.letter import WITHHELD, AboutRegistration, LetterKind, QueuedLetter
from proxy.rules import notice_retries
from proxy.run import relay as relay_role
from proxy.services import note_deliveries
from proxy.store import notices as store
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import relay as sealing
from proxy.wire import frames
from tests.support import notices as support

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from proxy.model.case import CaseId
    from proxy.model.notice import NoticeResult
    from proxy.store.pool import Connection, Pool
    from proxy.wire.frames import Answer, Request
    from tests.support.database import Database

pytestmark = pytest.mark.db

ABOUT = AboutRegistration(
    tenant_id=TenantId(uuid4()),
    registration_id=RegistrationId(uuid4()),
    kind=LetterKind.EMAIL_VERIFICATION,
)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """The relay's connections."""
    made = await pools.open_pool(database.access(LoginRole.RELAY), max_size=4)
    yield made
    await made.close()


async def queue(database: Database, notice_id: NoticeId | None = None) -> NoticeId:
    """A letter that waits."""
    found = notice_id or NoticeId(uuid4())
    letter = QueuedLetter(
        id=found, about=ABOUT, template="n17_test", domain="kaveri-silk.example", subject="3"
    )
    async with pools.connected(database.access(LoginRole.WORKER)) as connection:
        await store.queue_letters(connection, [letter], support.START)
    return found


async def row(database: Database, notice_id: NoticeId) -> pools.Record:
    """What stands of a letter."""
    async with pools.connected(database.superuser()) as connection:
        (found,) = await connection.fetch("SELECT * FROM notice WHERE id = $1", notice_id)
        return found


async def test_a_letter_is_sent_as_a_notice_is(pool: Pool, database: Database) -> None:
    """With its registration's name and reference; accepted once; queued twice it goes out once."""
    notice_id = await queue(database)
    await queue(database, notice_id)
    mail, vault = support.FakeMail(), support.FakeVault(token="t" * 43)
    sender = support.sender(pool, support.Clock(), mail, vault, Registry())
    assert await sender.round() == 1
    assert await sender.round() == 0
    assert vault.asked == [notice_id]
    assert len(mail.sent) == 1
    assert b"2 facts." in mail.sent[0][0]
    found = await row(database, notice_id)
    assert (found["state"], found["purpose"], found["subject"]) == ("delivered", "verify", "3")


@pytest.mark.parametrize("reason", sorted(WITHHELD))
async def test_a_letter_without_a_reason_is_withheld(
    pool: Pool, database: Database, reason: str
) -> None:
    """For good, and its row says why."""
    notice_id = await queue(database)
    mail, vault = support.FakeMail(), support.FakeVault(refusal=Refused(reason))
    sender = support.sender(pool, support.Clock(), mail, vault, Registry())
    await sender.round()
    found = await row(database, notice_id)
    assert (found["state"], found["reason"], mail.sent) == ("withheld", reason, [])


async def test_a_letter_waits_longer_for_a_budget_than_a_notice(
    pool: Pool, database: Database
) -> None:
    """An hour and a part of one that its id says, so that not all come back at once."""
    letters = [await queue(database, NoticeId(UUID(int=number))) for number in (7200, 7201, 9000)]
    case_id = await support.open_case(database)
    case_notice = await support.queue(database, case_id, now=support.START)
    vault = support.FakeVault(refusal=Refused("budget"))
    await support.sender(pool, support.Clock(), support.FakeMail(), vault, Registry()).round()
    waits = [
        (await row(database, one))["try_after"] - support.START for one in (*letters, case_notice)
    ]
    assert waits == [
        timedelta(hours=1),
        timedelta(hours=1, seconds=1),
        timedelta(hours=1.5),
        notice_retries.OWN_FAULT,
    ]


async def test_notices_of_cases_go_before_any_letter(pool: Pool, database: Database) -> None:
    """However many letters have waited for longer, in a round of any size; letters fill it up."""
    letters = [await queue(database) for _ in range(4)]
    case_id = await support.open_case(database)
    late = support.START + timedelta(hours=1)
    urgent = {await support.queue(database, case_id, now=late) for _ in range(2)}
    taken: list[set[NoticeId]] = []
    async with pool.acquire() as connection:
        for limit in (1, 3, 9):
            found = await store.take(
                connection, now=late, until=late + timedelta(hours=1), mail_domain="m.example",
                limit=limit,
            )  # fmt: skip
            taken.append({one.id for one in found})
    assert [len(one) for one in taken] == [1, 3, 2]
    assert taken[0] < urgent < taken[0] | taken[1]
    assert set().union(*taken) == urgent | set(letters)


async def test_a_heap_of_letters_slows_no_notice(pool: Pool, database: Database) -> None:
    """Both are found by an index, whatever waits, is due, or lies behind."""
    async with pools.connected(database.superuser()) as connection:
        await connection.execute(
            "INSERT INTO notice (id, tenant_id, registration_id, kind, template, to_party, facts,"
            " purpose, subject, queued_at, not_before, try_after) SELECT gen_random_uuid(),"
            " gen_random_uuid(), gen_random_uuid(), 'email_verification', 't', 'registrant', '{}',"
            " 'verify', '1', $1::timestamptz, $1, $1 + n * interval '1 second'"
            " FROM generate_series(1, 20000) AS n",
            support.START,
        )
        await connection.execute("ANALYZE notice")
    async with pool.acquire() as connection:
        now = support.START + timedelta(hours=1)
        plan = "\n".join(
            line[0]
            for line in await connection.fetch(
                "EXPLAIN " + store.QUERIES["take"], now, now, "m.example", 20
            )
        )
    assert "notice_cases_waiting" in plan
    assert "notice_waiting" in plan
    assert "Seq Scan" not in plan


async def test_no_case_hears_of_a_letter(pool: Pool, database: Database) -> None:
    """The round of cases takes notices of cases alone, before and after a letter."""
    told: list[NoticeResult] = []

    async def news(_: Connection, __: CaseId, found: NoticeResult, ___: datetime) -> None:
        told.append(found)

    case_id = await support.open_case(database)
    await queue(database, NoticeId(uuid4()))
    notice_id = await support.queue(database, case_id)
    await queue(database, NoticeId(uuid4()))
    mail = support.FakeMail()
    await support.sender(pool, support.Clock(), mail, support.FakeVault(), Registry()).round()
    assert len(mail.sent) == 3
    async with pools.connected(database.access(LoginRole.WORKER)) as connection:
        count = await note_deliveries.tell_all(
            connection, support.START, support.draw, Registry(), on_news=news
        )
    assert (count, [one.id for one in told]) == (1, [notice_id])


async def test_a_kind_of_tomorrow_stops_no_mail(pool: Pool, database: Database) -> None:
    """What a newer program queued waits for it; others go out."""
    async with pools.connected(database.superuser()) as connection:
        await connection.execute(
            """INSERT INTO notice (id, tenant_id, registration_id, kind, template, to_party, facts,
                 queued_at, not_before, try_after) VALUES ($1, $1, $1, 'tomorrow', 'n99',
                 'registrant', '{}', $2, $2, $2)""",
            uuid4(),
            support.START,
        )
    notice_id = await queue(database)
    vault = support.FakeVault()
    await support.sender(pool, support.Clock(), support.FakeMail(), vault, Registry()).round()
    assert vault.asked == [notice_id]


async def test_a_deed_is_noted_of_a_letter_alone(pool: Pool, database: Database) -> None:
    """Once, for its own tenant and registration; a case's notice is not acknowledged so."""
    notice_id, case_id = await queue(database), await support.open_case(database)
    other = await support.queue(database, case_id)
    vault = support.FakeVault()
    await support.sender(pool, support.Clock(), support.FakeMail(), vault, Registry()).round()
    mine = (ABOUT.tenant_id, ABOUT.registration_id)
    async with pools.connected(database.access(LoginRole.WEB)) as connection:
        for wrong in ((other, *mine), (notice_id, TenantId(uuid4()), mine[1])):
            assert not await store.acknowledge_letter(connection, *wrong, now=support.START)
        assert await store.acknowledge_letter(connection, notice_id, *mine, now=support.START)
        assert not await store.acknowledge_letter(connection, notice_id, *mine, now=support.START)


async def test_the_relay_asks_for_what_its_row_says(
    pool: Pool, monkeypatch: pytest.MonkeyPatch, database: Database, tmp_path: Path
) -> None:
    """By a letter's own request, and opens what is bound to it; the link says its deed."""
    notice_id, private = await queue(database), bytes(range(32))
    public = x25519.X25519PrivateKey.from_private_bytes(private).public_key()
    asked: list[Request] = []

    async def answer(request: Request) -> Answer:
        asked.append(request)
        blob = sealing.seal_letter(
            public.public_bytes_raw(), sealing.Addressed(email="a@b.example", token="x"),
            tenant=str(ABOUT.tenant_id), registration=str(ABOUT.registration_id),
            notice=str(notice_id),
        )  # fmt: skip
        return {"done": True, "sealed": base64.b64encode(blob).decode()}

    class Caller:
        ask = staticmethod(answer)

        def __init__(self, *_: object, **__: object) -> None:
            """Nobody is there."""

    monkeypatch.setattr(relay_role, "VaultCaller", Caller)
    process = _process(tmp_path)
    async with pool.acquire() as connection:
        (due,) = await store.take(
            connection, now=support.START, until=support.START, mail_domain="m.example", limit=9
        )
    found = await relay_role._Addresses(process, private)(due)  # type: ignore[arg-type] # has what is read
    assert (found.email, found.token) == ("a@b.example", "x")
    assert asked == [
        frames.Letter(
            tenant=str(ABOUT.tenant_id), registration=str(ABOUT.registration_id),
            kind="email_verification", notice=str(notice_id),
        )
    ]  # fmt: skip
    links = relay_role._Links("https://privacy.example")
    assert links(due.purpose, "x") == "https://privacy.example/n/verify/x"
    assert links("object", "x") == "https://privacy.example/n/object/x"
    assert links("answer", "x") == "https://privacy.example/n/x"
    assert links("verify", "") == ""


def _process(directory: Path) -> SimpleNamespace:
    paths = Paths(data_dir=directory, key_dir=directory, run_dir=directory, scratch_dir=directory)
    return SimpleNamespace(paths=paths, role="relay")
