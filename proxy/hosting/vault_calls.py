"""How a process of the service asks the vault: one request a connection, over its own socket.

For roles with an event loop; the command line has a way of its own (run.cli.keys). What the vault
refuses is raised here as the same error.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from proxy import errors
from proxy.errors import ProxyError, Unavailable
from proxy.hosting import directory
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.wire.frames import Answer, Request

ANSWER_WAIT_S = 10.0  # the vault answers a vote within milliseconds
_KINDS = {
    one.__name__: one
    for one in (errors.InvalidInput, errors.NotFound, errors.Refused, errors.Conflict)
}


class VaultCaller:
    """The vault as one calling role sees it."""

    def __init__(
        self,
        run_dir: Path,
        role: str,
        *,
        wait_s: float = ANSWER_WAIT_S,
        data_dir: Path | None = None,
    ) -> None:
        """`run_dir` is the directory of sockets, `role` the caller's own name.

        With `data_dir` a vault that another supervisor runs in it (`run vault`) is found too.
        """
        self._run_dir = run_dir
        self._name = f"vault.{role}"
        self._wait_s = wait_s
        self._data_dir = data_dir

    async def ask(self, request: Request) -> Answer:
        """The last frame of the vault's answer; raises what the vault refused with.

        Unavailable `vault` when it does not answer, which on a host without a vault is always.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                reader, writer = await asyncio.open_unix_connection(self._path())
                try:
                    writer.write(frames.render(request))
                    await writer.drain()
                    return await _last(reader)
                finally:
                    writer.close()
        except (OSError, EOFError, TimeoutError):
            raise Unavailable("vault", "The vault does not answer; try again later.") from None

    async def answers(self, request: Request) -> AsyncIterator[Answer]:
        """Every frame of an answer, the last with `done`; raises as `ask` does.

        The wait is for each frame: a long file may take as long as its reader does.
        """
        try:
            async with asyncio.timeout(self._wait_s):
                reader, writer = await asyncio.open_unix_connection(self._path())
            try:
                writer.write(frames.render(request))
                is_done = False
                while not is_done:
                    async with asyncio.timeout(self._wait_s):
                        answer = await _next(reader)
                    is_done = answer.get("done") is True
                    yield answer
            finally:
                writer.close()
        except (OSError, EOFError, TimeoutError):
            raise Unavailable("vault", "The vault does not answer; try again later.") from None

    def _path(self) -> str:
        # Looked up at each call: a vault that starts again has another directory.
        own = self._run_dir / self._name
        if self._data_dir is None or own.exists():
            return str(own)
        return str(directory.vault_run_dir(self._data_dir, self._run_dir) / self._name)


async def _last(reader: asyncio.StreamReader) -> Answer:
    while True:
        answer = await _next(reader)
        if answer.get("done") is True:
            return answer


async def _next(reader: asyncio.StreamReader) -> Answer:
    prefix = await reader.readexactly(frames.LENGTH_OCTETS)
    length = frames.length(prefix, frames.ANSWER_LIMIT_OCTETS)
    answer = frames.parse_answer(await reader.readexactly(length))
    if "error" in answer:
        raise fault(answer)
    return answer


def fault(answer: Answer) -> ProxyError:
    """The error that an answer carries; one of an unknown kind means "not now"."""
    code, detail = str(answer["error"]), str(answer.get("detail") or "")
    kind = _KINDS.get(str(answer.get("kind")))
    return Unavailable(code, detail) if kind is None else kind(code, detail)
