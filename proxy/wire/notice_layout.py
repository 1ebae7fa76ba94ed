"""How the text of a notice lies in a plain mail: paragraphs, items, lines that fit. Pure.

A template's own line breaks mean nothing: an empty line ends a paragraph, and a line that begins
with a dash, a letter or a number and a dot begins an item. A word that is longer than a line (a
link, a long name) stays whole. Source: RFC 5322 s2.1.1 (78 characters).
"""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH: Final = 76
"""Characters of a line: 78 less two for the mark that a quoted answer puts before it."""

_ITEM: Final = re.compile(r"(?:-|[A-Z]\.|[0-9]{1,2}\.) ")


def laid_out(text: str) -> str:
    """The text in lines of at most WIDTH characters, with one line end at its end."""
    paragraphs = (one for one in text.split("\n\n") if one.strip())
    return "\n\n".join("\n".join(_paragraph(one)) for one in paragraphs) + "\n"


def _paragraph(text: str) -> Iterator[str]:
    for block in _blocks(text):
        item = _ITEM.match(block)
        yield from textwrap.wrap(
            block,
            WIDTH,
            subsequent_indent=" " * (item.end() if item else 0),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _blocks(text: str) -> Iterator[str]:
    """A paragraph's items and what stands between them, each on one line."""
    block: list[str] = []
    for line in (one.strip() for one in text.split("\n")):
        if _ITEM.match(line) and block:
            yield " ".join(block)
            block = []
        block.append(line)
    yield " ".join(block)
