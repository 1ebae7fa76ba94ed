"""Who speaks for a name, against an oracle of plain Python; and laws that hold for any table."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model.identifiers import RegistrationId, State, TenantId
from proxy.model.sponsor import Holding, Sighting, Standing, Way
from proxy.rules import speaking

if TYPE_CHECKING:
    from collections.abc import Sequence

GUIDE = Path(__file__).parents[2] / "proxy" / "docs" / "registrar-guide.md"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOURS = (0, 1, 30, 80, 167, 169, 400)  # ages at both sides of every limit
ages = st.sampled_from(HOURS).map(lambda hours: NOW - timedelta(hours=hours))
handles = st.sampled_from([None, "D1", "d1", "D2"])
dates = st.sampled_from([None, datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)])
ids = st.frozensets(st.integers(1, 3), max_size=2)


@st.composite
def names(draw: st.DrawFn) -> list[Holding]:
    """Up to five tenants that hold one name; one of them at most speaks."""
    speaker = draw(st.sampled_from([None, State.ACTIVE, State.ENDING]))
    found = []
    for number in range(draw(st.integers(0, 5))):
        mine = draw(ids)
        found.append(
            Holding(
                tenant_id=TenantId(UUID(int=number)),
                id=RegistrationId(UUID(int=100 - number)),
                state=speaker if number == 0 and speaker is not None else State.CLAIMED,
                is_declared=draw(st.booleans()),
                iana_ids=mine,
                has_iana_id=bool(mine) and draw(st.booleans()),
                enrolled_at=draw(ages),
                registry_domain_id=draw(handles),
                created_at=draw(dates),
                shown_at=draw(st.none() | ages),
            )
        )
    return found


@st.composite
def sightings(draw: st.DrawFn) -> Sighting | None:
    """What a registry said, or nothing."""
    if draw(st.booleans()):
        return None
    seen_at = draw(ages)
    return Sighting(
        iana_id=draw(st.integers(1, 4)),
        way=draw(st.sampled_from(Way)),
        seen_at=seen_at,
        since=seen_at - draw(st.sampled_from([timedelta(0), timedelta(hours=80)])),
        registry_domain_id=draw(handles),
        created_at=draw(dates),
        mask_of=draw(st.sampled_from([None, RegistrationId(UUID(int=100))])),
        mask_gone_since=draw(st.none() | st.just(seen_at - timedelta(hours=72))),
    )


def rank(one: Holding, seen: Sighting | None) -> int:
    """How good a tenant's right is, by hand: 4 registry, 3 token, 2 its word, 1 nothing known.

    0: the registry says otherwise; -1: it has done so for three days, or our mask is gone.
    """
    week = timedelta(days=7)
    if seen and one.enrolled_at <= seen.seen_at and NOW - seen.seen_at <= week:
        said = by_registry(one, seen)
        if said is not None:
            return said
    if one.shown_at and one.enrolled_at <= one.shown_at and NOW - one.shown_at <= week:
        return 3
    return 2 if one.is_declared else 1


def by_registry(one: Holding, seen: Sighting) -> int | None:
    """The same by what the registry says alone; None where it says nothing of this tenant."""
    if one.state == "ending" and one.id == seen.mask_of and seen.mask_gone_since:
        return -1
    if one.registry_domain_id and seen.registry_domain_id:
        if one.registry_domain_id.lower() != seen.registry_domain_id.lower():
            return 0
    elif one.created_at and seen.created_at and one.created_at != seen.created_at:
        return 0
    if seen.iana_id in one.iana_ids:
        return 4
    if not one.has_iana_id:
        return None
    days3 = seen.seen_at - max(one.enrolled_at, seen.since) >= timedelta(days=3)
    return -1 if days3 and seen.way == "rdap" else 0


def oracle(holdings: Sequence[Holding], seen: Sighting | None) -> tuple[object, object]:
    """Ids of who ends and of who begins to speak."""
    sitting = [one for one in holdings if one.state is not State.CLAIMED]
    least = 1  # what a claim must have
    if sitting and rank(sitting[0], seen) >= 0:
        least = max(3, rank(sitting[0], seen) + 1)
    best = None
    for one in holdings:
        mine = (rank(one, seen), -one.enrolled_at.timestamp(), -one.id.int)
        if one.state is State.CLAIMED and mine[0] >= least and (best is None or mine > best[0]):
            best = (mine, one.id)
    is_out = bool(sitting) and (best is not None or rank(sitting[0], seen) < 0)
    return (sitting[0].id if is_out else None), (best[1] if best else None)


@given(names(), sightings())
def test_the_tables_say_what_the_oracle_says(
    holdings: list[Holding], seen: Sighting | None
) -> None:
    """Who ends and who speaks agree with a page of plain Python, in any order of the holdings."""
    for given_order in (holdings, holdings[::-1]):
        found = speaking.decide(given_order, seen, NOW)
        ends = None if found.ends is None else found.ends.id
        speaks = None if found.speaks is None else found.speaks.id
        assert (ends, speaks) == oracle(holdings, seen)


@given(names(), sightings())
def test_one_settlement_is_enough_and_leaves_one_speaker_at_most(
    holdings: list[Holding], seen: Sighting | None
) -> None:
    """After a decision is carried out the same facts change nothing more; nobody speaks twice."""
    found = speaking.decide(holdings, seen, NOW)
    after = [
        replace(one, state=State.ACTIVE) if one is found.speaks else one
        for one in holdings
        if one is not found.ends
    ]
    assert sum(one.state is not State.CLAIMED for one in after) <= 1
    assert speaking.decide(after, seen, NOW) == speaking.Outcome(ends=None, speaks=None)


@given(names())
def test_without_evidence_whoever_speaks_goes_on(holdings: list[Holding]) -> None:
    """No tenant's mere word takes a name from another one, whatever its profile says."""
    bare = [replace(one, shown_at=None) for one in holdings]
    if any(one.state is not State.CLAIMED for one in bare):
        assert speaking.decide(bare, None, NOW) == speaking.Outcome(ends=None, speaks=None)


@given(names(), sightings())
def test_what_one_tenant_is_does_not_hang_on_who_else_holds_the_name(
    holdings: list[Holding], seen: Sighting | None
) -> None:
    """A standing is a fact of one holding: told to its tenant, it tells of nobody else."""
    for one in holdings:
        assert speaking.standing(one, seen, NOW) in Standing
        claim = replace(one, state=State.CLAIMED)
        if speaking.standing(one, seen, NOW) is Standing.LEFT:
            continue  # it is the one standing that only a speaker has
        assert speaking.standing(claim, seen, NOW) is speaking.standing(one, seen, NOW)


def test_the_guide_has_the_table_that_decides() -> None:
    """What registrars read of who takes a name from whom is the table, row by row."""
    known = "|".join(Standing)
    row = re.compile(rf"^\| `({known})` \|.*\| ([a-z, ]+) \|$", re.MULTILINE)
    told = {
        name: set() if whom == "none" else set(whom.split(", "))
        for name, whom in row.findall(GUIDE.read_text("utf-8"))
    }
    assert told == {
        one.value: {speaker.value for speaker in Standing if one in speaking.TAKES[speaker]}
        for one in Standing
    }


@pytest.mark.parametrize("present", [None, *Standing])
def test_the_table_has_a_row_for_every_standing(present: Standing | None) -> None:
    """No claim takes a name by a standing that speaks against it, and none from its equal."""
    taking = speaking.TAKES[present]
    assert taking.isdisjoint({Standing.CONTRADICTED, Standing.OUT, Standing.LEFT, present})
