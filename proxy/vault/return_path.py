"""Return paths of notices: an address that only we can make, so that a bounce names its notice.

In the vault's room because the key comes out of the relay's own; imports neither keyring nor
unseal, as the relay loads it. Source: RFC 5321 s4.4 (return path); FORMAT.md, Relay.
"""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from proxy.model.case import NoticeId
from proxy.vault import primitives

PREFIX = "bounce+"
_MAC_OCTETS = 10
_ID_OCTETS = 16
_TOKEN_CHARACTERS = 42  # 26 octets in base32 without padding


class ReturnPaths:
    """Makes and reads the local parts `bounce+TOKEN`."""

    def __init__(self, relay_key: bytes) -> None:
        # A key of its own, so that a MAC tells nothing of the key that opens addresses.
        self._key = primitives.derive(relay_key, primitives.joined(b"pp-return-path-v1"))

    def local_part(self, notice_id: NoticeId) -> str:
        """The local part, in lower case: hosts may change the case of an address.

        The notice's id and 80 bits of an HMAC over it. Guesses can only be tried at our listener,
        one a command: a thousand a second for a century are below one chance in 10^11.
        Who gets the notice knows its token, and may speak about this notice alone.
        """
        content = notice_id.bytes + self._mac(notice_id)
        return PREFIX + base64.b32encode(content).decode().rstrip("=").lower()

    def notice(self, local_part: str) -> NoticeId | None:
        """The notice of a local part; None for one that we did not make."""
        lowered = local_part.lower()
        token = lowered.removeprefix(PREFIX)
        if not lowered.startswith(PREFIX) or len(token) != _TOKEN_CHARACTERS:
            return None
        try:
            content = base64.b32decode(token.upper() + "======")
        except (binascii.Error, ValueError):
            return None
        notice_id = NoticeId(UUID(bytes=content[:_ID_OCTETS]))
        if not primitives.is_equal(content[_ID_OCTETS:], self._mac(notice_id)):
            return None
        return notice_id

    def _mac(self, notice_id: NoticeId) -> bytes:
        return primitives.mac(self._key, notice_id.bytes)[:_MAC_OCTETS]
