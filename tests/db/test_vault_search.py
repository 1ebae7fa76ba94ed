"""What a signed search gets of the vault: ids of one tenant's registrations, and a leaf."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import structlog

from proxy.errors import Refused
from proxy.model.identifiers import Role
from proxy.model.roster import StaffRole
from proxy.run import vault_search
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from proxy.wire import frames, search_document
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.openings import Desk, ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.wire.search_document import Search
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


def message(document: str) -> bytes:
    """What is signed, as FORMAT.md has it."""
    digest = hashlib.sha256(document.encode()).digest()
    return hashlib.sha256(b"pp-search-v1" + digest).digest()


def of(document: str, person: str = "ada") -> frames.Search:
    """The request, signed as tests.support.openings.Desk reads it."""
    signature = message(document).hex()
    return frames.Search(
        document=document,
        signature=frames.Signature(person=person, key="SHA256:key", signature=signature),
    )


def asked(person: str = "ada", **changes: Any) -> frames.Search:
    """A search of one's own."""
    return of(search_document.render(support.search(**changes)), person)


async def hits(service: Service, **changes: Any) -> list[str]:
    """The registrations found."""
    answer = await ask(support.openings(service), asked(**changes))
    assert set(answer) == {"done", "registrations", "more"}
    found: list[str] = answer["registrations"]
    return found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "MARLENE@Registrant.example"),
        ("email", "marlene@tech.example"),
        ("phone", "+41 44 555 01 00"),
        ("name", "marlene  GRÖSSE"),
        ("organization", "marlene & söhne"),
    ],
)
async def test_registrations_that_share_a_value_are_found(
    service: Service, field: str, value: str
) -> None:
    """By any indexed field of any contact, however it is written; others are not."""
    other = vaults.contacts("nobody")
    person = replace(other.given[Role.REGISTRANT], phone="+41.445550199")
    items = [
        vaults.to_seal(),
        vaults.to_seal(),
        replace(vaults.to_seal(), contacts=replace(other, given={Role.REGISTRANT: person})),
    ]
    await support.enrol(service, *items)
    wanted = sorted(str(one.registration_id) for one in items[:2])
    assert await hits(service, field=field, value=value) == wanted


async def test_a_field_is_not_another(service: Service) -> None:
    """An e-mail address looked for as a name finds nobody."""
    await support.enrol(service, vaults.to_seal())
    assert await hits(service, field="name", value="marlene@registrant.example") == []


async def test_another_tenants_data_is_not_told(service: Service) -> None:
    """The same person at another registrar is not found, nor by a token copied across."""
    other = await support.add_tenant(service)
    mine, theirs = vaults.to_seal(mark="mine"), replace(vaults.to_seal(), tenant_id=other)
    await support.enrol(service, mine, theirs)
    assert await hits(service) == []
    assert await hits(service, tenant_id=other) == [str(theirs.registration_id)]
    assert await hits(service, tenant_id=vaults.TENANT, value="nobody@nowhere.example") == []
    assert await hits(service, tenant_id=uuid4()) == []
    await service.administrate(
        """UPDATE blind_index SET tokens = (SELECT tokens FROM blind_index WHERE tenant_id = $1)
           WHERE tenant_id <> $1""",
        other,
    )
    assert await hits(service) == []


async def test_only_so_many_are_told_and_that_there_are_more(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer holds at most HITS ids and says whether it is all."""
    items = [vaults.to_seal() for _ in range(3)]
    await support.enrol(service, *items)
    assert (await ask(support.openings(service), asked()))["more"] is False
    monkeypatch.setattr(vault_search, "HITS", 2)
    answer = await ask(support.openings(service), asked())
    assert (len(answer["registrations"]), answer["more"]) == (2, True)
    monkeypatch.setattr(vault_search, "HITS", 3)
    assert (await ask(support.openings(service), asked()))["more"] is False


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        (
            """UPDATE blind_index SET tokens = (SELECT tokens FROM blind_index
               WHERE registration_id <> $1) WHERE registration_id = $1""",
            "token_forged",
        ),
        (
            """UPDATE blind_index SET version = 9, tokens = (SELECT tokens FROM blind_index
               WHERE registration_id <> $1) WHERE registration_id = $1""",
            "record_missing",
        ),
        (
            """WITH a AS (UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
               FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id <> $1
               AND a.class = b.class)
               UPDATE blind_index SET tokens = (SELECT tokens FROM blind_index
               WHERE registration_id <> $1) WHERE registration_id = $1""",
            "record_forged",
        ),
    ],
)
async def test_a_forged_index_accuses_nobody(service: Service, attack: str, reason: str) -> None:
    """A token put into another registration's row is found out, alarmed and not told."""
    innocent, true = vaults.to_seal(mark="innocent"), vaults.to_seal()
    await support.enrol(service, innocent, true)
    await service.administrate(attack, innocent.registration_id)
    with structlog.testing.capture_logs() as logs:
        assert await hits(service) == [str(true.registration_id)]
    assert support.alarms(service) == 1
    assert [(one["event"], one["reason"], one["registration_id"]) for one in logs] == [
        ("vault_row_refused", reason, str(innocent.registration_id))
    ]


async def test_former_contacts_put_back_into_the_index_are_not_told(service: Service) -> None:
    """An index row rolled back to an older version is refused as that version is."""
    first = vaults.to_seal()
    await support.enrol(service, first)
    (before,) = await service.administrate("SELECT tokens FROM blind_index")
    await support.enrol(
        service, vaults.to_seal(version=2, mark="present", person=first.registration_id)
    )
    assert await hits(service) == []
    await service.administrate("UPDATE blind_index SET version = 1, tokens = $1", before["tokens"])
    assert await hits(service) == []
    assert support.alarms(service) == 1


async def test_the_signature_is_over_document_and_label_by_staff_who_search(
    service: Service,
) -> None:
    """The vault has exactly this message verified, of exactly these roles, and then counts."""
    desk = Desk()
    request = asked()
    await ask(support.openings(service, desk), request)
    assert desk.asked == [(message(request.document), vault_search.ROLES)]
    assert StaffRole.AUDITOR not in vault_search.ROLES
    wrong = replace_signature(asked(), "00")
    before = len(entries(service))
    assert await code(support.openings(service, desk), wrong) == "signature"
    assert len(entries(service)) == before
    # A refused signature does not use the document up.
    await ask(support.openings(service, desk), of(wrong.document))


def replace_signature(request: frames.Search, signature: str) -> frames.Search:
    """The request with another signature."""
    return frames.Search(
        document=request.document,
        signature=frames.Signature(person="ada", key="SHA256:key", signature=signature),
    )


async def test_a_search_is_carried_out_once(service: Service) -> None:
    """The same document again is refused: at once, after a restart, over the turn of an hour."""
    service.vault.clock.moment = vaults.START + timedelta(minutes=58)
    request = asked(at=service.vault.clock.moment)
    await ask(support.openings(service), request)
    assert await code(support.openings(service), request) == "search_repeated"
    service.reopen()
    await service.later(minutes=5)
    assert await code(support.openings(service), request) == "search_repeated"
    service.vault.clock.moment += timedelta(seconds=1)
    assert await code(support.openings(service), request) == "search_time"


async def test_an_id_can_not_be_used_under_another_document(service: Service) -> None:
    """An id stands for one search, whoever signs the other."""
    used = uuid4()
    await ask(support.openings(service), asked(id=used))
    assert await code(support.openings(service), asked("bob", id=used)) == "search_repeated"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"deployment": "00" * 16}, "search_deployment"),
        ({"at": vaults.START - timedelta(seconds=301)}, "search_time"),
        ({"at": vaults.START + timedelta(seconds=301)}, "search_time"),
        ({"value": " ,;- ", "field": "name"}, "search_value"),
        ({"value": "none", "field": "phone"}, "search_value"),
        ({"value": ""}, "document_malformed"),
        ({"value": "v" * 321}, "document_malformed"),
        ({"reason": ""}, "document_malformed"),
        ({"reason": "  "}, "document_malformed"),
        ({"reason": "r" * 501}, "document_malformed"),
        ({"reason": "two\nlines"}, "document_malformed"),
        ({"field": "street"}, "document_malformed"),
        ({"deployment": "5A" * 16}, "document_malformed"),
    ],
)
async def test_searches_out_of_form_are_refused(
    service: Service, changes: dict[str, Any], reason: str
) -> None:
    """What is not exactly a search of this installation and this moment becomes no leaf."""
    await support.enrol(service, vaults.to_seal())
    assert await code(support.openings(service), asked(**changes)) == reason
    assert entries(service) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"v":1', '"v":2', "document_malformed"),
        ('"v":1', '"v": 1', "document_not_canonical"),
        ('"v":1', '"v":1,"w":1', "document_malformed"),
        ('"type":"privacyproxy search"', '"type":"privacyproxy order"', "document_malformed"),
        ('"id":"', '"id":"{', "document_malformed"),
        ('"tenant":"', '"tenant":"urn:uuid:', "document_malformed"),
        ("{", "", "document_malformed"),
    ],
)
async def test_documents_of_another_form_are_refused(
    service: Service, old: str, new: str, reason: str
) -> None:
    """Exactly the members, exactly the canonical octets."""
    document = asked().document
    assert old in document
    changed = of(document.replace(old, new, 1))
    assert await code(support.openings(service), changed) == reason


def test_a_search_is_read_as_it_was_written() -> None:
    """parse(render(x)) is x, and neither shows the value."""
    search: Search = support.search()
    found = search_document.parse(search_document.render(search))
    assert found == search
    assert "marlene" not in repr(found)


async def test_an_index_with_a_version_below_one_is_refused(service: Service) -> None:
    """What somebody wrote into the index is an alarm, no fault of the program."""
    await support.enrol(service, vaults.to_seal(), vaults.to_seal())
    await service.administrate(
        "UPDATE blind_index SET version = -1 WHERE ctid = (SELECT min(ctid) FROM blind_index)"
    )
    before = support.alarms(service)
    answer = await ask(support.openings(service), asked())
    assert len(answer["registrations"]) == 1
    assert support.alarms(service) == before + 1


async def test_a_person_searches_so_often_a_day(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One person's day is over after its searches, another's is not; restarts change nothing."""
    monkeypatch.setitem(grants.BUDGETS, Grant.SEARCH, Budget(most=2, hours=24))
    monkeypatch.setattr(grants, "SEARCHES_IN_ALL", Budget(most=3, hours=24))
    for _ in range(2):
        await ask(support.openings(service), asked())
    with structlog.testing.capture_logs() as logs:
        assert await code(support.openings(service), asked()) == "budget"
    assert [(one["event"], one["reason"]) for one in logs] == [("vault_budget_passed", "person")]
    service.reopen()
    assert await code(support.openings(service), asked()) == "budget"
    await ask(support.openings(service), asked("bob"))
    assert await code(support.openings(service), asked("bob")) == "budget"  # of all together
    counter = service.rooms.metrics.counter("vault_budget_refused_total", purpose="search")
    assert counter.value == 3
    assert len(entries(service)) == 3
    await service.later(days=1)
    await ask(support.openings(service), asked(at=service.vault.clock.moment))


async def test_the_leaf_says_who_why_and_how_many(service: Service) -> None:
    """The ledger entry holds person, field, the reason's hash and the number; never the value."""
    await support.enrol(service, vaults.to_seal(), vaults.to_seal())
    search = support.search()
    await ask(support.openings(service), of(search_document.render(search)))
    (entry,) = entries(service)
    assert (entry["kind"], entry["tenant"]) == ("searched", str(vaults.TENANT))
    assert entry["facts"] == {
        "grant": "search",
        "caller": "web",
        "person": "ada",
        "field": "email",
        "reason_sha256": hashlib.sha256(search.reason.encode()).hexdigest(),
        "search": str(search.id),
        "hits": 2,
    }


async def test_the_leaf_is_durable_before_a_hit_is_opened(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vault that dies while it confirms hits has the entry already."""
    await support.enrol(service, vaults.to_seal())

    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("proxy.vault.openings.VaultOpenings.confirm", dying)
    with pytest.raises(KeyboardInterrupt):
        await ask(support.openings(service), asked())
    assert [one["facts"]["hits"] for one in entries(service)] == [1]


async def test_nothing_is_searched_while_the_ledger_disagrees(service: Service) -> None:
    """A search that could not become a visible leaf does not happen."""
    service.rooms.ledger_trust.recount_fault = Refused("ledger_disagrees")
    assert await code(support.openings(service), asked()) == "ledger_disagrees"


async def test_no_value_stands_in_answers_logs_or_state(service: Service) -> None:
    """Neither the value asked for nor anything of the persons found is kept or told."""
    mark = f"mark{uuid4().hex}"
    reason = f"reason{uuid4().hex}"
    await support.enrol(service, vaults.to_seal(mark=mark), vaults.to_seal(mark=mark))
    await service.administrate(
        "UPDATE sealed_record SET record = record || 'x' WHERE ctid IN"
        " (SELECT ctid FROM sealed_record WHERE class = 'identity' LIMIT 1)"
    )
    with structlog.testing.capture_logs() as logs:
        request = asked(value=f"{mark}@registrant.example", reason=reason)
        answer = await ask(support.openings(service), request)
        again = await support.refusal(support.openings(service), request)
    assert len(answer["registrations"]) == 1
    for said in (str(answer), again.detail, str(again), str(logs)):
        assert mark not in said
        assert reason not in said
    assert support.holds(service, mark, reason) == []
