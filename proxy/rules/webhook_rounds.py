"""One round of deliveries to one endpoint: what is sent in which order, and what follows. Pure.

The events of a name go out one after the other, and a name that has a letter has all that follows
behind it: so each name's events arrive in order, whatever is refused in between. Names do not wait
for each other. What was delivered beyond an event that was not is sent again later, under its id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from proxy.model.webhook import HookState, LetterChange, Round, Taken
from proxy.rules import webhook_retries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.event import Event
    from proxy.model.identifiers import DomainName
    from proxy.model.journal import JournalPosition
    from proxy.model.webhook import Letter, Tried, Webhook

_NO_LETTERS: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one round sends. Chains run side by side, each from its first to its last."""

    letters: tuple[Letter, ...]
    events: tuple[Event, ...]
    held: tuple[Event, ...]  # of these, what is behind a letter of its name
    chains: tuple[tuple[Event, ...], ...]
    end: JournalPosition  # where the webhook stands when all of it is dealt with


def plan(
    letters: Sequence[Letter],
    events: Sequence[Event],
    waiting: frozenset[DomainName],
    *,
    end: JournalPosition,
) -> Plan:
    """What to send of the letters that are due and of the events that come next.

    `waiting` are the names that have a letter, due or not.
    """
    by_name: dict[DomainName, list[Event]] = {}
    held = []
    for event in events:
        if event.domain in waiting:
            held.append(event)
        else:
            by_name.setdefault(event.domain, []).append(event)
    return Plan(
        letters=tuple(letters),
        events=tuple(events),
        held=tuple(held),
        chains=(*((one.event,) for one in letters), *(tuple(one) for one in by_name.values())),
        end=end,
    )


def settle(one: Webhook, made: Plan, came: Mapping[int, Tried], now: datetime) -> Round:
    """What becomes of the webhook: `came` says by position how each try ended.

    An event that was not tried either follows a refused one, and becomes a letter, or was cut off.
    """
    new = _letters_of_page(made, came, now)
    undone = _first_undone(made, came, new)
    position = made.end
    if undone is not None:
        before = [event.pos for event in made.events if event.pos < undone]
        last = before[-1] if before else one.position.pos
        position = replace(made.end, pos=last)
    worst = next((each for each in came.values() if each.taken is Taken.GONE), None)
    worst = worst or next((each for each in came.values() if each.taken is Taken.AWAY), None)
    failing_since = None if worst is None else one.failing_since or now
    return Round(
        position=position,
        state=HookState.GONE if worst and worst.taken is Taken.GONE else HookState.ON,
        failing_since=failing_since,
        reason="" if worst is None else worst.reason,
        next_try=(
            now if failing_since is None else webhook_retries.endpoint_again(failing_since, now)
        ),
        letters=(
            *_letters_again(made, came, now),
            *(change for pos, change in sorted(new.items()) if pos <= position.pos),
        ),
    )


def _letters_again(
    made: Plan, came: Mapping[int, Tried], now: datetime
) -> tuple[LetterChange, ...]:
    return tuple(
        _after(letter.event, letter.tries, tried, now)
        for letter in made.letters
        if (tried := came.get(letter.event.pos)) is not None
        and tried.taken in {Taken.DELIVERED, Taken.REFUSED}
    )


def _letters_of_page(
    made: Plan, came: Mapping[int, Tried], now: datetime
) -> dict[int, LetterChange]:
    """The events of the page that become letters, by position."""
    found = {event.pos: _waits(event, now) for event in made.held}
    old = {letter.event.pos for letter in made.letters}
    for chain in made.chains:
        is_refused = False
        for event in chain:
            tried = came.get(event.pos)
            if event.pos in old:
                break
            if is_refused:
                found[event.pos] = _waits(event, now)
            elif tried is not None and tried.taken is Taken.REFUSED:
                found[event.pos] = _after(event, _NO_LETTERS, tried, now)
                is_refused = True
    return found


def _first_undone(
    made: Plan, came: Mapping[int, Tried], new: Mapping[int, LetterChange]
) -> int | None:
    for event in made.events:
        tried = came.get(event.pos)
        is_delivered = tried is not None and tried.taken is Taken.DELIVERED
        if not is_delivered and event.pos not in new:
            return event.pos
    return None


def _waits(event: Event, now: datetime) -> LetterChange:
    return LetterChange(
        pos=event.pos,
        event_id=event.id,
        domain=event.domain,
        tries=0,
        next_try=now,
        reason="",
        dead_at=None,
    )


def _after(event: Event, tries: int, tried: Tried, now: datetime) -> LetterChange:
    """A letter after one more try."""
    again = webhook_retries.letter_again(tries + 1, now)
    return replace(
        _waits(event, now),
        tries=tries + 1,
        next_try=again or now,
        reason=tried.reason,
        dead_at=None if again is not None else now,
        is_delivered=tried.taken is Taken.DELIVERED,
    )
