"""The whole service in a scratch directory, for benchmarks that go through its own API.

A durable PostgreSQL, every role in a process of its own, as an operator would run it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from proxy import settings as settings_module
from proxy.errors import Unavailable
from proxy.hosting.process import SystemClock
from proxy.run import enrolling
from proxy.store import embedded
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from proxy.store.pool import Access

STOP_S: Final = 20
_DEMO: Final = Path(str(resources.files("proxy") / "demo"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A running service with one registrar."""

    api_url: str
    web_url: str
    data_dir: Path
    key_dir: Path
    process_id: int  # the supervisor's
    tenant_id: UUID
    api_key: str = field(repr=False)
    owner: Access  # of the database: for floors, in tables of their own


@contextlib.contextmanager
def running(scratch: Path) -> Iterator[Whole]:
    """The service for the length of the block."""
    data_dir, key_dir = scratch / "data", scratch / "keys"
    log = scratch / "stderr"
    with (
        log.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 - our own program
            [
                *(sys.executable, "-m", "proxy", "up", "--ports", "auto"),
                *("--data-dir", str(data_dir), "--key-dir", str(key_dir)),
            ],
            stdout=subprocess.PIPE,
            stderr=stderr,
        ) as process,
    ):
        try:
            addresses = _ready(process, log)
            settings = settings_module.from_environment(
                None, {"data_dir": str(data_dir), "key_dir": str(key_dir)}
            )
            profile = (_DEMO / "profile.json").read_bytes()
            now = SystemClock().now()
            added = asyncio.run(enrolling.add_registrar(settings, "Bench", 9999, profile, now))
            yield Whole(
                api_url=addresses["api"],
                web_url=addresses["web"],
                data_dir=data_dir,
                key_dir=key_dir,
                process_id=process.pid,
                tenant_id=added.id,
                api_key=added.api_key,
                owner=embedded.access(data_dir / "postgres", LoginRole.OWNER),
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S)


def lines(count: int) -> Iterator[bytes]:
    """Invented registrations of four different contacts each, one JSON object a line."""
    file = (_DEMO / "registrations.ndjson").read_text("utf-8")
    samples = [json.loads(line) for line in file.splitlines()]
    persons = [one["contacts"]["registrant"] for one in samples]
    for number in range(count):
        sample: dict[str, Any] = samples[number % len(samples)]
        roles = ("registrant", "admin", "tech", "billing")
        contacts = {
            role: persons[(number * 7 + place) % len(persons)] for place, role in enumerate(roles)
        }
        domain, identity = f"bench-{number}.example", f"D{number}-EXAMPLE"
        yield json.dumps(
            {**sample, "domain": domain, "registry_domain_id": identity, "contacts": contacts},
            ensure_ascii=False,
        ).encode()


def _ready(process: subprocess.Popen[bytes], log: Path) -> dict[str, str]:
    for line in process.stdout or ():
        if line.startswith(b"ready "):
            addresses: dict[str, str] = json.loads(line.removeprefix(b"ready "))
            return addresses
    tail = log.read_text("utf-8", "replace")[-500:]
    raise Unavailable("bench", f"The service did not start: {tail}")
