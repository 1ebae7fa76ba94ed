"""Passkeys' assertions of approvers: parsed strictly, verified, never asked for or made.

Holds no key and no state. The key was enrolled out of band, with its public key stored as a
SubjectPublicKeyInfo (what a browser's getPublicKey() gives); so nothing here is CBOR: attested
keys and extensions are the only CBOR in an assertion, and the one is refused, the other unread.
Source: WebAuthn Level 2 s5.8.1, s6.1, s6.5.6, s7.2 (step numbers below are of s7.2), and Level 3's
topOrigin; RFC 8032, FIPS 186-5.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, assert_never, cast

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from proxy.errors import Refused
from proxy.model import approval_key
from proxy.model.approval_key import KeyKind
from proxy.vault import public_keys

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey

ASSERTION_LIMIT_OCTETS = 16_384  # the JSON of one; ours have some 700. Bounds a stranger's parse
CLIENT_DATA_LIMIT_OCTETS = 4096  # type, challenge, origin; some 150
AUTHENTICATOR_DATA_LIMIT_OCTETS = 1024  # 37, and extensions nobody asked for

_AUTHENTICATOR_DATA_OCTETS = 37  # s6.1: RP id hash (32), flags (1), counter (4)
_HASH_OCTETS = 32
_PRESENT, _VERIFIED, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x40, 0x80


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an authenticator gave; `credential` is base64url without padding."""

    credential: str
    client_data_json: bytes
    authenticator_data: bytes
    signature: bytes


class _Response(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    client_data_json: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str
    signature: str


class _Json(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """PublicKeyCredential.toJSON(). Members that we do not read are let be: browsers add some."""

    id: str
    raw_id: str
    type: str
    response: _Response


_DECODER = msgspec.json.Decoder(_Json)


def parse_assertion(octets: bytes) -> Assertion:
    """The assertion in what a browser's PublicKeyCredential.toJSON() gives, as JSON text.

    Refused `assertion_malformed` for anything else. The JSON is only an envelope: what counts in
    it is signed, or compared with the enrolled key.
    """
    if len(octets) > ASSERTION_LIMIT_OCTETS:
        raise _malformed()
    try:
        found = _DECODER.decode(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _malformed() from None
    response = found.response
    credential = _octets(found.id)
    if found.type != "public-key" or found.raw_id != found.id or not credential:
        raise _malformed()
    return Assertion(
        credential=found.id,
        client_data_json=_octets(response.client_data_json),
        authenticator_data=_octets(response.authenticator_data),
        signature=_octets(response.signature),
    )


def verify_assertion(
    key: ApprovalKey,
    assertion: Assertion,
    challenge: bytes,
    *,
    rp_id: str,
    origins: tuple[str, ...],
) -> None:
    """Return when the passkey signed `challenge` for us, user verified; else Refused `assertion_*`.

    The counter is not looked at (step 21 leaves it to us): passkeys that sync count nothing, and a
    vote's challenge is single use. Token binding (step 14) is gone from browsers and Level 3.
    """
    if key.kind is not KeyKind.PASSKEY or assertion.credential != key.credential:
        raise Refused("assertion_credential", "Another credential made this assertion.")
    _check_client_data(assertion.client_data_json, challenge, origins)
    _check_authenticator_data(assertion.authenticator_data, rp_id)
    client_data_hash = hashlib.sha256(assertion.client_data_json).digest()
    # Steps 19 and 20. The first part ends where its own flags say and the second has a fixed
    # length, so no two pairs give one text.
    signed = assertion.authenticator_data + client_data_hash
    public = public_keys.load(key)
    try:
        match public:
            case ed25519.Ed25519PublicKey():
                public.verify(assertion.signature, signed)
            case ec.EllipticCurvePublicKey():
                # (r, s) and (r, -s) both verify, so a signature is never used as a name of a vote.
                public.verify(assertion.signature, signed, ec.ECDSA(hashes.SHA256()))
            case _:
                assert_never(public)
    except InvalidSignature:
        raise Refused("assertion_invalid", "The passkey's signature does not hold.") from None


def _check_client_data(octets: bytes, challenge: bytes, origins: tuple[str, ...]) -> None:
    """Steps 7 to 13: what the browser says it was asked, by whom."""
    found = _client_data(octets)
    if found.get("type") != "webauthn.get":
        raise Refused("assertion_type", "This is no answer to a request to sign.")
    if found.get("challenge") != approval_key.base64url_text(challenge):
        raise Refused("assertion_challenge", "The passkey signed another challenge.")
    # A page of ours inside a frame of others is a page whose reader can be deceived.
    is_framed = found.get("crossOrigin", False) is not False or "topOrigin" in found
    if found.get("origin") not in origins or is_framed:
        raise Refused("assertion_origin", "The passkey was used on another site, or in a frame.")


def _check_authenticator_data(octets: bytes, rp_id: str) -> None:
    """Steps 15 to 17: for which site, and that the user was there and was verified."""
    if not _AUTHENTICATOR_DATA_OCTETS <= len(octets) <= AUTHENTICATOR_DATA_LIMIT_OCTETS:
        raise _malformed()
    flags = octets[_HASH_OCTETS]
    # Whatever stands after the counter is extensions, announced, signed and unread; an attested
    # key has no place in an assertion (s6.1).
    has_more = len(octets) > _AUTHENTICATOR_DATA_OCTETS
    if flags & _ATTESTED or bool(flags & _EXTENDED) is not has_more:
        raise _malformed()
    if octets[:_HASH_OCTETS] != hashlib.sha256(rp_id.encode()).digest():
        raise Refused("assertion_rp", "The passkey belongs to another site.")
    if not flags & _PRESENT:
        raise Refused("assertion_presence", "The authenticator saw nobody.")
    if not flags & _VERIFIED:
        raise Refused("assertion_verification", "The authenticator did not verify its user.")


def _client_data(octets: bytes) -> dict[str, object]:
    """The members of clientDataJSON; `assertion_malformed` unless they are one JSON object."""
    if len(octets) > CLIENT_DATA_LIMIT_OCTETS:
        raise _malformed()
    try:
        # Decoded here: from octets, json would guess UTF-16 and the like.
        found = json.loads(
            octets.decode(), object_pairs_hook=_unique_members, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(found, dict):
        raise _malformed()
    return cast("dict[str, object]", found)


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object; two members of one name would let two readers read two things."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate_member")
    return found


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities, which JSON does not have."""
    raise ValueError(name)


def _octets(text: str) -> bytes:
    found = approval_key.base64url_octets(text)
    if found is None:
        raise _malformed()
    return found


def _malformed() -> Refused:
    return Refused("assertion_malformed", "This is no assertion of a passkey.")
