"""What the vault answers the relay that sends a notice: an address and a link, sealed to its key.

Registrant: the address of the registration that the case's first event names, which is the one of
the event date, from its newest `reach`. Requester: what they left as evidence of the kind
`requester_contact`, the newest that the case's chain has. The notice must stand in the chain; whom
it goes to and what its link is for is read there and in its row, never taken from the relay. Under
a gag no registrant's address leaves.

Checks, budgets, ledger entry, opening, answer: in this order. A link is made last.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model import identifiers
from proxy.model.case import CaseId, NoticeId
from proxy.model.link import FOR, Link, Purpose
from proxy.model.notice import Party
from proxy.run import vault_alarms as alarms
from proxy.run.vault_evidence import EvidenceReader
from proxy.store import openings as store
from proxy.store import sealed
from proxy.vault import grants
from proxy.vault import state as states
from proxy.vault.grants import Budget, Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.vault.relay import Address, Addressed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_cases import Cases, KnownCase, Listed
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.pool import Connection
    from proxy.wire import frames
    from proxy.wire.frames import Answer

CONTACT_KIND = "requester_contact"
CONTACT_OCTETS = 4_096
SINCE_CLOSED = timedelta(days=30)  # a last word may go out so long after a case has closed
# The same notice again in an hour: a relay that can not hand over asks every other minute.
REPEATS_OF_NOTICE = Budget(most=40)


class _Contact(msgspec.Struct, forbid_unknown_fields=True):
    v: Literal[1]
    name: str
    email: str
    organization: str = ""
    language: str = ""

    @override
    def __repr__(self) -> str:
        """Never the person."""
        return "<_Contact>"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A notice as chain and row agree on it."""

    id: NoticeId
    to: Party
    purpose: Purpose | None
    subject: str


class Noticing:
    """Answers the relay about notices."""

    def __init__(self, rooms: Rooms, cases: Cases) -> None:
        self._rooms = rooms
        self._cases = cases
        self._reader = EvidenceReader(rooms)

    async def notice(self, _caller: Caller, request: frames.Notice) -> AsyncIterator[Answer]:
        """The blob.

        NotFound `case_unknown`, `notice_unknown`; Refused `notice_gagged`, `notice_nobody`,
        `notice_no_address`, `case_closed`, `budget`, `not_adopted`, `case_*`, `record_*`.
        """
        case_id, notice_id = CaseId(_id(request.case)), NoticeId(_id(request.notice))
        to = _party(request.to)
        rooms = self._rooms
        # In turn with the rounds: an adoption half done would look like a rolled back row.
        async with rooms.turn:
            walls = rooms.open_for_data()  # as it is now, however long the turn was waited for
            async with rooms.pool.acquire() as connection:
                case = await self._cases.read(connection, case_id)
                wanted = await self._check(connection, case, notice_id, to, request)
                if to is Party.REGISTRANT:
                    name, row = await self._reach(connection, walls, case)
                    self._spend(walls, case, wanted)
                    self._note(case, wanted, name)
                    address = self._open(walls, name, row)
                else:
                    listed = case.newest(CONTACT_KIND)
                    if listed is None:
                        raise Refused("notice_no_address", "The requester left no address.")
                    self._spend(walls, case, wanted)
                    self._note(case, wanted, None)
                    address = await self._requester(connection, case, listed)
            token = self._token(walls, case, wanted)
            blob = VaultOpenings(rooms.keyring, walls.state).seal_notice(
                Addressed(email=address.email, language=address.language, token=token),
                case=str(case_id),
                notice=str(notice_id),
            )
        yield {"done": True, "sealed": base64.b64encode(blob).decode()}

    async def _check(
        self,
        connection: Connection,
        case: KnownCase,
        notice_id: NoticeId,
        to: Party,
        request: frames.Notice,
    ) -> _Wanted:
        """The notice, if it may go out."""
        row = await store.find_notice(connection, case.id, notice_id)
        asked = (to.value, request.purpose, request.subject)
        if row != asked or case.notices.get(notice_id) != to.value:
            raise NotFound("notice_unknown", "The case has no such notice.")
        now = self._rooms.clock.now()
        if case.closed_at is not None and now - case.closed_at > SINCE_CLOSED:
            raise Refused("case_closed", "The case was closed long ago.")
        if to is Party.REGISTRANT and case.is_gagged:
            raise Refused("notice_gagged", "The registrant may not be told.")
        if not request.purpose:
            return _Wanted(id=notice_id, to=to, purpose=None, subject="")
        if request.purpose not in FOR[to]:
            raise Refused("notice_purpose", "There is no such link for this party.")
        purpose = Purpose(request.purpose)
        if (purpose is Purpose.PACKAGE) != bool(request.subject):
            raise Refused("notice_purpose", "A package's link names its package, no other does.")
        return _Wanted(id=notice_id, to=to, purpose=purpose, subject=request.subject)

    async def _reach(
        self, connection: Connection, walls: Walls, case: KnownCase
    ) -> tuple[RecordName, SealedRecord]:
        vault = VaultOpenings(self._rooms.keyring, walls.state)
        name = vault.newest_reach(case.tenant_id, case.registration_id)
        if name is None:
            raise Refused("notice_nobody", "Nobody is kept of this registration any more.")
        rows = await sealed.find_records(connection, [name])
        if not rows:
            alarms.row(self._rooms, Grant.NOTICE, name, "record_missing")
            raise Refused("record_missing")
        return name, rows[0]

    def _open(self, walls: Walls, name: RecordName, row: SealedRecord) -> Address:
        try:
            address = VaultOpenings(self._rooms.keyring, walls.state).address(name, row)
        except Refused as refusal:
            alarms.row(self._rooms, Grant.NOTICE, name, refusal.code)
            raise
        if address is None:
            raise Refused("notice_no_address", "No address is kept of this registrant.")
        return address

    async def _requester(self, connection: Connection, case: KnownCase, listed: Listed) -> Address:
        content = await self._reader.whole(connection, case, listed, CONTACT_OCTETS)
        try:
            found = msgspec.json.decode(content, type=_Contact)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise Refused("notice_no_address", "The requester's contact can not be read.") from None
        if not found.email:
            raise Refused("notice_no_address", "The requester left no address.")
        return Address(email=found.email, language=found.language or None)

    def _spend(self, walls: Walls, case: KnownCase, wanted: _Wanted) -> None:
        rooms, state, now = self._rooms, walls.state, self._rooms.clock.now()
        limit, whom = grants.NOTICES_OF_CASE, wanted.id.bytes
        if not grants.spend_from(state, "notice_case", limit, whom, now, each=str(case.id)):
            raise alarms.budget(rooms, Grant.NOTICE, "case")
        again, each = rooms.random(16), str(wanted.id)
        if not grants.spend_from(state, "notice_repeat", REPEATS_OF_NOTICE, again, now, each=each):
            raise alarms.budget(rooms, Grant.NOTICE, "repeat")
        person = states.person_key(case.tenant_id, case.registration_id)
        if wanted.to is Party.REQUESTER:
            person = case.id.bytes
        if not grants.spend(state, Grant.NOTICE, person, now):
            raise alarms.budget(rooms, Grant.NOTICE, "persons")

    def _note(self, case: KnownCase, wanted: _Wanted, name: RecordName | None) -> None:
        """The ledger entry, durable before the record is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.NOTICE.value,
            "caller": Caller.RELAY.value,
            "records": 1,
            "notice": str(wanted.id),
            "to": wanted.to.value,
            "purpose": "" if wanted.purpose is None else wanted.purpose.value,
        }
        subject = str(case.id)
        if name is not None:
            facts |= {"class": name.record_class.value, "version": name.version}
            subject = str(name.registration_id)
        self._rooms.note("opened", facts, subject=subject, tenant_id=case.tenant_id)
        alarms.opened(self._rooms, Grant.NOTICE)

    def _token(self, walls: Walls, case: KnownCase, wanted: _Wanted) -> str:
        if wanted.purpose is None:
            return ""
        link = Link(
            purpose=wanted.purpose,
            party=wanted.to,
            case_id=case.id,
            notice_id=wanted.id,
            subject=wanted.subject,
            tenant_id=case.tenant_id,
            registration_id=case.registration_id,
            made_at=self._rooms.clock.now(),
        )
        return walls.state.tokens.mint(link, self._rooms.random)


def _id(text: str) -> UUID:
    found = identifiers.canonical_uuid(text)
    if found is None:
        raise InvalidInput("notice_malformed", "A case and a notice are named by their ids.")
    return found


def _party(text: str) -> Party:
    if text not in set(Party):
        raise InvalidInput("notice_malformed", "A notice goes to the registrant or the requester.")
    return Party(text)
