"""A reseller's key sees and touches its own names alone: anything else is a name not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.model.identifiers import DomainName, RegistrationId, ResellerId, TenantId
from proxy.model.publication import Instruction, InstructionId
from proxy.model.roster import DeploymentId
from proxy.wire import publish_document, read_back_document
from tests.support import publishing
from tests.support.api import body
from tests.support.vault import START

if TYPE_CHECKING:
    from tests.support.api import Api, Reply

pytestmark = pytest.mark.db

MINE, THEIRS = ResellerId("other"), ResellerId("webworks")
NOTHING = "00000000-0000-7000-8000-000000000000"
# No names: what anybody may read, and what approvers' own signatures open.
OPEN = ("/openapi.json", "/v1/orders", "/v1/rosters", "/v1/account")
# Calls whose path names no registration: what of them a reseller's key sees has a test by its side.
UNNAMED = {
    "/v1/registrations": "test_a_list_holds_a_resellers_names_alone",
    "/v1/imports": "test_anothers_name_can_not_be_enrolled_or_taken",
    "/v1/events": "test_events.py",
    "/v1/public-records": "test_public_records.py",
    "/v1/search": "test_api_search.py",
}
OF_NOBODY = read_back_document.Asked(
    deployment=DeploymentId("00" * 16),
    id=UUID(NOTHING),
    tenant_id=TenantId(UUID(NOTHING)),
    registration_id=RegistrationId(UUID(NOTHING)),
    revision=1,
    domain=DomainName("nobody.example"),
    fields=("registrant.email",),
    ground=read_back_document.Ground.CUSTOMER,
    reason="Ticket 17.",
    at=START,
)
PUBLISHES_NOBODY = Instruction(
    deployment=DeploymentId("00" * 16),
    id=InstructionId(UUID(NOTHING)),
    tenant_id=TenantId(UUID(NOTHING)),
    registration_id=RegistrationId(UUID(NOTHING)),
    revision=1,
    domain=DomainName("nobody.example"),
    consents=(publishing.consent("registrant.email"),),
    at=START,
)
BODIES: dict[str, tuple[object, str]] = {
    "PUT": (body(), "application/json"),
    "PATCH": ({"customer_ref": "x"}, "application/merge-patch+json"),
    "POST /v1/registrations/{domain}/read-back": (
        # well formed, and of another registrar: what is there, test_api_read_back.py asks for
        {"document": read_back_document.render(OF_NOBODY), "signature": "A" * 86 + "=="},
        "application/json",
    ),
    "POST /v1/registrations/{domain}/publish": (
        {"document": publish_document.render(PUBLISHES_NOBODY), "signature": "A" * 86 + "=="},
        "application/json",
    ),
}


def told(reply: Reply) -> tuple[int, Any, set[str]]:
    """An answer without what differs by itself."""
    return reply.status, reply.json if reply.content else None, set(reply.headers)


def first_name(page: Any) -> str:
    """The first name of a page."""
    return str(page["registrations"][0]["domain"])


def routes(api: Api) -> list[tuple[str, str]]:
    """Every call of the API that names a registration."""
    return sorted(
        (route.method, route.resource.canonical)
        for route in api.client.app.router.routes()
        if route.resource is not None
        and "{" in route.resource.canonical
        and not route.resource.canonical.startswith(OPEN)
        and route.method != "HEAD"
    )


def test_a_call_without_a_name_is_looked_at_by_itself(api: Api) -> None:
    """A route that the walk below does not see is on the list of those that have their own test."""
    found = {
        route.resource.canonical
        for route in api.client.app.router.routes()
        if route.resource is not None
        and "{" not in route.resource.canonical
        and not route.resource.canonical.startswith(OPEN)
    }
    assert found == set(UNNAMED)


async def test_every_route_answers_alike_for_anothers_name_and_for_none(api: Api) -> None:
    """Another reseller's, the registrar's own, and an unknown name: each call answers the same."""
    theirs = (await api.put(body("theirs.example", reseller=THEIRS))).json["id"]
    own = (await api.put(body("own.example", registry_domain_id="D1-EXAMPLE"))).json["id"]
    operation = (await api.load([body("third.example", registry_domain_id="D2-X")])).json["id"]
    key = await api.register(reseller=MINE)
    before = await api.rows("SELECT id, revision, state FROM registration ORDER BY id")
    found = routes(api)
    assert {method for method, _ in found} >= {"GET", "PUT", "DELETE"}
    for method, route in found:
        if method == "PUT":
            continue  # a name that is not there may be enrolled: see below
        content, kind = BODIES.get(
            f"{method} {route}", BODIES.get(method, (None, "application/json"))
        )
        query = "?reason=error" if method == "DELETE" else ""
        answers = []
        targets = (("theirs.example", theirs), ("own.example", own), ("none.example", NOTHING))
        for domain, one in targets:
            path = route.replace("{domain}", domain)
            is_operation = "operations" in route and one != NOTHING
            path = path.replace("{id}", operation if is_operation else one)
            answers.append(
                told(await api.call(method, path + query, content, key=key, Content_Type=kind))
            )
        assert answers[0] == answers[1] == answers[2], (method, route)
        assert answers[0][0] in {404, 422}, (method, route)
    assert await api.rows("SELECT id, revision, state FROM registration ORDER BY id") == before


@pytest.mark.parametrize("changes", [{"mode": "hidden"}, {"reseller": "webworks"}, {"x": 1}])
async def test_what_an_unknown_name_is_refused_for_anothers_is_as_well(
    api: Api, changes: dict[str, object]
) -> None:
    """Bodies and preconditions that no unknown name meets tell nothing of what is there."""
    theirs = (await api.put(body("theirs.example", reseller=THEIRS))).json
    key = await api.register(reseller=MINE)
    for headers in ({}, {"If_Match": "*"}, {"If_Match": f'"{theirs["id"]}.1"'}):
        answers = [
            told(
                await api.call(
                    "PUT", f"/v1/registrations/{name}", body(name, **changes), key=key, **headers
                )
            )
            for name in ("theirs.example", "none.example")
        ]
        assert answers[0] == answers[1]
    tag = f'"{theirs["id"]}.1"'
    answers = [
        told(await api.call("PUT", f"/v1/registrations/{name}", body(name), key=key, If_Match=tag))
        for name in ("theirs.example", "none.example")
    ]
    assert answers[0] == answers[1]


async def test_anothers_name_can_not_be_enrolled_or_taken(api: Api) -> None:
    """PUT and an import line give not_found, and the name stays as it was."""
    first = (await api.put(body("theirs.example", reseller=THEIRS))).json
    key = await api.register(reseller=MINE)
    path = "/v1/registrations/theirs.example"
    for changes in ({}, {"replaces": first["id"]}, {"holder_change": True}):
        reply = await api.call("PUT", path, body("theirs.example", **changes), key=key)
        assert (reply.status, reply.json["code"]) == (404, "not_found")
    reply = await api.call("PUT", path, body("theirs.example", reseller=THEIRS), key=key)
    assert reply.faults == {"/reseller": "other_reseller"}
    same = api.key
    api.key = key
    loaded = await api.load([body("theirs.example"), body("fresh.example")])
    state = (await api.call("GET", f"/v1/operations/{loaded.json['id']}")).json
    errors = (await api.call("GET", state["errors_url"])).json["problems"]
    api.key = same
    assert [(one["line"], one["code"]) for one in errors] == [(1, "not_found")]
    assert state["absent"] == 0  # and nobody else's names are counted
    kept = (await api.call("GET", path)).json
    assert (kept["revision"], kept["reseller"]) == (1, THEIRS)


async def test_an_operation_is_its_resellers_and_the_registrars(api: Api) -> None:
    """Another reseller neither reads it nor its failed lines, nor takes it up."""
    mine = await api.register(reseller=MINE)
    theirs = await api.register(reseller=THEIRS)
    own, api.key = api.key, theirs
    loaded = (await api.load([body("a.example"), b"{"])).json["id"]
    for key, status in ((theirs, 200), (own, 200), (mine, 404)):
        for path in (f"/v1/operations/{loaded}", f"/v1/operations/{loaded}/errors"):
            assert (await api.call("GET", path, key=key)).status == status
    await api.rows("UPDATE operation SET state = 'failed', reason = 'interrupted' RETURNING id")
    for key in (mine, own):
        api.key = key
        reply = await api.load([body("b.example")], id=loaded, after_line="2")
        assert (reply.status, reply.json["code"]) == (409, "not_interrupted")
    api.key = theirs
    assert (await api.load([body("b.example")], id=loaded, after_line="2")).status == 202


async def test_an_idempotency_key_is_its_resellers(api: Api) -> None:
    """The same key of another reseller meets no answer that is not its own."""
    keys = [await api.register(reseller=one) for one in (MINE, THEIRS)]
    for number, key in enumerate(keys):
        name = f"n{number}.example"
        reply = await api.call(
            "PUT", f"/v1/registrations/{name}", body(name), key=key, Idempotency_Key="same"
        )
        assert (reply.status, reply.json["domain"]) == (201, name)


async def test_a_list_holds_a_resellers_names_alone(api: Api) -> None:
    """Also with a cursor that another key was given, and after they ended."""
    for number in range(4):
        whose = {"reseller": (MINE, THEIRS)[number % 2]}
        await api.put(body(f"n{number}.example", registry_domain_id=f"D{number}-X", **whose))
    await api.call("DELETE", "/v1/registrations/n1.example?reason=error")
    key = await api.register(reseller=MINE)
    first = (await api.call("GET", "/v1/registrations?limit=1")).json
    cursor = first["next_cursor"]
    mine = {"n0.example", "n2.example"}
    for query, expected in (("", mine), (f"?cursor={cursor}", mine - {first_name(first)})):
        page = (await api.call("GET", f"/v1/registrations{query}", key=key)).json
        assert {one["domain"] for one in page["registrations"]} == expected
        assert page["next_cursor"] is None
