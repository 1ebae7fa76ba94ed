"""What the vault answers the releaser of a package under a pass-phrase: the pass-phrase, once.

It lies wrapped in the vault's own state from the making of the package until it was told, with who
may be told: the releaser that the order names, by a signature of their own key, once the order
counts as carried out. It leaves sealed to a key that the releaser's machine made for this; the web
role carries it and can not read it. An answer that gets lost on the way is gone: the order is used
up, and another is needed. Source: vault.md, Package; FORMAT.md, Package.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model import identifiers
from proxy.model.order import OrderId, OrderState
from proxy.model.roster import StaffRole
from proxy.run import vault_alarms as alarms
from proxy.run.vault_staff import StaffDesk
from proxy.vault import grants, package, primitives, statements
from proxy.vault.grants import Caller, Grant
from proxy.wire import pass_phrase_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from proxy.model.order import Order
    from proxy.model.roster import Person
    from proxy.run.vault_rounds import Rooms
    from proxy.run.vault_search import Authenticate
    from proxy.vault.package import Mark
    from proxy.wire import frames
    from proxy.wire.frames import Answer
    from proxy.wire.pass_phrase_document import Asked

ROLES: Final = frozenset({StaffRole.RELEASER})
SEALED_OCTETS: Final = 64  # whatever its length, so that it tells nothing
_WAITING: Final = b"pass-phrase\0"


class _Waiting(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    releaser: str
    order: UUID
    case: UUID
    tenant: UUID
    wrapped: bytes


def remember(rooms: Rooms, order: Order, mark: Mark, pass_phrase: str, *, until: datetime) -> None:
    """Keep a pass-phrase for its releaser, wrapped, in the vault's own state."""
    subject, _ = package.parts(order)
    waiting = _Waiting(
        releaser=order.releaser,
        order=order.id,
        case=subject.case,
        tenant=subject.tenant_id,
        wrapped=rooms.keyring.wrap_pass_phrase(mark.package_id.bytes, _padded(pass_phrase)),
    )
    rooms.open_walls().state.passing.put(
        _WAITING + mark.package_id.bytes, msgspec.json.encode(waiting), until, mark.made_at
    )


class PassPhrases:
    """Answers releasers."""

    def __init__(
        self, rooms: Rooms, *, authenticate: Authenticate, deployment: Callable[[], str]
    ) -> None:
        self._rooms = rooms
        self._desk = StaffDesk(rooms, authenticate=authenticate, deployment=deployment)

    async def tell(self, _caller: Caller, request: frames.PassPhrase) -> AsyncIterator[Answer]:
        """The pass-phrase, sealed; NotFound `pass_phrase_unknown` when it was told or never was.

        Refused `not_releaser`, `package_unused`, `budget`, `paper_*`, or as the signature is.
        """
        rooms = self._rooms
        rooms.open_for_data()
        asked = pass_phrase_document.parse(request.document)
        digest = primitives.sha256(request.document.encode())
        bound = statements.pass_phrase_sealed(digest)
        _check_key(asked.key)
        person = await self._desk.take(
            asked,
            request.signature,
            statements.pass_phrase(digest),
            roles=ROLES,
            grant=Grant.RELEASE,
        )
        async with rooms.turn:
            told = self._told(asked, person)
        sealed = primitives.seal_to(asked.key, told, bound)
        yield {"done": True, "sealed": base64.b64encode(sealed).decode()}

    def _told(self, asked: Asked, person: Person) -> bytes:
        rooms, now = self._rooms, self._rooms.clock.now()
        walls = rooms.open_for_data()
        place = _WAITING + asked.package.bytes
        found = walls.state.passing.get(place, now)
        if found is None:
            raise NotFound("pass_phrase_unknown", "It was told before, or there never was one.")
        waiting = msgspec.json.decode(found, type=_Waiting)
        if waiting.releaser != person:
            raise Refused("not_releaser", "The order names somebody else as its releaser.")
        if walls.orders.find(OrderId(waiting.order)).state is not OrderState.CARRIED_OUT:
            raise Refused("package_unused", "The order has not been carried out.")
        if not grants.spend(walls.state, Grant.RELEASE, asked.package.bytes, now):
            raise alarms.budget(rooms, Grant.RELEASE, "all")
        facts: dict[str, str | int | bool] = {
            "grant": Grant.RELEASE.value,
            "caller": Caller.WEB.value,
            "person": person,
            "order": str(waiting.order),
            "package": str(asked.package),
        }
        # Durable before it is told; told without having been taken would be told twice.
        tenant = identifiers.TenantId(waiting.tenant)
        rooms.note("pass_phrase_told", facts, subject=str(waiting.case), tenant_id=tenant)
        if not walls.state.passing.drop(place):
            raise NotFound("pass_phrase_unknown", "It was told before, or there never was one.")
        return rooms.keyring.unwrap_pass_phrase(asked.package.bytes, waiting.wrapped)


def _padded(pass_phrase: str) -> bytes:
    octets = pass_phrase.encode()
    if len(octets) > SEALED_OCTETS:
        raise ValueError("pass_phrase")
    return octets.ljust(SEALED_OCTETS)


def _check_key(key: bytes) -> None:
    """Return when something can be sealed to the key: some points of the curve agree on nothing."""
    try:
        primitives.seal_to(key, b"", b"")
    except ValueError:
        raise InvalidInput("document_malformed", "Nothing can be sealed to this key.") from None
