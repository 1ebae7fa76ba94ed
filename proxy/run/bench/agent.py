"""An escrow agent for benchmarks, played by GnuPG: its keys, its plaintext, and the floor.

The floor is what a careful operator would do with the same plaintext in a shell: `gzip -1 | gpg`,
encrypted to the agent and signed, gpg's own compression off. gpg is a peer of benchmarks only.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

USER_ID: Final = "Harbour escrow, benchmark"
_FINGERPRINT: Final = "fpr:"  # a record of a listing; codespell:ignore fpr


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What `gzip -1 | gpg` took for the plaintext of a deposit."""

    plain_octets: int
    cpu_s: float
    wall_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """GnuPG with a home of its own."""

    program: str
    home: Path
    fingerprint: str
    certificate: Path

    def know(self, certificate: str) -> None:
        """Take over the certificate of who signs deposits; without it none opens without fault."""
        _call(self.program, self.home, "--import", data=certificate)

    def floor(self, files: Sequence[Path]) -> Floor:
        """The plaintext of these encrypted, compressed files, sealed again by gzip and gpg."""
        with tempfile.TemporaryFile(dir=self.home) as plain:
            for file in files:
                self._open(file, plain.fileno())
            octets = plain.tell()  # the descriptor is shared: its place is the end
            plain.seek(0)
            began, before = time.perf_counter(), os.times()
            self._seal(plain.fileno())
            after = os.times()
            return Floor(
                plain_octets=octets,
                cpu_s=after.children_user
                + after.children_system
                - before.children_user
                - before.children_system,
                wall_s=time.perf_counter() - began,
            )

    def _open(self, file: Path, out: int) -> None:
        words = [*_words(self.program, self.home), "--decrypt", str(file)]
        with _piped(words, stdin=subprocess.DEVNULL) as opened:
            unpacked = subprocess.run(["gzip", "-dc"], stdin=opened.stdout, stdout=out, check=False)  # noqa: S607 - the system's
        if opened.returncode != 0 or unpacked.returncode != 0:
            raise Unavailable("bench", f"gpg could not open {file.name}.")

    def _seal(self, plain: int) -> None:
        sealing = [
            *_words(self.program, self.home),
            *("--compress-algo", "none", "--recipient", self.fingerprint),
            *("--local-user", self.fingerprint, "--sign", "--encrypt"),
        ]
        with (
            _piped(["gzip", "-1"], stdin=plain) as packed,
            (self.home / "floor.gpg").open("wb") as out,
        ):
            sealed = subprocess.run(sealing, stdin=packed.stdout, stdout=out, check=False)  # noqa: S603 - our own words
        if packed.returncode != 0 or sealed.returncode != 0:
            raise Unavailable("bench", "gzip | gpg failed.")


@contextlib.contextmanager
def at_home(directory: Path) -> Iterator[Agent]:
    """The agent, with a new key."""
    program = shutil.which("gpg")
    if program is None or shutil.which("gzip") is None:
        raise Unavailable("gpg", "The floor needs gpg and gzip (Debian: gnupg).")
    directory.mkdir(mode=0o700)
    try:
        yield _made(program, directory)
    finally:
        subprocess.run(  # noqa: S603 - our own words
            ["gpgconf", "--homedir", str(directory), "--kill", "all"],  # noqa: S607 - the system's
            check=False,
            capture_output=True,
        )


def _made(program: str, home: Path) -> Agent:
    _call(program, home, "--quick-gen-key", USER_ID, "ed25519", "sign,cert", "never")
    listed = _call(program, home, "--with-colons", "--list-keys").splitlines()
    fingerprint = next(one.split(":")[9] for one in listed if one.startswith(_FINGERPRINT))
    _call(program, home, "--quick-add-key", fingerprint, "cv25519", "encr", "1y")
    certificate = home / "agent.asc"
    certificate.write_text(_call(program, home, "--export", "--armor", fingerprint), "utf-8")
    return Agent(program=program, home=home, fingerprint=fingerprint, certificate=certificate)


def _call(program: str, home: Path, *words: str, data: str = "") -> str:
    done = subprocess.run(  # noqa: S603 - our own words
        [*_words(program, home), *words], input=data, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Unavailable("gpg", f"gpg failed: {done.stderr[-300:]}")
    return done.stdout


def _words(program: str, home: Path) -> list[str]:
    return [
        *(program, "--homedir", str(home), "--batch", "--no-tty", "--quiet"),
        *("--pinentry-mode", "loopback", "--passphrase", "", "--trust-model", "always"),
    ]


def _piped(words: Sequence[str], *, stdin: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(words, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # noqa: S603 - our own words
