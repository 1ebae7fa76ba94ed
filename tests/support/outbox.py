"""A case with an outbox, and who works at it: the relay's half and the worker's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.metrics import Registry
from proxy.services import note_deliveries, take_report
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import notices as support

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import CaseId, NoticeId
    from proxy.model.notice import NoticeResult, Report
    from proxy.services.send_notices import Sender
    from proxy.store import notices as store
    from proxy.store.pool import Connection, Pool
    from tests.support.database import Database
    from tests.support.notices import Clock, FakeMail, FakeVault


class Desk:
    """A case with an outbox, a relay that sends and a worker that tells."""

    def __init__(self, database: Database, pool: Pool, case_id: CaseId) -> None:
        self.database = database
        self.pool = pool
        self.case_id = case_id
        self.clock: Clock = support.Clock()
        self.mail: FakeMail = support.FakeMail()
        self.vault: FakeVault = support.FakeVault()
        self.metrics = Registry()
        self.delivered: list[NoticeId] = []

    @property
    def sender(self) -> Sender:
        """The relay's outgoing half."""
        return support.sender(self.pool, self.clock, self.mail, self.vault, self.metrics)

    async def report(self, notice_id: NoticeId, report: Report) -> bool:
        """Whether a report was news."""
        async with self.pool.acquire() as connection:
            return await take_report.take(
                connection, notice_id, report, metrics=self.metrics, now=self.clock.now()
            )

    async def tell(self) -> list[str]:
        """The case's acts after the worker told it."""

        async def on_news(
            _connection: Connection, _case_id: CaseId, notice: NoticeResult, _now: datetime
        ) -> None:
            if notice.is_delivered:
                self.delivered.append(notice.id)

        async with pools.connected(self.database.access(LoginRole.WORKER)) as connection:
            await note_deliveries.tell_all(
                connection,
                self.clock.now(),
                support.draw,
                self.metrics,
                on_news=on_news,
            )
            return await support.acts(connection, self.case_id)

    async def row(self) -> store.NoticeRow:
        """The one notice."""
        return await support.one(self.database, self.case_id)
