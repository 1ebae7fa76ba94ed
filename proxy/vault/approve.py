"""Signing on the approver's own machine, with the approver's own OpenSSH key.

Runs beside no vault: holds a private key for the length of one call, prints and logs nothing of
it. An Ed25519 key file is used here; a security key, or a key in an agent, through ssh-keygen,
which asks for PIN and touch on the terminal.
Source: OpenSSH PROTOCOL.key (key files), PROTOCOL.sshsig; ssh-keygen(1), -Y sign.
"""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.model import approval_key, ssh_strings
from proxy.model.approval_key import KeyKind
from proxy.vault import sshsig

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from proxy.model.approval_key import ApprovalKey

FILE_LIMIT_OCTETS = 65_536  # a key file has some 500; protects memory from a wrong path
SIGNING_WAIT_S = 300.0  # for a PIN and a touch; a security key gives up long before

_BEGIN, _END = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_ONE_KEY = (1).to_bytes(4)
# What `cryptography` reads; ssh-keygen writes aes256-ctr unless told otherwise.
_CIPHERS = frozenset({b"none", b"aes256-ctr", b"aes256-cbc", b"aes256-gcm@openssh.com"})
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def public_key(key_file: Path) -> ApprovalKey:
    """The public key of a private key file or of a .pub file; no pass-phrase is needed.

    InvalidInput `key_file` when it is absent, `key_kind` or `key_malformed` when approvals can not
    take it; Refused `key_file_mode` when others may read a private key.
    """
    return _public(_content(key_file))


def sign(
    message: bytes,
    key_file: Path,
    passphrase: Callable[[], bytes | None],
    *,
    namespace: str = sshsig.NAMESPACE,
) -> str:
    """The armoured SSHSIG of the key over `message`, in the namespace of approvals or another.

    `passphrase` is asked for an encrypted file, once; None gives up (`passphrase_missing`). Errors
    as of `public_key`, and InvalidInput `passphrase_wrong`, Unavailable `ssh_keygen`.
    """
    content = _content(key_file)
    key = _public(content)
    is_file_of_ours = key.kind is KeyKind.ED25519 and content.startswith(_BEGIN)
    if is_file_of_ours and _header(content)[0] in _CIPHERS:
        armored = _signed_here(key, content, message, passphrase, namespace)
    else:
        armored = _signed_by_ssh_keygen(key_file, message, namespace)
    # What left this machine is what the vault will take: a wrong agent or file shows here.
    sshsig.verify_sshsig(key, armored, message, namespace=namespace)
    return armored


def _content(key_file: Path) -> bytes:
    """What the file holds; a private key only when it is its owner's alone."""
    try:
        with key_file.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(FILE_LIMIT_OCTETS)
    except OSError:
        raise InvalidInput("key_file", "The key file can not be read.") from None
    if b"PRIVATE KEY" in content and mode & _FOR_OTHERS:
        raise Refused("key_file_mode", "Others may read this private key: chmod 600 the file.")
    return content


def _public(content: bytes) -> ApprovalKey:
    if not content.startswith(_BEGIN):
        if b"PRIVATE KEY" in content:
            raise InvalidInput(
                "key_kind",
                "This key file is not in OpenSSH's format: ssh-keygen -p -f FILE writes it anew.",
            )
        return approval_key.parse_public_line(content.decode(errors="replace"))
    return approval_key.parse_public_blob(_header(content)[1])


def _header(content: bytes) -> tuple[bytes, bytes]:
    """The cipher's name and the public key's blob, which stand in the clear (PROTOCOL.key)."""
    text, end, _ = content.removeprefix(_BEGIN).partition(_END)
    try:
        data = base64.b64decode(b"".join(text.split()), validate=True)
        (cipher, _, _), rest = ssh_strings.take_many(data.removeprefix(_MAGIC), 3)
        blob, _ = ssh_strings.take(rest.removeprefix(_ONE_KEY))
    except ValueError:
        raise _damaged() from None
    if not (end and data.startswith(_MAGIC) and rest.startswith(_ONE_KEY)):
        raise _damaged()
    return cipher, blob


def _signed_here(
    key: ApprovalKey,
    content: bytes,
    message: bytes,
    passphrase: Callable[[], bytes | None],
    namespace: str,
) -> str:
    """Ed25519 over the SSHSIG text: deterministic, no nonce; namespace and magic lead the text."""
    word = None
    if _header(content)[0] != b"none":
        word = passphrase()
        if word is None:
            raise InvalidInput("passphrase_missing", "The key file needs its pass-phrase.")
    try:
        private = serialization.load_ssh_private_key(content, word)
    except (ValueError, TypeError, InvalidTag, UnsupportedAlgorithm):
        if word is None:
            raise _damaged() from None
        raise InvalidInput("passphrase_wrong", "The pass-phrase does not open the file.") from None
    if not isinstance(private, ed25519.Ed25519PrivateKey):  # the file's head said it is one
        raise _damaged()
    signature = private.sign(sshsig.to_sign(message, namespace=namespace))
    return sshsig.render(key, signature, namespace=namespace)


def _signed_by_ssh_keygen(key_file: Path, message: bytes, namespace: str) -> str:
    """What `ssh-keygen -Y sign` prints; its own questions and complaints go to the terminal."""
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Unavailable(
            "ssh_keygen",
            "This key signs through ssh-keygen, which is not installed"
            " (Debian: apt-get install openssh-client).",
        )
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program; the file's name is one argument
            [program, "-Y", "sign", "-f", str(key_file), "-n", namespace],
            input=message,  # PINs are asked on the terminal itself, never on this stream
            stdout=subprocess.PIPE,
            check=False,
            timeout=SIGNING_WAIT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        raise Unavailable("ssh_keygen", "ssh-keygen could not be run, or did not end.") from None
    if done.returncode != 0:
        raise Unavailable("ssh_keygen", "ssh-keygen did not sign; it said why above.")
    return done.stdout.decode(errors="replace")


def _damaged() -> InvalidInput:
    return InvalidInput("key_malformed", "This private key file is damaged.")
