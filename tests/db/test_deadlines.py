"""Deadlines of cases in a real database: set, changed, acted on once, told."""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import NotFound, Refused
from proxy.model.deadline import Direction, PauseReason, Plan, Roll, Unit
from proxy.services import follow_calendars
from proxy.services.fire_deadlines import Keeping
from proxy.store import calendars, deadlines, outages, pool
from tests.support import clocked
from tests.support.clocked import BY, START, Heard, TwoClocks, new_deadline
from tests.support.deadlines import HOLIDAYS, calendar, extension, terms

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
THEIRS = Direction.THEIR_WINDOW
WINDOW = terms(
    15,
    Unit.CALENDAR_DAYS,
    THEIRS,
    roll=Roll.NEXT,
    pauses=frozenset({PauseReason.CLARIFICATION}),
    pause_days=20,
)
DUE = datetime(2026, 4, 7, 22, tzinfo=UTC)  # Saturday 4 April, rolled over Easter to Tuesday
PLAN = Plan(
    remind=("50", "80", "last"),
    reminds="window_near",
    whom="registrant",
    at_end="lapse",
    escalates=("window_over:handler", "look:legal"),
)


@pytest.fixture
async def prepared(database: Database) -> Database:
    """A database with a registrar and a calendar."""
    await clocked.prepare(database)
    return database


async def one_case(database: Database) -> clocked.CaseId:
    """A case."""
    async with clocked.administrator(database) as connection:
        return await clocked.new_case(connection)


async def test_a_deadline_is_kept_with_everything_it_counts_by(prepared: Database) -> None:
    """Terms, plan, calendar's version, zone and bounds come back as they were set, with an event."""
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
    other = replace(WINDOW, calendar=calendars.CalendarId("XB"))
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
    """Two reminders, the last business day, the end with its tasks and its act, and then nothing."""
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


async def test_an_outage_lengthens_a_window_and_no_duty(prepared: Database) -> None:
    """The portal was down near the end: a business day more, with an event; a duty is due."""
    window, duty = await one_case(prepared), await one_case(prepared)
    await clocked.put(prepared, window, new_deadline(WINDOW))
    await clocked.put(prepared, duty, new_deadline(replace(WINDOW, direction=Direction.OUR_DUTY)))
    async with pool.connected(prepared.access("web")) as connection:
        for moment in (DUE - 300 * MINUTE, DUE - 299 * MINUTE, DUE - 100 * MINUTE):
            await outages.beat(connection, "web", moment)
    async with clocked.administrator(prepared) as connection:  # it beat twice a minute since
        await connection.execute("UPDATE beat SET last_at = $1", DUE + MINUTE)
    assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + MINUTE))) == 1
    assert await clocked.acts(prepared, window) == [
        (await clocked.acts(prepared, window))[0],
        (
            "deadline_moved",
            {
                "deadline": "answer",
                "round": 1,
                "due_at": "2026-04-08T22:00:00Z",
                "cause": "outage",
            },
        ),
    ]
    assert [act for act, _ in await clocked.acts(prepared, duty)][-1] == "deadline_due"


async def test_a_window_waits_for_the_beat_behind_its_end(prepared: Database) -> None:
    """While it is not known whether we were up to the end, the end is not acted on."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW))
    async with pool.connected(prepared.access("web")) as connection:
        await outages.beat(connection, "web", DUE - MINUTE)
        clocks = TwoClocks(wall=DUE + MINUTE)
        scanner = clocked.scanner(clocks)
        assert await clocked.scan(prepared, scanner) == 0
        await outages.beat(connection, "web", DUE + MINUTE)
    assert await clocked.scan(prepared, scanner) == 1


async def test_an_outage_that_goes_on_lengthens_a_window(prepared: Database) -> None:
    """Nobody has seen the portal since before the end: the end comes a business day later."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW))
    async with pool.connected(prepared.access("web")) as connection:
        await outages.beat(connection, "web", DUE - 2 * MINUTE)
    clocks = TwoClocks(wall=DUE + 2 * MINUTE)
    scanner = clocked.scanner(clocks)
    assert await clocked.scan(prepared, scanner) == 0
    assert [facts.get("cause") for _, facts in await clocked.acts(prepared, case_id)] == [
        None, "outage",
    ]  # fmt: skip


async def test_a_clock_that_jumps_fires_nothing_at_first(prepared: Database) -> None:
    """Set back: nothing. Set forward: ten minutes for somebody to set it right, then as it says."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW))
    clocks = TwoClocks(wall=DUE - DAY)
    scanner = clocked.scanner(clocks)
    assert await clocked.scan(prepared, scanner) == 0
    clocks.wall = DUE + DAY
    assert await clocked.scan(prepared, scanner) == 0
    clocks.wall = DUE - DAY + MINUTE  # set right
    clocks.steady += 60
    assert await clocked.scan(prepared, scanner) == 0
    clocks.wall = DUE + DAY
    assert await clocked.scan(prepared, scanner) == 0
    clocks.pass_(timedelta(minutes=9))
    assert await clocked.scan(prepared, scanner) == 0
    clocks.pass_(timedelta(minutes=2))
    assert await clocked.scan(prepared, scanner) == 1


async def test_a_pause_an_end_of_it_and_an_extension_move_the_end(prepared: Database) -> None:
    """Each with an event; a reminder that was given is not given again for a later end."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW, plan=Plan(remind=("50",))))
    half = START + (DUE - START) / 2
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=half)))
    why = PauseReason.CLARIFICATION
    keeper = clocked.keeper()
    async with pool.connected(prepared.access("web")) as connection:
        now = half + DAY
        paused = await keeper.pause(
            connection, case_id, "answer", reason=why, ends_by=now + 10 * DAY, by=BY, now=now
        )
        with pytest.raises(Refused, match="pause_open"):
            await keeper.pause(
                connection, case_id, "answer", reason=why, ends_by=now + 2 * DAY, by=BY,
                now=now + DAY,
            )  # fmt: skip
        resumed = await keeper.resume(
            connection, case_id, "answer", reason=why, by=BY, now=now + 4 * DAY
        )
        with pytest.raises(Refused, match="pause_unknown"):
            await keeper.resume(connection, case_id, "answer", reason=why, by=BY, now=now + 5 * DAY)
        more = extension(10, "2026-04-04 10:00")
        extended = await keeper.extend(
            connection, case_id, "answer", extension=more, most=10, by=BY,
            now=more.decided_at + MINUTE,
        )  # fmt: skip
    assert DUE < resumed.due_at < paused.due_at
    assert resumed.due_at < extended.due_at
    assert [(act, facts.get("cause")) for act, facts in await clocked.acts(prepared, case_id)] == [
        ("deadline_set", None),
        ("deadline_reminded", None),
        ("task_opened", None),
        ("deadline_moved", "pause"),
        ("deadline_moved", "pause"),
        ("deadline_moved", "extension"),
    ]
    clocks = TwoClocks(wall=extended.due_at - MINUTE)
    assert await clocked.scan(prepared, clocked.scanner(clocks)) == 0
    assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=extended.due_at))) == 1


async def test_an_extension_comes_before_the_end(prepared: Database) -> None:
    """Neither after the end, nor with a decision dated back, nor with a notice yet to be given."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW))
    keeper = clocked.keeper()
    early, late = extension(3, "2026-04-02 10:00"), extension(3, "2026-04-08 10:00")
    future = extension(3, "2026-04-02 10:00", "2026-04-05 10:00")
    async with pool.connected(prepared.access("web")) as connection:
        for one, now, code in (
            (late, late.decided_at, "extension_after_due"),
            (early, DUE, "extension_after_due"),
            (future, early.decided_at, "extension_times_wrong"),
        ):
            with pytest.raises(Refused, match=code):
                await keeper.extend(
                    connection, case_id, "answer", extension=one, most=10, by=BY, now=now
                )
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE)))
    async with pool.connected(prepared.access("web")) as connection:
        with pytest.raises(Refused, match="deadline_over"):
            await keeper.extend(
                connection, case_id, "answer", extension=early, most=10, by=BY,
                now=early.decided_at,
            )  # fmt: skip


async def test_what_was_waited_for_ends_a_deadline(prepared: Database) -> None:
    """An ended deadline does nothing any more; set again it is another round."""
    case_id = await one_case(prepared)
    await clocked.put(prepared, case_id, new_deadline(WINDOW, plan=PLAN))
    keeper = clocked.keeper()
    async with pool.connected(prepared.access("web")) as connection:
        ended = await keeper.end(connection, case_id, ["answer", "other"], BY, START + DAY)
        assert [one.name for one in ended] == ["answer"]
        assert await keeper.end(connection, case_id, ["answer"], BY, START + DAY) == ()
    assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE))) == 0
    again = await clocked.put(prepared, case_id, new_deadline(WINDOW, started_at=DUE), now=DUE)
    assert again.round == 2
    third = await clocked.put(prepared, case_id, new_deadline(WINDOW, started_at=DUE), now=DUE)
    assert third.round == 3
    assert [act for act, _ in await clocked.acts(prepared, case_id)] == [
        "deadline_set", "deadline_ended", "deadline_set", "deadline_ended", "deadline_set",
    ]  # fmt: skip


async def test_a_newer_calendar_lengthens_windows_and_flags_duties_once(
    prepared: Database,
) -> None:
    """Only when somebody says so; no duty moves; asked twice, nothing happens twice."""
    window, duty, hours = [await one_case(prepared) for _ in range(3)]
    business = terms(10, Unit.BUSINESS_DAYS, THEIRS)
    await clocked.put(prepared, window, new_deadline(business))
    ours = replace(business, direction=Direction.OUR_DUTY)
    before = await clocked.put(prepared, duty, new_deadline(ours))
    await clocked.put(prepared, hours, new_deadline(terms(500, Unit.HOURS)))
    newer = calendar({**HOLIDAYS, date(2026, 3, 30): "Day of the Harbour"})
    clocks = TwoClocks(wall=START + DAY)
    async with pool.connected(prepared.access("operator")) as connection:
        await calendars.add(connection, newer, START + DAY)
        await clocked.scan(prepared, clocked.scanner(clocks))
        assert len(await clocked.acts(prepared, window)) == 1
        found = await follow_calendars.look(connection, calendars.Calendars(), newer, None)
        verdicts = sorted(one.rebased.verdict.value for one in found)
        assert verdicts == ["flag", "lengthen", "same"]
        for _ in range(2):
            await calendars.take(connection, newer, START + DAY)
            await clocked.scan(prepared, clocked.scanner(clocks))
    assert [facts.get("cause") for _, facts in await clocked.acts(prepared, window)] == [
        None, "calendar",
    ]  # fmt: skip
    assert [act for act, _ in await clocked.acts(prepared, duty)] == ["deadline_set", "task_opened"]
    assert len(await clocked.acts(prepared, hours)) == 1
    async with pool.connected(prepared.access("web")) as connection:
        after = await deadlines.newest(connection, duty, "answer")
    assert after is not None
    assert (after.due_at, after.deadline, after.next) == (
        before.due_at, before.deadline, before.next,
    )  # fmt: skip


async def test_following_a_calendar_goes_on_where_it_stopped(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page at a time: after a crash between pages, none is done twice and none left out."""
    monkeypatch.setattr(follow_calendars, "PAGE", 2)
    several = [await one_case(prepared) for _ in range(5)]
    for case_id in several:
        await clocked.put(prepared, case_id, new_deadline(terms(10, Unit.BUSINESS_DAYS, THEIRS)))
    newer = calendar({**HOLIDAYS, date(2026, 3, 30): "Day of the Harbour"})
    async with pool.connected(prepared.access("operator")) as connection:
        await calendars.add(connection, newer, START)
        await calendars.take(connection, newer, START)
    async with pool.connected(prepared.access("worker")) as connection:
        assert await follow_calendars.follow(connection, Keeping(secrets.token_bytes), START)
    await clocked.scan(prepared, clocked.scanner(TwoClocks()))
    for case_id in several:
        assert [act for act, _ in await clocked.acts(prepared, case_id)] == [
            "deadline_set", "deadline_moved",
        ]  # fmt: skip


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
