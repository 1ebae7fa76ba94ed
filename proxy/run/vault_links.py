"""What the vault answers the web role about links out of notices: sessions, and one's own data.

The web role brings what a browser sent; whether it is good is told here, by the vault's own state.
While a gag lies over a case its registrant's links and sessions are as if they never were.
Of a person's data a session shows their own, masked, with a ledger entry before; none while an
address that could have been exchanged under them is younger than WAIT.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from proxy.errors import NotFound, Refused
from proxy.model.evidence import CLAIM_KIND
from proxy.model.identifiers import RecordClass
from proxy.model.link import DEEDS, Purpose
from proxy.model.notice import Party
from proxy.model.sealed import VERSIONS_SINCE
from proxy.rules import masks
from proxy.run import vault_alarms as alarms
from proxy.run.vault_evidence import EvidenceReader
from proxy.store import sealed
from proxy.vault import grants
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from proxy.model.case import CaseId
    from proxy.model.contact import ContactSet
    from proxy.model.link import Link, Session
    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_cases import Cases, Listed
    from proxy.run.vault_letters import Lettering
    from proxy.run.vault_rounds import Rooms
    from proxy.wire import frames
    from proxy.wire.frames import Answer

WAIT = timedelta(days=15)
"""How long after a change of address a link to the new one shows nothing (vault.md, Grants)."""

_MOST_CHANGES = 50  # addresses compared; more in 15 days is no person's doing
_CLAIM_OCTETS = 262_144  # what several pages of text have
_LONGEST = 100  # characters of a token or a session


class Linking:
    """Answers about links."""

    def __init__(self, rooms: Rooms, cases: Cases, letters: Lettering) -> None:
        self._rooms = rooms
        self._cases = cases
        self._letters = letters
        self._reader = EvidenceReader(rooms)

    async def use(self, _caller: Caller, request: frames.UseToken) -> AsyncIterator[Answer]:
        """The session that a token gives, or raises; of a letter's token, what its deed was.

        NotFound `token_unknown`, `session_unknown`; Refused as the deed's letter says.

        Call it on a person's deed alone: mail scanners follow links.
        """
        rooms = self._rooms
        tokens, now = rooms.open_walls().state.tokens, rooms.clock.now()
        _check_length(request.token, "token_unknown")
        _check_length(request.session, "session_unknown", least=0)
        link = tokens.find(request.token, now)
        if link.purpose in DEEDS:
            yield await self._letters.do(request.token, link, request.deed)
            return
        if request.deed:
            raise _unknown("token_unknown")
        await self._check_gag(link, "token_unknown")
        session, standing = tokens.use(request.token, now, rooms.random, session=request.session)
        yield {"done": True, "session": session, **self._shown(standing, now)}

    async def show(self, _caller: Caller, request: frames.ShowSession) -> AsyncIterator[Answer]:
        """What a session is for; NotFound `session_unknown`."""
        standing = await self._standing(request.session)
        yield {"done": True, **self._shown(standing, self._rooms.clock.now())}

    async def show_own(self, _caller: Caller, request: frames.ShowOwn) -> AsyncIterator[Answer]:
        """Contacts by role, masked.

        NotFound `session_unknown`; Refused `session_purpose`, `own_waits`, `own_nobody`, `budget`,
        `not_adopted`, `record_*`.
        """
        rooms = self._rooms
        link = (await self._standing(request.session)).link
        if link.party is not Party.REGISTRANT or link.purpose is not Purpose.ANSWER:
            raise Refused("session_purpose", "This link does not show anybody's data.")
        async with rooms.turn:
            walls = rooms.open_for_data()
            vault = VaultOpenings(rooms.keyring, walls.state)
            person = (link.tenant_id, link.registration_id)
            name = vault.newest_identity(*person)
            if name is None:
                raise Refused("own_nobody", "Nothing is kept of you any more.")
            reaches = _young(vault.versions(*person, RecordClass.REACH), rooms.clock.now())
            async with rooms.pool.acquire() as connection:
                found = await sealed.find_records(connection, [name, *reaches])
            rows = {row.name: row for row in found}
            whom = states.person_key(*person)
            if not grants.spend(walls.state, Grant.REGISTRANT, whom, rooms.clock.now()):
                raise alarms.budget(rooms, Grant.REGISTRANT, "persons")
            self._note(link, name, 1 + len(reaches))
            contacts = self._open(vault, name, reaches, rows)
        yield {
            "done": True,
            "contacts": {role.value: one for role, one in masks.masked(contacts).items()},
        }

    async def show_claim(self, _caller: Caller, request: frames.ShowClaim) -> AsyncIterator[Answer]:
        """The file that the registrant was asked to answer, as the demand or notice named it.

        Only a file that was sealed as a claim: whatever an event says, none of any other kind.
        NotFound `session_unknown`, `claim_none`; Refused `session_purpose`, `budget`,
        `not_adopted`, `evidence_forged`, `record_*`.
        """
        rooms = self._rooms
        link = (await self._standing(request.session)).link
        if link.party is not Party.REGISTRANT or link.purpose is not Purpose.ANSWER:
            raise Refused("session_purpose", "This link does not show a claim.")
        async with rooms.turn:
            walls = rooms.open_for_data()
            async with rooms.pool.acquire() as connection:
                case = await self._cases.read(connection, _case_of(link, "session_unknown"))
                listed = None if case.claim is None else case.evidence.get(case.claim)
                if listed is None or listed.kind != CLAIM_KIND:
                    raise NotFound("claim_none", "Nothing was handed in to be answered.")
                whom = states.person_key(link.tenant_id, link.registration_id)
                if not grants.spend(walls.state, Grant.REGISTRANT, whom, rooms.clock.now()):
                    raise alarms.budget(rooms, Grant.REGISTRANT, "persons")
                self._note_claim(link, listed)
                content = await self._reader.whole(connection, case, listed, _CLAIM_OCTETS)
        yield {
            "done": True,
            "sha256": listed.sha256,
            "content": base64.b64encode(content).decode(),
        }

    def _note_claim(self, link: Link, listed: Listed) -> None:
        """The ledger entry, durable before a part is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.REGISTRANT.value,
            "caller": Caller.WEB.value,
            "evidence": str(listed.id),
            "notice": str(link.notice_id),
        }
        self._rooms.note(
            "evidence_read", facts, subject=str(link.case_id), tenant_id=link.tenant_id
        )
        alarms.opened(self._rooms, Grant.REGISTRANT)

    def _open(
        self,
        vault: VaultOpenings,
        name: RecordName,
        reaches: Sequence[RecordName],
        rows: dict[RecordName, SealedRecord],
    ) -> ContactSet:
        current = name
        try:
            emails = set()
            for current in reaches:
                emails.add(vault.email(current, rows.get(current)))
            current = name
            contacts = vault.contacts(name, rows.get(name))
        except Refused as refusal:
            alarms.row(self._rooms, Grant.REGISTRANT, current, refusal.code)
            raise
        if len(emails) > 1:
            raise _waits()
        return contacts

    async def _standing(self, session: str) -> Session:
        rooms = self._rooms
        _check_length(session, "session_unknown")
        standing = rooms.open_walls().state.tokens.session(session, rooms.clock.now())
        await self._check_gag(standing.link, "session_unknown")
        return standing

    async def _check_gag(self, link: Link, code: str) -> None:
        if link.party is not Party.REGISTRANT:
            return
        async with self._rooms.turn, self._rooms.pool.acquire() as connection:
            case = await self._cases.read(connection, _case_of(link, code))
        if case.is_gagged:
            raise _unknown(code)

    def _shown(self, standing: Session, now: datetime) -> Answer:
        link = standing.link
        return {
            "purpose": link.purpose.value,
            "party": link.party.value,
            "case": str(link.case_id),
            "notice": str(link.notice_id),
            "subject": link.subject,
            "level": standing.level(now).value,
            "until": standing.until.isoformat(),
        }

    def _note(self, link: Link, name: RecordName, records: int) -> None:
        """The ledger entry, durable before a record is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.REGISTRANT.value,
            "caller": Caller.WEB.value,
            "records": records,
            "class": name.record_class.value,
            "version": name.version,
            "notice": str(link.notice_id),
        }
        subject = str(link.registration_id)
        self._rooms.note("opened", facts, subject=subject, tenant_id=link.tenant_id)
        alarms.opened(self._rooms, Grant.REGISTRANT)


def _case_of(link: Link, code: str) -> CaseId:
    """A deed's link has no case, and gives no session."""
    if link.case_id is None:
        raise _unknown(code)
    return link.case_id


def _young(versions: Sequence[RecordName], now: datetime) -> list[RecordName]:
    """The records of the last WAIT, and the one before: between these an address may differ.

    A version tells its time (FORMAT.md, Record); the first tells none, and follows nothing.
    """
    since = int((now - WAIT - VERSIONS_SINCE).total_seconds())
    young = [one for one in versions if one.version > max(since, 1)]
    before = [one for one in versions if one not in young]
    if len(young) > _MOST_CHANGES:
        raise _waits()
    return [*before[-1:], *young]


def _check_length(secret: str, code: str, *, least: int = 1) -> None:
    if not least <= len(secret) <= _LONGEST:
        raise _unknown(code)


def _waits() -> Refused:
    return Refused("own_waits", "The address was changed lately; this waits 15 days.")


def _unknown(code: str) -> NotFound:
    return NotFound(code, "This link or session was used before, is over, or never was.")
