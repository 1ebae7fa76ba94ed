"""The page behind a link out of a notice: one button, because mail scanners follow links too.

A GET shows the same page for every token and asks nobody: it uses up nothing and tells nothing. The
button's POST has the vault use the token, which gives a session in a cookie and proves that the
notice arrived. The link of a letter gives none: its page says what the button does, and the POST
does it. No script, no style, no picture: there is nothing a page could be made to load.
Decides nothing; keeps nothing; logs no path. Source: vault.md, Grants (registrant); casework s7.2.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

import msgspec
import structlog
from aiohttp import web
from typing_extensions import override

from proxy.apps import link_words
from proxy.errors import InvalidInput, NotFound, ProxyError, Refused
from proxy.model.link import SESSION
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.apps.link_words import Words
    from proxy.wire.frames import Answer, Request

    Ask = Callable[[Request], Awaitable[Answer]]
    Admit = Callable[[web.Request], None]
    Arrived = Callable[[str, str], Awaitable[None]]
    Did = Callable[[str, str, str], Awaitable[None]]

POLICY: Final = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
SECURE_COOKIE: Final = "__Host-session"  # RFC 6265bis s4.1.3.2: of this host, over TLS, alone
PLAIN_COOKIE: Final = "session"
_log = structlog.get_logger()


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a POST of a program."""

    session: str
    purpose: str
    party: str
    case: str
    level: str
    until: str
    subject: str = ""

    @override
    def __repr__(self) -> str:
        """Never the session."""
        return "<Given>"


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a POST of a program whose link was a deed's."""

    purpose: str
    party: str
    registration: str


def routes(
    ask: Ask,
    admit: Admit,
    arrived: Arrived,
    did: Did,
    *,
    is_secure: bool,
    onward: str = "",
) -> list[web.RouteDef]:
    """The routes; `admit` is called before anything else and raises RateLimited.

    `arrived(case, notice)` notes that a notice was acknowledged, `did(tenant, registration,
    notice)` that the deed of a letter's link was done. `is_secure` is False only where
    the service is tried out over plain HTTP on the same machine. `onward` is the page that a
    session opens with; without one the POST ends in a thank-you.
    """
    page = _Page(ask, admit, arrived, is_secure=is_secure, onward=onward)
    deeds = _DeedPage(ask, admit, did)
    deed = "|".join(sorted(link_words.DEEDS))
    return [
        web.get(f"/n/{_PLACE}", page.get),
        web.post(f"/n/{_PLACE}", page.post),
        web.get(f"/n/{{deed:{deed}}}/{_PLACE}", deeds.get),
        web.post(f"/n/{{deed:{deed}}}/{_PLACE}", deeds.post),
    ]


def session_of(request: web.Request, *, is_secure: bool) -> str:
    """The session that a request brings, in its cookie or as a bearer; "" without one.

    A header may hold any octet, and ours are ASCII: what is not is none.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        value = request.cookies.get(SECURE_COOKIE if is_secure else PLAIN_COOKIE, "")
    return value.strip() if value.isascii() else ""


_PLACE: Final = "{token:[A-Za-z0-9_-]{43}}"


class _Page:
    """The handlers."""

    def __init__(
        self, ask: Ask, admit: Admit, arrived: Arrived, *, is_secure: bool, onward: str
    ) -> None:
        self._ask = ask
        self._admit = admit
        self._arrived = arrived
        self._is_secure = is_secure
        self._onward = onward

    async def get(self, request: web.Request) -> web.Response:
        """The button."""
        self._admit(request)
        return _button(request, link_words.OPEN[_language(request)])

    async def post(self, request: web.Request) -> web.Response:
        """The session."""
        self._admit(request)
        _check_site(request)
        is_program = _wants_json(request)
        try:
            answer = await self._use(request)
        except (NotFound, Refused):
            if is_program:
                raise
            return _over(request, link_words.OPEN[_language(request)])
        await self._tell(answer)
        if is_program:
            given = msgspec.convert(answer, Given)
            return web.Response(body=msgspec.json.encode(given), content_type="application/json")
        return self._signed_in(request, str(answer["session"]))

    async def _use(self, request: web.Request) -> Answer:
        await _check_empty(request)
        session = session_of(request, is_secure=self._is_secure)
        return await self._ask(
            frames.UseToken(token=request.match_info["token"], session=session[:100])
        )

    async def _tell(self, answer: Answer) -> None:
        """Note the arrival. The link is used by now: what fails here does not take it back."""
        try:
            await self._arrived(str(answer["case"]), str(answer["notice"]))
        except (ProxyError, OSError) as error:
            code = error.code if isinstance(error, ProxyError) else type(error).__name__
            _log.error("acknowledgement_not_noted", reason=code)

    def _signed_in(self, request: web.Request, session: str) -> web.Response:
        title, _, _, done, _ = link_words.OPEN[_language(request)]
        response = _page(request, title, f"<p>{done}</p>")
        if self._onward:
            response.set_status(303)
            response.headers["Location"] = self._onward
        response.set_cookie(
            SECURE_COOKIE if self._is_secure else PLAIN_COOKIE,
            session,
            max_age=int(SESSION.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="Strict",
        )
        return response


class _DeedPage:
    """The handlers of letters' links: the button is the deed."""

    def __init__(self, ask: Ask, admit: Admit, did: Did) -> None:
        self._ask = ask
        self._admit = admit
        self._did = did

    async def get(self, request: web.Request) -> web.Response:
        """The button, with what it does."""
        self._admit(request)
        return _button(request, _deed_words(request))

    async def post(self, request: web.Request) -> web.Response:
        """The deed."""
        self._admit(request)
        _check_site(request)
        await _check_empty(request)
        asked = frames.UseToken(token=request.match_info["token"], deed=request.match_info["deed"])
        is_program = _wants_json(request)
        try:
            answer = await self._ask(asked)
        except (NotFound, Refused):
            if is_program:
                raise
            return _over(request, _deed_words(request))
        await self._tell(answer)
        if is_program:
            done = msgspec.convert(answer, Done)
            return web.Response(body=msgspec.json.encode(done), content_type="application/json")
        title, _, _, words, _ = _deed_words(request)
        return _page(request, title, f"<p>{words}</p>")

    async def _tell(self, answer: Answer) -> None:
        """Note the deed. It is done by now: what fails here does not take it back."""
        try:
            await self._did(
                str(answer["tenant"]), str(answer["registration"]), str(answer["notice"])
            )
        except (ProxyError, OSError) as error:
            code = error.code if isinstance(error, ProxyError) else type(error).__name__
            _log.error("acknowledgement_not_noted", reason=code)


def _deed_words(request: web.Request) -> Words:
    return link_words.DEEDS[request.match_info["deed"]][_language(request)]


def _check_site(request: web.Request) -> None:
    """A page of somebody else's must not sign a visitor in, or do a deed, by a link of its own."""
    if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        raise Refused("cross_site", "This form was sent from another site.")


async def _check_empty(request: web.Request) -> None:
    if request.can_read_body and len(await request.content.read(1)):
        raise InvalidInput("body_too_large", "This takes no body.")


def _button(request: web.Request, words: Words) -> web.Response:
    title, button, text, _, _ = words
    form = f'<p>{text}</p><form method="post"><button>{button}</button></form>'
    return _page(request, title, form)


def _over(request: web.Request, words: Words) -> web.Response:
    title, _, _, _, over = words
    return _page(request, title, f"<p>{over}</p>", status=404)


def _page(request: web.Request, title: str, body: str, *, status: int = 200) -> web.Response:
    language = _language(request)
    text = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{html.escape(title)}</title>'
        f"<main><h1>{html.escape(title)}</h1>{body}</main></html>\n"
    )
    return web.Response(
        status=status,
        text=text,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": POLICY, "Vary": "Accept-Language"},
    )


def _language(request: web.Request) -> str:
    """The first language of the request that we have; English without one."""
    for part in request.headers.get("Accept-Language", "")[:200].split(","):
        language = part.split(";")[0].strip().lower().partition("-")[0]
        if language in link_words.OPEN:
            return language
    return "en"


def _wants_json(request: web.Request) -> bool:
    first = request.headers.get("Accept", "").split(",")[0].split(";")[0].strip()
    return first == "application/json"
