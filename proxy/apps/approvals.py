"""Orders and rosters as approvers read them, and the way their signatures take to the vault.

Whoever knows an order's id, 128 random bits, may read it; a signature proves itself, so nobody
logs in here: whoever mounts this says how often a client may ask. Nothing is decided and nothing
is kept: the vault answers, by the grant of the role that serves this. Mounted by the API under /v1
and by the web role under /approvals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from proxy.apps import answering
from proxy.errors import InvalidInput
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.wire.frames import Answer, Request

    Ask = Callable[[Request], Awaitable[Answer]]
    Admit = Callable[[web.Request], None]


class Approval(msgspec.Struct, frozen=True):
    """Somebody whose valid vote an order has."""

    person: str
    detached: bool


class OrderPaper(msgspec.Struct, frozen=True):
    """An order as its approvers see it: the document, the vault's nonce, and where it stands."""

    document: str
    sha256: str
    nonce: str
    state: str
    approvals: tuple[Approval, ...]
    lacking: tuple[str, ...]
    roster: str


class OrderEnd(msgspec.Struct, frozen=True):
    """Where an order stands after an objection."""

    state: str


class InForce(msgspec.Struct, frozen=True):
    """The roster in force."""

    sha256: str
    version: int
    since: str


class WaitingRoster(msgspec.Struct, frozen=True):
    """The roster that waits for its time."""

    sha256: str
    version: int
    route: str
    objectors: tuple[str, ...]
    announced_at: str
    effective_at: str


class RosterPaper(msgspec.Struct, frozen=True):
    """A roster's document and what entitled it."""

    sha256: str
    version: int
    document: str
    evidence: dict[str, Any]
    announced_at: str
    effective_at: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force and what waits."""

    deployment: str
    current: InForce | None
    waiting: WaitingRoster | None


class RosterPage(Standing, frozen=True, kw_only=True):
    """The same, with the rosters announced after a version."""

    rosters: tuple[RosterPaper, ...]


TYPES: Final = (OrderPaper, OrderEnd, RosterPage, Standing, frames.Signature)
"""What is answered and taken, for the OpenAPI document."""

_SIGNATURE: Final = msgspec.json.Decoder(frames.Signature)
MAX_VERSION: Final = 999_999_999  # of a roster
BODY_TIMEOUT_S: Final = 10.0


def routes(prefix: str, ask: Ask, admit: Admit) -> list[web.RouteDef]:
    """The routes below `prefix`; `ask` puts a request to the vault.

    `admit` is called before anything else and raises RateLimited.
    """
    desk = _Desk(ask, admit)
    return [
        web.get(f"{prefix}/rosters", desk.rosters),
        web.post(f"{prefix}/rosters/{{sha256:[0-9a-f]{{64}}}}/objections", desk.object_to_roster),
        web.get(f"{prefix}/orders/{{id}}", desk.order),
        web.post(f"{prefix}/orders/{{id}}/votes", desk.vote),
        web.post(f"{prefix}/orders/{{id}}/objections", desk.object_to_order),
    ]


class _Desk:
    """The handlers."""

    def __init__(self, ask: Ask, admit: Admit) -> None:
        self._ask = ask
        self._admit = admit

    async def rosters(self, request: web.Request) -> web.Response:
        """The rosters announced after a version, and what stands."""
        self._admit(request)
        text = request.query.get("after", "0")
        if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_VERSION))):
            raise InvalidInput("after", "`after` is the number of a roster's version.")
        return await self._answer(frames.ShowRoster(after=int(text)), RosterPage)

    async def object_to_roster(self, request: web.Request) -> web.Response:
        """A member's no to the roster that waits."""
        signature = await self._signature(request)
        return await self._answer(
            frames.ObjectToRoster(sha256=request.match_info["sha256"], signature=signature),
            Standing,
        )

    async def order(self, request: web.Request) -> web.Response:
        """An order, its nonce and where it stands."""
        self._admit(request)
        return await self._answer(frames.ShowOrder(order=request.match_info["id"]), OrderPaper)

    async def vote(self, request: web.Request) -> web.Response:
        """A vote."""
        signature = await self._signature(request)
        return await self._answer(
            frames.Vote(order=request.match_info["id"], signature=signature), OrderPaper
        )

    async def object_to_order(self, request: web.Request) -> web.Response:
        """A member's no to an order."""
        signature = await self._signature(request)
        return await self._answer(
            frames.ObjectToOrder(order=request.match_info["id"], signature=signature), OrderEnd
        )

    async def _signature(self, request: web.Request) -> frames.Signature:
        self._admit(request)
        if request.content_type != "application/json":
            raise InvalidInput("content_type", "Send application/json.")
        body = await answering.read_body(request, BODY_TIMEOUT_S)
        try:
            return _SIGNATURE.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidInput(
                "json", "The body is an object with person, key and signature, all texts."
            ) from None

    async def _answer(self, request: Request, shape: type[msgspec.Struct]) -> web.Response:
        answer = msgspec.convert(await self._ask(request), shape)
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")
