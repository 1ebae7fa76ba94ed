"""Sponsors found by real look-ups on loopback: who speaks then, and what each account is told."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import statistics
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from proxy.metrics import Registry
from proxy.outbound.registries import Lookups
from proxy.services import find_sponsors
from proxy.services.find_sponsors import Finding
from proxy.store import pool as pools
from proxy.store import registrations
from proxy.wire import registries_document
from tests.support import registry
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.sponsor import Missed, Registries, Seen
    from tests.support.api import Api
    from tests.support.registry import Peer

pytestmark = pytest.mark.db

NAME = "kaveri.example"
PATH = f"/v1/registrations/{NAME}"
MINE, THEIRS, NOBODYS = 9999, 7777, 1234


@dataclass(slots=True)
class World:
    """Two tenants with accreditations of their own, a worker, and a registry."""

    api: Api
    other: Api
    peer: Peer
    finding: Finding
    after: str = ""

    async def round(self, *, later: timedelta = timedelta(0)) -> None:
        """The worker's next round, after a while."""
        self.api.service.vault.clock.moment += later
        self.after = await find_sponsors.round_of(self.finding, self.after)

    def says(self, iana_id: int, **changes: Any) -> None:
        """What the registry says of the name from now on."""
        self.peer.rdap[NAME] = registry.rdap(NAME, iana_id, **changes)

    async def states(self) -> tuple[str, str]:
        """State, and reason of its end, of each tenant's newest registration."""
        found = []
        for one in (self.api, self.other):
            rows = await self.api.rows(
                "SELECT state, end_reason FROM registration WHERE tenant_id = $1 AND domain = $2"
                " ORDER BY enrolled_at DESC, id DESC LIMIT 1",
                *(one.tenant, NAME),
            )
            found.append(rows[0]["end_reason"] or rows[0]["state"] if rows else "none")
        return found[0], found[1]

    async def shown(self) -> list[object]:
        """Whose record the journal shows."""
        rows = await self.api.rows(
            "SELECT tenant_id FROM published WHERE value IS NOT NULL AND domain = $1", NAME
        )
        return [row["tenant_id"] for row in rows]


@contextlib.asynccontextmanager
async def finding_with(api: Api, registries: Registries) -> AsyncIterator[Finding]:
    """A worker with its own login."""
    access = api.service.database.access("worker")
    pool = await pools.open_pool(access, max_size=4, session=registrations.SESSION)
    try:
        yield Finding(
            pool=pool,
            sponsors=Lookups(registries),
            budgets=registries_document.budgets(registries),
            clock=api.service.vault.clock,
            random=secrets.token_bytes,
            metrics=Registry(),
        )
    finally:
        pool.terminate()


@pytest_asyncio.fixture
async def world(api: Api) -> AsyncIterator[World]:
    """Both tenants hold the name: the first speaks, the second claims."""
    other = await api.other_tenant()
    await api.rows(
        "UPDATE accreditation SET iana_id = $1 WHERE tenant_id = $2", THEIRS, other.tenant
    )
    async with registry.serving() as peer, finding_with(api, peer.registries()) as finding:
        await api.put(body())
        await other.put(body())
        yield World(api, other, peer, finding)


async def told(api: Api) -> dict[str, Any]:
    """What status tells an account of its standing."""
    found: dict[str, Any] = (await api.call("GET", f"{PATH}/status")).json["speaker"]
    return found


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


async def test_a_registry_that_is_away_changes_nothing_and_is_asked_later(world: World) -> None:
    """Evidence ages; whoever speaks goes on; each miss doubles the wait."""
    world.peer.rdap[NAME] = b"broken"
    due = []
    for _ in range(4):
        await world.round()
        row = (await world.api.rows("SELECT due_at, misses, reason FROM sponsor_look"))[0]
        due.append((row["due_at"] - world.api.service.vault.clock.now()).total_seconds())
        world.api.service.vault.clock.moment = row["due_at"]
    assert due == [600, 1200, 2400, 4800]
    assert await world.states() == ("active", "claimed")


async def test_a_name_that_nobody_holds_is_looked_at_no_more(world: World) -> None:
    """The row goes with the last holder, at the next look."""
    world.says(MINE)
    await world.round()
    for one in (world.api, world.other):
        await one.call("DELETE", f"{PATH}?reason=error")
    await world.round(later=timedelta(hours=2))
    assert await world.api.rows("SELECT 1 FROM sponsor_look") == []


class Slow:
    """A registry under `slow` never answers; the others at once."""

    def __init__(self, inner: Lookups) -> None:
        self.inner = inner
        self.asked: list[str] = []

    async def look(self, domain: Any, marks: Any) -> Seen | Missed:
        """As the registry does."""
        self.asked.append(domain)
        if domain.endswith(".slow"):
            await asyncio.sleep(3600)
        return await self.inner.look(domain, marks)

    async def shows(self, domain: Any, token: str) -> bool | None:
        """As DNS does."""
        return await self.inner.shows(domain, token)


async def test_a_registry_keeps_to_its_budget_and_delays_nobody_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute's looks are shared by all workers; one that hangs ends with the round."""
    monkeypatch.setattr(find_sponsors, "ROUND_S", 0.3)
    for number in range(12):
        await world.api.put(body(f"n{number}.slow"))
        await world.api.put(body(f"n{number}.example"))
    slow = Slow(Lookups(world.peer.registries()))
    budgets = {"slow": 5, "example": 7}
    finding = Finding(
        pool=world.finding.pool,
        sponsors=slow,
        budgets=budgets,
        clock=world.finding.clock,
        random=secrets.token_bytes,
        metrics=Registry(),
    )
    began = time.monotonic()
    await asyncio.gather(*(find_sponsors.round_of(finding, "") for _ in range(3)))
    assert time.monotonic() - began < 5
    assert len([one for one in slow.asked if one.endswith(".example")]) == 7
    assert len([one for one in slow.asked if one.endswith(".slow")]) == 1
    taken = await world.api.rows(
        "SELECT registry, count(*) AS names FROM sponsor_look WHERE looked_at IS NOT NULL"
        " GROUP BY registry ORDER BY registry"
    )
    assert [tuple(row) for row in taken] == [("example", 7), ("slow", 5)]


async def test_names_of_registries_that_are_not_configured_are_not_looked_at(world: World) -> None:
    """Only what can be asked is in the list; a claim elsewhere waits there for its registry."""
    await world.api.put(body("kaveri.test"))
    await world.round()
    rows = await world.api.rows("SELECT domain FROM sponsor_look ORDER BY domain")
    assert [row["domain"] for row in rows] == [NAME]


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
