"""What a registry's RDAP or WHOIS answer says of a name's sponsor. No sockets.

Reads four facts and keeps nothing else of an answer, which may hold persons. An answer about
another name, or one that says two things, says nothing. Sources: RFC 9083 s5.3 (domain), s4.8
(public ids); ICANN's registrar layout of WHOIS.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from proxy.model.sponsor import Missed, Seen, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from proxy.model.identifiers import DomainName

_MOST_ENTITIES: Final = 64
_LONGEST_ID: Final = 255  # as the schema has it
_IANA_TYPE: Final = "iana registrar id"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_HANDLE: Final = re.compile(r"[!-~]{1,255}", re.ASCII)
_LINE: Final = re.compile(
    r"^\s*(domain name|registrar iana id|registry domain id|creation date):[ \t]*(\S+)[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)


def parse_rdap(body: bytes, domain: DomainName, marks: Sequence[str] = ()) -> Seen | Missed:
    """What an RDAP answer says, and whether it has one of `marks`; Missed if it says nothing."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return Missed(reason="not_json")
    if not isinstance(answer, dict) or answer.get("objectClassName") != "domain":
        return Missed(reason="no_domain")
    if not _is_name(answer.get("ldhName"), domain):
        return Missed(reason="another_name")
    found = {_iana_id(one) for one in _registrars(answer)} - {None}
    dates = [
        one.get("eventDate")
        for one in _objects(answer.get("events"))
        if one.get("eventAction") == "registration"
    ]
    seen = _seen(Way.RDAP, found, answer.get("handle"), dates[0] if len(dates) == 1 else None)
    return _marked(seen, body, marks)


def parse_whois(body: bytes, domain: DomainName, marks: Sequence[str] = ()) -> Seen | Missed:
    """What a WHOIS answer says, and whether it has one of `marks`; Missed if it says nothing."""
    lines: dict[str, set[str]] = {}
    for label, value in _LINE.findall(body.decode("utf-8", "replace")):
        lines.setdefault(label.lower(), set()).add(value)
    names = lines.get("domain name", set())
    if not names or not all(_is_name(one, domain) for one in names):
        return Missed(reason="another_name")
    found = lines.get("registrar iana id", set())
    seen = _seen(
        Way.WHOIS,
        {int(one) if _NUMBER.fullmatch(one) else None for one in found} - {None},
        _only(lines.get("registry domain id", set())),
        _only(lines.get("creation date", set())),
    )
    return _marked(seen, body, marks)


def _marked(seen: Seen | Missed, body: bytes, marks: Sequence[str]) -> Seen | Missed:
    """Marks are letters and digits: no form of answer writes them otherwise, but for their case."""
    folded = body.lower()
    is_marked = any(one.lower().encode() in folded for one in marks)
    return replace(seen, shows_mask=is_marked) if isinstance(seen, Seen) else seen


def _seen(way: Way, found: set[int | None], handle: object, created: object) -> Seen | Missed:
    if len(found) != 1:
        return Missed(reason="two_sponsors" if found else "no_iana_id")
    (iana_id,) = found
    if iana_id is None:
        return Missed(reason="no_iana_id")
    is_fit = isinstance(handle, str) and _HANDLE.fullmatch(handle)
    return Seen(
        iana_id=iana_id,
        way=way,
        registry_domain_id=handle if isinstance(handle, str) and is_fit else None,
        created_at=_moment(created),
    )


def _registrars(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Entities that act as the registrar of the domain itself."""
    for entity in _objects(answer.get("entities")):
        roles = entity.get("roles")
        if isinstance(roles, list) and "registrar" in roles:
            yield entity


def _iana_id(entity: dict[str, Any]) -> int | None:
    for one in _objects(entity.get("publicIds")):
        kind, identifier = one.get("type"), one.get("identifier")
        if not isinstance(kind, str) or kind.lower() != _IANA_TYPE:
            continue
        if _NUMBER.fullmatch(str(identifier)):
            return int(str(identifier))
    return None


def _objects(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        return []
    return [one for one in value[:_MOST_ENTITIES] if isinstance(one, dict)]


def _is_name(value: object, domain: DomainName) -> bool:
    return isinstance(value, str) and value.rstrip(".").lower() == domain


def _only(values: set[str]) -> str | None:
    return next(iter(values)) if len(values) == 1 else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or len(value) > _LONGEST_ID:
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
