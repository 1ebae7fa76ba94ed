"""Getting an account back: two administrators, and all that was before is over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from proxy.errors import ProxyError
from proxy.model.roster import Person
from proxy.model.staff import Level, SignedIn
from proxy.services.staff import recover
from tests.support import staff
from tests.support import vault as vaults
from tests.support.staff import passkey, password_of, ssh_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.database import Database
    from tests.support.staff import House

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    """An office where anna has a passkey and ben an OpenSSH key."""
    async with staff.house(database) as made:
        await made.hire("anna")
        await made.enrol("ben", await made.invite("ben"), ssh_key("ben"))
        yield made


async def refusal(work: object) -> str:
    """The code that a coroutine is refused with."""
    with pytest.raises(ProxyError) as caught:
        await work  # type: ignore[misc]  # any coroutine
    return caught.value.code


def administrator(name: str) -> SignedIn:
    """Somebody who says to be an administrator."""
    return SignedIn(
        person=Person(name),
        roles=frozenset(),
        is_administrator=True,
        level=Level.PASSKEY,
        must_change=False,
        ends_at=vaults.START,
    )


async def test_recovery_needs_two_others(house: House) -> None:
    """Neither one administrator twice, nor the subject, nor anybody else recovers an account."""
    for name in ("adam", "eve"):
        await house.hire(name, "administrator")
    adam, eve = administrator("adam"), administrator("eve")
    anna = replace(administrator("anna"), is_administrator=False)
    office, now, who = house.office, house.now, Person("anna")
    assert await refusal(recover.begin(office, anna, Person("ben"), now)) == (
        "staff_not_administrator"
    )
    assert await refusal(recover.begin(office, adam, Person("adam"), now)) == "staff_own_account"
    assert await refusal(recover.begin(office, adam, Person("nobody"), now)) == "staff_unknown"
    recovery = await recover.begin(office, adam, who, now)
    assert await refusal(recover.approve(office, adam, recovery, now)) == "staff_recovery_second"
    assert await refusal(recover.approve(office, anna, recovery, now)) == (
        "staff_not_administrator"
    )
    assert await refusal(recover.approve(office, eve, uuid4(), now)) == "recovery_unknown"
    assert await house.sign_in("anna")  # nothing has happened yet
    assert (await recover.approve(office, eve, recovery, now)).person == who
    assert await refusal(recover.approve(office, eve, recovery, now)) == "recovery_unknown"


async def test_a_recovery_by_the_subject_is_refused_by_the_schema(house: House) -> None:
    """Even a web process gone wrong can not write one person in both places."""
    for opened, approved in (("ben", "ben"), ("anna", "ben"), ("ben", "anna")):
        with pytest.raises(asyncpg.CheckViolationError):
            await house.rows(
                "INSERT INTO staff_recovery (id, person, opened_by, opened_at, expires_at,"
                " approved_by, approved_at) VALUES (gen_random_uuid(), 'anna', $1, now(), now(),"
                " $2, now())",
                opened,
                approved,
            )


async def test_a_recovery_needs_both_at_the_time(house: House) -> None:
    """The first one was suspended meanwhile, or three days went by: it does not happen."""
    for name in ("adam", "eve"):
        await house.hire(name, "administrator")
    adam, eve = administrator("adam"), administrator("eve")
    first = await recover.begin(house.office, adam, Person("anna"), house.now)
    house.later(hours=72)
    late = recover.approve(house.office, eve, first, house.now)
    assert await refusal(late) == "recovery_unknown"
    second = await recover.begin(house.office, adam, Person("anna"), house.now)
    await house.rows("UPDATE staff SET state = 'suspended' WHERE person = 'adam'")
    gone = recover.approve(house.office, eve, second, house.now)
    assert await refusal(gone) == "recovery_unknown"


async def test_a_recovery_ends_all_that_was(house: House) -> None:
    """Sessions, keys and half a sign-in die; the person enrols anew with another password."""
    for name in ("adam", "eve"):
        await house.hire(name, "administrator")
    token, half = await house.sign_in("anna"), await house.begin("anna")
    recovery = await recover.begin(house.office, administrator("adam"), Person("anna"), house.now)
    made = await recover.approve(house.office, administrator("eve"), recovery, house.now)
    assert made.code not in repr(made)
    assert (
        await house.rows("SELECT 1 FROM staff_key WHERE person = 'anna' AND ended_at IS NULL") == []
    )
    assert await refusal(house.who(token)) == "unauthorized"
    old = passkey("anna")
    late = house.finish(half, old.public, staff.assertion(old, half.message))
    assert await refusal(late) == "sign_in_refused"
    assert await refusal(house.begin("anna")) == "sign_in_refused"

    new = passkey("anna's new one")
    with pytest.raises(ProxyError) as caught:
        await house.enrol("anna", made.code, new)
    assert caught.value.code == "password_weak"  # the one that was lost does not come back
    await house.enrol("anna", made.code, new, password=password_of("anna again"))
    assert await house.sign_in("anna", new, password_of("anna again"))
    asked = await house.begin("anna", password_of("anna again"))
    stale = house.finish(asked, old.public, staff.assertion(old, asked.message))
    assert await refusal(stale) == "sign_in_refused"
    assert (await house.kinds("anna"))[-3:] == [
        "staff_recovery_opened",
        "staff_recovered",
        "staff_enrolled",
    ]


async def test_somebody_suspended_comes_back_by_two(house: House) -> None:
    """A recovery is the only way back, and the old session is not part of it."""
    for name in ("adam", "eve"):
        await house.hire(name, "administrator")
    token = await house.sign_in("anna")
    await house.rows("UPDATE staff SET state = 'suspended' WHERE person = 'anna'")
    assert await refusal(house.who(token)) == "unauthorized"  # whatever its row says
    recovery = await recover.begin(house.office, administrator("adam"), Person("anna"), house.now)
    made = await recover.approve(house.office, administrator("eve"), recovery, house.now)
    await house.enrol("anna", made.code, passkey("anna"), password=password_of("anna again"))
    assert await house.sign_in("anna", password=password_of("anna again"))
    assert await refusal(house.who(token)) == "unauthorized"
