"""Looks at registries: when, how often, and what one that is away or slow does to others."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.metrics import Registry
from proxy.outbound.registries import Lookups
from proxy.services import find_sponsors
from proxy.services.find_sponsors import Finding
from tests.support.api import body
from tests.support.sponsoring import MINE, NAME, PATH, Slow

if TYPE_CHECKING:
    from tests.support.sponsoring import World

pytestmark = pytest.mark.db


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


async def test_names_that_several_hold_go_before_all_others(world: World) -> None:
    """A portfolio of any size that waits for its first look keeps no dispute waiting."""
    for number in range(12):
        await world.api.put(body(f"a{number:02}.example"))
    await world.api.rows(
        "INSERT INTO sponsor_look (domain, registry, due_at) SELECT domain, 'example',"
        " '2020-01-01T00:00:00Z' FROM registration WHERE domain <> $1 GROUP BY domain",
        NAME,
    )
    world.peer.asked.clear()
    finding = replace(world.finding, budgets={"example": 3})
    await find_sponsors.round_of(finding, "")
    assert world.peer.asked[0] == ("rdap", NAME)
    assert len(world.peer.asked) == 3
