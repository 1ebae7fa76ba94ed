"""What a tenant may know of its own right to speak for a name; nothing of what others hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from proxy.model.identifiers import Mode, State
from proxy.model.sponsor import Standing
from proxy.rules import looking, speaking
from proxy.store import speakers
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.store.pool import Connection
    from proxy.store.registrations import Kept

_SECRET_OCTETS: Final = 32  # of HMAC-SHA-256
_ENOUGH: Final = frozenset({Standing.PROVEN, Standing.SHOWN})
_SHOW_FIELDS: Final = frozenset({Mode.PRIVACY, Mode.REDACTED, Mode.PUBLISHED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A tenant's standing, what would better it, and the token that it may put into DNS."""

    standing: Standing
    seen_at: datetime | None  # when the registry was last seen to name a sponsor
    needs: tuple[str, ...]
    dns_name: str
    dns_token: str = field(repr=False)


async def own(
    connection: Connection, kept: Kept, random: Callable[[int], bytes], now: datetime
) -> Own | None:
    """The standing of a live registration; None for a reservation and what has ended.

    A tenant's first question makes the secret of its tokens.
    """
    one = kept.registration
    found = await speakers.own(connection, one.tenant_id, one.id)
    if found is None or one.state in {State.RESERVED, State.ENDED}:
        return None
    held, secret = found
    if secret is None:
        await speakers.keep_secret(connection, one.tenant_id, random(_SECRET_OCTETS))
        return await own(connection, kept, random, now)
    domain = one.declared.domain
    sighting = await speakers.sighting(connection, domain)
    standing = speaking.standing(held.holding, sighting, now)
    return Own(
        standing=standing,
        seen_at=None if sighting is None else sighting.seen_at,
        needs=_needs(kept, standing),
        dns_name=looking.challenge(domain),
        dns_token=looking.token(secret, domain),
    )


def _needs(kept: Kept, standing: Standing) -> tuple[str, ...]:
    """`proof` that the tenant is the sponsor; `contacts` whose fields the mode shows."""
    one = kept.registration
    needs = []
    if one.state is State.CLAIMED and standing not in _ENOUGH:
        needs.append("proof")
    value = kept.value if one.declared.mode in _SHOW_FIELDS else None
    if value is not None and not published.decode_record(value).consented:
        needs.append("contacts")
    return tuple(needs)
