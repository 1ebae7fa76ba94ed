"""Saying what stops a deposit: every registration by id in the log, the first few in the error."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAMED: Final = 20  # in a sentence; the count says how many there are
LOGGED: Final = 1_000  # a deposit that nothing can be read of must not fill the log

_log = structlog.get_logger()


def log(code: str, reasons: Mapping[str, str]) -> None:
    """Log which registrations stop a deposit, and why, by id."""
    for registration_id, reason in islice(reasons.items(), LOGGED):
        _log.error("deposit_stopped_by", registration_id=registration_id, reason=reason, code=code)


def some(names: Iterable[str]) -> str:
    """The first few of ids or names, for a sentence."""
    listed = list(islice(names, NAMED + 1))
    return ", ".join(listed[:NAMED]) + (", …" if len(listed) > NAMED else "")
