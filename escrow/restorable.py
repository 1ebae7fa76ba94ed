"""Recovery deposits about to be restored: read in batches, and checked to build on one another.

Pure but for the lines, which come from wherever the caller has them. Nothing that was taken may be
believed before `take` came to the end. Source: escrow/README.md, Recovery deposit; chain.py.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast
from uuid import UUID

from escrow.formats import recovery
from escrow.formats.recovery import HeadLine, RegistrationLine
from proxy.errors import InvalidInput, Refused
from proxy.model.deposit import Account, Gone, KeptKey, Kind
from proxy.model.identifiers import AccreditationId
from proxy.model.public_record import Accreditation
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from datetime import datetime

    from proxy.model.public_record import Profile

_HASH_OCTETS: Final = 32  # SHA-256 of an API key


@dataclass(slots=True)
class Source:
    """One deposit as far as it is read."""

    head: HeadLine
    _items: Generator[HeadLine | RegistrationLine | Gone, None, None]
    _last: UUID = field(default_factory=lambda: UUID(int=0))

    def take(self, limit: int) -> tuple[list[RegistrationLine], list[Gone]]:
        """What the next lines say; both empty at the end of a sound deposit."""
        lines: list[RegistrationLine] = []
        gone: list[Gone] = []
        for item in itertools.islice(self._items, limit):
            if isinstance(item, Gone):
                gone.append(item)
            elif isinstance(item, RegistrationLine):
                if item.id <= self._last:
                    raise malformed(f"registration {item.id} is out of order")
                self._last = item.id
                lines.append(item)
        return lines, gone

    def close(self) -> None:
        """Read no more."""
        self._items.close()


def open_source(lines: Iterable[bytes]) -> Source:
    """The deposit in `lines`, its head read."""
    items = cast("Generator[HeadLine | RegistrationLine | Gone, None, None]", recovery.read(lines))
    head = next(items)
    if not isinstance(head, HeadLine):
        raise malformed("it has no head")
    return Source(head, items)


def check(heads: Sequence[HeadLine]) -> None:
    """Return when each deposit builds on those before it; Refused `restore_order`."""
    if not heads:
        raise InvalidInput("restore_nothing", "There is no deposit to restore.")
    first = heads[0]
    if first.kind is not Kind.FULL:
        raise _order(first, "is not a full one, and the first must be")
    for before, head in itertools.pairwise(heads):
        if (head.tenant, head.stream) != (first.tenant, first.stream):
            raise _order(head, "is of another registrar or stream")
        if head.kind is Kind.FULL:
            raise _order(head, "is a full one: begin with it")
        if head.watermark <= before.watermark:
            raise _order(head, "is not newer than the one before it")
        if head.previous != (first if head.kind is Kind.INCR else before).deposit:
            raise _order(head, f"builds on {head.previous}, which was not given before it")


def account(head: HeadLine, now: datetime) -> Account:
    """The registrar as a deposit has it; InvalidInput `deposit_malformed`."""
    try:
        hashes = [bytes.fromhex(one.secret_sha256) for one in head.keys]
    except ValueError:
        raise malformed("an API key") from None
    if any(len(one) != _HASH_OCTETS for one in hashes):
        raise malformed("an API key")
    return Account(
        name=head.tenant_name,
        created_at=head.tenant_created_at or now,
        profiles=tuple(_profile(head, bytes(raw)) for raw in head.profiles),
        accreditations=tuple(
            Accreditation(
                id=AccreditationId(one.id), registrar_name=one.registrar_name, iana_id=one.iana_id
            )
            for one in head.accreditations
        ),
        keys=tuple(
            KeptKey(
                id=one.id,
                secret_sha256=hashed,
                scopes=one.scopes,
                reseller=one.reseller,
                created_at=one.created_at,
            )
            for one, hashed in zip(head.keys, hashes, strict=True)
        ),
    )


def malformed(place: str) -> InvalidInput:
    """What a deposit is that holds what no deposit of ours does."""
    return InvalidInput("deposit_malformed", f"The recovery deposit can not be read: {place}.")


def _profile(head: HeadLine, body: bytes) -> Profile:
    try:
        profile = published.decode_profile(body)
    except InvalidInput:
        raise malformed("a profile") from None
    if profile.tenant_id != head.tenant:
        raise malformed("a profile of another registrar")
    return profile


def _order(head: HeadLine, why: str) -> Refused:
    return Refused("restore_order", f"Deposit {head.deposit} {why}. Nothing was restored.")
