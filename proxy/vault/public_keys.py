"""Approvers' public keys as `cryptography` takes them, refused where a signature proves nothing.

Holds no secret. Source: RFC 8032 s5.1.3 (decoding), RFC 5480 and RFC 8410 (SubjectPublicKeyInfo).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from proxy.errors import Refused
from proxy.model.approval_key import KeyKind

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

# RFC 8032 s5.1: the field's prime and the curve's d.
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
# y of the eight points whose order divides 8: 1 (order 1), -1 (2), 0 (4) and these two (8).
_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_LOW_ORDER = frozenset({1, _P - 1, 0, _ORDER_8, _P - _ORDER_8})


def load(key: ApprovalKey) -> PublicKey:
    """The key, P-256 or Ed25519; Refused `key_malformed` when its signatures prove nothing."""
    if key.kind is not KeyKind.PASSKEY:
        return ed25519_key(key.point)
    try:
        found = serialization.load_der_public_key(key.octets)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _malformed() from None
    # One key has one encoding: no compressed points, no octets after the end.
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    if found.public_bytes(serialization.Encoding.DER, spki) != key.octets:
        raise _malformed()
    match found:
        case ed25519.Ed25519PublicKey():
            return ed25519_key(found.public_bytes_raw())
        # That the point lies on the curve is checked while it loads.
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return found
        case _:
            raise _malformed()


def ed25519_key(point: bytes) -> ed25519.Ed25519PublicKey:
    """The key of a point; `key_malformed` for no point, a second spelling, or a low order.

    OpenSSL loads any 32 octets and verifies under a key of low order, whose signatures anybody
    can make for any message. The arithmetic is over a public value, so its time tells nothing.
    """
    y = int.from_bytes(point, "little") & (2**255 - 1)
    x2 = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P  # d is no square: the divisor is not 0
    is_on_curve = pow(x2, (_P - 1) // 2, _P) == 1  # Euler: there is an x
    if y >= _P or y in _LOW_ORDER or not is_on_curve:
        raise _malformed()
    return ed25519.Ed25519PublicKey.from_public_bytes(point)


def _malformed() -> Refused:
    return Refused("key_malformed", "This public key can not be used for approvals.")
