"""What the relay gets of the vault: one address, sealed to its key, for one message; or a code."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import structlog

from proxy.errors import Refused, Unavailable
from proxy.model.contact import ContactSet
from proxy.model.identifiers import Role
from proxy.vault import grants, primitives, relay
from proxy.vault.grants import Budget, Grant
from proxy.wire import frames
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.openings import ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.sealed import ToSeal
    from proxy.vault.relay import Address
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

ROLL_BACK = """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
    FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id = $1
    AND a.class = b.class AND a.version = 2 AND b.version = 1"""
SWAP = """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
    FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id <> $1
    AND a.class = b.class"""
SWAP_KEYS = """UPDATE sealed_record a SET wrapped_dek = b.wrapped_dek FROM sealed_record b
    WHERE a.registration_id = $1 AND b.registration_id <> $1 AND a.class = b.class"""


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


def alias(item: ToSeal) -> str:
    """The alias that Service.enrol gives a registration."""
    return str(item.registration_id)


def asked(item: ToSeal, message: str = "message-1") -> frames.Relay:
    """The relay's request."""
    return frames.Relay(alias=alias(item), message=message)


def opened(service: Service, request: frames.Relay, answer: dict[str, Any]) -> Address:
    """What the relay makes of an answer."""
    private = relay.load_key(service.vault.key_dir / "relay" / "relay.json")
    blob = base64.b64decode(answer["sealed"])
    return relay.open_address(private, blob, alias=request.alias, message=request.message)


async def address(service: Service, request: frames.Relay) -> Address:
    """The address that comes back."""
    return opened(service, request, await ask(support.openings(service), request))


async def test_the_relay_gets_the_registrants_address_and_nothing_else(service: Service) -> None:
    """The answer is a blob of one length for the relay's key; with it come address and language."""
    long, short = vaults.to_seal(mark="m" * 90), vaults.to_seal(mark="x")
    await support.enrol(service, long, short)
    room = support.openings(service)
    answers = [await ask(room, asked(one)) for one in (long, short)]
    assert {tuple(one) for one in answers} == {("done", "sealed")}
    assert {len(base64.b64decode(one["sealed"])) for one in answers} == {1280 + 48}
    found = opened(service, asked(long), answers[0])
    assert (found.email, found.language) == ("m" * 90 + "@registrant.example", "de")
    assert "mmm" not in repr(found)


async def test_a_blob_is_of_its_alias_and_message(service: Service) -> None:
    """Under another alias, another message or another key the blob does not open."""
    one, other = vaults.to_seal(), vaults.to_seal()
    await support.enrol(service, one, other)
    answer = await ask(support.openings(service), asked(one))
    blob = base64.b64decode(answer["sealed"])
    private = relay.load_key(service.vault.key_dir / "relay" / "relay.json")
    for key, request in (
        (private, asked(other)),
        (private, asked(one, "message-2")),
        (bytes(range(32)), asked(one)),
    ):
        with pytest.raises(Refused) as refusal:
            relay.open_address(key, blob, alias=request.alias, message=request.message)
        assert refusal.value.code == "relay_blob"


async def test_mail_goes_to_the_newest_adopted_address(service: Service) -> None:
    """A change of address counts once the vault has adopted it."""
    first = vaults.to_seal(mark="former")
    await support.enrol(service, first)
    second = vaults.to_seal(version=2, mark="present", person=first.registration_id)
    await service.enrol(second)
    assert (await address(service, asked(first))).email == "former@registrant.example"
    await service.rounds.adopt()
    assert (await address(service, asked(first))).email == "present@registrant.example"


@pytest.mark.parametrize("state", ["reserved", "claimed", "ended", "unknown", "erased", "put_back"])
async def test_nobody_is_one_answer(service: Service, state: str) -> None:
    """Whatever the reason why nobody gets mail, the relay sees the same and nothing is opened."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    request = asked(item)
    match state:
        case "unknown":
            request = frames.Relay(alias="nosuchalias22", message="message-1")
        case "erased" | "put_back":
            copies = await service.administrate(
                "SELECT class, record, wrapped_dek FROM sealed_record"
            )
            await service.end(item, "left_service", vaults.START - timedelta(days=540))
            await service.rounds.shred()
            await service.administrate(
                "UPDATE registration SET state = 'active', ended_at = NULL, end_reason = NULL"
            )
            for copy in copies if state == "put_back" else ():
                await service.administrate(
                    "UPDATE sealed_record SET record = $2, wrapped_dek = $3 WHERE class = $1",
                    *tuple(copy),
                )
        case "ended":
            await service.end(item, "left_service")
        case _:
            await service.administrate("UPDATE registration SET state = $1", state)
    before = len(entries(service))
    refusal = await support.refusal(support.openings(service), request)
    assert (type(refusal), refusal.code) == (Refused, "relay_nobody")
    assert refusal.detail == "Nobody's mail comes in under this alias."
    assert len(entries(service)) == before
    assert service.rooms.metrics.counter("vault_openings_total", purpose="relay").value == 0
    assert service.rooms.metrics.counter("vault_relay_nobody_total").value == 1


async def test_no_address_is_the_same_answer(service: Service) -> None:
    """A registration without a registrant's address is nobody; it was opened to see that."""
    tech = vaults.contacts().given[Role.TECH]
    item = replace(vaults.to_seal(), contacts=ContactSet(given={Role.TECH: tech}, same_as={}))
    await support.enrol(service, item)
    refusal = await support.refusal(support.openings(service), asked(item))
    assert (refusal.code, refusal.detail) == (
        "relay_nobody",
        "Nobody's mail comes in under this alias.",
    )
    assert [one["kind"] for one in entries(service)] == ["opened"]


async def test_what_was_never_adopted_is_not_yet(service: Service) -> None:
    """A registration whose records wait for adoption is to be tried again, not given up."""
    item = vaults.to_seal()
    await service.enrol(item)
    assert await code(support.openings(service), asked(item)) == "not_adopted"


async def test_ending_registrations_still_get_their_mail(service: Service) -> None:
    """As long as our address is published for a name, its mail is relayed."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    await service.administrate(
        "UPDATE registration SET state = 'ending', end_reason = 'left_service'"
    )
    assert (await address(service, asked(item))).email == "marlene@registrant.example"


@pytest.mark.parametrize(
    ("attack", "reason"),
    [
        ("DELETE FROM sealed_record WHERE registration_id = $1 AND version = 2", "record_missing"),
        ("DELETE FROM sealed_record WHERE registration_id = $1", "record_missing"),
        (ROLL_BACK, "record_forged"),
        (SWAP, "record_forged"),
        (SWAP_KEYS, "record_key"),
        ("UPDATE sealed_record SET kek_epoch = 9 WHERE registration_id = $1", "epoch_unknown"),
    ],
)
async def test_changed_rows_are_refused_with_an_alarm(
    service: Service, attack: str, reason: str
) -> None:
    """Rows deleted, rolled back, swapped or forged by a superuser open nothing."""
    victim, other = vaults.to_seal(mark="former"), vaults.to_seal(mark="other")
    await support.enrol(service, victim, other)
    newest = vaults.to_seal(version=2, mark="present", person=victim.registration_id)
    await support.enrol(service, newest)
    await service.administrate(attack, victim.registration_id)
    with structlog.testing.capture_logs() as logs:
        assert await code(support.openings(service), asked(victim)) == reason
    assert support.alarms(service) == 1
    assert [(one["event"], one["reason"], one["registration_id"]) for one in logs] == [
        ("vault_row_refused", reason, str(victim.registration_id))
    ]


async def test_an_alias_pointed_elsewhere_is_followed_and_seen_in_the_ledger(
    service: Service,
) -> None:
    """Aliases are the database's word: who exchanges them is followed; the leaf says whom."""
    # What the attacker wins: nothing without the relay's key, with it one address a message within
    # the budgets.
    one, other = vaults.to_seal(mark="one"), vaults.to_seal(mark="other")
    await support.enrol(service, one, other)
    await service.administrate("UPDATE registration SET alias = 'moved' WHERE id = $1",
                               one.registration_id)  # fmt: skip
    await service.administrate("UPDATE registration SET alias = $2 WHERE id = $1",
                               other.registration_id, alias(one))  # fmt: skip
    assert (await address(service, asked(one))).email == "other@registrant.example"
    assert [entry["subject"] for entry in entries(service)] == [str(other.registration_id)]


async def test_one_message_is_answered_five_times_an_hour(service: Service) -> None:
    """A repetition costs an entry and an opening, so it is not free; another message is another."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    room = support.openings(service)
    for _ in range(5):
        await ask(room, asked(item))
    with structlog.testing.capture_logs() as logs:
        assert await code(room, asked(item)) == "budget"
    assert [one["reason"] for one in logs] == ["repeat"]
    assert len(entries(service)) == 5
    await ask(room, asked(item, "message-2"))
    await service.later(hours=1)
    await ask(room, asked(item))


@pytest.mark.parametrize("missing", ["not_adopted", "record_missing"])
async def test_records_that_are_not_there_are_asked_for_within_a_budget(
    service: Service, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Each such request counts; beyond the budget there is its alarm and no other."""
    monkeypatch.setattr(grants, "UNREADY", Budget(most=2))
    item, other = vaults.to_seal(), vaults.to_seal()
    await service.enrol(item)
    if missing == "record_missing":
        await service.rounds.adopt()
        await service.administrate("DELETE FROM sealed_record")
    room = support.openings(service)
    assert [await code(room, asked(item)) for _ in range(2)] == [missing] * 2
    before = support.alarms(service)
    assert await code(room, asked(item, "other")) == "budget"
    assert support.alarms(service) == before
    assert entries(service) == []
    await support.enrol(service, other)
    await ask(room, asked(other))


async def test_an_alias_gets_so_many_messages_an_hour(service: Service) -> None:
    """The 61st message is refused, a retry of a known one is free; a restart forgets nothing."""
    item, other = vaults.to_seal(), vaults.to_seal()
    await support.enrol(service, item, other)
    room = support.openings(service)
    for number in range(60):
        await ask(room, asked(item, f"m{number}"))
    before = len(entries(service))
    with structlog.testing.capture_logs() as logs:
        assert await code(room, asked(item, "m60")) == "budget"
    assert [(one["event"], one["grant"], one["reason"]) for one in logs] == [
        ("vault_budget_passed", "relay", "alias")
    ]
    assert len(entries(service)) == before
    counter = service.rooms.metrics.counter("vault_budget_refused_total", purpose="relay")
    assert counter.value == 1
    service.reopen()
    room = support.openings(service)
    assert await code(room, asked(item, "m61")) == "budget"
    await ask(room, asked(item, "m7"))
    await ask(room, asked(other, "m61"))
    await service.later(hours=1)
    await ask(room, asked(item, "m61"))


async def test_only_so_many_persons_are_written_to_in_an_hour(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relay in wrong hands gets no further than the hour's budget of distinct persons."""
    monkeypatch.setitem(grants.BUDGETS, Grant.RELAY, Budget(most=2))
    items = [vaults.to_seal() for _ in range(3)]
    await support.enrol(service, *items)
    room = support.openings(service)
    for item in items[:2]:
        await ask(room, asked(item))
    assert await code(room, asked(items[2])) == "budget"
    service.reopen()
    room = support.openings(service)
    assert await code(room, asked(items[2])) == "budget"
    await ask(room, asked(items[0], "message-2"))


async def test_trying_aliases_out_has_a_budget_that_stops_nobodys_mail(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown aliases use up a budget of their own; one that is known is still served."""
    monkeypatch.setattr(grants, "ALIASES_OF_NOBODY", Budget(most=2))
    item = vaults.to_seal()
    await support.enrol(service, item)
    room = support.openings(service)
    tried = [
        await code(room, frames.Relay(alias=name, message="m")) for name in ("a", "b", "b", "c")
    ]
    assert tried == ["relay_nobody", "relay_nobody", "relay_nobody", "budget"]
    await ask(room, asked(item))


async def test_the_entry_is_durable_before_anything_is_opened(service: Service) -> None:
    """Also an opening that then fails has its entry; it names ids and no value."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    await service.administrate("UPDATE sealed_record SET record = record || 'x'")
    assert await code(support.openings(service), asked(item)) == "record_forged"
    (entry,) = entries(service)
    assert (entry["kind"], entry["tenant"], entry["subject"]) == (
        "opened",
        str(item.tenant_id),
        str(item.registration_id),
    )
    assert entry["facts"] == {
        "grant": "relay",
        "caller": "relay",
        "records": 1,
        "class": "reach",
        "version": 1,
        "message_sha256": primitives.sha256(b"message-1").hex(),
    }


async def test_nothing_is_opened_while_the_ledger_disagrees(service: Service) -> None:
    """An opening that could not become a visible leaf does not happen."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    service.rooms.ledger_trust.batch_fault = Refused("ledger_disagrees")
    assert await code(support.openings(service), asked(item)) == "ledger_disagrees"


async def test_nothing_is_opened_without_the_state(service: Service) -> None:
    """A lost state stops the relay's openings too."""
    item = vaults.to_seal()
    await support.enrol(service, item)
    service.rooms = replace(service.rooms, walls=None, fault=Unavailable("state_lost"))
    assert await code(support.openings(service), asked(item)) == "state_lost"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "m"),
        ("A", "m"),
        ("a@b", "m"),
        ("a" * 65, "m"),
        ("a", ""),
        ("a", "m\n"),
        ("a", "m" * 65),
    ],
)
async def test_malformed_requests_are_invalid(service: Service, name: str, message: str) -> None:
    """Aliases and message ids have a form; anything else costs nothing and opens nothing."""
    request = frames.Relay(alias=name, message=message)
    assert await code(support.openings(service), request) == "relay_malformed"


async def test_no_value_stands_in_answers_logs_or_state(service: Service) -> None:
    """The address is in the sealed blob alone."""
    mark = f"mark{uuid4().hex}"
    item = vaults.to_seal(mark=mark)
    await support.enrol(service, item)
    with structlog.testing.capture_logs() as logs:
        answer = await ask(support.openings(service), asked(item))
    assert opened(service, asked(item), answer).email == f"{mark}@registrant.example"
    blob = base64.b64decode(answer["sealed"])
    assert mark not in str(answer)
    assert mark.encode() not in blob
    assert mark not in str(logs)
    assert support.holds(service, mark) == []
