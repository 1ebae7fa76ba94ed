"""`privacyproxy escrow status`: how every stream stands, and what needs somebody."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from escrow import desk, schedule, watching
from escrow.cli import entering
from proxy.hosting.process import SystemClock
from proxy.model.deposit import Step
from proxy.store import pool
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from datetime import datetime

    from escrow.keys import Expiry
    from escrow.model import Stream
    from escrow.opening import Unsealing
    from escrow.watching import Standing
    from proxy.settings import Settings
    from proxy.store.pool import Access

_DAY_S = 86_400
_LATE = timedelta(hours=1)  # the service looks every few seconds
_SOON_DAYS = 30


def configure(_parser: argparse.ArgumentParser) -> None:
    """It has no arguments of its own."""


def run(arguments: argparse.Namespace, settings: Settings, _unsealing: Unsealing[Any]) -> int:
    """0 when all is well; 1 when a stream or a key needs somebody."""
    access = entering.login(settings, LoginRole.ESCROW)
    entering.become_escrow(settings)  # first: what it can not read, the service can not either
    streams = entering.streams(settings)
    now = SystemClock().now()
    standings = asyncio.run(_standings(access, streams, now))
    expiries = desk.keys(settings.key_dir).expiries()
    told = [_facts(one) for one in standings]
    keys = [_key(one, now) for one in expiries]
    if arguments.json:
        print(json.dumps({"streams": told, "keys": keys}))
    else:
        _print(told, keys)
    return 1 if any(one["needs"] for one in (*told, *keys)) else 0


async def _standings(access: Access, streams: Sequence[Stream], now: datetime) -> list[Standing]:
    async with pool.connected(access) as connection:
        return [await watching.standing(connection, one, now) for one in streams]


def _facts(one: Standing) -> dict[str, object]:
    newest, age_s = one.newest, one.verified_age_s
    upcoming = schedule.next_slot(one.stream.schedule, one.now)
    return {
        "stream": one.stream.id,
        "whose": one.stream.whose.value,
        "format": one.stream.format.value,
        "agent": one.stream.agent,
        "newest": None if newest is None else newest.step.value,
        "deposit": None if newest is None else str(newest.id),
        "manifest_sha256": None
        if newest is None or newest.manifest_sha256 is None
        else newest.manifest_sha256.hex(),
        "reason": "" if newest is None else newest.reason,
        "verified_at": _time(None if one.verified is None else one.verified.watermark),
        "verified_age_s": age_s,
        "masked": one.masked,
        "covered": one.covered,
        "receipts_overdue": one.overdue,
        "next": _time(upcoming.at),
        "needs": _needs(one),
    }


def _needs(one: Standing) -> str:
    """What somebody has to do about a stream; "" for nothing."""
    if one.newest is not None and one.newest.step is Step.REJECTED:
        return "the agent refused the newest deposit"
    if one.overdue:
        return "the agent's receipt did not come"
    if one.newest is not None and one.newest.reason and one.newest.step is not Step.VERIFIED:
        return f"the last try failed: {one.newest.reason}"
    if one.due is not None and one.now - one.due > _LATE:
        return f"a deposit was due on {_time(one.due)} and is not begun"
    if one.verified is None:
        return "no deposit was ever verified"
    if one.newest is not None and one.newest.step is Step.MISSED:
        return "the last deposits were missed"
    age_s = one.verified_age_s or 0
    if age_s > watching.longest_age_s(one.stream):
        return "the newest verified deposit is older than the schedule allows"
    return ""


def _key(one: Expiry, now: datetime) -> dict[str, object]:
    left = None if one.expires_at is None else (one.expires_at - now).total_seconds() / _DAY_S
    needs = one.fault
    if not needs and left is not None and left <= _SOON_DAYS:
        needs = "expired" if left < 0 else "expires soon"
    return {
        "key": one.name,
        "fingerprint": one.fingerprint,
        "expires_at": _time(one.expires_at),
        "needs": needs,
    }


def _print(told: Sequence[dict[str, object]], keys: Sequence[dict[str, object]]) -> None:
    for one in told:
        print(f"{one['stream']}: {one['format']}, {one['whose']}, to agent {one['agent']}")
        print(f"  newest    {one['newest'] or 'none yet'}")
        verified = one["verified_at"] or "never"
        print(f"  verified  {verified}, holds {one['covered']} of {one['masked']} masked names")
        print(f"  next      {one['next']}")
        print(f"  needs     {one['needs'] or 'nothing'}")
    for one in keys:
        print(f"{one['key']} key {one['fingerprint']}")
        print(f"  expires   {one['expires_at'] or 'never'}")
        print(f"  needs     {one['needs'] or 'nothing'}")


def _time(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
