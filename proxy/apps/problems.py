"""From our errors to HTTP problems (RFC 9457): one table, code -> status, of the API and the web.

Answers hold constants, pointers and ids, never a value of a request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import web

from proxy.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    ProxyError,
    RateLimited,
    Refused,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE: Final = "application/problem+json"

_KINDS: Final[tuple[tuple[type[ProxyError], int], ...]] = (
    (InvalidInput, 422),
    (NotFound, 404),
    (Refused, 403),
    (Conflict, 409),
    (RateLimited, 429),
    (Unavailable, 503),
)
_CODES: Final = {
    "json": 400,
    "header": 400,
    "unauthorized": 401,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "cursor_gone": 410,
    "precondition_failed": 412,
    "body_too_large": 413,
    "uri_too_long": 414,
    "content_type": 415,
    "idempotency_key_reused": 422,
    "bad_request": 400,
}
"""Codes whose status is not their kind's."""

_TITLES: Final = {
    400: "The request can not be read",
    401: "No valid API key or session",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    410: "No longer kept",
    412: "Precondition failed",
    413: "Too large",
    414: "Address too long",
    415: "Wrong content type",
    422: "Invalid content",
    429: "Too many requests",
    500: "Internal error",
    503: "Not available at the moment",
}


class Item(msgspec.Struct, frozen=True):
    """One fault or warning: an RFC 6901 pointer, a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 with a stable code and every fault found."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: tuple[Item, ...] = ()


def status_of(error: ProxyError) -> int:
    """The HTTP status of an error."""
    if error.code in _CODES:
        return _CODES[error.code]
    return next((status for kind, status in _KINDS if isinstance(error, kind)), 500)


def render(error: ProxyError) -> web.Response:
    """The answer for an error."""
    status = status_of(error)
    headers: dict[str, str] = {}
    if status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = 'Bearer realm="privacyproxy"'  # RFC 6750 s3
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after_s)
    faults = error.faults if isinstance(error, InvalidInput) else ()
    errors = tuple(Item(one.pointer, one.code, one.detail) for one in faults)
    return _answer(status, error.code, error.detail, errors, headers)


def render_http(refusal: web.HTTPException) -> web.Response:
    """The answer for a refusal of aiohttp's own: no route, wrong method, too large."""
    code = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}.get(
        refusal.status, "bad_request"
    )
    headers = {"Allow": refusal.headers["Allow"]} if "Allow" in refusal.headers else {}
    return _answer(refusal.status, code, "", (), headers)


def render_bug(reference: str) -> web.Response:
    """The answer for a bug: a sentence and the reference under which it is logged."""
    detail = f"Our fault. Please name {reference} when you report it."
    return _answer(500, "internal", detail, (), {})


def _answer(
    status: int, code: str, detail: str, errors: tuple[Item, ...], headers: Mapping[str, str]
) -> web.Response:
    problem = Problem(
        type="about:blank",
        title=_TITLES.get(status, "The request can not be carried out"),
        status=status,
        code=code,
        detail=detail,
        errors=errors,
    )
    return web.Response(
        status=status,
        body=msgspec.json.encode(problem),
        content_type=CONTENT_TYPE,
        headers=dict(headers),
    )
