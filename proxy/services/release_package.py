"""A package's way to its recipient: released, collected, receipted, or expired.

Flow: each step holds the package's row, looks at where it stands, moves it on and appends the
case's event, in one transaction, so that a crash leaves the step done or not begun, and two hands
one after the other. Release: its result, one row of the recipient ledger, one event and one notice
stand together (casework s10, invariant 15). The ciphertext is given once and goes with the giving;
what is not fetched in time goes as well, and another order is needed. Holds ciphertext alone.
Source: casework s7.6; vault.md, Package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, NotFound, Refused
from proxy.model import identifiers
from proxy.model.case import ActorKind, NoticeId, Overlay
from proxy.model.link import Purpose
from proxy.model.notice import Party
from proxy.model.order import OrderId
from proxy.model.roster import StaffRole
from proxy.rules import use_terms
from proxy.rules.casework import folding, standing
from proxy.services import case_events
from proxy.services.case_events import NewEvent
from proxy.store import cases, notices
from proxy.store import packages as store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from proxy.model.case import CaseId, Event, EvidenceId, Fact
    from proxy.model.roster import Person
    from proxy.store.packages import PackageRow
    from proxy.store.pool import Connection

TEMPLATE: Final = "n10_package"
LINK_LIFE: Final = timedelta(days=14)
"""How long a released package can be fetched (casework s11)."""

Follow = Callable[["Connection", "CaseId", "datetime"], Awaitable[object]]
"""Has a case go on, in the caller's transaction (services.casework.act.follow)."""

A_ROUND: Final = 100  # packages that one round of expiry takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The ciphertext, and under what name it is kept: no value of anybody's."""

    content: bytes = field(repr=False)
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """A package's link is on its way: by which notice, in which case."""

    case_id: CaseId
    notice_id: NoticeId


async def release(
    connection: Connection,
    package_id: UUID,
    person: Person,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Released:
    """Have the link to a package sent to its recipient.

    NotFound `package_unknown`; Refused `not_releaser`, `package_unsealed`, `package_expired`,
    `package_passed` when the case changed since, `case_conflict`;
    Conflict `package_released`.
    """
    row = await store.lock(connection, package_id)
    if row.releaser != person:
        raise Refused("not_releaser", "The order names somebody else as its releaser.")
    _check_built(row, now)
    file = await cases.find(connection, row.case_id)
    events = await _events_held(connection, row)
    _check_sealed(row, events)
    _check_unchanged(row, events, person)
    notice_id = NoticeId(identifiers.uuid7(now, random(10)))
    package = str(row.id)
    await store.note_released(connection, row.id, now=now, expires_at=now + LINK_LIFE)
    await store.add_recipient(connection, row, file.registration_id, now)
    await notices.queue(
        connection,
        notice_id=notice_id,
        case_id=row.case_id,
        template=TEMPLATE,
        to=Party.REQUESTER,
        facts={
            "case": str(row.case_id),
            "domain": file.domain,
            "due": (now + LINK_LIFE).isoformat(),
        },
        purpose=Purpose.PACKAGE.value,
        subject=package,
        now=now,
    )
    queued: dict[str, Fact] = {
        "notice": str(notice_id),
        "template": TEMPLATE,
        "to": Party.REQUESTER.value,
    }
    await _tell(
        connection,
        row.case_id,
        (person, StaffRole.RELEASER.value),
        [("package_released", {"package": package, "order": str(row.order_id)}),
         ("notice_queued", queued)],
        now=now,
        random=random,
    )  # fmt: skip
    return Released(case_id=row.case_id, notice_id=notice_id)


async def collect(
    connection: Connection,
    package_id: UUID,
    case_id: CaseId,
    *,
    terms: str,
    now: datetime,
    random: Callable[[int], bytes],
) -> Collected:
    """The ciphertext, once, for who accepts the terms of digest `terms` that its order names.

    NotFound `package_unknown`; Refused `terms_not_accepted`, `package_expired`, `package_waits`
    under a stay or a doubt; Conflict `package_collected`. To be given away only once the
    transaction stands.
    """
    row = await store.lock(connection, package_id)
    _check_case(row, case_id)
    _check_collectable(row, now)
    if terms != row.terms or use_terms.text(terms) is None:
        raise Refused("terms_not_accepted", "Accept the terms of use that the page shows.")
    events = await _events_held(connection, row)
    _check_sealed(row, events)
    _check_unbarred(events, now)
    content = await store.content(connection, row.id)
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise Conflict("package_altered", "The package is not the one that was made.")
    await store.note_collected(connection, row.id, now)
    await _tell(
        connection,
        row.case_id,
        (ActorKind.REQUESTER.value, ActorKind.REQUESTER.value),
        [("package_collected", {"package": str(row.id), "terms": terms})],
        now=now,
        random=random,
    )
    return Collected(content=content, file_name=f"package-{row.id}.zip.gpg")


async def receipt(
    connection: Connection,
    package_id: UUID,
    case_id: CaseId,
    evidence_id: EvidenceId,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    """Note that the recipient confirmed a package, by what lies as evidence of the case.

    NotFound `package_unknown`, `evidence_unknown`; Conflict `package_uncollected`,
    `package_receipted`. What it says, and whether its signature is good, staff judge.
    """
    row = await store.lock(connection, package_id)
    _check_case(row, case_id)
    if row.state == "receipted":
        raise Conflict("package_receipted", "A receipt of this package is there already.")
    if row.state != "collected":
        raise Conflict("package_uncollected", "Nobody has fetched this package.")
    if evidence_id not in {one.id for one in await cases.evidence_of(connection, case_id)}:
        raise NotFound("evidence_unknown", "The case has no such evidence.")
    await store.note_receipted(connection, row.id, now)
    await _tell(
        connection,
        row.case_id,
        (ActorKind.REQUESTER.value, ActorKind.REQUESTER.value),
        [("package_receipted", {"package": str(row.id), "evidence": str(evidence_id)})],
        now=now,
        random=random,
    )


async def expire(
    connection: Connection, *, now: datetime, random: Callable[[int], bytes], follow: Follow
) -> int:
    """How many packages nobody fetched in time, in one round; their ciphertext is gone.

    Each in a transaction of its own, with what `follow` does in its case. One whose order was never
    used has no event: its case never knew of it.
    """
    overdue = await store.overdue(connection, now, A_ROUND)
    done = 0
    for package_id in overdue:
        async with connection.transaction():
            row = await store.lock(connection, package_id)
            if row.state not in {"built", "released"} or row.expires_at > now:
                continue  # somebody was faster
            await store.note_expired(connection, row.id, now)
            done += 1
            events = await cases.events(connection, row.case_id)
            if not any(_is_of(one, "package_sealed", row) for one in events):
                continue
            await _tell(
                connection,
                row.case_id,
                (ActorKind.TIMER.value, ActorKind.TIMER.value),
                [("package_expired", {"package": str(row.id)})],
                now=now,
                random=random,
            )
            await follow(connection, row.case_id, now)
    return done


async def _events_held(connection: Connection, row: PackageRow) -> tuple[Event, ...]:
    """The case's events, with nobody adding one until the step is done: a stay among them."""
    await cases.lock(connection, [row.case_id])
    return await cases.events(connection, row.case_id)


def _check_built(row: PackageRow, now: datetime) -> None:
    if row.state == "expired" or (row.state == "built" and row.expires_at <= now):
        raise _expired()
    if row.state != "built":
        raise Conflict("package_released", "This package was released before.")


def _check_collectable(row: PackageRow, now: datetime) -> None:
    if row.state in {"collected", "receipted"}:
        raise Conflict("package_collected", "This package was fetched before; it is given once.")
    if row.state == "expired" or row.expires_at <= now:
        raise _expired()
    if row.state != "released":
        raise store.unknown()


def _check_sealed(row: PackageRow, events: Sequence[Event]) -> None:
    """The case's chain must name this very package: a row alone releases nothing."""
    if not any(
        _is_of(one, "package_sealed", row)
        and one.facts.get("sha256") == row.sha256
        and one.facts.get("order") == str(row.order_id)
        for one in events
    ):
        raise Refused("package_unsealed", "The order of this package has not been carried out.")


def _check_unchanged(row: PackageRow, events: Sequence[Event], person: Person) -> None:
    """Nothing that would have voided the order has come since the package was sealed.

    A stay, a doubt who the requester is, a proposal that was abandoned: what people agreed to was
    another case (casework s6.5, invariant 40). Nor is it sent by whoever declared a conflict.
    """
    case = folding.fold(events)
    if person in case.conflicted:
        raise Refused("case_conflict", "Somebody with a conflict of interest keeps away.")
    order = case.orders.get(OrderId(row.order_id))
    since = max(one.seq for one in events if _is_of(one, "package_sealed", row))
    if order is not None:  # the vault allowed nothing material since then when it built
        since = min(since, order.seq)
    if case.material_seq > since or Overlay.STAY in case.overlays:
        raise Refused(
            "package_passed", "The case has changed since it was sealed; ask for a new decision."
        )


def _check_unbarred(events: Sequence[Event], now: datetime) -> None:
    """Whoever holds the link gets nothing under a stay, or while it is in doubt who they are.

    They are not told which.
    """
    case = folding.fold(events)
    is_doubted = case.last("unverify_requester") is not None and not standing.is_verified(case, now)
    if Overlay.STAY in case.overlays or is_doubted:
        raise Refused("package_waits", "This package is not given at the moment; ask us.")


def _check_case(row: PackageRow, case_id: CaseId) -> None:
    if row.case_id != case_id:
        raise store.unknown()


def _is_of(event: Event, act: str, row: PackageRow) -> bool:
    return event.act == act and event.facts.get("package") == str(row.id)


def _expired() -> Refused:
    return Refused("package_expired", "The time of this package is over; ask for a new decision.")


async def _tell(
    connection: Connection,
    case_id: CaseId,
    who: tuple[str, str],
    what: Sequence[tuple[str, dict[str, Fact]]],
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> None:
    actor, role = who
    added = [NewEvent(actor=actor, role=role, act=act, facts=facts) for act, facts in what]
    await case_events.append(connection, case_id, added, now=now, random=random)
