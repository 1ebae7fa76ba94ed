"""A relay for kill tests: sends what is due to a host on loopback, and waits where it is told to.

`before` the note: the host has taken the message, and nothing is noted. `during`: the host has the
message and has not answered yet.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from proxy.metrics import Registry
from proxy.outbound.mail import SmtpMail
from proxy.store import notices as store
from proxy.store import pool
from tests.support import notices
from tests.support.receiver import Loopback

if TYPE_CHECKING:
    from proxy.model.case import NoticeId
    from proxy.store.pool import Connection


async def main(place: str, given: dict[str, str]) -> None:
    """Work until killed."""
    access = pool.Access(
        host=given["host"],
        port=int(given["port"]),
        user=given["user"],
        password=given["password"],
        database=given["database"],
    )

    async def stay(_: Connection, notice_id: NoticeId, **_more: object) -> None:
        print(notice_id, flush=True)
        await asyncio.Event().wait()

    if place == "before":
        store.note_accepted = stay  # type: ignore[assignment]  # the place to be killed at
    mail = SmtpMail(our_name=notices.DOMAIN, exchangers=Loopback(int(given["receiver"])))
    clock = notices.Clock(datetime.fromisoformat(given["now"]))
    connections = await pool.open_pool(access, max_size=3)
    sender = notices.sender(connections, clock, mail, notices.FakeVault(), Registry())
    await sender.round()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.stdin.readline())))
