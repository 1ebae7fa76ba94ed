"""Our relay and a real Postfix: it takes our notices, and its bounces and receipts come back."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from proxy.apps import smtp
from proxy.metrics import Registry
from proxy.model.notice import NoticeStanding
from proxy.outbound.exchangers import Exchanger, Exchangers
from proxy.outbound.mail import Route, SmtpMail
from proxy.services import take_report
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import notices as support
from tests.support import postfix as postfixes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.case import CaseId, NoticeId
    from proxy.model.notice import Report, Sent
    from proxy.outer_ports import Mail
    from proxy.store.notices import NoticeRow
    from proxy.store.pool import Pool
    from tests.support.database import Database
    from tests.support.postfix import Postfix

pytestmark = [pytest.mark.peer, pytest.mark.db]
PATIENCE_S = 60.0  # a bounce takes Postfix a second


class Here(Exchangers):
    """The exchanger of every domain is a host of this machine, which a real one never may be."""

    def __init__(self, port: int) -> None:
        super().__init__(nameservers=["127.0.0.1"])
        self._port = port

    @override
    async def find(self, domain: str) -> tuple[Exchanger, ...] | Sent:
        """That host."""
        return (Exchanger(name=f"mx.{domain}", address="127.0.0.1", port=self._port),)


class Between:
    """A relay with a case, and a Postfix behind it."""

    def __init__(self, database: Database, pool: Pool, case_id: CaseId) -> None:
        self.database = database
        self.pool = pool
        self.case_id = case_id
        self.metrics = Registry()
        self.clock = support.Clock()
        self.reported = asyncio.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.bounces = smtp.Bounces(
            our_name=support.DOMAIN,
            notice_of=lambda address: support.PATHS.notice(address.partition("@")[0]),
            take=self._take,
            limits=smtp.Limits(connections=8, per_client=8),
            metrics=self.metrics,
        )

    async def _take(self, notice_id: NoticeId, report: Report) -> None:
        async with self.pool.acquire() as connection:
            await take_report.take(
                connection, notice_id, report, metrics=self.metrics, now=self.clock.now()
            )
        self.reported.set()

    async def send(self, mail: Mail, to: str) -> NoticeRow:
        """A notice to somebody, as it stands when it was handed over."""
        await support.queue(self.database, self.case_id)
        vault = support.FakeVault(email=to, token="t" * 43)
        await support.sender(self.pool, self.clock, mail, vault, self.metrics).round()
        return await support.one(self.database, self.case_id)

    async def report(self, postfix: Postfix) -> NoticeRow:
        """The notice after Postfix reported of it."""
        try:
            await asyncio.wait_for(self.reported.wait(), PATIENCE_S)
        except TimeoutError:
            pytest.fail(postfix.log())
        return await support.one(self.database, self.case_id)


@contextlib.asynccontextmanager
async def between(database: Database) -> AsyncIterator[tuple[Between, Postfix]]:
    """Both, up."""
    binary = postfixes.program()
    if binary is None:
        pytest.skip("no postfix, or not root (Debian: apt-get install postfix)")
    pool = await pools.open_pool(database.access(LoginRole.RELAY), max_size=4)
    made = Between(database, pool, await support.open_case(database))
    await made.bounces.serve(made.listener)
    back_port = made.listener.getsockname()[1]
    try:
        with postfixes.running(binary, back=support.DOMAIN, back_port=back_port) as postfix:
            await answering(postfix)
            yield made, postfix
    finally:
        await made.bounces.close(1.0)
        pool.terminate()


async def answering(postfix: Postfix) -> None:
    """Returns once Postfix greets."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", postfix.port)
                line = await reader.readline()
                writer.close()
                if line.startswith(b"220"):
                    return
            await asyncio.sleep(0.05)


def direct(postfix: Postfix) -> Mail:
    """Mail straight to the recipient's exchanger."""
    return SmtpMail(our_name=support.DOMAIN, exchangers=Here(postfix.port))


def routed(postfix: Postfix) -> Mail:
    """Mail through a host of ours."""
    route = Route(host="127.0.0.1", port=postfix.port)
    return SmtpMail(our_name=support.DOMAIN, exchangers=None, route=route)


async def test_postfix_bounces_an_unknown_user_back_to_us(database: Database) -> None:
    """An exchanger that took a notice and finds nobody sends a report, and the notice bounced."""
    async with between(database) as (relay, postfix):
        sent = await relay.send(direct(postfix), "nobody@kaveri-silk.example")
        assert sent.standing is NoticeStanding.DELIVERED, sent.reason
        found = await relay.report(postfix)
    assert found.standing is NoticeStanding.BOUNCED
    assert found.reason == "reported_5_1_1"
    assert found.delivered_at == sent.delivered_at


async def test_postfix_as_our_route_reports_what_it_delivered(database: Database) -> None:
    """A route's yes is no proof; its report of success, to our token, is."""
    async with between(database) as (relay, postfix):
        sent = await relay.send(routed(postfix), "meera@kaveri-silk.example")
        assert sent.standing is NoticeStanding.HANDED, sent.reason
        found = await relay.report(postfix)
    assert found.standing is NoticeStanding.DELIVERED
    assert found.bounced_at is None
