"""A claim whose demand goes by real SMTP, in real words; its worker hears what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.apps import smtp
from proxy.metrics import Registry
from proxy.outbound.mail import Route, SmtpMail
from proxy.rules.casework import folding
from proxy.services import note_deliveries, take_report
from proxy.services.casework import act
from proxy.services.casework.office import Turn
from proxy.services.send_notices import Post, Sender
from proxy.store import cases, deadlines
from proxy.store import notices as store
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.wire import mail_address
from tests.support import case_rows, notice_texts, notices
from tests.support.case_rows import OFFICE
from tests.support.case_walks import HANS, LENA, PIA, admitted, opened
from tests.support.claim_walks import TRIGGER, claim
from tests.support.receiver import Loopback, Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from proxy.model.case import CaseId, Fact, NoticeId
    from proxy.model.case_state import Case
    from proxy.model.deadline import KeptDeadline
    from proxy.model.notice import NoticeResult, Report
    from proxy.store.cases import TaskRow
    from proxy.store.notices import NoticeRow
    from proxy.store.pool import Connection, Pool
    from tests.support.database import Database

EMAIL: Final = "meera@kaveri-silk.example"
MINUTE: Final = timedelta(minutes=1)


class Window:
    """The claim, a relay with both halves, a host of the registrant, and a worker."""

    def __init__(self, database: Database, pool: Pool, case_id: CaseId, now: datetime) -> None:
        self.database = database
        self.pool = pool
        self.case_id = case_id
        self.clock = notices.Clock(now)
        self.metrics = Registry()
        self.receiver = Receiver()
        self.port = 0
        self.is_routed = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.bounces = smtp.Bounces(
            our_name=notices.DOMAIN,
            notice_of=self._notice_of,
            take=self._take,
            limits=smtp.Limits(connections=8, per_client=8),
            metrics=self.metrics,
        )

    def _notice_of(self, address: str) -> NoticeId | None:
        local, _, domain = address.rpartition("@")
        return notices.PATHS.notice(local) if domain.lower() == notices.DOMAIN else None

    async def _take(self, notice_id: NoticeId, report: Report) -> None:
        async with self.pool.acquire() as connection:
            await take_report.take(
                connection, notice_id, report, metrics=self.metrics, now=self.clock.now()
            )

    # The relay.

    async def send(self) -> int:
        """How many notices were due and tried."""
        route = Route(host="127.0.0.1", port=self.port) if self.is_routed else None
        mail = SmtpMail(
            our_name=notices.DOMAIN,
            exchangers=None if self.is_routed else Loopback(self.port),
            route=route,
        )
        post = Post(
            addresses=notices.FakeVault(email=EMAIL, token="t" * 43),
            texts=notice_texts.catalogue().render,
            mail=mail,
            link=lambda _purpose, token: f"{notice_texts.OFFICE.site}/n/{token}",
            return_path=lambda one: f"{notices.PATHS.local_part(one)}@{notices.DOMAIN}",
            sender=mail_address.parse(f"notices@{notices.DOMAIN}"),
            sender_name=notice_texts.OFFICE.name,
            mail_domain=notices.DOMAIN,
        )
        return await Sender(self.pool, self.clock, self.metrics, post).round()

    async def report(self, action: str, status: str, to: str = "") -> str:
        """What our listener answers a host that reports of the demand, or of another address."""
        to = to or f"{notices.PATHS.local_part((await self.demand()).id)}@{notices.DOMAIN}"
        lines = (
            "From: MAILER-DAEMON@mx.example", "MIME-Version: 1.0",
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "", "--b",
            "Content-Type: message/delivery-status", "", "Reporting-MTA: dns; mx.example", "",
            f"Final-Recipient: rfc822; {EMAIL}", f"Action: {action}", f"Status: {status}", "",
            "--b--", ".",
        )  # fmt: skip
        reader, writer = await asyncio.open_connection(*self.listener.getsockname())
        answer = await _answer(reader)
        for said in ("EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{to}>", "DATA",
                     "\r\n".join(lines), "QUIT"):  # fmt: skip
            writer.write(f"{said}\r\n".encode())
            answer = await _answer(reader)
            if not answer.startswith(("2", "3")):
                break
        writer.close()
        return answer

    async def acknowledge(self) -> bool:
        """Whether it was news that the demand's link was followed."""
        async with pools.connected(self.database.access(LoginRole.WEB)) as connection:
            one = await self.demand()
            return await store.acknowledge(connection, one.id, self.case_id, now=self.clock.now())

    # The worker.

    async def tell(self) -> Case:
        """The case after the worker heard what became of notices."""
        self.clock.at += MINUTE

        async def on_news(
            connection: Connection, case_id: CaseId, _: NoticeResult, now: datetime
        ) -> None:
            await act.follow(Turn(office=OFFICE, connection=connection, now=now), case_id)

        async with pools.connected(self.database.access(LoginRole.WORKER)) as connection:
            await note_deliveries.tell_all(
                connection, self.clock.now(), notices.draw, self.metrics, on_news=on_news
            )
            return folding.fold(await cases.events(connection, self.case_id))

    # What is there.

    async def demand(self) -> NoticeRow:
        """The demand's row."""
        several = await notices.all_of(self.database, self.case_id)
        (found,) = [one for one in several if one.template == "n3_demand"]
        return found

    async def tasks(self) -> list[TaskRow]:
        """Open tasks for the second channel."""
        async with pools.connected(self.database.access(LoginRole.WORKER)) as connection:
            several = await cases.tasks_of(connection, self.case_id)
        return [one for one in several if one.kind == "second_channel" and one.done_at is None]

    async def deadlines(self, name: str) -> list[KeptDeadline]:
        """Every round of a deadline."""
        async with pools.connected(self.database.access(LoginRole.WORKER)) as connection:
            several = await deadlines.of_case(connection, self.case_id)
        return [one for one in several if one.name == name]


async def _answer(reader: asyncio.StreamReader) -> str:
    while True:
        line = (await reader.readline()).decode().rstrip()
        if line[3:4] != "-":
            return line


@contextlib.asynccontextmanager
async def demanding(database: Database) -> AsyncIterator[Window]:
    """A claim whose demand waits in the outbox, demanded by a handler as the web role does it."""
    walk = admitted(opened(claim()))
    walk.act(LENA, "find_trigger", **TRIGGER, reasons=walk.evidence())
    walk.act(PIA, "screen", verdict="clear", reasons=walk.evidence())
    letter = walk.evidence("claim")
    await case_rows.keep(database, walk)
    text = notice_texts.catalogue().document(
        "indemnity", "en", {"domain": walk.case.domain, "case": str(walk.case.id)}
    )
    pool = await pools.open_pool(database.access(LoginRole.RELAY), max_size=4)
    found = Window(database, pool, walk.case.id, walk.now + MINUTE)
    async with pools.connected(database.access(LoginRole.WEB)) as connection:
        turn = Turn(office=OFFICE, connection=connection, now=found.clock.now())
        facts: dict[str, Fact] = {
            "text": text.sha256, "text_version": text.version, "claim": letter,
        }  # fmt: skip
        await act.act(turn, walk.case.id, HANS, "demand", facts)
    await found.bounces.serve(found.listener)
    try:
        async with receiving(found.receiver) as found.port:
            yield found
    finally:
        await found.bounces.close(1.0)
        pool.terminate()
