"""HTTP/1.x request heads: bytes to values, strictly. Pure: no socket, no clock.

For a server that reads no request body. Whatever two HTTP parsers could read in two ways is
refused, so that nothing can be smuggled past a proxy in front: bare CR or LF, obs-fold, blanks
before a colon, any Transfer-Encoding, a repeated Host or Content-Length, an authority that
differs from Host. Every function returns a value or raises InvalidInput. Source: RFC 9112 (s2.2,
s3, s5, s6, s11.2), RFC 9110 (s7.2, s8.6, s12.5.3, s13.1.2); departures in
proxy/docs/divergences.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from proxy.errors import InvalidInput

MAX_LINE_OCTETS: Final = 4096
"""Octets of a request line: a 253-octet name as percent-encoded U-labels needs under 3,000."""

MAX_FIELDS_OCTETS: Final = 8192
"""Octets of the header section: what browsers and proxies send stays well under 4,000."""

MAX_FIELDS: Final = 64
"""Header lines; bounds the work for one request."""

MAX_HEAD_OCTETS: Final = MAX_LINE_OCTETS + MAX_FIELDS_OCTETS
"""Octets of a whole head: what one connection may make us keep."""

_TOKEN: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_LINE: Final = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_FIELD: Final = re.compile(rb"(" + _TOKEN + rb"):([\t\x20-\x7e\x80-\xff]*)")
_BARE_LF: Final = re.compile(rb"(?<!\r)\n")
_HOST: Final = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{0,5})?")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")  # fits 64 bits everywhere
_PATH: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")
_ABSOLUTE: Final = re.compile(r"[Hh][Tt][Tt][Pp][Ss]?://([^/?#]*)([^#]*)")
_ENTITY_TAG: Final = re.compile(r'[ \t]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?:,|$)')
_WITHOUT_CONTENT: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_READ: Final = frozenset(
    {
        b"host",
        b"content-length",
        b"connection",
        b"accept-encoding",
        b"if-none-match",
        b"x-forwarded-for",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request line; `path` is still percent-encoded, without its query."""

    method: str
    path: str
    authority: str | None  # of an absolute-form target
    is_http11: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a header section says to us."""

    host: str | None  # as sent, with its port
    has_content: bool
    keep_alive: bool | None  # None: the version's own rule
    accepts_gzip: bool
    if_none_match: tuple[str, ...]  # opaque tags with quotes, without W/; ("*",) for any
    forwarded_for: tuple[str, ...]  # left to right


@dataclass(frozen=True, slots=True, kw_only=True)
class RawHead:
    """One whole head cut out of a stream, not yet looked into."""

    line: bytes
    fields: bytes  # from behind the request line's CR LF to behind the empty line
    octets: int  # of the stream that it took


def split_head(stream: bytes) -> RawHead | None:
    """The first head in `stream`, or None while it is not whole.

    Raises InvalidInput as soon as it can never become one. One empty line before it is skipped
    (RFC 9112 s2.2).
    """
    start = 2 if stream.startswith(b"\r\n") else 0
    line_end = stream.find(b"\r\n", start)
    if (line_end if line_end >= 0 else len(stream)) - start > MAX_LINE_OCTETS:
        raise InvalidInput("request_line_too_long")
    if line_end < 0:
        _refuse_bare_lf(stream)
        return None
    end = stream.find(b"\r\n\r\n", line_end)
    if (end if end >= 0 else len(stream)) - line_end > MAX_FIELDS_OCTETS:
        raise InvalidInput("fields_too_large")
    if end < 0:
        _refuse_bare_lf(stream)
        return None
    return RawHead(
        line=stream[start:line_end], fields=stream[line_end + 2 : end + 4], octets=end + 4
    )


def parse_request_line(line: bytes) -> RequestLine:
    """The request line without its CR LF; raises InvalidInput."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise InvalidInput("request_line")
    if match[3] != b"1":
        raise InvalidInput("http_version")
    method, target = match[1].decode("ascii"), match[2].decode("ascii")
    authority: str | None = None
    if not target.startswith("/") and (absolute := _ABSOLUTE.fullmatch(target)) is not None:
        authority, target = absolute[1], absolute[2] or "/"
    path = target.partition("?")[0]
    # The asterisk form is for OPTIONS alone, the authority form for CONNECT, which we have not.
    is_whole_server = path == "*" and method == "OPTIONS"
    may_stand = path.startswith("/") or is_whole_server or authority is not None
    if "#" in target or not may_stand or _PATH.fullmatch(path) is None:
        raise InvalidInput("request_target")
    return RequestLine(
        method=method, path=path or "/", authority=authority, is_http11=match[4] != b"0"
    )


def parse_fields(fields: bytes) -> Fields:
    """What the header section, ended by its empty line, says; raises InvalidInput."""
    values = _collect(fields)
    host = _single(values, b"host", "host")
    if host is not None and _HOST.fullmatch(host) is None:
        raise InvalidInput("host")
    length = _single(values, b"content-length", "content_length")
    if length is not None and _LENGTH.fullmatch(length) is None:
        raise InvalidInput("content_length")
    connection = {token.strip().lower() for token in _list(values, b"connection")}
    return Fields(
        host=host,
        has_content=length is not None and int(length) > 0,
        keep_alive=False if "close" in connection else ("keep-alive" in connection or None),
        accepts_gzip=_accepts_gzip(_list(values, b"accept-encoding")),
        if_none_match=_entity_tags(",".join(values.get(b"if-none-match", ()))),
        forwarded_for=tuple(part.strip() for part in _list(values, b"x-forwarded-for")),
    )


def check_head(line: RequestLine, fields: Fields) -> None:
    """Nothing, if both parts belong together; raises InvalidInput (RFC 9112 s3.2)."""
    if fields.host is None and line.is_http11:
        raise InvalidInput("host")
    if line.authority is not None and line.authority.lower() != (fields.host or "").lower():
        raise InvalidInput("host")
    if fields.has_content and line.method in _WITHOUT_CONTENT:
        raise InvalidInput("content")  # nobody reads it; other methods are refused as such


def host_name(host: str) -> str:
    """A Host value as a comparable name: no port, no final dot, lower case."""
    end = host.find("]") + 1 if host.startswith("[") else host.find(":")
    return (host[:end] if end > 0 else host).removesuffix(".").lower()


def _refuse_bare_lf(stream: bytes) -> None:
    """Nothing; raises InvalidInput, or a client that ends lines so would wait for its deadline."""
    if _BARE_LF.search(stream) is not None:
        raise InvalidInput("line_end")


def _collect(fields: bytes) -> dict[bytes, list[str]]:
    """The values of the fields that are read, by lower-case name."""
    lines = fields.split(b"\r\n")[:-2]  # the section ends in CR LF CR LF
    if len(lines) > MAX_FIELDS:
        raise InvalidInput("fields_too_large")
    values: dict[bytes, list[str]] = {}
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise InvalidInput("field")
        name = match[1].lower()
        if name == b"transfer-encoding":
            raise InvalidInput("transfer_encoding")
        if name in _READ:
            values.setdefault(name, []).append(match[2].strip(b" \t").decode("latin-1"))
    return values


def _single(values: dict[bytes, list[str]], name: bytes, code: str) -> str | None:
    """The one value of a field that may stand once; equal repetitions are refused as well."""
    found = values.get(name, ())
    if len(found) > 1:
        raise InvalidInput(code)
    return found[0] if found else None


def _list(values: dict[bytes, list[str]], name: bytes) -> list[str]:
    return [part for value in values.get(name, ()) for part in value.split(",")]


def _accepts_gzip(codings: list[str]) -> bool:
    """Whether gzip is named with a weight above zero (RFC 9110 s12.5.3); `*` is not taken up."""
    for coding in codings:
        name, _, weight = coding.partition(";")
        if name.strip().lower() in {"gzip", "x-gzip"}:
            value = weight.strip().lower().removeprefix("q=")
            return bool(value.strip("0.")) if weight else True
    return False


def _entity_tags(text: str) -> tuple[str, ...]:
    """The tags of If-None-Match for weak comparison; from the first malformed one on, none."""
    if text.strip(" \t") == "*":
        return ("*",)
    tags: list[str] = []
    place = 0
    while (match := _ENTITY_TAG.match(text, place)) is not None:
        tags.append(match[1])
        place = match.end()
    return tuple(tags)
