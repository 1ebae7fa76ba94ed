"""Limits of cases as TOML: those of the program, and what an operator changes of them. Pure.

Both are read whole: every fault is named at once, and nothing of a faulty file holds.
Source: casework s11.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from proxy.errors import Fault, InvalidInput
from proxy.model.calendar import CalendarId
from proxy.model.deadline import Direction, PauseReason, Roll, Unit
from proxy.rules import clock_changes
from proxy.rules.casework import limits as rules
from proxy.rules.casework.limits import Limit

if TYPE_CHECKING:
    from collections.abc import Mapping

OCTETS: Final = 65_536
"""Of a file of limits, at most: protects whoever reads it."""

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=clock_changes.AMOUNT_LIMIT)]


class _Limit(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    amount: _Amount
    least: _Amount
    most: _Amount
    unit: Unit
    direction: Direction
    source: _Text
    begins_when: _Text
    roll: Roll = Roll.NONE
    extend: _Amount = 0
    pauses: tuple[PauseReason, ...] = ()
    pause_days: _Amount = 0


class _Change(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    amount: _Amount


_DETAILS: Final[Mapping[str, str]] = {
    "limit_bounds": "The amount must lie between `least` and `most`, or none fits.",
    "limit_duty_could_grow": "A duty of ours can only be made shorter than its source has it.",
    "limit_pauses": "A limit that may stand still says for how long in all, and no other does.",
}


def parse(text: str) -> Mapping[str, Limit]:
    """The program's limits by name; InvalidInput `limits_malformed` with every fault."""
    faults: list[Fault] = []
    found: dict[str, Limit] = {}
    for name, given in _tables(text).items():
        one = _read(name, given, _Limit, faults)
        if one is None:
            continue
        limit = _limit(name, one)
        wrong = [code for code in (rules.fault(limit),) if code is not None]
        faults += [
            _fault(name, code, _DETAILS.get(code, "It can not be counted by."))
            for code in (*wrong, *_uncountable(limit))
        ]
        found[name] = limit
    _refuse(faults)
    return found


def merge(limits: Mapping[str, Limit], text: str) -> Mapping[str, Limit]:
    """The limits as an operator's file changes them; InvalidInput `limits_malformed`.

    The file names limits, each with an `amount` and nothing else.
    """
    faults: list[Fault] = []
    changed = dict(limits)
    for name, given in _tables(text).items():
        if name not in limits:
            faults.append(_fault(name, "limit_unknown", "There is no such limit."))
            continue
        one = _read(name, given, _Change, faults)
        if one is None:
            continue
        limit = rules.changed(limits[name], one.amount)
        if limit is None:
            former = limits[name]
            bounds = f"{former.least} to {former.most} {former.unit.value}"
            faults.append(_fault(name, "limit_out_of_bounds", f"It may be {bounds}."))
            continue
        changed[name] = limit
    _refuse(faults)
    return changed


def _tables(text: str) -> Mapping[str, object]:
    if len(text.encode()) > OCTETS:
        raise InvalidInput("limits_malformed", f"A file of limits has {OCTETS} octets at most.")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise InvalidInput("limits_malformed", "The limits are no TOML.") from None


def _read(name: str, given: object, shape: type[Any], faults: list[Fault]) -> Any:
    """The table as `shape`; None with a fault where it is none."""
    try:
        return msgspec.convert(given, shape)
    except msgspec.ValidationError as error:  # names members and types, no values
        faults.append(_fault(name, "limit_malformed", f"{error}."))
        return None


def _limit(name: str, one: _Limit) -> Limit:
    return Limit(
        id=name,
        source=one.source,
        begins_when=one.begins_when,
        amount=one.amount,
        least=one.least,
        most=one.most,
        unit=one.unit,
        direction=one.direction,
        roll=one.roll,
        extend=one.extend,
        pauses=frozenset(one.pauses),
        pause_days=one.pause_days,
    )


def _uncountable(limit: Limit) -> tuple[str, ...]:
    """What the clock has against it, the calendar apart: that is an operator's choice."""
    terms = limit.terms(_ANY_CALENDAR)
    return tuple(one for one in clock_changes.faults(terms) if one != "pauses_without_limit")


_ANY_CALENDAR: Final = CalendarId("ANY")


def _fault(name: str, code: str, detail: str) -> Fault:
    return Fault(pointer=f"/{name}", code=code, detail=detail)


def _refuse(faults: list[Fault]) -> None:
    if faults:
        raise InvalidInput("limits_malformed", "The limits do not hold.", tuple(faults))
