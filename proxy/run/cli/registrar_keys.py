"""`privacyproxy registrar key`: API keys of a registrar and of its resellers.

A key is printed once. Rotation lets the old key go on for a while, so that both work while a
client is changed over; the API hosts follow within seconds.
"""

from __future__ import annotations

import json
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from proxy.errors import InvalidInput
from proxy.hosting.process import SystemClock
from proxy.model.identifiers import USUAL_SCOPES, ApiKeyId, ResellerId, Scope, TenantId
from proxy.run import accounts as desk
from proxy.run.cli import account_words
from proxy.store import accounts

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from proxy.hosting.flags import Actions
    from proxy.settings import Settings
    from proxy.store.pool import Connection

COLUMNS: Final = ("key", "state", "reseller", "scopes", "created_at", "ends_at")
MOST_HOURS: Final = 24 * 90
"""A rotated key that goes on for longer is not rotated."""

_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_KEY: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
_ID: Final = "0198c0de-0000-7000-8000-000000000001"  # of the examples


def configure(actions: Actions) -> None:
    """Add `key` to the actions of `registrar`."""
    keys = account_words.action(actions, "key", "API keys", f"registrar key list {_ID}")
    below = account_words.below(keys)
    add = account_words.action(
        below, "add", "a further key, shown once",
        f"registrar key add {_ID} --reseller Webworks --scopes registrations:read,imports:write",
    )  # fmt: skip
    listed = account_words.action(
        below, "list", "keys with their scopes and ends", f"registrar key list {_ID}"
    )
    for one in (add, listed):
        one.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="whose")
    usual = ",".join(scope.value for scope in Scope if scope in USUAL_SCOPES)
    add.add_argument(
        "--scopes", metavar="SCOPE,...", default=usual,
        help=f"of {','.join(Scope)}; without it {usual}",
    )  # fmt: skip
    add.add_argument("--reseller", metavar="NAME", help="a key that sees its names alone")
    rotate = account_words.action(
        below, "rotate", "a new key in place of an old one, which goes on for a while",
        "registrar key rotate 0f3c9a1be2d4875a --overlap-hours 24",
    )  # fmt: skip
    rotate.add_argument(
        "--overlap-hours", type=int, default=24, metavar="N", help="how long; 24 by default"
    )
    revoke = account_words.action(
        below, "revoke", "end a key at once", "registrar key revoke 0f3c9a1be2d4875a"
    )
    for one in (rotate, revoke):
        one.add_argument("key", metavar="KEY", help="its id: what stands between pp_ and _")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; raises NotFound for a registrar, reseller or key there is not."""
    now = SystemClock().now()
    match arguments.deed:
        case "add":
            return _add(arguments, settings, now)
        case "list":
            return _list(arguments, settings, now)
        case "rotate":
            return _rotate(arguments, settings, now)
        case _:
            key = key_id(arguments.key)
            account_words.as_operator(
                settings, lambda connection: desk.revoke_key(connection, key, now)
            )
            return account_words.said({"key": key}, f"{key} is revoked.", as_json=arguments.json)


def scopes_of(text: str) -> frozenset[Scope]:
    """The scopes that a flag names, with commas; raises InvalidInput with those there are."""
    named = {one.strip() for one in text.split(",") if one.strip()}
    words = {one.value for one in Scope}
    if not named or named - words:
        raise InvalidInput("scopes", f"--scopes takes, with commas: {', '.join(sorted(words))}.")
    return frozenset(map(Scope, named))


def key_id(text: str) -> ApiKeyId:
    """A key's id; raises InvalidInput, and never repeats what was given: it may be a secret."""
    if _KEY.fullmatch(text) is None:
        raise InvalidInput("key", "KEY is the 16 hexadecimal digits of a key, not the key.")
    return ApiKeyId(text)


def slug(text: str, what: str) -> str:
    """An id of an accreditation or profile; raises InvalidInput."""
    if _SLUG.fullmatch(text) is None:
        raise InvalidInput("id", f"{what} takes lower-case letters, digits and hyphens.")
    return text


def _add(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    tenant_id, scopes = TenantId(arguments.registrar), scopes_of(arguments.scopes)
    given = arguments.reseller
    reseller = None if given is None else ResellerId(account_words.printable(given, "--reseller"))
    key, text = account_words.as_operator(
        settings, lambda connection: desk.add_key(connection, tenant_id, scopes, reseller, now)
    )
    return _shown({"key": key, "api_key": text, "reseller": reseller, "scopes": sorted(scopes)})


def _list(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    tenant_id = TenantId(arguments.registrar)

    async def act(connection: Connection) -> list[dict[str, Any]]:
        await desk.require(connection, tenant_id)
        return account_words.key_rows(await accounts.keys(connection, tenant_id), now)

    rows = account_words.as_operator(settings, act)
    return account_words.tell(rows, COLUMNS, as_json=arguments.json)


def _rotate(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    former, hours = key_id(arguments.key), arguments.overlap_hours
    if not 0 <= hours <= MOST_HOURS:
        raise InvalidInput("overlap", f"--overlap-hours takes 0 to {MOST_HOURS}.")
    overlap = timedelta(hours=hours)
    key, text = account_words.as_operator(
        settings, lambda connection: desk.rotate_key(connection, former, overlap, now)
    )
    until = account_words.moment(now + overlap)
    facts = {"key": key.id, "api_key": text, "reseller": key.reseller, "scopes": sorted(key.scopes)}
    return _shown({**facts, "former": former, "former_until": until})


def _shown(facts: dict[str, Any]) -> int:
    print("The key is shown this once.", file=sys.stderr)
    print(json.dumps(facts))
    return 0
