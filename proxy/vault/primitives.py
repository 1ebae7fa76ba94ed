"""Every cryptographic call that seals, wraps, signs, verifies or hashes, argued in its place.

Holds no key and opens nothing: what decrypts lives in unseal.py, so that an intake host never
imports it. Algorithms are the `cryptography` package's (OpenSSL); none is home-made.
Source: FORMAT.md; RFC 5116 (AES-GCM), RFC 3394 (AES-KW), RFC 5869 (HKDF), RFC 9180 (HPKE),
RFC 8032 (Ed25519), RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hpke, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from collections.abc import Callable

KEY_OCTETS = 32  # AES-256, HMAC-SHA-256, X25519 and Ed25519 keys alike
NONCE_OCTETS = 12  # AES-GCM, RFC 5116 s5.1
PLAINTEXT_LIMIT_OCTETS = 1 << 20  # far below GCM's 2^36 - 32; bounds memory per record
WRAPS_PER_INTAKE_KEY = 1 << 20  # counter nonces; far below GCM's 2^32 calls under one key

INTAKE_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def joined(label: bytes, *parts: bytes) -> bytes:
    """The parts under a label, each with its length before it, so that no two lists collide."""
    return b"".join([label, b"\0", *(len(part).to_bytes(4, "big") + part for part in parts)])


def sha256(data: bytes) -> bytes:
    """The 32-byte SHA-256 of `data`; protects nothing that an attacker can guess."""
    return hashlib.sha256(data).digest()


def mac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256. No nonce, no size limit; who holds the key can test guesses."""
    return hmac.digest(key, message, "sha256")


def is_equal(left: bytes, right: bytes) -> bool:
    """Whether both are the same, in time that depends on their length alone."""
    return hmac.compare_digest(left, right)


def derive(key: bytes, info: bytes) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA-256).

    `key` is uniformly random already, so no salt is needed (RFC 5869 s3.1); `info` is made by
    `joined` with a label of its own, so purposes never share a key. Losing `key` loses all.
    """
    return HKDF(hashes.SHA256(), KEY_OCTETS, salt=None, info=info).derive(key)


def commitment(dek: bytes, associated: bytes) -> bytes:
    """What ties a record to one data key.

    GCM does not commit: one ciphertext can open under two keys. HMAC-SHA-256 is collision
    resistant over its key, so checking it first leaves one key. It shares the DEK with AES-GCM;
    no relation between the two is known, and neither reveals the key.
    """
    return mac(dek, b"pp-commitment-v1\0" + associated)


def seal_plaintext(dek: bytes, nonce: bytes, plaintext: bytes, associated: bytes) -> bytes:
    """AES-256-GCM ciphertext with its 16-byte tag.

    The DEK is fresh for every record and used for this one call, so any nonce is unique; a random
    one costs 12 octets and survives a mistake elsewhere. Hides content, not length: callers pad.
    """
    if len(plaintext) > PLAINTEXT_LIMIT_OCTETS:
        raise ValueError("record_too_long")
    return AESGCM(dek).encrypt(nonce, plaintext, associated)


def wrap_for_intake(cipher: AESGCM, counter: int, dek: bytes, associated: bytes) -> bytes:
    """A DEK under the submission's intake key: counter (4 octets), ciphertext, tag.

    The intake key lives for one submission and its only user counts up from nought, so nonces do
    not repeat. `associated` names submission, record and the record's SHA-256: nothing can be
    swapped inside a submission. Whoever holds the intake key can open the whole submission.
    """
    if not 0 <= counter < WRAPS_PER_INTAKE_KEY:
        raise ValueError("submission_too_long")
    return counter.to_bytes(4, "big") + cipher.encrypt(
        intake_nonce(counter.to_bytes(4, "big")), dek, associated
    )


def intake_nonce(counter: bytes) -> bytes:
    """The 12-octet nonce of a DEK wrap: eight zero octets and the counter."""
    return bytes(8) + counter


def wrap(kek: bytes, key: bytes) -> bytes:
    """`key` under AES-KW: deterministic, no nonce, 8 octets longer, integrity checked at unwrap.

    It binds no names: a swapped wrapping yields a wrong DEK, which the commitment refuses.
    """
    return keywrap.aes_key_wrap(kek, key)


def encapsulate(intake_key: bytes, public_key: bytes, info: bytes) -> bytes:
    """The intake key under HPKE base mode for the vault's intake public key (80 octets).

    A fresh ephemeral key per call makes the nonce unique; `info` binds tenant, submission and
    intake key id. Base mode proves no sender: the submission's signature does. No forward secrecy
    against the vault's intake private key, hence its daily renewal.
    """
    return INTAKE_SUITE.encrypt(
        intake_key, x25519.X25519PublicKey.from_public_bytes(public_key), info
    )


def seal_to(public_key: bytes, plaintext: bytes, info: bytes) -> bytes:
    """`plaintext` under HPKE base mode for a public key: 48 octets longer.

    A fresh ephemeral key per call makes the nonce unique; `info` is made by `joined` with a label
    of its own. Shows the length: callers pad. Proves no sender and has no forward secrecy.
    """
    return INTAKE_SUITE.encrypt(
        plaintext, x25519.X25519PublicKey.from_public_bytes(public_key), info
    )


def x25519_public(private_key: bytes) -> bytes:
    """The public half of an X25519 private key."""
    key = x25519.X25519PrivateKey.from_private_bytes(private_key).public_key()
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def ed25519_public(seed: bytes) -> bytes:
    """The public half of an Ed25519 seed."""
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def signer(seed: bytes) -> Callable[[bytes], bytes]:
    """What signs with `seed`: Ed25519 over messages that start with a label of their own.

    Deterministic, so no nonce. Expanding the seed costs as much as signing, so who signs often
    keeps the signer.
    """
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).sign


def sign(seed: bytes, message: bytes) -> bytes:
    """One signature by `signer`."""
    return signer(seed)(message)


def is_signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is the key's over `message`; a malformed key or signature is a no."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
