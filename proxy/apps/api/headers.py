"""Request headers and query parameters to values. Raises InvalidInput and nothing else.

Sources: RFC 9110 s8.3, s13.1 (content type, preconditions); contract, API.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

from pydantic_core import PydanticCustomError

from proxy.apps.api import fields
from proxy.errors import Fault, InvalidInput
from proxy.model.identifiers import EndReason
from proxy.model.journal import JournalPosition
from proxy.rules.identity import Precondition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_PAGE: Final = 1000
DEFAULT_PAGE: Final = 100
_POSITION: Final = (1 << 63) - 1
MAX_LINE: Final = 2**53  # of an import: whole numbers that JSON readers keep exactly
_TAGS: Final = re.compile(r'\s*(W/)?"([\x21\x23-\x7e]*)"\s*(?:,|$)', re.ASCII)
_IDEMPOTENCY: Final = re.compile(r'("?)([\x21\x23-\x7e]{1,255})\1', re.ASCII)
_ENDED_BY_CALLERS: Final = frozenset(
    {
        EndReason.REGISTRY_DELETED,
        EndReason.TRANSFERRED_OUT,
        EndReason.LEFT_SERVICE,
        EndReason.ERROR,
    }
)


def require_type(headers: Mapping[str, str], wanted: str) -> None:
    """Refuse a body of another media type, charset or coding."""
    kind, _, parameters = headers.get("Content-Type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    is_plain = headers.get("Content-Encoding", "identity").lower() == "identity"
    if kind.strip().lower() != wanted or charset not in {"", "charset=utf-8"} or not is_plain:
        raise InvalidInput("content_type", f"Send {wanted}, UTF-8, without a content coding.")


def parse_precondition(headers: Mapping[str, str]) -> Precondition:
    """What If-Match and If-None-Match demand."""
    match, none_match = headers.get("If-Match"), headers.get("If-None-Match")
    if none_match is not None and none_match.strip() != "*":
        raise InvalidInput("header", "If-None-Match takes only * here.")
    if match is None or match.strip() == "*":
        return Precondition(absent=none_match is not None, present=match is not None)
    return Precondition(absent=none_match is not None, tags=parse_tags(match))


def parse_tags(text: str) -> frozenset[str]:
    """The strong entity tags in a list; weak ones never match (RFC 9110 s13.1.1)."""
    found, at = set(), 0
    while at < len(text) or not at:
        one = _TAGS.match(text, at)
        if one is None:
            raise InvalidInput("header", 'If-Match takes entity tags in quotes, such as "id.1".')
        if one[1] is None:
            found.add(one[2])
        at = one.end()
    return frozenset(found)


def parse_idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The Idempotency-Key; quotes around it (a structured field) are taken off."""
    text = headers.get("Idempotency-Key")
    if text is None:
        return None
    found = _IDEMPOTENCY.fullmatch(text.strip())
    if found is None:
        raise InvalidInput("header", "Idempotency-Key takes 1 to 255 visible ASCII characters.")
    return found[2]


def parse_reason(query: Mapping[str, str]) -> EndReason:
    """Why a registration ends."""
    known(query, "reason")
    text = query.get("reason", "")
    found = next((one for one in _ENDED_BY_CALLERS if one.value == text), None)
    if found is None:
        words = ", ".join(sorted(one.value for one in _ENDED_BY_CALLERS))
        raise fault("reason", "choice" if text else "required", f"One of {words}.")
    return found


def parse_number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A whole number from 0 to `most`."""
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 19 and int(text) <= most):  # noqa: PLR2004 - digits of a 64-bit number
        raise fault(name, "range", f"A whole number up to {most}.")
    return int(text)


def parse_page(query: Mapping[str, str]) -> int:
    """How many entries a page has."""
    limit = parse_number(query, "limit", DEFAULT_PAGE, MAX_PAGE)
    if limit == 0:
        raise fault("limit", "range", f"1 to {MAX_PAGE}.")
    return limit


def parse_since(query: Mapping[str, str]) -> datetime | None:
    """The moment in `updated_since`."""
    text = query.get("updated_since")
    if text is None:
        return None
    try:
        return fields.parse_moment(text)
    except PydanticCustomError:
        raise fault("updated_since", "timestamp", "A time as in RFC 3339.") from None


def render_cursor(after: UUID) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(after.bytes).decode().rstrip("=")


def parse_cursor(query: Mapping[str, str]) -> UUID | None:
    """The id after which a page begins."""
    return _parse_cursor(query, "cursor")


def _parse_cursor(query: Mapping[str, str], name: str) -> UUID | None:
    text = query.get(name)
    if text is None:
        return None
    try:
        found = UUID(bytes=base64.b64decode(text + "==", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        raise fault(name, "syntax", "Not a cursor of ours.") from None
    if render_cursor(found) != text:
        raise fault(name, "syntax", "Not a cursor of ours.")
    return found


def render_position(position: JournalPosition) -> str:
    """An opaque cursor of a feed: a place in the journal, and in which history of it."""
    return render_cursor(UUID(int=position.epoch << 64 | position.pos))


def parse_position(query: Mapping[str, str]) -> JournalPosition | None:
    """The place after which a feed is asked for, in `after`."""
    found = _parse_cursor(query, "after")
    if found is None:
        return None
    # Numbers beyond PostgreSQL's are of no history, as others are that nobody gave.
    epoch, pos = found.int >> 64, found.int & (1 << 64) - 1
    return JournalPosition(epoch=min(epoch, _POSITION), pos=min(pos, _POSITION))


def parse_id(text: str) -> UUID | None:
    """The id in a path, or None where it can be none."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def known(query: Mapping[str, str], *names: str) -> None:
    """Refuse parameters there are not."""
    if set(query) - set(names):
        raise fault("", "unknown_parameter", "There is no such parameter.")


def fault(name: str, code: str, detail: str) -> InvalidInput:
    """A fault of a query parameter."""
    one = Fault(pointer=f"/{name}" if name else "", code=code, detail=detail)
    return InvalidInput("invalid_query", "A query parameter has a fault.", (one,))
