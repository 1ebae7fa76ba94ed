"""A witness's directory: its key, the last checkpoint it cosigned, evidence against the log.

`witness.key` (0600): `privacyproxy-witness-v1 NAME HEX-SEED`. `checkpoint`: written before the
cosignature is handed out, so a crash can not make the witness sign two histories. `evidence/`:
pairs of notes that can not both be true (`HEX.txt`), and what else the log was seen to do
(`CODE-HEX.txt`), each kind with a limit of its own; never removed here. Whoever loses
`checkpoint` trusts the log's next word; keep it in the backup.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.vault import files, note, primitives, verifier, witness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from proxy.vault import tiles
    from proxy.vault.verifier import VerifierKey
    from proxy.vault.witness import Contradiction, Witness

EVIDENCE_LIMIT = 100  # pairs; the first prove as much as all, and a log could sign without end
SEEN_LIMIT = 10  # files of what proves no lie, a code; old checkpoints are cheap to show
_MAGIC = "privacyproxy-witness-v1"
_SEED_OCTETS = 32
_KEY, _CHECKPOINT, _EVIDENCE = "witness.key", "checkpoint", "evidence"
_PAIRS = "[0-9a-f]*.txt"  # no code begins so


def make(directory: Path, name: str, random: Callable[[int], bytes]) -> None:
    """Make a witness's directory and key; Refused `witness_exists` where there is one."""
    if not verifier.is_name(name):
        raise InvalidInput("witness_name", "A witness's name has no spaces and no plus.")
    files.make_directory(directory)
    files.make_directory(directory / _EVIDENCE)
    if (directory / _KEY).exists():
        raise Refused("witness_exists", f"{directory / _KEY} is there already.")
    line = f"{_MAGIC} {name} {random(_SEED_OCTETS).hex()}\n"
    files.write(directory / _KEY, line.encode())


def load(directory: Path, log: VerifierKey) -> Witness:
    """The witness of a directory; Unavailable `witness_key` where its key can not be read."""
    path = directory / _KEY
    content = files.read(path, verifier.KEY_LIMIT * 4)
    try:
        magic, name, encoded = (content or b"").decode().removesuffix("\n").split(" ")
        seed = bytes.fromhex(encoded)
    except ValueError:
        magic, name, seed = "", "", b""
    if magic != _MAGIC or not verifier.is_name(name) or len(seed) != _SEED_OCTETS:
        raise Unavailable("witness_key", f"{path} is missing or not the key of a witness.")
    return witness.Witness(log=log, name=name, seed=seed)


def last(directory: Path) -> str | None:
    """The note that this witness cosigned last; None before the first."""
    content = files.read(directory / _CHECKPOINT, note.NOTE_LIMIT_OCTETS + 1)
    return None if content is None else content.decode(errors="replace")  # then it does not parse


def observe(
    directory: Path, log: VerifierKey, offered: str, source: tiles.Source, now: datetime
) -> str:
    """The cosigned note, kept as the last one; what witness.decide refuses changes nothing.

    A Contradiction is raised after both notes are in `evidence`.
    """
    watching = load(directory, log)
    with _alone(directory):
        try:
            cosigned = witness.decide(watching, last(directory), offered, source, now)
        except witness.Contradiction as found:
            _keep(directory / _EVIDENCE, found)
            raise
        files.write(directory / _CHECKPOINT, cosigned.encode(), 0o644)
    return cosigned


def keep_seen(directory: Path, code: str, last: str | None, offered: str) -> None:
    """Write what was offered after the last note, though it proves no lie: a cache may be stale.

    It never takes the place of a contradiction: those are counted by themselves.
    """
    digest = primitives.sha256(offered.encode()).hex()[:32]
    path = directory / _EVIDENCE / f"{code}-{digest}.txt"
    if not path.exists() and sum(1 for _ in path.parent.glob(f"{code}-*.txt")) < SEEN_LIMIT:
        files.write(path, f"{code}\n\n{last or ''}\n{offered}".encode())


def _keep(directory: Path, found: Contradiction) -> None:
    """Write both notes and the proof, once however often they are seen."""
    files.make_directory(directory)
    proof = "".join(f"{node.hex()}\n" for node in found.proof)
    content = f"{found.code}\n\n{found.last}\n{found.offered}\n{proof}".encode()
    texts = "".join(note.parse(one).text for one in (found.last, found.offered))
    path = directory / f"{primitives.sha256(texts.encode()).hex()[:32]}.txt"
    if not path.exists() and sum(1 for _ in directory.glob(_PAIRS)) < EVIDENCE_LIMIT:
        files.write(path, content)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory: two processes that decide at once could sign two histories."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
