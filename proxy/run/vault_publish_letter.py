"""The letter that announces a publication: a kind of letter, with the vault's own word behind it.

It goes out for the instruction that waits and no other. That its address was given starts the delay
anew; its link says no, before the publication or after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from proxy.errors import Refused
from proxy.model import identifiers
from proxy.model.publication import Deed, InstructionId, Standing
from proxy.run import vault_letters, vault_publish_end
from proxy.vault.openings import VaultOpenings
from proxy.vault.publications import Publications

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.letter import Letter
    from proxy.model.link import Link
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.store.pool import Connection
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
    def gave(self, walls: Walls, letter: Letter, address: Address, now: datetime) -> None:
        Publications(walls.state).move(*_which(letter), Deed.ADDRESS, now)

    @override
    async def do(self, connection: Connection, walls: Walls, link: Link, now: datetime) -> None:
        which = (link.tenant_id, link.registration_id, _instruction(link.subject))
        book = Publications(walls.state)
        kept = book.find(*which[:2])
        if kept is not None and kept.id == which[2] and kept.standing is Standing.OBJECTED:
            return  # the same no again
        if vault_publish_end.end(self._rooms, book, which, Deed.OBJECT) is None:
            raise _over()


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
