"""Which client certificates go with which API keys, by a file of the operator's on the API's host.

A line is a key's id and the SHA-256 fingerprint of one certificate; a key may have several lines,
for the time in which a certificate is renewed. Over TLS a key works with its own certificates
alone, elsewhere only if it has none: nothing that is forgotten in the file opens a door. The file
is read again when it has changed; a file that can not be read then leaves things as they were.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

import structlog

from proxy.errors import InvalidInput, Unavailable
from proxy.model.identifiers import ApiKeyId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from aiohttp import web

LOOK_S: Final = 5.0  # seconds between two looks at the file; those for which a key is believed
_LIMIT_OCTETS: Final = 4 << 20  # some 50,000 lines
_LINE: Final = re.compile(r"([0-9a-f]{16})\s+([0-9a-fA-F]{64})", re.ASCII)

_log = structlog.get_logger()


class ClientKeys:
    """The lines of the file; without a file nothing is bound."""

    def __init__(self, path: Path | None, monotonic: Callable[[], float]) -> None:
        """Read the file; Unavailable names it, and the line that is wrong."""
        self._path = path
        self._monotonic = monotonic
        self._stamp = self._seen()
        self._lines = {} if path is None else read(path)
        self._looked_at = monotonic()

    def check(self, key: ApiKeyId, fingerprint: bytes | None) -> None:
        """Return when a key may be used so; `fingerprint` is None where no TLS of ours is.

        Raises `unauthorized`, after the key's secret was found right.
        """
        self._look_again()
        bound = self._lines.get(key, frozenset())
        if (fingerprint is None and not bound) or fingerprint in bound:
            return
        raise InvalidInput(
            "unauthorized", "The API key does not go with this connection's client certificate."
        )

    def _look_again(self) -> None:
        now = self._monotonic()
        if self._path is None or now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        seen = self._seen()
        if seen == self._stamp:
            return
        try:
            self._lines = read(self._path)
        except Unavailable as fault:
            _log.error("client_keys_unread", reason=fault.detail)
        else:
            self._stamp = seen

    def _seen(self) -> tuple[int, int] | None:
        try:
            found = None if self._path is None else self._path.stat()
        except OSError:
            return None
        return None if found is None else (found.st_mtime_ns, found.st_ino)


def read(path: Path) -> Mapping[ApiKeyId, frozenset[bytes]]:
    """The fingerprints by key; Unavailable `client_keys` says which line is wrong.

    Colons between the digits, as openssl prints them, and what follows a # are passed over.
    """
    try:
        content = path.read_bytes()[:_LIMIT_OCTETS]
        lines = content.decode().splitlines()
    except (OSError, UnicodeDecodeError):
        raise Unavailable(
            "client_keys", f"The file {path} of api_client_keys can not be read as text."
        ) from None
    found: dict[ApiKeyId, frozenset[bytes]] = {}
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].replace(":", "").strip()
        if not text:
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise Unavailable(
                "client_keys",
                f"Line {number} of {path} (api_client_keys) must be a key's id, between pp_ and _,"
                " and a certificate's SHA-256 fingerprint.",
            )
        key = ApiKeyId(match[1])
        found[key] = found.get(key, frozenset()) | {bytes.fromhex(match[2])}
    return found


def fingerprint(request: web.Request) -> bytes | None:
    """SHA-256 of the certificate that the client proved; None on a connection without our TLS.

    One that came over TLS and shows no certificate has a fingerprint that no line can name.
    """
    transport = request.transport
    tls = None if transport is None else transport.get_extra_info("ssl_object")
    if tls is None:
        return None
    return hashlib.sha256(tls.getpeercert(binary_form=True) or b"").digest()
