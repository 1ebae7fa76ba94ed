"""What an act's periods are counted by, in the database: receipt, a court's date, what outlives."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.services.casework import act as acting
from proxy.services.casework.office import Turn
from proxy.store import deadlines, pool
from tests.support import case_rows, request_walks
from tests.support import case_walks as walks
from tests.support.case_walks import HANS, LENA

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import Actor, Fact
    from proxy.model.case_state import Case
    from proxy.model.deadline import KeptDeadline
    from tests.support.case_walks import Walk
    from tests.support.database import Database

pytestmark = pytest.mark.db


async def act(database: Database, walk: Walk, actor: Actor, act_id: str, **facts: Fact) -> Case:
    """An act in the web role, a moment after the walk."""
    async with (
        pool.connected(database.access("web")) as connection,
        connection.transaction(),
    ):
        turn = Turn(office=case_rows.OFFICE, connection=connection, now=later(walk))
        return await acting.act(turn, walk.case.id, actor, act_id, facts)


async def tell(database: Database, walk: Walk, act_id: str, **facts: Fact) -> None:
    """A machine tells something, and what follows is done."""
    async with (
        pool.connected(database.access("worker")) as connection,
        connection.transaction(),
    ):
        turn = Turn(office=case_rows.OFFICE, connection=connection, now=later(walk))
        event = NewEvent(actor="system", role="system", act=act_id, facts=facts)
        await case_events.append(
            connection, walk.case.id, [event], now=turn.now, random=turn.office.random
        )
        await acting.follow(turn, walk.case.id)


def later(walk: Walk) -> datetime:
    """Behind everything that happened."""
    return walk.now + timedelta(minutes=1)


async def kept(database: Database, walk: Walk, name: str) -> KeptDeadline:
    """A deadline as it stands in its row."""
    async with pool.connected(database.access("worker")) as connection:
        found = await deadlines.newest(connection, walk.case.id, name)
    assert found is not None
    return found


async def tasks(database: Database, walk: Walk) -> list[str]:
    """Kinds of the tasks that are open."""
    async with pool.connected(database.superuser()) as connection:
        rows = await connection.fetch(
            "SELECT kind FROM case_task WHERE case_id = $1 AND done_at IS NULL ORDER BY kind",
            walk.case.id,
        )
    return [str(row["kind"]) for row in rows]


async def there(database: Database, walk: Walk) -> Walk:
    """A walk's case, in the database."""
    await case_rows.keep(database, walk)
    return walk


@pytest.mark.parametrize(
    ("days", "ends"),
    [
        (None, "2026-03-16 23:00"),  # 14 days, and nothing else
        (60, "2026-04-28 22:00"),  # to the end of the third business day before the date
        (15, "2026-03-16 23:00"),  # 14 days last longer than to 3 business days before
        (10, "2026-03-12 21:00"),  # and never past the court's date
    ],
)
async def test_a_window_ends_by_the_courts_date(
    prepared: Database, days: int | None, ends: str
) -> None:
    """The later of 14 days and 3 business days before the return date, never past it (s8 e)."""
    dated: dict[str, Any] = {}
    if days is not None:
        date = walks.START.replace(hour=21) + timedelta(days=days)
        dated["return_date"] = date.isoformat()
    walk = await there(prepared, request_walks.valid(**dated).act(HANS, "notify"))
    notice = next(
        str(id_) for id_, one in walk.case.notices.items() if one.template == "n3_order_notice"
    )
    await tell(prepared, walk, "notice_delivered", notice=notice, how="exchanger")
    found = await kept(prepared, walk, "quash")
    assert f"{found.due_at:%Y-%m-%d %H:%M}" == ends


async def test_our_duty_to_comply_ends_with_the_courts_date(prepared: Database) -> None:
    """The date of the act that starts it goes before one that was said earlier."""
    soon = (walks.START + timedelta(hours=30)).isoformat()
    late = (walks.START + timedelta(days=90)).isoformat()
    walk = request_walks.objecting(return_date=late)
    facts: dict[str, Fact] = {"return_date": soon, "reasons": walk.evidence()}
    walk = await there(prepared, walk)
    await act(prepared, walk, walks.LUIS, "shorten_window", **facts)
    found = await kept(prepared, walk, "comply")
    assert found.deadline.no_later_than is not None
    assert found.due_at.isoformat() == soon


async def test_a_duty_runs_from_receipt_however_late_it_is_noted(prepared: Database) -> None:
    """Ten days from when the order came in, not from when somebody saw what it is."""
    walk = request_walks.admitted("d")
    paper = walk.evidence("paper")
    walk.now += timedelta(days=4)
    walk = await there(prepared, walk)
    await act(prepared, walk, LENA, "note_eu_order", paper=paper)
    found = await kept(prepared, walk, "eu_order")
    assert found.deadline.started_at == walks.START
    assert found.due_at - walks.START < timedelta(days=11)


async def test_a_gag_and_a_hold_outlive_their_case(prepared: Database) -> None:
    """Its end takes neither the review nor the late notice away; all else is over."""
    walk = walks.admitted(walks.opened(request_walks.of_letter("b")))
    walk.act(LENA, "place_hold", reasons=walk.evidence())
    reasons = walk.evidence()
    walk = await there(prepared, walk)
    await tell(prepared, walk, "overlay_set", overlay="gag", until="", evidence="")
    case = await act(prepared, walk, LENA, "redirect", whom="court", reasons=reasons)
    assert (case.state, case.is_open) == ("closed", False)
    assert (await kept(prepared, walk, "gag_review")).ended_at is None
    assert await tasks(prepared, walk) == ["lift_hold"]
    await tell(prepared, walk, "overlay_cleared", overlay="gag")
    assert (await kept(prepared, walk, "gag_review")).ended_at is not None
    assert (await kept(prepared, walk, "late_notice")).ended_at is None
    assert await tasks(prepared, walk) == ["late_notice", "lift_hold"]


async def test_a_late_notice_that_waits_is_not_taken_away_by_the_end(prepared: Database) -> None:
    """The gag ended while the case ran; then the case ends."""
    walk = walks.admitted(walks.opened(request_walks.of_letter("b")))
    reasons = walk.evidence()
    walk = await there(prepared, walk)
    await tell(prepared, walk, "overlay_set", overlay="gag", until="", evidence="")
    await tell(prepared, walk, "overlay_cleared", overlay="gag")
    await act(prepared, walk, LENA, "redirect", whom="court", reasons=reasons)
    assert (await kept(prepared, walk, "late_notice")).ended_at is None
    assert "late_notice" in await tasks(prepared, walk)
    await act(prepared, walk, LENA, "tell_late")
    assert await tasks(prepared, walk) == []
