"""The ceremony for a lost state, on a running service, by its commands.

A demo, because its delays may be short; everything else is as in life.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support import running
from tests.support.team import Team

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.db, pytest.mark.timeout(240)]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A team with a roster and an order that one has voted for; then the state is lost."""
    folder = tmp_path / "team"
    folder.mkdir()
    team = Team(running.start(tmp_path / "data", "--demo"), folder)
    team.found(anna=["anna"], ben=["ben"], chris=["chris"])
    order = team.order("--set", "port=2222")
    assert team.approve(order, "ben", "--roster", team.digest()).returncode == 0
    (folder / "facts").write_text(f"{order} {team.digest()}")
    _watch(team)
    assert team.service.stop() == 0
    shutil.rmtree(team.service.key_dir / "vault" / "state")
    team.service = running.start(tmp_path / "data", "--demo")
    yield team
    assert team.service.stop() == 0


def _watch(team: Team) -> None:
    """Keep a checkpoint, as a witness does."""
    for _ in running.until(30):  # the ledger grows in batches
        found = team.service.http("web", "GET", "/ledger/checkpoint").body
        if found.startswith(b"privacyproxy.ledger/"):
            (team.folder / "checkpoint").write_bytes(found)
            return
    raise AssertionError


def _wait_well(team: Team) -> None:
    """Returns once doctor finds nothing wrong: the vault starts anew after an anchor."""
    said = ""
    for _ in running.until(30):
        found = team.service.command("doctor", "--everything", "--json")
        if found.returncode == 0:
            return
        said = found.stdout
    raise AssertionError(said)


def test_a_lost_state_is_anchored_by_two_members(team: Team) -> None:
    """Doctor says what is needed, two members sign, and all is well again."""
    ill = team.service.command("doctor", "--json")
    said = {one["check"]: one["sentence"] for one in json.loads(ill.stdout)}["state"]
    assert (ill.returncode, "privacyproxy anchor propose" in said) == (1, True)
    assert "anchor propose" in team.run("keys", "status").stdout.replace("\n", " ")
    assert "state_lost" in team.run("roster", "show").stderr

    document, known = team.folder / "anchor.json", str(team.folder / "checkpoint")
    order, first = (team.folder / "facts").read_text().split()
    asked = ("anchor", "propose", "--reason", "The disk is gone.", "--out", str(document))
    shown = team.run(*asked, "--checkpoint", known)
    assert shown.returncode == 0, shown.stderr
    assert f"under       roster 1, {first}" in shown.stdout
    assert "2 members must sign it" in shown.stdout

    # ben's machine has seen the roster; anna's is told its digest.
    sign = ("anchor", "sign", str(document), "--yes", "--checkpoint", known, "--key")
    ben = (*sign, str(team.key("ben")), "--trust", str(team.folder / "ben.trust"))
    anna = (*sign, str(team.key("anna")), "--trust", str(team.folder / "anna.trust"))
    team.done(*ben, beside=False)
    few = team.run("anchor", "submit", str(document))
    assert (few.returncode, "Too few signatures" in few.stderr) == (1, True)
    signed = team.run(*anna, "--roster", first, beside=False)
    assert signed.returncode == 0, signed.stderr
    assert "because     The disk is gone." in signed.stderr
    assert team.done("anchor", "submit", str(document))["entry"]
    _wait_well(team)

    assert team.digest() == first
    assert "anchored anew" in team.approve(order, "anna", "--roster", first).stderr
    again = team.run("anchor", "submit", str(document))
    assert (again.returncode, "nothing to anchor" in again.stderr) == (1, True)

    # Whoever kept a checkpoint from before finds that the ledger still leads to it.
    copy = ("--url", f"{team.service.addresses['web']}/ledger", "--dir", str(team.folder / "copy"))
    assert team.run("ledger", "copy", *copy, beside=False).returncode == 0
    verify = ("ledger", "verify", str(team.folder / "copy"), "--checkpoint", known)
    assert team.run(*verify, beside=False).returncode == 0


def test_a_member_signs_only_what_fits_what_they_know(team: Team) -> None:
    """A strange key, roster or checkpoint is told before anything is signed."""
    document = team.folder / "anchor.json"
    team.done("anchor", "propose", "--reason", "The disk is gone.", "--out", str(document))
    facts = json.loads(document.read_text())
    later = team.folder / "later.json"
    later.write_text(document.read_text().replace(facts["roster"], "b" * 64))
    known = (team.folder / "checkpoint").read_text()
    longer, other = team.folder / "longer", team.folder / "other"
    head, size, root, rest = known.split("\n", 3)
    longer.write_text("\n".join((head, f"9{size}", root, rest)))
    other.write_text("\n".join((head, str(facts["ledger_size"]), "A" * 43 + "=", rest)))
    ben = ("--trust", str(team.folder / "ben.trust"))
    new = ("--trust", str(team.folder / "new.trust"))
    cases = (
        (document, "safe-one", ben, "no member with the key"),
        (document, "anna", new, "Nobody can be asked"),
        (document, "anna", (*new, "--roster", "a" * 64), "another roster than you named"),
        (later, "ben", ben, "a later or another roster"),
        (later, "ben", (*ben, "--roster", "b" * 64), "a later or another roster"),
        (document, "ben", (*ben, "--checkpoint", str(longer)), "shorter than the checkpoint"),
        (document, "ben", (*ben, "--checkpoint", str(other)), "does not lead to the checkpoint"),
        (document, "ben", (*ben, "--checkpoint", str(document)), "no checkpoint"),
        (team.folder / "facts", "ben", ben, "damaged or of another kind"),
    )
    for file, name, words, says in cases:
        found = team.run(
            "anchor", "sign", str(file), "--yes", "--key", str(team.key(name)), *words, beside=False
        )
        assert (found.returncode, says in found.stderr) == (1, True), (says, found.stderr)
    assert not list(team.folder.glob("anchor.json.*")) + list(team.folder.glob("later.json.*"))
