"""Where the pass phrase of the root key comes from: a file, an inherited descriptor, or a prompt.

Never from the command line or the environment, which other users and every child can read. Only
the supervisor and the command line ask here; a process gets it through its boot document.
"""

from __future__ import annotations

import getpass
import os
import stat
import sys
from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable
from proxy.vault.root_key import MOST_OCTETS, Provider, Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.settings import Settings

_FOREIGN: Final = stat.S_IRWXO | stat.S_IWGRP
"""What a file of it may not grant. Groups may read: credentials of systemd look so."""

_STANDARD: Final = 2  # up to it, descriptors are everybody's and stay open


def wanted(settings: Settings, *, is_new: bool = False) -> Wanted:
    """How the root is to be kept, with the pass phrase where one is set or needed.

    A prompt asks twice when `is_new`. Raises Unavailable with what to do.
    """
    provider = Provider(settings.root_provider)
    phrase = given(settings)
    if phrase is None and provider is Provider.PASSPHRASE:
        phrase = ask("Pass phrase of the root key: ", twice=is_new)
    return Wanted(provider=provider, phrase=phrase)


def given(settings: Settings) -> str | None:
    """The phrase of the file or the descriptor that is set; None where neither is."""
    if settings.root_passphrase_file is not None:
        return from_file(settings, settings.root_passphrase_file)
    if settings.root_passphrase_fd is not None:
        return from_descriptor(settings.root_passphrase_fd)
    return None


def from_file(settings: Settings, path: Path) -> str:
    """The phrase in a file, which lies apart from what it protects and is nobody else's."""
    resolved = path.resolve()
    for place in (settings.data_dir, settings.key_dir):
        if resolved.is_relative_to(place.resolve()):
            raise Unavailable(
                "root_passphrase_place",
                f"{path} lies in {place}: a pass phrase beside what it protects protects nothing.",
            )
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & _FOREIGN:
                raise Unavailable(
                    "root_passphrase_open",
                    f"{path} is open to others: chmod 600 it.",
                )
            return _phrase(file.read(MOST_OCTETS + 2), str(path))
    except OSError as error:
        raise Unavailable(
            "root_passphrase_file",
            f"The pass phrase file {path} can not be read: {error.strerror}.",
        ) from None


def from_descriptor(number: int) -> str:
    """The phrase read from an inherited descriptor until its end; it is closed, so once."""
    source = f"descriptor {number}"
    try:
        with os.fdopen(number, "rb", closefd=number > _STANDARD) as file:
            return _phrase(file.read(MOST_OCTETS + 2), source)
    except OSError:
        raise Unavailable(
            "root_passphrase_fd", f"The pass phrase can not be read from {source}: open it for us."
        ) from None


def ask(question: str, *, twice: bool) -> str:
    """The phrase that somebody types; Unavailable where nobody is there."""
    if not sys.stdin.isatty():
        raise Unavailable(
            "root_passphrase_nobody",
            "The root key needs its pass phrase and nobody is there to type it:"
            " set root_passphrase_file or root_passphrase_fd.",
        )
    try:
        found = getpass.getpass(question)
        if twice and getpass.getpass("The same again: ") != found:
            raise Unavailable("root_passphrase_differs", "They differ. Nothing was changed.")
    except EOFError:
        raise Unavailable("root_passphrase_nobody", "No pass phrase was typed.") from None
    return _phrase(found.encode(errors="surrogateescape"), "what was typed")


def _phrase(content: bytes, source: str) -> str:
    """The text without the end of its line."""
    line = content.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable() or len(line) > MOST_OCTETS:
        raise Unavailable(
            "root_passphrase_form",
            f"The pass phrase in {source} must be one line of printable text, of at most"
            f" {MOST_OCTETS} octets.",
        )
    return text
