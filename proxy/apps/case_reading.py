"""What staff ask the vault by a document that they signed on their own machine.

A file of a case, whether the registrant holds a value, a package's pass-phrase. The vault checks
document, signature and role, and seals what it answers to a key of the asker's machine; this room
carries both and can read neither. Mounted by the web role. Source: vault.md, Grants.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from proxy.apps import pages
from proxy.apps.case_bodies import Signed
from proxy.errors import ProxyError
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from proxy.model.case import Actor
    from proxy.wire.frames import Answer, Request

BODY_OCTETS: Final = 32_768
MEDIA_TYPE: Final = "application/x-ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingDesk:
    """What the handlers need: the vault's last word, or every frame of it."""

    ask: Callable[[Request], Awaitable[Answer]]
    answers: Callable[[Request], AsyncIterator[Answer]]
    authenticate: Callable[[web.Request], Awaitable[Actor]]
    admit: Callable[[web.Request], None]


def routes(desk: ReadingDesk) -> list[web.RouteDef]:
    """The routes below /staff."""
    room = _Room(desk)
    return [
        web.post("/staff/readings", room.read),
        web.post("/staff/matches", room.match),
        web.post("/staff/pass-phrases", room.pass_phrase),
    ]


class _Room:
    """The handlers."""

    def __init__(self, desk: ReadingDesk) -> None:
        self._desk = desk

    async def read(self, request: web.Request) -> web.StreamResponse:
        """The sealed parts of a file, a line each, and at the end `done`, or why there is none.

        A refusal before the first part is a problem as everywhere; one after it is the last line.
        """
        body = await self._signed(request)
        signature = _signature(body)
        parts = self._desk.answers(frames.ReadEvidence(document=body.document, signature=signature))
        first = await anext(aiter(parts))
        response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        await response.prepare(request)
        await response.write(_line(first))
        try:
            async for one in parts:
                await response.write(_line(one))
        except ProxyError as fault:
            await response.write(_line({"error": fault.code}))
        await response.write_eof()
        return response

    async def match(self, request: web.Request) -> web.Response:
        """Whether the registrant holds the value."""
        body = await self._signed(request)
        answer = await self._desk.ask(
            frames.Match(document=body.document, signature=_signature(body))
        )
        return _answer({"holds": answer["holds"]})

    async def pass_phrase(self, request: web.Request) -> web.Response:
        """A package's pass-phrase, sealed to its releaser's key; once."""
        body = await self._signed(request)
        answer = await self._desk.ask(
            frames.PassPhrase(document=body.document, signature=_signature(body))
        )
        return _answer({"sealed": answer["sealed"]})

    async def _signed(self, request: web.Request) -> Signed:
        self._desk.admit(request)
        await self._desk.authenticate(request)
        return await pages.read_json(request, Signed, BODY_OCTETS)


def _signature(body: Signed) -> frames.Signature:
    return frames.Signature(person=body.person, key=body.key, signature=body.signature)


def _line(value: object) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def _answer(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
