"""Deadlines of cases in a real database: set, changed, acted on once, told."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import NotFound, Refused
from proxy.model.calendar import CalendarId
from proxy.model.deadline import Plan, Unit
from proxy.store import deadlines, pool
from tests.support import clocked
from tests.support.clocked import (
    BY,
    DAY,
    DUE,
    MINUTE,
    PLAN,
    START,
    THEIRS,
    WINDOW,
    Heard,
    TwoClocks,
    new_deadline,
    one_case,
)
from tests.support.deadlines import terms

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


async def test_a_deadline_is_kept_with_everything_it_counts_by(prepared: Database) -> None:
    """Terms, plan, calendar version, zone and bounds come back; an event says so."""
    case_id = await one_case(prepared)
    new = new_deadline(
        WINDOW, plan=PLAN, no_earlier_than=START + DAY, no_later_than=START + 90 * DAY
    )
    kept = await clocked.put(prepared, case_id, new)
    async with pool.connected(prepared.access("operator")) as connection:
        assert await deadlines.of_case(connection, case_id) == (kept,)
    assert kept.due_at == DUE
    assert kept.deadline.terms == WINDOW
    ((act, facts),) = await clocked.acts(prepared, case_id)
    assert (act, facts["deadline"], facts["round"]) == ("deadline_set", "answer", 1)
    assert facts["due_at"] == "2026-04-07T22:00:00Z"


async def test_a_deadline_without_its_calendar_is_refused(prepared: Database) -> None:
    """Nothing falls back to another calendar, nor to no holidays at all."""
    case_id = await one_case(prepared)
    other = replace(WINDOW, calendar=CalendarId("XB"))
    with pytest.raises(NotFound) as refusal:
        await clocked.put(prepared, case_id, new_deadline(other))
    assert refusal.value.code == "calendar_missing"
    assert await clocked.acts(prepared, case_id) == []


async def test_a_calendar_that_somebody_changed_is_refused(prepared: Database) -> None:
    """A document that is not the one of its version is nobody's calendar."""
    case_id = await one_case(prepared)
    async with clocked.administrator(prepared) as connection:
        await connection.execute(
            "UPDATE calendar SET document = replace(document, 'Good Friday', 'Good Monday')"
        )
    with pytest.raises(Refused) as refusal:
        await clocked.put(prepared, case_id, new_deadline(WINDOW))
    assert refusal.value.code == "calendar_forged"


async def test_every_action_is_taken_once_in_its_turn(prepared: Database) -> None:
    """Two reminders, the last business day, the end with tasks and act, then nothing."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW, plan=PLAN))
    clocks, heard = TwoClocks(), Heard()
    scanner = clocked.scanner(clocks, heard)
    counts = []
    for moment in (
        START + DAY,
        START + (DUE - START) / 2,
        START + (DUE - START) * 0.8,
        datetime(2026, 4, 6, 22, tzinfo=UTC),  # Tuesday 7 April begins
        DUE - MINUTE,
        DUE + MINUTE,
        DUE + 30 * DAY,
    ):
        clocks.to(moment)
        counts += [await clocked.scan(prepared, scanner), await clocked.scan(prepared, scanner)]
    assert counts == [0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    told = await clocked.acts(prepared, case_id)
    assert [act for act, _ in told] == [
        "deadline_set",
        "deadline_reminded",
        "deadline_reminded",
        "deadline_reminded",
        "deadline_due",
        "task_opened",
        "task_opened",
    ]
    assert [facts["action"] for act, facts in told if act == "deadline_reminded"] == [
        "50", "80", "last",
    ]  # fmt: skip
    assert told[4][1] == {"deadline": "answer", "round": 1, "late_by_s": 60}
    assert [facts["kind"] for _, facts in told[5:]] == ["window_over", "look"]
    assert await clocked.heard_rows(prepared) == ["lapse"] + [
        f"window_near to registrant: answer 1 {name}" for name in ("50", "80", "last")
    ]


async def test_late_reminders_come_to_one_and_a_late_end_silences_them(prepared: Database) -> None:
    """After a long stop of the worker nobody gets three reminders, nor any for what is over."""
    late, over = await one_case(prepared), await one_case(prepared)
    await clocked.put(prepared, late, new_deadline(WINDOW, plan=PLAN))
    short = terms(5, Unit.CALENDAR_DAYS, THEIRS)
    await clocked.put(prepared, over, new_deadline(short, plan=replace(PLAN, at_end="")))
    clocks = TwoClocks(wall=DUE - 3600 * timedelta(seconds=1))
    assert await clocked.scan(prepared, clocked.scanner(clocks)) == 2
    assert [facts for act, facts in await clocked.acts(prepared, late)][1:] == [
        {"deadline": "answer", "round": 1, "action": "last"}
    ]
    assert [act for act, _ in await clocked.acts(prepared, over)][1:3] == [
        "deadline_due", "task_opened",
    ]  # fmt: skip


async def test_a_reminder_without_a_template_is_a_task(prepared: Database) -> None:
    """What reminds staff is a task of the case's handler, due with the deadline."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW, plan=Plan(remind=("50",))))
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE - 5 * DAY)))
    async with clocked.administrator(prepared) as connection:
        row = await connection.fetchrow("SELECT kind, role, due_at FROM case_task")
    assert row is not None
    assert tuple(row) == ("deadline_near", "handler", DUE)


async def test_an_act_that_the_case_refuses_becomes_a_task(prepared: Database) -> None:
    """That the end came stands; what the act wrote does not; a person looks at it."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW, plan=Plan(at_end="lapse")))
    heard = Heard(refuses={"lapse"})
    assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE), heard)) == 1
    told = await clocked.acts(prepared, case_id)
    assert [act for act, _ in told] == ["deadline_set", "deadline_due", "task_opened"]
    assert told[2][1]["kind"] == "timer_refused"
    assert await clocked.heard_rows(prepared) == []


async def test_a_fault_in_one_case_stops_no_other(prepared: Database) -> None:
    """The faulty case stays as it was and is tried again minutes later; the others go on."""
    several = [await one_case(prepared) for _ in range(5)]
    for case_id in several:
        await clocked.put(prepared, case_id, new_deadline(WINDOW, plan=Plan(at_end="lapse")))
    clocks, heard = TwoClocks(wall=DUE), Heard(fails={several[0]})
    scanner = clocked.scanner(clocks, heard)
    assert await clocked.scan(prepared, scanner) == 4
    assert [act for act, _ in await clocked.acts(prepared, several[0])] == ["deadline_set"]
    assert await clocked.heard_rows(prepared) == ["lapse"] * 4
    assert await clocked.scan(prepared, scanner) == 0
    heard.fails.clear()
    assert await clocked.scan(prepared, scanner) == 0
    clocks.pass_(timedelta(minutes=6))
    assert await clocked.scan(prepared, scanner) == 1


async def test_a_damaged_row_stops_no_other(prepared: Database) -> None:
    """A history that can not be read is that case's fault alone."""
    bad, good = await one_case(prepared), await one_case(prepared)
    for case_id in (bad, good):
        await clocked.put(prepared, case_id, new_deadline(WINDOW))
    async with clocked.administrator(prepared) as connection:
        await connection.execute(
            "UPDATE case_deadline SET history = '[{}]' WHERE case_id = $1", bad
        )
    assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE))) == 1
    assert [act for act, _ in await clocked.acts(prepared, good)][-1] == "deadline_due"


async def test_many_are_acted_on_once_each_by_two_scanners(prepared: Database) -> None:
    """Two workers at once: no action twice, none left, every chain whole."""
    async with clocked.administrator(prepared) as connection:
        several = [await clocked.new_case(connection) for _ in range(700)]
    async with pool.connected(prepared.access("web")) as connection, connection.transaction():
        keeper = clocked.keeper()
        for case_id in several:
            new = new_deadline(WINDOW, plan=Plan(escalates=("look:legal",)))
            await keeper.set(connection, case_id, new, BY, START)
    clocks = TwoClocks(wall=DUE)
    counts = await asyncio.gather(
        *(clocked.scan(prepared, clocked.scanner(clocks)) for _ in range(2))
    )
    left = await clocked.scan(prepared, clocked.scanner(clocks))
    assert sum(counts) + left == 700
    async with clocked.administrator(prepared) as connection:
        assert (
            await connection.fetchval(
                "SELECT count(DISTINCT case_id) FROM case_event WHERE act = 'deadline_due'"
            )
            == 700
        )
        assert await connection.fetchval("SELECT count(*) FROM case_task") == 700
        assert (
            await connection.fetchval(
                "SELECT count(*) FROM case_event b JOIN case_event a"
                " ON a.case_id = b.case_id AND a.seq = b.seq - 1 WHERE b.previous <> a.hash"
            )
            == 0
        )


async def test_what_is_due_longest_is_acted_on_first(prepared: Database) -> None:
    """Within a batch and over several, ledger entries stand in the order of due moments."""
    amounts = [9, 3, 7, 1, 5]
    for amount in amounts:
        case_id = await one_case(prepared)
        duty = terms(amount, Unit.CALENDAR_DAYS)
        await clocked.put(prepared, case_id, new_deadline(duty, f"d{amount}"))
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE)))
    async with clocked.administrator(prepared) as connection:
        rows = await connection.fetch(
            "SELECT facts->>'deadline' AS name FROM ledger_entry"
            " WHERE facts->>'act' = 'deadline_due' ORDER BY ctid"
        )
    assert [row["name"] for row in rows] == [f"d{amount}" for amount in sorted(amounts)]


async def test_facts_of_events_are_of_the_ledger_too(prepared: Database) -> None:
    """What reports count is in the ledger: which deadline, how late."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW))
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + MINUTE)))
    async with clocked.administrator(prepared) as connection:
        facts = await connection.fetchval(
            "SELECT facts::text FROM ledger_entry WHERE facts->>'act' = 'deadline_due'"
        )
    found = json.loads(facts)
    assert (found["deadline"], found["round"], found["late_by_s"]) == ("answer", 1, 60)
