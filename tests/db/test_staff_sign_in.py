"""Signing in as staff: both factors, what a session lives on, and how failures slow down."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.model.roster import Person, StaffRole
from proxy.model.staff import Level
from proxy.services.staff import authenticate, change_password, enrol, suspend
from proxy.services.staff.set_password import REMEMBERED
from proxy.store import pool as pools
from proxy.vault.passwords import Argon2Passwords, Cost
from tests.support import staff
from tests.support.staff import passkey, password_of, ssh_key

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


async def test_both_factors_open_a_session(house: House) -> None:
    """A password and a passkey give a token, which tells whose it is and in which roles."""
    await house.hire("anna", "handler", "intake")
    who = await house.who(await house.sign_in("anna"))
    assert who.person == "anna"
    assert who.roles == {StaffRole.HANDLER, StaffRole.INTAKE}
    assert not who.is_administrator
    assert who.level is Level.PASSKEY
    assert not who.must_change
    assert await house.kinds("anna") == ["staff_invited", "staff_enrolled"]


@pytest.mark.parametrize(
    ("application", "level"), [(None, Level.KEY), (b"ssh:", Level.SECURITY_KEY)]
)
async def test_an_openssh_key_is_a_second_factor(
    house: House, application: bytes | None, level: Level
) -> None:
    """Command-line staff sign in with a key, in a file or in hardware, and it is known which."""
    key = ssh_key("ben", application)
    await house.enrol("ben", await house.invite("ben"), key)
    who = await house.who(await house.sign_in("ben", key))
    assert who.level is level


async def test_only_hashes_are_kept(house: House) -> None:
    """Neither password, code, token nor attempt stands in any table."""
    code = await house.invite("anna")
    await house.enrol("anna", code)
    token = await house.sign_in("anna")
    open_attempt = (await house.begin("anna")).attempt
    tables = await house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    text = ""
    for row in tables:
        found = await house.rows(f"SELECT t::text AS row FROM {row['tablename']} t")  # noqa: S608 - names of the catalogue
        text += "\n".join(one["row"] for one in found)
    assert "$argon2id$" in text
    for secret in (code, token, open_attempt, password_of("anna")):
        assert secret not in text


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "Wr0ng-Zk!vRt9"), ("nobody", None), ("ida", None), ("sam", None), ("anna", "")],
    ids=["wrong", "unknown", "invited", "suspended", "empty"],
)
async def test_every_wrong_sign_in_has_one_answer_and_one_path(
    house: House, name: str, password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown, invited and suspended people and wrong passwords: same words, one hash each."""
    await house.hire("anna")
    await house.invite("ida")
    await house.hire("sam")
    async with pools.connected(house.database.access("operator")) as connection:
        await suspend.suspend(
            connection, Person("sam"), by="operator", now=house.now, random=house.office.random
        )
    hashes: list[bool] = []
    verify = Argon2Passwords.is_right

    async def counted(self: Argon2Passwords, given: str, kept: str | None) -> bool:
        hashes.append(await verify(self, given, kept))
        return hashes[-1]

    monkeypatch.setattr(Argon2Passwords, "is_right", counted)
    error = await refusal(house.begin(name, password))
    assert isinstance(error, Refused)
    assert error.code == "sign_in_refused"
    assert name not in error.detail
    assert len(hashes) == 1


async def test_a_session_dies_unused(house: House) -> None:
    """Fifteen minutes without a request end it; a request before that renews it."""
    await house.hire("anna")
    token = await house.sign_in("anna")
    for _ in range(3):
        house.later(minutes=14)
        assert (await house.who(token)).person == "anna"
    house.later(minutes=15)
    assert (await refusal(house.who(token))).code == "unauthorized"


async def test_a_session_dies_after_eight_hours(house: House) -> None:
    """However busy it is, a session does not outlast a working day."""
    await house.hire("anna")
    token = await house.sign_in("anna")
    for _ in range(47):
        house.later(minutes=10)
        await house.who(token)
    house.later(minutes=10)
    assert (await refusal(house.who(token))).code == "unauthorized"


async def test_signing_out_ends_one_session(house: House) -> None:
    """Another session of the same person goes on."""
    await house.hire("anna")
    first, second = await house.sign_in("anna"), await house.sign_in("anna")
    await authenticate.sign_out(house.office.pool, first, house.now)
    assert (await refusal(house.who(first))).code == "unauthorized"
    assert (await house.who(second)).person == "anna"


async def test_a_new_password_ends_every_session_and_challenge(house: House) -> None:
    """Whoever is signed in, or half way, has to begin anew with the new one."""
    await house.hire("anna")
    tokens = [await house.sign_in("anna"), await house.sign_in("anna")]
    half = await house.begin("anna")
    await change(house, "anna", password_of("anna"), password_of("anna 2"))
    for token in tokens:
        assert (await refusal(house.who(token))).code == "unauthorized"
    key = passkey("anna")
    late = house.finish(half, key.public, staff.assertion(key, half.message))
    assert (await refusal(late)).code == "sign_in_refused"
    assert (await refusal(house.begin("anna"))).code == "sign_in_refused"
    assert await house.sign_in("anna", password=password_of("anna 2"))
    assert (await house.kinds("anna"))[-1] == "staff_password_changed"


async def test_a_suspension_ends_everything(house: House) -> None:
    """Sessions, challenges half answered, and the next sign-in."""
    await house.hire("anna")
    token, half = await house.sign_in("anna"), await house.begin("anna")
    async with pools.connected(house.database.access("operator")) as connection:
        for is_first in (True, False):
            done = await suspend.suspend(
                connection,
                Person("anna"),
                by="operator",
                now=house.now,
                random=house.office.random,
            )
            assert done is is_first
    (row,) = await house.rows("SELECT ended_at FROM staff_session")
    assert row["ended_at"] is not None
    assert (await refusal(house.who(token))).code == "unauthorized"
    key = passkey("anna")
    late = house.finish(half, key.public, staff.assertion(key, half.message))
    assert (await refusal(late)).code == "sign_in_refused"
    assert (await refusal(house.begin("anna"))).code == "sign_in_refused"
    assert (await house.kinds("anna"))[-1] == "staff_suspended"


async def change(house: House, name: str, current: str, new: str) -> None:
    """Somebody changes their password."""
    await change_password.change_password(
        house.office, Person(name), current, new, client=staff.CLIENT, now=house.now
    )


async def test_the_last_ten_passwords_do_not_come_back(house: House) -> None:
    """The one in use and the nine before it are refused; the eleventh is forgotten."""
    await house.hire("anna")
    used = [password_of("anna"), *(password_of(f"anna {at}") for at in range(REMEMBERED))]
    for current, new in itertools.pairwise(used):
        house.later(minutes=1)
        await change(house, "anna", current, new)
    house.later(minutes=1)
    for old in (used[-1], used[1]):
        error = await refusal(change(house, "anna", used[-1], old))
        assert isinstance(error, InvalidInput)
        assert "password_reused" in {one.code for one in error.faults}
        house.later(hours=1)
    await change(house, "anna", used[-1], used[0])
    assert len(await house.rows("SELECT 1 FROM staff_password")) == REMEMBERED


async def test_a_change_needs_the_password_in_use(house: House) -> None:
    """A stolen session neither changes the password nor serves to guess it for long."""
    await house.hire("anna")
    codes = [
        (await refusal(change(house, "anna", f"Guess-{at}!xKq97", password_of("x")))).code
        for at in range(7)
    ]
    assert codes[0] == "password_wrong"
    assert codes[-1] == "sign_in_slowed"


async def test_a_weak_password_says_everything_at_once(house: House) -> None:
    """Enrolment lists every fault, and the code stays good for another try."""
    code = await house.invite("anna")
    error = await refusal(house.enrol("anna", code, password="anna"))
    assert isinstance(error, InvalidInput)
    found = {one.code for one in error.faults}
    assert {
        "password_too_short",
        "password_no_upper",
        "password_no_digit",
        "password_login",
    } <= found
    await house.enrol("anna", code)


async def test_a_password_that_became_weak_must_change(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists grow: whoever signs in with what stands on one has to take another."""
    await house.hire("anna")
    monkeypatch.setattr("proxy.services.staff.set_password.must_change", lambda *_: True)
    token = await house.sign_in("anna")
    assert (await house.who(token)).must_change


async def test_hashes_follow_the_cost(house: House) -> None:
    """Who signs in after costs were raised has a costlier hash, of the same password."""
    await house.hire("anna")
    costlier = Argon2Passwords(house.office.random, Cost(memory_kib=128, passes=2))
    try:
        office = house.office
        house.office = type(office)(
            pool=office.pool,
            passwords=costlier,
            factors=office.factors,
            words=office.words,
            random=office.random,
        )
        await house.sign_in("anna")
        (row,) = await house.rows("SELECT hash FROM staff_password")
        assert row["hash"].startswith("$argon2id$v=19$m=128,t=2,p=1$")
        await house.sign_in("anna")
    finally:
        costlier.close()


async def test_a_challenge_ends(house: House) -> None:
    """Three minutes are for a PIN and a touch, not for passing it on."""
    await house.hire("anna")
    asked = await house.begin("anna")
    house.later(minutes=3)
    key = passkey("anna")
    late = house.finish(asked, key.public, staff.assertion(key, asked.message))
    assert (await refusal(late)).code == "sign_in_refused"


async def test_an_invitation_is_used_once_and_ends(house: House) -> None:
    """A code opens one account, once, within three days."""
    code = await house.invite("anna")
    other = await house.invite("ben")
    assert (await refusal(house.enrol("anna", other))).code == "invitation_invalid"
    await house.enrol("anna", code)
    assert (await refusal(house.enrol("anna", code))).code == "invitation_invalid"
    house.later(hours=72)
    assert (await refusal(house.enrol("ben", other))).code == "invitation_invalid"


async def test_two_who_enrol_with_one_code_at_once(house: House) -> None:
    """One of them is enrolled."""
    code = await house.invite("anna")
    results = await asyncio.gather(
        *(house.enrol("anna", code, passkey(f"anna {at}")) for at in range(4)),
        return_exceptions=True,
    )
    assert [one for one in results if one is None] == [None]
    assert len(await house.rows("SELECT 1 FROM staff_key WHERE ended_at IS NULL")) == 1


async def test_enrolment_needs_possession_of_every_key(house: House) -> None:
    """A key that did not sign this very code is not enrolled."""
    code = await house.invite("anna")
    person, own, foreign = Person("anna"), passkey("anna"), passkey("somebody else")
    message = house.office.factors.enrolment(person, code)
    keys = [
        enrol.NewKey(key=own.public, proof=staff.assertion(own, message)),
        enrol.NewKey(key=foreign.public, proof=staff.assertion(own, message)),
    ]
    work = enrol.enrol(house.office, person, code, password_of("anna"), keys, now=house.now)
    assert (await refusal(work)).code == "assertion_credential"
    none = enrol.enrol(house.office, person, code, password_of("anna"), [], now=house.now)
    assert (await refusal(none)).code == "staff_keys"


async def test_a_key_is_one_persons(house: House) -> None:
    """Two people never share a second factor."""
    await house.hire("anna")
    code = await house.invite("ben")
    assert (await refusal(house.enrol("ben", code, passkey("anna")))).code == "key_taken"


async def test_nothing_of_a_sign_in_is_logged_but_the_handle(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log knows who signed in; a handle that was tried may be a password, and is not there."""
    await house.hire("anna")
    await house.sign_in("anna")
    await refusal(house.begin("nobody-known", "Wr0ng-Zk!vRt9"))
    said = capsys.readouterr()
    text = said.out + said.err
    assert "staff_signed_in" in text
    assert "anna" in text
    for secret in ("nobody-known", "Wr0ng", password_of("anna"), "192.0.2"):
        assert secret not in text
