"""Append events to cases: the only way in which a case changes.

In the caller's transaction, so that an event and what it speaks of stand together or not at all.
The case's row is held meanwhile: two hands append one after the other, and each sees the other's.
Every event is a ledger entry as well. Source: casework s7.5.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from proxy.model import identifiers
from proxy.model.case import CaseFile, Event
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from proxy.model.case import CaseId, Fact
    from proxy.store.pool import Connection

LEDGER_FACTS: Final = (
    "state", "outcome", "primary", "secondary", "fields", "requester_class", "country", "basis",
    "kind", "order", "package", "copy", "notice", "template", "to", "how", "deadline", "round",
    "late_by_s", "overlay", "until", "value", "verdict", "change", "effect", "reason", "requester",
)  # fmt: skip
"""Facts of events that its ledger entry repeats: what reports count. No text of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What happens, before it has its place. `actor` is a staff handle, or the actor's kind."""

    actor: str
    role: str
    act: str
    facts: Mapping[str, Fact]


async def append(
    connection: Connection,
    case_id: CaseId,
    entries: Sequence[NewEvent],
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> tuple[Event, ...]:
    """The events in their place; NotFound `case_unknown`."""
    found = await append_all(connection, {case_id: entries}, now=now, random=random)
    return found[case_id]


async def append_all(
    connection: Connection,
    entries: Mapping[CaseId, Sequence[NewEvent]],
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Mapping[CaseId, tuple[Event, ...]]:
    """The same for several cases at once; NotFound `case_unknown` if one is not there."""
    files = await store.lock(connection, list(entries))
    added: list[tuple[CaseFile, Event, str]] = []
    made: dict[CaseId, tuple[Event, ...]] = {}
    moved: list[CaseFile] = []
    for case_id, several in entries.items():
        file = files.get(case_id)
        if file is None:
            raise store.unknown()
        events: list[Event] = []
        for one in several:
            event = place(file, one, now=now, random=random)
            file = follow(file, event)
            events.append(event)
            added.append((file, event, ledger_facts(file, event)))
        made[case_id] = tuple(events)
        moved.append(file)
    await store.add_events(connection, added)
    await store.move(connection, moved, now)
    return made


def place(file: CaseFile, one: NewEvent, *, now: datetime, random: Callable[[int], bytes]) -> Event:
    """The event that follows a file's newest one."""
    return Event(
        case_id=file.id,
        seq=file.seq + 1,
        id=identifiers.uuid7(now, random(10)),
        previous=file.head,
        actor=one.actor,
        role=one.role,
        act=one.act,
        facts=one.facts,
        at=now,
    )


def follow(file: CaseFile, event: Event) -> CaseFile:
    """The file after an event. What state it leads to stands in the event, by the engine."""
    state = str(event.facts.get("state", "")) or file.state
    is_open = file.is_open
    if "is_open" in event.facts:
        is_open = bool(event.facts["is_open"])
    return replace(file, seq=event.seq, head=event.digest(), state=state, is_open=is_open)


def ledger_facts(file: CaseFile, event: Event) -> str:
    """What the ledger says of an event, as JSON."""
    facts: dict[str, object] = {
        "case": str(event.case_id),
        "seq": event.seq,
        "hash": event.digest().hex(),
        "type": file.type,
        "act": event.act,
        "actor": event.actor,
        "role": event.role,
    }
    facts |= {name: event.facts[name] for name in LEDGER_FACTS if name in event.facts}
    if "material" in event.facts:
        facts["material"] = event.facts["material"]
    if not file.is_open:
        facts["closed"] = True
    return json.dumps(facts)
