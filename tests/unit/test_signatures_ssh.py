"""SSHSIG signatures of approvers: each fault is refused with a code of its own."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from proxy.errors import Refused
from proxy.model import approval_key
from proxy.vault import signatures, sshsig
from tests.support.passkey import RELYING_PARTY, Passkey
from tests.support.security_key import TOUCHED, VERIFIED, SshKey, armor, text

SEED = hashlib.sha256(b"an approver").digest()
PLAIN = SshKey(seed=SEED)
HARDWARE = SshKey(seed=SEED, application=b"ssh:")
OTHER = SshKey(seed=hashlib.sha256(b"another").digest())
BOTH = pytest.mark.parametrize("key", [PLAIN, HARDWARE], ids=["plain", "hardware"])
MESSAGE = hashlib.sha256(b"an order").digest()


def check(key: SshKey, armored: str, message: bytes = MESSAGE) -> None:
    """Verify as the vault does."""
    signatures.verify(key.public, armored, message, relying_party=None)


def refused(key: SshKey, armored: str, message: bytes = MESSAGE) -> str:
    """The code of the refusal."""
    with pytest.raises(Refused) as refusal:
        check(key, armored, message)
    return refusal.value.code


@BOTH
@pytest.mark.parametrize("hash_name", ["sha512", "sha256"])
@pytest.mark.parametrize("columns", [64, 70, 76])
def test_a_sound_signature_verifies(key: SshKey, hash_name: str, columns: int) -> None:
    """Both hashes of the format and every usual line length are taken."""
    armored = armor(key.envelope(MESSAGE, hash_name=hash_name), columns)
    check(key, armored)
    check(key, armored.removesuffix("\n"))


def test_a_verified_user_counts_as_present() -> None:
    """A security key that also asked for its PIN is taken, whatever its counter."""
    for counter in (0, 7, 2**32 - 1):
        check(
            HARDWARE, armor(HARDWARE.envelope(MESSAGE, flags=TOUCHED | VERIFIED, counter=counter))
        )


def test_an_application_of_its_own_is_bound() -> None:
    """A security key made with another application signs for that one."""
    key = SshKey(seed=SEED, application=b"ssh:approvals")
    check(key, armor(key.envelope(MESSAGE)))
    as_default = key.envelope(MESSAGE, blob=HARDWARE.blob)
    assert refused(HARDWARE, armor(as_default)) == "signature_invalid"


@BOTH
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"magic": b"SSHSIH"}, "malformed"),
        ({"version": 2}, "malformed"),
        ({"version": 0}, "malformed"),
        ({"reserved": b"x"}, "malformed"),
        ({"after": b"\0"}, "malformed"),
        ({"inner": b"\0"}, "malformed"),
        ({"namespace": "git"}, "namespace"),
        ({"namespace": ""}, "namespace"),
        ({"namespace": "approval@privacyproxy "}, "namespace"),
        ({"namespace": "Approval@privacyproxy"}, "namespace"),
        ({"hash_name": "sha384"}, "hash"),
        ({"hash_name": "sha1"}, "hash"),
        ({"blob": OTHER.blob}, "key"),
        ({"blob": b""}, "key"),
        ({"kind": b"ssh-rsa"}, "kind"),
        ({"kind": b"ssh-ed25519-cert-v01@openssh.com"}, "kind"),
    ],
)
def test_each_fault_has_its_code(key: SshKey, changes: dict[str, Any], code: str) -> None:
    """One thing wrong, soundly signed, and the refusal says which."""
    assert refused(key, armor(key.envelope(MESSAGE, **changes))) == f"signature_{code}"


@BOTH
def test_another_message_is_refused(key: SshKey) -> None:
    """A signature holds for the message that was signed, not for its like."""
    armored = armor(key.envelope(MESSAGE))
    for message in (b"", MESSAGE[:-1], MESSAGE + b"\n", hashlib.sha512(MESSAGE).digest()):
        assert refused(key, armored, message) == "signature_invalid"


@BOTH
def test_another_key_is_refused(key: SshKey) -> None:
    """A sound signature of another approver is told apart from a broken one."""
    assert refused(key, armor(OTHER.envelope(MESSAGE))) == "signature_key"


@pytest.mark.parametrize("flags", [0, VERIFIED, 0xFE])
def test_a_security_key_must_be_touched(flags: int) -> None:
    """Without a touch a program could have had it signed alone."""
    armored = armor(HARDWARE.envelope(MESSAGE, flags=flags))
    assert refused(HARDWARE, armored) == "signature_presence"


def test_a_bare_signature_is_none_of_a_security_key() -> None:
    """The seed's plain signature does not pass for the hardware's, nor the other way round."""
    plain_inside = PLAIN.envelope(MESSAGE, blob=HARDWARE.blob)
    assert refused(HARDWARE, armor(plain_inside)) == "signature_kind"
    renamed = PLAIN.envelope(MESSAGE, blob=HARDWARE.blob, kind=HARDWARE.kind, inner=b"\1\0\0\0\7")
    assert refused(HARDWARE, armor(renamed)) == "signature_invalid"
    hardware_inside = HARDWARE.envelope(MESSAGE, blob=PLAIN.blob, kind=PLAIN.kind)
    assert refused(PLAIN, armor(hardware_inside)) == "signature_malformed"


def test_flags_and_counter_are_signed() -> None:
    """A touch can not be added to a signature made without one."""
    envelope = HARDWARE.envelope(MESSAGE, flags=0)
    assert envelope[-5:] == b"\0\0\0\0\7"
    assert refused(HARDWARE, armor(envelope[:-5] + b"\1\0\0\0\7")) == "signature_invalid"


GOOD = armor(PLAIN.envelope(MESSAGE))
LINES = GOOD.split("\n")


NOT_ONE = {
    "empty": "",
    "an empty line": "\n",
    "words": "no signature",
    "a mark alone": LINES[0],
    "no body": "\n".join([LINES[0], LINES[-2], ""]),
    "a line before": "\n" + GOOD,
    "a space before": " " + GOOD,
    "a line after": GOOD + "\n",
    "a space after": GOOD + " ",
    "two": GOOD + GOOD,
    "CR LF": GOOD.replace("\n", "\r\n"),
    "other marks": GOOD.replace("SSH", "PGP"),
    "a dash less": GOOD.replace("-----END", "----END"),
    "an empty line inside": "\n".join([LINES[0], "", *LINES[1:]]),
    "a header": "\n".join([LINES[0], "Comment: x", *LINES[1:]]),
    "a space inside": "\n".join([LINES[0], LINES[1] + " ", *LINES[2:]]),
    "one long line": "\n".join([LINES[0], "".join(LINES[1:-2]), *LINES[-2:]]),
    "more padding": "\n".join([LINES[0], *LINES[1:-2], "====", *LINES[-2:]]),
    "magic alone": armor(b"SSHSIG"),
    "version alone": armor(b"SSHSIG\0\0\0\1"),
    "endless strings": armor(b"SSHSIG\0\0\0\1" + b"\xff" * 40),
    "an inner blob cut": armor(
        b"SSHSIG\0\0\0\1" + text(PLAIN.blob, b"approval@privacyproxy", b"", b"sha512", b"\0\0")
    ),
    "cut": armor(PLAIN.envelope(MESSAGE)[:-1]),
    "too long": armor(PLAIN.envelope(MESSAGE, namespace="x" * 4000)),
    "a Cyrillic letter": GOOD.replace("U1NI", "U1N\u041d", 1),
    "a surrogate": GOOD.replace("U1NI", "U1N\ud800", 1),
}


@pytest.mark.parametrize("armored", NOT_ONE.values(), ids=NOT_ONE)
def test_only_one_text_is_a_signature(armored: str) -> None:
    """Nothing around, between or after the armour's lines."""
    assert refused(PLAIN, armored) == "signature_malformed"


def test_a_stray_bit_in_the_last_character_is_refused() -> None:
    """Base64 whose unused bits are set is a second spelling, so it is none."""
    assert LINES[-3].endswith("w=")  # of the last character two bits are unused, here 0
    respelt = "\n".join([*LINES[:-3], LINES[-3].replace("w=", "x="), *LINES[-2:]])
    assert base64.b64decode("".join(respelt.split("\n")[1:-2])) == PLAIN.envelope(MESSAGE)
    assert refused(PLAIN, respelt) == "signature_malformed"


@pytest.mark.parametrize("octets", [b"", b"x" * 63, b"x" * 65])
def test_a_signature_has_64_octets(octets: bytes) -> None:
    """A shorter or longer signature is malformed, not merely wrong."""
    fields = (PLAIN.blob, b"approval@privacyproxy", b"", b"sha512", text(PLAIN.kind, octets))
    armored = armor(b"SSHSIG\0\0\0\1" + text(*fields))
    assert refused(PLAIN, armored) == "signature_malformed"


def test_s_beyond_the_order_is_refused() -> None:
    """The second spelling of a signature, S plus the group's order, does not verify."""
    order = 2**252 + 27742317777372353535851937790883648493
    envelope = PLAIN.envelope(MESSAGE)
    s = int.from_bytes(envelope[-32:], "little") + order
    armored = armor(envelope[:-32] + s.to_bytes(32, "little"))
    assert refused(PLAIN, armored) == "signature_invalid"


def test_a_key_of_low_order_verifies_nothing() -> None:
    """The signature that anybody can make is refused at verification too, not only enrolment."""
    neutral = (1).to_bytes(32, "little")
    blob = text(b"ssh-ed25519", neutral)
    signature = text(b"ssh-ed25519", neutral + bytes(32))
    fields = text(blob, b"approval@privacyproxy", b"", b"sha512", signature)
    key = approval_key.parse_public_blob(blob)
    with pytest.raises(Refused, match="key_malformed"):
        sshsig.verify_sshsig(key, armor(b"SSHSIG\0\0\0\1" + fields), MESSAGE)


def test_a_passkey_makes_no_sshsig() -> None:
    """A key is used in its own format alone."""
    key = Passkey(seed=SEED).public
    with pytest.raises(Refused, match="signature_kind"):
        sshsig.verify_sshsig(key, GOOD, MESSAGE)
    with pytest.raises(Refused, match="assertion_malformed"):
        signatures.verify(key, GOOD, MESSAGE, relying_party=RELYING_PARTY)


def test_ours_is_what_ssh_keygen_writes() -> None:
    """Rendering gives the text of the format's own layout, octet for octet."""
    inner = PLAIN.signature(sshsig.to_sign(MESSAGE))[-64:]
    assert sshsig.render(PLAIN.public, inner) == GOOD
