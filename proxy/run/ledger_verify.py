"""Verifies a copy of a ledger offline, and says in plain sentences what that proves and what not.

Needs no service and no network. Trusts the key, the witnesses' keys and the certificates that it
is given, and its own clock; nothing of the copy.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput, NotFound, Refused, Unavailable
from proxy.run.ledger_copy import Copy
from proxy.vault import (
    checkpoint,
    cosignature,
    files,
    note,
    receipt,
    verification,
    verifier,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from proxy.errors import ProxyError
    from proxy.vault.checkpoint import Checkpoint
    from proxy.vault.receipt import Proven
    from proxy.vault.verifier import VerifierKey

LEEWAY: Final = timedelta(minutes=5)  # by which a witness's clock may be ahead of ours
_WITNESSES_SHOWN: Final = 64
SENTENCES: Final = {
    "note_malformed": "it is no signed note.",
    "note_signature": "a signature does not hold.",
    "note_unsigned": "the ledger's key has not signed it.",
    "checkpoint_malformed": "it is signed, but no checkpoint.",
    "checkpoint_origin": "it is a checkpoint of another ledger.",
    "cosignature_time": "a witness's signature is of a time to come.",
    "verifier_key": "it is no verifier key.",
    "receipt_malformed": "it is no receipt.",
    "receipt_salt": "its salt has a wrong length.",
    "ledger_entry": "its entry is not in canonical form.",
    "proof_index": "its leaf lies outside the tree.",
    "proof_length": "its proof is too short or too long.",
    "proof_root": "its proof does not lead to the signed root: another entry was committed to.",
}
"""What a code means of a file, where the error has no sentence of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to verify, and with what in hand."""

    directory: Path
    key: VerifierKey | None = None
    older: tuple[Path, ...] = ()
    witnesses: tuple[Path, ...] = ()
    receipts: tuple[Path, ...] = ()
    anchors: tuple[Path, ...] = ()
    tsa_certificates: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What holds, and what nobody can tell from this."""

    size: int
    root: bytes
    proved: tuple[str, ...]
    not_proved: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Case:
    """The question as it is worked on."""

    question: Question
    copy: Copy
    log: VerifierKey
    now: datetime
    older: list[Checkpoint] = field(default_factory=list)
    proved: list[str] = field(default_factory=list)
    not_proved: list[str] = field(default_factory=list)


def sentence(error: ProxyError) -> str:
    """What an error says, or what its code means here."""
    is_plain = error.detail == (type(error).__doc__ or "").strip()
    return SENTENCES.get(error.code, error.detail) if is_plain else error.detail


def shown(signed: str, log: VerifierKey, witnesses: str, now: datetime) -> Mapping[str, object]:
    """The facts of a checkpoint that a ledger shows; its key and its witnesses' are its claims."""
    seen = checkpoint.opened(signed, log)
    keys = [verifier.parse(one) for one in witnesses.splitlines()[:_WITNESSES_SHOWN]]
    times = cosignature.witnessed(note.parse(signed), keys, now=now, leeway=LEEWAY)
    return {
        "origin": seen.origin,
        "size": seen.size,
        "root": seen.root.hex(),
        "vkey": verifier.render(log),
        "witnesses": {one.name: _moment(times[one]) if one in times else None for one in keys},
    }


def _moment(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def verify(question: Question, now: datetime, progress: Callable[[int, int], None]) -> Report:
    """The report; raises the first thing that does not hold, its sentence naming the file."""
    copy = Copy(question.directory)
    case = _Case(question=question, copy=copy, log=_log_key(question, copy), now=now)
    newest = question.directory / "checkpoint"
    with _of(newest):
        latest = checkpoint.opened(_text(newest), case.log)
    case.proved.append(f"The checkpoint of {latest.size} leaves is signed by {case.log.name}.")
    _take_key(case)
    _take_older(case)
    _take_witnesses(case)
    _take_receipts(case)
    _take_anchors(case)
    found = verification.verify_copy(copy.source, latest, case.older, progress)
    case.proved.insert(
        1,
        f"All {found.size} entries of the copy come to exactly the root that it signed;"
        f" {found.bundles} bundles and {found.tiles} tiles agree with each other.",
    )
    case.not_proved.append(
        "What the entries say: a leaf is a commitment, and tells nothing without its receipt."
    )
    return Report(
        size=found.size,
        root=found.root,
        proved=tuple(case.proved),
        not_proved=tuple(case.not_proved),
    )


def _log_key(question: Question, copy: Copy) -> VerifierKey:
    path = copy.directory / "vkey"
    with _of(path):
        key = question.key or verifier.parse(_text(path).strip())
    if key.kind is not verifier.Kind.NOTE:
        raise InvalidInput("verifier_key", "The key is a witness's, not the ledger's.")
    return key


def _take_key(case: _Case) -> None:
    if case.question.key is None:
        case.not_proved.append(
            "Whose ledger it is: the key came with the copy. Compare it with what the operator"
            f" publishes elsewhere: {verifier.render(case.log)}"
        )


def _take_older(case: _Case) -> None:
    """Older checkpoints, bare or cosigned, join what the copy must agree with."""
    for path in case.question.older:
        with _of(path):
            seen = checkpoint.opened(_text(path), case.log)
        case.older.append(seen)
        case.proved.append(
            f"The tree extends the checkpoint of {seen.size} leaves in {path}: of those none was"
            " changed, removed or moved since."
        )
    if not case.question.older:
        case.not_proved.append(
            "The past: nothing older was given, so history before this copy is only as good as"
            " the copy."
        )


def _take_witnesses(case: _Case) -> None:
    """Who else has seen these checkpoints."""
    if not case.question.witnesses:
        case.not_proved.append(
            "That others see the same: no witness's key was given, so somebody may have been"
            " shown another history."
        )
        return
    keys = [key for path in case.question.witnesses for key in _witness_keys(path)]
    seen: dict[VerifierKey, tuple[int, int]] = {}
    for path in _witnessed_files(case):
        with _of(path):
            text = _text(path)
            size = checkpoint.opened(text, case.log)
            times = cosignature.witnessed(note.parse(text), keys, now=case.now, leeway=LEEWAY)
        if times:
            case.older.append(size)
        for key, at_s in times.items():
            seen[key] = max(seen.get(key, (0, 0)), (size.size, at_s))
    for key in keys:
        if key not in seen:
            raise Refused(
                "not_witnessed", f"{key.name} has cosigned none of the checkpoints at hand."
            )
        size_seen, at_s = seen[key]
        case.proved.append(
            f"{key.name} saw the tree of {size_seen} leaves at {_moment(at_s)}, and before that"
            " nothing which it does not extend."
        )


def _witnessed_files(case: _Case) -> Iterator[Path]:
    directory = case.question.directory
    yield from case.question.older
    for name in ("checkpoint", "checkpoint.witnessed"):
        if (directory / name).exists():
            yield directory / name


def _witness_keys(path: Path) -> Sequence[VerifierKey]:
    with _of(path):
        lines = [one for one in _text(path).splitlines() if one and not one.startswith("#")]
        keys = [verifier.parse(one) for one in lines]
        if not keys or any(one.kind is not verifier.Kind.COSIGNATURE for one in keys):
            raise InvalidInput("verifier_key", "it is no key of a witness.")
    return keys


def _take_receipts(case: _Case) -> None:
    for path in case.question.receipts:
        with _of(path):
            found = receipt.check(receipt.parse(_octets(path)), case.log)
        case.older.append(found.checkpoint)
        case.proved.append(_of_receipt(path, found))


def _of_receipt(path: Path, found: Proven) -> str:
    entry = found.entry
    return (
        f"{path}: the entry {entry.id} ({entry.kind}, {entry.at.isoformat()}) is leaf"
        f" {found.index}; the copy extends the tree of its receipt."
    )


def _take_anchors(case: _Case) -> None:
    """Time stamps, each over a checkpoint that lies beside it or is the newest."""
    if not case.question.anchors:
        case.not_proved.append("When: without a time stamp all times are the operator's word.")
        return
    # Read only here: who asks for no stamp needs none of it.
    from proxy.vault import anchor  # noqa: PLC0415 - loads a parser of certificates

    if case.question.tsa_certificates is None:
        raise InvalidInput("anchor_certificate", "--anchor needs --tsa-cert, whom to believe.")
    certificates = _octets(case.question.tsa_certificates)
    for path in case.question.anchors:
        beside = path.with_suffix(".checkpoint")
        stamped = beside if beside.exists() else case.question.directory / "checkpoint"
        with _of(stamped):
            signed = _text(stamped)
            seen = checkpoint.opened(signed, case.log)
        with _of(path):
            at = anchor.verified(_octets(path), note.parse(signed).text, certificates)
        case.older.append(seen)
        case.proved.append(
            f"The checkpoint of {seen.size} leaves existed by {at.isoformat()}, by the word of the"
            " time-stamping authority."
        )


@contextlib.contextmanager
def _of(path: Path) -> Iterator[None]:
    """Errors of the block name the file and say what the code means."""
    try:
        yield
    except (InvalidInput, Refused) as error:
        raise type(error)(error.code, f"{path}: {sentence(error)}") from None


def _octets(path: Path) -> bytes:
    try:
        content = files.read(path, receipt.RECEIPT_LIMIT_OCTETS + 1)
    except OSError as error:
        raise Unavailable("file", f"{path} can not be read: {error.strerror}.") from None
    if content is None:
        raise NotFound("file", f"There is no {path}.")
    return content


def _text(path: Path) -> str:
    return _octets(path).decode(errors="replace")  # what is no text does not parse
