"""Accounts on a terminal: rows for tables and programs, and the shape of the commands around them.

Rows hold ids, names and moments, never a secret.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING, Any, Final, TypeVar

from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.run import enrolling
from proxy.run.cli import case_words
from proxy.store import pool as pools

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from proxy.errors import Fault
    from proxy.model.identifiers import ResellerId
    from proxy.settings import Settings
    from proxy.store.accounts import KeptKey, KeptProfile, KeptReseller
    from proxy.store.pool import Connection
    from proxy.store.quotas import Quota

MOST_LETTERS: Final = 255  # of a registrar's or reseller's name; the schema's CHECK
_T = TypeVar("_T")


def action(
    actions: flags.Actions, name: str, sentence: str, example: str
) -> argparse.ArgumentParser:
    """An action whose help ends with an example."""
    made = flags.add_action(actions, name, sentence)
    made.epilog = f"Example:\n  privacyproxy {example}\n"
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    return made


def below(parser: argparse.ArgumentParser) -> flags.Actions:
    """The place for what an action can do, one of which must be given."""
    return parser.add_subparsers(dest="deed", metavar="WHAT", required=True)


def as_operator(settings: Settings, act: Callable[[Connection], Awaitable[_T]]) -> _T:
    """What `act` gives, with the operator's login; it works beside a running service."""

    async def run() -> _T:
        async with pools.connected(enrolling.operator_access(settings)) as connection:
            return await act(connection)

    return asyncio.run(run())


def tell(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool) -> int:
    """Prints a table, or JSON with every member; the exit code."""
    if as_json:
        print(json.dumps(list(rows)))
        return 0
    shown = [{**row, **_plain(row)} for row in rows]
    for line in case_words.table(shown, columns):
        print(line)
    return 0


def said(facts: Mapping[str, Any], sentence: str, *, as_json: bool) -> int:
    """Prints one thing that was done; the exit code."""
    print(json.dumps(facts) if as_json else sentence)
    return 0


def printable(text: str, what: str) -> str:
    """A name as answers show it; raises InvalidInput."""
    name = text.strip()
    if not 0 < len(name) <= MOST_LETTERS or not name.isprintable():
        raise InvalidInput(what, f"{what} takes 1 to {MOST_LETTERS} printable characters.")
    return name


def read(path: Path) -> bytes:
    """A profile's file; raises InvalidInput with the system's reason."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput("profile", f"The profile can not be read: {error.strerror}.") from None


def faults(found: tuple[Fault, ...]) -> tuple[str, ...]:
    """Faults for people, one a line."""
    return tuple(f"  {one.pointer or '/'}: {one.detail}" for one in found)


def moment(at: datetime | None) -> str | None:
    """A moment for programs."""
    return None if at is None else at.isoformat(timespec="seconds")


def key_rows(keys: Sequence[KeptKey], now: datetime) -> list[dict[str, Any]]:
    """Keys with what each is good for at `now`."""
    return [
        {
            "key": one.id,
            "state": _state(one, now),
            "reseller": one.reseller,
            "scopes": sorted(scope.value for scope in one.scopes),
            "created_at": moment(one.created_at),
            "ends_at": moment(one.revoked_at),
        }
        for one in keys
    ]


def reseller_rows(resellers: Sequence[KeptReseller]) -> list[dict[str, Any]]:
    """Resellers with the profile their keys use."""
    return [
        {"reseller": one.name, "profile": one.profile, "created_at": moment(one.created_at)}
        for one in resellers
    ]


def quota_rows(quotas: Sequence[Quota], reseller: ResellerId | None = None) -> list[dict[str, Any]]:
    """Limits and how much of each is used; of one reseller where it is given."""
    return [
        {
            "reseller": one.reseller,
            "names": one.names,
            "used": one.used,
            "left": None if one.used is None else max(0, one.names - one.used),
        }
        for one in quotas
        if reseller in {None, one.reseller}
    ]


def profile_rows(profiles: Sequence[KeptProfile]) -> list[dict[str, Any]]:
    """Profiles in a line each."""
    return [
        {
            "profile": one.id,
            "revision": one.revision,
            "brand": one.shown.mask.organization,
            "whois": one.shown.whois_host,
            "rdap": one.shown.rdap_base_url,
            "tlds": sorted(one.shown.tld_tables),
        }
        for one in profiles
    ]


def _state(key: KeptKey, now: datetime) -> str:
    if key.revoked_at is None:
        return "good"
    return "ended" if key.revoked_at <= now else "rotated"


def _plain(row: Mapping[str, Any]) -> dict[str, str]:
    """What a table shows of lists and of nothing."""
    return {
        name: "-" if value is None else ", ".join(value)
        for name, value in row.items()
        if value is None or isinstance(value, list)
    }
