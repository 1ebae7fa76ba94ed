"""Signing on the approver's machine: which key files sign, and what is said of the others."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.vault import approve, sshsig
from tests.support.security_key import SshKey, armor, text

if TYPE_CHECKING:
    from pathlib import Path

SEED = hashlib.sha256(b"an approver").digest()
PLAIN = SshKey(seed=SEED)
HARDWARE = SshKey(seed=SEED, application=b"ssh:")
MESSAGE = hashlib.sha256(b"an order").digest()


def never() -> bytes | None:
    """A pass-phrase that nobody may be asked for."""
    raise AssertionError


def written(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    """A key file."""
    path = folder / "id"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def encrypted(passphrase: bytes) -> bytes:
    """The plain key's file under a pass-phrase; few rounds, since no secret is kept."""
    how = serialization.PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1).build(passphrase)
    return Ed25519PrivateKey.from_private_bytes(SEED).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, how
    )


def test_a_private_key_file_signs_here(tmp_path: Path) -> None:
    """The signature is the very text of the format, and nobody is asked for a pass-phrase."""
    path = written(tmp_path, PLAIN.private_file())
    assert approve.public_key(path) == PLAIN.public
    assert approve.sign(MESSAGE, path, never) == armor(PLAIN.envelope(MESSAGE))


@pytest.mark.parametrize("passphrase", [b"correct horse", "Gr\u00fc\u00df".encode()])
def test_an_encrypted_file_signs_with_its_passphrase(tmp_path: Path, passphrase: bytes) -> None:
    """The pass-phrase is asked once; the public key needs none."""
    path = written(tmp_path, encrypted(passphrase))
    assert approve.public_key(path) == PLAIN.public
    words = iter([passphrase])  # a second question would end in StopIteration
    assert approve.sign(MESSAGE, path, lambda: next(words)) == armor(PLAIN.envelope(MESSAGE))
    assert list(words) == []


@pytest.mark.parametrize(
    ("word", "code"),
    [(None, "passphrase_missing"), (b"", "passphrase_wrong"), (b"wrong", "passphrase_wrong")],
)
def test_without_its_passphrase_it_does_not(tmp_path: Path, word: bytes | None, code: str) -> None:
    """Giving up and being wrong are told apart."""
    path = written(tmp_path, encrypted(b"correct horse"))
    with pytest.raises(InvalidInput, match=code):
        approve.sign(MESSAGE, path, lambda: word)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_private_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The approver hears how to mend it before the key is used."""
    path = written(tmp_path, PLAIN.private_file(), mode)
    for use in (approve.public_key, lambda file: approve.sign(MESSAGE, file, never)):
        with pytest.raises(Refused, match="key_file_mode") as refusal:
            use(path)
        assert "chmod 600" in refusal.value.detail


@pytest.mark.parametrize("key", [PLAIN, HARDWARE], ids=["plain", "hardware"])
def test_a_public_key_may_be_read_by_all(tmp_path: Path, key: SshKey) -> None:
    """A .pub file gives its key, whoever may read it; so does a security key's private file."""
    assert approve.public_key(written(tmp_path, key.line.encode(), 0o644)) == key.public
    assert approve.public_key(written(tmp_path, key.private_file())) == key.public


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A wrong path, or a folder, ends in a sentence."""
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(InvalidInput, match="key_file"):
            approve.public_key(path)


def private_file(data: bytes) -> bytes:
    """The armour of a private key file around any octets."""
    name = b"OPENSSH PRIVATE KEY"
    body = base64.b64encode(data)
    return b"-----BEGIN " + name + b"-----\n" + body + b"\n-----END " + name + b"-----\n"


HEAD = b"openssh-key-v1\0"
NONE = text(b"none", b"none", b"")
DAMAGED = {
    "no end": PLAIN.private_file()[:-10],
    "no base64": private_file(b"").replace(b"\n\n", b"\n*\n"),
    "empty": private_file(b""),
    "magic alone": private_file(HEAD),
    "another magic": private_file(b"openssh-key-v2\0" + NONE + b"\0\0\0\1" + text(PLAIN.blob, b"")),
    "two keys": private_file(HEAD + NONE + b"\0\0\0\2" + text(PLAIN.blob, PLAIN.blob, b"")),
    "cut": private_file(HEAD + NONE + b"\0\0\0\1" + text(PLAIN.blob)[:-1]),
    "not ASCII": private_file(HEAD + NONE + b"\0\0\0\1" + text(text(b"\xff"), b"")),
    "no private part": private_file(HEAD + NONE + b"\0\0\0\1" + text(PLAIN.blob, b"")),
    "noise": private_file(HEAD + NONE + b"\0\0\0\1" + text(PLAIN.blob, b"x" * 64)),
    "a .pub line with more": PLAIN.line.encode() * 2,
    "nothing": b"",
    "octets": bytes(range(256)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_said(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, the answer is a sentence and no signature."""
    with pytest.raises(InvalidInput, match="key_malformed"):
        approve.sign(MESSAGE, written(tmp_path, content), never)


HEADLESS = {
    "no magic": private_file(NONE + b"\0\0\0\1" + text(PLAIN.blob, b"")),
    "no count": private_file(HEAD + NONE + text(PLAIN.blob, b"")),
    "no end": private_file(HEAD + NONE + b"\0\0\0\1" + text(PLAIN.blob, b""))[:-35],
}


@pytest.mark.parametrize("content", HEADLESS.values(), ids=HEADLESS)
def test_a_damaged_file_has_no_public_key(tmp_path: Path, content: bytes) -> None:
    """A public key is read from a whole file's head, not from what looks like one."""
    with pytest.raises(InvalidInput, match="key_malformed"):
        approve.public_key(written(tmp_path, content))


def test_keys_of_other_kinds_are_said(tmp_path: Path) -> None:
    """An ECDSA key, and one in another format, are refused before anything is signed."""
    key = ec.derive_private_key(7, ec.SECP256R1())
    plain = serialization.NoEncryption()
    for style in (serialization.PrivateFormat.OpenSSH, serialization.PrivateFormat.PKCS8):
        content = key.private_bytes(serialization.Encoding.PEM, style, plain)
        with pytest.raises(InvalidInput, match="key_kind"):
            approve.sign(MESSAGE, written(tmp_path, content), never)


def test_a_file_whose_halves_differ_signs_nothing(tmp_path: Path) -> None:
    """The public half of another key in the file's head does not become the signature's."""
    other = SshKey(seed=hashlib.sha256(b"another").digest())
    lines = PLAIN.private_file().split(b"\n")
    data = base64.b64decode(b"".join(lines[1:-2]))
    mixed = private_file(data.replace(text(PLAIN.blob), text(other.blob), 1))
    path = written(tmp_path, mixed)
    assert approve.public_key(path) == other.public
    with pytest.raises((InvalidInput, Refused)):
        approve.sign(MESSAGE, path, never)


@pytest.mark.parametrize("content", [PLAIN.line.encode(), HARDWARE.private_file()])
def test_without_ssh_keygen_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """A key in an agent or in hardware needs ssh-keygen, and the error names the package."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(Unavailable, match="ssh_keygen") as refusal:
        approve.sign(MESSAGE, written(tmp_path, content), never)
    assert "openssh-client" in refusal.value.detail


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("exit 255", "ssh_keygen"),
        ("cat >&2; echo no signature", "signature_malformed"),
        ("cat other", "signature_key"),
    ],
)
def test_what_ssh_keygen_gives_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, expected: str
) -> None:
    """A program of that name that fails, babbles or signs with another key yields nothing."""
    other = SshKey(seed=hashlib.sha256(b"another").digest())
    (tmp_path / "other").write_text(armor(other.envelope(MESSAGE)))
    program = tmp_path / "ssh-keygen"
    program.write_text(f"#!/bin/sh\ncd {tmp_path}\n{script}\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises((Unavailable, Refused), match=expected):
        approve.sign(MESSAGE, written(tmp_path, PLAIN.line.encode()), never)


def test_an_ssh_keygen_that_does_not_start_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program whose interpreter is gone ends in an error of ours."""
    program = tmp_path / "ssh-keygen"
    program.write_text(f"#!{tmp_path}/gone\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="ssh_keygen"):
        approve.sign(MESSAGE, written(tmp_path, PLAIN.line.encode()), never)


def test_ssh_keygen_is_asked_for_our_namespace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message goes in on stdin, octet for octet; namespace and file are arguments."""
    (tmp_path / "signature").write_text(armor(HARDWARE.envelope(MESSAGE)))
    program = tmp_path / "ssh-keygen"
    program.write_text(
        f'#!/bin/sh\ncd {tmp_path}\ncat > message\nprintf "%s\\n" "$@" > words\ncat signature\n'
    )
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    path = written(tmp_path, HARDWARE.private_file())
    assert approve.sign(MESSAGE, path, never) == armor(HARDWARE.envelope(MESSAGE))
    assert (tmp_path / "message").read_bytes() == MESSAGE
    words = (tmp_path / "words").read_text().split()
    assert words == ["-Y", "sign", "-f", str(path), "-n", sshsig.NAMESPACE]


def test_nothing_of_the_key_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Signing, and failing to, leave both streams empty."""
    approve.sign(MESSAGE, written(tmp_path, PLAIN.private_file()), never)
    with pytest.raises(InvalidInput):
        approve.sign(MESSAGE, written(tmp_path, encrypted(b"right")), lambda: b"wrong")
    assert capfd.readouterr() == ("", "")
