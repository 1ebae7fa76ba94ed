"""The keys of escrow on disk: our signing key, our SSH key, and the certificates of agents.

`signing.pgp` (a secret key: Ed25519, version 4, so that GnuPG 2.2 verifies it), `ssh_ed25519`, and
`agents/FINGERPRINT.pgp`. Which certificate is an agent's is the roster's word: here they lie by
fingerprint, and whoever asks brings the fingerprint.

pysequoia extends the end of a primary key only, not of its subkeys, and only while it has not come:
the signing key is therefore made without an end, is given one on the primary key alone, and is
extended long before. Its end is a dead man's switch: agents stop believing a key nobody renews.
Source: RFC 9580 s5.2.3.13 (expiration), s5.5.2.1 (version 4).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pysequoia
from pysequoia.packet import PacketPile

from escrow import certificates, openpgp_faults
from proxy.errors import InvalidInput, NotFound, ProxyError, Refused
from proxy.hosting.process import SystemClock
from proxy.vault import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from pysequoia.packet import Packet

    from proxy.ports import Clock

SIGNING_NAME: Final = "signing.pgp"
SSH_NAME: Final = "ssh_ed25519"
AGENTS_NAME: Final = "agents"
USER_ID: Final = "Domain privacy service, escrow deposits"
VALID: Final = timedelta(days=730)
RENEW_BEFORE: Final = timedelta(days=365)  # leaves a year to bring the renewal to every agent
KEY_LIMIT_OCTETS: Final = 1 << 16

_FINGERPRINT: Final = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """Until when a key may be used; `fault` is the code why not now, "" when it may."""

    name: str  # "signing" or "agent"
    fingerprint: str
    expires_at: datetime | None
    fault: str


class KeyDirectory:
    """KEY_DIR/escrow; files are made at first need, one process at a time."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        """`clock` is the system's where none is given: Sequoia reads that one anyway."""
        self._path = path
        self._clock = clock or SystemClock()

    def signing_key(self) -> bytes:
        """Our secret signing key, made or renewed where that is due."""
        with self._locked():
            path = self._path / SIGNING_NAME
            now = self._clock.now()
            stored = files.read(path, KEY_LIMIT_OCTETS)
            key = _made(now) if stored is None else _renewed(stored, now)
            if key != stored:
                files.write(path, key)
        return key

    def has_signing_key(self) -> bool:
        """Whether we ever signed."""
        return (self._path / SIGNING_NAME).exists()

    def stored_certificate(self) -> bytes | None:
        """The certificate of our signing key as it lies there, neither made nor renewed."""
        stored = files.read(self._path / SIGNING_NAME, KEY_LIMIT_OCTETS)
        return None if stored is None else str(_public(stored)).encode("ascii")

    def signing_certificate(self) -> bytes:
        """Our public certificate, armoured, as agents are given it."""
        return str(_public(self.signing_key())).encode()

    def signer(self) -> str:
        """The fingerprint of our signing key, upper-case hex."""
        return _public(self.signing_key()).fingerprint.upper()

    def ssh_key(self) -> bytes:
        """Our secret SSH client key, OpenSSH's format, made where there is none."""
        import asyncssh  # noqa: PLC0415 - heavy, and most commands need no SSH

        with self._locked():
            path = self._path / SSH_NAME
            key = files.read(path, KEY_LIMIT_OCTETS)
            if key is None:
                made = asyncssh.generate_private_key("ssh-ed25519", comment="escrow-deposits")
                key = made.export_private_key()
                files.write(path, key)
        return key

    def ssh_public_key(self) -> str:
        """The line for agents' authorized_keys."""
        import asyncssh  # noqa: PLC0415 - heavy, and most commands need no SSH

        return asyncssh.import_private_key(self.ssh_key()).export_public_key().decode().strip()

    def add_certificate(self, data: bytes) -> str:
        """The fingerprint of an agent's certificate, stored, or merged with what we have of it.

        An update is kept even if the key is no use any more, so that a revocation stays; then, as
        for a new certificate of no use, Refused says why.
        """
        added = certificates.load(data)
        fingerprint = added.fingerprint.upper()
        with self._locked():
            path = self._certificate_path(fingerprint)
            known = files.read(path, certificates.LIMIT_OCTETS)
            octets = bytes(added) if known is None else certificates.merged(known, data)
            if known is not None:
                files.write(path, octets)
            certificates.require_usable(certificates.parse(octets), self._clock.now())
            if known is None:
                files.write(path, octets)
        return fingerprint

    def certificate(self, fingerprint: str) -> bytes:
        """The certificate of that key, usable now; NotFound or Refused with what to do."""
        found = self._parsed(fingerprint)
        certificates.require_usable(found, self._clock.now())
        return found.octets

    def expiries(self) -> tuple[Expiry, ...]:
        """When our signing key and every stored certificate end; for metric and status."""
        found = []
        if self.has_signing_key():
            certificate = _public(self.signing_key())
            found.append(
                _expiry("signing", certificate.fingerprint.upper(), certificate.expiration)
            )
        stored = sorted((self._path / AGENTS_NAME).glob("*.pgp"))
        return (*found, *(self._agent_expiry(path.stem) for path in stored))

    def _agent_expiry(self, fingerprint: str) -> Expiry:
        try:
            found = self._parsed(fingerprint)
        except ProxyError as error:
            return _expiry("agent", fingerprint, None, error.code)
        try:
            certificates.require_usable(found, self._clock.now())
        except Refused as error:
            return _expiry("agent", fingerprint, found.expires_at, error.code)
        return _expiry("agent", fingerprint, found.expires_at)

    def _parsed(self, fingerprint: str) -> certificates.Certificate:
        data = files.read(self._certificate_path(fingerprint), certificates.LIMIT_OCTETS)
        if data is None:
            raise NotFound(
                "escrow_certificate",
                f"The certificate {fingerprint} is not here. Get it from the agent, and add it "
                "with `privacyproxy escrow keys add FILE`.",
            )
        found = certificates.parse(data)
        if found.fingerprint != fingerprint:
            raise Refused(
                "escrow_certificate", f"The file of certificate {fingerprint} holds another key."
            )
        return found

    def _certificate_path(self, fingerprint: str) -> Path:
        if _FINGERPRINT.fullmatch(fingerprint) is None:
            raise InvalidInput("escrow_fingerprint", "A fingerprint is 40 or 64 upper-case digits.")
        return self._path / AGENTS_NAME / f"{fingerprint}.pgp"

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone in the directory, so that two processes do not make two keys."""
        files.make_directory(self._path)
        files.make_directory(self._path / AGENTS_NAME)
        descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _expiry(name: str, fingerprint: str, expires_at: datetime | None, fault: str = "") -> Expiry:
    return Expiry(name=name, fingerprint=fingerprint, expires_at=expires_at, fault=fault)


def _public(key: bytes) -> pysequoia.Cert:
    return certificates.guarded(
        lambda: pysequoia.Tsk.from_bytes(key).extract_certificate(), openpgp_faults.signing_key()
    )


def _made(now: datetime) -> bytes:
    key = pysequoia.Tsk.generate(user_id=USER_ID, profile=pysequoia.Profile.RFC4880)
    return _until(key, now + VALID)


def _renewed(stored: bytes, now: datetime) -> bytes:
    """The key as stored, or with a later end once the last year began."""
    key = certificates.guarded(
        lambda: pysequoia.Tsk.from_bytes(stored), openpgp_faults.signing_key()
    )
    end = certificates.guarded(
        lambda: key.extract_certificate().expiration, openpgp_faults.signing_key()
    )
    if end is None or end - now > RENEW_BEFORE:
        return stored
    return _until(key, now + VALID)


def _until(key: pysequoia.Tsk, end: datetime) -> bytes:
    renewed = certificates.guarded(
        lambda: key.extract_certificate().set_expiration(end, key.certifier()),
        openpgp_faults.signing_key(),
    )
    # What is extended is the public half; the secret keys are put back in its places.
    secret = {
        packet.fingerprint: packet
        for packet in PacketPile.from_bytes(bytes(key))
        if _is_key(packet)
    }
    packets = [
        secret[packet.fingerprint] if _is_key(packet) else packet
        for packet in PacketPile.from_bytes(bytes(renewed))
    ]
    return bytes(pysequoia.Tsk.from_packets(packets))


def _is_key(packet: Packet) -> bool:
    return packet.fingerprint is not None
