"""Staff's sign-in over HTTP and from the command line, on the real web role."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import make_mocked_request

from proxy.apps.staff_access import Reception
from proxy.errors import InvalidInput, Refused
from proxy.model.case import ActorKind
from proxy.model.roster import Person, StaffRole
from proxy.run import enrolling
from proxy.run import staff as composition
from proxy.vault import staff_factors
from tests.support import staff
from tests.support import web as webs
from tests.support.passkey import url
from tests.support.staff import CHEAP, passkey, password_of
from tests.support.vault import StillClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.passkey import Passkey
    from tests.support.staff import House
    from tests.support.web import Web

pytestmark = pytest.mark.db
HOST = "127.0.0.1"


@pytest_asyncio.fixture
async def web(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    """The web role, with cheap hashes; its base address is not what clients connect to."""
    cheap = composition.reception
    monkeypatch.setattr(
        composition, "reception", lambda process, pool, admit: cheap(process, pool, admit, CHEAP)
    )
    monkeypatch.setattr(enrolling, "operator_access", lambda _: database.access("operator"))
    async with webs.serving(tmp_path, database, web_base_url=f"http://{HOST}") as made:
        yield made


@pytest_asyncio.fixture
async def house(database: Database) -> AsyncIterator[House]:
    """An office beside it, for looking inside."""
    async with staff.house(database) as made:
        yield made


async def post(web: Web, path: str, body: object, token: str = "") -> tuple[int, dict[str, Any]]:
    """Status and object of one request."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with web.session.post(f"{web.origin}{path}", data=data, headers=headers) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        return answer.status, await answer.json(content_type=None)


def octets(text: str) -> bytes:
    """What base64url stands for."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def here(key: Passkey, message: bytes) -> str:
    """An assertion made on the page of this web role."""
    return staff.assertion(key, message, site=HOST, origin=f"http://{HOST}")


async def test_a_passkey_signs_in_over_http(web: Web, house: House) -> None:
    """What a page does: enrol, ask for a challenge, answer it, use the token."""
    code = await house.invite("anna")
    person, key = Person("anna"), passkey("anna")
    message = staff_factors.enrolment(HOST, person, code)
    enrolment = {
        "person": "anna",
        "code": code,
        "password": password_of("anna"),
        "keys": [
            {
                "kind": "webauthn",
                "public": url(key.spki),
                "credential": key.credential,
                "proof": here(key, message),
            }
        ],
    }
    assert await post(web, "/staff/enrol", enrolment) == (200, {})
    status, asked = await post(
        web, "/staff/sign-in", {"person": "anna", "password": password_of("anna")}
    )
    assert status == 200
    assert asked["keys"] == [
        {"id": key.public.id, "kind": "webauthn", "credential": key.credential}
    ]
    nonce = octets(asked["nonce"])
    assert asked["message"] == url(staff_factors.sign_in(HOST, person, nonce))
    signature = here(key, octets(asked["message"]))
    answer = {"attempt": asked["attempt"], "key": key.public.id, "signature": signature}
    status, opened = await post(web, "/staff/sign-in/second", answer)
    assert status == 200
    assert (opened["person"], opened["level"]) == ("anna", "passkey")
    assert await post(web, "/staff/sign-in/second", answer) == (
        403,
        {
            "type": "about:blank",
            "title": "Not allowed",
            "status": 403,
            "code": "sign_in_refused",
            "detail": "The handle, the password or the key is not right, or the account is not"
            " active.",
        },
    )
    status, refused = await post(web, "/staff/recoveries", {"person": "ben"}, opened["session"])
    assert (status, refused["code"]) == (403, "staff_not_administrator")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/staff/sign-in", {"person": "anna", "password": 7}),
        ("/staff/sign-in", {"person": "anna", "password": "MarkedSecret1!", "more": 1}),
        ("/staff/sign-in", {"person": "anna"}),
        ("/staff/sign-in", [1]),
        ("/staff/sign-in", b"{" * 1000),
        ("/staff/sign-in", b'\xff\xfe{"person":"anna"}'),
        (
            "/staff/enrol",
            {"person": "anna", "code": "x", "password": "y", "keys": [{"kind": "rsa"}]},
        ),
        ("/staff/sign-in/second", {"attempt": "x" * 600, "key": "k", "signature": "s"}),
    ],
)
async def test_bodies_that_are_wrong_are_refused_without_a_value(
    web: Web, path: str, body: object
) -> None:
    """What does not read as it should gets one sentence that repeats nothing."""
    status, refused = await post(web, path, body)
    assert (status, refused["code"]) == (400, "json")
    assert "MarkedSecret" not in json.dumps(refused)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [{"kind": "ssh-ed25519", "public": "x", "proof": "y"}],
        [{"kind": "webauthn", "public": "AAAA", "credential": "AA", "proof": "{}"}],
    ],
)
async def test_keys_that_are_none_are_not_enrolled(web: Web, keys: list[dict[str, str]]) -> None:
    """A key must be one, and sign."""
    body = {"person": "anna", "code": "x" * 43, "password": password_of("x"), "keys": keys}
    status, refused = await post(web, "/staff/enrol", body)
    assert status == 422
    assert refused["code"] in {"staff_keys", "key_malformed"}


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer  x", f"Bearer {'a' * 43}"])
async def test_who_is_not_signed_in_is_told_so(web: Web, header: str) -> None:
    """401 with what to send; a token that was never given is no other case."""
    async with web.session.get(
        f"{web.origin}/staff/session", headers={"Authorization": header}
    ) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await answer.json(content_type=None))["code"] == "unauthorized"


async def test_slowed_down_over_http(web: Web, house: House) -> None:
    """429 with the seconds to wait, for whoever goes on failing."""
    await house.hire("anna")
    for _ in range(5):
        await post(web, "/staff/sign-in", {"person": "anna", "password": "x"})
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"person": "anna", "password": password_of("anna")})
    async with web.session.post(
        f"{web.origin}/staff/sign-in", data=body, headers=headers
    ) as answer:
        assert answer.status == 429
        assert int(answer.headers["Retry-After"]) >= 1


async def test_a_host_header_moves_nothing(web: Web, house: House) -> None:
    """What is signed is for the configured site, whatever host a request claims."""
    await house.hire("anna")
    headers = {"Content-Type": "application/json", "Host": "evil.example"}
    body = json.dumps({"person": "anna", "password": password_of("anna")})
    async with web.session.post(
        f"{web.origin}/staff/sign-in", data=body, headers=headers
    ) as answer:
        assert (await answer.json())["site"] == HOST


async def test_authentication_of_other_rooms(house: House) -> None:
    """A session gives an actor with roles; administrators and weak passwords are refused."""
    reception = Reception(
        office=house.office,
        clock=StillClock(house.now),
        client=lambda _: "x",
        admit=lambda _: None,
    )
    await house.hire("anna", "handler")
    await house.hire("adam", "administrator")

    async def actor(token: str) -> Any:
        request = make_mocked_request("GET", "/", {"Authorization": f"Bearer {token}"})
        return await reception.authenticate(request)

    found = await actor(await house.sign_in("anna"))
    assert (found.kind, found.person) == (ActorKind.STAFF, "anna")
    assert found.roles == {StaffRole.HANDLER}
    with pytest.raises(Refused, match="staff_no_role"):
        await actor(await house.sign_in("adam"))
    token = await house.sign_in("anna")
    await house.rows("UPDATE staff_session SET must_change = true")
    with pytest.raises(Refused, match="password_must_change"):
        await actor(token)
    with pytest.raises(InvalidInput, match="unauthorized"):
        await actor("a" * 43)
