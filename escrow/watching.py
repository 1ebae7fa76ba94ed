"""What operators and auditors watch: coverage, age, missing receipts, keys that expire.

Gauges carry stream ids and keys' fingerprints alone. Source: peers facts s5.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import structlog

from escrow.staging import scope_of
from proxy.model.deposit import Deposit, Step
from proxy.store import deposited, deposits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from escrow.keys import Expiry
    from escrow.model import Stream
    from proxy.metrics import Registry
    from proxy.store.pool import Connection

LOOKED_BACK: Final = 60  # deposits of a stream
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a stream stands."""

    stream: Stream
    newest: Deposit | None
    verified: Deposit | None
    """The newest deposit that a receipt says is whole."""

    overdue: int
    """Deposits that were delivered and have no receipt in time."""

    masked: int
    """Names with somebody behind a mask, of this stream, now."""

    covered: int
    """Those whose person, as of now, is in the newest verified deposit."""

    now: datetime

    @property
    def verified_age_s(self) -> float | None:
        """Seconds since the watermark of the newest verified deposit."""
        if self.verified is None or self.verified.watermark is None:
            return None
        return (self.now - self.verified.watermark).total_seconds()


async def standing(connection: Connection, stream: Stream, now: datetime) -> Standing:
    """How the stream stands; looks at every one of its registrations."""
    known = await deposits.list_stream(connection, stream.tenant_id, stream.id, LOOKED_BACK)
    verified = next((one for one in known if one.step is Step.VERIFIED), None)
    scope = scope_of(stream, None)
    masked, covered = await deposited.coverage(
        connection,
        scope.tenant_id,
        accreditation=scope.accreditation,
        with_country_codes=scope.with_country_codes,
        watermark=_NEVER if verified is None else verified.watermark or _NEVER,
    )
    return Standing(
        stream=stream,
        newest=known[0] if known else None,
        verified=verified,
        overdue=len(overdue(stream, known, now)),
        masked=masked,
        covered=covered,
        now=now,
    )


def overdue(stream: Stream, known: Sequence[Deposit], now: datetime) -> tuple[Deposit, ...]:
    """The deposits whose receipt should have come."""
    limit = timedelta(seconds=stream.receipt_within_s)
    return tuple(
        one
        for one in known
        if one.step is Step.DELIVERED
        and one.delivered_at is not None
        and now - one.delivered_at > limit
    )


def show(metrics: Registry, one: Standing) -> None:
    """Set the gauges of a stream, and say in the log what is overdue."""
    stream = one.stream.id
    metrics.gauge("escrow_masked_names", stream=stream).value = one.masked
    metrics.gauge("escrow_covered_names", stream=stream).value = one.covered
    ratio = one.covered / one.masked if one.masked else 1.0
    metrics.gauge("escrow_coverage_ratio", stream=stream).value = ratio
    metrics.gauge("escrow_receipts_overdue", stream=stream).value = one.overdue
    age_s = one.verified_age_s
    # A stream without any verified deposit is as old as the time since 1970: no alarm misses it.
    metrics.gauge("escrow_verified_age_seconds", stream=stream).value = (
        one.now.timestamp() if age_s is None else age_s
    )
    if one.overdue:
        _log.error("receipt_overdue", stream=stream, count=one.overdue)


def show_keys(metrics: Registry, expiries: Sequence[Expiry], now: datetime) -> None:
    """Set the gauges of keys: seconds until each expires, negative after."""
    for one in expiries:
        if one.expires_at is not None:
            left = (one.expires_at - now).total_seconds()
            metrics.gauge(
                "escrow_key_expires_seconds", key=one.name, fingerprint=one.fingerprint
            ).value = left
