from __future__ import annotations

import dataclasses
import hashlib
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import InvalidInput, NotFound, Refused, Unavailable
from proxy.vault import checkpoint, cosignature, files, note, tree, witness, witness_files
from tests.support import ledger as logs

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 20, tzinfo=UTC)
WITNESS = witness.Witness(
    log=logs.KEY, name="witness.example/w1", seed=hashlib.sha256(b"a test witness").digest()
)
LOG = logs.Log(logs.leaves(700))
REWRITTEN = logs.Log([logs.leaf(-1), *logs.leaves(700)[1:]])


def small(size: int, log: logs.Log = LOG) -> logs.Log:
    """The log when it had `size` leaves."""
    return logs.Log(log.leaves[:size])


def decided(last: str | None, log: logs.Log, now: datetime = NOW) -> str:
    """What the witness says of all that the log has."""
    return witness.decide(WITNESS, last, log.signed(), log.source, now)


@pytest.mark.parametrize("sizes", [(0, 1, 2), (0, 0, 7), (255, 256, 257), (300, 300, 700), (700,)])
def test_growth_is_cosigned(sizes: tuple[int, ...]) -> None:
    """Each checkpoint that extends the last is signed by both, as of now."""
    last = None
    for hour, size in enumerate(sizes):
        now = NOW + timedelta(hours=hour)
        last = decided(last, small(size), now)
        assert checkpoint.opened(last, logs.KEY).size == size
        times = cosignature.witnessed(
            note.parse(last), (WITNESS.key,), now=now, leeway=timedelta(0)
        )
        assert times == {WITNESS.key: int(now.timestamp())}


def test_other_lines_are_not_passed_on() -> None:
    """The answer holds the log's line and the witness's, whatever was offered."""
    parsed = note.parse(decided(None, LOG))
    spare = [dataclasses.replace(parsed.signatures[1], name=f"n{number}") for number in range(98)]
    offered = note.render(note.Note(text=parsed.text, signatures=(*parsed.signatures, *spare)))
    answer = witness.decide(WITNESS, None, offered, LOG.source, NOW)
    assert note.parse(answer) == parsed


def test_the_seed_is_in_no_repr() -> None:
    """A traceback does not show the key."""
    assert repr(WITNESS) == "Witness(name='witness.example/w1')"


def test_a_smaller_tree_is_rolled_back() -> None:
    """What was seen can not be unsaid."""
    with pytest.raises(Refused, match="witness_rolled_back"):
        decided(decided(None, LOG), small(699))


def test_two_roots_of_one_size_are_a_fork() -> None:
    """Both notes come back as evidence, each signed by the log."""
    last = decided(None, LOG)
    with pytest.raises(witness.Contradiction, match="witness_forked") as found:
        decided(last, REWRITTEN)
    roots = [checkpoint.opened(one, logs.KEY) for one in (found.value.last, found.value.offered)]
    assert roots == [LOG.checkpoint(), REWRITTEN.checkpoint()]


@pytest.mark.parametrize("size", [1, 3, 256, 300, 512, 699])
def test_a_rewritten_tree_that_grew_is_inconsistent(size: int) -> None:
    """The evidence proves, without any tile, that the new tree began with other leaves."""
    last = decided(None, small(size))
    with pytest.raises(witness.Contradiction, match="witness_inconsistent") as found:
        decided(last, REWRITTEN)
    before = checkpoint.opened(found.value.last, logs.KEY)
    after = checkpoint.opened(found.value.offered, logs.KEY)
    old_root, *proof = found.value.proof
    tree.check_consistency(before.size, after.size, old_root, after.root, proof)
    assert old_root != before.root


@pytest.mark.parametrize("size", [None, 0, 300, 512])
def test_wrong_tiles_are_not_held_against_the_log(size: int | None) -> None:
    """Tiles that do not come to the signed root stop the witness, and are no evidence."""
    last = None if size is None else decided(None, small(size))
    with pytest.raises(Refused, match="witness_tiles") as found:
        witness.decide(WITNESS, last, LOG.signed(), REWRITTEN.source, NOW)
    assert not isinstance(found.value, witness.Contradiction)
    with pytest.raises(NotFound):
        witness.decide(WITNESS, last, LOG.signed(), logs.Log([]).source, NOW)


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        ("", "note_malformed"),
        (logs.signed(LOG.checkpoint(), bytes(32)), "note_unsigned"),
        (LOG.signed().replace("\n700\n", "\n701\n"), "note_signature"),
        (
            logs.signed(dataclasses.replace(LOG.checkpoint(), origin="other.example")),
            "checkpoint_origin",
        ),
    ],
    ids=["malformed", "unsigned", "changed", "origin"],
)
def test_what_the_log_did_not_sign_is_refused(offered: str, code: str) -> None:
    """Nobody else can make the witness sign."""
    for last in (None, decided(None, small(300))):
        with pytest.raises((Refused, InvalidInput), match=code):
            witness.decide(WITNESS, last, offered, LOG.source, NOW)


@pytest.mark.parametrize(
    "last", ["", small(300).signed(), logs.signed(LOG.checkpoint(300), bytes(32))]
)
def test_a_last_note_of_others_is_no_state(last: str) -> None:
    """A state file that was swapped does not pass for what the witness saw."""
    with pytest.raises(Refused, match="witness_state"):
        decided(last, LOG)


def test_a_clock_that_runs_back_signs_nothing() -> None:
    """The witness's own times only grow."""
    last = decided(None, small(300))
    with pytest.raises(Refused, match="cosignature_time"):
        decided(last, LOG, NOW - timedelta(seconds=1))
    decided(last, LOG, NOW)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A new witness's directory."""
    made = tmp_path / "witness"
    witness_files.make(made, WITNESS.name, lambda _: WITNESS.seed)
    return made


def observed(directory: Path, log: logs.Log, now: datetime = NOW) -> str:
    """What the witness of the directory says."""
    return witness_files.observe(directory, logs.KEY, log.signed(), log.source, now)


def test_a_witness_keeps_its_key_to_itself(directory: Path) -> None:
    """The key is its owner's alone, is read back, and never made twice."""
    assert stat.S_IMODE((directory / "witness.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert witness_files.load(directory, logs.KEY) == WITNESS
    with pytest.raises(Refused, match="witness_exists"):
        witness_files.make(directory, WITNESS.name, lambda _: bytes(32))
    with pytest.raises(InvalidInput, match="witness_name"):
        witness_files.make(directory, "a name", lambda _: bytes(32))


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"privacyproxy-witness-v2 n " + b"00" * 32, b"privacyproxy-witness-v1 n 00",
     b"privacyproxy-witness-v1 n+m " + b"00" * 32, None],
)  # fmt: skip
def test_a_damaged_key_is_said(directory: Path, content: bytes | None) -> None:
    """A key file that is no key is named."""
    (directory / "witness.key").unlink()
    if content is not None:
        (directory / "witness.key").write_bytes(content)
    with pytest.raises(Unavailable, match="witness_key") as fault:
        observed(directory, LOG)
    assert "witness.key" in fault.value.detail


def test_the_last_checkpoint_is_durable_first(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cosignature that could not be written down is not handed out."""
    assert witness_files.last(directory) is None
    first = observed(directory, small(300))
    assert witness_files.last(directory) == first

    def full(*_: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as patched:
        patched.setattr(files, "write", full)
        with pytest.raises(OSError, match="full"):
            observed(directory, LOG)
    assert witness_files.last(directory) == first
    assert witness_files.last(directory) != observed(directory, LOG)


def test_evidence_is_kept_once_and_the_state_stays(directory: Path) -> None:
    """Both notes and the proof are in a file; seeing them again adds none."""
    first = observed(directory, small(300))
    for _ in range(3):
        for log in (small(300, REWRITTEN), REWRITTEN):
            with pytest.raises(witness.Contradiction) as found:
                observed(directory, log)
            texts = [path.read_text() for path in (directory / "evidence").iterdir()]
            (text,) = [one for one in texts if one.startswith(f"{found.value.code}\n")]
            assert first in text
            assert log.signed() in text
            assert all(node.hex() in text for node in found.value.proof)
    assert len(list((directory / "evidence").iterdir())) == 2
    assert witness_files.last(directory) == first


def test_evidence_has_a_bound(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that signs without end does not fill the witness's disk."""
    monkeypatch.setattr(witness_files, "EVIDENCE_LIMIT", 1)
    observed(directory, small(300))
    for log in (small(300, REWRITTEN), REWRITTEN):
        with pytest.raises(witness.Contradiction):
            observed(directory, log)
    assert len(list((directory / "evidence").iterdir())) == 1


def test_old_checkpoints_do_not_push_out_a_fork(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that shows all its past keeps no room from the evidence that it forked."""
    monkeypatch.setattr(witness_files, "EVIDENCE_LIMIT", 1)
    last = observed(directory, small(300))
    for size in range(20):
        witness_files.keep_seen(directory, "witness_rolled_back", last, LOG.signed(size))
    names = [path.name for path in (directory / "evidence").iterdir()]
    assert len(names) == witness_files.SEEN_LIMIT
    with pytest.raises(witness.Contradiction):
        observed(directory, small(300, REWRITTEN))
    (kept,) = {path.name for path in (directory / "evidence").iterdir()} - set(names)
    assert (directory / "evidence" / kept).read_text().startswith("witness_forked\n")


@pytest.mark.parametrize("content", [b"", b"\xff", b"x" * (1 << 19)])
def test_a_damaged_state_is_not_a_first_sight(directory: Path, content: bytes) -> None:
    """A checkpoint file that is no note stops the witness rather than make it trust anew."""
    (directory / "checkpoint").write_bytes(content)
    with pytest.raises(Refused, match="witness_state"):
        observed(directory, LOG)
