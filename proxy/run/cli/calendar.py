"""`privacyproxy calendar make|list|show|rebase`: the business days that deadlines count by.

`make` asks the library `holidays` and keeps what it says as a new version; deadlines that run keep
theirs. `rebase` shows what the newest version would mean for them, and with --apply has the worker
lengthen windows and flag duties as tasks: it moves no duty.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.table import Table

from proxy import setting_values
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model.calendar import CalendarId
from proxy.rules.clock_changes import Rebasing
from proxy.run import enrolling, office_calendar
from proxy.services import follow_calendars
from proxy.store import calendars, pool

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from uuid import UUID

    from proxy.model.calendar import Calendar
    from proxy.services.follow_calendars import Found
    from proxy.settings import Settings
    from proxy.store.pool import Connection

NAME = "calendar"
HELP = "business days: make, list and show calendars, have deadlines follow one"
_MARK: Final = 12  # hex digits of a version that are shown
_SHOWN: Final = 200  # deadlines that a newer version moves, told one by one
_SENTENCES: Final[Mapping[Rebasing, str]] = {
    Rebasing.SAME: "would not move",
    Rebasing.LENGTHEN: "windows would end later",
    Rebasing.KEEP: "windows would end earlier: they keep their end",
    Rebasing.FLAG: "duties of ours would move: a task for each, none is moved",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `calendar`."""
    actions = flags.add_actions(parser)
    made = flags.add_action(actions, "make", "make a version of a calendar from the library")
    flags.add_action(actions, "list", "every version of every calendar")
    show = flags.add_action(actions, "show", "the days of the newest version")
    rebase = flags.add_action(actions, "rebase", "what the newest version means for what runs")
    for one in (made, show, rebase):
        one.add_argument(
            "place", metavar="PLACE", nargs="?", help="ISO 3166, such as IN-DL; the office's else"
        )
    rebase.add_argument(
        "--apply", action="store_true", help="have the worker lengthen windows and flag duties"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 once done; `list`, `show` and `rebase` print."""
    return asyncio.run(_run(arguments, settings))


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    async with pool.connected(enrolling.operator_access(settings)) as connection:
        if arguments.action == "list":
            return await _list(connection, as_json=arguments.json)
        place = setting_values.place(arguments.place or settings.casework_calendar)
        match arguments.action:
            case "make":
                return await _make(connection, settings, place, as_json=arguments.json)
            case "show":
                calendar = await calendars.newest(connection, CalendarId(place))
                return _show(calendar, as_json=arguments.json)
            case _:
                calendar = await calendars.newest(connection, CalendarId(place))
                return await _rebase(connection, calendar, arguments)


async def _make(connection: Connection, settings: Settings, place: str, *, as_json: bool) -> int:
    now = SystemClock().now()
    calendar = office_calendar.make(settings, place, now)
    await calendars.add(connection, calendar, now)
    if as_json:
        print(json.dumps({"calendar": calendar.id, "version": calendar.version}))
    else:
        print(
            f"{calendar.id} {calendar.version[:_MARK]}: {len(calendar.holidays)} holidays, "
            f"{calendar.first_year} to {calendar.last_year}. New deadlines count by it; "
            "`calendar rebase` shows what it means for those that run."
        )
    return 0


async def _list(connection: Connection, *, as_json: bool) -> int:
    found = await calendars.listed(connection)
    if as_json:
        print(
            json.dumps(
                [
                    {
                        "calendar": one.id,
                        "version": one.version,
                        "made_at": one.made_at.isoformat(),
                        "taken_at": one.taken_at.isoformat() if one.taken_at else None,
                        "is_taken_whole": one.taken_whole_at is not None,
                    }
                    for one in found
                ]
            )
        )
        return 0
    table = Table("calendar", "version", "made", "taken by what runs", show_edge=False)
    for one in found:
        taken = "being taken" if one.taken_at else ""
        if one.taken_whole_at:
            taken = f"{one.taken_whole_at:%Y-%m-%d %H:%M}Z"
        table.add_row(one.id, one.version[:_MARK], f"{one.made_at:%Y-%m-%d %H:%M}Z", taken)
    Console().print(table)
    return 0


def _show(calendar: Calendar, *, as_json: bool) -> int:
    days = sorted(calendar.holidays.items())
    if as_json:
        print(
            json.dumps(
                {
                    "calendar": calendar.id,
                    "version": calendar.version,
                    "zone": calendar.zone,
                    "weekend": sorted(calendar.weekend),
                    "holidays": {day.isoformat(): name for day, name in days},
                    "workdays": sorted(day.isoformat() for day in calendar.workdays),
                    "first_year": calendar.first_year,
                    "last_year": calendar.last_year,
                }
            )
        )
        return 0
    print(f"{calendar.id} {calendar.version} ({calendar.zone})")
    for day, name in days:
        print(f"{day:%a} {day.isoformat()}  {name}")
    return 0


async def _rebase(connection: Connection, newer: Calendar, arguments: argparse.Namespace) -> int:
    counts = dict.fromkeys(Rebasing, 0)
    moved: list[Found] = []
    read, after = calendars.Calendars(), None
    while page := await follow_calendars.look(connection, read, newer, after):
        after = _last(page)
        for one in page:
            counts[one.rebased.verdict] += 1
        moved += [one for one in page if one.rebased.verdict is not Rebasing.SAME]
        del moved[_SHOWN:]
    if arguments.apply:
        await calendars.take(connection, newer, SystemClock().now())
    if arguments.json:
        print(
            json.dumps(
                {
                    "calendar": newer.id,
                    "version": newer.version,
                    "counts": {verdict.value: count for verdict, count in counts.items()},
                    "moved": [_told(one) for one in moved],
                    "applied": bool(arguments.apply),
                }
            )
        )
        return 0
    print(f"{newer.id} {newer.version[:_MARK]}, for deadlines that run by other versions:")
    for verdict, count in counts.items():
        print(f"  {count} {_SENTENCES[verdict]}")
    for one in moved:
        kept, rebased = one.kept, one.rebased
        print(
            f"  {kept.case_id} {kept.name} ({rebased.verdict}): "
            f"{rebased.due:%Y-%m-%d %H:%M}Z, by the newer {rebased.due_by_newer:%Y-%m-%d %H:%M}Z"
        )
    if arguments.apply:
        print("The worker sees to it now.")
    return 0


def _told(one: Found) -> Mapping[str, object]:
    return {
        "case": str(one.kept.case_id),
        "deadline": one.kept.name,
        "verdict": one.rebased.verdict.value,
        "due": one.rebased.due.isoformat(),
        "due_by_newer": one.rebased.due_by_newer.isoformat(),
    }


def _last(page: tuple[Found, ...]) -> UUID:
    return page[-1].kept.case_id
