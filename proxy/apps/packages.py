"""Where the recipient of a package accepts the terms and fetches it, once.

For the session that a package's link gave (apps.links), which names the package; nobody else's.
GET shows the terms and uses up nothing. POST accepts them and brings the ciphertext, always as an
attachment of unknown kind, never inline. No script, no style, no picture. Texts of terms are ours;
nothing on these pages is the person's. Decides nothing: services.release_package does.
Source: casework s7.6; vault.md, Package.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Annotated, Final, Protocol
from uuid import UUID

import msgspec
from aiohttp import web

from proxy.apps import answering, pages
from proxy.apps.links import POLICY, session_of
from proxy.errors import InvalidInput, Refused
from proxy.model.case import CaseId
from proxy.model.link import Purpose
from proxy.model.notice import Party
from proxy.rules import use_terms
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.services.release_package import Collected
    from proxy.store.packages import PackageRow
    from proxy.wire.frames import Answer, Request

    Ask = Callable[[Request], Awaitable[Answer]]
    Admit = Callable[[web.Request], None]

PATH: Final = "/package"
BODY_OCTETS: Final = 1_024
BODY_TIMEOUT_S: Final = 10.0
RECEIPT_OCTETS: Final = 65_536
_TITLE: Final = "Terms of use of your package"


class Counter(Protocol):
    """Who finds packages and hands them out (services.release_package in a transaction)."""

    async def find(self, package_id: UUID) -> PackageRow:
        """A package; NotFound `package_unknown`."""
        ...

    async def collect(self, package_id: UUID, case_id: CaseId, terms: str) -> Collected:
        """Its ciphertext, once."""
        ...

    async def receipt(self, package_id: UUID, case_id: CaseId, text: str) -> None:
        """Note that the recipient confirmed it."""
        ...


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a program is shown of a package before it fetches it."""

    package: str
    state: str
    octets: int
    sha256: str
    copy: str
    expires_at: str
    delete_by: str
    terms_sha256: str
    terms: tuple[str, ...]


class Acceptance(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The terms that a recipient accepts, by the SHA-256 that they were shown under."""

    accept: str


class Receipt(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a recipient confirms: kept as evidence, sealed."""

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=16_384)]


TYPES: Final = (Terms, Acceptance, Receipt)
"""What is answered and taken, for the OpenAPI document."""

_ACCEPTANCE: Final = msgspec.json.Decoder(Acceptance)


def routes(ask: Ask, admit: Admit, counter: Counter, *, is_secure: bool) -> list[web.RouteDef]:
    """The routes; `admit` is called before anything else and raises RateLimited."""
    desk = _Desk(ask, admit, counter, is_secure=is_secure)
    return [
        web.get(PATH, desk.show),
        web.post(PATH, desk.collect),
        web.post(f"{PATH}/receipt", desk.receipt),
    ]


class _Desk:
    """The handlers."""

    def __init__(self, ask: Ask, admit: Admit, counter: Counter, *, is_secure: bool) -> None:
        self._ask = ask
        self._admit = admit
        self._counter = counter
        self._is_secure = is_secure

    async def show(self, request: web.Request) -> web.Response:
        """The terms, and what waits."""
        self._admit(request)
        case_id, package_id = await self._named(request)
        row = await self._counter.find(package_id)
        terms = use_terms.TERMS.get(row.terms)
        if row.case_id != case_id or terms is None or row.state == "built":
            raise _not_yours()
        shown = Terms(
            package=str(row.id),
            state=row.state,
            octets=row.octets,
            sha256=row.sha256,
            copy=row.copy_id,
            expires_at=row.expires_at.isoformat(),
            delete_by=row.delete_by.isoformat(),
            terms_sha256=row.terms,
            terms=terms,
        )
        if _wants_json(request):
            return web.Response(body=msgspec.json.encode(shown), content_type="application/json")
        return _page(shown)

    async def collect(self, request: web.Request) -> web.Response:
        """The ciphertext, for who accepts."""
        self._admit(request)
        # A page of somebody else's must not use up what is given once.
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise Refused("cross_site", "This form was sent from another site.")
        case_id, package_id = await self._named(request)
        terms = await self._accepted(request)
        found = await self._counter.collect(package_id, case_id, terms)
        return web.Response(
            body=found.content,
            content_type="application/octet-stream",
            headers={"Content-Disposition": f'attachment; filename="{found.file_name}"'},
        )

    async def receipt(self, request: web.Request) -> web.Response:
        """The recipient confirms what they got, in words of their own or signed."""
        self._admit(request)
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise Refused("cross_site", "This form was sent from another site.")
        case_id, package_id = await self._named(request)
        body = await pages.read_json(request, Receipt, RECEIPT_OCTETS)
        await self._counter.receipt(package_id, case_id, body.text)
        return web.Response(body=b'{"receipted":true}', content_type="application/json")

    async def _named(self, request: web.Request) -> tuple[CaseId, UUID]:
        """Case and package of the session; Refused `session_purpose` for any other session."""
        session = session_of(request, is_secure=self._is_secure)
        answer = await self._ask(frames.ShowSession(session=session[:100]))
        if answer.get("purpose") != Purpose.PACKAGE or answer.get("party") != Party.REQUESTER:
            raise _not_yours()
        try:
            return CaseId(UUID(str(answer["case"]))), UUID(str(answer["subject"]))
        except (KeyError, ValueError):
            raise _not_yours() from None

    async def _accepted(self, request: web.Request) -> str:
        if request.content_type not in {"application/json", "application/x-www-form-urlencoded"}:
            raise InvalidInput("content_type", "Send application/json, or the form.")
        body = await answering.read_body(request, BODY_TIMEOUT_S)
        if len(body) > BODY_OCTETS:
            raise InvalidInput("body_too_large", "The body is too large.")
        if request.content_type == "application/json":
            try:
                return _ACCEPTANCE.decode(body).accept
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise InvalidInput("json", "The body is an object with `accept`.") from None
        name, _, value = body.decode("ascii", "replace").partition("=")
        return value if name == "accept" else ""


def _page(shown: Terms) -> web.Response:
    paragraphs = "".join(f"<p>{html.escape(one)}</p>" for one in shown.terms)
    if shown.state == "released":
        action = (
            f'<form method="post"><input type="hidden" name="accept" value="{shown.terms_sha256}">'
            "<p>The package is given once. Keep the file that you get.</p>"
            "<button>I accept these terms; give me the package</button></form>"
        )
    else:
        action = "<p>This package was fetched before, or its time is over.</p>"
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<meta name="robots" content="noindex"><title>{_TITLE}</title>'
        f"<main><h1>{_TITLE}</h1>{paragraphs}"
        f"<p>Delete by {html.escape(shown.delete_by)}.</p>{action}</main></html>\n"
    )
    return web.Response(
        text=text,
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": POLICY},
    )


def _wants_json(request: web.Request) -> bool:
    first = request.headers.get("Accept", "").split(",")[0].split(";")[0].strip()
    return first == "application/json"


def _not_yours() -> Refused:
    return Refused("session_purpose", "This link does not lead to a package.")
