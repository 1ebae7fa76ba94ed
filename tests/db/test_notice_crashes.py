"""The outbox through crashes at any write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.model.notice import Handing, NoticeStanding, Sent
from proxy.services import case_events, send_notices
from proxy.store import cases
from proxy.store import notices as store
from tests.support import notices as support
from tests.support.crash import crashing

if TYPE_CHECKING:
    from tests.support.outbox import Desk

pytestmark = pytest.mark.db

REFUSED = Sent(handing=Handing.PERMANENT, reason="refused", reply=550)

WRITES = (
    (store, "take"),
    (store, "note_language"),
    (store, "note_accepted"),
    (support.FakeMail, "send"),
)


@pytest.mark.parametrize("place", range(1, 9))
async def test_a_crash_at_any_write_loses_no_notice(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """A relay that dies anywhere has the notice sent again after its lease, told once."""
    notice_id = await support.queue(desk.database, desk.case_id)
    with crashing(monkeypatch, place, WRITES) as crash:
        await desk.sender.round()
    assert crash.passed >= place, "there is no such place"
    desk.clock.at += send_notices.LEASE
    await desk.sender.round()
    assert (await desk.row()).standing is NoticeStanding.DELIVERED
    assert 1 <= len(desk.mail.sent) <= 2
    assert await desk.tell() == ["notice_delivered"]
    assert desk.delivered == [notice_id]


TELLING = (
    (case_events, "append"),
    (cases, "add_tasks"),
    (store, "tell"),
)


@pytest.mark.parametrize("place", range(1, 7))
async def test_a_crash_while_telling_tells_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Events, task and the note that they are there stand together or not at all."""
    await support.queue(desk.database, desk.case_id)
    desk.mail.ends = [REFUSED]
    await desk.sender.round()
    with crashing(monkeypatch, place, TELLING) as crash:
        await desk.tell()
    assert crash.passed >= place
    assert await desk.tell() == ["notice_bounced", "task_opened"]
