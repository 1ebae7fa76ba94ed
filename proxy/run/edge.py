"""The edge worker: WHOIS and RDAP on inherited listeners, answered from one shared snapshot.

Composition only. Holds published rows and nothing else: no database login, no key but RDAP's own
TLS key; it keeps answering while everything else is down (promise 2). Memory: what it maps beside
the snapshot stays under 80 MB (table of goals).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import secrets
import ssl
from typing import TYPE_CHECKING, Final

from proxy.apps import rdap, whois, whois_waiting
from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.apps.whois_answers import Responder
from proxy.errors import ProxyError, Unavailable
from proxy.rules.throttling import Limit
from proxy.services.look_up import LookUp
from proxy.snapshot.reader import Snapshot

if TYPE_CHECKING:
    import socket

    from proxy.hosting.process import Process
    from proxy.settings import RateLimit, Settings

_TABLE_PREFIX: Final = "throttle-"
_REFERENCE_OCTETS: Final = 6
_TLS12_CIPHERS: Final = "ECDHE+AESGCM"
"""gTLD RDAP Technical Implementation Guide 2024: with TLS 1.2 these alone; TLS 1.3 has its own."""


async def serve(process: Process) -> None:
    """Answer until told to stop, then answer what is queued and open, and return."""
    settings = process.settings
    _raise_descriptor_limit()
    snapshot = Snapshot(process.paths.data_dir / "snapshot")
    look_up = LookUp(snapshot)
    table = _open_table(process)
    whois_server = _whois(process, look_up, table)
    rdap_server = _rdap(process, look_up, table)
    _report_age(process, look_up)
    whois_server.start()
    await rdap_server.start(process.sockets.get("rdap", ()), _tls(settings))
    process.ready()
    await process.stopping.wait()
    await asyncio.gather(whois_server.stop(settings.drain_s), rdap_server.drain(settings.drain_s))
    snapshot.close()


def _whois(process: Process, look_up: LookUp, table: Table) -> whois.Server:
    settings = process.settings
    limit = _limit(settings.whois_rate_limit)
    throttle = Throttle(table, "whois", limit, settings.rate_limit_exempt)
    return whois.Server(
        listeners=process.sockets.get("whois", ()),
        responder=Responder(
            look_up,
            throttle,
            process.metrics,
            _new_reference,
            _limit_text(settings.whois_rate_limit),
        ),
        throttle=throttle,
        bounds=whois_waiting.Bounds(
            connections=settings.whois_max_connections,
            connections_per_client=settings.whois_max_connections_per_client,
            read_timeout_s=settings.whois_read_timeout_s,
        ),
        metrics=process.metrics,
        proxies=settings.trusted_proxies,
    )


def _rdap(process: Process, look_up: LookUp, table: Table) -> rdap.RdapServer:
    settings = process.settings
    limit = settings.rdap_rate_limit
    return rdap.RdapServer(
        finder=look_up,
        throttle=Throttle(table, "rdap", _limit(limit), settings.rate_limit_exempt),
        bounds=rdap.Bounds(
            connections=settings.rdap_max_connections,
            connections_per_client=settings.rdap_max_connections_per_client,
            read_timeout_s=settings.rdap_read_timeout_s,
            idle_timeout_s=settings.rdap_idle_timeout_s,
        ),
        metrics=process.metrics,
        clock=process.clock,
        new_reference=_new_reference,
        base_url=_base_url(settings, process.sockets.get("rdap", ())),
        trusted_proxies=settings.trusted_proxies,
        limit_text=_limit_text(limit),
    )


def _base_url(settings: Settings, listeners: tuple[socket.socket, ...]) -> str:
    """Where RDAP is reached when no setting says so: at its own listener."""
    if settings.rdap_base_url is not None:
        return settings.rdap_base_url.rstrip("/") + "/"
    scheme = "https" if settings.rdap_tls_cert is not None else "http"
    if not listeners:
        return f"{scheme}://{settings.rdap_listen[0].text}/"
    host, port = listeners[0].getsockname()[:2]
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.rdap_tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_TLS12_CIPHERS)
    try:
        context.load_cert_chain(settings.rdap_tls_cert, settings.rdap_tls_key)
    except OSError:
        raise Unavailable(
            "rdap_tls", "The files of rdap_tls_cert and rdap_tls_key can not be read as PEM."
        ) from None
    return context


def _open_table(process: Process) -> Table:
    """The rate limit table of all workers of one supervisor; its first opener makes it.

    Named after the supervisor, so that a new start has a new key; the first worker removes the
    tables of earlier starts.
    """
    directory = process.paths.scratch_dir
    name = f"{_TABLE_PREFIX}{os.getppid()}"
    if process.index == 0:
        for path in directory.glob(f"{_TABLE_PREFIX}*"):
            if path.name != name:
                path.unlink(missing_ok=True)
    return Table(directory / name, secrets.token_bytes(KEY_OCTETS))


def _limit(limit: RateLimit | None) -> Limit | None:
    if limit is None:
        return None
    return Limit(count=limit.requests, period_s=limit.seconds)


def _limit_text(limit: RateLimit | None) -> str | None:
    return None if limit is None else f"{limit.requests} requests in {limit.seconds} seconds"


def _report_age(process: Process, look_up: LookUp) -> None:
    age = process.metrics.gauge("snapshot_age_seconds")

    def refresh() -> None:
        with contextlib.suppress(ProxyError):  # no snapshot yet: nothing to tell the age of
            age.value = (process.clock.now() - look_up.as_of()).total_seconds()

    process.metrics.refresh_with(refresh)


def _raise_descriptor_limit() -> None:
    """Use what the system allows: connections are bounded by the settings."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _new_reference() -> str:
    return secrets.token_hex(_REFERENCE_OCTETS)
