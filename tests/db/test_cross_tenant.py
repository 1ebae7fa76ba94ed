"""A name of another tenant is a name not there: the same answer, for the same work.

How long an answer takes tells as much as its words. What takes the time is the work: the
statements that PostgreSQL is given, and what the vault is asked. Those are compared, not clocks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from proxy.errors import Unavailable
from proxy.model.identifiers import DomainName, RegistrationId, ResellerId
from proxy.wire import read_back_document
from tests.db.test_reseller_scope import BODIES, NOTHING, OF_NOBODY, routes
from tests.support import work
from tests.support.api import body

if TYPE_CHECKING:
    from proxy.wire.frames import Answer, Request
    from tests.support.api import Api

pytestmark = pytest.mark.db

ROUTE = "/v1/registrations/{domain}"
READ_BACK = "POST /v1/registrations/{domain}/read-back"
VARIANTS: tuple[dict[str, str], ...] = (
    {},
    {"If_Match": "*"},
    {"If_Match": f'"{NOTHING}.1"'},
    {"If_None_Match": "*"},
    {"Idempotency_Key": "k"},
)
"""Headers by which a call may go another way."""


@dataclass(frozen=True, slots=True)
class Target:
    """Something that a caller may ask for."""

    domain: str
    id: str
    operation: str


@dataclass(slots=True)
class Told:
    """All that an answer is, and what was done for it."""

    status: int
    content: bytes
    headers: dict[str, str]
    statements: list[str]
    asked: int  # of the vault


async def ask(
    api: Api, asks: list[Request], call: tuple[str, str], target: Target, headers: dict[str, str]
) -> Told:
    """One call."""
    method, route = call
    content, kind = BODIES.get(f"{method} {route}", BODIES.get(method, (None, "application/json")))
    if method == "PUT":
        content = body(target.domain)
    if f"{method} {route}" == READ_BACK:  # well formed for this caller: the name alone decides
        document = read_back_document.render(
            replace(
                OF_NOBODY,
                id=uuid4(),
                tenant_id=api.tenant,
                domain=DomainName(target.domain),
                registration_id=RegistrationId(UUID(target.id)),
            )
        )
        content = {"document": document, "signature": "A" * 86 + "=="}
    path = route.replace("{domain}", target.domain)
    path = path.replace("{id}", target.operation if "operations" in route else target.id)
    query = "?reason=error" if method == "DELETE" else ""
    given = dict(headers)
    if "Idempotency_Key" in given:
        given["Idempotency_Key"] = str(uuid4())
    before = len(asks)
    async with work.statements(api.office.pool) as told:
        reply = await api.call(method, path + query, content, Content_Type=kind, **given)
    kept = {name: value for name, value in reply.headers.items() if name != "Date"}
    return Told(reply.status, reply.content, kept, told, len(asks) - before)


def alike(answers: list[Told], where: object) -> None:
    """Every answer is the first one, to the octet and to the statement."""
    for one in answers[1:]:
        assert one == answers[0], where
    assert answers[0].status in {404, 412, 415, 422}, where


@pytest.fixture
def asks(api: Api) -> list[Request]:
    """What the vault is asked."""
    seen: list[Request] = []

    async def note(request: Request) -> Answer:
        seen.append(request)
        raise Unavailable("vault")

    api.door.ask = note
    return seen


async def targets(api: Api, owner: Api, *names: tuple[str, str | None]) -> list[Target]:
    """Names that `owner` holds, and operations of it; the last target is nowhere."""
    found = []
    for place, (name, reseller) in enumerate(names):
        key = owner.key if reseller is None else await owner.register(reseller=ResellerId(reseller))
        holder = replace(owner, key=key)
        kept = (await holder.put(body(name, registry_domain_id=f"D{place}-X"))).json["id"]
        operation = (await holder.load([body(f"o{name}", registry_domain_id=f"O{place}-X")])).json
        found.append(Target(name, kept, operation["id"]))
    assert api.client is owner.client
    return [*found, Target("n0ne.example", NOTHING, NOTHING)]


async def test_what_another_registrar_holds_is_not_there(api: Api, asks: list[Request]) -> None:
    """Every call but PUT, by name, id and operation: answer, headers, statements, vault."""
    other = await api.other_tenant()
    found = await targets(api, other, ("live.example", None), ("gone.example", None))
    await other.call("DELETE", "/v1/registrations/gone.example?reason=error")
    await api.call("GET", "/v1/account")  # the key is known from here on
    for method, route in routes(api):
        for headers in VARIANTS:
            if method == "PUT":
                continue  # a name may be enrolled, whoever else holds it: see below
            answers = [await ask(api, asks, (method, route), one, headers) for one in found]
            alike(answers, (method, route, headers))
            assert not answers[0].asked


async def test_what_another_reseller_holds_is_not_there(api: Api, asks: list[Request]) -> None:
    """The same for a reseller's key: another reseller's, the registrar's own, and nobody's."""
    key = await api.register(reseller=ResellerId("mine"))
    found = await targets(api, api, ("live.example", "theirs"), ("own1.example", None))
    mine = replace(api, key=key)
    await mine.call("GET", "/v1/account")
    for method, route in routes(api):
        for headers in VARIANTS:
            if method == "PUT":
                continue
            answers = [await ask(mine, asks, (method, route), one, headers) for one in found]
            alike(answers, (method, route, headers))
            assert not answers[0].asked


async def test_a_put_that_is_refused_is_refused_alike(api: Api, asks: list[Request]) -> None:
    """What no new name meets is refused for another registrar's name at the same work."""
    other = await api.other_tenant()
    found = await targets(api, other, ("live.example", None))
    await api.call("GET", "/v1/account")
    for headers in ({"If_Match": "*"}, {"If_Match": f'"{found[0].id}.1"'}):
        answers = [await ask(api, asks, ("PUT", ROUTE), one, headers) for one in found]
        alike(answers, headers)


async def test_the_work_of_a_call_is_seen(api: Api) -> None:
    """The measure measures: a name that is there takes other statements than one that is not."""
    await api.put(body("mine.example"))
    told = []
    for name in ("mine.example", "none.example"):
        async with work.statements(api.office.pool) as statements:
            await api.call("GET", f"/v1/registrations/{name}/status")
        told.append(statements)
    assert told[1]
    assert len(told[0]) > len(told[1])
