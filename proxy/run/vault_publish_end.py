"""How publications end in the vault: by who says so, with a leaf of the ledger.

Ending needs no proof: it shows nothing, and whatever has ended needs another instruction. A no is
the registrant's alone to say (run.vault_publish_letter); API and worker may say everything else.
The database learns of a no by the worker, who asks for those that it has not taken yet.
Source: vault.md, Grants (publish).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from proxy.errors import InvalidInput, Refused
from proxy.model import identifiers
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.publication import Deed, InstructionId, Standing
from proxy.rules import publishing
from proxy.vault.grants import Caller
from proxy.vault.publications import Publications

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.run.vault_rounds import Rooms
    from proxy.vault.publications import Kept
    from proxy.wire import frames
    from proxy.wire.frames import Answer

Which: TypeAlias = tuple[TenantId, RegistrationId, InstructionId]
"""An instruction, by all that names it."""

OBJECTIONS: Final = 50  # told at a time
_DEEDS: Final = {
    Standing.WITHDRAWN: Deed.WITHDRAW,
    Standing.REPLACED: Deed.REPLACE,
    Standing.UNDELIVERABLE: Deed.BOUNCE,
    Standing.CHANGED: Deed.CHANGE,
    Standing.TOO_LARGE: Deed.OUTGROW,
    Standing.LAPSED: Deed.LAPSE,
}


class Ending:
    """Answers API and worker about ends."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def end(self, caller: Caller, request: frames.EndPublication) -> AsyncIterator[Answer]:
        """Where the instruction stands now; one that is over, or that never was, stays so.

        With `objected` nothing ends: the worker has taken off what was shown, and is told no more.
        Nobody else may say that, or what is shown would stay.
        """
        one = which(request)
        deed = _DEEDS.get(Standing(request.standing)) if request.standing in _STANDINGS else None
        if deed is None and request.standing != Standing.OBJECTED:
            raise InvalidInput("publication_end", "A publication does not end so.")
        if deed is None and caller is not Caller.WORKER:
            raise Refused("not_granted", "The worker alone takes what registrants said.")
        async with self._rooms.turn:
            book = Publications(self._rooms.open_walls().state)
            if deed is None:
                book.take_objection(*one)
            else:
                end(self._rooms, book, one, deed)
            kept = book.find(*one[:2])
        is_it = kept is not None and kept.id == one[2]
        yield {"done": True, "standing": kept.standing.value if kept is not None and is_it else ""}

    async def show(self, _caller: Caller, request: frames.ShowPublication) -> AsyncIterator[Answer]:
        """Where it stands; "" for one that another has followed, or that never was."""
        one = which(request)
        kept = Publications(self._rooms.open_walls().state).find(*one[:2])
        is_it = kept is not None and kept.id == one[2]
        yield {"done": True, "standing": kept.standing.value if kept is not None and is_it else ""}

    async def objections(
        self, _caller: Caller, _request: frames.ShowObjections
    ) -> AsyncIterator[Answer]:
        """Objections of registrants that were not taken yet."""
        found = Publications(self._rooms.open_walls().state).objections(OBJECTIONS)
        yield {
            "done": True,
            "objections": [
                {"tenant": str(one[0]), "registration": str(one[1]), "instruction": str(one[2])}
                for one in found
            ],
        }


_STANDINGS: Final = frozenset(one.value for one in _DEEDS)


def end(rooms: Rooms, book: Publications, one: Which, deed: Deed) -> Kept | None:
    """The instruction after what ends it, with its ledger entry; None where nothing ended."""
    kept = book.find(*one[:2])
    is_it = kept is not None and kept.id == one[2]
    standing = publishing.after(kept.standing, deed) if kept is not None and is_it else None
    if standing is None:
        return None
    facts: dict[str, str | int | bool] = {"instruction": str(one[2]), "standing": standing.value}
    rooms.note("publication_ended", facts, subject=str(one[1]), tenant_id=one[0])
    return book.move(*one, deed, rooms.clock.now())


def which(request: frames.EndPublication | frames.Publish | frames.ShowPublication) -> Which:
    """What a request is about; InvalidInput `publication_malformed`."""
    tenant, registration, instruction = (
        identifiers.canonical_uuid(one)
        for one in (request.tenant, request.registration, request.instruction)
    )
    if tenant is None or registration is None or instruction is None:
        raise InvalidInput("publication_malformed", "A publication is named by three ids.")
    return TenantId(tenant), RegistrationId(registration), InstructionId(instruction)
