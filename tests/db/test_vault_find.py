"""What a registrar's signed search gets of the vault: ids of its own registrations, and a leaf."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import structlog

from proxy.errors import Refused
from proxy.model.identifiers import ResellerId, Role
from proxy.store import pool as pools
from tests.support import finding, read_back
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.finding import found, request, signed, wanted
from tests.support.openings import ask, code, entries
from tests.support.read_back import THEIRS, their_customer
from tests.support.registrar_keys import OTHER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.read_back import Site

pytestmark = pytest.mark.db

REGISTRANT = ["registrant", "admin"]  # who is referred to by another role holds it in both


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A registrar with a key in force and one customer."""
    async with read_back.opened(tmp_path, database) as made:
        yield made


@pytest.mark.parametrize(
    ("field", "value", "roles"),
    [
        ("email", "  MARLENE@Registrant.example ", REGISTRANT),
        ("email", "marlene@tech.example", ["tech", "billing"]),
        ("phone", "+41 (44) 555-01 00", REGISTRANT),
        ("name", "marlene  GRÖSSE", REGISTRANT),
        ("name", "marlene Gro\u0308ße", REGISTRANT),
        ("organization", "Marlene, Söhne", REGISTRANT),
    ],
)
async def test_all_names_of_a_person_are_found(
    site: Site, field: str, value: str, roles: list[str]
) -> None:
    """By any field, however it is written, with the roles that hold it; others' are not there."""
    nobody = vaults.contacts("nobody")
    person = replace(nobody.given[Role.REGISTRANT], phone="+41.445550199")
    second = vaults.to_seal()
    stranger = replace(
        vaults.to_seal(), contacts=replace(nobody, given={Role.REGISTRANT: person}, same_as={})
    )
    await support.enrol(site.service, second, stranger)
    ids = sorted(str(one.registration_id) for one in (site.item, second))
    assert await found(site, field=field, value=value) == dict.fromkeys(ids, roles)


async def test_every_state_that_holds_a_person_is_found(site: Site) -> None:
    """Active, claimed, ending, and ended ones whose contacts are kept; then erased, no more."""
    items = {state: vaults.to_seal() for state in ("active", "claimed", "ending")}
    for state, item in items.items():
        await site.service.enrol(item, state="claimed" if state == "claimed" else "active")
    await site.service.administrate(
        "UPDATE registration SET state = 'ending', end_reason = 'left_service' WHERE id = $1",
        items["ending"].registration_id,
    )
    await site.service.rounds.adopt()
    await site.service.end(site.item, "transferred_out")
    ended = str(site.item.registration_id)
    living = {str(one.registration_id) for one in items.values()}
    assert set(await found(site)) == living | {ended}
    await site.service.later(days=541)
    await site.service.rounds.shred()
    assert set(await found(site)) == living


async def test_former_contacts_are_not_found(site: Site) -> None:
    """The newest contacts count: who sold a name is no part of it any more."""
    newer = vaults.to_seal(2, "newer", site.item.registration_id)
    await site.service.enrol(newer)
    assert str(site.item.registration_id) in await found(site)  # until the new ones are adopted
    await site.service.rounds.adopt()
    assert await found(site) == {}
    assert len(await found(site, value="newer@registrant.example")) == 1
    assert support.alarms(site.service) == 0


async def test_pages_give_each_name_once(site: Site) -> None:
    """Whatever the limit, pages end, and together hold everything in the order of ids."""
    items = [site.item, *(vaults.to_seal() for _ in range(4))]
    await support.enrol(site.service, *items[1:])
    everything = sorted(str(one.registration_id) for one in items)
    for limit in (1, 2, 4, 5, 6):
        told: list[str] = []
        after, pages = None, 0
        while pages == 0 or after is not None:
            answer = await ask(site.room, request(site, limit=limit, after=after))
            told += [one["id"] for one in answer["registrations"]]
            after, pages = answer["next"] and UUID(answer["next"]), pages + 1
        assert told == everything
        assert pages == -(-len(items) // limit)


async def test_a_forged_row_at_the_end_of_a_page_stops_nothing(site: Site) -> None:
    """What is left out does not end the pages before the true hits behind it."""
    others = [vaults.to_seal() for _ in range(3)]
    await support.enrol(site.service, *others)
    first, second = sorted((site.item, *others), key=lambda one: one.registration_id.bytes)[:2]
    await site.service.administrate(
        "UPDATE sealed_record SET record = record || 'x' WHERE registration_id = ANY($1::uuid[])",
        [first.registration_id, second.registration_id],
    )
    answer = await ask(site.room, request(site, limit=2))
    assert answer["registrations"] == []
    rest = await found(site, limit=2, after=UUID(answer["next"]))
    assert len(rest) == 2
    assert support.alarms(site.service) == 2


async def test_a_resellers_search_is_of_its_names_alone(site: Site) -> None:
    """Neither ids, nor where a page ends, nor the leaf tell that others of the registrar hit."""
    items = [vaults.to_seal() for _ in range(4)]
    await support.enrol(site.service, *items)
    mine = items[2]
    for one in items:
        await finding.resold(site, one.registration_id, "mine" if one is mine else "theirs")
    reseller = ResellerId("mine")
    answer = await ask(site.room, request(site, reseller=reseller, limit=1))
    assert [one["id"] for one in answer["registrations"]] == [str(mine.registration_id)]
    assert answer["next"] is None
    assert entries(site.service)[-1]["facts"]["hits"] == 1
    assert await found(site, reseller=ResellerId("nobody")) == {}
    assert len(await found(site)) == 5


async def test_anothers_customer_is_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One answer, the same queries and nothing opened, whether or not another registrar has it."""
    theirs = replace(await their_customer(site), contacts=vaults.contacts("elsewhere"))
    theirs = replace(theirs, registration_id=vaults.to_seal().registration_id)
    await support.enrol(site.service, theirs)
    queries: list[str] = []
    opened: list[object] = []
    fetch = asyncpg.Connection.fetch

    async def counted(self: Any, query: str, *given: Any, **more: Any) -> Any:
        queries.append(query)
        return await fetch(self, query, *given, **more)

    monkeypatch.setattr(asyncpg.Connection, "fetch", counted)
    monkeypatch.setattr("proxy.vault.openings.VaultOpenings.contacts", opened.append)
    told = []
    for value in ("elsewhere@registrant.example", "nobody@registrant.example"):
        queries.clear()
        answer = await ask(site.room, request(site, value=value))
        entry = entries(site.service)[-1]["facts"]
        told.append(
            (
                {name: one for name, one in answer.items() if name != "entry"},
                {name: one for name, one in entry.items() if name != "request"},
                tuple(queries),
            )
        )
    assert told[0] == told[1]
    assert told[0][0] == {"done": True, "registrations": [], "next": None}
    assert len(told[0][2]) == 2
    assert opened == []
    monkeypatch.undo()
    there = await found(
        site, THEIRS, tenant_id=THEIRS.tenant_id, value="elsewhere@registrant.example"
    )
    assert set(there) == {str(theirs.registration_id)}


async def test_tokens_copied_across_registrars_tell_nothing(site: Site) -> None:
    """Who writes the index can not have one registrar find another's customer."""
    theirs = await their_customer(site)
    (row,) = await site.service.administrate(
        "SELECT tokens FROM blind_index WHERE tenant_id = $1", vaults.TENANT
    )
    await site.service.administrate(
        "UPDATE blind_index SET tokens = $2 WHERE tenant_id = $1", theirs.tenant_id, row["tokens"]
    )
    assert set(await found(site)) == {str(site.item.registration_id)}
    for value in ("marlene@registrant.example", "theirs@registrant.example"):
        assert await found(site, THEIRS, tenant_id=THEIRS.tenant_id, value=value) == {}
    assert support.alarms(site.service) == 0  # their row was never a hit


async def test_a_forged_index_accuses_nobody(site: Site) -> None:
    """A token put into another customer's row is found out, alarmed and not told."""
    innocent = vaults.to_seal(mark="innocent")
    await support.enrol(site.service, innocent)
    await site.service.administrate(
        """UPDATE blind_index SET tokens = (SELECT tokens FROM blind_index
           WHERE registration_id <> $1) WHERE registration_id = $1""",
        innocent.registration_id,
    )
    with structlog.testing.capture_logs() as logs:
        assert set(await found(site)) == {str(site.item.registration_id)}
    assert [(one["event"], one["grant"], one["reason"]) for one in logs] == [
        ("vault_row_refused", "find", "token_forged")
    ]
    assert support.alarms(site.service) == 1


async def test_the_leaf_says_what_by_which_key_and_how_many(site: Site) -> None:
    """The entry holds the field, the reason's hash and the number; never the value."""
    await support.enrol(site.service, vaults.to_seal())
    before = len(entries(site.service))
    find = wanted(site)
    answer = await ask(site.room, signed(find))
    (entry,) = entries(site.service)[before:]
    assert (entry["id"], entry["kind"], entry["tenant"]) == (
        answer["entry"],
        "searched",
        str(vaults.TENANT),
    )
    kept = site.office.service.vault.walls.orders.find(site.order.id)
    assert entry["facts"] == {
        "grant": "find",
        "caller": "api",
        "field": "email",
        "reason_sha256": hashlib.sha256(find.reason.encode()).hexdigest(),
        "request": str(find.id),
        "key_order": kept.sha256,
        "hits": 2,
    }


async def test_the_leaf_is_durable_before_a_hit_is_opened(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vault that dies while it confirms hits has the entry already."""

    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("proxy.vault.openings.VaultOpenings.confirm", dying)
    with pytest.raises(KeyboardInterrupt):
        await ask(site.room, request(site))
    (entry,) = [one for one in entries(site.service) if one["kind"] == "searched"]
    assert entry["facts"]["hits"] == 1


async def test_nothing_is_searched_while_the_ledger_disagrees(site: Site) -> None:
    """A search that could not become a visible leaf does not happen."""
    site.service.rooms.ledger_trust.recount_fault = Refused("ledger_disagrees")
    assert await code(site.room, request(site)) == "ledger_disagrees"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("name", " ,;- ", "search_value"),
        ("phone", "none", "search_value"),
        ("email", "\u00a0\n", "search_value"),
        ("organization", "\x00\x1b[;\x7f", "search_value"),
        ("email", "v" * 321, "document_malformed"),
        ("email", "", "document_malformed"),
    ],
)
async def test_values_out_of_form_are_refused_and_use_nothing_up(
    site: Site, field: str, value: str, reason: str
) -> None:
    """A value of which nothing counts finds nobody by mistake, and costs no budget."""
    one = request(site, field=field, value=value)
    before = len(entries(site.service))
    for _ in range(2):  # the second time it is still not known as answered
        assert await code(site.room, one) == reason
    assert len(entries(site.service)) == before


async def test_no_value_stands_in_answers_logs_or_state(site: Site) -> None:
    """Neither the value, the persons nor the reason are kept, logged, or told."""
    mark, reason = f"mark{uuid4().hex}", f"reason{uuid4().hex}"
    await support.enrol(site.service, vaults.to_seal(mark=mark), vaults.to_seal(mark=mark))
    await site.service.administrate(
        "UPDATE sealed_record SET record = record || 'x' WHERE ctid IN"
        " (SELECT ctid FROM sealed_record WHERE class = 'identity' ORDER BY ctid DESC LIMIT 1)"
    )
    find = wanted(site, value=f"{mark}@registrant.example", reason=reason)
    with structlog.testing.capture_logs() as logs:
        answer = await ask(site.room, signed(find))
        again = await support.refusal(site.room, signed(find))
        forged = await support.refusal(site.room, signed(find, OTHER))
    assert len(answer["registrations"]) == 1
    for said in (str(answer), again.detail, str(again), str(forged), str(logs), repr(find)):
        assert mark not in said
        assert reason not in said
    assert support.holds(site.service, mark, reason) == []
    async with pools.connected(site.service.database.superuser()) as connection:
        kept = await connection.fetch("SELECT facts::text AS facts FROM ledger_entry")
    assert not any(mark in row["facts"] or reason in row["facts"] for row in kept)
