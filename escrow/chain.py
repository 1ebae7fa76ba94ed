"""Which deposit comes next, and what it builds on: pure decisions over what was made before.

Source: RFC 8909 s2 (kinds and what they build on); escrow/README.md, How a deposit is made.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from escrow import manifests
from escrow.model import FormatName
from proxy.model.deposit import SENT_STEPS, Deposit, DepositId, Kind, Step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from escrow.model import Stream

RESENDS = 5  # of one slot; after them somebody has to look at what the agent says


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a deposit builds on; a full one on nothing."""

    kind: Kind
    since: datetime | None = None
    previous: DepositId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """To whom and where a stream's deposits go, as plan and roster have it now."""

    stream: Stream
    fingerprint: str
    place: str

    def has(self, deposit: Deposit) -> bool:
        """Whether that deposit went there, in this form and of these names."""
        if deposit.manifest is None or deposit.fingerprint != self.fingerprint:
            return False
        made = manifests.parse(deposit.manifest.encode())
        stream = self.stream
        return (made.format, made.whose, made.accreditation, made.agent, made.place) == (
            stream.format,
            stream.whose,
            stream.accreditation,
            stream.agent,
            self.place,
        )


def place_of(stream: Stream, host: str, port: int) -> str:
    """A digest of where the stream's deposits go; it tells places apart and names none."""
    parts = (host, str(port), stream.user, stream.directory)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def base_of(target: Target, wanted: Kind, earlier: Sequence[Deposit], now: datetime) -> Base:
    """What a deposit that the schedule wants builds on; `earlier` are the stream's, newest first.

    An incremental deposit becomes a full one where there is nothing to build on: no full deposit
    arrived there in this form, something in between was rejected, or a clock was wrong.
    """
    stream = target.stream
    if wanted is Kind.FULL:
        return Base(kind=Kind.FULL)
    kind = stream.options.incremental if stream.format is FormatName.RFC8909 else Kind.DIFF
    usable: list[Deposit] = []
    for one in earlier:
        if one.step is Step.REJECTED:
            break
        if one.step in SENT_STEPS and target.has(one):
            usable.append(one)
    full = next((one for one in usable if one.kind is Kind.FULL), None)
    if full is None:
        return Base(kind=Kind.FULL)
    on = full if kind is Kind.INCR else usable[0]
    if on.watermark is None or on.watermark > now:
        return Base(kind=Kind.FULL)
    return Base(kind=kind, since=on.watermark, previous=on.id)


def lost_its_base(deposit: Deposit, earlier: Sequence[Deposit]) -> bool:
    """Whether what an open deposit builds on was rejected since it was begun."""
    if deposit.previous is None:
        return False
    return not any(one.id == deposit.previous and one.step in SENT_STEPS for one in earlier)


def holds_the_day(stream: Stream, earlier: Sequence[Deposit], now: datetime) -> bool:
    """Whether the agent has a deposit of this day under names that another one would need.

    Names of agents' formats hold the day (UTC) and no time: what is there must not be overwritten.
    """
    if stream.format is FormatName.RECOVERY:
        return False
    return any(
        one.step in SENT_STEPS and one.watermark is not None and one.watermark.date() == now.date()
        for one in earlier
    )


def remake_of(earlier: Sequence[Deposit]) -> Deposit | None:
    """The newest deposit if it has to be made once more: rejected or given up, not too often."""
    newest = next((one for one in earlier if one.step is not Step.MISSED), None)
    if newest is None or newest.step not in {Step.REJECTED, Step.ABANDONED}:
        return None
    same = sum(1 for one in earlier if one.slot == newest.slot)
    return newest if same <= RESENDS else None


def following(
    stream: Stream,
    *,
    slot: datetime,
    base: Base,
    earlier: Sequence[Deposit],
    resend: int,
    deposit_id: UUID,
    now: datetime,
) -> Deposit:
    """The deposit that follows `earlier`, newest first, to be staged."""
    return Deposit(
        id=DepositId(deposit_id),
        tenant_id=stream.tenant_id,
        stream=stream.id,
        kind=base.kind,
        slot=slot,
        sequence=1 + max((one.sequence for one in earlier), default=0),
        resend=resend,
        since=base.since,
        previous=base.previous,
        agent=stream.agent,
        made_at=now,
    )
