"""Letters by which a registrant confirms their own address: to whom one goes, and what it does.

A letter needs a row that waits for it (store.email_verifications), of the record that the vault
knows as the newest. None goes to an address of ours: it would come back to us, and prove nothing.
None goes where the registrar's own word stands in the sealed record, nor to who confirmed the same
address for another name of this tenant; who was asked for another name is not asked again
for half of a term. The link counts for the record that it was sent for, and for no later one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import Role
from proxy.model.verification import TERM, Standing
from proxy.run import vault_alarms as alarms
from proxy.run import vault_letters
from proxy.store import email_verifications as store
from proxy.store import sealed
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.vault.mailboxes import Mailboxes
from proxy.vault.openings import VaultOpenings
from proxy.wire import mail_address

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.letter import Letter
    from proxy.model.link import Link
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.pool import Connection
    from proxy.vault.relay import Address

_EMAIL: Final = "email"


class EmailLetters(vault_letters.Kind):
    """The kind `email_verification`."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    @override
    async def check(self, connection: Connection, walls: Walls, letter: Letter) -> None:
        about = letter.about
        row = await store.find(connection, about.tenant_id, about.registration_id)
        is_wanted = row is not None and row.standing is Standing.ASKED
        if row is None or not is_wanted or str(row.record_version) != letter.subject:
            raise _over()
        if row.due_at <= self._rooms.clock.now():
            raise _over()
        newest = self._newest(walls, about.tenant_id, about.registration_id)
        if newest < row.record_version:
            raise Refused("not_adopted", "The newest contacts are not adopted yet.")
        if newest > row.record_version:
            raise _over()

    @override
    async def look(
        self, connection: Connection, walls: Walls, letter: Letter, address: Address
    ) -> None:
        about = letter.about
        if _domain(address.email) in await store.relay_domains(connection):
            raise Refused("address_ours", "This is an address that we made ourselves.")
        if await self._is_by_registrar(connection, walls, letter):
            raise Refused("address_by_registrar", "The registrar says that it verified this.")
        person = states.person_key(about.tenant_id, about.registration_id)
        mailboxes, token = Mailboxes(walls.state), self._token(walls, about.tenant_id, address)
        mailboxes.forget_others(person, token)
        known = mailboxes.find(about.tenant_id, token)
        if known is None or (known.person == person and known.confirmed_at is None):
            vault_letters.spend_mailbox(self._rooms, walls, letter, token)
            return
        if known.confirmed_at is not None:
            raise Refused("address_verified", "This address was confirmed before.")
        now = self._rooms.clock.now()
        if now < known.asked_at + TERM and not await self._is_half_over(connection, letter, now):
            raise Refused("address_asked", "This address was asked for another name.")
        vault_letters.spend_mailbox(self._rooms, walls, letter, token)

    async def _is_half_over(self, connection: Connection, letter: Letter, now: datetime) -> bool:
        """Whether this name can not wait for another's answer: that may be a stranger's name."""
        about = letter.about
        row = await store.find(connection, about.tenant_id, about.registration_id)
        return row is not None and now >= row.asked_at + TERM / 2

    @override
    def gave(self, walls: Walls, letter: Letter, address: Address, now: datetime) -> None:
        about = letter.about
        person = states.person_key(about.tenant_id, about.registration_id)
        token = self._token(walls, about.tenant_id, address)
        Mailboxes(walls.state).ask(person, int(letter.subject), token, now)

    @override
    async def do(self, connection: Connection, walls: Walls, link: Link, now: datetime) -> None:
        version = int(link.subject)
        person = states.person_key(link.tenant_id, link.registration_id)
        if self._newest(walls, link.tenant_id, link.registration_id) != version:
            raise _over()
        if not Mailboxes(walls.state).confirm(person, version, now):
            raise _over()

    def _newest(self, walls: Walls, tenant_id: TenantId, registration_id: RegistrationId) -> int:
        """The version of the newest record; Refused `letter_over` once it was erased."""
        vault = VaultOpenings(self._rooms.keyring, walls.state)
        name = vault.newest_reach(tenant_id, registration_id)
        if name is None:
            raise _over()
        return name.version

    async def _is_by_registrar(self, connection: Connection, walls: Walls, letter: Letter) -> bool:
        """Whether the sealed contacts say that the registrar verified them; noted, then opened."""
        about = letter.about
        vault = VaultOpenings(self._rooms.keyring, walls.state)
        name = vault.newest_identity(about.tenant_id, about.registration_id)
        if name is None:
            raise _over()
        rows = await sealed.find_records(connection, [name])
        facts: dict[str, str | int | bool] = {
            "grant": Grant.LETTER.value,
            "caller": Caller.RELAY.value,
            "records": 1,
            "class": name.record_class.value,
            "version": name.version,
            "notice": str(letter.id),
        }
        self._rooms.note(
            "opened", facts, subject=str(about.registration_id), tenant_id=about.tenant_id
        )
        try:
            contacts = vault.contacts(name, rows[0] if rows else None)
        except Refused as refusal:
            alarms.row(self._rooms, Grant.LETTER, name, refusal.code)
            raise
        registrant = contacts.resolve(Role.REGISTRANT)
        return registrant is not None and registrant.verified_at is not None

    def _token(self, walls: Walls, tenant_id: TenantId, address: Address) -> bytes:
        vault = VaultOpenings(self._rooms.keyring, walls.state)
        token = vault.token(tenant_id, _EMAIL, address.email)
        if token is None:
            raise Refused("notice_no_address", "No address is kept of this registrant.")
        return token


def _domain(email: str) -> str:
    """The domain in its LDH form; as it stands where it has none."""
    try:
        return mail_address.parse(email).domain.lower()
    except InvalidInput:
        return email.rpartition("@")[2].lower()


def _over() -> Refused:
    return Refused("letter_over", "Nothing waits for this letter any more.")
