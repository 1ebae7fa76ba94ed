"""Which deposit comes next, and what it builds on: pure decisions over what was made before.

Source: RFC 8909 s2 (kinds and what they build on); issue of deposits that an agent rejects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def base_of(stream: Stream, wanted: Kind, earlier: Sequence[Deposit], fingerprint: str) -> Base:
    """What a deposit that the schedule wants builds on; `earlier` are the stream's, newest first.

    An incremental deposit becomes a full one where there is nothing to build on: no full deposit
    arrived, the agent's key is another one, or something in between was rejected.
    """
    if wanted is Kind.FULL:
        return Base(kind=Kind.FULL)
    kind = stream.options.incremental if stream.format is FormatName.RFC8909 else Kind.DIFF
    usable: list[Deposit] = []
    for one in earlier:
        if one.step is Step.REJECTED:
            break
        if one.step in SENT_STEPS and one.fingerprint == fingerprint:
            usable.append(one)
    full = next((one for one in usable if one.kind is Kind.FULL), None)
    if full is None:
        return Base(kind=Kind.FULL)
    on = full if kind is Kind.INCR else usable[0]
    return Base(kind=kind, since=on.watermark, previous=on.id)


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
