"""From a problem that the service answers to the error that apps.problems rendered.

The sender may be anybody: texts are cut and made fit for a terminal, and of a body that is no
problem nothing is kept. Raises nothing. Source: RFC 9457 s3; RFC 9110 s10.2.3 (Retry-After).
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from proxy.apps.problems import Item
from proxy.errors import (
    Conflict,
    Fault,
    InvalidInput,
    NotFound,
    ProxyError,
    RateLimited,
    Refused,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KINDS: Final[dict[int, type[ProxyError]]] = {
    403: Refused,
    404: NotFound,
    409: Conflict,
    412: Conflict,
    429: RateLimited,
}
"""By status; other refusals are of the request's form, and what is above 499 may pass."""

_LONGEST_TEXT: Final = 500  # of a stranger's sentence
_MOST_FAULTS: Final = 1000  # no body of ours has room for more
_DEFAULT_RETRY_S: Final = 60


class _Problem(msgspec.Struct, frozen=True):
    """What is read of a problem; of a stranger's nothing need be there."""

    code: str = ""
    title: str = ""
    detail: str = ""
    errors: tuple[Item, ...] = ()


def parse(status: int, headers: Mapping[str, str], content: bytes) -> ProxyError:
    """The error of an answer that is none of success."""
    try:
        problem = msgspec.json.decode(content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        problem = _Problem()
    code = printable(problem.code) or f"http_{status}"
    detail = printable(problem.detail or problem.title)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = retry_after_s(headers)
        return RateLimited(
            code, detail, retry_after_s=_DEFAULT_RETRY_S if wait_s is None else wait_s
        )
    is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    kind = _KINDS.get(status, InvalidInput if is_refusal else Unavailable)
    if issubclass(kind, InvalidInput):
        return kind(code, detail, tuple(_fault(one) for one in problem.errors[:_MOST_FAULTS]))
    return kind(code, detail)


def retry_after_s(headers: Mapping[str, str]) -> int | None:
    """Whole seconds that an answer asks to wait; None where it does not say.

    A date counts from the sender's own: no clock of ours needs to agree with it.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return int(text[:9])
    until, sent = _moment(text), _moment(headers.get("Date", ""))
    return None if until is None or sent is None else max(0, int((until - sent).total_seconds()))


def printable(text: str) -> str:
    """A text of a stranger as a terminal may show it: what does not print is replaced."""
    return "".join(one if one.isprintable() else "?" for one in text[:_LONGEST_TEXT])


def _fault(one: Item) -> Fault:
    return Fault(
        pointer=printable(one.pointer), code=printable(one.code), detail=printable(one.detail)
    )


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
