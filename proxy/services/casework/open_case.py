"""Open a case: whose name it is on the day that counts, what is asked, who asks.

The person concerned is the registrant at the event date, whoever holds the name now. Who asks is
sealed as evidence at once; events hold codes alone. A request that lacks something is refused with
the whole list, unless it is logged as it came: a letter can not be made to be complete.
Source: casework s6.5, s8 (a) a1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, Fault, InvalidInput, NotFound
from proxy.model import identifiers
from proxy.model.case import FIRST_PREVIOUS, CaseFile, CaseId, Event
from proxy.model.case_state import OPEN
from proxy.rules.casework import folding
from proxy.rules.casework.fields import FIELD_CLASSES
from proxy.services import case_events, keep_evidence
from proxy.services.casework import act, carry
from proxy.services.casework.carry import Held
from proxy.services.keep_deadlines import By, moment_text
from proxy.services.keep_evidence import Offered
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.case import CaseTypeId, Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType
    from proxy.model.identifiers import DomainName
    from proxy.services.casework.office import Turn
    from proxy.services.keep_evidence import Desk

REQUESTER_CONTACT: Final = "requester_contact"
"""The kind of evidence that holds who asks: read by the vault alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for. `requester` is JSON of their contact: it is sealed, never kept."""

    id: CaseId  # random: chosen by who sends it, so that sending it twice opens one case
    type: CaseTypeId
    domain: DomainName
    event_date: datetime
    received_at: datetime
    channel: str
    country: str  # of the requester: ISO 3166, or "" where it is not known
    requester_class: str
    fields: tuple[str, ...]
    items: tuple[str, ...]
    requester: str = field(repr=False)
    is_logged_as_it_came: bool = False


async def open_case(turn: Turn, desk: Desk, request: Request, by: By) -> Case:
    """The case, opened; InvalidInput `case_request` names all that is wrong or missing.

    NotFound `name_unknown` for a name that was nobody's of ours on that day; Conflict
    `case_exists` for an id that is another case's.
    """
    office, connection, now = turn.office, turn.connection, turn.now
    case_type = office.types.get(request.type)
    if case_type is None:
        known = ", ".join(sorted(office.types))
        raise InvalidInput("case_type_unknown", f"There is no such type. There are: {known}.")
    faults = _faults(request, case_type, now)
    if faults:
        raise InvalidInput("case_request", "The request can not be taken as it is.", faults)
    async with connection.transaction():
        found = await store.find_registration(connection, request.domain, request.event_date)
        if found is None:
            raise NotFound(
                "name_unknown",
                "The name was not with us at that moment: say `event_date` if another one counts.",
            )
        tenant_id, registration_id = found
        file = CaseFile(
            id=request.id,
            type=case_type.id,
            tenant_id=tenant_id,
            registration_id=registration_id,
            domain=request.domain,
            event_date=request.event_date,
            opened_at=now,
            seq=1,
            head=FIRST_PREVIOUS,
            state=case_type.first,
            is_open=True,
        )
        event = Event(
            case_id=file.id,
            seq=1,
            id=identifiers.uuid7(now, office.random(10)),
            previous=FIRST_PREVIOUS,
            actor=by.actor,
            role=by.role,
            act=OPEN,
            facts=_facts(request, file, case_type),
            at=now,
        )
        file = replace(file, head=event.digest())
        if not await store.add_file(connection, file):
            raise Conflict("case_exists", "This request was taken already: the case is open.")
        ledger_facts = case_events.ledger_facts(file, event)
        await store.add_events(connection, [(file, event, ledger_facts)])
        offered = Offered(
            case_id=file.id,
            kind=REQUESTER_CONTACT,
            media_type="application/json",
            actor=by.actor,
            role=by.role,
        )
        await keep_evidence.add_text(connection, desk, offered, request.requester, now=now)
        held = Held(file=file, case=folding.fold([event]), type=case_type)
        await carry.start(turn, held, case_type.starts, by, {})
        await act.follow(turn, file.id)
        return (await act.hold(turn, file.id)).case


def _faults(request: Request, case_type: CaseType, now: datetime) -> tuple[Fault, ...]:
    known = {one.id for one in case_type.items}
    found = [
        Fault(pointer="/items", code="unknown_item", detail=f"There is no item {one}.")
        for one in request.items
        if one not in known
    ]
    found += [
        Fault(pointer="/fields", code="unknown_field", detail=f"There is no field {one}.")
        for one in request.fields
        if one not in FIELD_CLASSES
    ]
    if not request.is_logged_as_it_came:
        found += [
            Fault(pointer="/items", code="missing_item", detail=f"{one.id} is missing: {one.says}.")
            for one in case_type.items
            if one.is_required and one.id not in request.items
        ]
    for name in ("event_date", "received_at"):
        if getattr(request, name) > now:
            found.append(Fault(pointer=f"/{name}", code="future", detail="This is still to come."))
    return tuple(found)


def _facts(request: Request, file: CaseFile, case_type: CaseType) -> Mapping[str, Fact]:
    return {
        "type": case_type.id,
        "table": case_type.version,
        "tenant": str(file.tenant_id),
        "registration": str(file.registration_id),
        "domain": file.domain,
        "event_date": moment_text(file.event_date),
        "received_at": moment_text(request.received_at),
        "channel": request.channel,
        "country": request.country,
        "requester_class": request.requester_class,
        "state": case_type.first,
        "fields": tuple(sorted(set(request.fields))),
        "items": request.items,
    }
