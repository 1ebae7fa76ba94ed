"""An aiohttp runner whose answers tell nothing that nobody asked for.

aiohttp answers a malformed request line or header itself, before any handler of ours, with a text
that quotes the octets at fault. Those can hold anything, a person's data included (promise 5). And
it names itself and Python with their versions in every answer, for whoever looks for known faults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from typing_extensions import override

from proxy.apps import problems
from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from aiohttp.web_request import BaseRequest

SERVER: Final = "privacyproxy"
"""What every answer says of its server: RFC 9110 s10.2.4 warns of saying more."""

_INTERNAL: Final = 500


class _Handler(RequestHandler):
    """aiohttp's protocol with words of our own for what it refuses itself."""

    __slots__ = ()

    @override
    def handle_error(
        self,
        request: BaseRequest,
        status: int = _INTERNAL,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """A problem without a detail; the connection closes."""
        super().handle_error(request, status, exc, "")  # logs, and checks that we may still answer
        if status >= _INTERNAL:
            answer = problems.render_bug("the time of day")
        else:
            answer = problems.render(
                InvalidInput("bad_request", "This is not HTTP as we speak it.")
            )
        answer.headers["Server"] = SERVER
        answer.force_close()
        return answer


class _Server(web.Server):
    """Makes those protocols."""

    @override
    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)


class Runner(web.AppRunner):
    """Runs an application behind those protocols."""

    @override
    async def setup(self) -> None:
        """Start, with our name in what is answered."""
        self.app.on_response_prepare.append(_name_server)
        await super().setup()

    @override
    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        made.__class__ = _Server  # aiohttp names its protocol class in one place, with no hook
        return made


async def _name_server(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers["Server"] = SERVER
