"""The outbox of notices: at least once sent, once proven, once told, through any crash."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from proxy.errors import Refused, Unavailable
from proxy.model.notice import Handing, NoticeStanding, Party, Report, ReportedAction, Sent
from proxy.rules import notice_retries
from proxy.services import note_deliveries, send_notices
from proxy.store import notices as store
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import notices as support

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import CaseId, NoticeId
    from proxy.model.notice import NoticeResult
    from proxy.store.pool import Connection
    from tests.support.database import Database
    from tests.support.outbox import Desk

pytestmark = pytest.mark.db

FAILED = Report(action=ReportedAction.FAILED, status="5.1.1")
DELIVERED = Report(action=ReportedAction.DELIVERED, status="2.1.5")
LATER = Sent(handing=Handing.TEMPORARY, reason="envelope_refused", reply=451)
REFUSED = Sent(handing=Handing.PERMANENT, reason="refused", reply=550)
HANDED = Sent(handing=Handing.HANDED, reply=250)


async def test_an_accepted_notice_is_delivered_and_told_once(desk: Desk) -> None:
    """What the recipient's exchanger takes is proven; its case hears it once."""
    notice_id = await support.queue(desk.database, desk.case_id)
    assert await desk.sender.round() == 1
    assert await desk.sender.round() == 0
    row = await desk.row()
    assert row.standing is NoticeStanding.DELIVERED
    assert (row.delivered_at, row.template_version, row.language) == (support.START, 3, "en")
    assert await desk.tell() == ["notice_delivered"]
    assert await desk.tell() == ["notice_delivered"]
    assert desk.delivered == [notice_id]
    ((message, to, return_path),) = desk.mail.sent
    assert to == desk.vault.email
    assert support.PATHS.notice(return_path.partition("@")[0]) == notice_id
    assert f"<{notice_id}@{support.DOMAIN}>".encode() in message


async def test_what_our_route_takes_is_no_proof(desk: Desk) -> None:
    """Handed over is told to nobody; only a report that says delivered proves it, once."""
    notice_id = await support.queue(desk.database, desk.case_id)
    desk.mail.ends = [HANDED]
    await desk.sender.round()
    assert (await desk.row()).standing is NoticeStanding.HANDED
    assert await desk.tell() == []
    relayed = Report(action=ReportedAction.RELAYED)
    assert not await desk.report(notice_id, relayed)
    assert await desk.tell() == []
    desk.clock.move(hours=1)
    assert await desk.report(notice_id, DELIVERED)
    proven = desk.clock.now()
    desk.clock.move(hours=1)
    assert not await desk.report(notice_id, DELIVERED)
    assert (await desk.row()).delivered_at == proven
    assert await desk.tell() == ["notice_delivered"]


async def test_a_route_that_says_nothing_proves_nothing(desk: Desk) -> None:
    """After six days without a word a notice counts as bounced, and the second channel opens."""
    await support.queue(desk.database, desk.case_id)
    desk.mail.ends = [HANDED]
    await desk.sender.round()
    desk.clock.at += notice_retries.UNPROVEN
    await desk.sender.sweep()
    assert (await desk.row()).standing is NoticeStanding.HANDED
    desk.clock.move(seconds=1)
    await desk.sender.sweep()
    assert (await desk.row()).reason == "unproven"
    assert await desk.tell() == ["notice_bounced", "task_opened"]


@pytest.mark.parametrize(
    ("to", "acts"),
    [
        (Party.REGISTRANT, ["notice_bounced", "task_opened"]),
        (Party.REQUESTER, ["notice_bounced"]),
    ],
)
async def test_a_bounce_opens_the_second_channel(desk: Desk, to: Party, acts: list[str]) -> None:
    """A registrant whom mail does not reach is a task; a requester is an event alone."""
    await support.queue(desk.database, desk.case_id, to=to)
    desk.mail.ends = [REFUSED]
    await desk.sender.round()
    assert (await desk.row()).standing is NoticeStanding.BOUNCED
    assert await desk.tell() == acts
    assert await desk.tell() == acts
    assert desk.delivered == []


async def test_a_storm_of_bounces_changes_a_case_once(desk: Desk) -> None:
    """A bounce after delivery is told, once; it moves no time of proof (invariant 45)."""
    notice_id = await support.queue(desk.database, desk.case_id)
    await desk.sender.round()
    assert await desk.tell() == ["notice_delivered"]
    proven = (await desk.row()).delivered_at
    desk.clock.move(minutes=5)
    news = [await desk.report(notice_id, FAILED) for _ in range(5)]
    assert news == [True, False, False, False, False]
    assert await desk.tell() == ["notice_delivered", "notice_bounced", "task_opened"]
    assert not await desk.report(notice_id, DELIVERED)
    assert len(await desk.tell()) == 3
    assert (await desk.row()).delivered_at == proven
    assert desk.delivered == [notice_id]


async def test_after_a_bounce_no_report_proves_a_delivery(desk: Desk) -> None:
    """Hosts that contradict each other start no window; a link that was followed does."""
    notice_id = await support.queue(desk.database, desk.case_id)
    desk.mail.ends = [HANDED]
    await desk.sender.round()
    await desk.report(notice_id, FAILED)
    assert not await desk.report(notice_id, DELIVERED)
    assert "notice_delivered" not in await desk.tell()
    async with pools.connected(desk.database.access(LoginRole.WEB)) as connection:
        now = desk.clock.now()
        assert await store.acknowledge(connection, notice_id, desk.case_id, now=now)
        assert not await store.acknowledge(connection, notice_id, desk.case_id, now=now)
    assert (await desk.tell())[-1] == "notice_delivered"
    assert desk.delivered == [notice_id]


async def test_a_host_that_returns_what_it_took_proves_nothing(desk: Desk) -> None:
    """Taken and returned before the case heard of it: it came back, and no window starts."""
    notice_id = await support.queue(desk.database, desk.case_id)
    await desk.sender.round()
    await desk.report(notice_id, FAILED)
    assert await desk.tell() == ["notice_bounced", "task_opened"]
    assert desk.delivered == []
    async with pools.connected(desk.database.access(LoginRole.WEB)) as connection:
        assert await store.acknowledge(connection, notice_id, desk.case_id, now=desk.clock.now())
    assert (await desk.tell())[-1] == "notice_delivered"
    assert len(await desk.tell()) == 3


async def test_what_somebody_read_did_not_come_back(desk: Desk) -> None:
    """A report that says so behind a link that was followed is no bounce: a window stays."""
    notice_id = await support.queue(desk.database, desk.case_id)
    await desk.sender.round()
    async with pools.connected(desk.database.access(LoginRole.WEB)) as connection:
        await store.acknowledge(connection, notice_id, desk.case_id, now=desk.clock.now())
    await desk.tell()
    await desk.report(notice_id, FAILED)
    assert await desk.tell() == ["notice_delivered"]
    assert await desk.tell() == ["notice_delivered"]


async def test_one_task_for_the_second_channel_is_enough(desk: Desk) -> None:
    """While somebody is to reach the registrant another way, a further bounce is an event alone."""
    for _ in range(3):
        await support.queue(desk.database, desk.case_id)
    desk.mail.ends = [REFUSED] * 3
    await desk.sender.round()
    assert sorted(await desk.tell()) == ["notice_bounced"] * 3 + ["task_opened"]


async def test_a_report_of_a_notice_that_was_never_sent_is_nothing(desk: Desk) -> None:
    """Neither a bounce nor a delivery can come before the first try."""
    notice_id = await support.queue(desk.database, desk.case_id)
    assert not await desk.report(notice_id, FAILED)
    assert not await desk.report(notice_id, DELIVERED)
    assert (await desk.row()).standing is NoticeStanding.QUEUED


async def test_a_host_that_is_away_is_tried_for_five_days(desk: Desk) -> None:
    """Tries follow by the rule, under one Message-ID; then the notice has bounced."""
    await support.queue(desk.database, desk.case_id)
    desk.mail.ends = [LATER] * 100
    tries = 0
    while (await desk.row()).standing is not NoticeStanding.BOUNCED:
        tries += await desk.sender.round()
        desk.clock.move(minutes=5)
    assert 30 < tries < 60
    assert (await desk.row()).reason == "gave_up"
    assert desk.clock.now() - support.START > notice_retries.GIVE_UP
    ids = {
        line
        for message, _, _ in desk.mail.sent
        for line in message.split(b"\r\n")
        if b"ID:" in line
    }
    assert len(ids) == 1


async def test_our_own_faults_never_bounce_a_notice(desk: Desk) -> None:
    """However long the vault is away, the notice waits, and goes out when it is back."""
    await support.queue(desk.database, desk.case_id)
    desk.vault.refusal = Unavailable("vault")
    for _ in range(20):
        await desk.sender.round()
        desk.clock.move(days=1)
    assert (await desk.row()).standing is NoticeStanding.QUEUED
    assert (await desk.row()).reason == "vault"
    desk.vault.refusal = None
    await desk.sender.round()
    assert (await desk.row()).standing is NoticeStanding.DELIVERED


async def test_a_gagged_notice_is_withheld_and_told_to_nobody(desk: Desk) -> None:
    """Where the vault forbids it nothing is sent, tried again or written into the case."""
    await support.queue(desk.database, desk.case_id)
    desk.vault.refusal = Refused("notice_gagged")
    await desk.sender.round()
    desk.clock.move(days=30)
    assert await desk.sender.round() == 0
    assert (await desk.row()).standing is NoticeStanding.WITHHELD
    assert desk.mail.sent == []
    assert await desk.tell() == []


@pytest.mark.parametrize("code", sorted(send_notices.UNREACHABLE))
async def test_nobody_to_write_to_is_a_bounce(desk: Desk, code: str) -> None:
    """A person without an address, or who is erased, needs the second channel."""
    await support.queue(desk.database, desk.case_id)
    desk.vault.refusal = Refused(code)
    await desk.sender.round()
    assert (await desk.row()).reason == "no_address"


async def test_an_address_that_could_carry_a_command_is_a_bounce(desk: Desk) -> None:
    """An address that SMTP can not take is told as such, and nothing is sent."""
    await support.queue(desk.database, desk.case_id)
    desk.vault.email = "a@b.example>\r\nRCPT TO:<c@d.example"
    await desk.sender.round()
    assert (await desk.row()).reason == "address_form"
    assert desk.mail.sent == []


async def test_two_relays_send_each_notice_once(desk: Desk) -> None:
    """What one has in hand the other does not get."""
    expected = {await support.queue(desk.database, desk.case_id) for _ in range(30)}
    await asyncio.gather(*(desk.sender.round() for _ in range(4)))
    assert len(desk.mail.sent) == 30
    assert set(desk.vault.asked) == expected


async def test_a_late_relay_can_not_take_back_anothers_proof(desk: Desk) -> None:
    """A try that failed after its lease changes nothing of a later one that succeeded."""
    await support.queue(desk.database, desk.case_id)
    now = desk.clock.now()
    async with desk.pool.acquire() as connection:
        (late,) = await store.take(
            connection, now=now, until=now + send_notices.LEASE, mail_domain="x.example", limit=9
        )
        desk.clock.at += send_notices.LEASE
        await desk.sender.round()
        assert not await store.note_retry(connection, late, at=now, reason="late")
        assert not await store.note_withheld(connection, late, reason="late")
        assert not await store.note_handed(connection, late.id, now=now, reply=250)
    assert (await desk.row()).standing is NoticeStanding.DELIVERED


async def test_one_case_that_fails_does_not_hold_up_others(desk: Desk) -> None:
    """A hook that fails leaves its notice untold, and all others are told."""
    for _ in range(3):
        await support.queue(desk.database, desk.case_id)
    await desk.sender.round()
    failing: set[NoticeId] = set()

    async def on_news(
        _connection: Connection, _case_id: CaseId, notice: NoticeResult, _now: datetime
    ) -> None:
        if not failing or notice.id in failing:
            failing.add(notice.id)
            raise Refused("not_now")

    async with pools.connected(desk.database.access(LoginRole.WORKER)) as connection:
        told = await note_deliveries.tell_all(
            connection, desk.clock.now(), support.draw, desk.metrics, on_news=on_news
        )
        assert told == 2
        assert await support.acts(connection, desk.case_id) == ["notice_delivered"] * 2


@pytest.mark.parametrize(
    "change",
    [
        "delivered_at = delivered_at - interval '1 day'",
        "delivered_at = NULL",
        "facts = '{}'",
        "to_party = 'requester'",
        "template = 'other'",
        "message_id = 'other'",
    ],
)
async def test_what_is_proven_or_said_never_changes(desk: Desk, change: str) -> None:
    """Not even the tables' owner moves a proof in time or changes what was sent."""
    await support.queue(desk.database, desk.case_id)
    await desk.sender.round()
    async with pools.connected(desk.database.access(LoginRole.OWNER)) as connection:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(f"UPDATE notice SET {change}")  # noqa: S608 - the test's own


@pytest.mark.parametrize(
    "sql",
    [
        (
            "INSERT INTO notice (id, case_id, template, to_party, facts, queued_at, not_before)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'registrant', '{}', now(), now())"
        ),
        "UPDATE notice SET facts = '{}'",
        "UPDATE notice SET to_party = 'registrant'",
        "UPDATE notice SET acknowledged_at = now()",
        "UPDATE notice SET delivery_told_at = now()",
        "DELETE FROM notice",
        "SELECT 1 FROM case_file",
        "SELECT 1 FROM sealed_record",
    ],
)
async def test_a_relay_adds_nothing_and_changes_no_word(database: Database, sql: str) -> None:
    """Its login writes what became of notices, and nothing else."""
    async with pools.connected(database.access(LoginRole.RELAY)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(sql)


async def test_gauges_show_what_waits(desk: Desk) -> None:
    """How many are due and how old the oldest is, as numbers."""
    await support.queue(desk.database, desk.case_id)
    desk.clock.move(minutes=10)
    await desk.sender.sweep()
    assert desk.metrics.gauge("notices_due").value == 1.0
    assert desk.metrics.gauge("notices_oldest_seconds").value == 600.0
    await desk.sender.round()
    await desk.sender.sweep()
    assert desk.metrics.gauge("notices_waiting").value == 0.0
    await desk.sender.beat()
