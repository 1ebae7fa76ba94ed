"""RDAP queries: a request path to what is asked. Pure; the answers are in rdap_objects.

Only look-ups: searches reveal who stands behind which names (RFC 9082 s8) and are no path here.
Source: RFC 9082 s3.1, s6.1; RFC 9083 s7 for what a path that is none gets.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

from proxy.errors import InvalidInput
from proxy.model import names

if TYPE_CHECKING:
    from proxy.model.identifiers import DomainName

_HANDLE: Final = re.compile(r"[A-Za-z0-9_.-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainQuery:
    """`domain/NAME`."""

    name: DomainName


@dataclass(frozen=True, slots=True, kw_only=True)
class NameserverQuery:
    """`nameserver/NAME`."""

    name: DomainName


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityQuery:
    """`entity/HANDLE`."""

    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpQuery:
    """`help`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownQuery:
    """A path that this service does not know; answered like anything that does not exist."""


Query = DomainQuery | NameserverQuery | EntityQuery | HelpQuery | UnknownQuery


def parse_path(path: str) -> Query:
    """What `path` (percent-encoded, from its slash on, without a query) asks for.

    Raises InvalidInput for a known kind of query with a name that can be none: bad UTF-8, a bad
    label, one label only, an address.
    """
    kind, slash, rest = path.removeprefix("/").partition("/")
    if kind == "help" and not slash:
        return HelpQuery()
    if not slash or "/" in rest:
        return UnknownQuery()
    match kind:
        case "domain":
            return DomainQuery(name=_parse_name(rest))
        case "nameserver":
            return NameserverQuery(name=_parse_name(rest))
        case "entity":
            handle = _decode(rest)
            # Handles are ours (IANA ids); anything of another shape exists nowhere here.
            return EntityQuery(handle=handle) if _HANDLE.fullmatch(handle) else UnknownQuery()
        case _:
            return UnknownQuery()


def strip_prefix(path: str, base_path: str) -> str:
    """`path` without the path of the base URL, for proxies that pass it on; else unchanged.

    `base_path` ends in a slash; the result begins with one.
    """
    if len(base_path) > 1 and path.startswith(base_path):
        return path[len(base_path) - 1 :]
    return path


def _parse_name(text: str) -> DomainName:
    return names.parse_domain_name(_decode(text))


def _decode(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("percent_encoding") from None


def split_addresses(addresses: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """IPv4 and IPv6 addresses of `addresses`; what is neither is left out (RFC 9083 s5.2)."""
    four: list[str] = []
    six: list[str] = []
    for address in addresses:
        try:
            version = ipaddress.ip_address(address).version
        except ValueError:
            continue
        (four if version == 4 else six).append(address)  # noqa: PLR2004 - IP version four
    return tuple(four), tuple(six)
