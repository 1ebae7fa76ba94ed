"""A scanner that dies at any write, or is killed: every due action happens once, none is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.services import case_events, follow_calendars
from proxy.store import calendars, cases, deadlines, pool
from tests.support import clocked
from tests.support.clocked import DUE, MINUTE, PLAN, WINDOW, Heard, TwoClocks, new_deadline
from tests.support.crash import crashing
from tests.support.deadlines import HOLIDAYS, calendar

if TYPE_CHECKING:
    from proxy.model.case import CaseId
    from tests.support.database import Database

pytestmark = pytest.mark.db
CHILD = Path(__file__).parents[1] / "support" / "deadlines_child.py"
ROOT = Path(__file__).parents[2]
CASES = 3
WRITES: tuple[tuple[object, str], ...] = (
    (deadlines, "take_due"),
    (deadlines, "move"),
    (cases, "add_tasks"),
    (cases, "add_events"),
    (cases, "move"),
    (Heard, "remind"),
    (Heard, "act"),
)
ONE_END = Counter({"deadline_set": 1, "deadline_due": 1, "task_opened": 2})


async def several(database: Database) -> list[CaseId]:
    """Cases with a window each that tells and does something at its end."""
    found = [await clocked.one_case(database) for _ in range(CASES)]
    for case_id in found:
        await clocked.put(database, case_id, new_deadline(WINDOW, plan=PLAN))
    return found


async def check_once(database: Database, several: list[CaseId]) -> None:
    """Each case has its end once, with all that belongs to it, in a chain without a gap."""
    for case_id in several:
        assert Counter(act for act, _ in await clocked.acts(database, case_id)) == ONE_END
    assert await clocked.heard_rows(database) == ["lapse"] * CASES
    async with clocked.administrator(database) as connection:
        assert await connection.fetchval("SELECT count(*) FROM case_task") == 2 * CASES
        assert await connection.fetchval("SELECT count(*) FROM ledger_entry") == 4 * CASES
        rows = await connection.fetch(
            "SELECT e.case_id, f.seq AS last, f.head, array_agg(e.hash ORDER BY e.seq) AS hashes,"
            " array_agg(e.previous ORDER BY e.seq) AS before, max(e.seq) AS seq"
            " FROM case_event e JOIN case_file f ON f.id = e.case_id GROUP BY 1, 2, 3"
        )
    for row in rows:
        assert row["hashes"][:-1] == row["before"][1:]
        assert (row["hashes"][-1], row["seq"]) == (row["head"], row["last"])


async def test_a_crash_at_any_write_loses_and_repeats_nothing(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the worker dies, what it did stands whole or not at all; the next one goes on."""
    place, is_whole = 0, False
    while not is_whole:
        place += 1
        async with clocked.administrator(prepared) as connection:
            await clocked.forget(connection)
        found = await several(prepared)
        with crashing(monkeypatch, place, WRITES) as crash:
            await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE)))
        is_whole = crash.passed < place
        if not is_whole:  # nothing of a batch that died is left behind
            told = [await clocked.acts(prepared, one) for one in found]
            assert len({len(acts) for acts in told}) == 1
        await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + MINUTE)))
        await check_once(prepared, found)
        assert await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + MINUTE))) == 0
    assert place > 2 * len(WRITES)


@pytest.mark.parametrize("line", ["deadlines.due_of", "cases.add_events", "calendars.being_taken"])
async def test_a_killed_worker_loses_and_repeats_nothing(prepared: Database, line: str) -> None:
    """By kill -9 before anything is written, in the middle, and behind the commit."""
    found = await several(prepared)
    access = prepared.access("worker")
    login = {name: getattr(access, name) for name in ("host", "port", "user", "password")}
    login |= {"database": access.database, "now": DUE.isoformat()}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHILD),
        line,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps(login).encode() + b"\n")
    await child.stdin.drain()
    while (said := await child.stdout.readline()) != b"there\n":
        assert said  # its log comes before
    # It holds the cases, or is done with them: another worker neither waits nor repeats.
    beside = await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE)))
    assert beside == 0
    child.send_signal(signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    child.stdin.close()
    await until_let_go(prepared)
    await clocked.scan(prepared, clocked.scanner(TwoClocks(wall=DUE + MINUTE)))
    await check_once(prepared, found)


async def until_let_go(database: Database) -> None:
    """Return once the database has noticed that the killed worker is gone."""
    async with clocked.administrator(database) as connection, connection.transaction():
        await connection.fetch("SELECT id FROM case_file FOR UPDATE")


async def test_a_crash_while_a_calendar_is_followed_moves_no_window_twice(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page and the place that it reached stand together; the next worker goes on there."""
    newer = calendar(HOLIDAYS | {DUE.date(): "A new feast"})
    writes = ((deadlines, "move"), (case_events, "append_all"), (calendars, "taken"))
    monkeypatch.setattr(follow_calendars, "PAGE", 2)
    found = await several(prepared)
    async with clocked.administrator(prepared) as connection:
        await calendars.add(connection, newer, clocked.START + MINUTE)
        await calendars.take(connection, newer, clocked.START + MINUTE)
    clocks = TwoClocks(wall=clocked.START + MINUTE)
    for place in range(1, 40):
        with crashing(monkeypatch, place, writes):
            await clocked.scan(prepared, clocked.scanner(clocks))
    async with pool.connected(prepared.access("operator")) as connection:
        for case_id in found:
            (kept,) = await deadlines.of_case(connection, case_id)
            assert kept.due_at > DUE
            assert kept.deadline.calendar_version == newer.version
    for case_id in found:
        told = [facts for act, facts in await clocked.acts(prepared, case_id)][1:]
        assert [one["cause"] for one in told] == ["calendar"]


async def test_two_workers_and_one_that_dies_share_what_is_due(
    prepared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two that scan at once one dies in the middle; together they act once on everything."""
    found = await several(prepared)
    clocks = TwoClocks(wall=DUE)
    for place in range(1, 6):
        with crashing(monkeypatch, place, WRITES), contextlib.suppress(BaseExceptionGroup):
            async with asyncio.TaskGroup() as group:
                for _ in range(2):
                    group.create_task(clocked.scan(prepared, clocked.scanner(clocks)))
    await clocked.scan(prepared, clocked.scanner(clocks))
    await check_once(prepared, found)
