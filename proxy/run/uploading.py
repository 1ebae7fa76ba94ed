"""Sends a file of registrations to POST /v1/imports and follows it to its end.

An upload that breaks off is taken up again at the next line: the operation's id is chosen here, and
the service tells how many lines it has dealt with. Never prints or keeps a line of the file.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from proxy.errors import Refused, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from uuid import UUID

_CHUNK_OCTETS: Final = 1 << 18
POLL_S: Final = 0.25
PATIENCE_S: Final = 120.0
"""Seconds without any progress after which an upload is given up."""
_ABSENT: Final = "absent"  # the service knows nothing of the operation: it never began


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file on its way."""

    api_url: str
    api_key: str = field(repr=False)
    file: Path
    operation_id: UUID
    progress: Callable[[int], None]  # octets sent, from the file's beginning
    registrar: UUID | None = None  # whose key it must be; None: not asked


async def upload(one: Upload) -> dict[str, Any]:
    """The operation at its end; raises Refused with the service's sentence, or Unavailable."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=600)
    headers = {"Authorization": f"Bearer {one.api_key}"}
    async with aiohttp.ClientSession(
        one.api_url, timeout=timeout, headers=headers, trust_env=False
    ) as session:
        if one.registrar is not None:
            await _own_key(session, one.registrar)
        waited, done = 0.0, -1
        while waited < PATIENCE_S:
            began = asyncio.get_running_loop().time()
            operation = await _operation(session, one)
            await asyncio.sleep(POLL_S)
            waited += asyncio.get_running_loop().time() - began
            if operation is None:
                continue
            if operation["done"] > done:
                waited, done = 0.0, operation["done"]
            if operation["state"] == _ABSENT or operation["reason"] == "interrupted":
                await _send(session, one, done)
            elif operation["state"] != "running":
                return operation
    raise Unavailable("api", "The service does not answer, or does not get on; run it again.")


async def _own_key(session: aiohttp.ClientSession, registrar: UUID) -> None:
    """Raises Refused where the key is another registrar's: nothing of the file is sent then."""
    waited = 0.0
    while waited < PATIENCE_S:
        try:
            async with session.get("/v1/account") as answer:
                if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    await _refuse(answer)
                    account: dict[str, Any] = await answer.json()
                    if account.get("registrar") != str(registrar):
                        detail = "The API key is not of the registrar of --registrar."
                        raise Refused("other_registrar", detail)
                    return
        except (aiohttp.ClientError, OSError):
            pass
        waited += POLL_S
        await asyncio.sleep(POLL_S)
    raise Unavailable("api", "The service does not answer; run it again.")


async def _operation(session: aiohttp.ClientSession, one: Upload) -> dict[str, Any] | None:
    """The operation as the service knows it; None where it does not answer now."""
    try:
        async with session.get(f"/v1/operations/{one.operation_id}") as answer:
            if answer.status == HTTPStatus.NOT_FOUND:
                return {"state": _ABSENT, "done": 0, "reason": None}
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                await _refuse(answer)
                found: dict[str, Any] = await answer.json()
                return found
    except (aiohttp.ClientError, OSError):
        pass
    return None


async def _send(session: aiohttp.ClientSession, one: Upload, after_line: int) -> None:
    try:
        async with session.post(
            "/v1/imports",
            params={"id": str(one.operation_id), "after_line": str(after_line)},
            data=_body(one, after_line),
            headers={"Content-Type": "application/x-ndjson"},
        ) as answer:
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                await _refuse(answer)
    except (aiohttp.ClientError, OSError):
        return  # the operation tells how far it came


async def _refuse(answer: aiohttp.ClientResponse) -> None:
    if answer.status < HTTPStatus.BAD_REQUEST:
        return
    problem = await answer.json(content_type=None)
    raise Refused(str(problem.get("code")), str(problem.get("detail") or problem.get("title")))


async def _body(one: Upload, after_line: int) -> AsyncIterator[bytes]:
    sent = 0
    with one.file.open("rb") as file:
        for _ in range(after_line):
            sent += len(file.readline())
        while chunk := await asyncio.to_thread(file.read, _CHUNK_OCTETS):
            yield chunk
            sent += len(chunk)
            one.progress(sent)
