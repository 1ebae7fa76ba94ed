"""Uploads: few at once, none for ever, none too slowly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from proxy.apps import uploads
from proxy.errors import InvalidInput, RateLimited

if TYPE_CHECKING:
    from aiohttp import web


class Body:
    """A request whose body comes as a test says: each chunk after so many seconds."""

    def __init__(self, *chunks: tuple[float, bytes]) -> None:
        self.content = self
        self._chunks = list(chunks)

    async def readany(self) -> bytes:
        """The next chunk."""
        if not self._chunks:
            return b""
        seconds, chunk = self._chunks.pop(0)
        if seconds:
            await asyncio.sleep(seconds)
        return chunk


async def read(body: Body, **limits: float) -> bytes:
    """All of it."""
    request = cast("web.Request", cast("Any", body))
    return b"".join([one async for one in uploads.chunks(request, **limits)])


async def test_what_comes_in_time_is_read_whole() -> None:
    """Chunks in their order, to the end."""
    assert await read(Body((0, b"a"), (0.01, b"b"), (0, b"c"))) == b"abc"


async def test_who_pauses_too_long_is_refused() -> None:
    """One long silence ends it."""
    with pytest.raises(InvalidInput, match="request_timeout"):
        await read(Body((0, b"a"), (5, b"b")), idle_s=0.02)


@pytest.mark.parametrize("seconds", [0.01, 0])
async def test_who_never_ends_is_refused(seconds: float) -> None:
    """A drop now and then keeps nobody busy for ever; nor does a stream that never stops."""
    drops = [(seconds, b"a")] * 300_000
    with pytest.raises(InvalidInput, match="request_timeout"):
        await read(Body(*drops), idle_s=1, whole_s=0.02)


def test_few_are_let_in_at_a_time() -> None:
    """One more is told to come back; whoever leaves makes room, however they leave."""
    gate = uploads.Gate(2)
    with gate.enter():
        with gate.enter(), pytest.raises(RateLimited, match="uploads_busy"), gate.enter():
            pass
        with pytest.raises(ZeroDivisionError), gate.enter():
            raise ZeroDivisionError
        with gate.enter():
            pass
