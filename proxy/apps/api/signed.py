"""What calls with a registrar's own signature have in common: a document, carried to the vault.

The document is carried as it was signed, and no part of it is kept or logged. Source: vault.md,
Grants (registrar).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from proxy.apps.api import reading
from proxy.errors import Fault, InvalidInput, RateLimited, Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.wire.frames import Answer, Request

    Ask = Callable[[Request], Awaitable[Answer]]

RETRY_AFTER_S: Final = 3600  # the vault counts by the hour; a day's budget takes longer

_T = TypeVar("_T")


def parse(body: bytes, shape: type[_T], code: str) -> _T:
    """The body; InvalidInput `invalid_body` with a fault of this code."""
    try:
        return msgspec.convert(reading.parse_json(body), shape)
    except msgspec.ValidationError:
        detail = "Send `document`, as it was signed, and `signature`, 64 octets in base64."
        fault = Fault(pointer="", code=code, detail=detail)
        raise InvalidInput("invalid_body", detail, (fault,)) from None


def check_own(*faults: tuple[str, str, bool]) -> None:
    """Return when every part of a document (code, sentence, whether it is) is of this call."""
    wrong = tuple(
        Fault(pointer="/document", code=code, detail=detail)
        for code, detail, is_right in faults
        if not is_right
    )
    if wrong:
        raise InvalidInput("invalid_body", "The document is not of this call.", wrong)


async def carried(ask: Ask, request: Request, code: str) -> Answer:
    """What the vault answers; RateLimited with this code where a budget is used up."""
    try:
        return await ask(request)
    except Refused as refusal:
        if refusal.code != "budget":
            raise
        raise RateLimited(code, retry_after_s=RETRY_AFTER_S) from None
