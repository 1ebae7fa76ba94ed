"""What the vault answers about letters: an address and a link for the relay, and a link's deed.

A letter is a notice of no case: its row alone says that there is one, and who can write rows can
have one sent. So a kind of letter has a reason of its own, which it looks up in the vault's own
state where it has one; the address goes to the relay alone, in the program's own words; and few
letters go to one registration in a day.

Checks, budgets, ledger entry, opening, answer: in this order. A link is made last, and only then
the kind is told that the address was given.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model import identifiers
from proxy.model.case import NoticeId
from proxy.model.identifiers import State
from proxy.model.letter import PURPOSES
from proxy.model.link import Link
from proxy.model.notice import Party
from proxy.run import vault_alarms as alarms
from proxy.store import openings as store
from proxy.store import sealed
from proxy.vault import grants
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.vault.relay import Address, Addressed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from proxy.model.letter import Letter, LetterKind
    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.openings import Declared
    from proxy.store.pool import Connection
    from proxy.wire import frames
    from proxy.wire.frames import Answer

LIVE = frozenset({State.ACTIVE, State.ENDING})


class Kind:
    """What a kind of letter has to say; this one has nothing. One method for each moment."""

    async def check(self, connection: Connection, walls: Walls, letter: Letter) -> None:
        """Whether there is a reason for the letter; opens nothing.

        Refused `letter_over` where there is none any more: then it is withheld for good.
        """

    async def look(
        self, connection: Connection, walls: Walls, letter: Letter, address: Address
    ) -> None:
        """The address, before anybody gets it; Refused as `check`, or with another of WITHHELD."""

    def gave(self, walls: Walls, letter: Letter, address: Address, now: datetime) -> None:
        """The address is about to leave, and the link is made; may come more than once."""

    async def do(self, connection: Connection, walls: Walls, link: Link, now: datetime) -> None:
        """The deed of a letter's link, by a person; done again it changes nothing.

        Refused `letter_over` where it does nothing any more.
        """


class Lettering:
    """Answers about letters."""

    def __init__(self, rooms: Rooms, kinds: Mapping[LetterKind, Kind]) -> None:
        self._rooms = rooms
        self._kinds = kinds
        self._by_purpose = {PURPOSES[kind]: found for kind, found in kinds.items()}

    async def letter(self, _caller: Caller, request: frames.Letter) -> AsyncIterator[Answer]:
        """The blob.

        NotFound `letter_unknown`; Refused `letter_over` and what its kind says, `notice_nobody`,
        `notice_no_address`, `budget`, `not_adopted`, `record_*`.
        """
        rooms, notice_id = self._rooms, NoticeId(_id(request.notice))
        # In turn with the rounds: an adoption half done would look like a rolled back row.
        async with rooms.turn:
            walls = rooms.open_for_data()  # as it is now, however long the turn was waited for
            async with rooms.pool.acquire() as connection:
                letter = await self._find(connection, notice_id, request)
                kind = self._kind(letter)
                await self._check_live(connection, letter)
                await kind.check(connection, walls, letter)
                name, row = await self._reach(connection, walls, letter)
                self._spend(walls, letter)
                self._note(letter, name)
                address = self._open(walls, name, row)
                await kind.look(connection, walls, letter, address)
            now = rooms.clock.now()
            token = walls.state.tokens.mint(_link(letter, now), rooms.random)
            blob = VaultOpenings(rooms.keyring, walls.state).seal_letter(
                Addressed(email=address.email, language=address.language, token=token), letter
            )
            kind.gave(walls, letter, address, now)
        yield {"done": True, "sealed": base64.b64encode(blob).decode()}

    async def do(self, token: str, link: Link, deed: str) -> Answer:
        """Do what a letter's link is for, and take it; as Linking.use answers, without a session.

        NotFound `token_unknown` where the page promised another deed; Refused as the kind says.
        A crash in between leaves the link good, and the deed is done again: that changes nothing.
        """
        kind = self._by_purpose.get(link.purpose)
        if kind is None or deed != link.purpose.value:
            raise NotFound("token_unknown", "This link is for something else.")
        rooms = self._rooms
        async with rooms.turn:
            walls, now = rooms.open_walls(), rooms.clock.now()
            walls.state.tokens.find(token, now)  # as it is now
            async with rooms.pool.acquire() as connection:
                await kind.do(connection, walls, link, now)
            walls.state.tokens.take(token, now)
        return {
            "done": True,
            "purpose": link.purpose.value,
            "party": link.party.value,
            "notice": str(link.notice_id),
            "tenant": str(link.tenant_id),
            "registration": str(link.registration_id),
            "subject": link.subject,
        }

    async def _find(
        self, connection: Connection, notice_id: NoticeId, request: frames.Letter
    ) -> Letter:
        letter = await store.find_letter(connection, notice_id)
        asked = (request.tenant, request.registration, request.kind)
        if letter is None or asked != _named(letter):
            raise NotFound("letter_unknown", "There is no such letter.")
        return letter

    def _kind(self, letter: Letter) -> Kind:
        kind = self._kinds.get(letter.about.kind)
        if kind is None:
            raise NotFound("letter_unknown", "This vault has no letters of that kind.")
        return kind

    async def _check_live(self, connection: Connection, letter: Letter) -> None:
        about = letter.about
        found: Declared | None = await store.find_declared(
            connection, about.tenant_id, about.registration_id
        )
        if found is None or found.state not in LIVE:
            raise Refused("letter_over", "The registration is not live any more.")

    async def _reach(
        self, connection: Connection, walls: Walls, letter: Letter
    ) -> tuple[RecordName, SealedRecord]:
        vault, about = VaultOpenings(self._rooms.keyring, walls.state), letter.about
        name = vault.newest_reach(about.tenant_id, about.registration_id)
        if name is None:
            raise Refused("notice_nobody", "Nobody is kept of this registration any more.")
        rows = await sealed.find_records(connection, [name])
        if not rows:
            alarms.row(self._rooms, Grant.LETTER, name, "record_missing")
            raise Refused("record_missing")
        return name, rows[0]

    def _spend(self, walls: Walls, letter: Letter) -> None:
        rooms, state, now = self._rooms, walls.state, self._rooms.clock.now()
        about, limit = letter.about, grants.LETTERS_OF_REGISTRATION
        person = states.person_key(about.tenant_id, about.registration_id)
        if not grants.spend_from(
            state, "letter_registration", limit, letter.id.bytes, now, each=person.hex()
        ):
            raise alarms.budget(rooms, Grant.LETTER, "registration")
        again, limit = rooms.random(16), grants.REPEATS_OF_LETTER
        if not grants.spend_from(state, "letter_repeat", limit, again, now, each=str(letter.id)):
            raise alarms.budget(rooms, Grant.LETTER, "repeat")
        limit, each = grants.LETTERS_OF_TENANT, str(about.tenant_id)
        if not grants.spend_from(state, "letter_tenant", limit, person, now, each=each):
            raise alarms.budget(rooms, Grant.LETTER, "tenant")
        if not grants.spend(state, Grant.LETTER, person, now):
            raise alarms.budget(rooms, Grant.LETTER, "persons")

    def _note(self, letter: Letter, name: RecordName) -> None:
        """The ledger entry, durable before the record is opened."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.LETTER.value,
            "caller": Caller.RELAY.value,
            "records": 1,
            "class": name.record_class.value,
            "version": name.version,
            "notice": str(letter.id),
            "purpose": PURPOSES[letter.about.kind].value,
        }
        about = letter.about
        self._rooms.note(
            "opened", facts, subject=str(about.registration_id), tenant_id=about.tenant_id
        )
        alarms.opened(self._rooms, Grant.LETTER)

    def _open(self, walls: Walls, name: RecordName, row: SealedRecord) -> Address:
        try:
            address = VaultOpenings(self._rooms.keyring, walls.state).address(name, row)
        except Refused as refusal:
            alarms.row(self._rooms, Grant.LETTER, name, refusal.code)
            raise
        if address is None:
            raise Refused("notice_no_address", "No address is kept of this registrant.")
        return address


def spend_mailbox(rooms: Rooms, walls: Walls, letter: Letter, token: bytes) -> None:
    """One letter more to an address, by its token, whatever name and kind; Refused `budget`."""
    limit, now = grants.LETTERS_TO_MAILBOX, rooms.clock.now()
    each = f"{letter.about.tenant_id} {token.hex()}"
    if not grants.spend_from(walls.state, "letter_mailbox", limit, letter.id.bytes, now, each=each):
        raise alarms.budget(rooms, Grant.LETTER, "mailbox")


def _link(letter: Letter, now: datetime) -> Link:
    return Link(
        purpose=PURPOSES[letter.about.kind],
        party=Party.REGISTRANT,
        case_id=None,
        notice_id=letter.id,
        subject=letter.subject,
        tenant_id=letter.about.tenant_id,
        registration_id=letter.about.registration_id,
        made_at=now,
    )


def _named(letter: Letter) -> tuple[str, str, str]:
    about = letter.about
    return (str(about.tenant_id), str(about.registration_id), about.kind.value)


def _id(text: str) -> UUID:
    found = identifiers.canonical_uuid(text)
    if found is None:
        raise InvalidInput("notice_malformed", "A letter is named by its id.")
    return found
