"""GnuPG in a home of its own: keys made, files opened, words signed, as an agent does it."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FINGERPRINT = "fpr:"  # a record of a listing; codespell:ignore fpr


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpg:
    """GnuPG with a home of its own."""

    program: str
    home: Path

    def run(self, *words: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """One call; status lines are on standard error."""
        return subprocess.run(
            [
                *(self.program, "--homedir", str(self.home), "--batch", "--no-tty"),
                *("--pinentry-mode", "loopback", "--passphrase", "", "--status-fd", "2"),
                *("--trust-model", "always"),
                *words,
            ],
            input=data,
            capture_output=True,
            check=False,
            timeout=60,
        )

    def make(self, name: str, algorithm: str, encryption: str, *, when: str = "") -> str:
        """A key that signs, with a subkey that encrypts for a year; its fingerprint."""
        faked = ("--faked-system-time", when) if when else ()
        made = self.run(*faked, "--quick-gen-key", name, algorithm, "sign,cert", "never")
        (line,) = [line for line in made.stderr.splitlines() if b"KEY_CREATED" in line]
        fingerprint = line.split()[3].decode()
        if encryption:
            self.run(*faked, "--quick-add-key", fingerprint, encryption, "encr", "1y")
        return fingerprint

    def renew(self, fingerprint: str) -> None:
        """Three years from now for its encrypting subkey."""
        listed = self.run("--with-colons", "--list-keys", fingerprint).stdout.decode().splitlines()
        *_, subkey = [line.split(":")[9] for line in listed if line.startswith(FINGERPRINT)]
        self.run("--quick-set-expire", fingerprint, "3y", subkey)

    def export(self, fingerprint: str) -> bytes:
        """Its certificate."""
        return self.run("--export", "--armor", fingerprint).stdout

    def decrypt(self, path: Path) -> tuple[bytes, set[str]]:
        """The plaintext, and the first words of the status lines."""
        done = self.run("--decrypt", str(path))
        lines = [line for line in done.stderr.splitlines() if line.startswith(b"[GNUPG:] ")]
        return done.stdout, {line.split()[1].decode() for line in lines}

    def clear_signed(self, fingerprint: str, text: bytes) -> bytes:
        """The text under a clear signature of that key."""
        return self.run("--local-user", fingerprint, "--clear-sign", data=text).stdout


def find_gpg() -> str | None:
    """The program's path."""
    return shutil.which("gpg")


@contextlib.contextmanager
def home(directory: Path) -> Iterator[Gpg]:
    """GnuPG at home in `directory`, whose agent ends with the block."""
    program = find_gpg()
    assert program is not None
    directory.chmod(0o700)
    yield Gpg(program=program, home=directory)
    subprocess.run(
        ["gpgconf", "--homedir", str(directory), "--kill", "all"], check=False, capture_output=True
    )
