"""Anchors: what they say, when they hold, and in what words they are shown."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.errors import InvalidInput
from proxy.model.anchor import Anchor, Surveyed
from proxy.model.roster import DeploymentId, Person
from proxy.rules import anchoring, reasons
from proxy.vault import files, genesis, keyfile
from proxy.wire import anchor_document, plain_words
from tests.support import papers
from tests.support import vault as vaults

if TYPE_CHECKING:
    from pathlib import Path

ROSTER = papers.roster()
FOUND = Surveyed(
    ledger_size=8,
    ledger_root="1a" * 32,
    records=6,
    records_root="2b" * 32,
    left_out=0,
    erasures=1,
    erasures_root="3c" * 32,
)
ANCHOR = Anchor(
    deployment=papers.DEPLOYMENT,
    id=UUID(int=7),
    roster=papers.sha256(ROSTER),
    roster_version=1,
    found=FOUND,
    has_lost_ledger=False,
    reason="The disk is gone.",
    made_at=papers.MADE_AT,
)


def words(anchor: Anchor) -> str:
    """What a member reads."""
    return "\n".join(plain_words.anchor(anchor, "4d" * 32))


def test_a_document_is_its_anchor() -> None:
    """What is rendered parses to the same."""
    assert anchor_document.parse(anchor_document.render(ANCHOR)) == ANCHOR
    lost = replace(ANCHOR, has_lost_ledger=True)
    assert anchor_document.parse(anchor_document.render(lost)) == lost


@pytest.mark.parametrize("reason", ["", "x" * 501, "two\nlines", "\x1b[2J", "\u202etxet"])
def test_a_reason_is_short_and_prints(reason: str) -> None:
    """Nothing in a reason moves the cursor, turns text round or fills a screen."""
    with pytest.raises(InvalidInput) as fault:
        anchor_document.parse(anchor_document.render(replace(ANCHOR, reason=reason)))
    assert fault.value.code == "document_malformed"


def test_an_anchor_holds_for_three_days() -> None:
    """From its making to 72 hours later, and not from the future."""
    sha256 = papers.sha256(ROSTER)
    for age, holds in (
        (timedelta(), True),
        (timedelta(hours=72), True),
        (timedelta(hours=72, seconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
    ):
        found = anchoring.unfit(ANCHOR, ROSTER, sha256, papers.MADE_AT + age)
        assert found == (None if holds else "anchor_expired")


def test_an_anchor_is_of_its_installation_and_roster() -> None:
    """Another deployment, digest or version does not fit."""
    sha256, now = papers.sha256(ROSTER), papers.MADE_AT
    other = replace(ANCHOR, deployment=DeploymentId("1" * 32))
    assert anchoring.unfit(other, ROSTER, sha256, now) == "anchor_deployment"
    for changed in (replace(ANCHOR, roster="1" * 64), replace(ANCHOR, roster_version=2)):
        assert anchoring.unfit(changed, ROSTER, sha256, now) == "anchor_roster"


def test_two_members_sign_or_as_many_as_a_roster_needs() -> None:
    """Keepers and strangers do not count; no roster lowers the floor."""
    anna, ben, chris = (Person(name) for name in ("anna", "ben", "chris"))
    assert anchoring.is_signed(ROSTER, {anna, ben})
    assert not anchoring.is_signed(ROSTER, {anna})
    assert not anchoring.is_signed(ROSTER, {anna, Person("safe-one"), Person("mallory")})
    assert not anchoring.is_signed(replace(ROSTER, approvals=1), {anna})
    three = replace(ROSTER, approvals=3)
    assert not anchoring.is_signed(three, {anna, ben})
    assert anchoring.is_signed(three, {anna, ben, chris})


@pytest.mark.parametrize("field", [one.name for one in fields(Surveyed)])
def test_every_fact_of_the_database_counts(field: str) -> None:
    """A single number or root that differs is told, by what it is of."""
    value = getattr(FOUND, field)
    other = value + 1 if isinstance(value, int) else "0" * 64
    changed: dict[str, Any] = {field: other}
    found = anchoring.changed(FOUND, replace(FOUND, **changed))
    kind = {"left_out": "records"}.get(field, field.partition("_")[0])
    assert found == f"anchor_{kind}_changed"
    assert found in reasons.SENTENCES
    assert anchoring.changed(FOUND, FOUND) is None


def test_words_say_what_to_compare() -> None:
    """A member sees roster, ledger and counts whole, and a loss only where there is one."""
    said = words(ANCHOR)
    for part in (ANCHOR.roster, FOUND.ledger_root, FOUND.records_root, ANCHOR.reason, "4d" * 32):
        assert part in said
    assert "LOST" not in said
    assert "left out" not in said
    worse = replace(ANCHOR, has_lost_ledger=True, found=replace(FOUND, left_out=2))
    assert "LOST" in words(worse)
    assert "2 that do not open" in words(worse)


def test_the_key_file_remembers_the_newest_roster(tmp_path: Path) -> None:
    """An older version does not come back, and a new root keeps what is remembered."""
    with vaults.opened(tmp_path) as vault:
        path = vault.key_dir / genesis.VAULT_DIRECTORY / genesis.KEYS_NAME
        for sha256, version, kept in (
            ("1" * 64, 1, ("1" * 64, 1)),
            ("3" * 64, 3, ("3" * 64, 3)),
            ("2" * 64, 2, ("3" * 64, 3)),
            ("4" * 64, 3, ("3" * 64, 3)),
        ):
            vault.ring.note_roster(sha256, version)
            found = keyfile.parse(path.read_bytes())
            assert (found.roster, found.roster_version) == kept
        vault.ring.change_root(bytes)
        assert keyfile.parse(path.read_bytes()).roster == "3" * 64


def test_a_key_file_from_before_rosters_knows_none(tmp_path: Path) -> None:
    """An older keys.json still opens."""
    with vaults.opened(tmp_path) as vault:
        lines = keyfile.render(vault.ring.file).decode().splitlines()
        older = "\n".join(line for line in lines if '"roster' not in line)
        found = keyfile.parse(older.replace(",\n}", "\n}").encode())
        assert (found.roster, found.roster_version) == ("", 0)


def test_a_directory_moves_whole_or_not_at_all(tmp_path: Path) -> None:
    """What is in the way stops the move, and both stay as they are."""
    new, old = tmp_path / "new", tmp_path / "old"
    for one in (new, old):
        one.mkdir()
        (one / "file").write_text(one.name)
    with pytest.raises(OSError, match="old"):
        files.move(new, old)
    assert (old / "file").read_text() == "old"
    files.move(old, tmp_path / "aside")
    files.move(new, old)
    assert (old / "file").read_text() == "new"
