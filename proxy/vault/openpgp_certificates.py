"""What OpenPGP certificates of others are good for: who they are, until when, and why not.

Holds no key; runs in child processes that hold none of the vault's. pysequoia encrypts to expired
and to revoked certificates without a word, so callers look at `is_revoked` and `expires_at`. When
an encryption subkey ends is read from the packets of the certificate, because pysequoia tells the
primary key's end alone. Sequoia itself judges with its standard policy and the clock of the system.
Shared by deposits (escrow.certificates) and packages (run.package_child), each with its own words.
Source: RFC 9580 s5.1 (PKESK), s5.2.3.13 (key expiration), s10.1.1 (order of packets).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

import pysequoia
from pysequoia.packet import PacketPile, SignatureType, Tag

from proxy.errors import ProxyError

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
    """A certificate without secrets, and until when data may be encrypted to it."""

    fingerprint: str  # upper-case hex
    octets: bytes = field(repr=False)  # binary
    is_revoked: bool
    expires_at: datetime | None  # the primary key's end or the last encryption key's, if earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What is raised for a certificate that is of no use; made anew each time.

    The last two are told its fingerprint.
    """

    malformed: Callable[[], ProxyError]
    secret_key: Callable[[], ProxyError]
    no_encryption_key: Callable[[str], ProxyError]
    unsound: Callable[[str], ProxyError]


def load(data: bytes, faults: Faults) -> pysequoia.Cert:
    """The certificate in `data`, armoured or binary; exactly one, and no secret key."""
    if len(data) > LIMIT_OCTETS:
        raise faults.malformed()
    tags = guarded(lambda: _tags(data), faults.malformed())
    if tags & _SECRET:
        raise faults.secret_key()
    return guarded(lambda: pysequoia.Cert.from_bytes(data), faults.malformed())


def examine(cert: pysequoia.Cert, faults: Faults) -> Certificate:
    """Its facts; expiry and revocation are facts, not faults, here."""
    fingerprint = cert.fingerprint.upper()
    none, unsound = faults.no_encryption_key(fingerprint), faults.unsound(fingerprint)
    primary_end = guarded(lambda: cert.expiration, unsound)
    message = guarded(lambda: pysequoia.encrypt(b"", recipients=[cert], armor=False), none)
    chosen = frozenset(_recipient(packet) for packet in _of(message, Tag.PKESK))
    ends = guarded(lambda: _ends(list(PacketPile.from_bytes(bytes(cert))), primary_end), unsound)
    usable = [end for ids, end in ends if ids & chosen]
    if not usable:
        raise none
    last = None if None in usable else max(end for end in usable if end is not None)
    known = [end for end in (primary_end, last) if end is not None]
    return Certificate(
        fingerprint=fingerprint,
        octets=bytes(cert),
        is_revoked=guarded(lambda: cert.is_revoked, unsound),
        expires_at=min(known, default=None),
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


def _tags(data: bytes) -> frozenset[int]:
    """The kinds of its packets; a private or unknown tag raises only when it is read."""
    return frozenset(int(packet.tag) for packet in PacketPile.from_bytes(data))


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
