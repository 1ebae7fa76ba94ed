"""Questions to whoever sits at the terminal, and answers that must be unmistakable."""

from __future__ import annotations

import getpass
import sys

from proxy.errors import Refused


def confirm(
    question: str, word: str, *, is_given: bool, otherwise: str = "say --yes to confirm"
) -> None:
    """Return when the person types `word`; Refused `not_confirmed` for anything else.

    `is_given` is an answer given on the command line, by a program.
    """
    if is_given:
        return
    if not sys.stdin.isatty():
        raise Refused("not_confirmed", f"Nobody can be asked here: {otherwise}.")
    print(f"{question} Type {word} to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != word:
        raise Refused("not_confirmed", "Not confirmed; nothing was signed and nothing was sent.")


def line(question: str, otherwise: str) -> str:
    """What the person types; Refused `not_asked` where nobody can be asked."""
    try:
        return input(question)
    except EOFError:
        raise Refused("not_asked", f"Nobody can be asked here: say {otherwise}.") from None


def passphrase() -> bytes | None:
    """A key file's pass-phrase from the terminal; None when nobody can be asked."""
    try:
        return getpass.getpass("Pass-phrase of the key: ").encode()
    except (EOFError, OSError):
        return None
