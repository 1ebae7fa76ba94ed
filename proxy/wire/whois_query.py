"""What a WHOIS client asks, from the bytes of its line. Pure.

Must not do: raise anything but InvalidInput, or put any part of a line into an error.
Sources: RFC 3912 s2 (one line, CR LF); the forms that clients send to some registries whatever
server they face: `domain NAME` (Verisign), `-T dn,ace NAME` (DENIC), `--show-handles NAME` (.dk),
`-V Md5.5 NAME` (RIPE), `-C UTF-8 NAME` (CORE), `NAME/e` (JPRS), `=NAME`.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput
from proxy.model import names

if TYPE_CHECKING:
    from proxy.model.identifiers import DomainName

MAX_LINE_OCTETS: Final = 512
"""Octets of a line with its end (a name has at most 253): what one client may make us hold."""

_BLANKS: Final = re.compile(r"[ \t]+", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DOMAIN_WORDS: Final = frozenset({"domain", "dom"})
_KEYWORDS: Final = _DOMAIN_WORDS | {"nameserver", "registrar"}
_HELP_WORDS: Final = frozenset({"help", "?"})
_ENGLISH: Final = "/e"  # JPRS: answer in English, which we always do


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainQuery:
    """What is known of a domain name?"""

    name: DomainName


@dataclass(frozen=True, slots=True, kw_only=True)
class NameserverQuery:
    """What is known of a name server, by host name or address (canonical text)?"""

    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrarQuery:
    """What is known of a registrar, by name or IANA id; as the client wrote it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpQuery:
    """How may one ask?"""


Query = DomainQuery | NameserverQuery | RegistrarQuery | HelpQuery


def parse_query(line: bytes) -> Query:
    """The query of the first line of `line`, which may end in CR LF, LF or nothing.

    What follows the first line is ignored. Raises InvalidInput("whois_query").
    """
    words = _words(line)
    if len(words) == 1 and words[0].lower() in _HELP_WORDS:
        return HelpQuery()
    words = _without_flags(words)
    keyword = words[0].lower() if len(words) > 1 else ""
    if keyword in _KEYWORDS:
        words = words[1:]
    if words[0].startswith("="):  # Verisign: this very name, which we always mean
        words = [words[0][1:], *words[1:]] if len(words[0]) > 1 else words[1:]
    if keyword == "registrar" and words:
        return RegistrarQuery(text=" ".join(words))
    if len(words) != 1:
        raise InvalidInput("whois_query")
    if keyword == "nameserver":
        return NameserverQuery(host=_parse_host(words[0]))
    return DomainQuery(name=_parse_name(words[0]))


def _words(line: bytes) -> list[str]:
    """The words of the first line: at least one."""
    first, _, _ = line.partition(b"\n")
    if len(first) >= MAX_LINE_OCTETS:
        raise InvalidInput("whois_query")
    try:
        text = first.removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidInput("whois_query") from None
    text = text.strip(" \t")
    if not text or _CONTROL.search(text):
        raise InvalidInput("whois_query")
    return _BLANKS.split(text)


def _without_flags(words: list[str]) -> list[str]:
    """The words after any leading `-X`, `-X value` and `--long`; never fewer than one."""
    while len(words) > 1 and words[0].startswith("-"):
        takes_value = len(words[0]) == 2 and len(words) > 2  # noqa: PLR2004 - `-X`; flag, value, name
        is_value = takes_value and not words[1].startswith("-") and words[1] not in _KEYWORDS
        words = words[2:] if is_value else words[1:]
    return words


def _parse_name(word: str) -> DomainName:
    if word[-len(_ENGLISH) :].lower() == _ENGLISH:
        word = word[: -len(_ENGLISH)]
    try:
        return names.parse_domain_name(word)
    except InvalidInput:
        raise InvalidInput("whois_query") from None


def _parse_host(word: str) -> str:
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        return _parse_name(word)
