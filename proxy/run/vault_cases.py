"""What the vault knows of a case when it opens something for it: the chain, checked and read.

The rows are the database's word. They count when they hold together, event by event, and lead to
the head that the vault's own state has for the case; newer ones move that head. So what stands here
of a case can be added to by who may write events, and neither changed, taken away nor rolled back.
Holds no personal data: events hold ids, codes and digests.
Source: vault.md, State outside PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from proxy.errors import NotFound, Refused
from proxy.model import identifiers
from proxy.model.case import CaseId, EvidenceId, NoticeId, Overlay
from proxy.model.case_state import OPEN
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from proxy.model.case import Event, Fact
    from proxy.run.vault_rounds import Rooms
    from proxy.store.pool import Connection
    from proxy.vault.state import State

    FindBook = Callable[[State], "Book"]

_log = structlog.get_logger()


class Book(Protocol):
    """The vault's own memory of cases (vault.casebook)."""

    def head(self, case_id: CaseId) -> tuple[int, bytes] | None:
        """How many events are known, and the newest one's hash."""
        ...

    def extend(self, case_id: CaseId, events: Sequence[Event], /) -> object:
        """Move the head over a whole chain; Refused if it does not lead through it."""
        ...

    def is_gagged(self, case_id: CaseId, now: datetime, /) -> bool:
        """Whether the registrant may not be told."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file as an event names it."""

    id: EvidenceId
    kind: str
    sha256: str


@dataclass(slots=True)
class KnownCase:
    """A case as its chain tells it, as far as an opening asks."""

    id: CaseId
    tenant_id: TenantId
    registration_id: RegistrationId
    is_open: bool = True
    closed_at: datetime | None = None
    is_gagged: bool = False
    overlays: set[str] = field(default_factory=set)
    conflicted: set[str] = field(default_factory=set)
    notices: dict[NoticeId, str] = field(default_factory=dict)
    evidence: dict[EvidenceId, Listed] = field(default_factory=dict)
    claim: EvidenceId | None = None
    """What the registrant was last asked to answer."""

    def newest(self, kind: str) -> Listed | None:
        """The file of a kind that was added last."""
        return next((one for one in reversed(self.evidence.values()) if one.kind == kind), None)


class Cases:
    """Reads cases."""

    def __init__(self, rooms: Rooms, book: FindBook) -> None:
        self._rooms = rooms
        self._book = book

    async def read(self, connection: Connection, case_id: CaseId) -> KnownCase:
        """The case; NotFound `case_unknown`; Refused `case_forged`, `case_rolled_back`.

        Call it in turn with the rounds.
        """
        book = self._book(self._rooms.open_walls().state)
        events = await store.events(connection, case_id)
        if not events and book.head(case_id) is None:
            raise NotFound("case_unknown", "There is no case by this id.")
        try:
            _check_whole(events)
            book.extend(case_id, events)
            found = _fold(case_id, events)
        except Refused as refusal:
            self._rooms.metrics.counter("vault_alarms_total").value += 1
            _log.error("vault_case_refused", reason=refusal.code, case_id=str(case_id))
            raise
        found.is_gagged = found.is_gagged or book.is_gagged(case_id, self._rooms.clock.now())
        return found


def _check_whole(events: Sequence[Event]) -> None:
    """Return when it is a chain from its beginning on: the book takes a chain's end as well."""
    if not events:
        raise Refused("case_rolled_back", "The events of the case are gone.")
    if events[0].seq != 1:
        raise Refused("case_forged", "The events of the case do not begin with its first.")


def _fold(case_id: CaseId, events: Sequence[Event]) -> KnownCase:
    first = events[0].facts
    tenant, registration = _id(first, "tenant"), _id(first, "registration")
    if events[0].act != OPEN or tenant is None or registration is None:
        raise Refused("case_forged", "The case does not begin as cases do.")
    case = KnownCase(case_id, TenantId(tenant), RegistrationId(registration))
    for event in events:
        facts = event.facts
        if "is_open" in facts:
            case.is_open = bool(facts["is_open"])
            case.closed_at = None if case.is_open else event.at
        _note(case, event)
        _note_overlays(case, event.act, facts)
    return case


def _note(case: KnownCase, event: Event) -> None:
    facts = event.facts
    match event.act:
        case "conflict_declared":
            case.conflicted.add(str(facts.get("person", "")))
        case "notice_queued":
            notice = _id(facts, "notice")
            if notice is not None:
                case.notices[NoticeId(notice)] = str(facts.get("to", ""))
        case "evidence_added":
            found = _id(facts, "evidence")
            if found is not None:
                one = Listed(
                    id=EvidenceId(found),
                    kind=str(facts.get("kind", "")),
                    sha256=str(facts.get("sha256", "")),
                )
                case.evidence.setdefault(one.id, one)
        case _:
            pass
    claim = _id(facts, "claim")
    if claim is not None:
        case.claim = EvidenceId(claim)


def _note_overlays(case: KnownCase, act: str, facts: Mapping[str, Fact]) -> None:
    """An overlay ends when somebody says so, never by itself: until then it may apply."""
    case.overlays |= {*_words(facts, "sets")} - {""}
    if act == "overlay_set":
        case.overlays.add(str(facts.get("overlay", "")))
    case.overlays -= {*_words(facts, "clears")}
    if act == "overlay_cleared":
        case.overlays.discard(str(facts.get("overlay", "")))
    case.is_gagged = Overlay.GAG.value in case.overlays


def _words(facts: Mapping[str, Fact], name: str) -> Sequence[str]:
    found = facts.get(name, ())
    return found if isinstance(found, tuple) else (str(found),)


def _id(facts: Mapping[str, Fact], name: str) -> UUID | None:
    return identifiers.canonical_uuid(str(facts.get(name, "")))
