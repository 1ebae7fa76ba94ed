"""OpenPGP keys for tests, sound and unsound, without waiting for a clock."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
from pysequoia.packet import PacketPile, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    from pysequoia.packet import Packet

RFC4880 = pysequoia.Profile.RFC4880
RFC9580 = pysequoia.Profile.RFC9580


def real_now() -> datetime:
    """The system's time, which Sequoia reads too."""
    return datetime.now(UTC)  # noqa: TID251 - keys are judged by the real clock


def key(profile: pysequoia.Profile = RFC4880, name: str = "Agent") -> pysequoia.Tsk:
    """A new key pair."""
    return pysequoia.Tsk.generate(user_id=f"{name} <{name.lower()}@agent.example>", profile=profile)


def public(secret: pysequoia.Tsk) -> bytes:
    """Its certificate."""
    return bytes(secret.extract_certificate())


def until(secret: pysequoia.Tsk, end: datetime) -> bytes:
    """Its certificate with another end."""
    return bytes(secret.extract_certificate().set_expiration(end, secret.certifier()))


def expired(secret: pysequoia.Tsk) -> bytes:
    """Its certificate, ended: keys are made a minute old, so an end in the past is possible."""
    return until(secret, real_now() - timedelta(seconds=30))


def revoked(secret: pysequoia.Tsk) -> bytes:
    """Its certificate, revoked."""
    certificate = secret.extract_certificate()
    revocation = certificate.revoke(secret.certifier())
    packets = [*PacketPile.from_bytes(bytes(certificate)), *_packets(bytes(revocation))]
    return bytes(pysequoia.Cert.from_packets(packets))


def without_encryption(secret: pysequoia.Tsk) -> bytes:
    """Its certificate without the subkey for encryption."""
    return _without(
        public(secret), lambda flags: flags is not None and flags.transport_encryption is True
    )


def packed(secret: pysequoia.Tsk, data: bytes) -> bytes:
    """A report signed inline and compressed, as `gpg --sign` makes it."""
    armored = pysequoia.sign(secret.signer(), data, mode=pysequoia.SignatureMode.INLINE)
    lines = armored.decode().strip().splitlines()
    text = "".join(one for one in lines[lines.index("") + 1 : -1] if not one.startswith("="))
    body = b"\x02" + zlib.compress(base64.b64decode(text), 9)  # RFC 9580 s5.6: 2 is ZLIB
    return b"\xc8\xff" + len(body).to_bytes(4) + body


def _packets(data: bytes) -> list[Packet]:
    return list(PacketPile.from_bytes(data))


def _without(certificate: bytes, is_unwanted: Callable[..., bool]) -> bytes:
    packets = _packets(certificate)
    gone = {
        place
        for number, packet in enumerate(packets)
        if packet.tag == Tag.Signature and is_unwanted(packet.key_flags)
        for place in (number - 1, number)
    }
    kept = [packet for number, packet in enumerate(packets) if number not in gone]
    return bytes(pysequoia.Cert.from_packets(kept))
