"""What a deposit builds on, when it must not be made, and what is made once more."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from escrow import chain, manifests, schedule
from escrow.chain import Base, Target
from escrow.model import FormatName, Manifest, Whose
from proxy.model.deposit import Deposit, DepositId, Kind, Step
from tests.support import escrow_rows

if TYPE_CHECKING:
    from escrow.model import Stream

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEY = "AB" * 20
STREAM = escrow_rows.stream(FormatName.RFC8909)
TARGET = Target(stream=STREAM, fingerprint=KEY, place=chain.place_of(STREAM, "a.example", 22))


def deposit(
    number: int, kind: Kind = Kind.FULL, step: Step = Step.VERIFIED, **changes: object
) -> Deposit:
    """A deposit of that many days ago, as it was sent to TARGET."""
    at = NOW - timedelta(days=number)
    manifest = Manifest(
        deposit="",
        stream=STREAM.id,
        tenant=str(STREAM.tenant_id),
        accreditation=STREAM.accreditation,
        whose=STREAM.whose,
        format=STREAM.format,
        kind=kind,
        watermark=at,
        sequence=1,
        resend=0,
        previous="",
        agent=STREAM.agent,
        recipients=(KEY,),
        signer=KEY,
        registrations=1,
        total=1,
        contacts=1,
        deletes=0,
        files=(),
        place=TARGET.place,
    )
    fields: dict[str, object] = {
        "id": DepositId(UUID(int=1000 - number)),
        "tenant_id": STREAM.tenant_id,
        "stream": STREAM.id,
        "kind": kind,
        "slot": at,
        "sequence": 100 - number,
        "resend": 0,
        "since": None,
        "previous": None,
        "agent": STREAM.agent,
        "made_at": at,
        "step": step,
        "watermark": at,
        "fingerprint": KEY,
        "manifest": manifests.render(manifest).decode(),
    }
    return Deposit(**(fields | changes))  # type: ignore[arg-type]  # the fields above


def on(one: Deposit, kind: Kind) -> Base:
    """A base of that deposit."""
    return Base(kind=kind, since=one.watermark, previous=one.id)


FULL, DIFF = deposit(2), deposit(1, Kind.DIFF)


def with_incremental(kind: Kind) -> Target:
    """The target whose incremental days make that kind."""
    stream = replace(STREAM, options=replace(STREAM.options, incremental=kind))
    return replace(TARGET, stream=stream)


def test_a_diff_builds_on_the_newest_and_an_incr_on_the_last_full() -> None:
    """RFC 8909 s2."""
    earlier = (DIFF, FULL)
    assert chain.base_of(with_incremental(Kind.DIFF), Kind.DIFF, earlier, NOW) == on(
        DIFF, Kind.DIFF
    )
    assert chain.base_of(with_incremental(Kind.INCR), Kind.DIFF, earlier, NOW) == on(
        FULL, Kind.INCR
    )


@pytest.mark.parametrize(
    "earlier",
    [
        (),
        (DIFF,),
        (replace(DIFF, step=Step.REJECTED), FULL),
        (replace(FULL, step=Step.ABANDONED),),
        (replace(FULL, step=Step.STAGED),),
        (replace(FULL, fingerprint="CD" * 20),),
        (replace(FULL, watermark=NOW + timedelta(days=1)),),
        (replace(FULL, manifest=None),),
    ],
    ids=["first", "no full", "rejected", "given up", "unsent", "other key", "future", "bare"],
)
def test_where_there_is_nothing_to_build_on_the_next_is_full(earlier: tuple[Deposit, ...]) -> None:
    """No full deposit arrived, or it can not be relied on."""
    assert chain.base_of(TARGET, Kind.DIFF, earlier, NOW) == Base(kind=Kind.FULL)


@pytest.mark.parametrize(
    "stream",
    [
        replace(STREAM, directory="elsewhere"),
        replace(STREAM, user="other"),
        replace(STREAM, format=FormatName.CSV_2024),
        replace(STREAM, whose=Whose.REGISTRAR),
        replace(STREAM, accreditation="other"),
        replace(STREAM, agent="other"),
    ],
    ids=["directory", "user", "format", "whose", "accreditation", "agent"],
)
def test_nothing_builds_on_what_went_elsewhere_or_was_of_others(stream: Stream) -> None:
    """A plan that was changed begins anew: the other place lacks what came before."""
    target = replace(TARGET, stream=stream, place=chain.place_of(stream, "a.example", 22))
    assert chain.base_of(target, Kind.DIFF, (FULL,), NOW) == Base(kind=Kind.FULL)
    moved = replace(TARGET, place=chain.place_of(STREAM, "b.example", 22))
    assert chain.base_of(moved, Kind.DIFF, (FULL,), NOW) == Base(kind=Kind.FULL)


def test_an_open_deposit_whose_base_was_rejected_is_noticed() -> None:
    """It must not be sent: the agent does not have what it builds on."""
    open_one = replace(DIFF, step=Step.STAGED, previous=FULL.id)
    assert not chain.lost_its_base(open_one, (open_one, FULL))
    assert chain.lost_its_base(open_one, (open_one, replace(FULL, step=Step.REJECTED)))
    assert not chain.lost_its_base(replace(FULL, step=Step.STAGED), (FULL,))


def test_the_agent_s_deposit_of_a_day_is_not_overwritten() -> None:
    """Names of agents' formats hold the day, those of recovery deposits the second."""
    today = deposit(0)
    assert chain.holds_the_day(STREAM, (today,), NOW)
    assert not chain.holds_the_day(STREAM, (FULL,), NOW)
    assert not chain.holds_the_day(STREAM, (replace(today, step=Step.REJECTED),), NOW)
    assert not chain.holds_the_day(escrow_rows.stream(FormatName.RECOVERY), (today,), NOW)


def test_what_was_rejected_is_made_again_but_not_for_ever() -> None:
    """Six times in all for one slot; then somebody has to look."""
    rejected = replace(FULL, step=Step.REJECTED)
    assert chain.remake_of((rejected,)) == rejected
    assert chain.remake_of((rejected,) * chain.RESENDS) == rejected
    assert chain.remake_of((rejected,) * (chain.RESENDS + 1)) is None
    assert chain.remake_of((FULL, rejected)) is None


def test_what_a_wrong_clock_made_keeps_nothing_back() -> None:
    """A deposit of next year is set aside, at every look."""
    future = replace(FULL, slot=NOW + timedelta(days=300))
    assert schedule.credible((future, DIFF, FULL), NOW) == (DIFF, FULL)
