"""When a stream deposits: slots over changes of the clock, what is due, and what was missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from escrow import schedule
from escrow.model import Schedule
from escrow.schedule import Slot
from proxy.model.deposit import Deposit, DepositId, Kind, Step, StreamId
from proxy.model.identifiers import TenantId

SUNDAY, DAILY = frozenset({6}), frozenset(range(7))
WEEKLY = Schedule(
    time_zone="Europe/Zurich",
    full_days=SUNDAY,
    incremental_days=DAILY - SUNDAY,
    hour=2,
    minute=30,
)


def every_day(zone: str, hour: int, minute: int) -> Schedule:
    """A full deposit every day."""
    return Schedule(
        time_zone=zone, full_days=DAILY, incremental_days=frozenset(), hour=hour, minute=minute
    )


def utc(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def last(slot: str, kind: Kind = Kind.FULL, step: Step = Step.VERIFIED) -> Deposit:
    """The newest deposit of a stream."""
    return Deposit(
        id=DepositId(UUID(int=1)),
        tenant_id=TenantId(UUID(int=2)),
        stream=StreamId("heron"),
        kind=kind,
        slot=utc(slot),
        sequence=1,
        resend=0,
        since=None if kind is Kind.FULL else utc(slot) - timedelta(days=1),
        previous=None,
        agent="harbour-escrow",
        made_at=utc(slot),
        step=step,
    )


def moments(one: Schedule, after: str, until: str) -> list[str]:
    """The slots as texts in UTC."""
    found = schedule.slots_between(one, utc(after), utc(until))
    return [f"{slot.at:%Y-%m-%d %H:%M}" for slot in found]


@pytest.mark.parametrize(
    ("one", "after", "until", "expected"),
    [
        # 29 March 2026: at 02:00 the clocks of Zurich go to 03:00, which is 01:00 UTC.
        (
            every_day("Europe/Zurich", 2, 30),
            "2026-03-28 12:00",
            "2026-03-29 12:00",
            ["2026-03-29 01:00"],
        ),
        (
            every_day("Europe/Zurich", 2, 0),
            "2026-03-28 12:00",
            "2026-03-29 12:00",
            ["2026-03-29 01:00"],
        ),
        (
            every_day("Europe/Zurich", 1, 59),
            "2026-03-28 12:00",
            "2026-03-29 12:00",
            ["2026-03-29 00:59"],
        ),
        (
            every_day("Europe/Zurich", 3, 0),
            "2026-03-28 12:00",
            "2026-03-29 12:00",
            ["2026-03-29 01:00"],
        ),
        # 25 October 2026: at 03:00 they go back to 02:00; 02:30 is 00:30 and 01:30 UTC.
        (
            every_day("Europe/Zurich", 2, 30),
            "2026-10-24 12:00",
            "2026-10-25 12:00",
            ["2026-10-25 00:30"],
        ),
        (
            every_day("Europe/Zurich", 3, 0),
            "2026-10-24 12:00",
            "2026-10-25 12:00",
            ["2026-10-25 02:00"],
        ),
        # Half an hour: Lord Howe, 4 October 2026, 02:00 becomes 02:30, which is 15:30 UTC.
        (
            every_day("Australia/Lord_Howe", 2, 15),
            "2026-10-03 12:00",
            "2026-10-04 12:00",
            ["2026-10-03 15:30"],
        ),
        # At midnight: Beirut, 29 March 2026, 00:00 becomes 01:00, which is 22:00 UTC.
        (
            every_day("Asia/Beirut", 0, 30),
            "2026-03-28 12:00",
            "2026-03-29 12:00",
            ["2026-03-28 22:00"],
        ),
        # Samoa had no 30 December 2011: its day ended and the 31st began at 10:00 UTC.
        (
            every_day("Pacific/Apia", 2, 0),
            "2011-12-28 14:00",
            "2012-01-01 00:00",
            ["2011-12-29 12:00", "2011-12-30 12:00", "2011-12-31 12:00"],
        ),
    ],
)
def test_a_slot_is_a_local_time_whatever_the_clocks_do(
    one: Schedule, after: str, until: str, expected: list[str]
) -> None:
    """In a gap it is the gap's end, of two moments the first, and on no day that there was not."""
    assert moments(one, after, until) == expected


def test_the_first_end_of_an_interval_is_out_and_the_last_in() -> None:
    """So that intervals which follow one another share no slot and lose none."""
    one = every_day("UTC", 2, 0)
    assert moments(one, "2026-05-01 02:00", "2026-05-02 02:00") == ["2026-05-02 02:00"]
    assert moments(one, "2026-05-01 02:00", "2026-05-02 01:59") == []


def test_days_have_their_kind() -> None:
    """Full on its days, incremental on the others, none on the rest."""
    one = Schedule(
        time_zone="UTC",
        full_days=frozenset({6}),
        incremental_days=frozenset({0, 2}),
        hour=2,
        minute=0,
    )
    found = schedule.slots_between(one, utc("2026-05-02 12:00"), utc("2026-05-09 12:00"))
    assert [(slot.at.day, slot.kind) for slot in found] == [
        (3, Kind.FULL),
        (4, Kind.DIFF),
        (6, Kind.DIFF),
    ]


def test_the_next_slot_is_behind_now() -> None:
    """At the very moment of a slot, the next one is the next one."""
    assert schedule.next_slot(WEEKLY, utc("2026-05-03 00:30")).at == utc("2026-05-04 00:30")
    only_sundays = Schedule(
        time_zone="UTC", full_days=SUNDAY, incremental_days=frozenset(), hour=2, minute=0
    )
    assert schedule.next_slot(only_sundays, utc("2026-05-03 02:00")) == Slot(
        at=utc("2026-05-10 02:00"), kind=Kind.FULL
    )


def test_a_first_start_makes_a_full_deposit_at_once() -> None:
    """Nobody waits for Sunday with nothing deposited."""
    now = utc("2026-05-05 14:00")
    assert schedule.plan_run(WEEKLY, None, now) == schedule.Run(
        due=Slot(at=now, kind=Kind.FULL), missed=()
    )


def test_nothing_is_due_before_its_slot() -> None:
    """A deposit is made once a slot."""
    run = schedule.plan_run(WEEKLY, last("2026-05-04 00:30", Kind.DIFF), utc("2026-05-05 00:29"))
    assert run == schedule.Run(due=None, missed=())


def test_the_newest_slot_is_made_and_those_before_are_missed() -> None:
    """After two days off there is one deposit, current, and two slots nobody met."""
    run = schedule.plan_run(WEEKLY, last("2026-05-04 00:30", Kind.DIFF), utc("2026-05-07 09:00"))
    assert run.due == Slot(at=utc("2026-05-07 00:30"), kind=Kind.DIFF)
    assert [slot.at for slot in run.missed] == [utc("2026-05-05 00:30"), utc("2026-05-06 00:30")]


def test_a_missed_full_deposit_makes_the_next_one_full() -> None:
    """A week without a full deposit is not made up for by what changed on Monday."""
    run = schedule.plan_run(WEEKLY, last("2026-05-09 00:30", Kind.DIFF), utc("2026-05-11 09:00"))
    assert run.due == Slot(at=utc("2026-05-11 00:30"), kind=Kind.FULL)
    assert [slot.kind for slot in run.missed] == [Kind.FULL]


@pytest.mark.parametrize("step", list(Step))
def test_an_incremental_deposit_has_a_full_one_before_it(step: Step) -> None:
    """Where the full one was missed, given up or refused, the next is full."""
    run = schedule.plan_run(
        WEEKLY, last("2026-05-03 00:30", Kind.FULL, step), utc("2026-05-04 09:00")
    )
    is_lost = step in {Step.MISSED, Step.ABANDONED, Step.REJECTED}
    assert run.due == Slot(at=utc("2026-05-04 00:30"), kind=Kind.FULL if is_lost else Kind.DIFF)


def test_an_agent_is_left_alone_after_a_delivery() -> None:
    """Until the cool-down is over; a first delivery waits for nothing."""
    now = utc("2026-05-03 04:00")
    assert schedule.may_deliver_at(None, 7_200, now) == now
    assert schedule.may_deliver_at(utc("2026-05-03 03:00"), 7_200, now) == utc("2026-05-03 05:00")
    assert schedule.may_deliver_at(utc("2026-05-03 01:00"), 7_200, now) == now
