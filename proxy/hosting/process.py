"""What every process of the service is handed: one value, made by whoever started it.

Each role is a module `proxy.run.<role>`, or `escrow.serve`, with
`async def serve(process: Process) -> None`: it opens what it needs, calls `process.ready()` once it
answers, waits for `process.stopping`, drains, closes and returns. It must not read settings
elsewhere, bind sockets, change users or install signal handlers: that is done before `serve` runs.
Its heavy imports stand at the top of its module, because they happen before privileges drop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from proxy.metrics import Registry
    from proxy.ports import Clock
    from proxy.settings import Settings
    from proxy.store.pool import Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The directories of one installation."""

    data_dir: Path
    """Everything but keys. The follower owns `data_dir/snapshot`, escrow `data_dir/escrow`."""

    key_dir: Path
    """Keys. The vault owns `key_dir/vault`, and so do the API, escrow and the relay, each with a
    directory of its name; nobody else can look inside."""

    run_dir: Path
    """Sockets only: short and private, gone at exit."""

    scratch_dir: Path
    """The role's own directory below the data directory, for files shared by its workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of a role, before it serves."""

    role: str
    """`vault`, `api`, `web`, `worker`, `escrow`, `relay`, `follower` or `edge`."""

    index: int
    """Number of this worker among those of its role, from 0."""

    settings: Settings
    database: Access | None
    """The role's own login; None for edge workers, which have none."""

    sockets: Mapping[str, tuple[socket.socket, ...]]
    """Bound, listening sockets by name: `whois`, `rdap`, `api`, `web`, `smtp`, `vault.CALLER`.
    They are shared with the other workers: close them, never shut them down."""

    users: Mapping[str, int]
    """Numeric user id by role, and `operator`: whom a Unix peer must be. All equal where the
    service runs as one operating-system user."""

    metrics: Registry
    clock: Clock
    paths: Paths
    stopping: asyncio.Event
    """Set once the process must drain and return."""

    announce: Callable[[], None]
    """How `ready` reaches the supervisor."""

    refuse: Callable[[str], None] = field(default=lambda _sentence: None)
    """How a start that no later one could better reaches the supervisor, with what to do."""

    root_phrase: str | None = field(default=None, repr=False)
    """The pass phrase of the root key; the vault alone has one, where one is needed."""

    def ready(self) -> None:
        """Tell the supervisor that this process answers."""
        self.announce()


class SystemClock:
    """The time of day of this machine."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one Clock
