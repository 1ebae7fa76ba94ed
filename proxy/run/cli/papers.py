"""Papers that people sign, as files: a document, and signatures beside it that end in .sig."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput
from proxy.run.cli import asking
from proxy.vault import approve

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

FILE_LIMIT_OCTETS = 262_144  # twice the longest document
_MARK_LETTERS = 8  # of a key's id, in the name of its signature's file


def add_submitted(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a command that hands in a document with its signatures."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the document")
    parser.add_argument(
        "signatures", metavar="SIGNATURE", type=Path, nargs="*",
        help="signature files; all FILE*.sig if none is named",
    )  # fmt: skip


def text(file: Path) -> str:
    """What a file says; InvalidInput `file` when it can not be read or is no text."""
    try:
        with file.open("rb") as source:
            return source.read(FILE_LIMIT_OCTETS).decode()
    except OSError as error:
        raise InvalidInput("file", f"{file} can not be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput("file", f"{file} is no text.") from None


def sign(file: Path, document: str, key_file: Path) -> Path:
    """The signature file beside `file`: the key's signature over the document's octets."""
    key = approve.public_key(key_file)
    armored = approve.sign(document.encode(), key_file, asking.passphrase)
    letters = [letter for letter in key.id.partition(":")[2] if letter.isalnum()]
    out = file.with_name(f"{file.name}.{''.join(letters[:_MARK_LETTERS])}.sig")
    out.write_text(armored, "ascii")
    return out


def signatures(arguments: argparse.Namespace) -> Sequence[Path]:
    """The signature files that were named, or all that lie beside the document."""
    file: Path = arguments.file
    return arguments.signatures or sorted(file.parent.glob(f"{file.name}*.sig"))
