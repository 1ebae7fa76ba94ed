"""Whoever fails to sign in waits: by account, by client, durably, and never for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.errors import ProxyError, RateLimited, Refused
from proxy.services.staff import slow_down
from tests.support import staff

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.database import Database
    from tests.support.staff import House

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    """An office on a fresh database."""
    async with staff.house(database) as made:
        yield made


async def refusal(work: object) -> ProxyError:
    """The error that a coroutine ends in."""
    with pytest.raises(ProxyError) as caught:
        await work  # type: ignore[misc]  # any coroutine
    return caught.value


async def test_failures_make_an_account_wait_and_never_for_ever(house: House) -> None:
    """Each failure past the free ones doubles the wait, to fifteen minutes at most."""
    await house.hire("anna")
    waits: list[int] = []
    for at in range(40):
        house.clients[0] = f"198.51.100.{at}/32"  # a guesser with many addresses
        error = await refusal(house.begin("anna", "Wr0ng-Zk!vRt9"))
        if isinstance(error, RateLimited):
            waits.append(error.retry_after_s)
            house.later(seconds=error.retry_after_s)
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == 900
    house.later(minutes=15)
    assert await house.sign_in("anna")
    # Who proved who they are begins anew.
    assert (await refusal(house.begin("anna", "x"))).code == "sign_in_refused"


async def test_an_unknown_handle_is_slowed_as_a_known_one(house: House) -> None:
    """Waiting does not show whether a handle is anybody's."""
    await house.hire("anna")
    found = {}
    for name in ("anna", "nobody"):
        house.clients[0] = f"{name}/32"
        found[name] = [
            (error.code, getattr(error, "retry_after_s", 0))
            for error in [await refusal(house.begin(name, "Wr0ng-Zk!vRt9")) for _ in range(7)]
        ]
    assert found["anna"] == found["nobody"]


async def test_a_client_waits_whoever_it_tries_to_be(house: House) -> None:
    """One password tried at many handles slows the client down; others sign in meanwhile."""
    await house.hire("anna")
    codes = [(await refusal(house.begin(f"p{at}", "Same-0ne!xKq"))).code for at in range(12)]
    assert codes[-1] == "sign_in_slowed"
    assert (await refusal(house.begin("anna"))).code == "sign_in_slowed"
    house.clients[0] = "203.0.113.9/32"
    assert await house.sign_in("anna")


async def test_many_at_once_gain_nothing(house: House) -> None:
    """Guesses in parallel count before they are tried: only the free ones are."""
    await house.hire("anna")
    results = await asyncio.gather(
        *(house.begin("anna", f"Guess-{at}!xKq97") for at in range(20)), return_exceptions=True
    )
    tried = [one for one in results if isinstance(one, Refused)]
    assert len(tried) <= 5
    assert all(isinstance(one, Refused | RateLimited) for one in results)


async def test_half_a_sign_in_is_a_failure(house: House) -> None:
    """Who has the password and not the key is slowed down as one who guesses."""
    await house.hire("anna")
    for _ in range(5):
        await house.begin("anna")
    assert (await refusal(house.begin("anna"))).code == "sign_in_slowed"


async def test_a_sign_in_names_no_client(house: House) -> None:
    """Failures are kept under numbers that thousands share: no address and no handle."""
    await house.hire("anna")
    await refusal(house.begin("anna", "Wr0ng-Zk!vRt9"))
    rows = await house.rows("SELECT * FROM staff_slowness")
    assert {row["kind"] for row in rows} == {"person", "client"}
    assert all(0 <= row["slot"] < slow_down.SLOTS for row in rows)
