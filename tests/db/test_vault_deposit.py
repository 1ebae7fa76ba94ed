"""A deposit from its announcement to its end: who gets one, how many, in what order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
import structlog

from proxy.errors import Refused
from proxy.model.identifiers import RecordClass, RegistrationId, Role
from proxy.vault import deposits, grants, primitives
from proxy.vault.deposits import Asked
from proxy.vault.grants import Budget, Grant
from proxy.wire import frames
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.deposits import batch, begin, end, enrolled, name, plaintexts, reasons
from tests.support.openings import AGENT, Desk, ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def test_a_deposit_opens_what_it_announced(service: Service) -> None:
    """Keys in order, batch by batch, each of its record; a leaf before and one after."""
    items, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows)
    assert await ask(room, begun) == {"done": True, "asked": 0}
    assert [one["kind"] for one in entries(service)] == ["deposit_opened"]
    first = await ask(room, batch(begun, rows[:2]))
    second = await ask(room, batch(begun, rows[2:]))
    found = plaintexts(first, rows[:2]) + plaintexts(second, rows[2:])
    for item, text in zip(items, found, strict=True):
        assert item.contacts.given[Role.REGISTRANT].email in text
    assert await ask(room, end(begun)) == {"done": True, "outcome": "complete", "refused": 0}
    assert await ask(room, end(begun)) == {"done": True, "outcome": "complete", "refused": 0}
    whole = {
        "grant": "deposit",
        "caller": "escrow",
        "run": begun.run,
        "agent": AGENT.id,
        "fingerprint": AGENT.openpgp,
        "root": begun.root,
        "records": 3,
    }
    # Entries of one moment stand in no order.
    assert {one["kind"]: (one["tenant"], one["facts"]) for one in entries(service)} == {
        "deposit_opened": (str(vaults.TENANT), whole),
        "deposit_closed": (str(vaults.TENANT), {**whole, "refused": 0}),
    }
    assert len(entries(service)) == 2
    assert service.rooms.metrics.counter("vault_openings_total", purpose="deposit").value == 3


@pytest.mark.parametrize(
    "changes", [{"agent": "agent-two"}, {"fingerprint": "CD" * 20}, {"fingerprint": "AB" * 32}]
)
async def test_only_an_agent_of_the_roster_with_its_key_gets_deposits(
    service: Service, changes: dict[str, str]
) -> None:
    """An agent that is unknown, or whose key is another, ends the matter; nothing is spent."""
    _, rows = await enrolled(service)
    assert await code(support.openings(service), begin(rows, **changes)) == "deposit_agent"
    assert entries(service) == []


async def test_an_agent_taken_off_the_roster_gets_no_more_keys(service: Service) -> None:
    """The roster in force counts at every batch."""
    _, rows = await enrolled(service)
    desk = Desk()
    room, begun = support.openings(service, desk), begin(rows)
    await ask(room, begun)
    desk.agents[AGENT.id] = replace(AGENT, openpgp="CD" * 20)
    assert await code(room, batch(begun, rows)) == "deposit_agent"
    desk.agents.clear()
    assert await code(room, batch(begun, rows)) == "deposit_agent"


async def test_an_agent_gets_so_many_deposits_a_day(service: Service) -> None:
    """The roster's number holds, across restarts; the same run again is no other."""
    _, rows = await enrolled(service, 1)
    begun = [begin(rows) for _ in range(4)]
    for one in begun[:3]:
        await ask(support.openings(service), one)
    with structlog.testing.capture_logs() as logs:
        assert await code(support.openings(service), begun[3]) == "budget"
    assert [(one["event"], one["grant"], one["reason"]) for one in logs] == [
        ("vault_budget_passed", "deposit", "agent")
    ]
    service.reopen()
    assert await code(support.openings(service), begun[3]) == "budget"
    assert await ask(support.openings(service), begun[0]) == {"done": True, "asked": 0}
    assert len(entries(service)) == 3
    await ask(support.openings(service, other_agent()), begin(rows, agent="agent-two"))
    await service.later(days=1)
    await ask(support.openings(service), begun[3])


async def test_all_deposits_have_a_budget(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many agents a roster has, a day has so many deposits."""
    monkeypatch.setitem(grants.BUDGETS, Grant.DEPOSIT, Budget(most=1, hours=24))
    _, rows = await enrolled(service, 1)
    await ask(support.openings(service), begin(rows))
    assert await code(support.openings(service), begin(rows)) == "budget"
    counter = service.rooms.metrics.counter("vault_budget_refused_total", purpose="deposit")
    assert counter.value == 1


async def test_a_deposit_holds_its_own_registrars_records(service: Service) -> None:
    """A name of another tenant refuses the batch whole."""
    other = await support.add_tenant(service)
    _, mine = await enrolled(service, 1)
    await support.enrol(service, replace(vaults.to_seal(), tenant_id=other))
    rows = await support.rows(service, RecordClass.IDENTITY)
    assert len(rows) == 2
    room, begun = support.openings(service), begin(rows, records=1)
    await ask(room, begun)
    assert await code(room, batch(begun, rows)) == "deposit_tenant"
    assert reasons(await ask(room, batch(begun, mine))) == [""]


async def test_a_deposit_holds_identity_records_alone(service: Service) -> None:
    """Other classes are not deposited."""
    await enrolled(service, 1)
    rows = await support.rows(service, RecordClass.REACH)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    assert await code(room, batch(begun, rows)) == "deposit_class"


async def test_a_run_has_one_order_and_no_record_twice(service: Service) -> None:
    """Names increase within a batch and over all of them; a refused batch changes nothing."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    for wrong in ([rows[1], rows[0]], [rows[0], rows[0]]):
        assert await code(room, batch(begun, wrong)) == "deposit_order"
    await ask(room, batch(begun, rows[1:2]))
    for wrong in ([rows[0]], [rows[1], rows[2]]):
        assert await code(room, batch(begun, wrong)) == "deposit_order"
    assert (await ask(room, begun))["asked"] == 1


async def test_no_more_is_opened_than_was_announced(service: Service) -> None:
    """The announced number is the most, over all batches."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows[:2])
    await ask(room, begun)
    assert await code(room, batch(begun, rows)) == "deposit_count"
    await ask(room, batch(begun, rows[:2]))
    assert await code(room, batch(begun, rows[2:])) == "deposit_count"


async def test_what_was_not_announced_fails_at_the_end(service: Service) -> None:
    """Other records, or fewer, under the announced root: an alarm, a leaf, and no more keys."""
    _, rows = await enrolled(service)
    room = support.openings(service)
    for announced, opened in ((rows[:2], rows[1:]), (rows, rows[:2])):
        begun = begin(announced)
        await ask(room, begun)
        await ask(room, batch(begun, opened))
        before = support.alarms(service)
        with structlog.testing.capture_logs() as logs:
            assert await code(room, end(begun)) == "deposit_root"
            assert await code(room, end(begun)) == "deposit_root"
        assert [one["event"] for one in logs] == ["deposit_failed"]
        assert support.alarms(service) == before + 1
        (last,) = (
            one
            for one in entries(service)
            if one["kind"] == "deposit_failed" and one["facts"]["run"] == begun.run
        )
        seen = deposits.root_of([primitives.sha256(one.record) for one in opened])
        assert last["facts"]["root_seen"] == seen.hex()
        assert await code(room, batch(begun, rows[2:])) == "deposit_ended"
        assert await code(room, begun) == "deposit_ended"


async def test_a_restart_in_the_middle_goes_on(service: Service) -> None:
    """The run is in the state: the next batch follows, and the announcement says how far."""
    _, rows = await enrolled(service)
    begun = begin(rows)
    await ask(support.openings(service), begun)
    await ask(support.openings(service), batch(begun, rows[:2]))
    service.reopen()
    room = support.openings(service)
    assert await ask(room, begun) == {"done": True, "asked": 2}
    await ask(room, batch(begun, rows[2:]))
    assert (await ask(room, end(begun)))["outcome"] == "complete"


async def test_a_run_that_nobody_ends_is_ended_as_failed(service: Service) -> None:
    """Half a day later the ledger says that keys left and no whole deposit came of it: once."""
    _, rows = await enrolled(service)
    room, begun, ended = support.openings(service), begin(rows), begin(rows)
    for one in (begun, ended):
        await ask(room, one)
        await ask(room, batch(one, rows[:2]))
    await ask(room, batch(ended, rows[2:]))
    await ask(room, end(ended))
    await service.later(hours=12)
    await room.end_overdue()
    assert entries(service) == []
    service.vault.clock.moment += timedelta(seconds=1)
    before = support.alarms(service)
    with structlog.testing.capture_logs() as logs:
        await room.end_overdue()
        await room.end_overdue()
    assert [(one["event"], one["reason"]) for one in logs] == [
        ("deposit_failed", "deposit_expired")
    ]
    assert support.alarms(service) == before + 1
    (last,) = entries(service)
    facts = last["facts"]
    assert (last["kind"], facts["run"], facts["records"]) == ("deposit_failed", begun.run, 2)
    assert facts["reason"] == "deposit_expired"
    assert await code(room, batch(begun, rows[2:])) == "deposit_ended"


async def test_a_run_forgotten_while_the_vault_was_away_is_ended(service: Service) -> None:
    """Days without a vault hide nothing: what is still in the state is ended at the start."""
    _, rows = await enrolled(service)
    await ask(support.openings(service), begin(rows))
    await service.later(days=9)
    service.reopen()
    await support.openings(service).end_overdue()
    assert [one["kind"] for one in entries(service)] == ["deposit_failed"]


async def test_more_records_than_there_are_begin_no_deposit(service: Service) -> None:
    """What the state knows of the registrar bounds an announcement, whatever others have."""
    other = await support.add_tenant(service)
    _, rows = await enrolled(service)
    await support.enrol(service, replace(vaults.to_seal(), tenant_id=other))
    room = support.openings(service)
    for records in (4, 5, 100_000_000):
        assert await code(room, begin(rows, records=records, agent=AGENT.id)) == "deposit_count"
    assert entries(service) == []
    await ask(support.openings(service, other_agent()), begin(rows, agent="agent-two"))


def other_agent() -> Desk:
    """A roster with another agent."""
    return Desk({"agent-two": replace(AGENT, id="agent-two")})  # type: ignore[arg-type] # a NewType


async def test_the_last_batch_may_be_asked_for_again(service: Service) -> None:
    """An answer lost on the way is given again and counted once; an earlier batch is not."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    first = await ask(room, batch(begun, rows[:2]))
    service.reopen()
    room = support.openings(service)
    assert await ask(room, batch(begun, rows[:2])) == first
    last = await ask(room, batch(begun, rows[2:]))
    assert await ask(room, batch(begun, rows[2:])) == last
    assert await code(room, batch(begun, rows[:2])) == "deposit_order"
    assert (await ask(room, end(begun)))["refused"] == 0


async def test_a_run_lasts_half_a_day_and_its_id_is_not_used_again(service: Service) -> None:
    """After twelve hours a run gives nothing, and its id begins no other for two days."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    await service.later(hours=12)
    await ask(room, batch(begun, rows[:1]))
    service.vault.clock.moment += timedelta(seconds=1)
    for request in (begun, batch(begun, rows[1:]), end(begun)):
        assert await code(room, request) == "deposit_expired"
    service.vault.clock.moment += timedelta(hours=35)
    assert await code(room, begun) == "deposit_expired"
    service.vault.clock.moment += timedelta(hours=2)
    assert await code(room, batch(begun, rows[1:])) == "deposit_unknown"
    assert await ask(room, begun) == {"done": True, "asked": 0}


async def test_an_id_stands_for_one_deposit(service: Service) -> None:
    """Another announcement under a known id is refused."""
    _, rows = await enrolled(service)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    assert await code(room, begin(rows[:2], run=begun.run)) == "deposit_run"
    assert await code(room, end(begin(rows))) == "deposit_unknown"
    assert await code(room, batch(begin(rows), rows)) == "deposit_unknown"


async def test_nothing_is_deposited_while_the_ledger_disagrees(service: Service) -> None:
    """A deposit that could not become a visible leaf does not happen."""
    _, rows = await enrolled(service, 1)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    service.rooms.ledger_trust.batch_fault = Refused("ledger_disagrees")
    for request in (begin(rows), batch(begun, rows), end(begun)):
        assert await code(room, request) == "ledger_disagrees"


@pytest.mark.parametrize(
    "changes",
    [
        {"run": "1"},
        {"run": "{00000000-0000-0000-0000-000000000000}"},
        {"tenant": ""},
        {"agent": "two words"},
        {"agent": ""},
        {"fingerprint": "ab" * 20},
        {"fingerprint": "AB" * 19},
        {"records": 0},
        {"records": 100_000_001},
        {"root": "00" * 31},
        {"root": "AB" * 32},
    ],
)
async def test_announcements_out_of_form_are_invalid(
    service: Service, changes: dict[str, Any]
) -> None:
    """What is not one form of an announcement is none."""
    assert await code(support.openings(service), begin((), **{"records": 1, **changes})) == (
        "deposit_malformed"
    )


async def test_names_out_of_form_are_invalid(service: Service) -> None:
    """Names have one form; a batch holds 1 to 1000."""
    _, rows = await enrolled(service, 1)
    room, begun = support.openings(service), begin(rows)
    await ask(room, begun)
    good = name(rows[0])
    tenant, registration, record_class, version, digest = good.split("/")
    for names in (
        (),
        (good,) * 1001,
        (f"{tenant}/{registration}/{record_class}/{version}",),
        (f"{good}/",),
        (f"{tenant}/{registration}/{record_class}/0/{digest}",),
        (f"{tenant}/{registration}/{record_class}/01/{digest}",),
        (f"{tenant}/{registration}/{record_class}/2147483648/{digest}",),
        (f"{tenant}/{registration}/other/{version}/{digest}",),
        (f"{tenant}/{registration.upper()}x/{record_class}/{version}/{digest}",),
        (f"{tenant}/{registration}/{record_class}/{version}/{digest.upper()}Z",),
    ):
        request = frames.DepositKeys(run=begun.run, names=names)
        assert await code(room, request) == "deposit_malformed"


async def test_a_whole_batch_fits_its_frames(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand names and a thousand keys stay within a request and an answer."""
    monkeypatch.setattr(deposits.DepositBook, "is_possible", lambda *_: True)
    _, rows = await enrolled(service, 1)
    names = []
    for number in range(deposits.BATCH):
        other = replace(
            rows[0].name, registration_id=RegistrationId(UUID(int=number)), version=0x7FFFFFFF
        )
        names.append(deposits.render_name(Asked(name=other, record_sha256=bytes(32))))
    begun = begin(rows, records=deposits.BATCH)
    room = support.openings(service)
    await ask(room, begun)
    request = frames.DepositKeys(run=begun.run, names=tuple(names))
    assert len(frames.render(request)) < frames.REQUEST_LIMIT_OCTETS
    assert frames.parse_request(frames.render(request)[4:]) == request
    answer = await ask(room, request)
    assert set(reasons(answer)) == {"record_missing"}
    assert len(frames.render({"keys": [{"key": "k" * 44}] * 1000})) < frames.ANSWER_LIMIT_OCTETS
