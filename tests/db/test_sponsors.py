"""Sponsors found by real look-ups on loopback: who speaks then, and what accounts are told."""

from __future__ import annotations

import statistics
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import registry
from tests.support.api import body
from tests.support.sponsoring import MINE, NAME, NOBODYS, PATH, THEIRS, told

if TYPE_CHECKING:
    from tests.support.sponsoring import World

pytestmark = pytest.mark.db


async def test_the_sponsor_that_the_registry_names_speaks(world: World) -> None:
    """The claim is published, the loser is `transferred_out`, within one round."""
    world.says(THEIRS)
    await world.round()
    assert await world.states() == ("transferred_out", "active")
    assert await world.shown() == [world.other.tenant]
    assert (await told(world.other))["standing"] == "proven"
    assert world.finding.metrics.counter("sponsor_speakers_changed").value == 1
    kinds = await world.api.rows(
        "SELECT kind FROM ledger_entry WHERE tenant_id = $1", world.api.tenant
    )
    assert "registration_ended" in {row["kind"] for row in kinds}


async def test_a_speaker_that_is_the_sponsor_goes_on(world: World) -> None:
    """The registry's word confirms it, and the claim is told that it is contradicted."""
    world.says(MINE)
    await world.round()
    assert await world.states() == ("active", "claimed")
    assert (await told(world.api))["standing"] == "proven"
    claim = await told(world.other)
    assert (claim["standing"], claim["needs"]) == ("contradicted", ["proof"])


async def test_a_token_in_dns_lets_a_claim_speak(world: World) -> None:
    """Where the registry knows nothing: the tenant's own token, and no other tenant's."""
    name = f"_privacyproxy-challenge.{NAME}"
    mine, claim = await told(world.api), await told(world.other)
    assert claim["dns_name"] == name
    assert claim["dns_token"] != mine["dns_token"]
    world.peer.texts[name] = [claim["dns_token"][:-1]]
    await world.round()
    assert await world.states() == ("active", "claimed")
    world.peer.texts[name] = [claim["dns_token"]]
    await world.round(later=timedelta(hours=2))
    assert await world.states() == ("transferred_out", "active")
    assert (await told(world.other))["standing"] == "shown"


async def test_the_registry_beats_a_token(world: World) -> None:
    """Whoever runs the name's DNS can not take it from its sponsor."""
    world.says(MINE)
    claim = await told(world.other)
    world.peer.texts[claim["dns_name"]] = [claim["dns_token"]]
    await world.round()
    assert await world.states() == ("active", "claimed")


async def test_a_token_that_is_taken_away_counts_no_more(world: World) -> None:
    """What was seen is forgotten when DNS says no, and kept while DNS says nothing."""
    claim = await told(world.other)
    world.says(MINE)
    world.peer.texts[claim["dns_name"]] = [claim["dns_token"]]
    await world.round()
    assert len(await world.api.rows("SELECT 1 FROM sponsor_shown")) == 1
    del world.peer.texts[claim["dns_name"]]
    await world.round(later=timedelta(hours=2))
    assert await world.api.rows("SELECT 1 FROM sponsor_shown") == []


async def test_a_transfer_to_the_outside_is_believed_after_three_days(world: World) -> None:
    """Nobody of ours is named: the speaker ends after 72 hours of it, and the claim stays one."""
    world.says(NOBODYS)
    for _ in range(4):
        await world.round(later=timedelta(hours=23))
        if (await world.states())[0] != "active":
            break
    assert await world.states() == ("active", "claimed")
    assert (await told(world.api))["standing"] == "contradicted"
    await world.round(later=timedelta(hours=23))
    assert await world.states() == ("transferred_out", "claimed")
    assert await world.shown() == []
    assert (await world.api.call("GET", PATH)).status == 404


async def test_a_name_that_left_the_service_is_let_go_when_our_mask_is_gone(world: World) -> None:
    """Seen once, then missing for three days: it ends as it began to, and the claim speaks."""
    mine = (await world.api.call("GET", PATH)).json
    mask = mine["public_contacts"]["registrant"]["email"]
    await world.api.call("DELETE", f"{PATH}?reason=left_service")
    await world.api.rows("UPDATE accreditation SET iana_id = $1", MINE)
    for _ in range(4):
        world.says(MINE)
        await world.round(later=timedelta(days=2))
        assert await world.states() == ("left_service", "claimed"), "never seen is not gone"
        assert await world.shown() == [world.api.tenant]
    world.says(MINE, remarks=[{"description": [f"Registrant Email: {mask.upper()}"]}])
    await world.round(later=timedelta(days=2))
    world.says(MINE)
    await world.round(later=timedelta(days=2))
    assert await world.shown() == [world.api.tenant]
    await world.round(later=timedelta(days=4))
    assert await world.states() == ("left_service", "active")
    assert await world.shown() == [world.other.tenant]


async def test_a_registry_that_errs_for_a_day_ends_nothing(world: World) -> None:
    """The three days begin anew when the right sponsor is named between."""
    for turn in range(8):
        world.says(MINE if turn == 3 else NOBODYS)
        await world.round(later=timedelta(hours=20))
        assert (await world.states())[0] == "active", turn


async def test_whois_alone_ends_nothing(world: World) -> None:
    """A transfer to the outside is believed of RDAP alone; WHOIS is plain text of any host."""
    world.peer.rdap[NAME] = b"broken"
    world.peer.whois[NAME] = registry.whois(NAME, NOBODYS)
    for _ in range(8):
        await world.round(later=timedelta(hours=20))
    assert (await world.states())[0] == "active"


async def test_a_drop_catch_goes_by_the_registrys_id(world: World) -> None:
    """The same sponsor, another registration: whoever holds that one speaks."""
    await world.api.rows("UPDATE accreditation SET iana_id = $1", MINE)
    await world.other.call("DELETE", f"{PATH}?reason=error")
    world.api.service.vault.clock.moment += timedelta(seconds=1)
    await world.other.put(body(registry_domain_id="D2-EXAMPLE", created_at="2026-10-30T00:00:00Z"))
    world.says(MINE, handle="D2-EXAMPLE")
    await world.round(later=timedelta(seconds=1))
    assert await world.states() == ("transferred_out", "active")


async def test_a_transfer_back_and_forth_never_crosses_persons(world: World) -> None:
    """Names wander between tenants; records, addresses and references stay with their own."""
    for turn in range(4):
        world.says((MINE, THEIRS)[turn % 2])
        for one in (world.api, world.other):
            await one.put(body())
        await world.round(later=timedelta(hours=2))
        speaks = (world.api, world.other)[turn % 2]
        assert await world.shown() == [speaks.tenant]
    rows = await world.api.rows(
        "SELECT count(DISTINCT tenant_id) AS tenants FROM registration GROUP BY alias"
    )
    assert {row["tenants"] for row in rows} == {1}
    crossed = await world.api.rows(
        "SELECT 1 FROM sealed_record sealed LEFT JOIN registration kept"
        " ON kept.tenant_id = sealed.tenant_id AND kept.id = sealed.registration_id"
        " WHERE kept.id IS NULL"
    )
    assert crossed == []


async def test_a_tenant_learns_nothing_of_what_others_hold(world: World) -> None:
    """Status of a speaker is the same octets with a claim beside it and without."""
    alone = body("alone.example")
    await world.api.put(alone)
    with_claim = await told(world.api)
    without = (await world.api.call("GET", "/v1/registrations/alone.example/status")).json
    without = without["speaker"]
    for one in (with_claim, without):
        del one["dns_name"], one["dns_token"]
    assert with_claim == without
    ids = await world.api.rows("SELECT id, alias, reference FROM registration WHERE tenant_id = $1",
                               world.api.tenant)  # fmt: skip
    text = (await world.other.call("GET", f"{PATH}/status")).content.decode()
    for row in ids:
        assert not {str(row["id"]), row["alias"], row["reference"]} & set(text.split('"'))


async def test_reservations_and_ends_have_no_standing(world: World) -> None:
    """`speaker` is null where there is nothing to speak for."""
    reserved = body("new.example")
    del reserved["created_at"]
    await world.api.put(reserved)
    status = (await world.api.call("GET", "/v1/registrations/new.example/status")).json
    assert status["speaker"] is None
    ended = (await world.api.call("DELETE", f"{PATH}?reason=error")).json["id"]
    status = (await world.api.call("GET", f"/v1/registrations/id/{ended}/status")).json
    assert status["speaker"] is None


async def test_a_claim_that_came_to_speak_is_asked_for_its_contacts(world: World) -> None:
    """`needs` says `contacts` until the next PUT gives the fields that the mode shows."""
    await world.other.put(body(mode="privacy"))
    world.says(THEIRS)
    await world.round()
    assert (await told(world.other))["needs"] == ["contacts"]
    await world.other.put(body(mode="privacy"))
    assert (await told(world.other))["needs"] == []


async def test_an_end_takes_as_long_whoever_else_holds_the_name(world: World) -> None:
    """The same statements run; medians of ends with and without a claim are of one class."""
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(60):
        has_claim = number % 2 == 0
        name = f"n{number}.example"
        await world.api.put(body(name))
        if has_claim:
            await world.other.put(body(name))
        began = time.perf_counter()
        await world.api.call("DELETE", f"/v1/registrations/{name}?reason=error")
        took[has_claim].append(time.perf_counter() - began)
    medians = {one: statistics.median(all_of) for one, all_of in took.items()}
    assert medians[True] < medians[False] * 1.5


async def test_evidence_from_before_a_claim_does_not_speak_for_it(world: World) -> None:
    """What the registry said of an earlier registration says nothing of a later one."""
    world.says(THEIRS)
    await world.other.call("DELETE", f"{PATH}?reason=error")
    await world.round()
    assert (await told(world.api))["standing"] == "contradicted"
    world.api.service.vault.clock.moment += timedelta(hours=1)
    await world.other.put(body())
    assert (await told(world.other))["standing"] == "unproven"
    assert await world.states() == ("active", "claimed")
    row = (await world.api.rows("SELECT due_at FROM sponsor_look"))[0]
    assert isinstance(row["due_at"], datetime)
    await world.round()
    assert await world.states() == ("transferred_out", "active")
