"""Accounts over HTTP: passwords, suspension, recovery by two; every other one is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from tests.support import case_http
from tests.support.staff import password_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_http import Answer, Desk
    from tests.support.database import Database

pytestmark = pytest.mark.db
SUSPEND: Final = "/staff/people/anna/suspension"
MANAGING: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("/staff/recoveries", {"person": "anna"}),
    (f"/staff/recoveries/{case_http.NOBODY}/approvals", {}),
    (SUSPEND, {}),
)


@pytest.fixture
async def desk(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """The staff API with anna, a handler, and two administrators."""
    async with case_http.serving(tmp_path, database, monkeypatch) as made:
        await made.house.hire("anna", "handler")
        for name in ("adam", "eve"):
            await made.house.hire(name, "administrator")
        yield made


async def by(desk: Desk, name: str, path: str, body: object = None) -> Answer:
    """A POST by somebody who signs in for it."""
    token = await desk.house.sign_in(name)
    return await desk.post("", path, body, Authorization=f"Bearer {token}")


async def test_accounts_are_managed_by_administrators_alone(desk: Desk) -> None:
    """Every role of casework is refused, nobody without a session gets in, nothing changes."""
    before = await desk.house.rows("SELECT person, state, roles FROM staff ORDER BY person")
    for path, body in MANAGING:
        assert (await desk.post("", path, body)).code == "unauthorized"
        for role in ("handler", "legal", "director", "auditor"):
            answer = await desk.post(role, path, body)
            assert answer.status in {403, 404}, (role, path, answer)
            assert answer.code in {"staff_not_administrator", "recovery_unknown"}
        for method in ("GET", "PUT", "DELETE"):
            assert (await desk.call("handler", method, path)).status == 405
    hired = {"handler", "legal", "director", "auditor"}
    after = await desk.house.rows("SELECT person, state, roles FROM staff ORDER BY person")
    assert [row for row in after if row["person"] not in hired] == before
    assert await desk.house.rows("SELECT FROM staff_recovery") == []


async def test_a_suspension_ends_every_session(desk: Desk) -> None:
    """By one administrator, of somebody else; a second time changes nothing."""
    token = await desk.house.sign_in("anna")
    for _ in range(2):
        assert (await by(desk, "adam", SUSPEND)).status == 200
    gone = await desk.call("", "GET", "/staff/session", Authorization=f"Bearer {token}")
    assert gone.status == 401
    assert (await by(desk, "adam", "/staff/people/adam/suspension")).code == "staff_own_account"
    for handle in ("nobody-here", "Erika%20Mustermann", "system", "%00"):
        answer = await by(desk, "adam", f"/staff/people/{handle}/suspension")
        assert (answer.status, answer.code) == (404, "staff_unknown"), handle


async def test_a_recovery_takes_two_administrators(desk: Desk) -> None:
    """One begins, the other agrees and is shown the code once; neither for themselves."""
    assert (await by(desk, "adam", "/staff/recoveries", {"person": "adam"})).status == 403
    assert (await by(desk, "adam", "/staff/recoveries", {"person": "who"})).status == 404
    made = await by(desk, "adam", "/staff/recoveries", {"person": "anna"})
    assert made.status == 200, made
    path = f"/staff/recoveries/{made.body['id']}/approvals"
    assert (await by(desk, "adam", path)).code == "staff_recovery_second"
    agreed = await by(desk, "eve", path)
    assert (agreed.status, agreed.body["person"]) == (200, "anna")
    again = await by(desk, "eve", path)
    assert (again.status, again.code) == (404, "recovery_unknown")
    code = agreed.body["code"]
    assert code not in json.dumps(again.body)
    found = await desk.house.rows("SELECT r::text AS row FROM staff_recovery r")
    assert all(code not in row["row"] for row in found)
    await desk.house.enrol("anna", code, password=password_of("anna again"))
    assert await desk.house.sign_in("anna", password=password_of("anna again"))


@pytest.mark.parametrize(
    ("new", "rule"),
    [
        ("Short1!", "too_short"),
        ("alllowercase-7-letters", "no_upper"),
        ("ALLUPPERCASE-7-LETTERS", "no_lower"),
        ("No-Digit-In-Here-At-All", "no_digit"),
        ("NoSymbolInHere7AtAll", "no_symbol"),
        ("Xanna-7-Trombones-Fly", "login"),
        ("Qwertyuiop-7-Gzx", "keyboard"),
        ("Rv!1987-03-14-Kbq", "birth_date"),
    ],
)
async def test_a_password_that_breaks_a_rule_stays_the_old_one(
    desk: Desk, new: str, rule: str
) -> None:
    """The rules that it breaks are named, the password is not; the session goes on."""
    token = await desk.house.sign_in("anna")
    body = {"current": password_of("anna"), "new": new}
    answer = await desk.post("", "/staff/password", body, Authorization=f"Bearer {token}")
    assert (answer.status, answer.code) == (422, "password_weak"), (rule, answer)
    assert f"password_{rule}" in {one["code"] for one in answer.body["errors"]}
    assert new not in json.dumps(answer.body)
    assert (await desk.house.who(token)).person == "anna"


async def test_another_password_ends_every_session(desk: Desk) -> None:
    """With the password in use alone; afterwards the old one and every token are worth nothing."""
    token = await desk.house.sign_in("anna")
    other = await desk.house.sign_in("anna")
    new = password_of("anna next")
    wrong = {"current": password_of("ben"), "new": new}
    answer = await desk.post("", "/staff/password", wrong, Authorization=f"Bearer {token}")
    assert (answer.status, answer.code) == (403, "password_wrong")
    right = {"current": password_of("anna"), "new": new}
    answer = await desk.post("", "/staff/password", right, Authorization=f"Bearer {token}")
    assert (answer.status, answer.body) == (200, {})
    for one in (token, other):
        gone = await desk.call("", "GET", "/staff/session", Authorization=f"Bearer {one}")
        assert gone.status == 401
    assert await desk.house.sign_in("anna", password=new)
    (row,) = await desk.house.rows(
        "SELECT hash FROM staff_password WHERE person = 'anna' ORDER BY set_at DESC LIMIT 1"
    )
    assert row["hash"].startswith("$argon2id$v=19$")
