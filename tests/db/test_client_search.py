"""Customer searches by the client: every page signed anew, by a key that it never sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.client import registrar, searching
from proxy.client.calling import Access
from proxy.client.searching import Wanted
from proxy.errors import InvalidInput, RateLimited, Refused, Unavailable
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from proxy.wire import frames
from tests.support import api_vault
from tests.support.api import body
from tests.support.openings import DEPLOYMENT, entries
from tests.support.registrar_keys import OTHER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.client.registrar import Client
    from proxy.wire.frames import Answer, Request
    from tests.support.api import Api
    from tests.support.registrar_keys import Registrar

pytestmark = pytest.mark.db

EMAIL = "zqmark@people.example"
NAMES = [f"n{number}.example" for number in range(5)]


@pytest.fixture
async def key(api: Api) -> Registrar:
    """The registrar's key in force, and five names of one person."""
    made, _ = await api_vault.opened(api)
    opened = api.door.ask
    roster = {"deployment": DEPLOYMENT, "current": None, "waiting": None, "rosters": ()}

    async def ask(request: Request) -> Answer:
        return roster if isinstance(request, frames.ShowRoster) else await opened(request)

    api.door.ask = ask
    for one in NAMES:
        await api.put(body(one, registry_domain_id=f"D-{one}"))
    await api.service.rounds.adopt()
    return made


@pytest.fixture
async def client(api: Api, key: Registrar) -> AsyncIterator[Client]:
    """The client of the registrar."""
    assert key.tenant_id == api.tenant
    access = Access(url=str(api.client.make_url("/")), key=api.key, longest_wait_s=0.01)
    async with registrar.connected(access) as made:
        yield made


async def names(api: Api, client: Client, key: Registrar, wanted: Wanted) -> list[str]:
    """The names found, by a registrar who signs at this moment."""
    clock = api.service.vault.clock
    return [
        one.domain
        async for one in searching.found(client, wanted, sign=key.sign_message, now=clock.now)
    ]


@pytest.mark.parametrize("limit", [1, 2, 5, 200])
async def test_every_name_is_found_once(
    api: Api, client: Client, key: Registrar, limit: int
) -> None:
    """Whatever the size of a page; the value is not in the repr of what was asked."""
    wanted = Wanted(field="email", value=EMAIL, reason="Ticket 17.", limit=limit)
    assert sorted(await names(api, client, key, wanted)) == NAMES
    assert "zqmark" not in repr(wanted)


async def test_nobody_is_an_empty_list(api: Api, client: Client, key: Registrar) -> None:
    """A value that none of the registrar's names holds is no error."""
    wanted = Wanted(field="name", value="Nobody At All", reason="Ticket 17.")
    assert await names(api, client, key, wanted) == []


async def test_a_lost_answer_is_asked_for_by_another_document(
    api: Api, client: Client, key: Registrar
) -> None:
    """An answer that got lost on its way has used its document up: another one is signed."""
    opened, lost = api.door.ask, list[bool]()

    async def losing(request: Request) -> Answer:
        answer = await opened(request)
        if isinstance(request, frames.Find) and not lost:
            lost.append(True)
            raise Unavailable("vault")
        return answer

    api.door.ask = losing
    wanted = Wanted(field="email", value=EMAIL, reason="Ticket 17.")
    assert sorted(await names(api, client, key, wanted)) == NAMES
    kinds = [one["facts"].get("grant") for one in entries(api.service)]
    assert (lost, kinds.count("find")) == ([True], 2)


async def test_refusals_come_as_they_are(
    api: Api, client: Client, key: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that is not in force, a value of which nothing counts, a budget that is spent."""
    wanted = Wanted(field="email", value=EMAIL, reason="Ticket 17.")
    with pytest.raises(Refused, match="search_key"):
        await names(api, client, OTHER, wanted)
    with pytest.raises(InvalidInput, match="search_value"):
        await names(api, client, key, Wanted(field="phone", value="none", reason="Ticket 17."))
    monkeypatch.setitem(grants.BUDGETS, Grant.FIND, Budget(most=1))
    with pytest.raises(RateLimited, match="search_budget"):
        await names(api, client, key, Wanted(field="email", value=EMAIL, reason="x", limit=1))
