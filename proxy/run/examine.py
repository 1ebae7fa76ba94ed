"""What `doctor` looks at: each check says whether it is well, and if not, what to do.

Works beside a running service and when nothing runs, and changes nothing. Every finding is one
sentence without personal data.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import ProxyError
from proxy.run import boot, database, directory, listeners
from proxy.store import pool
from proxy.store.logins import LoginRole
from proxy.vault import genesis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proxy.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check and its outcome."""

    check: str
    is_well: bool
    sentence: str


def is_running(data_dir: Path) -> bool:
    """Whether a supervisor holds the data directory at this moment."""
    try:
        descriptor = os.open(data_dir / "up.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Every finding, in the order in which things depend on one another."""
    running = is_running(settings.data_dir)
    return (
        *_directories(settings),
        _service(settings, is_up=running),
        *(() if running else _ports(settings)),
        _keys(settings),
        *asyncio.run(_databases(settings, is_up=running)),
    )


def _directories(settings: Settings) -> Iterator[Finding]:
    for name, path in (("data directory", settings.data_dir), ("key directory", settings.key_dir)):
        if not path.exists():
            yield _bad(name, f"{path} does not exist; `privacyproxy up` makes it.")
        elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            yield _bad(name, f"{path} may not be used by this user; run as its owner.")
        else:
            yield _well(name, str(path))


def _service(settings: Settings, *, is_up: bool) -> Finding:
    if not is_up:
        return _well("service", "nothing runs in this data directory")
    facts = directory.running(settings.data_dir)
    return _well("service", f"runs as process {facts.get('pid')}")


def _ports(settings: Settings) -> Iterator[Finding]:
    for name in ("whois", "rdap", "api", "metrics"):
        for address in listeners.addresses(settings, name):
            try:
                listeners.listen(name, address, 1).close()
            except ProxyError as fault:
                yield _bad(f"{name} port", fault.detail)
            else:
                yield _well(f"{name} port", f"{address.text} is free")


def _keys(settings: Settings) -> Finding:
    if (
        not (settings.data_dir / genesis.PIN_NAME).exists()
        and not (settings.key_dir / genesis.VAULT_DIRECTORY).exists()
    ):
        return _well("keys", "no keys yet; the first start makes them")
    fault = genesis.examine(settings.key_dir, settings.data_dir)
    return _well("keys", "the key files fit this data") if fault is None else _bad("keys", fault)


async def _databases(settings: Settings, *, is_up: bool) -> tuple[Finding, ...]:
    if settings.database_url is None and not is_up:
        return (_well("database", "embedded; it runs with `privacyproxy up` only"),)
    found = []
    for role in LoginRole:
        name = f"database as {role.login}"
        try:
            access = boot.access(database.login(settings, role))
            async with pool.connected(access):
                pass
        except ProxyError as fault:
            found.append(_bad(name, fault.detail))
        else:
            found.append(_well(name, "answers"))
    return tuple(found)


def _well(check: str, sentence: str) -> Finding:
    return Finding(check=check, is_well=True, sentence=sentence)


def _bad(check: str, sentence: str) -> Finding:
    return Finding(check=check, is_well=False, sentence=sentence)
