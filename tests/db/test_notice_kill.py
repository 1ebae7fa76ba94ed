"""A relay that is killed while a real host has its message: sent again, and told once."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.model.notice import NoticeStanding
from proxy.outbound.mail import SmtpMail
from proxy.services import send_notices
from proxy.store.logins import LoginRole
from tests.support import notices as support
from tests.support.receiver import Loopback, Receiver, receiving

if TYPE_CHECKING:
    from tests.support.outbox import Desk

pytestmark = pytest.mark.db
ROOT = Path(__file__).parents[2]
CHILD = ROOT / "tests" / "support" / "relay_child.py"
PATIENCE_S = 30.0


async def started(desk: Desk, place: str, port: int) -> asyncio.subprocess.Process:
    """A relay of its own process."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        place,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    access = desk.database.access(LoginRole.RELAY)
    given = {name: getattr(access, name) for name in ("host", "port", "user", "password")}
    given |= {"database": access.database, "receiver": port, "now": desk.clock.now().isoformat()}
    assert child.stdin is not None
    child.stdin.write(json.dumps(given).encode() + b"\n")
    await child.stdin.drain()
    return child


@pytest.mark.parametrize("place", ["before", "during"])
async def test_a_relay_killed_between_sending_and_noting_sends_again(
    desk: Desk, place: str
) -> None:
    """The host has it, nobody noted so: after the lease it goes out under the same Message-ID."""
    # The window of the case is counted from what was noted: no proof is lost, none is told twice.
    notice_id = await support.queue(desk.database, desk.case_id)
    receiver = Receiver()
    async with receiving(receiver) as port:
        if place == "during":
            receiver.may_end.clear()
        child = await started(desk, place, port)
        assert child.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            await receiver.has_come.wait()
            if place == "before":
                assert (await child.stdout.readline()).decode().strip() == str(notice_id)
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
        if child.stdin is not None:
            child.stdin.close()
        row = await desk.row()
        assert row.standing is NoticeStanding.SENDING
        assert await desk.tell() == []

        receiver.may_end.set()
        mail = SmtpMail(our_name=support.DOMAIN, exchangers=Loopback(port))
        sender = support.sender(desk.pool, desk.clock, mail, desk.vault, desk.metrics)
        assert await sender.round() == 0  # it is still in the dead one's hand
        desk.clock.at += send_notices.LEASE
        assert await sender.round() == 1
        assert await sender.round() == 0
    assert (await desk.row()).standing is NoticeStanding.DELIVERED
    assert await desk.tell() == ["notice_delivered"]
    assert await desk.tell() == ["notice_delivered"]
    assert desk.delivered == [notice_id]
    ids = {message_from_bytes(one, policy=policy.default)["Message-ID"] for *_, one in receiver.got}
    assert ids == {f"<{notice_id}@{support.DOMAIN}>"}
    assert len(receiver.got) == 2
