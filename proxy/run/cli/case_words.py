"""A case on a terminal: tables, a page of plain lines, moments as people say them.

Pure. Texts of strangers are made harmless.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from proxy.run import case_facts
from proxy.run.cli.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

WIDTH: Final = 96
_DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_MOMENT: Final = "%Y-%m-%d %H:%M UTC"
_LEFT_OUT: Final = frozenset({"calendar", "material", "registration", "sha256", "task", "tenant"})
"""Facts that a line of history goes without; --json has them."""


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """Lines of a table, a head first; one line that says so where there is nothing."""
    if not rows:
        yield "Nothing."
        return
    cells = [[plain(_cell(row.get(name))) for name in columns] for row in rows]
    heads = [name.replace("_", " ") for name in columns]
    widths = [max(len(one) for one in column) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        texts = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(texts).rstrip()


def page(case: Mapping[str, Any], now: datetime, *, with_events: bool = False) -> Iterator[str]:
    """A case: what it is, where it stands, what runs, what lies there, what one can do."""
    yield plain(f"{case['title']}: {case['domain']}")
    yield plain(f"  {case['id']}, event {case['seq']}")
    yield f"  {standing(case)}"
    yield plain(f"  handler: {case['handler'] or 'nobody yet'}")
    for name in ("overlays", "missing", "fields_asked"):
        if case[name]:
            yield plain(f"  {name.replace('_', ' ')}: {', '.join(case[name])}")
    running = {**case, "deadlines": [one for one in case["deadlines"] if not one["is_over"]]}
    if running["deadlines"]:
        yield from _part("Periods", periods(running, now))
    for title, name, columns in (
        ("Tasks", "tasks", ("kind", "role", "due_at")),
        ("Notices", "notices", ("template", "to", "standing", "queued_at")),
        ("Evidence", "evidence", ("id", "kind", "media_type", "octets", "by")),
    ):
        if case[name]:
            yield from _part(title, table(case[name], columns))
    if with_events:
        yield from _part("Events", history(case))
    yield ""
    yield from options(case)


def standing(case: Mapping[str, Any]) -> str:
    """Where a case stands, in a line."""
    ended = "" if case["is_open"] else f" Outcome: {case['outcome'] or 'none'}."
    return plain(f"{case['state']}. {case['says']}{ended}")


def done(case: Mapping[str, Any], act: str, now: datetime) -> Iterator[str]:
    """What an act led to: the state, what runs now, what is to be done."""
    yield plain(f"Done: {act}. The case is at event {case['seq']}.")
    yield standing(case)
    running = [one for one in case["deadlines"] if not one["is_over"]]
    if running:
        yield from _part("Periods", periods({**case, "deadlines": running}, now))
    if case["tasks"]:
        yield from _part("Tasks", table(case["tasks"], ("kind", "role", "due_at")))


def periods(case: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """The periods of a case: until when, whose they are, what happens at their end."""
    rows = [
        {
            "name": one["name"], "whose": one["whose"], "due": moment(one["due_at"]),
            "left": _left(one, now), "then": ", ".join(one["then"]),
        }
        for one in sorted(case["deadlines"], key=lambda one: (one["is_over"], one["due_at"]))
    ]  # fmt: skip
    yield from table(rows, ("name", "whose", "due", "left", "then"))


def history(case: Mapping[str, Any]) -> Iterator[str]:
    """What was done in a case, and by whom; facts by their names."""
    rows = [
        {**one, "at": moment(one["at"]), "facts": _facts(one["facts"])} for one in case["events"]
    ]
    yield from table(rows, ("seq", "at", "actor", "role", "act", "facts"))


def options(case: Mapping[str, Any], act: str = "") -> Iterator[str]:
    """What one can do, and how it is written; of one act alone if it is named."""
    found = [one for one in case["options"] if act in {"", one["act"]}]
    yield "You can do:" if found else "There is nothing that you can do here now."
    for one in found:
        yield plain(f"  {one['act']}" + (f" -> {one['to']}" if one["to"] else ""))
        yield plain(f"    {one['says']}")
        words = " ".join(case_facts.usage(fact) for fact in case_facts.wanted(one["facts"]))
        usage = textwrap.wrap(words, WIDTH - 6, break_long_words=False, break_on_hyphens=False)
        yield from (plain(f"      {line}") for line in usage)
        if act:
            facts = " NAME=VALUE ..." if one["facts"] else ""
            yield plain(f"Write: privacyproxy case act {case['id']} {act}{facts}")
    if case.get("not_yet") and not act:
        yield "Not now (`case can CASE ACT` says why):"
        words = ", ".join(one["act"] for one in case["not_yet"])
        usage = textwrap.wrap(words, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
        yield from (plain(f"  {line}") for line in usage)


def moment(text: str | None) -> str:
    """A moment as people read it; as it came where it is none."""
    try:
        return f"{datetime.fromisoformat(text or '').astimezone(UTC):{_MOMENT}}"
    except ValueError:
        return plain(text or "")


def until(text: str, now: datetime) -> str:
    """How far a moment is, in the largest unit of which there is a whole one."""
    span_s = (datetime.fromisoformat(text) - now).total_seconds()
    whole = abs(span_s)
    for unit_s, unit in ((_DAY_S, "day"), (_HOUR_S, "hour"), (60, "minute")):
        if whole >= unit_s:
            count = int(whole // unit_s)
            said = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"in {said}" if span_s > 0 else f"{said} ago"
    return "now"


def _left(one: Mapping[str, Any], now: datetime) -> str:
    if one["is_over"]:
        return "over"
    if one["paused_until"]:
        return f"paused until {moment(one['paused_until'])}"
    return f"due {until(one['due_at'], now)}" if one["is_due"] else until(one["due_at"], now)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    is_moment = len(text) > len("2026-11-01T") and text[4:5] == "-" and text[10:11] == "T"
    return moment(text) if is_moment else text


def _facts(facts: Mapping[str, Any]) -> str:
    """Facts in a line that is not too long."""
    said = " ".join(
        f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in facts.items()
        if name not in _LEFT_OUT and (name, value) != ("round", 1)
    )
    return said if len(said) <= WIDTH else f"{said[: WIDTH - 4]} ..."


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    yield from (f"  {line}" for line in lines)
