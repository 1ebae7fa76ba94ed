"""The values of a plan's keys, each parsed by itself. InvalidInput says what was expected."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from proxy.errors import InvalidInput
from proxy.model import identifiers
from proxy.model.identifiers import TenantId

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY: Final = frozenset(range(7))
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", re.ASCII)  # no way out of a folder
_FULL: Final = re.compile(r"(\S+) ([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_Chosen = TypeVar("_Chosen", bound="StrEnum")


def refuse(expected: str) -> InvalidInput:
    """The refusal of a value, naming what was expected, never what was there."""
    return InvalidInput("invalid_setting", f"expected {expected}")


def text(value: object) -> str:
    """A text of printable characters, at least one."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise refuse("a text of printable characters")
    return value


def flag(value: object) -> bool:
    """A truth value."""
    if not isinstance(value, bool):
        raise refuse("true or false")
    return value


def matching(form: re.Pattern[str], expected: str) -> Callable[[object], str]:
    """A parser of texts that are of this form as a whole."""

    def parse_(value: object) -> str:
        if not isinstance(value, str) or form.fullmatch(value) is None:
            raise refuse(expected)
        return value

    return parse_


def one_of(kinds: type[_Chosen]) -> Callable[[object], _Chosen]:
    """A parser of the values of a closed set."""

    def parse_(value: object) -> _Chosen:
        for kind in kinds:
            if kind.value == value:
                return kind
        raise refuse("one of " + ", ".join(kind.value for kind in kinds))

    return parse_


def choice(*words: str) -> Callable[[object], str]:
    """A parser of these words."""

    def parse_(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise refuse("one of " + ", ".join(words))
        return value

    return parse_


def whole(least: int, most: int) -> Callable[[object], int]:
    """A parser of whole numbers within these bounds."""

    def parse_(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise refuse(f"a whole number from {least} to {most}")
        return value

    return parse_


def duration(least_s: int, most_s: int) -> Callable[[object], int]:
    """A parser of times such as `2h` within these bounds; gives seconds."""

    def parse_(value: object) -> int:
        found = _DURATION.fullmatch(value) if isinstance(value, str) else None
        seconds = -1 if found is None else int(found[1]) * _SECONDS[found[2]]
        if not least_s <= seconds <= most_s:
            raise refuse(f"a time such as 90m, 2h or 1d, from {least_s} to {most_s} seconds")
        return seconds

    return parse_


def tenant(value: object) -> TenantId:
    """A registrar's id."""
    found = identifiers.canonical_uuid(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("the registrar's id, a UUID")
    return TenantId(found)


def zone(value: object) -> str:
    """The name of a time zone that this machine knows."""
    expected = "a time zone of the IANA data base, such as Europe/Zurich"
    if not isinstance(value, str) or _ZONE.fullmatch(value) is None:
        raise refuse(expected)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise refuse(expected) from None
    return value


def _days(text: str) -> frozenset[int] | None:
    """The days of a list such as `mon,thu`, or `daily`; None for anything else."""
    if text == "daily":
        return _EVERY_DAY
    names = text.split(",")
    if not set(names) <= set(DAYS) or len(set(names)) != len(names):
        return None
    return frozenset(DAYS.index(name) for name in names)


def full(value: object) -> tuple[frozenset[int], int, int]:
    """Days of the week, hour and minute."""
    found = _FULL.fullmatch(value) if isinstance(value, str) else None
    days = None if found is None else _days(found[1])
    if found is None or days is None:
        raise refuse("days and a time, such as `sun 02:00`, `mon,thu 23:30` or `daily 02:00`")
    return days, int(found[2]), int(found[3])


def incremental(value: object) -> frozenset[int]:
    """Days of the week; none for `off`."""
    if value == "off":
        return frozenset()
    days = _days(value) if isinstance(value, str) else None
    if days is None:
        raise refuse("off, daily, or days such as `mon,wed,fri`")
    return days


def path(value: object) -> str:
    """A path that stays where it begins."""
    found = text(value)
    if ".." in PurePosixPath(found).parts:
        raise refuse("a path without ..")
    return found


def glob(value: object) -> str:
    """A pattern of names in one directory."""
    found = text(value)
    if "/" in found:
        raise refuse("a pattern of file names, without /")
    return found
