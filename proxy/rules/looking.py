"""When the sponsor of a name is looked for again, and the token that stands for it in DNS. Pure.

Registries are asked as seldom as evidence allows: daily while theirs speaks against whoever
speaks, hourly while several tenants hold the name, else within the days that evidence counts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proxy.model.identifiers import DomainName

QUIET: Final = timedelta(days=5)
"""Between looks at a name that nobody disputes; evidence counts for seven days (rules/speaking)."""

DOUBTED: Final = timedelta(days=1)
DISPUTED: Final = timedelta(hours=1)
_FIRST_RETRY: Final = timedelta(minutes=10)
_DOUBLINGS: Final = 8  # 10 minutes to 42 hours

CHALLENGE: Final = "_privacyproxy-challenge"
"""The label under which a token stands in a name's DNS, as TXT."""

_TOKEN_OCTETS: Final = 20  # 160 bits: nobody guesses one, and 32 letters fit one TXT string


def after_sight(*, is_disputed: bool, is_doubted: bool) -> timedelta:
    """How long until the next look, after one that was answered."""
    if is_disputed:
        return DISPUTED
    return DOUBTED if is_doubted else QUIET


def after_miss(misses: int) -> timedelta:
    """How long until the next look, after so many in a row that gave nothing (from 1)."""
    return _FIRST_RETRY * (1 << min(misses - 1, _DOUBLINGS))


def token(secret: bytes, domain: DomainName) -> str:
    """What a tenant puts into the DNS of `domain`.

    Of this name and this tenant alone: it tells nobody which names belong together, and what
    stands in one zone proves nothing of another.
    """
    made = hmac.digest(secret, b"pp-sponsor-v1\0" + domain.encode(), hashlib.sha256)
    return "pp1-" + base64.b32encode(made[:_TOKEN_OCTETS]).decode().lower()


def challenge(domain: DomainName) -> str:
    """The name under which the token of `domain` stands."""
    return f"{CHALLENGE}.{domain}"
