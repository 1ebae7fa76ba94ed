"""The worker's part in finding sponsors: the operator's file of registries, and who asks them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import InvalidInput
from proxy.outbound.registries import Lookups
from proxy.services import find_sponsors
from proxy.services.find_sponsors import Finding
from proxy.store import pool as pools
from proxy.store import registrations
from proxy.wire import registries_document

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.hosting.process import Process
    from proxy.model.sponsor import Registries
    from proxy.store.pool import Access

_CONNECTIONS: Final = 4

_log = structlog.get_logger()


async def find(process: Process, access: Access) -> None:
    """Look for sponsors until told to stop; at once over without a file that holds together.

    The worker has more to do: a fault of this file is told, and stops nothing else.
    """
    path = process.settings.sponsor_registries
    if path is None:
        return
    faults = process.metrics.gauge("sponsor_registries_faults")
    try:
        registries = load(path)
    except InvalidInput as refusal:
        faults.value = float(max(1, len(refusal.faults)))
        places = " ".join(one.pointer or "/" for one in refusal.faults)
        _log.error("sponsor_registries_malformed", setting="sponsor_registries", places=places)
        return
    faults.value = 0.0
    pool = await pools.open_pool(
        access, min_size=0, max_size=_CONNECTIONS, session=registrations.SESSION
    )
    try:
        finding = Finding(
            pool=pool,
            sponsors=Lookups(registries),
            budgets=registries_document.budgets(registries),
            clock=process.clock,
            random=secrets.token_bytes,
            metrics=process.metrics,
        )
        await find_sponsors.run(finding, process.stopping)
    finally:
        pool.terminate()


def load(path: Path) -> Registries:
    """The registries of the operator's file; InvalidInput `registries_malformed`.

    A bootstrap file that it names lies beside it, or where its path says.
    """
    text = _read(path).decode("utf-8", "replace")
    named = registries_document.bootstrap_of(text)
    bootstrap = None if named is None else _read(path.parent / named)
    return registries_document.parse(text, bootstrap)


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        detail = f"{path} can not be read: {error.strerror}."
        raise InvalidInput("registries_malformed", detail) from None
    if len(content) > registries_document.OCTETS:
        detail = f"{path} is longer than {registries_document.OCTETS} octets."
        raise InvalidInput("registries_malformed", detail)
    return content
