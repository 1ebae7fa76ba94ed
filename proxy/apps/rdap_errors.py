"""From error codes to what RDAP clients see: one table, nothing of the request in it.

Source: RFC 7480 s5; RFC 9083 s6; RFC 9110 s15. A test checks that the table covers every code that
the parsers and this app raise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One error as answered; `closes` where the stream can not be trusted any further."""

    status: int
    description: str
    closes: bool = False


TITLES: Final[Mapping[int, str]] = {
    200: "OK",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    413: "Content Too Large",
    414: "URI Too Long",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    505: "HTTP Version Not Supported",
}
"""RFC 9110 s15 reason phrases; also the titles of error bodies."""


def _refused(status: int, description: str) -> Problem:
    return Problem(status=status, description=description, closes=True)


PROBLEMS: Final[Mapping[str, Problem]] = {
    # The stream: where one request ends is no longer sure, so the connection ends.
    "request_line": _refused(400, "The request line is not METHOD TARGET HTTP/1.1."),
    "request_line_too_long": _refused(414, "The request line is longer than 4096 octets."),
    "request_target": _refused(
        400, "The target is no absolute path; characters outside ASCII must be percent-encoded."
    ),
    "http_version": _refused(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here."),
    "line_end": _refused(400, "Lines end in CR LF."),
    "field": _refused(400, "A header line is malformed."),
    "fields_too_large": _refused(431, "The header is larger than 8192 octets or 64 lines."),
    "host": _refused(400, "Exactly one valid Host is needed, equal to the target's authority."),
    "content_length": _refused(400, "Content-Length must stand once, as a number."),
    "content": _refused(413, "Requests have no content here."),
    "transfer_encoding": _refused(400, "Transfer-Encoding is not accepted."),
    "request_timeout": _refused(408, "The request did not arrive in time."),
    "method": _refused(405, "Only GET, HEAD and OPTIONS are answered."),
    "method_unknown": _refused(501, "This method is unknown."),
    "too_many_connections": _refused(503, "Too many connections are open."),
    "client_connections": _refused(429, "This client has too many connections open."),
    # The query.
    "percent_encoding": Problem(status=400, description="The name is not percent-encoded UTF-8."),
    "domain_name": Problem(status=400, description="This can not be a domain name."),
    "not_found": Problem(
        status=404,
        description="No record at this server; this does not mean the name is unregistered.",
    ),
    "path": Problem(status=404, description="There is nothing at this path; see help."),
    "rate_limited": Problem(
        status=429, description="Too many requests; wait as Retry-After says and try again."
    ),
    "snapshot": Problem(status=503, description="No data at hand at the moment; try again later."),
    "internal": _refused(500, "The answer could not be made."),
}

METHOD_NOT_ALLOWED: Final = 405
TOO_MANY_REQUESTS: Final = 429
SERVICE_UNAVAILABLE: Final = 503

RESULTS: Final[Mapping[int, str]] = {
    404: "not_found",
    429: "limited",
    500: "error",
    503: "unavailable",
}
"""How a status counts in metrics; every other error is `bad_request`."""
