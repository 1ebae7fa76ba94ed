"""Who speaks for a name that several tenants hold: two tables, and the order among equals. Pure.

Source: contract, Who speaks for a name. A sighting is the registry's word and beats everything; a
token in DNS shows that whoever runs the name's zone wants this tenant; the operator may take a
profile's word. Evidence that is old, or older than the holding, says nothing: without evidence
whoever speaks goes on, and whoever came first speaks. Nothing here unmasks anybody: who loses the
name loses its publication, and persons stay sealed where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.identifiers import State
from proxy.model.sponsor import Standing, Way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.sponsor import Holding, Sighting

FRESH: Final = timedelta(days=7)
"""How long evidence counts: longer than a name waits for its next look (rules/looking)."""

CONFIRMED: Final = timedelta(hours=72)
"""How long a registry must name somebody else, or lack our mask, before we believe it. A fault of
its server would unpublish names; the delay is that of publish grants (vault.md)."""

SAME_DAY: Final = timedelta(days=1)
"""Two creation dates closer than this are one: registries round, and mix up time zones."""

_SURE: Final = frozenset({Standing.PROVEN, Standing.SHOWN})
_MAY: Final = _SURE | {Standing.DECLARED, Standing.UNPROVEN}

TAKES: Final[Mapping[Standing | None, frozenset[Standing]]] = {
    None: _MAY,  # nobody speaks: deleted, transferred, left
    Standing.PROVEN: frozenset(),
    Standing.SHOWN: frozenset({Standing.PROVEN}),
    Standing.DECLARED: _SURE,
    Standing.UNPROVEN: _SURE,
    Standing.CONTRADICTED: _SURE,
    Standing.OUT: _MAY,
    Standing.LEFT: _MAY,
}
"""By the standing of who speaks: the standings of a claim that takes the name from it."""

ENDS: Final = frozenset({Standing.OUT, Standing.LEFT})
"""Standings in which a speaker ends also when nobody of ours takes the name."""

_ORDER: Final = (Standing.PROVEN, Standing.SHOWN, Standing.DECLARED, Standing.UNPROVEN)
_SPEAKS: Final = frozenset({State.ACTIVE, State.ENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What changes: who ends, and whose claim becomes active. None: nobody.

    It ends `transferred_out`, or for the reason for which it began to end.
    """

    ends: Holding | None
    speaks: Holding | None


def decide(holdings: Sequence[Holding], sighting: Sighting | None, now: datetime) -> Outcome:
    """What becomes of the live holdings of one name; at most one of them speaks now."""
    speaker = next((one for one in holdings if one.state in _SPEAKS), None)
    claims = [one for one in holdings if one.state is State.CLAIMED]
    present = None if speaker is None else standing(speaker, sighting, now)
    taking = [
        (rank, one.enrolled_at, one.id, one)
        for one in claims
        if (found := standing(one, sighting, now)) in TAKES[present]
        for rank in (_ORDER.index(found),)
    ]
    if taking:
        return Outcome(ends=speaker, speaks=min(taking)[-1])
    return Outcome(ends=speaker if present in ENDS else None, speaks=None)


def standing(holding: Holding, sighting: Sighting | None, now: datetime) -> Standing:
    """What is known of the holding at `now`."""
    seen = sighting if sighting is not None and _counts(sighting.seen_at, holding, now) else None
    if seen is not None and _has_left(holding, seen):
        return Standing.LEFT
    if seen is not None and _is_another(holding, seen):
        return Standing.CONTRADICTED
    if seen is not None and seen.iana_id in holding.iana_ids:
        return Standing.PROVEN
    if seen is not None and holding.has_iana_id:
        return Standing.OUT if _is_confirmed(holding, seen) else Standing.CONTRADICTED
    if holding.shown_at is not None and _counts(holding.shown_at, holding, now):
        return Standing.SHOWN
    return Standing.DECLARED if holding.is_declared else Standing.UNPROVEN


def _counts(at: datetime, holding: Holding, now: datetime) -> bool:
    return holding.enrolled_at <= at and now - at <= FRESH


def _is_another(holding: Holding, seen: Sighting) -> bool:
    """Whether the registry has another registration of the name: dropped, and caught again."""
    ids = (holding.registry_domain_id, seen.registry_domain_id)
    if ids[0] is not None and ids[1] is not None:
        return ids[0].casefold() != ids[1].casefold()
    dates = (holding.created_at, seen.created_at)
    return dates[0] is not None and dates[1] is not None and abs(dates[0] - dates[1]) >= SAME_DAY


def _has_left(holding: Holding, seen: Sighting) -> bool:
    """Whether a registration that leaves has its mask taken away; one never seen is not gone."""
    since = seen.mask_gone_since
    is_its_mask = holding.state is State.ENDING and seen.mask_of == holding.id
    return is_its_mask and since is not None and seen.seen_at - since >= CONFIRMED


def _is_confirmed(holding: Holding, seen: Sighting) -> bool:
    since = max(seen.since, holding.enrolled_at)
    return seen.way is Way.RDAP and seen.seen_at - since >= CONFIRMED
