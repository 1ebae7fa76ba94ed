"""Read-back through the API: what a registrar gets, and what nobody else learns."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from proxy.model.identifiers import DomainName, RegistrationId, ResellerId, Scope
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from proxy.wire import read_back_document
from proxy.wire.read_back_document import Asked, Ground
from tests.support import api_vault
from tests.support import openings as support
from tests.support.api import body, no_vault
from tests.support.registrar_keys import OTHER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.api import Api, Reply
    from tests.support.registrar_keys import Registrar

pytestmark = pytest.mark.db

NAME = "kaveri.example"
MARK = "zqmark"  # in every field of the persons of tests.support.api


@dataclass(slots=True)
class Desk:
    """A registrar with a key, a customer, and the API before the vault."""

    api: Api
    registrar: Registrar
    registration: UUID
    carried: list[str]
    """Every frame that the API process saw of the vault."""

    def asked(self, domain: str = NAME, **changes: Any) -> Asked:
        """A request about the customer."""
        whole = Asked(
            deployment=support.DEPLOYMENT,
            id=uuid4(),
            tenant_id=self.api.tenant,
            registration_id=RegistrationId(self.registration),
            revision=1,
            domain=DomainName(domain),
            fields=("registrant.email", "registrant.name"),
            ground=Ground.CUSTOMER,
            reason="Ticket 17.",
            at=self.api.service.vault.clock.moment,
        )
        return replace(whole, **changes)

    async def post(
        self, asked: Asked, by: Registrar | None = None, *, path: str = "", **call: Any
    ) -> Reply:
        """The call; `path` where the name in it is another."""
        document = read_back_document.render(asked)
        content = {"document": document, "signature": (by or self.registrar).sign(document)}
        where = f"/v1/registrations/{path or asked.domain}/read-back"
        return await self.api.call("POST", where, content, **call)


@pytest.fixture
async def desk(api: Api) -> Desk:
    """One name of one registrar, whose key is in force."""
    registrar, carried = await api_vault.opened(api)
    made = await api.put(body(NAME))
    await api.service.rounds.adopt()
    return Desk(api, registrar, UUID(made.json["id"]), carried)


def told(reply: Reply) -> tuple[int, Any, set[str]]:
    """An answer without what differs by itself."""
    return reply.status, reply.json, set(reply.headers)


async def test_a_registrar_reads_back_its_customer(desk: Desk) -> None:
    """Sealed to its key all the way: what the API process carried names nobody."""
    asked = desk.asked()
    reply = await desk.post(asked)
    assert reply.status == 200
    assert set(reply.json) == {"sealed", "signature", "entry"}
    assert reply.headers["Cache-Control"] == "no-store"
    found = desk.registrar.open(read_back_document.render(asked), reply.json["sealed"])
    assert found["fields"] == {
        "registrant.email": "zqmark@people.example",
        "registrant.name": "Zqmark Person",
    }
    for said in (reply.content.decode(), *desk.carried):
        assert MARK not in said.lower()
    again = await desk.post(asked)
    assert (again.status, again.json["code"]) == (403, "read_back_repeated")


async def test_a_key_without_the_scope_reads_nobody_back(desk: Desk) -> None:
    """The scope is one of its own, and none that keys have by themselves."""
    key = await desk.api.register(scopes=frozenset(Scope) - {Scope.READ_BACK})
    reply = await desk.post(desk.asked(), key=key)
    assert (reply.status, reply.json["code"]) == (403, "scope")
    assert (await desk.post(desk.asked(), key="")).status == 401
    assert desk.carried == []


async def test_what_is_not_theirs_looks_like_what_is_not_there(desk: Desk) -> None:
    """Another tenant, whatever it signs and names, is told what it is told of any name."""
    other = await desk.api.other_tenant()
    theirs = replace(desk, api=other, registrar=replace(OTHER, tenant_id=other.tenant))
    answers = [
        await theirs.post(theirs.asked(name, **changes), by)
        for name in (NAME, "none.example")
        for by in (theirs.registrar, desk.registrar)
        for changes in ({}, {"registration_id": uuid4()})
    ]
    assert {str(told(one)) for one in answers} == {str(told(answers[0]))}
    assert (answers[0].status, answers[0].json["code"]) == (404, "not_found")
    assert desk.carried == []
    strange = [
        await theirs.post(theirs.asked(name, tenant_id=desk.api.tenant), desk.registrar)
        for name in (NAME, "none.example")
    ]
    assert told(strange[0]) == told(strange[1])
    assert strange[0].faults == {"/document": "tenant"}


async def test_a_reseller_reads_back_its_own_alone(desk: Desk) -> None:
    """The names of others under the same registrar are not there for its key."""
    api, mine, theirs = desk.api, ResellerId("mine"), ResellerId("theirs")
    made = {
        reseller: UUID((await api.put(body(f"{reseller}.example", reseller=reseller))).json["id"])
        for reseller in (mine, theirs)
    }
    await api.service.rounds.adopt()
    key = await api.register(reseller=mine)
    own = replace(desk, registration=made[mine])
    assert (await own.post(own.asked("mine.example"), key=key)).status == 200
    answers = [
        await one.post(one.asked(name), key=key)
        for one, name in (
            (replace(desk, registration=made[theirs]), "theirs.example"),
            (desk, NAME),
            (desk, "none.example"),
        )
    ]
    assert told(answers[0]) == told(answers[1]) == told(answers[2])
    assert answers[0].status == 404


async def test_a_signature_that_is_not_the_registrars_is_refused(desk: Desk) -> None:
    """The API key alone reads nobody: with it in hand, and every name, there is no answer."""
    reply = await desk.post(desk.asked(), OTHER)
    assert (reply.status, reply.json["code"]) == (403, "read_back_key")
    assert (await desk.post(desk.asked())).status == 200


@pytest.mark.parametrize(
    ("path", "changes", "fault"),
    [
        ("other.example", {}, "domain_name"),
        ("", {"tenant_id": uuid4()}, "tenant"),
    ],
)
async def test_a_document_of_another_call_is_refused(
    desk: Desk, path: str, changes: dict[str, Any], fault: str
) -> None:
    """What was signed for one name or registrar is of no use with another."""
    reply = await desk.post(desk.asked(**changes), path=path)
    assert (reply.status, reply.faults) == (422, {"/document": fault})
    assert desk.carried == []


async def test_what_has_changed_is_looked_at_again(desk: Desk) -> None:
    """Another revision, or another registration under the name, is a conflict; nothing is spent."""
    for changes in ({"revision": 2}, {"registration_id": uuid4()}):
        reply = await desk.post(desk.asked(**changes))
        assert (reply.status, reply.json["code"]) == (409, "registration_changed")
    await desk.api.put(body(NAME, statuses=["clientHold"]))
    asked = desk.asked(revision=2)
    assert (await desk.post(asked)).status == 200
    await desk.api.call("DELETE", f"/v1/registrations/{NAME}?reason=transferred_out")
    assert (await desk.post(desk.asked(revision=2))).status == 404


async def test_a_budget_that_is_used_up_is_too_many_requests(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the time after which to try again."""
    monkeypatch.setitem(grants.BUDGETS, Grant.READ_BACK, Budget(most=1))
    assert (await desk.post(desk.asked())).status == 200
    reply = await desk.post(desk.asked())
    assert (reply.status, reply.json["code"]) == (429, "read_back_budget")
    assert reply.headers["Retry-After"] == "3600"


BAD: list[tuple[Callable[[dict[str, str]], object], int]] = [
    (lambda _: b"", 400),
    (lambda _: b"\xff", 400),
    (lambda _: b"[" * 50_000, 400),
    (lambda good: json.dumps(good)[:-1].encode() + b', "document": "x"}', 400),
    (lambda _: [], 422),
    (lambda _: {}, 422),
    (lambda good: {**good, "more": "x"}, 422),
    (lambda good: {**good, "signature": "AAAA"}, 422),
    (lambda good: {**good, "signature": "-" * 88}, 422),
    (lambda good: {**good, "signature": good["signature"] + "\n"}, 422),
    (lambda good: {**good, "signature": 7}, 422),
    (lambda good: {**good, "document": good["document"] + " "}, 422),
    (lambda good: {**good, "document": "{}"}, 422),
    (lambda good: {**good, "document": "x" * 60_000}, 422),
]


@pytest.mark.parametrize("place", range(len(BAD)))
async def test_bad_bodies_are_refused_by_name(desk: Desk, place: int) -> None:
    """Every one with a code, none with a value of the body, and none asks the vault."""
    make, status = BAD[place]
    document = read_back_document.render(desk.asked(reason=f"{MARK} asks."))
    content = make({"document": document, "signature": desk.registrar.sign(document)})
    reply = await desk.api.call("POST", f"/v1/registrations/{NAME}/read-back", content)
    assert reply.status == status
    assert MARK not in reply.content.decode().lower()
    assert desk.carried == []


async def test_a_host_without_a_vault_says_so(desk: Desk, api: Api) -> None:
    """503, and the same request may be sent again."""
    asked, opened = desk.asked(), api.door.ask

    api.door.ask = no_vault
    assert (await desk.post(asked)).status == 503
    api.door.ask = opened
    assert (await desk.post(asked)).status == 200


async def test_the_document_says_what_is_taken(api: Api) -> None:
    """The OpenAPI document has the call with its body and its answer."""
    paths = json.loads((await api.call("GET", "/openapi.json")).content)["paths"]
    call = paths["/v1/registrations/{domain}/read-back"]["post"]
    assert "ReadBackRequest" in str(call["requestBody"])
    assert "ReadBackAnswer" in str(call["responses"]["200"])
