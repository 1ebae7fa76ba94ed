"""A case on a terminal: lists as tables, a case as a page of plain lines.

Pure. Texts of strangers are made harmless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxy.run.cli.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """Lines of a table, a head first; one line that says so where there is nothing."""
    if not rows:
        yield "Nothing."
        return
    cells = [[plain(str(row.get(name) or "")) for name in columns] for row in rows]
    heads = [name.replace("_", " ") for name in columns]
    widths = [max(len(one) for one in column) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        texts = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(texts).rstrip()


def page(case: Mapping[str, Any], *, with_events: bool = False) -> Iterator[str]:
    """A case: what it is, where it stands, what runs, what lies there, what one can do."""
    yield plain(f"{case['title']}: {case['domain']}")
    yield plain(f"  {case['id']}, event {case['seq']}")
    standing = f"{case['state']}. {case['says']}"
    yield plain(f"  {standing}" + ("" if case["is_open"] else f" Outcome: {case['outcome']}."))
    yield plain(f"  handler: {case['handler'] or 'nobody yet'}")
    for name in ("overlays", "missing", "fields_asked"):
        if case[name]:
            yield plain(f"  {name.replace('_', ' ')}: {', '.join(case[name])}")
    running = [one for one in case["deadlines"] if not one["is_over"]]
    yield from _part("Periods", running, ("name", "due_at", "is_due"))
    yield from _part("Tasks", case["tasks"], ("kind", "role", "due_at"))
    yield from _part("Notices", case["notices"], ("template", "to", "standing", "queued_at"))
    yield from _part("Evidence", case["evidence"], ("id", "kind", "media_type", "octets", "by"))
    if with_events:
        yield from _part("Events", case["events"], ("seq", "at", "actor", "role", "act"))
    yield ""
    yield "You can do:" if case["options"] else "There is nothing that you can do here now."
    for one in case["options"]:
        yield plain(f"  {one['act']}" + (f" -> {one['to']}" if one["to"] else ""))
        yield plain(f"    {one['says']}")
        for fact in one["facts"]:
            yield plain(f"    {fact}")


def _part(title: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    if rows:
        yield ""
        yield title
        yield from (f"  {line}" for line in table(rows, columns))
