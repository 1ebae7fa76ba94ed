"""What the calls about publications take and answer; types alone, and OpenAPI is made of them.

Names of fields, never a value of one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec

from proxy.apps.api import patterns


class PublishRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """An instruction as it was signed, and the registrar's Ed25519 signature in base64."""

    document: str
    signature: Annotated[str, patterns.SIGNATURE]


class PublicationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Where the newest instruction about a name stands.

    `state`: waiting, published, objected (the registrant said no), withdrawn, replaced (by a newer
    one), undeliverable (the registrant could not be told), changed (contacts or mode are others
    now), too_large, lapsed. `left_out` are fields that look like identifiers of a person.
    """

    instruction: str
    state: str
    fields: tuple[str, ...]
    left_out: tuple[str, ...]
    instructed_at: datetime
    not_before: datetime | None
    published_at: datetime | None
    ended_at: datetime | None


TYPES: Final = (PublishRequest, PublicationAnswer)
"""What is taken and answered, for the OpenAPI document."""
