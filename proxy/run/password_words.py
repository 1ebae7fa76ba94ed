"""The words that no password may be, read from proxy/password_words once, with this module.

Read at import because a role's user may be unable to read the program's files later.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from proxy.rules.password_policy import Words

_FOLDER: Final = resources.files("proxy").joinpath("password_words")


def _listed(name: str) -> frozenset[str]:
    return frozenset(_FOLDER.joinpath(name).read_text("utf-8").split())


WORDS: Final = Words(
    words=_listed("words.txt"), names=_listed("names.txt"), common=_listed("common.txt")
)
"""Words, names and common passwords."""
