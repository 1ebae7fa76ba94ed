"""Customer search through the API: what a registrar is told, and what nobody else learns."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
import structlog

from proxy.model.identifiers import USUAL_SCOPES, ResellerId, Scope
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from proxy.wire import find_document
from proxy.wire.find_document import Find
from tests.support import api_vault
from tests.support import openings as support
from tests.support.api import body, no_vault
from tests.support.finding import LABEL
from tests.support.registrar_keys import OTHER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.api import Api, Reply
    from tests.support.registrar_keys import Registrar

pytestmark = pytest.mark.db

NAME = "kaveri.example"
MARK = "zqmark"  # in every field of the persons of tests.support.api
EMAIL = "zqmark@people.example"


@dataclass(slots=True)
class Desk:
    """A registrar with a key, customers, and the API before the vault."""

    api: Api
    registrar: Registrar
    carried: list[str]
    """Every frame that the API process saw of the vault."""

    def wanted(self, **changes: Any) -> Find:
        """A search for the customer's address."""
        whole = Find(
            deployment=support.DEPLOYMENT,
            id=uuid4(),
            tenant_id=self.api.tenant,
            reseller=None,
            field="email",
            value=EMAIL,
            limit=100,
            after=None,
            reason="Ticket 17.",
            at=self.api.service.vault.clock.moment,
        )
        return replace(whole, **changes)

    async def post(self, find: Find, by: Registrar | None = None, **call: Any) -> Reply:
        """The call."""
        document = find_document.render(find)
        content = {
            "document": document,
            "signature": (by or self.registrar).sign(document, LABEL),
        }
        return await self.api.call("POST", "/v1/search", content, **call)

    async def names(self, find: Find, **call: Any) -> list[str]:
        """The names found."""
        reply = await self.post(find, **call)
        assert reply.status == 200, reply.content
        return [one["domain"] for one in reply.json["registrations"]]

    async def enrol(self, *names: str, **changes: Any) -> None:
        """Adopted registrations of the same person."""
        for one in names:
            made = await self.api.put(body(one, registry_domain_id=f"D-{one}", **changes))
            assert made.status == 201, made.content
        await self.api.service.rounds.adopt()


@pytest.fixture
async def desk(api: Api) -> Desk:
    """One name of one registrar, whose key is in force."""
    registrar, carried = await api_vault.opened(api)
    made = Desk(api, registrar, carried)
    await made.enrol(NAME)
    return made


def told(reply: Reply) -> tuple[int, Any, set[str]]:
    """An answer without what differs by itself."""
    content = {name: one for name, one in reply.json.items() if name != "entry"}
    return reply.status, content, set(reply.headers)


async def test_a_registrar_finds_all_names_of_a_person(desk: Desk) -> None:
    """With their states and the roles that hold the value, ended ones whose person is kept too."""
    await desk.enrol("second.example", "gone.example")
    await desk.api.call("DELETE", "/v1/registrations/gone.example?reason=transferred_out")
    reply = await desk.post(desk.wanted(value=" ZQMARK@people.example"))
    assert reply.status == 200
    assert set(reply.json) == {"registrations", "next", "entry"}
    assert reply.headers["Cache-Control"] == "no-store"
    found = {one["domain"]: (one["state"], one["roles"]) for one in reply.json["registrations"]}
    both = ["registrant", "admin"]
    assert found == {
        NAME: ("active", both),
        "second.example": ("active", both),
        "gone.example": ("ended", both),
    }
    first = reply.json["registrations"][0]
    shown = (await desk.api.call("GET", f"/v1/registrations/id/{first['id']}")).json
    assert shown["domain"] == first["domain"]
    for said in (reply.content.decode(), *desk.carried):
        assert MARK not in said.lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "+91 (44) 555-50134"),
        ("name", "ZQMARK  person"),
        ("organization", "zqmark house"),
    ],
)
async def test_other_fields_are_searched_as_well(desk: Desk, field: str, value: str) -> None:
    """By telephone, name and organisation, however they are written."""
    assert await desk.names(desk.wanted(field=field, value=value)) == [NAME]
    assert await desk.names(desk.wanted(field=field, value=f"{value} 9x")) == []


async def test_pages_are_walked_by_next(desk: Desk) -> None:
    """Each page is a document of its own; together they hold each name once."""
    names = [f"n{number}.example" for number in range(4)]
    await desk.enrol(*names)
    found, after = [], None
    for _ in range(3):
        reply = await desk.post(desk.wanted(limit=2, after=after))
        found += [one["domain"] for one in reply.json["registrations"]]
        after = None if reply.json["next"] is None else UUID(reply.json["next"])
    assert after is None
    assert sorted(found) == sorted([NAME, *names])


async def test_an_answer_is_given_once(desk: Desk) -> None:
    """Who sees a document pass can not have it answered again."""
    find = desk.wanted()
    assert (await desk.post(find)).status == 200
    again = await desk.post(find)
    assert (again.status, again.json["code"]) == (403, "search_repeated")


async def test_a_key_without_the_scope_finds_nobody(desk: Desk) -> None:
    """The scope is one of its own, and none that keys have by themselves."""
    key = await desk.api.register(scopes=frozenset(Scope) - {Scope.SEARCH})
    reply = await desk.post(desk.wanted(), key=key)
    assert (reply.status, reply.json["code"]) == (403, "scope")
    assert (await desk.post(desk.wanted(), key="")).status == 401
    assert desk.carried == []


def test_no_key_has_the_scope_by_itself() -> None:
    """It is given by name, or not at all."""
    assert Scope.SEARCH not in USUAL_SCOPES


async def test_an_api_key_alone_tests_no_guess(desk: Desk) -> None:
    """Without the registrar's signature a true guess and a wrong one get the same answer."""
    answers = [
        await desk.post(desk.wanted(value=value), OTHER)
        for value in (EMAIL, "nobody@people.example")
    ]
    assert told(answers[0]) == told(answers[1])
    assert (answers[0].status, answers[0].json["code"]) == (403, "search_key")


async def test_another_registrars_customer_is_nobody(desk: Desk) -> None:
    """Who is another's customer is told apart from nobody by nothing."""
    other = await desk.api.other_tenant()
    await replace(desk, api=other).enrol("theirs.example", contacts=elsewhere())
    answers = [
        await desk.post(desk.wanted(value=value))
        for value in ("elsewhere@people.example", "nobody@people.example")
    ]
    assert told(answers[0]) == told(answers[1])
    assert answers[0].json["registrations"] == []
    strange = await desk.post(desk.wanted(tenant_id=other.tenant))
    assert (strange.status, strange.faults) == (422, {"/document": "tenant"})
    unsigned = await desk.post(desk.wanted(tenant_id=other.tenant), key=other.key)
    assert (unsigned.status, unsigned.json["code"]) == (403, "search_key")


def elsewhere() -> dict[str, Any]:
    """Contacts of somebody else."""
    return {"registrant": {"name": "Zqelse Where", "email": "elsewhere@people.example"}}


async def test_a_resellers_key_finds_its_own_names_alone(desk: Desk) -> None:
    """Others' names of the same registrar are not there: in the hits, in pages, in the budget."""
    mine, theirs = ResellerId("mine"), ResellerId("theirs")
    await desk.enrol("a.example", "b.example", reseller=theirs)
    await desk.enrol("mine.example", reseller=mine)
    await desk.enrol("theirs.example", reseller=theirs, contacts=elsewhere())
    key = await desk.api.register(reseller=mine)
    own = desk.wanted(reseller=mine, limit=1)
    reply = await desk.post(own, key=key)
    assert [one["domain"] for one in reply.json["registrations"]] == ["mine.example"]
    assert reply.json["next"] is None
    answers = [
        await desk.post(desk.wanted(reseller=mine, value=value), key=key)
        for value in ("elsewhere@people.example", "nobody@people.example")
    ]
    assert told(answers[0]) == told(answers[1])
    before = len(desk.carried)
    for other in (None, theirs):  # what the registrar signed for itself, or for another
        reply = await desk.post(desk.wanted(reseller=other), key=key)
        assert (reply.status, reply.faults) == (422, {"/document": "reseller"})
    assert len(desk.carried) == before
    # The registrar's own key may ask for everything, or for one reseller.
    assert len(await desk.names(desk.wanted())) == 4
    assert set(await desk.names(desk.wanted(reseller=theirs))) == {"a.example", "b.example"}


async def test_what_the_vault_tells_is_looked_at_once_more(desk: Desk) -> None:
    """An id that is not of the caller's own registrations is left out, whoever names it."""
    other = await desk.api.other_tenant()
    await replace(desk, api=other).enrol("theirs.example")
    await desk.enrol("mine.example", reseller="mine")
    rows = await desk.api.rows("SELECT id FROM registration")
    hits = [{"id": str(row["id"]), "roles": ["registrant"]} for row in rows]

    async def lying(_: object) -> dict[str, Any]:
        return {"done": True, "registrations": hits, "next": None, "entry": str(uuid4())}

    desk.api.door.ask = lying
    assert sorted(await desk.names(desk.wanted())) == [NAME, "mine.example"]
    key = await desk.api.register(reseller=ResellerId("mine"))
    find = desk.wanted(reseller=ResellerId("mine"))
    assert await desk.names(find, key=key) == ["mine.example"]


async def test_a_budget_that_is_used_up_is_too_many_requests(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the time after which to try again."""
    monkeypatch.setitem(grants.BUDGETS, Grant.FIND, Budget(most=1))
    assert (await desk.post(desk.wanted())).status == 200
    reply = await desk.post(desk.wanted())
    assert (reply.status, reply.json["code"]) == (429, "search_budget")
    assert reply.headers["Retry-After"] == "3600"


BAD: list[tuple[Callable[[dict[str, str]], object], int]] = [
    (lambda _: b"", 400),
    (lambda _: b"\xff", 400),
    (lambda good: json.dumps(good)[:-1].encode() + b', "document": "x"}', 400),
    (lambda good: json.dumps(good).replace(MARK, "\\ud800", 1).encode(), 422),
    (lambda _: [], 422),
    (lambda _: {}, 422),
    (lambda good: {**good, "value": EMAIL}, 422),
    (lambda _: {"field": "email", "value": EMAIL, "reason": MARK}, 422),
    (lambda good: {**good, "signature": "AAAA"}, 422),
    (lambda good: {**good, "document": good["document"] + " "}, 422),
    (lambda good: {**good, "document": good["document"].replace(MARK, "\\ud800", 1)}, 422),
    (lambda good: {**good, "document": good["document"].replace('"email"', '"street"')}, 422),
    (lambda good: {**good, "document": good["document"].replace(MARK, MARK * 60)}, 422),
    (lambda good: {**good, "document": "[" * 30_000}, 422),
]


@pytest.mark.parametrize("place", range(len(BAD)))
async def test_bad_bodies_are_refused_by_name(desk: Desk, place: int) -> None:
    """Every one with a code, none with a value of the body, and none asks the vault."""
    make, status = BAD[place]
    document = find_document.render(desk.wanted(reason="Ticket 17: asks."))
    content = make({"document": document, "signature": desk.registrar.sign(document, LABEL)})
    reply = await desk.api.call("POST", "/v1/search", content)
    assert reply.status == status, reply.content
    assert MARK not in reply.content.decode().lower()
    assert desk.carried == []


@pytest.mark.parametrize("value", [" ", "\x00\x1b\u202e", "\ufeff;,"])
async def test_a_value_of_which_nothing_counts_is_refused(desk: Desk, value: str) -> None:
    """As a name it could mean anybody: 422, with a code alone."""
    reply = await desk.post(desk.wanted(field="name", value=value))
    assert (reply.status, reply.json["code"]) == (422, "search_value")


async def test_a_value_in_the_address_is_refused_or_ignored(desk: Desk) -> None:
    """There is no way to search by an address, which proxies write down."""
    for method in ("GET", "PUT", "DELETE"):
        reply = await desk.api.call(method, f"/v1/search?email={EMAIL}")
        assert reply.status == 405
        assert MARK not in reply.content.decode().lower()


async def test_a_host_without_a_vault_says_so(desk: Desk) -> None:
    """503, and the same document may be sent again."""
    find, opened = desk.wanted(), desk.api.door.ask
    desk.api.door.ask = no_vault
    assert (await desk.post(find)).status == 503
    desk.api.door.ask = opened
    assert (await desk.post(find)).status == 200


async def test_nothing_of_a_search_is_kept(desk: Desk) -> None:
    """Neither value nor reason stands in a table, a log or an answer, whatever headers say."""
    mark = f"zq{uuid4().hex}"
    value, reason = f"{mark}@people.example", f"Ticket of {mark}."
    person = {"registrant": {"name": f"{mark} Person", "email": value}}
    await desk.enrol("marked.example", contacts=person)
    with structlog.testing.capture_logs() as logs:
        replies = [
            await desk.post(find, by, Idempotency_Key=mark[:20])
            for find, by in (
                (desk.wanted(value=value, reason=reason), None),
                (desk.wanted(value=value, reason=reason), OTHER),
                (desk.wanted(value=f"{mark}\x07", reason=reason, field="phone"), None),
            )
        ]
    assert [one.status for one in replies] == [200, 403, 200]
    assert len(replies[0].json["registrations"]) == 1
    said = [*(one.content.decode() for one in replies), str(logs), *desk.carried]
    tables = await desk.api.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 20
    for table in tables:
        rows = await desk.api.rows(f"SELECT * FROM {table['tablename']}")  # noqa: S608 - the catalogue's names
        said += [str(dict(row)) for row in rows]
    assert [one for one in said if mark in one.lower() or mark.encode().hex() in one] == []
    assert support.holds(desk.api.service, mark) == []
