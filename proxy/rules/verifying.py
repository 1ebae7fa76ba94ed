"""What follows for a verification that is looked at: write, remind, settle, wait, or drop. Pure.

An answer counts whenever it comes. A term that passed is told once, and changes nothing of a name.
Source: WHOIS Accuracy Program Specification s1; promise 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from proxy.model.notice import NoticeStanding
from proxy.model.verification import REMIND, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.verification import Sending, Waiting

UNPROVEN: Final = "unproven"
"""A bounce by silence: our route took the letter and nobody spoke of it. It says nothing of an
address."""

_WITHHELD: Final[Mapping[str, tuple[Standing, str]]] = {
    "address_verified": (Standing.VERIFIED, "earlier"),
    "address_by_registrar": (Standing.BY_REGISTRAR, "by_registrar"),
    "address_ours": (Standing.OURS, "our_address"),
}
"""What the vault's reason for withholding a letter says of its address, and our word for it."""


class Act(StrEnum):
    """What is to be done."""

    ASK = "ask"
    REMIND = "remind"
    SETTLE = "settle"
    WAIT = "wait"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An act. Of a settlement where it stands from now on; `look_at`: when to look again."""

    act: Act
    standing: Standing = Standing.ASKED
    reason: str = ""
    verified_at: datetime | None = None
    look_at: datetime | None = None


def decide(one: Waiting, now: datetime) -> Step:
    """The next step. Nothing is asked twice of one state: what it leaves behind says the rest."""
    if not one.is_on:
        return Step(act=Act.DROP)
    sendings = [sending for sending in (one.first, one.second) if sending is not None]
    settled = _answered(sendings) or _withheld(sendings, now)
    if settled is not None and settled.standing is not one.now.standing:
        return settled
    if one.now.standing is not Standing.ASKED:
        return Step(act=Act.WAIT)
    for sending in sendings:
        if sending.bounced_at is not None and sending.reason != UNPROVEN:
            reason = sending.reason or "bounced"
            return Step(act=Act.SETTLE, standing=Standing.UNDELIVERABLE, reason=reason)
    return _by_time(one, now)


def _by_time(one: Waiting, now: datetime) -> Step:
    due, remind = one.now.due_at, one.now.asked_at + REMIND
    if now >= due:
        return Step(act=Act.SETTLE, standing=Standing.OVERDUE, reason="overdue")
    if one.notice_id is None:
        return Step(act=Act.ASK, look_at=remind)
    if now >= remind and one.reminder_id is None and _went_out(one.first):
        return Step(act=Act.REMIND, look_at=due)
    return Step(act=Act.WAIT, look_at=remind if now < remind else due)


def _went_out(first: Sending | None) -> bool:
    """One that still waits needs no reminder: it is one itself when it comes."""
    return first is not None and first.standing in {
        NoticeStanding.HANDED,
        NoticeStanding.DELIVERED,
        NoticeStanding.BOUNCED,
    }


def _answered(sendings: list[Sending]) -> Step | None:
    times = [one.acknowledged_at for one in sendings if one.acknowledged_at is not None]
    if not times:
        return None
    return Step(act=Act.SETTLE, standing=Standing.VERIFIED, reason="link", verified_at=min(times))


def _withheld(sendings: list[Sending], now: datetime) -> Step | None:
    for one in sendings:
        found = _WITHHELD.get(one.reason)
        if one.standing is NoticeStanding.WITHHELD and found is not None:
            standing, reason = found
            at = now if standing is Standing.VERIFIED else None
            return Step(act=Act.SETTLE, standing=standing, reason=reason, verified_at=at)
    return None
