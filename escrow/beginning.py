"""Which deposit is made now: what is due or wanted, what it builds on, what makes way for it.

Decisions are chain's and schedule's; here are the rows they are made of. Nothing is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from escrow import chain, schedule, staging
from escrow.chain import Base, Target
from escrow.model import FormatName
from escrow.recording import Postponed
from proxy.model.deposit import Deposit, Kind, Step
from proxy.store import deposited

if TYPE_CHECKING:
    from collections.abc import Sequence

    from escrow.opening import Agent
    from escrow.recording import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    slot: datetime
    kind: Kind
    resend: int = 0


async def open_deposit(records: Records) -> Deposit | None:
    """The deposit that is being made or sent, unless it has to make way.

    A newer one is due: the newest state is what counts. Or what it builds on was rejected.
    """
    deposit = await records.find_open()
    if deposit is None:
        return None
    if chain.lost_its_base(deposit, await records.earlier()):
        await records.give_up(deposit, "base_rejected")
        return None
    due = schedule.plan_run(records.stream.schedule, deposit, records.clock.now()).due
    if due is None or due.at <= deposit.slot:
        return deposit
    await records.give_up(deposit, deposit.reason or "superseded")
    return None


async def is_due(records: Records) -> bool:
    """Whether `begin` would have something to make; looks only."""
    now = records.clock.now()
    earlier = schedule.credible(await records.earlier(), now)
    run = schedule.plan_run(records.stream.schedule, next(iter(earlier), None), now)
    return run.due is not None or chain.remake_of(earlier) is not None


async def begin(records: Records, agent: Agent, wanted: Kind | None) -> Deposit | None:
    """A new deposit, if one is due or wanted; missed slots are told first.

    Postponed `escrow_same_day` where the agent has one of today under the names it would need.
    """
    now = records.clock.now()
    earlier = schedule.credible(await records.earlier(), now)
    chosen = _Wanted(slot=now, kind=wanted) if wanted is not None else None
    if chosen is None:
        run = schedule.plan_run(records.stream.schedule, next(iter(earlier), None), now)
        await records.note_missed(run.missed, earlier)
        if run.missed:
            earlier = schedule.credible(await records.earlier(), now)
        chosen = _chosen(run.due, earlier)
    if chosen is None:
        return None
    if chain.holds_the_day(records.stream, earlier, now):
        raise Postponed(
            "escrow_same_day",
            "The agent has a deposit of today, whose names hold the day and no time; another one "
            "would overwrite it. The next is made after midnight UTC.",
        )
    target = Target(
        stream=records.stream,
        fingerprint=agent.openpgp,
        place=chain.place_of(records.stream, agent.host, agent.port),
    )
    base = chain.base_of(target, chosen.kind, earlier, now)
    deposit = chain.following(
        records.stream,
        slot=chosen.slot,
        base=await _countable(records, base),
        earlier=await records.earlier(),
        resend=chosen.resend,
        deposit_id=records.new_id(),
        now=now,
    )
    await records.add(deposit)
    return deposit


def next_day(now: datetime) -> datetime:
    """The first moment of the next day, UTC."""
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)


def _chosen(due: schedule.Slot | None, earlier: Sequence[Deposit]) -> _Wanted | None:
    if due is not None:
        return _Wanted(slot=due.at, kind=due.kind)
    again = chain.remake_of(earlier)
    if again is None:
        return None
    # What an agent rejected, or we gave up, comes whole and current.
    resend = again.resend + (again.step is Step.REJECTED)
    return _Wanted(slot=again.slot, kind=Kind.FULL, resend=resend)


async def _countable(records: Records, base: Base) -> Base:
    """The base, or none where an incremental deposit could not say how much there is in all."""
    if base.kind is Kind.FULL or records.stream.format is not FormatName.RFC8909:
        return base
    scope = staging.scope_of(records.stream, base.since)
    counted = await deposited.other_contacts(records.connection, scope)
    return Base(kind=Kind.FULL) if counted is None else base
