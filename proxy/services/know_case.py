"""What the vault knows of a case: its chain, checked against the vault's own memory.

The rows are the database's word. They count when they hold together, event by event, and lead to
the head that the vault remembers; newer ones move it. So a case can be added to by who may write
events, and neither changed, taken away nor rolled back: one whose rows disagree is refused, with an
alarm, until its rows are what they were (a backup has them) or the vault is anchored anew.
Source: vault.md, State outside PostgreSQL; casework invariant 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.order import CaseSubject, Disclosure, Publication
from proxy.model.sealed import RecordName
from proxy.rules.case_orders import Known
from proxy.rules.casework import folding
from proxy.store import case_watch
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.case import CaseId, CaseTypeId, Event
    from proxy.model.case_type import CaseType
    from proxy.outer_ports import CaseMemory, Packager, RecordMemory
    from proxy.store.pool import Connection

UNSEEN_PAGE: Final = 500
_LOOKS: Final = 3  # at a chain that grows while it is read


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """What decisions about cases need: the vault's memory, the types, who makes packages."""

    memory: CaseMemory
    is_newest: RecordMemory
    types: Mapping[CaseTypeId, CaseType]
    packager: Packager | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """How a round over new events went: events that were new, cases that were refused."""

    seen: int
    refused: tuple[tuple[CaseId, str], ...]
    is_full: bool
    """Whether there may be more."""


async def chain(connection: Connection, memory: CaseMemory, case_id: CaseId) -> tuple[Event, ...]:
    """All events of a case, which lead through the vault's head and move it.

    NotFound `case_unknown`; Refused `case_forged`, `case_rolled_back`.
    """
    for look in range(_LOOKS):
        events = await store.events(connection, case_id)
        known = memory.head(case_id)
        if not events and known is None:
            raise NotFound("case_unknown", "There is no case by this id.")
        if len(events) < (known or (0, b""))[0] and look < _LOOKS - 1:
            continue  # the head moved on since the rows were read; or they are gone
        if not events or events[0].seq != 1:
            raise Refused("case_rolled_back", "Events of the case that were known are missing.")
        memory.extend(case_id, events)
        return events
    raise AssertionError


async def known(
    connection: Connection, knowing: Knowing, subject: CaseSubject, now: datetime
) -> Known:
    """The case of an order as the vault knows it; errors as `chain`, and `case_forged`."""
    memory, case_id = knowing.memory, subject.case
    events = await chain(connection, memory, case_id)
    try:
        case = folding.fold(events)
    except InvalidInput as fault:
        raise Refused("case_forged", f"The case does not read as cases do: {fault.code}.") from None
    return Known(
        case=case,
        events={one.digest().hex(): one.seq for one in events},
        type=knowing.types.get(case.type),
        is_gagged=memory.is_gagged(case_id, now),
        is_held=memory.holds(case.tenant_id, case.registration_id, case_id),
        is_vetoed=memory.is_vetoed(case_id),
        are_records_true=_are_records_true(knowing, subject),
    )


def whose(first: Event) -> tuple[TenantId, RegistrationId]:
    """The registration that a case's first event names; Refused `case_forged`."""
    try:
        tenant = UUID(str(first.facts["tenant"]))
        registration = UUID(str(first.facts["registration"]))
    except (KeyError, ValueError):
        raise Refused("case_forged", "The case does not begin as cases do.") from None
    return TenantId(tenant), RegistrationId(registration)


async def catch_up(
    connection: Connection, memory: CaseMemory, after: tuple[CaseId, int] | None
) -> tuple[Caught, tuple[CaseId, int] | None]:
    """Take the next page of events that the vault has not seen; where to go on, None at the end.

    A case whose rows disagree is left as it is, and named.
    """
    page = await case_watch.unseen(connection, after, UNSEEN_PAGE)
    cases: dict[CaseId, list[Event]] = {}
    for one in page:
        cases.setdefault(one.case_id, []).append(one)
    seen: list[Event] = []
    refused: list[tuple[CaseId, str]] = []
    for case_id, events in cases.items():
        try:
            await _take(connection, memory, case_id, events)
        except (Refused, NotFound) as fault:
            refused.append((case_id, fault.code))
        else:
            seen += events
    await case_watch.mark_seen(connection, [(one.case_id, one.seq) for one in seen])
    is_full = len(page) == UNSEEN_PAGE
    place = (page[-1].case_id, page[-1].seq) if is_full else None
    return Caught(seen=len(seen), refused=tuple(refused), is_full=is_full), place


async def check(
    connection: Connection, memory: CaseMemory, case_ids: Sequence[CaseId]
) -> tuple[tuple[CaseId, str], ...]:
    """Those of the cases whose rows are not what the vault knows, with the reason."""
    refused: list[tuple[CaseId, str]] = []
    for case_id in case_ids:
        try:
            await chain(connection, memory, case_id)
        except NotFound:
            pass  # only its veto was ever noted
        except Refused as fault:
            refused.append((case_id, fault.code))
    return tuple(refused)


async def _take(
    connection: Connection, memory: CaseMemory, case_id: CaseId, events: Sequence[Event]
) -> None:
    try:
        memory.extend(case_id, events)
    except Refused:  # a part of what is known, after a crash or a page's end: look at all of it
        await chain(connection, memory, case_id)


def _are_records_true(knowing: Knowing, subject: CaseSubject) -> bool:
    deed = subject.deed
    if not isinstance(deed, Disclosure | Publication):
        return True
    return all(
        knowing.is_newest(
            RecordName(
                tenant_id=subject.tenant_id,
                registration_id=subject.registration_id,
                record_class=one.record_class,
                version=one.version,
            ),
            one.sha256,
        )
        for one in deed.records
    )
