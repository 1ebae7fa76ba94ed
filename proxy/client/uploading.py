"""Sends a file of registrations to POST /v1/imports and follows it to its end.

An upload that breaks off is taken up again at the next line: the operation's id is chosen here, and
the service tells how many lines it has dealt with. Never prints or keeps a line of the file.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from proxy.client import registrar as clients
from proxy.client.calling import Access
from proxy.errors import NotFound, RateLimited, Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from typing import BinaryIO
    from uuid import UUID

    from proxy.apps.api.import_answers import OperationAnswer
    from proxy.client.registrar import Client

_CHUNK_OCTETS: Final = 1 << 18
POLL_S: Final = 0.25
PATIENCE_S: Final = 120.0
"""Seconds without any progress after which an upload is given up."""


_NOT_NOW: Final = (Unavailable, RateLimited)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file on its way."""

    api_url: str
    api_key: str = field(repr=False)
    file: Path
    operation_id: UUID
    progress: Callable[[int], None]  # octets sent, from the file's beginning
    registrar: UUID | None = None  # whose key it must be; None: not asked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the service says of the operation; it is None where it never began."""

    operation: OperationAnswer | None
    done: int


async def upload(one: Upload) -> OperationAnswer:
    """The operation at its end; raises the service's no, or Unavailable."""
    clock = asyncio.get_running_loop().time
    # One try a call: the loop here is patient itself, and counts the time without progress.
    async with clients.connected(Access(url=one.api_url, key=one.api_key, tries=1)) as client:
        if one.registrar is not None:
            await _own_key(client, one.registrar)
        waited, done = 0.0, -1
        while waited < PATIENCE_S:
            began = clock()
            known = await _look(client, one)
            await asyncio.sleep(POLL_S)
            waited += clock() - began
            if known is None:
                continue
            if known.done > done:
                waited, done = 0.0, known.done
            if known.operation is None or known.operation.reason == "interrupted":
                await _send(client, one, done)
            elif known.operation.state != "running":
                return known.operation
    raise Unavailable("api", "The service does not answer, or does not get on; run it again.")


async def _own_key(client: Client, registrar: UUID) -> None:
    """Raises Refused where the key is another registrar's: nothing of the file is sent then."""
    waited = 0.0
    while waited < PATIENCE_S:
        with contextlib.suppress(*_NOT_NOW):
            account = await client.account()
            if account.registrar != str(registrar):
                detail = "The API key is not of the registrar of --registrar."
                raise Refused("other_registrar", detail)
            return
        waited += POLL_S
        await asyncio.sleep(POLL_S)
    raise Unavailable("api", "The service does not answer; run it again.")


async def _look(client: Client, one: Upload) -> _Known | None:
    """The operation as the service knows it; None where it does not answer now."""
    try:
        operation = await client.operation(one.operation_id)
    except NotFound:
        return _Known(operation=None, done=0)
    except _NOT_NOW:
        return None
    return _Known(operation=operation, done=operation.done)


async def _send(client: Client, one: Upload, after_line: int) -> None:
    with contextlib.suppress(*_NOT_NOW):  # the operation tells how far it came
        await client.send_lines(_body(one, after_line), one.operation_id, after_line=after_line)


async def _body(one: Upload, after_line: int) -> AsyncIterator[bytes]:
    with one.file.open("rb") as file:
        sent = await asyncio.to_thread(_skip, file, after_line)
        while chunk := await asyncio.to_thread(file.read, _CHUNK_OCTETS):
            yield chunk
            sent += len(chunk)
            one.progress(sent)


def _skip(file: BinaryIO, lines: int) -> int:
    """Octets of the first lines, read past."""
    return sum(len(file.readline()) for _ in range(lines))
