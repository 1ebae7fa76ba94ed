"""The letter that announces a publication: a kind of letter, with the vault's own word behind it.

It goes out for the instruction that waits and no other. That its address was given starts the delay
anew; its link says no, before the publication or after it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from proxy.errors import Refused
from proxy.model import identifiers
from proxy.model.publication import Deed, InstructionId, Standing
from proxy.model.sealed import VERSIONS_SINCE
from proxy.run import vault_letters, vault_publish_end
from proxy.vault.openings import VaultOpenings
from proxy.vault.publications import Publications

if TYPE_CHECKING:
    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.letter import Letter
    from proxy.model.link import Link
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.pool import Connection
    from proxy.vault.publications import Kept
    from proxy.vault.relay import Address


class Announcing(vault_letters.Kind):
    """What a letter about a publication has to say."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    @override
    async def check(self, connection: Connection, walls: Walls, letter: Letter) -> None:
        tenant_id, registration_id, instruction = _which(letter)
        kept = Publications(walls.state).find(tenant_id, registration_id)
        if kept is None or kept.id != instruction or kept.standing is not Standing.WAITING:
            raise _over()
        vault = VaultOpenings(self._rooms.keyring, walls.state)
        name = vault.newest_identity(tenant_id, registration_id)
        if name is None or name.version != kept.version:  # somebody else would be told
            raise _over()

    @override
    async def look(
        self, connection: Connection, walls: Walls, letter: Letter, address: Address
    ) -> None:
        """Few letters go to one mailbox in a day, of whatever names and kinds."""
        vault = VaultOpenings(self._rooms.keyring, walls.state)
        token = vault.token(letter.about.tenant_id, "email", address.email) or b""
        vault_letters.spend_mailbox(self._rooms, walls, letter, token)

    @override
    def gave(self, walls: Walls, letter: Letter, address: Address, now: datetime) -> None:
        Publications(walls.state).move(*_which(letter), Deed.ADDRESS, now)

    @override
    async def do(self, connection: Connection, walls: Walls, link: Link, now: datetime) -> None:
        """A no is to whatever is open of the same contacts, though another letter announced it.

        What the link's own instruction shows may still stand there: the database learns later of
        one that took its place, or never.
        """
        book = Publications(walls.state)
        kept = book.find(link.tenant_id, link.registration_id)
        if kept is None or not _is_of(link, kept):
            raise _over()
        if kept.standing is Standing.OBJECTED:
            return  # the same no again
        which = (link.tenant_id, link.registration_id, InstructionId(kept.id))
        if vault_publish_end.end(self._rooms, book, which, Deed.OBJECT) is None:
            raise _over()


def _is_of(link: Link, kept: Kept) -> bool:
    """Whether a link is of an instruction, or of one before it to whom the same contacts belong.

    A version tells its time (FORMAT.md, Record): whoever held the name before has no say any more.
    """
    since = VERSIONS_SINCE + timedelta(seconds=kept.version)
    return kept.id == _instruction(link.subject) or link.made_at >= since


def _which(letter: Letter) -> tuple[TenantId, RegistrationId, InstructionId]:
    about = letter.about
    return about.tenant_id, about.registration_id, _instruction(letter.subject)


def _instruction(subject: str) -> InstructionId:
    found = identifiers.canonical_uuid(subject)
    if found is None:
        raise _over()
    return InstructionId(found)


def _over() -> Refused:
    return Refused("letter_over", "What this letter announces does not wait any more.")
