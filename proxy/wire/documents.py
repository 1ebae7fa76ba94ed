"""Documents that people sign: RFC 8785 JSON of strings, integers, booleans, lists and objects.

A document is its octets: whoever reads one renders it again and refuses what is not the very same,
so that no two texts mean one thing. Pure. Source: vault.md, Roster and orders; RFC 8785.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
import rfc8785

from proxy.errors import InvalidInput
from proxy.model import identifiers

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

LIMIT_OCTETS = 131_072  # a roster of some hundred members; bounds a parser's memory
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MOST_MARKS = 4  # on one letter: what any script needs, and less than reaches another line
_T = TypeVar("_T")


def is_line(text: str) -> bool:
    """Whether a text stays on its line of a terminal, as it is written: approvers read it there.

    Nothing that moves the cursor, hides or turns other text, or piles marks on one letter.
    """
    marks = (unicodedata.combining(one) > 0 for one in text)
    runs = (sum(1 for _ in run) for is_mark, run in itertools.groupby(marks) if is_mark)
    return (
        text.isprintable()
        and "  " not in text
        and text.strip() == text
        and all(length <= _MOST_MARKS for length in runs)
    )


def octets(signature: str) -> bytes:
    """A signature out of its base64; none where it is no base64, which verifies nothing."""
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""


def digest(document: str) -> str:
    """The SHA-256 of a document, in hex: what votes and successors name."""
    return hashlib.sha256(document.encode()).hexdigest()


def render(facts: Mapping[str, object]) -> str:
    """The canonical text of a document's facts."""
    plain = msgspec.to_builtins(facts)
    return rfc8785.dumps(plain).decode()


def parse(document: str, shape: type[_T]) -> _T:
    """The document as `shape`; InvalidInput `document_malformed` or `document_not_canonical`."""
    try:
        octets = document.encode()
        if len(octets) > LIMIT_OCTETS:
            raise _malformed()
        found = msgspec.json.decode(octets, type=shape)
        again = rfc8785.dumps(msgspec.json.decode(octets))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _malformed() from None
    if again != octets:
        raise InvalidInput(
            "document_not_canonical",
            "The document is not in canonical form (RFC 8785): use the file as it was made.",
        )
    return found


def uuid(text: str) -> UUID:
    """A UUID in its one canonical form; InvalidInput `document_malformed`."""
    found = identifiers.canonical_uuid(text)
    if found is None:
        raise _malformed()
    return found


def moment(text: str) -> datetime:
    """A time in whole seconds, UTC, written with Z; InvalidInput `document_malformed`."""
    try:
        found = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise _malformed() from None
    if moment_text(found) != text:
        raise _malformed()
    return found


def moment_text(moment_given: datetime) -> str:
    """The text of a time."""
    return moment_given.astimezone(UTC).strftime(_TIME)


def _malformed() -> InvalidInput:
    return InvalidInput("document_malformed", "The document is damaged or of another kind.")
