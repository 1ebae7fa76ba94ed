"""Texts of strangers on a terminal: what does not print is replaced, so that nothing is hidden.

A log, an authority or a file that came with a copy could else move the cursor, set colours or
turn the direction of writing, and so forge a line that we are thought to have printed.
"""

from __future__ import annotations


def plain(text: str) -> str:
    """One line that prints as it is written; U+FFFD stands for what would not, line ends too."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)
