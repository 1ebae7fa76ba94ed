"""Dates inside a password, as people write them: a part of rules.password_policy. Pure.

A day, month and year that somebody could have been born on reads as a date of birth; anything else
that names a month and a day or a year is a date. A year alone is none.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLDEST: Final = 1900  # nobody of staff was born before
_DIGITS: Final = re.compile(r"\d+", re.ASCII)
_PARTED: Final = re.compile(
    r"(?<!\d)(\d{1,4})([-./_ :])(\d{1,2})\2(\d{1,4})(?!\d)", re.ASCII
)  # 12.3.1984, 1984-03-12
_HALF: Final = re.compile(
    r"(?<!\d)(?<!\d[-./_])(\d{1,2}|\d{4})[-./_](\d{1,2}|\d{4})(?!\d)(?![-./_]\d)", re.ASCII
)  # 12.3, 03/1984
_MONTHS: Final = (
    "jan|january|januar|janvier|enero|feb|february|februar|fevrier|febrero|mar|march|maerz|marz|"
    "mars|marzo|apr|april|avril|abril|may|mai|mayo|jun|june|juni|juin|junio|jul|july|juli|juillet|"
    "julio|aug|august|aout|agosto|sep|sept|september|septembre|septiembre|oct|october|okt|oktober|"
    "octobre|octubre|nov|november|novembre|noviembre|dec|december|dez|dezember|decembre|diciembre"
)
_NAMED: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}}|\d{{4}})\W?_?({_MONTHS})(?![a-z])"
    rf"|(?<![a-z])({_MONTHS})\W?_?(\d{{4}}|\d{{1,2}})(?!\d)",
    re.ASCII,
)


def is_birth_date(text: str, today: date) -> bool:
    """Whether a whole date of the last hundred years stands in the text, in digits alone."""
    return any(_OLDEST <= one.year <= today.year for one in _whole(text, today))


def is_date(text: str, today: date) -> bool:
    """Whether another date stands there: to come, with a name of a month, or without its year."""
    if any(one.year > today.year for one in _whole(text, today)):
        return True
    return _NAMED.search(text.lower()) is not None or any(
        _is_half(*pair) for pair in _HALF.findall(text)
    )


def _whole(text: str, today: date) -> Iterator[date]:
    """Every date that digits of the text come to, in the usual orders of day, month, year."""
    for first, _, second, third in _PARTED.findall(text):
        yield from _readings(first, second, third, today)
    for found in _DIGITS.findall(text):
        for length in (8, 6):
            for at in range(len(found) - length + 1):
                yield from _packed(found[at : at + length], today)


def _packed(digits: str, today: date) -> Iterator[date]:
    """The dates in 8 or 6 digits: the year stands first or last."""
    year = len(digits) - 4
    yield from _readings(digits[:year], digits[year : year + 2], digits[year + 2 :], today)
    yield from _readings(digits[:2], digits[2:4], digits[4:], today)


def _readings(first: str, second: str, third: str, today: date) -> Iterator[date]:
    """year-month-day, day-month-year and month-day-year, where they are dates."""
    for year, month, day in (
        (first, second, third),
        (third, second, first),
        (third, first, second),
    ):
        if len(year) in {2, 4} and len(month) <= 2 and len(day) <= 2:  # noqa: PLR2004 - digits
            made = _date(_year(year, today), int(month), int(day))
            if made is not None:
                yield made


def _year(digits: str, today: date) -> int:
    """The year; of two digits the last one that is over."""
    number = int(digits)
    if len(digits) == 4:  # noqa: PLR2004 - digits of a whole year
        return number
    century = today.year - today.year % 100
    return century + number if century + number <= today.year else century - 100 + number


def _date(year: int, month: int, day: int) -> date | None:
    try:
        made = date(year, month, day)
    except ValueError:
        return None
    return made if _OLDEST <= year < _OLDEST + 200 else None  # 1900 to 2099


def _is_half(first: str, second: str) -> bool:
    """Whether two numbers are a month and a year, or a day and a month."""
    left, right = int(first), int(second)
    if len(first) == 4 or len(second) == 4:  # noqa: PLR2004 - digits of a year
        year, month = (left, right) if len(first) == 4 else (right, left)  # noqa: PLR2004 - same
        return _OLDEST <= year < _OLDEST + 200 and 1 <= month <= 12  # noqa: PLR2004 - months
    is_day_and_month = 1 <= min(left, right) <= 12 and 1 <= max(left, right) <= 31  # noqa: PLR2004 - same
    return is_day_and_month and len(first) + len(second) > 2  # noqa: PLR2004 - 1/2 is a fraction
