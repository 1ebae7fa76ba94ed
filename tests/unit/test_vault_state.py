"""The vault's state: what it refuses, counts, forgets, and what its loss means."""

from __future__ import annotations

import dataclasses
import secrets
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from proxy.errors import Unavailable
from proxy.model.case import EvidenceId
from proxy.model.erasure import DueEnded
from proxy.model.evidence import Header, Piece
from proxy.model.identifiers import EndReason, RecordClass
from proxy.model.sealed import NotAdopted, Rewrapped, SealedRecord
from proxy.rules import erasure
from proxy.vault import (
    evidence,
    grants,
    primitives,
    record,
    seal,
    state,
)
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.vault import Vault

PIECE = Piece(
    evidence_id=EvidenceId(UUID(int=1)),
    index=0,
    is_last=True,
    header=Header(kind="letter", media_type="text/plain"),
    data=b"a file",
)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


def test_budgets_count_each_person_once_an_hour(vault: Vault) -> None:
    """The person above the limit is refused; a known one is not; the next hour begins anew."""
    now, known = vaults.START, vault.state.budgets
    assert [known.spend("check", now, bytes([one]), 2) for one in (1, 2, 2, 3, 1)] == [
        True, True, True, False, True,
    ]  # fmt: skip
    assert known.spend("preflight", now, b"\3", 2)
    assert known.spend("check", now + timedelta(hours=1), b"\3", 2)
    assert grants.may(grants.Caller.OPERATOR, grants.Grant.CHECK)
    assert not grants.may(grants.Caller.WORKER, grants.Grant.CHECK)


@pytest.mark.parametrize("how", ["gone", "foreign", "garbage"])
def test_a_lost_state_says_what_is_needed(vault: Vault, how: str) -> None:
    """Missing, of other keys, or damaged: one sentence, and no opening."""
    vault.state.close()
    path = vault.key_dir / "vault" / "state"
    state_id = vault.ring.file.state_id
    if how == "gone":
        shutil.rmtree(path)
        path.mkdir()
    if how == "garbage":
        (path / "data.mdb").write_bytes(secrets.token_bytes(9000))
    with pytest.raises(Unavailable) as fault:
        state.State(path, bytes(16) if how == "foreign" else state_id)
    assert fault.value.code == "state_lost"
    assert "newest backup" in fault.value.detail
    if how != "foreign":
        shutil.rmtree(path)
        state.create(path, state_id)
    vault.open()


def test_a_state_is_open_once(vault: Vault) -> None:
    """A second vault on the same state is refused."""
    with pytest.raises(Unavailable, match="state_in_use"):
        state.State(vault.key_dir / "vault" / "state", vault.ring.file.state_id)


def test_the_newest_version_is_found_among_neighbours(vault: Vault) -> None:
    """Whatever else is known, a version is the newest exactly when none above it is known."""
    low, person, high = (vaults.to_seal() for _ in range(3))
    names = [
        one.name
        for item in (low, person, high)
        for version in (1, 2)
        for one in vault.sealer()
        .seal([vaults.to_seal(version, person=item.registration_id)])
        .records
    ]
    vault.state.anchor([(name, bytes(32)) for name in names])
    for name in names:
        wanted = None if name.version == 2 else state.Disagreement.ROLLED_BACK
        assert vault.state.disagreement(name, bytes(32), newest=True) == wanted
    assert list(vault.state.names_between(b"\xff" * 37, None)) == []
    erased = [(name, vaults.START) for name in names if name.version == 1]
    vault.state.finish_erasures(erased)
    assert vault.state.count_records() == 6
    assert vault.state.anchor([(erased[0][0], bytes(32))]) == (state.Disagreement.ERASED,)


def test_changes_settle_once(vault: Vault) -> None:
    """Settling twice, or a record that is not changing, changes nothing."""
    name = vault.sealer().seal([vaults.to_seal()]).records[0].name
    old, new = bytes(32), b"\1" * 32
    vault.state.anchor([(name, old)])
    vault.state.begin_change([(name, new)])
    assert [vault.state.disagreement(name, one) for one in (old, new)] == [None, None]
    for _ in range(2):
        vault.state.finish_change([name], [])
    assert vault.state.disagreement(name, old) is state.Disagreement.FORGED
    assert vault.state.disagreement(name, new) is None


def test_erasures_are_read_in_pieces(vault: Vault) -> None:
    """Page after page gives every erasure once, in order."""
    names = [vault.sealer().seal([vaults.to_seal()]).records[0].name for _ in range(3)]
    vault.walls.forgetter.begin([(name, vaults.START) for name in names])
    found, after = [], None
    while page := vault.walls.forgetter.erasures(after, 2):
        found += [(one.registration_id, at, done) for one, at, done in page]
        after = page[-1][0]
    assert found == sorted((name.registration_id, vaults.START, False) for name in names)


@pytest.mark.parametrize(
    ("record_class", "plaintext"),
    [(RecordClass.SECRET, b"a password"), (RecordClass.EVIDENCE, evidence.render(PIECE))],
)
def test_records_of_other_classes_are_checked_and_rotated(
    vault: Vault, record_class: RecordClass, plaintext: bytes
) -> None:
    """Evidence and secrets open and move like persons; what waits for adoption does not move."""
    name = dataclasses.replace(
        vault.sealer().seal([vaults.to_seal()]).records[0].name, record_class=record_class
    )
    dek = secrets.token_bytes(32)
    data = seal.seal_record(dek, bytes(12), record.render_header(name, 0), plaintext)
    wrapped = vault.ring.wrap_dek(name.record_class, 1, dek)
    row = SealedRecord(name=name, record=data, wrapped_dek=wrapped, kek_epoch=1)
    vault.state.anchor([(name, primitives.sha256(data))])
    assert vault.walls.examiner.examine([row]) == (None,)
    rotation_now = vault.walls.rewrapper.begin(vaults.START, total=1, is_compromised=False)
    waiting = dataclasses.replace(row, kek_epoch=None)
    moved, left = vault.walls.rewrapper.rewrap([row, waiting], rotation_now)
    assert isinstance(moved, Rewrapped)
    assert isinstance(left, NotAdopted)
    assert left.reason == "not_adopted"
    assert moved.record is None
    assert vault.ring.unwrap_dek(name.record_class, 2, moved.wrapped_dek) == dek


@pytest.mark.parametrize("hold", [False, True])
def test_the_rule_lets_holds_win(hold: bool) -> None:
    """A lapsed reservation on hold is not due."""
    one = DueEnded(
        tenant_id=vaults.TENANT,
        registration_id=vaults.to_seal().registration_id,
        version=1,
        ended_at=vaults.START,
        end_reason=EndReason.LAPSED,
        hold=hold,
    )
    assert erasure.is_due(one, now=vaults.START, retention=timedelta(days=1)) is not hold
