"""Send notices: take what is due, have it addressed, put it into words, hand it over, note it.

Flow: a round takes at most BATCH notices, each for LEASE, and sends them side by side. Failure:
what a host or the vault says decides between another try, a bounce and withholding; a fault of ours
is tried again for ever. A crash leaves a notice taken until its lease ends; then it goes out again,
under the same Message-ID: at least once. Retry: rules.notice_retries. Cursor: none, due rows are
the list. Idempotent: rows are taken under a lock, so any number of relays may run; proof is noted
once. Determinism: notices of cases before letters, the longest due first. Secrets: an address and
a token, in memory, for one message; neither is stored nor logged. Manual run: restart a relay.
Logs: ids, codes, counts.
Source: casework s7.2, invariant 45; RFC 5321 s4.5.4.1.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, assert_never

import structlog

from proxy import logs
from proxy.errors import InvalidInput, NotFound, ProxyError, Refused
from proxy.model import letter
from proxy.model.notice import Handing, Outgoing, Sent
from proxy.rules import notice_retries
from proxy.store import notices as store
from proxy.store import outages
from proxy.wire import mail_address, mail_message

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.case import NoticeId
    from proxy.model.notice import DueNotice, MailAddress
    from proxy.outer_ports import Addressed, Mail, NoticeAddresses, NoticeTexts
    from proxy.ports import Clock
    from proxy.store.pool import Connection, Pool

BATCH: Final = 20  # messages at once; as many connections at most
LEASE: Final = timedelta(minutes=10)  # above the longest try of outbound.mail
SWEEP: Final = 500  # notices without proof that are given up in one step
WITHHELD: Final = frozenset({"notice_gagged", "case_closed"}) | letter.WITHHELD
"""The vault's codes for a notice that must not go out."""

UNREACHABLE: Final = frozenset({"notice_nobody", "notice_no_address", "record_erased"})
"""The vault's codes for nobody whom mail could reach."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What sending needs: walls, and what our mail says of itself."""

    addresses: NoticeAddresses
    texts: NoticeTexts
    mail: Mail
    link: Callable[[str, str], str]
    """The address of a page, out of a purpose and a token; "" without a token."""

    return_path: Callable[[NoticeId], str]
    sender: MailAddress
    sender_name: str
    mail_domain: str


class Sender:
    """The outgoing half of a relay."""

    def __init__(self, pool: Pool, clock: Clock, metrics: Registry, post: Post) -> None:
        self._pool = pool
        self._clock = clock
        self._metrics = metrics
        self._post = post

    async def round(self) -> int:
        """How many notices were due and are tried now; at most BATCH."""
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            taken = await store.take(
                connection,
                now=now,
                until=now + LEASE,
                mail_domain=self._post.mail_domain,
                limit=BATCH,
            )
        await asyncio.gather(*(self._attend(one) for one in taken))
        return len(taken)

    async def sweep(self) -> None:
        """Give up what our route took long ago and nobody speaks of; show how much waits."""
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            given_up = await store.give_up_unproven(
                connection, handed_before=now - notice_retries.UNPROVEN, now=now, limit=SWEEP
            )
            levels = await store.levels(connection, now)
        if given_up:
            self._metrics.counter("notices_bounced_total").value += given_up
            _log.warning("notices_unproven", count=given_up)
        age = timedelta() if levels.oldest is None else now - levels.oldest
        self._metrics.gauge("notices_due").value = float(levels.due)
        self._metrics.gauge("notices_waiting").value = float(levels.waiting)
        self._metrics.gauge("notices_unproven").value = float(levels.unproven)
        self._metrics.gauge("notices_oldest_seconds").value = max(0.0, age.total_seconds())

    async def beat(self) -> None:
        """Say that outgoing mail is up."""
        async with self._pool.acquire() as connection:
            await outages.beat(connection, "relay", self._clock.now())

    async def _attend(self, notice: DueNotice) -> None:
        """One notice from its address to what is noted of it; a bug ends this try alone."""
        try:
            sent = await self._send(notice)
            await self._note(notice, sent)
        except ProxyError as error:
            _log.warning("notice_waits", reason=error.code, notice_id=str(notice.id))
        except Exception as error:  # noqa: BLE001 - others' notices go on; the lease brings it back
            _log.error("notice_failed", error=type(error).__name__, places=logs.places(error))

    async def _send(self, notice: DueNotice) -> Sent | ProxyError:
        """What came of a try: the mail's end, or what the vault or we could not do."""
        try:
            addressed = await self._post.addresses(notice)
        except (Refused, NotFound) as refusal:
            if refusal.code in UNREACHABLE:
                return Sent(handing=Handing.PERMANENT, reason="no_address")
            return refusal
        except ProxyError as away:
            return away
        return await self._hand(notice, addressed)

    async def _hand(self, notice: DueNotice, addressed: Addressed) -> Sent | ProxyError:
        post = self._post
        try:
            to = mail_address.parse(addressed.email)
        except InvalidInput:
            return Sent(handing=Handing.PERMANENT, reason="address_form")
        try:
            link = post.link(notice.purpose, addressed.token)
            words = post.texts(notice.template, addressed.language, notice.facts, link=link)
            message = mail_message.render(
                Outgoing(
                    message_id=notice.message_id,
                    to=to.text,
                    subject=words.subject,
                    body=words.body,
                    language=words.language,
                ),
                to,
                sender=post.sender,
                sender_name=post.sender_name,
                now=self._clock.now(),
            )
        except ProxyError as error:
            return error
        async with self._pool.acquire() as connection:
            await store.note_language(
                connection, notice.id, version=words.version, language=words.language
            )
        return await post.mail.send(message, to=to, return_path=post.return_path(notice.id))

    async def _note(self, notice: DueNotice, sent: Sent | ProxyError) -> None:
        now = self._clock.now()
        async with self._pool.acquire() as connection:
            if isinstance(sent, ProxyError) and sent.code in WITHHELD:
                await store.note_withheld(connection, notice, reason=sent.code)
                result = "withheld"
            elif isinstance(sent, ProxyError):
                again = now + notice_retries.after_refusal(notice, sent.code)
                await store.note_retry(connection, notice, at=again, reason=sent.code)
                result = "own_fault"
            else:
                result = await self._note_sent(connection, notice, sent, now)
        self._metrics.counter("notices_tried_total", result=result).value += 1
        reason = sent.code if isinstance(sent, ProxyError) else sent.reason
        _log.info("notice_tried", notice_id=str(notice.id), state=result, reason=reason)

    async def _note_sent(
        self, connection: Connection, notice: DueNotice, sent: Sent, now: datetime
    ) -> str:
        match sent.handing:
            case Handing.ACCEPTED:
                await store.note_accepted(connection, notice.id, now=now, reply=sent.reply)
            case Handing.HANDED:
                await store.note_handed(connection, notice.id, now=now, reply=sent.reply)
            case Handing.TEMPORARY:
                return await self._again(connection, notice, sent, now)
            case Handing.PERMANENT:
                await self._bounce(connection, notice, sent.reason, sent.reply, now)
            case _:
                assert_never(sent.handing)
        return sent.handing.value

    async def _again(
        self, connection: Connection, notice: DueNotice, sent: Sent, now: datetime
    ) -> str:
        since = notice.failing_since or now
        at = notice_retries.next_try(since, now)
        if at is None:
            await self._bounce(connection, notice, "gave_up", sent.reply, now)
            return Handing.PERMANENT.value
        await store.note_retry(
            connection, notice, at=at, reason=sent.reason, reply=sent.reply, failing_since=since
        )
        return Handing.TEMPORARY.value

    async def _bounce(
        self,
        connection: Connection,
        notice: DueNotice,
        reason: str,
        reply: int,
        now: datetime,
    ) -> None:
        if await store.note_bounced(connection, notice.id, now=now, reason=reason, reply=reply):
            self._metrics.counter("notices_bounced_total").value += 1
