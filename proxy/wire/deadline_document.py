"""A deadline's terms, plan and history as JSON and back: how they are kept. Pure, and strict.

What is read is checked as what is written: no unknown field, no other unit or reason, every time
with its offset. These are rows of ours and no documents: nobody signs them, their order of fields
means nothing. Source: casework s7.1.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated, TypeVar, assert_never

import msgspec

from proxy.errors import InvalidInput
from proxy.model.calendar import CalendarId
from proxy.model.deadline import (
    Direction,
    Extension,
    Outage,
    Pause,
    PauseReason,
    Plan,
    Roll,
    Terms,
    TermsId,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.deadline import Change

HISTORY_LIMIT = 500  # changes of one deadline; bounds a row and the reckoning over it
_T = TypeVar("_T")

_Text = Annotated[str, msgspec.Meta(max_length=500)]
_Code = Annotated[str, msgspec.Meta(max_length=100)]
_Time = Annotated[str, msgspec.Meta(pattern=r"^[0-9T:.Z-]{20,32}\Z")]
_Amount = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


class _Terms(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    id: _Code
    source: _Text
    begins_when: _Text
    amount: _Amount
    unit: Unit
    direction: Direction
    calendar: _Code
    roll: Roll
    is_event_day_counted: bool
    closes_at: Annotated[str, msgspec.Meta(max_length=15)] | None
    pauses: tuple[PauseReason, ...]
    pause_days: _Amount


class _Plan(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    remind: tuple[_Code, ...]
    reminds: _Code
    whom: _Code
    at_end: _Code
    escalates: tuple[_Code, ...]


class _Pause(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, tag_field="is",
    tag="pause",
):  # fmt: skip
    reason: PauseReason
    by: _Code
    started_at: _Time
    ends_by: _Time
    ended_at: _Time | None


class _Extension(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, tag_field="is",
    tag="extension",
):  # fmt: skip
    reason: _Code
    by: _Code
    amount: _Amount
    decided_at: _Time
    noticed_at: _Time


class _Outage(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, tag_field="is",
    tag="outage",
):  # fmt: skip
    started_at: _Time
    ended_at: _Time


_Change = _Pause | _Extension | _Outage
_History = Annotated[tuple[_Change, ...], msgspec.Meta(max_length=HISTORY_LIMIT)]
_TERMS = msgspec.json.Decoder(_Terms)
_PLAN = msgspec.json.Decoder(_Plan)
_HISTORY = msgspec.json.Decoder(_History)


def render_terms(terms: Terms) -> str:
    """The text of terms."""
    return _text(
        _Terms(
            id=terms.id,
            source=terms.source,
            begins_when=terms.begins_when,
            amount=terms.amount,
            unit=terms.unit,
            direction=terms.direction,
            calendar=terms.calendar,
            roll=terms.roll,
            is_event_day_counted=terms.is_event_day_counted,
            closes_at=None if terms.closes_at is None else terms.closes_at.isoformat(),
            pauses=tuple(sorted(terms.pauses)),
            pause_days=terms.pause_days,
        )
    )


def parse_terms(text: str) -> Terms:
    """The terms; InvalidInput `deadline_malformed`."""
    found = _read(_TERMS, text)
    return Terms(
        id=TermsId(found.id),
        source=found.source,
        begins_when=found.begins_when,
        amount=found.amount,
        unit=found.unit,
        direction=found.direction,
        calendar=CalendarId(found.calendar),
        roll=found.roll,
        is_event_day_counted=found.is_event_day_counted,
        closes_at=None if found.closes_at is None else _clock_time(found.closes_at),
        pauses=frozenset(found.pauses),
        pause_days=found.pause_days,
    )


def render_plan(plan: Plan) -> str:
    """The text of a plan."""
    return _text(
        _Plan(
            remind=plan.remind,
            reminds=plan.reminds,
            whom=plan.whom,
            at_end=plan.at_end,
            escalates=plan.escalates,
        )
    )


def parse_plan(text: str) -> Plan:
    """The plan; InvalidInput `deadline_malformed`."""
    found = _read(_PLAN, text)
    return Plan(
        remind=found.remind,
        reminds=found.reminds,
        whom=found.whom,
        at_end=found.at_end,
        escalates=found.escalates,
    )


def render_history(history: Sequence[Change]) -> str:
    """The text of a history; InvalidInput `history_too_long`."""
    if len(history) > HISTORY_LIMIT:
        raise InvalidInput("history_too_long", "The deadline was changed too often.")
    return _text([_shown(one) for one in history])


def parse_history(text: str) -> tuple[Change, ...]:
    """The history; InvalidInput `deadline_malformed`."""
    return tuple(_meant(one) for one in _read(_HISTORY, text))


def _shown(change: Change) -> _Change:
    match change:
        case Pause():
            return _Pause(
                reason=change.reason,
                by=change.by,
                started_at=_moment_text(change.started_at),
                ends_by=_moment_text(change.ends_by),
                ended_at=None if change.ended_at is None else _moment_text(change.ended_at),
            )
        case Extension():
            return _Extension(
                reason=change.reason,
                by=change.by,
                amount=change.amount,
                decided_at=_moment_text(change.decided_at),
                noticed_at=_moment_text(change.noticed_at),
            )
        case Outage():
            return _Outage(
                started_at=_moment_text(change.started_at), ended_at=_moment_text(change.ended_at)
            )
        case _ as never:
            assert_never(never)


def _meant(change: _Change) -> Change:
    match change:
        case _Pause():
            return Pause(
                reason=change.reason,
                by=change.by,
                started_at=_moment(change.started_at),
                ends_by=_moment(change.ends_by),
                ended_at=None if change.ended_at is None else _moment(change.ended_at),
            )
        case _Extension():
            return Extension(
                reason=change.reason,
                by=change.by,
                amount=change.amount,
                decided_at=_moment(change.decided_at),
                noticed_at=_moment(change.noticed_at),
            )
        case _Outage():
            return Outage(started_at=_moment(change.started_at), ended_at=_moment(change.ended_at))
        case _ as never:
            assert_never(never)


def _read(decoder: msgspec.json.Decoder[_T], text: str) -> _T:
    try:
        return decoder.decode(text.encode())
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise _malformed() from None


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _moment_text(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _malformed() from None
    if found.tzinfo is not UTC or _moment_text(found) != text:
        raise _malformed()
    return found


def _clock_time(text: str) -> time:
    try:
        found = time.fromisoformat(text)
    except ValueError:
        raise _malformed() from None
    if found.isoformat() != text:
        raise _malformed()
    return found


def _malformed() -> InvalidInput:
    return InvalidInput("deadline_malformed", "What is kept of a deadline is damaged.")
