"""The parts that the three steps work with, put together for one process or command.

Composition only: which key encrypts, which transport leads to an agent, where files lie. What an
agent is comes from the vault; the plan says how it is used, never who it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from escrow import envelope
from escrow.keys import KeyDirectory
from escrow.model import DIRECTORY_HOST
from escrow.staging import Bench
from escrow.steps import Desk
from escrow.transport.directory import DirectoryTransport
from escrow.transport.sftp import SftpTransport, Target
from proxy.errors import InvalidInput
from proxy.vault import files

if TYPE_CHECKING:
    from collections.abc import Callable

    from escrow.model import Stream
    from escrow.opening import Agent, Ask, Unseal
    from escrow.transport.base import Transport
    from proxy.ports import Clock
    from proxy.store.pool import Access

DIRECTORY: Final = "escrow"  # in the data directory and in the key directory


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a process or a command brings."""

    access: Access
    ask: Ask
    unseal: Unseal
    clock: Clock
    draw: Callable[[int], bytes]
    data_dir: Path
    key_dir: Path
    progress: Callable[[int, int], None] = lambda _done, _total: None


def outbox(data_dir: Path) -> Path:
    """Where the files of deposits lie, made if it is not there."""
    files.make_directory(data_dir / DIRECTORY)
    place = data_dir / DIRECTORY / "outbox"
    files.make_directory(place)
    return place


def keys(key_dir: Path) -> KeyDirectory:
    """Our keys and agents' certificates."""
    return KeyDirectory(key_dir / DIRECTORY)


def open_desk(parts: Parts) -> Desk:
    """The desk."""
    ring = keys(parts.key_dir)

    async def bench(agent: Agent) -> Bench:
        return await asyncio.to_thread(_bench, parts, ring, agent)

    async def connect(stream: Stream, agent: Agent) -> Transport:
        return await _connect(ring, stream, agent)

    def read_signed(content: bytes, fingerprint: str) -> bytes:
        return envelope.verify_signed(content, ring.certificate(fingerprint))

    def check_own(text: bytes, signature: bytes) -> None:
        envelope.verify_detached(text, signature, ring.signing_certificate())

    return Desk(
        ask=parts.ask,
        clock=parts.clock,
        draw=parts.draw,
        outbox=outbox(parts.data_dir),
        bench=bench,
        connect=connect,
        read_signed=read_signed,
        check_own=check_own,
    )


def _bench(parts: Parts, ring: KeyDirectory, agent: Agent) -> Bench:
    certificate = ring.certificate(agent.openpgp)
    signing = ring.signing_key()

    def seal(path: Path) -> envelope.Sealing:
        return envelope.Sealing(path, recipients=(certificate,), signing_key=signing)

    return Bench(
        access=parts.access,
        ask=parts.ask,
        unseal=parts.unseal,
        clock=parts.clock,
        seal=seal,
        sign=lambda text: envelope.sign(text, signing),
        signer=ring.signer(),
        recipients=(agent.openpgp,),
        progress=parts.progress,
    )


async def _connect(ring: KeyDirectory, stream: Stream, agent: Agent) -> Transport:
    if agent.host == DIRECTORY_HOST and not stream.user:
        if not Path(stream.directory).is_absolute():
            raise InvalidInput(
                "escrow_directory", f"The directory of stream {stream.id} must be an absolute path."
            )
        return DirectoryTransport(Path(stream.directory), reports=stream.receipts_directory)
    target = Target(
        host=agent.host,
        port=agent.port,
        host_key=agent.host_key,
        user=stream.user,
        directory=stream.directory,
        reports=stream.receipts_directory,
    )
    return await SftpTransport.connect(target, await asyncio.to_thread(ring.ssh_key))
