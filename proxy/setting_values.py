"""Values of settings: what a text of a file, a variable or a flag has to be. Pure.

Holds parsers that know no setting; raises InvalidInput that says what was expected and never what
was given.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_PLACE = re.compile(r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?")
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRoute:
    """A host by name or address that mail goes through."""

    host: str
    port: int

    @property
    def text(self) -> str:
        """The text it is parsed from."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def refuse(expected: str) -> InvalidInput:
    """The error that says what a setting has to be."""
    return InvalidInput("invalid_setting", f"expected {expected}")


def text(value: object) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise refuse("a text")
    return value


def path(value: object) -> Path:
    """A path, made absolute."""
    return Path(text(value)).absolute()


def whole(least: int, most: int) -> Callable[[object], int]:
    """The parser of whole numbers from `least` to `most`."""

    def parse(value: object) -> int:
        expected = f"a whole number from {least} to {most}"
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise refuse(expected)
        try:
            number = int(value)
        except ValueError:
            raise refuse(expected) from None
        if not least <= number <= most:
            raise refuse(expected)
        return number

    return parse


def choice(*words: str) -> Callable[[object], str]:
    """The parser of one of `words`."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise refuse("one of " + ", ".join(words))
        return value

    return parse


def networks(value: object) -> tuple[Network, ...]:
    """Networks in CIDR form: a list, or a text with commas."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise refuse("a list of networks in CIDR form")
    try:
        return tuple(ipaddress.ip_network(str(part).strip()) for part in parts if str(part).strip())
    except ValueError:
        raise refuse("networks in CIDR form, such as 192.0.2.0/24, 2001:db8::/32") from None


def mail_domain(value: object) -> str:
    """A domain that takes mail, in ASCII."""
    name = text(value).lower().removesuffix(".")
    if len(name) > 190 or not _HOST.fullmatch(name):  # noqa: PLR2004 - room for return paths
        raise refuse("a domain name in ASCII, such as mail.registrar.example")
    return name


def mail_from(value: object) -> str:
    """A plain mail address."""
    local, at, domain = text(value).rpartition("@")
    if not at or not re.fullmatch(r"[A-Za-z0-9._+-]{1,64}", local):
        raise refuse("a mail address, such as notices@registrar.example")
    return f"{local}@{mail_domain(domain)}"


def printable(value: object) -> str:
    """Words that fit a header line."""
    words = text(value)
    if not words.isprintable() or len(words) > 100:  # noqa: PLR2004 - fits a header line
        raise refuse("up to 100 printable characters")
    return words


def mail_route(value: object) -> MailRoute:
    """A host by name or address, with its port."""
    host, _, port = text(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not port.isdecimal() or not 0 < int(port) <= 65_535:  # noqa: PLR2004 - the highest port
        raise refuse("host:port, such as mail.registrar.example:25")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not _HOST.fullmatch(host.lower()):
            raise refuse("host:port, such as mail.registrar.example:25") from None
    return MailRoute(host=host, port=int(port))


def http_url(value: object) -> str:
    """An http or https address without query and fragment."""
    parts = urlsplit(text(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise refuse("an http or https address without query or fragment")
    return parts.geturl().rstrip("/")


def database_url(value: object) -> str:
    """The address of a PostgreSQL, without a password."""
    parts = urlsplit(text(value))
    if parts.scheme not in {"postgresql", "postgres"}:
        raise refuse("postgresql://host:port/database")
    if parts.password is not None:
        raise refuse("a URL without a password; passwords stand in files (database_password_dir)")
    return parts.geturl()


def place(value: object) -> str:
    """A country, or a part of one, by ISO 3166: IN, IN-DL."""
    found = text(value)
    if not _PLACE.fullmatch(found):
        raise refuse("a country by ISO 3166, with its subdivision if days differ: IN-DL, DE-BY, FR")
    return found


def zone(value: object) -> str:
    """The IANA name of a time zone that this machine knows."""
    found = text(value)
    try:
        ZoneInfo(found)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a path; a folder of the zone files
        raise refuse("a time zone by its IANA name, such as Asia/Kolkata") from None
    return found
