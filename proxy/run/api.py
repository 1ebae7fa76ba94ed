"""The API process: seals and writes, can open nothing. Composition only."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import timedelta
from importlib import metadata
from typing import TYPE_CHECKING, Final

import phonenumbers
import structlog
from aiohttp import web

from proxy.apps import runner as runners
from proxy.apps.api import application
from proxy.apps.api.access import KeyRing
from proxy.apps.api.client_keys import ClientKeys
from proxy.apps.api.office import Limits, Office
from proxy.errors import ProxyError, Unavailable
from proxy.hosting.vault_calls import VaultCaller
from proxy.rules.throttling import Limit
from proxy.run import api_tls
from proxy.run.admission import admission
from proxy.run.intake import Intake
from proxy.run.waking import Waker
from proxy.services.register import Registrar
from proxy.store import operations, registrations
from proxy.store import pool as pools
from proxy.vault import seal

if TYPE_CHECKING:
    import ssl

    from proxy.hosting.process import Process
    from proxy.settings import Settings
    from proxy.store.pool import Pool

SWEEP_S: Final = 2.0
INTERRUPTED_AFTER: Final = timedelta(seconds=10)  # five heartbeats of services.ingest
_NAMES_KEPT: Final = timedelta(days=1)

# Read before privileges drop: later the role's user may be unable to read the package.
phonenumbers.PhoneMetadata.load_all()

_log = structlog.get_logger()


async def serve(process: Process) -> None:
    """Answer until told to stop, let open requests end, and return."""
    if process.database is None:
        raise Unavailable("database", "The API needs a database.")
    settings = process.settings
    tls, clients = _certificates(process)
    pool = await pools.open_pool(
        process.database,
        min_size=2,
        max_size=settings.api_database_connections,
        session=registrations.SESSION,
        is_stateless=True,
    )
    intake = Intake(process.clock, pool)
    waker = Waker(process.database)
    sealer = seal.IntakeSealer(
        keys=seal.load_api_keys(process.paths.key_dir / "api" / "api.json"),
        pin=seal.load_pin(process.paths.data_dir / "vault.pub"),
        current=intake.current,
        clock=process.clock,
        random=secrets.token_bytes,
    )
    office = Office(
        pool=pool,
        registrar=Registrar(pool),
        sealer=sealer,
        keys=KeyRing(pool, time.monotonic, process.clock, clients),
        clock=process.clock,
        random=secrets.token_bytes,
        limits=_limits(settings),
        wake=waker.wake,
        metrics=process.metrics,
    )
    runner = runners.Runner(
        application.build(
            office,
            metadata.version("privacyproxy"),
            VaultCaller(process.paths.run_dir, process.role, data_dir=process.paths.data_dir).ask,
            admission(process),
        ),
        access_log=None,  # it would hold client addresses
        shutdown_timeout=settings.drain_s,
        handle_signals=False,
    )
    await runner.setup()
    rounds = [
        asyncio.create_task(one) for one in (intake.watch(), _sweep(process, pool), waker.run())
    ]
    try:
        await intake.first()
        for one in process.sockets.get("api", ()):
            await web.SockSite(runner, one).start()
        for one in process.sockets.get("api_tls", ()):
            await web.SockSite(runner, one, ssl_context=tls).start()
        process.ready()
        await process.stopping.wait()
    finally:
        await runner.cleanup()
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        pool.terminate()


def _certificates(process: Process) -> tuple[ssl.SSLContext | None, ClientKeys]:
    """The TLS of the listener with client certificates, and which go with which keys.

    Files that can not be read end a first start at once: the next one would read the same.
    """
    settings = process.settings
    try:
        return api_tls.context(settings), ClientKeys(settings.api_client_keys, time.monotonic)
    except Unavailable as fault:
        process.refuse(fault.detail)
        raise


def _limits(settings: Settings) -> Limits:
    rate = settings.api_rate_limit
    return Limits(
        body_octets=settings.api_body_octets,
        import_octets=settings.import_max_octets,
        line_octets=settings.import_line_octets,
        batch_lines=settings.import_batch_rows,
        reservation_days=settings.reservation_days,
        rate=None if rate is None else Limit(count=rate.requests, period_s=rate.seconds),
    )


async def _sweep(process: Process, pool: Pool) -> None:
    """Finds imports whose process died, for ever."""
    while True:
        now = process.clock.now()
        try:
            async with pool.acquire() as connection:
                await operations.interrupt(connection, now, now - INTERRUPTED_AFTER)
                await operations.forget_names(connection, now - _NAMES_KEPT)
        except (ProxyError, OSError) as error:
            _log.warning("import_sweep_failed", error=type(error).__name__)
        await asyncio.sleep(SWEEP_S)
