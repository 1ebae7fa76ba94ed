"""A registrant's window over real SMTP: it runs from proof, and from nothing else."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from proxy.model.notice import NoticeStanding
from tests.support import notice_texts, notices, windows

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db
WINDOW = ("assurances", "intent", "last_call")


async def test_the_window_runs_from_what_the_registrants_host_took(prepared: Database) -> None:
    """Queued and sent start nothing; the exchanger's yes does, once, and tells until when."""
    async with windows.demanding(prepared) as window:
        assert (await window.tell()).state == "notifying"
        assert await window.send() == 1
        case = await window.tell()
        assert case.state == "awaiting"
        assert (await window.demand()).delivered_at is not None
        (one,) = await window.deadlines("assurances")
        assert await window.tell() == case
        assert await window.deadlines("assurances") == [one]
        assert await window.send() == 1  # n3_window
        first, second = (
            message_from_bytes(octets, policy=policy.default) for *_, octets in window.receiver.got
        )
    assert first["Subject"].strip().startswith("name.example: a claim against us")
    words = " ".join(second.get_content().split())
    assert f"{one.due_at:%H:%M} UTC" in words
    for message in (first, second):
        assert message["Auto-Submitted"] == "auto-generated"
        assert notice_texts.LINK in message.get_content()


async def test_a_route_proves_nothing_until_it_reports(prepared: Database) -> None:
    """Its yes starts no window, nor does a report to an address that is none of ours."""
    async with windows.demanding(prepared) as window:
        window.is_routed = True
        await window.send()
        assert (await window.demand()).standing is NoticeStanding.HANDED
        assert (await window.tell()).state == "notifying"
        real = notices.PATHS.local_part((await window.demand()).id)
        for forged in (
            f"{real[:-4]}aaaa@{notices.DOMAIN}",
            f"{real}@elsewhere.example",
            f"bounce+{'a' * 42}@{notices.DOMAIN}",
            f"postmaster@{notices.DOMAIN}",
        ):
            answer = await window.report("delivered", "2.1.5", forged)
            assert answer.startswith("550"), forged
        assert (await window.tell()).state == "notifying"
        for action in ("relayed", "expanded", "delayed"):
            assert (await window.report(action, "2.0.0")).startswith("221")
        assert (await window.tell()).state == "notifying"
        assert (await window.report("delivered", "2.1.5")).startswith("221")
        case = await window.tell()
        assert case.state == "awaiting"
        for _ in range(3):
            await window.report("delivered", "2.1.5")
        assert await window.tell() == case


async def test_a_refusal_opens_the_second_channel_once(prepared: Database) -> None:
    """No window; one task; a storm of reports adds nothing; the link still proves the arrival."""
    async with windows.demanding(prepared) as window:
        window.receiver.rcpt = "550 5.1.1 unknown"
        await window.send()
        case = await window.tell()
        assert case.state == "notifying"
        assert [one.role for one in await window.tasks()] == ["handler"]
        for _ in range(5):
            assert (await window.report("failed", "5.1.1")).startswith("221")
        assert await window.tell() == case
        assert (await window.report("delivered", "2.1.5")).startswith("221")
        assert await window.tell() == case
        assert len(await window.tasks()) == 1
        assert await window.acknowledge()
        assert not await window.acknowledge()
        case = await window.tell()
        assert case.state == "awaiting"
        assert await window.tasks() == []
        assert len(await window.deadlines("assurances")) == 1


@pytest.mark.parametrize("is_told", [False, True])
async def test_what_was_taken_and_returned_was_not_delivered(
    prepared: Database, is_told: bool
) -> None:
    """Whether the case heard of the yes before it heard of the return: the window does not run."""
    async with windows.demanding(prepared) as window:
        await window.send()
        if is_told:
            assert (await window.tell()).state == "awaiting"
        await window.report("failed", "5.1.1")
        case = await window.tell()
        assert case.state == "notifying"
        assert len(await window.tasks()) == 1
        rounds = [one for name in WINDOW for one in await window.deadlines(name)]
        assert len(rounds) == (3 if is_told else 0)
        assert all(case.deadlines[name].is_ended for name in WINDOW if is_told)
        await window.report("failed", "5.1.1")
        assert await window.tell() == case


async def test_a_forged_return_can_not_undo_what_somebody_read(prepared: Database) -> None:
    """Whoever saw the token in a mail may report; behind a followed link nothing comes of it."""
    async with windows.demanding(prepared) as window:
        await window.send()
        await window.acknowledge()
        case = await window.tell()
        assert case.state == "awaiting"
        await window.report("failed", "5.1.1")
        assert await window.tell() == case
        assert await window.tasks() == []
