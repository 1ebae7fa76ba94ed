"""Approvers' public keys: read strictly, named by their fingerprint, refused where unsound."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from proxy.errors import InvalidInput, Refused
from proxy.model import approval_key
from proxy.model.approval_key import ApprovalKey, KeyKind
from proxy.vault import public_keys, signatures
from tests.support.passkey import Passkey, url
from tests.support.security_key import SshKey, text

SEED = hashlib.sha256(b"an approver").digest()
PLAIN = SshKey(seed=SEED)
HARDWARE = SshKey(seed=SEED, application=b"ssh:")
PASSKEY = Passkey(seed=SEED)
P = 2**255 - 19


def line_of(blob: bytes, kind: str = "ssh-ed25519") -> str:
    """A .pub line of any blob."""
    return f"{kind} {base64.b64encode(blob).decode()}"


@pytest.mark.parametrize("key", [PLAIN, HARDWARE], ids=["plain", "hardware"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"], ids=["bare", "lf", "crlf"])
def test_a_public_line_is_read(key: SshKey, end: str) -> None:
    """Kind, point and application are the line's; the comment is nobody's business."""
    found = approval_key.parse_public_line(key.line.rstrip("\n") + end)
    assert found == ApprovalKey(
        kind=KeyKind(key.kind.decode()), public=base64.b64encode(key.blob).decode()
    )
    assert (found.point, found.application) == (key.point, key.application or b"")
    assert (found.octets, found.credential) == (key.blob, "")
    assert approval_key.parse_public_blob(key.blob) == found


def test_a_key_is_named_by_its_digest() -> None:
    """The id is OpenSSH's fingerprint: SHA-256 of the blob, base64 without padding."""
    digest = base64.b64encode(hashlib.sha256(PLAIN.blob).digest()).decode().rstrip("=")
    assert PLAIN.public.id == f"SHA256:{digest}"
    assert len({PLAIN.public.id, HARDWARE.public.id, PASSKEY.public.id}) == 3


def test_a_passkey_alone_signs_in_a_console() -> None:
    """OpenSSH keys sign on the approver's own machine."""
    assert PLAIN.public.is_detached
    assert HARDWARE.public.is_detached
    assert not PASSKEY.public.is_detached
    assert (PASSKEY.public.point, PASSKEY.public.application) == (b"", b"")


MALFORMED = {
    "empty": "",
    "kind alone": "ssh-ed25519",
    "no key": "ssh-ed25519 ",
    "a space before": " " + PLAIN.line,
    "a line after": PLAIN.line + "\n",
    "two keys": PLAIN.line + PLAIN.line,
    "two spaces": PLAIN.line.replace(" ", "  ", 1),
    "a tab": PLAIN.line.replace(" ", "\t", 1),
    "base64 cut": line_of(PLAIN.blob)[:-1],
    "base64 padded": line_of(PLAIN.blob) + "=",
    "blob longer": line_of(PLAIN.blob + b"\0"),
    "blob shorter": line_of(PLAIN.blob[:-1]),
    "point shorter": line_of(text(b"ssh-ed25519", PLAIN.point[:-1])),
    "point longer": line_of(text(b"ssh-ed25519", PLAIN.point + b"\0")),
    "a third string": line_of(text(b"ssh-ed25519", PLAIN.point, b"ssh:")),
    "another kind inside": line_of(text(b"ssh-rsa", PLAIN.point)),
    "hardware inside": line_of(HARDWARE.blob),
    "plain inside": line_of(PLAIN.blob, "sk-ssh-ed25519@openssh.com"),
    "no application": SshKey(seed=SEED, application=b"").line,
    "application of a site": SshKey(seed=SEED, application=b"approvals.example").line,
    "application not ASCII": SshKey(seed=SEED, application=b"ssh:\xc3\xa9").line,
    "application too long": SshKey(seed=SEED, application=b"ssh:" + b"x" * 252).line,
    "a surrogate": "ssh-ed25519 \ud800",
    "an endless comment": PLAIN.line.rstrip("\n") + "x" * 4096,
}


@pytest.mark.parametrize("line", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_line_is_refused(line: str) -> None:
    """Nothing before, between or after: a line is exactly one key of its kind."""
    with pytest.raises(InvalidInput, match="key_malformed"):
        approval_key.parse_public_line(line)


@pytest.mark.parametrize(
    "kind", ["ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519-cert-v01@openssh.com", "webauthn"]
)
def test_other_kinds_are_refused(kind: str) -> None:
    """Two kinds of OpenSSH keys are taken; a certificate or an RSA key is told apart."""
    with pytest.raises(InvalidInput, match="key_kind"):
        approval_key.parse_public_line(line_of(text(kind.encode(), PLAIN.point), kind))


@pytest.mark.parametrize(
    ("public", "credential"),
    [
        ("", PASSKEY.credential),
        (url(PASSKEY.spki), ""),
        (url(PASSKEY.spki) + "=", PASSKEY.credential),
        (base64.b64encode(b"\xff" * 90).decode(), PASSKEY.credential),
        (url(PASSKEY.spki)[:-1] + "B", PASSKEY.credential),
        (url(PASSKEY.spki), url(b"x" * 15)),
        (url(PASSKEY.spki), url(b"x" * 1024)),
        (url(PASSKEY.spki), PASSKEY.credential + "\n"),
        (url(b"x" * 201), PASSKEY.credential),
    ],
)
def test_a_malformed_passkey_is_refused(public: str, credential: str) -> None:
    """Public key and credential id are canonical base64url of a possible length."""
    with pytest.raises(InvalidInput, match="key_malformed"):
        approval_key.parse_passkey(public, credential)


def test_an_openssh_key_has_no_credential() -> None:
    """A credential id beside an OpenSSH key is refused: it would mean something to nobody."""
    with pytest.raises(InvalidInput, match="key_malformed"):
        ApprovalKey(kind=KeyKind.ED25519, public=PLAIN.public.public, credential=url(b"x" * 32))


@pytest.mark.parametrize(
    "key", [PLAIN.public, HARDWARE.public, PASSKEY.public, Passkey(seed=SEED, is_p256=False).public]
)
def test_sound_keys_may_be_enrolled(key: ApprovalKey) -> None:
    """Ed25519, security keys, and passkeys of both algorithms pass."""
    signatures.may_load(key)


def spki(key: ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey) -> bytes:
    """The SubjectPublicKeyInfo of a private key."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


COMPRESSED = (
    bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    + bytes([2 + PASSKEY.spki[-1] % 2])
    + PASSKEY.spki[27:59]
)


@pytest.mark.parametrize(
    "octets",
    [
        b"no DER",
        PASSKEY.spki + b"\0",
        PASSKEY.spki[:-1],
        PASSKEY.spki[:-1] + bytes([PASSKEY.spki[-1] ^ 1]),
        COMPRESSED,
        spki(ec.derive_private_key(7, ec.SECP384R1())),
        spki(ec.derive_private_key(7, ec.SECP256K1())),
        spki(x25519.X25519PrivateKey.from_private_bytes(SEED)),
    ],
    ids=[
        "text",
        "longer",
        "shorter",
        "off the curve",
        "compressed",
        "P-384",
        "secp256k1",
        "X25519",
    ],
)
def test_a_passkey_of_another_algorithm_may_not(octets: bytes) -> None:
    """A passkey is P-256 or Ed25519 in its one encoding."""
    with pytest.raises(Refused, match="key_malformed"):
        signatures.may_load(approval_key.parse_passkey(url(octets), PASSKEY.credential))


def roots(square: int) -> list[int]:
    """Every square root modulo P (RFC 8032 s5.1.3, step 3)."""
    root = pow(square, (P + 3) // 8, P)
    tried = (root, root * pow(2, (P - 1) // 4, P) % P)
    return [sign * one % P for one in tried if (one * one - square) % P == 0 for sign in (1, -1)]


def weak_points() -> list[bytes]:
    """Every spelling of the points whose order divides 8, derived from the curve's equation."""
    # Doubling a point of order 8 gives y = 0, which needs x2 = -y2; in -x2 + y2 = 1 + d x2 y2
    # that is d y4 + 2 y2 - 1 = 0.
    d = -121665 * pow(121666, -1, P) % P
    squares = [(root - 1) * pow(d, -1, P) % P for root in roots(1 + d)]
    order_8 = [y for square in squares for y in roots(square)]
    assert len(order_8) == 2
    ys = [0, 1, P - 1, P, P + 1, *order_8]
    return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]


@pytest.mark.parametrize("point", weak_points(), ids=bytes.hex)
def test_a_point_of_low_order_may_not(point: bytes) -> None:
    """A key under which anybody can sign is refused, however it is spelt, in every kind."""
    prefix = bytes.fromhex("302a300506032b6570032100")
    for key in (
        approval_key.parse_public_line(line_of(text(b"ssh-ed25519", point))),
        approval_key.parse_passkey(url(prefix + point), PASSKEY.credential),
    ):
        with pytest.raises(Refused, match="key_malformed"):
            signatures.may_load(key)


def test_openssl_alone_would_take_a_signature_by_nobody() -> None:
    """Why the points are refused here: OpenSSL verifies a constant for any message under one."""
    neutral = (1).to_bytes(32, "little")
    key = ed25519.Ed25519PublicKey.from_public_bytes(neutral)
    for message in (b"disclose", b"deactivate"):
        key.verify(neutral + bytes(32), message)


def test_a_point_off_the_curve_may_not() -> None:
    """Where there is no x for a y, there is no key."""
    with pytest.raises(Refused, match="key_malformed"):
        public_keys.ed25519_key((2).to_bytes(32, "little"))
