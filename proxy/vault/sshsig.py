"""Detached OpenSSH signatures (SSHSIG) of approvers: parsed strictly, verified, never made.

Holds no key and no state. Every fault has a code of its own, so that an approver is told what to
mend; votes have one namespace and sign-ins of staff another, so that a signature made for git, mail
or a sign-in never is a vote.
Source: OpenSSH PROTOCOL.sshsig and PROTOCOL.u2f; RFC 8032.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from proxy.errors import Refused
from proxy.model import approval_key, ssh_strings
from proxy.model.approval_key import KeyKind
from proxy.vault import public_keys

if TYPE_CHECKING:
    from proxy.model.approval_key import ApprovalKey

NAMESPACE = "approval@privacyproxy"
STAFF_NAMESPACE = "staff@privacyproxy"  # of sign-ins and enrolments of staff
ARMOR_LIMIT = 4096  # characters; ours have some 400. Bounds what a stranger makes us decode
LINE_LIMIT = 76  # characters, PROTOCOL.sshsig; ssh-keygen writes 70
SIGNATURE_OCTETS = 64  # RFC 8032 s5.1.6

_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_WRITTEN_LINE = 70
_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4)
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_PRESENCE = 0x01  # PROTOCOL.u2f: the user touched the key
_SECURITY_KEY_OCTETS = 5  # flags (1) and counter (4), after a security key's signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Sshsig:
    """An SSHSIG as parsed; `signature` is SSH's own blob: kind, signature and what follows."""

    public: bytes
    namespace: bytes
    hash_name: bytes
    signature: bytes


def verify_sshsig(
    key: ApprovalKey, armored: str, message: bytes, *, namespace: str = NAMESPACE
) -> None:
    """Return when `armored` is the key's signature over `message`; Refused `signature_*` if not.

    A security key proves a touch (`signature_presence`), not who touched it: whether a PIN was
    asked is settled where the key is made, and its counter is not relied on, since one key serves
    many machines and nobody could act on a gap.
    """
    if key.kind is KeyKind.PASSKEY:
        raise Refused("signature_kind", "A passkey makes no such signature.")
    found = parse(armored)
    if found.namespace != namespace.encode():
        raise Refused(
            "signature_namespace", f"The signature was made for another use than {namespace}."
        )
    if found.hash_name not in _HASHES:
        raise Refused("signature_hash", "The signature's hash is neither sha512 nor sha256.")
    if found.public != key.octets:
        raise Refused("signature_key", "Another key made this signature.")
    octets, signed = _what_was_signed(key, found, message, namespace)
    public = public_keys.ed25519_key(key.point)
    try:
        # Ed25519 over a text that starts with the magic and the namespace; OpenSSL refuses a
        # second spelling of S (RFC 8032 s5.1.7), public_keys a key under which anything verifies.
        # It proves that the key signed, not when: the message holds the vault's nonce for that.
        public.verify(octets, signed)
    except InvalidSignature:
        raise Refused("signature_invalid", "The signature is not over this message.") from None


def parse(armored: str) -> Sshsig:
    """The signature in an armoured text; Refused `signature_malformed` for anything else."""
    data = _dearmored(armored)
    head = _MAGIC + _VERSION
    if not data.startswith(head):
        raise _malformed()
    try:
        parts, rest = ssh_strings.take_many(data.removeprefix(head), 5)
    except ValueError:
        raise _malformed() from None
    public, namespace, reserved, hash_name, signature = parts
    if rest or reserved:
        raise _malformed()
    return Sshsig(public=public, namespace=namespace, hash_name=hash_name, signature=signature)


def to_sign(message: bytes, hash_name: bytes = b"sha512", *, namespace: str = NAMESPACE) -> bytes:
    """What an SSHSIG signs: magic, a namespace of ours, the hash's name and the message's hash."""
    digest = _HASHES[hash_name](message).digest()
    return _MAGIC + ssh_strings.render(namespace.encode(), b"", hash_name, digest)


def render(
    key: ApprovalKey,
    signature: bytes,
    hash_name: bytes = b"sha512",
    *,
    namespace: str = NAMESPACE,
) -> str:
    """The armoured text of an Ed25519 signature over `to_sign`, as ssh-keygen writes it."""
    blob = ssh_strings.render(key.kind.encode(), signature)
    fields = ssh_strings.render(key.octets, namespace.encode(), b"", hash_name, blob)
    text = base64.b64encode(_MAGIC + _VERSION + fields).decode()
    lines = (text[at : at + _WRITTEN_LINE] for at in range(0, len(text), _WRITTEN_LINE))
    return "\n".join([_BEGIN, *lines, _END, ""])


def _what_was_signed(
    key: ApprovalKey, found: Sshsig, message: bytes, namespace: str
) -> tuple[bytes, bytes]:
    """The 64 octets of the signature, and what they must be over."""
    try:
        (kind, octets), rest = ssh_strings.take_many(found.signature, 2)
    except ValueError:
        raise _malformed() from None
    if kind != key.kind.encode():
        raise Refused("signature_kind", "The signature is of another kind than its key.")
    is_security_key = key.kind is KeyKind.SK_ED25519
    if len(octets) != SIGNATURE_OCTETS or len(rest) != is_security_key * _SECURITY_KEY_OCTETS:
        raise _malformed()
    signed = to_sign(message, found.hash_name, namespace=namespace)
    if not is_security_key:
        return octets, signed
    if not rest[0] & _PRESENCE:
        raise Refused("signature_presence", "The security key was not touched for this signature.")
    # PROTOCOL.u2f: two digests of fixed length around flags and counter; no two texts collide.
    application = hashlib.sha256(key.application).digest()
    return octets, application + rest + hashlib.sha256(signed).digest()


def _dearmored(armored: str) -> bytes:
    """The octets between the two marks; one text only, lines of 1 to 76 characters."""
    if len(armored) > ARMOR_LIMIT:
        raise _malformed()
    lines = armored.removesuffix("\n").split("\n")
    data = approval_key.base64_octets("".join(lines[1:-1]))
    is_laid_out = all(0 < len(line) <= LINE_LIMIT for line in lines)
    if lines[0] != _BEGIN or lines[-1] != _END or not is_laid_out or data is None:
        raise _malformed()
    return data


def _malformed() -> Refused:
    return Refused(
        "signature_malformed", "This is no SSH signature as ssh-keygen -Y sign writes it."
    )
