"""OpenSSH and we make and take the same keys and signatures."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.vault import approve, sshsig
from proxy.vault.staff_factors import StaffFactors
from tests.support.security_key import TOUCHED, VERIFIED, SshKey, armor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from proxy.model.approval_key import ApprovalKey

pytestmark = pytest.mark.peer
MESSAGE = hashlib.sha256(b"an order").digest()
SEED = hashlib.sha256(b"an approver").digest()
HARDWARE = SshKey(seed=SEED, application=b"ssh:")
PASSPHRASE = b"correct horse battery"
WHO = "approver@approvals.example"


@pytest.fixture(scope="session")
def ssh_keygen() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs the real ssh-keygen with `words` and `given` on stdin; it may fail."""
    program = shutil.which("ssh-keygen")
    if program is None:
        pytest.skip("no ssh-keygen (Debian: apt-get install openssh-client)")

    def run(*words: object, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [program, *map(str, words)], input=given, capture_output=True, check=False, timeout=60
        )

    return run


@pytest.fixture
def made(
    ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> Callable[..., Path]:
    """Makes an Ed25519 key file with ssh-keygen; `words` are more of its options."""

    def make(name: str = "id", *words: str, passphrase: bytes = b"") -> Path:
        path = tmp_path / name
        kind = ("-t", "ed25519") if "-t" not in words else ()
        made = ssh_keygen(
            "-q", *kind, "-N", passphrase.decode(), "-C", "an approver", "-f", path, *words
        )
        assert made.returncode == 0, made.stderr
        return path

    return make


@pytest.fixture
def accepts(
    ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> Callable[..., bool]:
    """Whether `ssh-keygen -Y verify` takes a signature as one of the key's owner."""

    def verify(key: ApprovalKey, armored: str, message: bytes, *options: str) -> bool:
        signers, signature = tmp_path / "allowed_signers", tmp_path / "signature"
        limits = ",".join([f'namespaces="{sshsig.NAMESPACE}"', *options])
        signers.write_text(f"{WHO} {limits} {key.kind} {key.public}\n")
        signature.write_text(armored)
        words = ("-f", signers, "-I", WHO, "-n", sshsig.NAMESPACE, "-s", signature)
        is_theirs = ssh_keygen("-Y", "verify", *words, given=message).returncode == 0
        checked = ssh_keygen("-Y", "check-novalidate", *words[4:], given=message)
        assert checked.returncode == 0 or not is_theirs
        return is_theirs

    return verify


def never() -> bytes | None:
    """A pass-phrase that nobody may be asked for."""
    raise AssertionError


def test_their_keys_have_our_fingerprint(
    made: Callable[..., Path], ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    """The id of a key is what `ssh-keygen -lf` shows, and both files of a key give one key."""
    path = made()
    shown = ssh_keygen("-lf", path).stdout.decode().split()
    key = approve.public_key(path)
    assert key.id == shown[1]
    assert key == approve.public_key(path.with_suffix(".pub"))


@pytest.mark.parametrize("hash_name", ["sha512", "sha256"])
def test_their_signatures_verify_here(
    made: Callable[..., Path],
    ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]],
    hash_name: str,
) -> None:
    """A signature by `ssh-keygen -Y sign` verifies, for its message and key alone."""
    path, other = made(), made("other")
    words = ("-Y", "sign", "-f", path, "-n", sshsig.NAMESPACE, "-O", f"hashalg={hash_name}")
    armored = ssh_keygen(*words, given=MESSAGE).stdout.decode()
    sshsig.verify_sshsig(approve.public_key(path), armored, MESSAGE)
    with pytest.raises(Refused, match="signature_invalid"):
        sshsig.verify_sshsig(approve.public_key(path), armored, MESSAGE + b"\n")
    with pytest.raises(Refused, match="signature_key"):
        sshsig.verify_sshsig(approve.public_key(other), armored, MESSAGE)


def test_staff_sign_in_with_their_signatures(
    made: Callable[..., Path],
    ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]],
) -> None:
    """In the namespace of staff `ssh-keygen -Y sign` gives what we write, and it is no vote."""
    path, factors = made(), StaffFactors("https://desk.example")
    key, words = approve.public_key(path), ("-Y", "sign", "-f", path)
    armored = ssh_keygen(*words, "-n", sshsig.STAFF_NAMESPACE, given=MESSAGE).stdout.decode()
    factors.check(key, armored, MESSAGE)
    ours = approve.sign(MESSAGE, path, lambda: None, namespace=sshsig.STAFF_NAMESPACE)
    assert ours == armored
    with pytest.raises(Refused, match="signature_namespace"):
        sshsig.verify_sshsig(key, armored, MESSAGE)
    vote = ssh_keygen(*words, "-n", sshsig.NAMESPACE, given=MESSAGE).stdout.decode()
    with pytest.raises(Refused, match="signature_namespace"):
        factors.check(key, vote, MESSAGE)


@pytest.mark.parametrize("namespace", ["git", "file", "approval@privacyproxy.example"])
def test_their_signatures_for_other_uses_do_not(
    made: Callable[..., Path],
    ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]],
    namespace: str,
) -> None:
    """What was signed for git or a file is no vote."""
    path = made()
    done = ssh_keygen("-Y", "sign", "-f", path, "-n", namespace, given=MESSAGE)
    with pytest.raises(Refused, match="signature_namespace"):
        sshsig.verify_sshsig(approve.public_key(path), done.stdout.decode(), MESSAGE)


def test_our_signatures_verify_there(
    made: Callable[..., Path], accepts: Callable[..., bool]
) -> None:
    """Ours is octet for octet theirs, and ssh-keygen takes it for its message alone."""
    path = made()
    key = approve.public_key(path)
    armored = approve.sign(MESSAGE, path, never)
    assert accepts(key, armored, MESSAGE)
    assert not accepts(key, armored, MESSAGE + b"\n")
    assert not accepts(approve.public_key(made("other")), armored, MESSAGE)


def test_both_write_the_same_text(
    made: Callable[..., Path], ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]]
) -> None:
    """Ed25519 is deterministic, so the two signatures are one text."""
    path = made()
    theirs = ssh_keygen("-Y", "sign", "-f", path, "-n", sshsig.NAMESPACE, given=MESSAGE)
    assert approve.sign(MESSAGE, path, never) == theirs.stdout.decode()


@pytest.mark.parametrize("cipher", ["aes256-ctr", "aes256-cbc", "aes256-gcm@openssh.com"])
def test_their_encrypted_keys_sign_here(
    made: Callable[..., Path], accepts: Callable[..., bool], cipher: str
) -> None:
    """A file with a pass-phrase opens with it, whichever usual cipher it has."""
    path = made("id", "-Z", cipher, "-a", "1", passphrase=PASSPHRASE)
    key = approve.public_key(path)
    assert accepts(key, approve.sign(MESSAGE, path, lambda: PASSPHRASE), MESSAGE)
    with pytest.raises(InvalidInput, match="passphrase_wrong"):
        approve.sign(MESSAGE, path, lambda: b"another")
    with pytest.raises(InvalidInput, match="passphrase_missing"):
        approve.sign(MESSAGE, path, lambda: None)


def test_a_cipher_of_theirs_alone_is_left_to_them(
    made: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that we can not open is signed with by ssh-keygen, which asks on its own."""
    path = made("id", "-Z", "chacha20-poly1305@openssh.com", "-a", "1", passphrase=PASSPHRASE)
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\necho '{PASSPHRASE.decode()}'\n")
    ask.chmod(0o700)
    monkeypatch.setenv("SSH_ASKPASS", str(ask))
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    armored = approve.sign(MESSAGE, path, never)
    sshsig.verify_sshsig(approve.public_key(path), armored, MESSAGE)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_their_keys_of_other_kinds_are_refused(made: Callable[..., Path], kind: str) -> None:
    """An RSA or ECDSA key is told apart, as private file and as .pub."""
    path = made("id", "-t", kind)
    for file in (path, path.with_suffix(".pub")):
        with pytest.raises(InvalidInput, match="key_kind"):
            approve.sign(MESSAGE, file, never)


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ssh-agent of this test."""
    program = shutil.which("ssh-agent")
    if program is None:
        pytest.skip("no ssh-agent (Debian: apt-get install openssh-client)")
    socket = tmp_path / "agent"
    # In the foreground it says where it listens once it does.
    with subprocess.Popen([program, "-D", "-a", socket], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        yield
        running.terminate()


def test_a_key_in_an_agent_signs(
    agent: None, made: Callable[..., Path], accepts: Callable[..., bool]
) -> None:
    """With the .pub file alone on disk, the agent's key signs."""
    path = made()
    done = subprocess.run(["ssh-add", "-q", path], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    path.unlink()
    public = path.with_suffix(".pub")
    assert accepts(approve.public_key(public), approve.sign(MESSAGE, public, never), MESSAGE)


def test_a_key_nobody_has_signs_nothing(
    made: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A .pub file without agent or private half ends in an error of ours."""
    path = made()
    path.unlink()
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(Unavailable, match="ssh_keygen"):
        approve.sign(MESSAGE, path.with_suffix(".pub"), never)


def test_they_read_our_security_key(
    ssh_keygen: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path
) -> None:
    """The helper's files are a security key to ssh-keygen, with the fingerprint we give."""
    for name, content in (("sk", HARDWARE.private_file()), ("sk.pub", HARDWARE.line.encode())):
        path = tmp_path / name
        path.write_bytes(content)
        path.chmod(0o600)
        shown = ssh_keygen("-lf", path)
        assert HARDWARE.public.id in shown.stdout.decode(), shown.stderr
        assert approve.public_key(path) == HARDWARE.public


@pytest.mark.parametrize("application", [b"ssh:", b"ssh:approvals"])
@pytest.mark.parametrize("flags", [TOUCHED, TOUCHED | VERIFIED])
def test_a_security_keys_signature_verifies_on_both_sides(
    accepts: Callable[..., bool], application: bytes, flags: int
) -> None:
    """What the helper signs is a security key's signature to ssh-keygen and to us."""
    key = SshKey(seed=SEED, application=application)
    armored = armor(key.envelope(MESSAGE, flags=flags))
    assert accepts(key.public, armored, MESSAGE)
    sshsig.verify_sshsig(key.public, armored, MESSAGE)


def test_a_security_keys_signature_is_bound_on_both_sides(accepts: Callable[..., bool]) -> None:
    """Another message, another application or an added touch is refused there as here."""
    sound = HARDWARE.envelope(MESSAGE)
    other = SshKey(seed=SEED, application=b"ssh:other").envelope(MESSAGE, blob=HARDWARE.blob)
    untouched = HARDWARE.envelope(MESSAGE, flags=0)
    for envelope, message in (
        (sound, MESSAGE + b"\n"),
        (other, MESSAGE),
        (untouched[:-5] + b"\1" + untouched[-4:], MESSAGE),
    ):
        assert not accepts(HARDWARE.public, armor(envelope), message)
        with pytest.raises(Refused, match="signature_invalid"):
            sshsig.verify_sshsig(HARDWARE.public, armor(envelope), message)


def test_a_security_key_that_is_not_there_signs_nothing(
    ssh_keygen: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the hardware ssh-keygen fails, and that is an error of ours."""
    monkeypatch.setenv("SSH_SK_PROVIDER", str(tmp_path / "none"))  # a real key may be plugged in
    path = tmp_path / "sk"
    path.write_bytes(HARDWARE.private_file())
    path.chmod(0o600)
    with pytest.raises(Unavailable, match="ssh_keygen"):
        approve.sign(MESSAGE, path, never)
