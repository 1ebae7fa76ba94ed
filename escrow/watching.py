"""What operators and auditors watch: coverage, age, missing receipts, keys that expire.

Gauges carry stream ids and keys' fingerprints alone. Source: peers facts s5.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Final

import structlog

from escrow import schedule
from escrow.model import Whose
from escrow.staging import scope_of
from proxy.model.deposit import Deposit, Kind, Step
from proxy.store import deposited, deposits
from proxy.store.deposited import Held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from escrow.keys import Expiry
    from escrow.model import Stream
    from proxy.metrics import Registry
    from proxy.store.pool import Connection

LOOKED_BACK: Final = 60  # deposits of a stream
_WEEK: Final = 7
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
    due: datetime | None
    """When a deposit was due that nobody has begun; None when none is."""

    @property
    def verified_age_s(self) -> float | None:
        """Seconds since the watermark of the newest verified deposit."""
        if self.verified is None or self.verified.watermark is None:
            return None
        return (self.now - self.verified.watermark).total_seconds()


async def standing(connection: Connection, stream: Stream, now: datetime) -> Standing:
    """How the stream stands; looks at every one of its registrations."""
    known = await deposits.list_stream(connection, stream.tenant_id, stream.id, LOOKED_BACK)
    verified = next((one for one in known if _is_whole(one, known)), None)
    scope = scope_of(stream, None)
    masked, covered = await deposited.coverage(
        connection,
        scope.tenant_id,
        accreditation=scope.accreditation,
        with_country_codes=scope.with_country_codes,
        watermark=_NEVER if verified is None else verified.watermark or _NEVER,
        # An own copy holds whoever may come to stand behind a name; another deposit only those
        # that were its own then, so a name that changed since may be new to it.
        unchanged=stream.whose is not Whose.OWN_COPY,
    )
    return Standing(
        stream=stream,
        newest=known[0] if known else None,
        verified=verified,
        overdue=len(overdue(stream, known, now)),
        masked=masked,
        covered=covered,
        now=now,
        due=_due(stream, schedule.credible(known, now), now),
    )


async def coverage_of_all(connection: Connection, streams: Sequence[Stream]) -> tuple[int, int]:
    """Masked names of every registrar, and those whose person some verified deposit has."""
    held = []
    for stream in streams:
        known = await deposits.list_stream(connection, stream.tenant_id, stream.id, LOOKED_BACK)
        verified = next((one for one in known if _is_whole(one, known)), None)
        if verified is not None and verified.watermark is not None:
            scope = scope_of(stream, None)
            held.append(
                Held(
                    tenant_id=scope.tenant_id,
                    accreditation=scope.accreditation,
                    with_country_codes=scope.with_country_codes,
                    watermark=verified.watermark,
                    unchanged=stream.whose is not Whose.OWN_COPY,
                )
            )
    return await deposited.coverage_of_all(connection, held)


def _is_whole(deposit: Deposit, known: Sequence[Deposit]) -> bool:
    """Whether it and all that it builds on, down to a full one, are verified."""
    by_id = {one.id: one for one in known}
    at: Deposit | None = deposit
    while at is not None and at.step is Step.VERIFIED:
        if at.kind is Kind.FULL:
            return True
        at = None if at.previous is None else by_id.get(at.previous)
    return False


def longest_age_s(stream: Stream) -> float:
    """Seconds after which a verified deposit is too old: the longest pause and a day more."""
    days = sorted(stream.schedule.full_days | stream.schedule.incremental_days)
    gaps = [(after - before) % _WEEK or _WEEK for before, after in pairwise([*days, days[0]])]
    return (max(gaps) + 1) * 86_400 + stream.receipt_within_s


def _due(stream: Stream, known: Sequence[Deposit], now: datetime) -> datetime | None:
    run = schedule.plan_run(stream.schedule, next(iter(known), None), now)
    return None if run.due is None else run.due.at


def overdue(stream: Stream, known: Sequence[Deposit], now: datetime) -> tuple[Deposit, ...]:
    """The deposits whose receipt should have come."""
    limit = timedelta(seconds=stream.receipt_within_s)
    # A newer one that is verified makes up for it: what it held is held.
    newer = takewhile(lambda one: one.step is not Step.VERIFIED, known)
    return tuple(
        one
        for one in newer
        if one.step is Step.DELIVERED
        and one.delivered_at is not None
        and now - one.delivered_at > limit
    )


def show(metrics: Registry, one: Standing) -> None:
    """Set the gauges of a stream, and say in the log what is overdue."""
    stream = one.stream.id
    metrics.gauge("escrow_masked_names", stream=stream).value = one.masked
    metrics.gauge("escrow_covered_names", stream=stream).value = one.covered
    ratio = one.covered / one.masked if one.masked else float(one.verified is not None)
    metrics.gauge("escrow_coverage_ratio", stream=stream).value = ratio
    metrics.gauge("escrow_receipts_overdue", stream=stream).value = one.overdue
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
