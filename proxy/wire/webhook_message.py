"""One event as an endpoint gets it: body, headers, signature. Source: Standard Webhooks 1.0.

The signature is an HMAC-SHA256 over `id.timestamp.body`. Secrets are derived, so that none is
stored: from the worker's key, the webhook's id and the number of the secret.
"""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.event import Event
    from proxy.model.webhook import WebhookId

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how the text of a secret begins
_LABEL: Final = b"pp-webhook-secret-v1"
_MOST_URL: Final = 2_000
_encode: Final = msgspec.json.Encoder().encode


def secret(key: bytes, webhook_id: WebhookId, version: int) -> bytes:
    """The 32 octets that sign for a webhook."""
    return hmac.digest(key, b"\0".join((_LABEL, webhook_id.bytes, b"%d" % version)), "sha256")


def render_secret(octets: bytes) -> str:
    """A secret as its owner is given it."""
    return SECRET_PREFIX + base64.b64encode(octets).decode()


def body(event: Event) -> bytes:
    """The event as JSON: type, timestamp, data."""
    return _encode({"type": event.kind, "timestamp": event.at, "data": event.data})


def headers(
    event: Event, content: bytes, secrets: Sequence[bytes], now: datetime
) -> dict[str, str]:
    """The headers that say who sends, and when; one signature for each secret that is good."""
    sent_at = str(int(now.timestamp()))
    signatures = [signature(one, str(event.id), sent_at, content) for one in secrets]
    return {
        "Content-Type": "application/json",
        "webhook-id": str(event.id),
        "webhook-timestamp": sent_at,
        "webhook-signature": " ".join(signatures),
    }


def signature(octets: bytes, message_id: str, sent_at: str, content: bytes) -> str:
    """What a secret signs a message with: `v1,` and Base64."""
    signed = b".".join((message_id.encode(), sent_at.encode(), content))
    return "v1," + base64.b64encode(hmac.digest(octets, signed, "sha256")).decode()


def parse_url(text: str) -> str:
    """An endpoint's address; raises InvalidInput `url` with what is wrong."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidInput("url", "The URL can not be read.") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname or port == 0:
        raise InvalidInput("url", "Give an https URL with a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidInput("url", "The URL may hold no user, password or fragment.")
    if len(text) > _MOST_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidInput("url", f"The URL takes up to {_MOST_URL} visible ASCII characters.")
    return text
