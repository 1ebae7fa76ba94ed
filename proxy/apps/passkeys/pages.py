"""The approvers' pages of the web role: an order in words, a vote by passkey, an enrolment.

Shows and passes on; decides nothing and keeps nothing. A page could be made to lie, which is why a
passkey alone never carries an order (rules.approvals). Served for a host of its own, whose name is
the relying-party id of the roster. Source: vault.md, Vote; WebAuthn Level 2 s5.1, s7.
"""

from __future__ import annotations

import html
import string
from importlib import resources
from typing import TYPE_CHECKING, Final

from aiohttp import web

from proxy.wire import documents, frames, order_document, plain_words, roster_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.wire.frames import Answer, Request

    Ask = Callable[[Request], Awaitable[Answer]]
    Admit = Callable[[web.Request], None]

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
_TYPES: Final = {
    "vote.js": "text/javascript",
    "enrol.js": "text/javascript",
    "octets.js": "text/javascript",
    "style.css": "text/css",
}

# Read with the module: later the role's user may be unable to.
_FOLDER = resources.files("proxy.apps.passkeys")
_VOTE: Final = string.Template(_FOLDER.joinpath("vote.html").read_text("utf-8"))
_ENROL: Final = _FOLDER.joinpath("enrol.html").read_text("utf-8")
_FILES: Final = {name: _FOLDER.joinpath(name).read_bytes() for name in _TYPES}


def routes(ask: Ask, admit: Admit) -> list[web.RouteDef]:
    """The routes; `ask` puts a request to the vault, once `admit` has not raised RateLimited."""

    async def get_vote(request: web.Request) -> web.Response:
        admit(request)
        answer = await ask(frames.ShowOrder(order=request.match_info["id"]))
        return _page(_VOTE.substitute(words=html.escape("\n".join(_words(answer)))))

    async def get_enrol(_: web.Request) -> web.Response:
        return _page(_ENROL)

    return [
        web.get("/approvals/order/{id}", get_vote),
        web.get("/approvals/enrol", get_enrol),
        *(
            web.get(f"/approvals/{name}", _file(content, _TYPES[name]))
            for name, content in _FILES.items()
        ),
    ]


def _words(answer: Answer) -> list[str]:
    document, roster = str(answer["document"]), str(answer["roster"])
    under = roster_document.parse(roster)
    order = order_document.parse(document)
    return list(plain_words.order(order, documents.digest(document), under))


def _page(text: str) -> web.Response:
    return web.Response(
        text=text,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": _POLICY},
    )


def _file(content: bytes, kind: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def get(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=kind, charset="utf-8")

    return get
