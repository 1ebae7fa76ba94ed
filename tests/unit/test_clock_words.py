"""Why a deadline falls when it does: the sentences, whole where they matter."""

from __future__ import annotations

import locale
from datetime import date, time, timedelta

import pytest

from proxy.model.deadline import Deadline, Direction, Roll, Unit
from proxy.rules import clock_words
from tests.support.deadlines import (
    CALENDAR,
    calendar,
    deadline,
    extension,
    outage,
    pause,
    terms,
    utc,
)

THEIRS = Direction.THEIR_WINDOW
START = "2026-03-20 10:15"
VERSION = CALENDAR.version[:8]
WINDOW = deadline(terms(15, Unit.CALENDAR_DAYS, THEIRS, roll=Roll.NEXT), START)
OF_BERLIN = "in Europe/Berlin"


def test_a_window_is_explained_from_its_event_to_its_end() -> None:
    """Event, count, pause, extension, outage, roll, clocks and end stand there, in this order."""
    history = (
        pause("2026-03-25 10:00", "2026-04-25 10:00", "2026-03-27 09:00"),
        extension(10, "2026-03-30 10:00"),
        outage("2026-04-17 20:00", "2026-04-17 23:00"),
    )
    assert clock_words.explain(WINDOW, CALENDAR, history) == (
        (
            "The period is 15 calendar days (terms answer-claim, from house rule 7). It is time "
            "given "
            "to somebody else: doubt makes it later."
        ),
        (
            f"It began when the notice was delivered: Friday 20 March 2026, 11:15 {OF_BERLIN} "
            "(UTC+01:00)."
        ),
        "The day of the event does not count: days are counted from Saturday 21 March 2026.",
        "So 15 calendar days end with Saturday 4 April 2026.",
        (
            f"It stood still (identity proof) from Wednesday 25 March 2026, 11:00 {OF_BERLIN} "
            f"(UTC+01:00) to Friday 27 March 2026, 10:00 {OF_BERLIN} (UTC+01:00): 3 days did not "
            "count "
            "(days paused in part), and the end is Tuesday 7 April 2026."
        ),
        (
            "It was extended by 10 calendar days (more_time_asked), decided Monday 30 March 2026, "
            f"12:00 {OF_BERLIN} (UTC+02:00): the end is Friday 17 April 2026."
        ),
        (
            f"Our service was down from Friday 17 April 2026, 22:00 {OF_BERLIN} (UTC+02:00) to "
            f"Saturday 18 April 2026, 01:00 {OF_BERLIN} (UTC+02:00), within 24 hours of the end: "
            "1 business day "
            "more, a whole one for each day that began. The end is Monday 20 April 2026."
        ),
        f"Not counted by calendar XA-HARBOUR ({VERSION}): weekends.",
        (
            "The clocks of Europe/Berlin stand at UTC+01:00 at the beginning and at UTC+02:00 at "
            "the "
            "end; days are counted, so nothing is lost or won."
        ),
        (
            "It is due with the end of Monday 20 April 2026, at 24:00 in Europe/Berlin "
            "(UTC+02:00), "
            "which is 2026-04-20T22:00:00Z; what comes before is in time."
        ),
    )


def test_holidays_are_named() -> None:
    """Business days say which holidays they left out, and that weekends were."""
    one = deadline(terms(2, Unit.BUSINESS_DAYS), "2026-04-02 12:00")
    told = clock_words.explain(one, CALENDAR)
    assert (
        f"Not counted by calendar XA-HARBOUR ({VERSION}): weekends, Friday 3 April 2026 "
        "(Good Friday), Monday 6 April 2026 (Easter Monday)."
    ) in told


def test_a_roll_says_from_where_and_why() -> None:
    """A period that ends on a Saturday names it, the holiday behind it, and where it went."""
    told = clock_words.explain(WINDOW, CALENDAR)
    assert (
        "Saturday 4 April 2026 is of the weekend, so it ends with the next business day that is "
        "free to count: Tuesday 7 April 2026."
    ) in told
    assert (
        f"Not counted by calendar XA-HARBOUR ({VERSION}): weekends, Monday 6 April 2026 "
        "(Easter Monday)."
    ) in told


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (
            deadline(terms(8, Unit.HOURS), START),
            "Hours are counted as they pass; days, holidays and clock changes do not matter.",
        ),
        (
            deadline(terms(8, Unit.HOURS), START),
            (
                f"It is due Friday 20 March 2026, 19:15 {OF_BERLIN} (UTC+01:00), which is "
                "2026-03-20T18:15:00Z; what comes before is in time."
            ),
        ),
        (
            deadline(terms(1, Unit.MONTHS), START),
            "Months run to the same date, or to the last day of a month that has no such date.",
        ),
        (
            deadline(terms(1, Unit.BUSINESS_DAYS, closes_at=time(11)), START),
            (
                "What comes at 11:00 or later, or on no business day, counts as of the next "
                "business "
                "day: Monday 23 March 2026."
            ),
        ),
        (
            deadline(terms(1, Unit.CALENDAR_DAYS, is_event_day_counted=True), START),
            "The day of the event counts: Friday 20 March 2026 is the first.",
        ),
        (
            deadline(terms(1, Unit.CALENDAR_DAYS), START, no_earlier_than=utc("2026-04-01 12:00")),
            (
                f"It may not end before Wednesday 1 April 2026, 14:00 {OF_BERLIN} (UTC+02:00), "
                "so it "
                "ends then."
            ),
        ),
        (
            deadline(terms(9, Unit.CALENDAR_DAYS), START, no_later_than=utc("2026-03-21 12:00")),
            (
                f"It may not end after Saturday 21 March 2026, 13:00 {OF_BERLIN} (UTC+01:00), so "
                "it "
                "ends then."
            ),
        ),
        (
            deadline(terms(1, Unit.CALENDAR_DAYS, THEIRS), "2026-10-30 12:00", "America/Havana"),
            "The clocks show that midnight twice; the second one ends the period.",
        ),
        (
            deadline(terms(1, Unit.CALENDAR_DAYS), "2026-10-30 12:00", "America/Havana"),
            "The clocks show that midnight twice; the first one ends the period.",
        ),
        (
            deadline(terms(1, Unit.CALENDAR_DAYS), "2010-11-07 02:30:30", "America/St_Johns"),
            "The clocks show that midnight twice: the event counts as of Saturday 6 November 2010.",
        ),
        (
            deadline(terms(1, Unit.CALENDAR_DAYS), "2026-03-27 12:00", "Asia/Beirut"),
            (
                "It is due with the end of Saturday 28 March 2026, where the clocks jump over "
                "midnight, Sunday 29 March 2026, 01:00 in Asia/Beirut (UTC+03:00), which is "
                "2026-03-28T22:00:00Z; what comes before is in time."
            ),
        ),
        (
            deadline(terms(15, Unit.CALENDAR_DAYS, roll=Roll.PREVIOUS), START),
            (
                "Saturday 4 April 2026 is of the weekend, so it ends with the last business day "
                "before "
                "it: Thursday 2 April 2026."
            ),
        ),
    ],
)
def test_each_rule_has_its_sentence(one: Deadline, sentence: str) -> None:
    """Whatever moved an end says so."""
    assert sentence in clock_words.explain(one, CALENDAR)


def test_changes_that_change_nothing_say_so() -> None:
    """A pause behind the end, an outage far from it or of a duty: told with their effect."""
    far = outage("2026-03-22 10:00", "2026-03-22 11:00")
    late = pause("2026-05-01 10:00", "2026-05-02 10:00")
    told = clock_words.explain(WINDOW, CALENDAR, (far, late))
    assert any(one.endswith("not within 24 hours of the end and changes nothing.") for one in told)
    assert any(one.endswith("nothing was lost by it that had counted.") for one in told)
    duty = deadline(terms(15, Unit.CALENDAR_DAYS), START)
    told = clock_words.explain(duty, CALENDAR, (far,))
    assert any(one.endswith("a duty of ours is not lengthened by it.") for one in told)


def test_a_pause_of_hours_is_told_in_hours() -> None:
    """Thirty hours and a half are said as such; an open pause says until when it may last."""
    one = deadline(terms(72, Unit.HOURS), START)
    told = clock_words.explain(one, CALENDAR, (pause("2026-03-21 00:00", "2026-03-22 06:30"),))
    assert any("30 hours 30 minutes did not count, and the end is" in each for each in told)
    assert any("and may until Sunday 22 March 2026, 07:30" in each for each in told)


def test_a_long_list_of_holidays_is_cut() -> None:
    """Twelve holidays are named, the rest counted."""
    start = date(2026, 6, 1)
    many = {start + timedelta(days=n): f"Feast {n}" for n in range(20)}
    own = calendar(many)
    told = clock_words.explain(deadline(terms(1, Unit.BUSINESS_DAYS), "2026-05-31 12:00"), own)
    assert any(one.endswith("(Feast 11), 8 more holidays.") for one in told)


def test_the_servers_locale_changes_no_word() -> None:
    """Days and months are named in English whatever the locale of the process."""
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "")
        assert clock_words.day_text(date(2026, 3, 4)) == "Wednesday 4 March 2026"
    finally:
        locale.setlocale(locale.LC_TIME, before)
