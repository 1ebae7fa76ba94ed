"""Deadlines that move in a real database: outages, clock jumps, pauses, extensions, calendars."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Refused
from proxy.model.deadline import Direction, PauseReason, Plan, Unit
from proxy.services import follow_calendars
from proxy.services.fire_deadlines import Keeping
from proxy.store import calendars, deadlines, outages, pool
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
    TwoClocks,
    new_deadline,
    one_case,
)
from tests.support.deadlines import HOLIDAYS, calendar, extension, terms

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


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


async def test_a_machine_that_stood_still_ends_no_window(prepared: Database) -> None:
    """The worker slept past reminders as well: the end waits for beats, the outage is credited."""
    waits, down = await one_case(prepared), await one_case(prepared)
    await clocked.put(prepared, waits, new_deadline(WINDOW, plan=PLAN))
    async with pool.connected(prepared.access("web")) as connection:
        await outages.beat(connection, "web", DUE - MINUTE)
        assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + MINUTE))) == 0
        assert [act for act, _ in await clocked.acts(prepared, waits)] == ["deadline_set"]
        await clocked.put(prepared, down, new_deadline(WINDOW, plan=PLAN))
        await outages.beat(connection, "web", DUE + 300 * MINUTE)
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + 300 * MINUTE)))
    for case_id in (waits, down):
        acts = [act for act, _ in await clocked.acts(prepared, case_id)]
        assert acts == ["deadline_set", "deadline_moved", "deadline_reminded"]


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
