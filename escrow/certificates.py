"""What OpenPGP certificates of others are good for: who they are, until when, and why not.

Holds no key. pysequoia encrypts to expired and to revoked certificates without a word, so every
recipient passes `require_usable`; when an encryption subkey ends is read from the packets of the
certificate, because pysequoia tells the primary key's end alone. Sequoia itself judges with its
standard policy and the clock of the system.
Source: RFC 9580 s5.1 (PKESK), s5.2.3.13 (key expiration), s10.1.1 (order of packets).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

import pysequoia
from pysequoia.packet import PacketPile, SignatureType, Tag

from proxy.errors import ProxyError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from pysequoia.packet import Packet

LIMIT_OCTETS: Final = 1 << 20  # a certificate; protects memory from a file that is none

_SECRET: Final = frozenset({int(Tag.SecretKey), int(Tag.SecretSubkey)})
_KEYS: Final = frozenset({int(Tag.PublicKey), int(Tag.PublicSubkey)})
_PKESK_V3: Final = 3
_PKESK_V6: Final = 6

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate without secrets, and until when deposits may be encrypted to it."""

    fingerprint: str  # upper-case hex
    octets: bytes = field(repr=False)  # binary
    is_revoked: bool
    expires_at: datetime | None  # the primary key's end or the last encryption key's, if earlier


def parse(data: bytes) -> Certificate:
    """The certificate in `data`, armoured or binary; exactly one, and no secret key.

    Refused `escrow_recipient_malformed`, `escrow_recipient_secret_key` or
    `escrow_recipient_no_encryption_key`. Expiry and revocation are facts, not faults, here.
    """
    return _facts(load(data))


def load(data: bytes) -> pysequoia.Cert:
    """The same, as pysequoia has it, without asking for an encryption key."""
    malformed = Refused(
        "escrow_recipient_malformed",
        "This is not one sound OpenPGP certificate. Ask its owner for an export of the public key.",
    )
    if len(data) > LIMIT_OCTETS:
        raise malformed
    packets = guarded(lambda: list(PacketPile.from_bytes(data)), malformed)
    if any(int(packet.tag) in _SECRET for packet in packets):
        raise Refused(
            "escrow_recipient_secret_key",
            "This file holds a secret key. Nobody but its owner may have it: export the public "
            "key instead, and ask the owner to make a new key if the file was sent to you.",
        )
    return guarded(lambda: pysequoia.Cert.from_bytes(data), malformed)


def merged(known: bytes, update: bytes) -> bytes:
    """The certificate `known` with what `update` of the same key adds, even a revocation.

    Whether it is of use is not looked at: `parse` the result.
    """
    old, new = load(known), load(update)
    if old.fingerprint != new.fingerprint:
        raise Refused("escrow_recipient_other_key", "The update is of another key.")
    fault = Refused("escrow_recipient_malformed", "The update does not fit the certificate.")
    octets = bytes(guarded(lambda: old.merge(new), fault))
    if len(octets) > LIMIT_OCTETS:
        raise fault
    return octets


def require_usable(certificate: Certificate, now: datetime) -> None:
    """Return when deposits may be encrypted to it; Refused with the reason if not."""
    if certificate.is_revoked:
        raise Refused(
            "escrow_recipient_revoked",
            f"The key {certificate.fingerprint} was revoked by its owner. Ask the agent for its "
            "new key and have it approved.",
        )
    if certificate.expires_at is not None and certificate.expires_at <= now:
        raise Refused(
            "escrow_recipient_expired",
            f"The key {certificate.fingerprint} expired on {certificate.expires_at:%Y-%m-%d}. Ask "
            "the agent for the renewed certificate and add it; the same key needs no approval.",
        )


def guarded(call: Callable[[], _T], fault: ProxyError) -> _T:
    """What `call` into pysequoia returns; `fault` for whatever it raises.

    Its errors are RuntimeErrors that carry a Rust backtrace, sometimes with values; a panic in
    Rust is a BaseException. Neither goes any further.
    """
    try:
        return call()
    except ProxyError:
        raise
    except Exception:  # noqa: BLE001 - see above
        raise fault from None
    except BaseException as error:  # noqa: BLE001 - raised again unless it is a panic
        _unless_panic(error, fault)


def _unless_panic(error: BaseException, fault: ProxyError) -> NoReturn:
    if type(error).__name__ == "PanicException":  # pyo3 has no module to import it from
        raise fault from None
    raise error


def _facts(cert: pysequoia.Cert) -> Certificate:
    fingerprint = cert.fingerprint.upper()
    none = Refused(
        "escrow_recipient_no_encryption_key",
        f"The certificate {fingerprint} has no key that deposits can be encrypted to: none was "
        "made for it, it was revoked, or it is too weak. Ask the agent for a complete one.",
    )
    malformed = Refused(
        "escrow_recipient_malformed",
        f"The certificate {fingerprint} is not soundly signed by its own key.",
    )
    primary_end = guarded(lambda: cert.expiration, malformed)
    message = guarded(lambda: pysequoia.encrypt(b"", recipients=[cert], armor=False), none)
    chosen = frozenset(_recipient(packet) for packet in _of(message, Tag.PKESK))
    ends = _ends(list(PacketPile.from_bytes(bytes(cert))), primary_end)
    usable = [end for ids, end in ends if ids & chosen]
    if not usable:
        raise none
    last = None if None in usable else max(end for end in usable if end is not None)
    known = [end for end in (primary_end, last) if end is not None]
    return Certificate(
        fingerprint=fingerprint,
        octets=bytes(cert),
        is_revoked=guarded(lambda: cert.is_revoked, malformed),
        expires_at=min(known, default=None),
    )


def _of(message: bytes, tag: Tag) -> Iterable[Packet]:
    return (packet for packet in PacketPile.from_bytes(message) if packet.tag == tag)


def _recipient(packet: Packet) -> str:
    """Key id or fingerprint, lower-case hex, that a PKESK names (RFC 9580 s5.1)."""
    body = packet.body
    if body[0] == _PKESK_V3:
        return body[1:9].hex()
    if body[0] == _PKESK_V6:
        return body[3 : 2 + body[1]].hex()
    return ""


def _ends(
    packets: list[Packet], primary_end: datetime | None
) -> list[tuple[frozenset[str], datetime | None]]:
    """Every key by its names, with its own end: its newest binding counts, as for Sequoia."""
    found: list[tuple[frozenset[str], datetime | None]] = []
    for number, packet in enumerate(packets):
        if int(packet.tag) not in _KEYS:
            continue
        names = frozenset({packet.fingerprint or "", packet.key_id or ""})
        is_primary = packet.tag == Tag.PublicKey
        found.append((names, primary_end if is_primary else _end(packet, packets[number + 1 :])))
    return found


def _end(key: Packet, following: list[Packet]) -> datetime | None:
    newest: Packet | None = None
    for packet in following:
        if packet.tag != Tag.Signature:
            break
        if packet.signature_type != SignatureType.SubkeyBinding or not packet.signature_created:
            continue
        if (
            newest is None
            or newest.signature_created is None
            or packet.signature_created > newest.signature_created
        ):
            newest = packet
    if newest is None or newest.key_validity_period is None or key.key_created is None:
        return None
    return key.key_created + newest.key_validity_period
