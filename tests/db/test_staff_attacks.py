"""What attackers of staff's sign-in try, each with as much in hand as they could have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import pytest_asyncio

from proxy.errors import ProxyError, Refused
from proxy.model.roster import Person
from proxy.model.staff import StaffState
from proxy.services.staff import change_roles, invite, recover, sign_in
from proxy.services.staff.office import kept
from proxy.store import pool as pools
from proxy.store import staff as store
from proxy.store.pool import BrokenConstraint
from proxy.vault import staff_factors, statements
from tests.support import staff
from tests.support.passkey import PRESENT, VERIFIED, as_json, url
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


async def test_a_challenge_is_not_answered_twice(house: House) -> None:
    """Whoever saw a whole sign-in pass by can not repeat it."""
    asked, key = await house.begin("anna"), passkey("anna")
    answer = staff.assertion(key, asked.message)
    await house.finish(asked, key.public, answer)
    assert await refusal(house.finish(asked, key.public, answer)) == "sign_in_refused"
    again = await house.begin("anna")
    assert await refusal(house.finish(again, key.public, answer)) == "assertion_challenge"


async def test_a_wrong_answer_uses_the_challenge_up(house: House) -> None:
    """A second try with the right key begins with the password again."""
    asked, key = await house.begin("anna"), passkey("anna")
    wrong = staff.assertion(key, asked.message[::-1])
    assert await refusal(house.finish(asked, key.public, wrong)) == "assertion_challenge"
    right = staff.assertion(key, asked.message)
    assert await refusal(house.finish(asked, key.public, right)) == "sign_in_refused"


async def test_one_challenge_raced_gives_one_session(house: House) -> None:
    """Two who answer at once are one."""
    asked, key = await house.begin("anna"), passkey("anna")
    answer = staff.assertion(key, asked.message)
    results = await asyncio.gather(
        *(house.finish(asked, key.public, answer) for _ in range(6)), return_exceptions=True
    )
    assert sum(isinstance(one, sign_in.Opened) for one in results) == 1
    assert len(await house.rows("SELECT 1 FROM staff_session")) == 1


async def test_another_persons_key_does_not_answer(house: House) -> None:
    """Somebody of staff who knows a colleague's password does not become the colleague."""
    key = ssh_key("ben")
    asked = await house.begin("anna")
    answer = staff.sshsig(key, asked.message)
    assert await refusal(house.finish(asked, key.public, answer)) == "sign_in_refused"
    asked = await house.begin("anna")
    named = house.finish(asked, passkey("anna").public, answer)
    assert await refusal(named) == "assertion_malformed"


async def test_a_key_of_nobody_does_not_answer(house: House) -> None:
    """A passkey made for the occasion, under the credential of the true one, is refused."""
    asked, forged = await house.begin("anna"), passkey("a stranger")
    made = forged.assertion(
        asked.message,
        rp_id=staff.SITE,
        members={"origin": staff.BASE_URL},
        credential=passkey("anna").credential,
    )
    work = house.finish(asked, passkey("anna").public, as_json(made))
    assert await refusal(work) == "assertion_invalid"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"site": "evil.example"}, "assertion_rp"),
        ({"site": "privacy.example"}, "assertion_rp"),
        ({"origin": "https://evil.example"}, "assertion_origin"),
        ({"origin": f"http://{staff.SITE}"}, "assertion_origin"),
        ({"origin": f"https://{staff.SITE}.evil.example"}, "assertion_origin"),
        ({"origin": f"https://{staff.SITE}:444"}, "assertion_origin"),
        ({"flags": PRESENT}, "assertion_verification"),
        ({"flags": VERIFIED}, "assertion_presence"),
    ],
)
async def test_a_passkey_holds_for_this_site_and_a_verified_user(
    house: House, changes: dict[str, str | int], code: str
) -> None:
    """Another relying party, another origin, or a mere touch does not sign anybody in."""
    asked, key = await house.begin("anna"), passkey("anna")
    answer = staff.assertion(key, asked.message, **changes)  # type: ignore[arg-type]  # by name
    assert await refusal(house.finish(asked, key.public, answer)) == code


async def test_a_signature_for_something_else_does_not_sign_in(house: House) -> None:
    """A vote's namespace, git's, or another site's message: none is a sign-in."""
    key = ssh_key("ben")
    for namespace in ("approval@privacyproxy", "git", "file"):
        asked = await house.begin("ben")
        work = house.finish(asked, key.public, staff.sshsig(key, asked.message, namespace))
        assert await refusal(work) == "signature_namespace"
        house.later(hours=1)
    asked = await house.begin("ben")
    relayed = staff_factors.sign_in("evil.example", Person("ben"), asked.nonce)
    work = house.finish(asked, key.public, staff.sshsig(key, relayed))
    assert await refusal(work) == "signature_invalid"


async def test_what_signs_in_is_never_a_vote(house: House) -> None:
    """The message of a sign-in is a digest under a label that no vote has."""
    asked = await house.begin("anna")
    sha256 = asked.nonce
    assert asked.message not in {
        statements.approval(sha256, asked.nonce),
        statements.objection(sha256),
    }
    assert asked.message == staff_factors.sign_in(staff.SITE, Person("anna"), asked.nonce)
    assert asked.message != staff_factors.sign_in(staff.SITE, Person("ben"), asked.nonce)
    assert asked.message != staff_factors.enrolment(staff.SITE, Person("anna"), asked.attempt)


async def test_a_stronger_factor_is_not_traded_for_a_weaker_one(house: House) -> None:
    """Who has a passkey alone can not be signed in by a key, an attempt or the password again."""
    asked = await house.begin("anna")
    for weaker in (asked.attempt, url(asked.nonce), password_of("anna")):
        assert await refusal(house.who(weaker)) == "unauthorized"
    stranger = ssh_key("a stranger")
    answer = staff.sshsig(stranger, asked.message)
    assert await refusal(house.finish(asked, stranger.public, answer)) == "sign_in_refused"
    # Nothing but an invitation enrols a key, and there is none.
    assert await refusal(house.enrol("anna", "a" * 43, stranger)) == "invitation_invalid"


async def test_nobody_plants_a_session(house: House) -> None:
    """Every token is made at the moment both factors are known, and none is given in."""
    asked, key = await house.begin("anna"), passkey("anna")
    before = await house.rows("SELECT 1 FROM staff_session")
    opened = await house.finish(asked, key.public, staff.assertion(key, asked.message))
    assert before == []
    assert opened.token != asked.attempt
    assert opened.token not in repr(opened)
    assert opened.token != await house.sign_in("anna")


async def test_a_key_that_was_ended_meanwhile_does_not_answer(house: House) -> None:
    """A recovery between password and key ends the sign-in."""
    asked, key = await house.begin("anna"), passkey("anna")
    await house.rows("UPDATE staff_key SET ended_at = now() WHERE person = 'anna'")
    answer = staff.assertion(key, asked.message)
    assert await refusal(house.finish(asked, key.public, answer)) == "sign_in_refused"


async def test_a_key_that_ends_while_it_is_checked_opens_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check of a signature and the session, a recovery still comes first."""
    asked, key = await house.begin("anna"), passkey("anna")
    ended = asyncio.Event()
    open_session = sign_in._open

    async def late(*words: Any) -> sign_in.Opened:
        await house.rows("UPDATE staff_key SET ended_at = now() WHERE person = 'anna'")
        ended.set()
        return await open_session(*words)

    monkeypatch.setattr(sign_in, "_open", late)
    answer = staff.assertion(key, asked.message)
    assert await refusal(house.finish(asked, key.public, answer)) == "sign_in_refused"
    assert ended.is_set()


async def test_the_operators_login_takes_no_account_over(house: House) -> None:
    """It reads no secret, makes nobody active, and opens no account that was in use."""
    forbidden = [
        "SELECT hash FROM staff_password",
        "SELECT public FROM staff_key",
        "SELECT token_sha256 FROM staff_session",
        "SELECT code_sha256 FROM staff_invitation",
        "UPDATE staff SET enrolled_at = NULL",
        "INSERT INTO staff_recovery (id, person) VALUES (gen_random_uuid(), 'anna')",
        "INSERT INTO staff_password (person, number, set_at, hash) VALUES ('anna', 9, now(), 'x')",
    ]
    async with pools.connected(house.database.access("operator")) as connection:
        for statement in forbidden:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        with pytest.raises(BrokenConstraint):
            await store.set_state(connection, Person("anna"), StaffState.INVITED)
        await store.set_state(connection, Person("anna"), StaffState.SUSPENDED)
        with pytest.raises(BrokenConstraint):
            await store.set_state(connection, Person("anna"), StaffState.ACTIVE)
        work = invite.invite_again(
            connection, Person("anna"), now=house.now, random=house.office.random
        )
        assert await refusal(work) == "staff_enrolled"
        await store.invite(
            connection, Person("anna"), kept("planted"), now=house.now,
            expires_at=house.now.replace(year=2030),
        )  # fmt: skip
    assert await refusal(house.enrol("anna", "planted")) == "invitation_invalid"


async def test_a_planted_code_does_not_open_a_recovered_account(house: House) -> None:
    """While somebody waits to enrol anew, the operator's code is not the administrators'."""
    for name in ("adam", "eve"):
        await house.hire(name, "administrator")
    admins = [await house.who(await house.sign_in(name)) for name in ("adam", "eve")]
    recovery = await recover.begin(house.office, admins[0], Person("anna"), house.now)
    made = await recover.approve(house.office, admins[1], recovery, house.now)
    async with pools.connected(house.database.access("operator")) as connection:
        await connection.execute(
            "INSERT INTO staff_invitation (code_sha256, person, made_at, expires_at)"
            " VALUES ($1, 'anna', $2, $2::timestamptz + interval '1 day')",
            kept("planted"),
            house.now,
        )
    assert await refusal(house.enrol("anna", "planted", passkey("x"))) == "invitation_invalid"
    await house.enrol("anna", made.code, passkey("new"), password=password_of("new"))


async def test_the_web_login_makes_no_staff(house: House) -> None:
    """A web process in somebody's hands adds nobody and gives nobody a role."""
    async with pools.connected(house.database.access("web")) as connection:
        for statement in (
            "INSERT INTO staff (person, roles, state) VALUES ('eve', '{decider}', 'invited')",
            "UPDATE staff SET roles = '{decider,legal}' WHERE person = 'anna'",
            "DELETE FROM staff",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ((), "staff_roles_none"),
        (("administrator", "auditor"), "staff_administrator_alone"),
        (("administrator", "handler"), "staff_administrator_alone"),
        (("king",), "staff_role_unknown"),
    ],
)
async def test_duties_are_kept_apart(house: House, roles: tuple[str, ...], code: str) -> None:
    """Who manages access neither acts on cases nor audits them (AC-5), by rule and by schema."""
    async with pools.connected(house.database.access("operator")) as connection:
        for work in (
            invite.invite(
                connection, Person("new"), frozenset(roles), now=house.now,
                random=house.office.random,
            ),
            change_roles.change_roles(
                connection, Person("anna"), frozenset(roles), now=house.now,
                random=house.office.random,
            ),
        ):  # fmt: skip
            assert await refusal(work) == code
        if "administrator" in roles or not roles:
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(
                    "UPDATE staff SET roles = $1 WHERE person = 'anna'", list(roles)
                )


async def test_other_roles_count_from_the_next_request_on(house: House) -> None:
    """A session does not carry the roles of when it was opened."""
    token = await house.sign_in("anna")
    async with pools.connected(house.database.access("operator")) as connection:
        await change_roles.change_roles(
            connection, Person("anna"), frozenset({"auditor"}), now=house.now,
            random=house.office.random,
        )  # fmt: skip
    assert (await house.who(token)).roles == {"auditor"}
    assert (await house.kinds("anna"))[-1] == "staff_roles_changed"


async def test_huge_parameters_in_a_row_are_not_followed(house: House) -> None:
    """Whoever writes a hash with gigabytes of work does not stop the web role."""
    await house.rows(
        "UPDATE staff_password SET hash = regexp_replace(hash, 'm=\\d+', 'm=9999999')"
        " WHERE person = 'anna'"
    )
    with pytest.raises(Refused):
        await house.begin("anna")


@pytest.mark.parametrize("person", ["operator", "timer", "system", "registrant", "administrator"])
async def test_handles_of_others_are_nobodys(house: House, person: str) -> None:
    """Events and orders name the operator, timers and parties so: nobody of staff is called it."""
    from proxy.model import staff as model  # noqa: PLC0415 - the name is taken above

    assert model.parse_person(person) is None
    assert model.parse_person("anna") == "anna"
    assert model.parse_person("Anna") is None
