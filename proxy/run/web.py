"""The web process: the public ledger, and the pages on which approvers use a passkey.

Composition only. It holds no key and opens no record: what it knows of orders it asks of the vault.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from aiohttp import web

from proxy.apps import approvals, ledger, pages, staff_access
from proxy.apps import runner as runners
from proxy.apps.passkeys import pages as passkeys
from proxy.errors import InvalidInput, Unavailable
from proxy.hosting.vault_calls import VaultCaller
from proxy.run import staff, web_cases
from proxy.run.admission import admission
from proxy.run.intake import Intake
from proxy.store import pool as pools
from proxy.vault import files, verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from aiohttp.web_routedef import AbstractRouteDef

    from proxy.hosting.process import Process
    from proxy.store.pool import Pool
    from proxy.vault.verifier import VerifierKey

LEDGER_KEY_NAME = "ledger.vkey"  # in the data directory, where the vault's first start puts it
_FILE_LIMIT_OCTETS = 65_536
_POOL_CONNECTIONS = 8  # tiles are cached by whoever stands before us


async def serve(process: Process) -> None:
    """Answer until told to stop, let open requests end, and return."""
    if process.database is None:
        raise Unavailable("database", "The web role needs a database.")
    pool = await pools.open_pool(
        process.database, min_size=1, max_size=_POOL_CONNECTIONS, is_stateless=True
    )
    admit = admission(process)
    public = _public_ledger(process, pool, admit)
    reception = staff.reception(process, pool, admit)
    intake = Intake(process.clock, pool)
    caller = VaultCaller(process.paths.run_dir, process.role, data_dir=process.paths.data_dir)
    ask = caller.ask
    rooms: tuple[Iterable[AbstractRouteDef], ...] = (
        public.routes(),
        approvals.routes("/approvals", ask, admit),
        passkeys.routes(ask, admit),
        staff_access.routes(reception),
        *web_cases.rooms(process, pool, intake, reception, caller),
    )
    runner = runners.Runner(
        pages.application(rooms, process.metrics, secrets.token_bytes),
        access_log=None,  # it would hold client addresses
        shutdown_timeout=process.settings.drain_s,
        handle_signals=False,
    )
    await runner.setup()
    rounds = [
        asyncio.create_task(one)
        for one in (public.watch(), intake.watch(), web_cases.beat(process, pool, process.stopping))
    ]
    try:
        for one in process.sockets.get("web", ()):
            await web.SockSite(runner, one).start()
        process.ready()
        await process.stopping.wait()
    finally:
        await runner.cleanup()
        for task in rounds:
            task.cancel()
        await asyncio.gather(*rounds, return_exceptions=True)
        pool.terminate()


def _public_ledger(
    process: Process, pool: Pool, admit: Callable[[web.Request], None]
) -> ledger.PublicLedger:
    settings = process.settings
    return ledger.PublicLedger(
        pool=pool,
        clock=process.clock,
        metrics=process.metrics,
        log_key=_log_key(process.paths.data_dir / LEDGER_KEY_NAME),
        witnesses=_witnesses(settings.ledger_witnesses),
        interval_s=settings.ledger_interval_s,
        admit=admit,
    )


def _log_key(path: Path) -> VerifierKey:
    try:
        return verifier.parse(_read(path).strip())
    except InvalidInput:
        raise Unavailable("ledger_key", f"{path} holds no verifier key of a ledger.") from None


def _witnesses(path: Path | None) -> tuple[VerifierKey, ...]:
    if path is None:
        return ()
    try:
        return ledger.parse_witnesses(_read(path))
    except InvalidInput as error:
        raise Unavailable("ledger_witnesses", f"{path}: {error.detail}") from None


def _read(path: Path) -> str:
    try:
        content = files.read(path, _FILE_LIMIT_OCTETS)
        if content is not None:
            return content.decode()
    except (OSError, UnicodeDecodeError):
        pass
    raise Unavailable("file", f"{path} is missing or can not be read.")
