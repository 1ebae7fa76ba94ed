"""The relay: sends notices, and takes what mail hosts report of them.

Composition only. It holds the key that opens one address for one notice, and no key of a record.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING, Final

import structlog

from proxy.apps import smtp
from proxy.errors import ProxyError, Unavailable
from proxy.hosting import directory
from proxy.hosting.vault_calls import VaultCaller
from proxy.model.letter import AboutRegistration
from proxy.model.link import DEEDS
from proxy.outbound import mail as mails
from proxy.outbound.exchangers import Exchangers
from proxy.run import notices
from proxy.services import send_notices, take_report
from proxy.services.publish import pause
from proxy.services.send_notices import Post, Sender
from proxy.store import pool as pools
from proxy.vault import relay as sealing
from proxy.vault.return_path import ReturnPaths
from proxy.wire import frames, mail_address

if TYPE_CHECKING:
    from proxy.hosting.process import Process
    from proxy.model.case import NoticeId
    from proxy.model.notice import DueNotice, Report
    from proxy.outer_ports import Addressed, Mail
    from proxy.settings import Settings
    from proxy.store.pool import Pool
    from proxy.wire.frames import Request

KEY_DIRECTORY: Final = "relay"
KEY_NAME: Final = "relay.json"
DEMO_DOMAIN: Final = "mail.privacy.example"
POLL_S: Final = 2.0  # how often the outbox is looked at; a notice is no chat
BEAT_S: Final = 30.0  # below rules.downtime.LONGEST_SILENCE
RETRY_S: Final = 2.0
_POOL_CONNECTIONS: Final = 6

_log = structlog.get_logger()


async def serve(process: Process) -> None:
    """Send and take until told to stop."""
    if process.database is None:
        raise Unavailable("database", "The relay needs a database.")
    key = sealing.load_key(process.paths.key_dir / KEY_DIRECTORY / KEY_NAME)
    paths = ReturnPaths(key)
    pool = await pools.open_pool(process.database, min_size=1, max_size=_POOL_CONNECTIONS)
    domain = _mail_domain(process)
    bounces = _bounces(process, pool, paths, domain)
    working: list[asyncio.Task[None]] = []
    try:
        for one in process.sockets.get("smtp", ()):
            await bounces.serve(one)
        async with asyncio.TaskGroup() as tasks:
            if domain is None:
                _log.warning("mail_not_set_up", setting="mail_domain")
                process.metrics.gauge("mail_set_up").value = 0.0
            else:
                process.metrics.gauge("mail_set_up").value = 1.0
                sender = Sender(
                    pool, process.clock, process.metrics, _post(process, key, paths, domain)
                )
                working.append(tasks.create_task(_send(sender, process.stopping)))
                working.append(tasks.create_task(_beat(sender, process.stopping)))
            process.ready()
            await process.stopping.wait()
            # A message under way may end; one that does not is sent again when its lease is over.
            if working:
                await asyncio.wait(working, timeout=process.settings.drain_s)
            for task in working:
                task.cancel()
    finally:
        await bounces.close(process.settings.drain_s)
        pool.terminate()


async def _send(sender: Sender, stopping: asyncio.Event) -> None:
    """Rounds, one after the other, whatever the database does."""
    while not stopping.is_set():
        try:
            tried = await sender.round()
            if tried < send_notices.BATCH:
                await pause(stopping, POLL_S)
        except ProxyError as away:
            _log.warning("outbox_waits", reason=away.code)
            await pause(stopping, RETRY_S)


async def _beat(sender: Sender, stopping: asyncio.Event) -> None:
    """Beats, gauges, and an end for what nobody speaks of."""
    while not stopping.is_set():
        try:
            await sender.beat()
            await sender.sweep()
        except ProxyError as away:
            _log.warning("relay_beat_missed", reason=away.code)
        await pause(stopping, BEAT_S)


def _mail_domain(process: Process) -> str | None:
    """The domain of our mail; a demo has one of its own, as its mail goes nowhere."""
    if process.settings.mail_domain is not None:
        return process.settings.mail_domain
    return DEMO_DOMAIN if directory.is_demo(process.paths.data_dir) else None


def _mail(process: Process, domain: str) -> Mail:
    settings = process.settings
    if settings.mail_route is None and directory.is_demo(process.paths.data_dir):
        return mails.DemoMail()
    route = settings.mail_route
    return mails.SmtpMail(
        our_name=settings.mail_hostname or domain,
        exchangers=Exchangers() if route is None else None,
        route=None if route is None else mails.Route(host=route.host, port=route.port),
        needs_tls=settings.mail_tls == "required",
    )


def _post(process: Process, key: bytes, paths: ReturnPaths, domain: str) -> Post:
    settings = process.settings
    return Post(
        addresses=_Addresses(process, key),
        texts=notices.load(settings).render,
        mail=_mail(process, domain),
        link=_links(settings),
        return_path=lambda notice_id: mails.return_path(paths.local_part(notice_id), domain),
        sender=mail_address.parse(settings.mail_from or f"notices@{domain}"),
        sender_name=settings.mail_sender_name,
        mail_domain=domain,
    )


class _Links:
    """Addresses of pages that a token opens."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def __call__(self, purpose: str, token: str) -> str:
        """The page; "" without a token. A deed's page says what its button does."""
        if not token:
            return ""
        path = f"n/{purpose}" if purpose in DEEDS else "n"
        return f"{self._base_url}/{path}/{token}"


def _links(settings: Settings) -> _Links:
    return _Links(settings.web_base_url)


class _Addresses:
    """Asks the vault to whom a notice goes, and opens its answer."""

    def __init__(self, process: Process, key: bytes) -> None:
        caller = VaultCaller(process.paths.run_dir, process.role, data_dir=process.paths.data_dir)
        self._ask = caller.ask
        self._key = key

    async def __call__(self, notice: DueNotice) -> Addressed:
        """Who and where, for this notice alone; what the vault refused with."""
        about, notice_id = notice.about, str(notice.id)
        if isinstance(about, AboutRegistration):
            tenant, registration = str(about.tenant_id), str(about.registration_id)
            letter = frames.Letter(
                tenant=tenant, registration=registration, kind=about.kind.value, notice=notice_id
            )
            return sealing.open_letter(
                self._key,
                await self._blob(letter),
                tenant=tenant,
                registration=registration,
                notice=notice_id,
            )
        asked = frames.Notice(
            case=str(about),
            notice=notice_id,
            to=notice.to.value,
            purpose=notice.purpose,
            subject=notice.subject,
        )
        blob = await self._blob(asked)
        return sealing.open_notice(self._key, blob, case=str(about), notice=notice_id)

    async def _blob(self, request: Request) -> bytes:
        answer = await self._ask(request)
        try:
            return base64.b64decode(str(answer.get("sealed", "")), validate=True)
        except binascii.Error:
            raise Unavailable("vault", "The vault's answer can not be read.") from None


def _bounces(process: Process, pool: Pool, paths: ReturnPaths, domain: str | None) -> smtp.Bounces:
    settings = process.settings

    def notice_of(address: str) -> NoticeId | None:
        local, _, at = address.rpartition("@")
        return paths.notice(local) if domain is not None and at.lower() == domain else None

    async def take(notice_id: NoticeId, report: Report) -> None:
        async with pool.acquire() as connection:
            await take_report.take(
                connection, notice_id, report, metrics=process.metrics, now=process.clock.now()
            )

    return smtp.Bounces(
        our_name=settings.mail_hostname or domain or "localhost",
        notice_of=notice_of,
        take=take,
        limits=smtp.Limits(
            connections=settings.smtp_max_connections,
            per_client=settings.smtp_max_connections_per_client,
        ),
        metrics=process.metrics,
    )
