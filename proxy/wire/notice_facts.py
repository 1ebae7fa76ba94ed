"""What a notice may say of a case, and how each fact reads in a language. Pure.

A name that does not stand here can not come into a notice, and what stands under a name must have
its form: a code, an id, a moment, a domain name. So no value of a registrant gets in, under
whatever name it comes. The one text is a recipient's name; it can not hold an address, a number
that could be called, or a character that turns the direction of writing.
Source: casework s8, invariants 12 and 22; RFC 3339.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TYPE_CHECKING, Final, assert_never
from uuid import UUID

from babel import dates

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.identifiers import DomainName
from proxy.rules import local_days
from proxy.rules.casework.fields import FIELD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date
    from zoneinfo import ZoneInfo

    from proxy.model.case import Fact

LOCALES: Final[Mapping[str, str]] = {
    "en": "en_GB", "hi": "hi_IN", "de": "de_DE", "fr": "fr_FR", "es": "es_ES",
}  # fmt: skip
"""The languages of notices, and whose way of writing dates each takes."""

ZONE: Final = "zone"
"""The fact that says in which zone moments are shown; the office's own without it."""


class Form(StrEnum):
    """What stands under a name."""

    DOMAIN = "domain"
    ID = "id"
    MOMENT = "moment"
    CODE = "code"
    CODES = "codes"
    FIELDS = "fields"
    RECIPIENT = "recipient"  # a code, or a name


_FORMS: Final[Mapping[str, Form]] = {
    "domain": Form.DOMAIN,
    "case": Form.ID,
    "registration": Form.ID,
    "due": Form.MOMENT,
    "due_utc": Form.MOMENT,
    "until": Form.MOMENT,
    "items": Form.CODES,
    "fields": Form.FIELDS,
    "primary": Form.CODE,
    "basis": Form.CODE,
    "verdict": Form.CODE,
    "instrument": Form.CODE,
    "whom": Form.CODE,
    "recipient": Form.RECIPIENT,
}
DUE: Final = frozenset({"due", "due_utc"})
"""Moments that are no deadline's by their name."""

_NOT_BEFORE: Final = "_not_before"
_MOMENTS: Final = ("_due", _NOT_BEFORE)
"""How names of moments end: each is a deadline of its case."""

_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_NAME_CHARACTERS: Final = 120
_CALLABLE: Final = re.compile(r"(?:[0-9][ ./()-]*){6}")  # what could be a telephone's number
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language: its message by id and arguments; raises InvalidInput where it has none."""

    language: str
    says: Callable[[str, Mapping[str, str]], str]


def form(name: str) -> Form:
    """What may stand under a name; InvalidInput `notice_fact` for one that may not come at all."""
    found = _FORMS.get(name)
    if found is None and name.endswith(_MOMENTS) and _CODE.fullmatch(name) is not None:
        found = Form.MOMENT
    if found is None:
        raise InvalidInput("notice_fact", "A notice has no place for a fact of that name.")
    return found


def words(name: str, value: Fact, tongue: Tongue, zone: ZoneInfo) -> str:
    """A fact as the language says it; InvalidInput `notice_fact` names the fact, not its value."""
    match form(name):
        case Form.DOMAIN:
            return _domain(value)
        case Form.ID:
            return _id(name, value)
        case Form.MOMENT:
            is_end = not name.endswith(_NOT_BEFORE)
            return moment_text(_moment(name, value), tongue, zone, is_end=is_end)
        case Form.CODE:
            return _code_words(name, value, tongue)
        case Form.CODES:
            return _list(_code_words(name, one, tongue) for one in _codes(name, value))
        case Form.FIELDS:
            return _fields(_codes(name, value), tongue)
        case Form.RECIPIENT:
            return _recipient(value, tongue)
        case _ as never:
            assert_never(never)


def moment_text(at: datetime, tongue: Tongue, zone: ZoneInfo, *, is_end: bool) -> str:
    """A moment in the recipient's zone and in UTC; an end at midnight is 24:00 of the day before.

    Parts of a second are left out: what comes before the moment shown is in time.
    """
    local, utc = at.astimezone(zone), at.astimezone(UTC)
    day, clock = local.date(), _clock(local.time())
    if is_end and local.time() == time():
        day, clock = day - local_days.DAY, "24:00"
    if local.utcoffset() == utc.utcoffset():
        told = {"day": _day(day, tongue), "time": clock}
        return tongue.says("moment-utc", told)
    told = {
        "day": _day(day, tongue),
        "time": clock,
        "zone": zone.key,
        "offset": _offset(local),
        "utc_day": _day(utc.date(), tongue),
        "utc_time": _clock(utc.time()),
    }
    return tongue.says("moment", told)


def zone_of(facts: Mapping[str, Fact], default: str) -> ZoneInfo:
    """The zone that the facts name, or the office's; InvalidInput `notice_fact`."""
    named = facts.get(ZONE, default)
    try:
        return local_days.zone_named(str(named))
    except (ValueError, OSError, LookupError):
        raise _refused(ZONE) from None


def _day(day: date, tongue: Tongue) -> str:
    return dates.format_date(day, "full", locale=LOCALES[tongue.language])


def _clock(at: time) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _offset(local: datetime) -> str:
    shown = f"{local:%z}"
    return f"UTC{shown[:3]}:{shown[3:5]}"


def _domain(value: Fact) -> str:
    """The name as it is registered, with its U-labels where those read from left to right."""
    if not isinstance(value, str) or _parsed(value) != value:
        raise _refused("domain")
    shown = names.unicode_name(DomainName(value))
    if shown is None or any(unicodedata.bidirectional(one) in _RIGHT_TO_LEFT for one in shown):
        return value
    return f"{shown} ({value})"


def _parsed(value: str) -> str | None:
    try:
        return names.parse_domain_name(value)
    except InvalidInput:
        return None


def _id(name: str, value: Fact) -> str:
    try:
        found = str(UUID(str(value)))
    except ValueError:
        raise _refused(name) from None
    if found != value:
        raise _refused(name)
    return found


def _moment(name: str, value: Fact) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise _refused(name) from None
    if found.tzinfo is None:
        raise _refused(name)
    return found


def _code_words(name: str, value: Fact, tongue: Tongue) -> str:
    if not isinstance(value, str) or _CODE.fullmatch(value) is None:
        raise _refused(name)
    return tongue.says(f"{name}-{value}", {})


def _codes(name: str, value: Fact) -> tuple[str, ...]:
    if not isinstance(value, tuple | list):  # a list, where the facts were JSON on their way
        raise _refused(name)
    return tuple(value)


def _fields(given: tuple[str, ...], tongue: Tongue) -> str:
    """Kinds of data, role by role: what they are, never what stands in them."""
    roles: dict[str, list[str]] = {}
    for one in given:
        if one not in FIELD_CLASSES:
            raise _refused("fields")
        role, _, kind = one.partition(".")
        roles.setdefault(role, []).append(tongue.says(f"field-{kind}", {}))
    return _list(
        tongue.says(
            "fields-of", {"role": tongue.says(f"role-{role}", {}), "kinds": ", ".join(kinds)}
        )
        for role, kinds in roles.items()
    )


def _recipient(value: Fact, tongue: Tongue) -> str:
    if not isinstance(value, str):
        raise _refused("recipient")
    if _CODE.fullmatch(value) is not None:
        return tongue.says(f"recipient-{value}", {})
    is_plain = value.isprintable() and "@" not in value and "://" not in value
    if not is_plain or _CALLABLE.search(value) or not 0 < len(value) <= _NAME_CHARACTERS:
        raise _refused("recipient")
    return value


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {one}" for one in lines)


def _refused(name: str) -> InvalidInput:
    return InvalidInput("notice_fact", f"The fact `{name}` is not of its form.")
