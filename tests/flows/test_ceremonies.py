"""The ceremonies that a small team really performs, on a running service, by its commands.

A demo, because its delays may be short; everything else is as in life.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support import running
from tests.support.team import Team

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.db, pytest.mark.timeout(240)]
THREE = {"anna": ["anna"], "ben": ["ben"], "chris": ["chris"]}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A service that runs, and nobody who may decide."""
    service = running.start(tmp_path / "data", "--demo")
    folder = tmp_path / "team"
    folder.mkdir()
    yield Team(service, folder)
    assert service.stop() == 0


def test_genesis_an_order_a_lost_key_a_leaver_and_a_recovery(team: Team) -> None:
    """One life of a team, from its first roster to the day when all keys are gone."""
    team.found(**THREE)
    first = team.digest()

    # An order, voted on by two on machines of their own, who were told the digest.
    order = team.order("--set", "host=new.escrow.example")
    told = ("--roster", first)
    assert json.loads(team.approve(order, "anna", *told).stdout)["lacking"] == ["approvals_lacking"]
    early = team.run("order", "carry-out", order)
    assert early.returncode == 1
    assert "too few people have voted" in early.stderr
    assert json.loads(team.approve(order, "ben", *told).stdout)["lacking"] == []
    assert team.done("order", "carry-out", order)["version"] == 2
    team.wait_version(2)

    # anna's key is lost: the two others sign, and her new key.
    assert team.propose("anna-2", "ben", "chris", **{**THREE, "anna": ["anna-2"]}).returncode == 0
    team.wait_version(3)
    order = team.order("--set", "port=2222")
    lost = team.approve(order, "anna", *told)
    assert lost.returncode == 1
    assert "no member with the key" in lost.stderr

    # ben saw roster 1 last: his machine follows the chain by itself, and says what changed.
    followed = team.approve(order, "ben")
    assert followed.returncode == 0, followed.stderr
    assert "member anna loses SHA256:" in followed.stderr
    assert "sent to the host new.escrow.example" in followed.stderr

    # chris leaves: his own signature would not count.
    remaining = {"anna": ["anna-2"], "ben": ["ben"]}
    refused = team.propose("anna-2", "chris", **remaining)
    assert refused.returncode == 1
    assert "Too few signatures" in refused.stderr
    assert team.propose("anna-2", "ben", **remaining).returncode == 0
    team.wait_version(4)
    void = team.run("order", "carry-out", order)
    assert void.returncode == 1
    assert "another roster" in void.stderr

    # Both keys are lost: the keepers of the safes bring in a new team.
    fresh = {"erik": ["erik"], "frida": ["frida"]}
    alone = team.propose("safe-one", "erik", "frida", **fresh)
    assert alone.returncode == 1
    assert team.propose("safe-one", "safe-two", "erik", "frida", **fresh).returncode == 0
    team.wait_version(5)

    # Whoever knew the first roster can check all that followed, from the API alone.
    steps = team.done(
        "roster", "verify", "--api", team.service.addresses["api"],
        "--known", str(team.folder / "roster-1.json"), beside=False,
    )  # fmt: skip
    assert [(one["version"], one["route"]) for one in steps] == [
        (1, "genesis"),
        (2, "order"),
        (3, "members"),
        (4, "members"),
        (5, "recovery"),
    ]


def test_somebody_objects_and_somebody_is_fooled(team: Team) -> None:
    """A no stops a roster and an order; a strange roster is not believed."""
    team.found(**THREE)
    first = team.digest()
    order = team.order("--set", "host=evil.example")
    api = team.service.addresses["api"]

    # Nobody is there to ask, and no digest was given: not signed.
    unasked = team.approve(order, "anna")
    assert unasked.returncode == 1
    wrong = team.approve(order, "anna", "--roster", "a" * 64)
    assert wrong.returncode == 1
    assert "another roster than you named" in wrong.stderr
    assert not (team.folder / "anna.trust").exists()

    stopped = team.approve(order, "chris", "--roster", first, "--object")
    assert json.loads(stopped.stdout) == {"state": "stopped"}
    late = team.approve(order, "anna", "--roster", first)
    assert late.returncode == 1
    assert "objected" in late.stderr

    # A keeper of a recovery key is no member; an unknown order is none.
    keeper = team.approve(order, "safe-one", "--roster", first)
    assert keeper.returncode == 1
    unknown = team.approve("00000000-0000-0000-0000-000000000000", "anna", "--roster", first)
    assert (unknown.returncode, "no order by this id" in unknown.stderr) == (1, True)

    objection = team.run(
        "roster", "object", "--api", api, "--key", str(team.key("anna")), "--yes", beside=False
    )
    assert objection.returncode == 1
    assert "No roster waits" in objection.stderr


def test_ssh_keygen_signs_a_roster_as_well(team: Team) -> None:
    """A member without this program signs the file with OpenSSH alone."""
    program = "ssh-keygen"
    document = team.folder / "roster-1.json"
    team.done("roster", "init", str(team.draft(**THREE)), "--out", str(document))
    team.sign(document, "ben", "chris", "safe-one", "safe-two")
    try:
        subprocess.run(
            [program, "-Y", "sign", "-f", str(team.key("anna")), "-n", "approval@privacyproxy",
             str(document)],
            check=True, capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("no ssh-keygen (Debian: apt-get install openssh-client)")
    team.done("roster", "submit", str(document))
    assert team.done("roster", "show")["current"]["version"] == 1


def test_bad_drafts_are_told_before_anybody_signs(team: Team) -> None:
    """Each fault of the team's file is one sentence and exit code 1; nothing is written."""
    out = team.folder / "out.json"
    cases = (
        ("", "members"),
        ("not toml", "is not TOML"),
        ('[members.anna]\nroles = ["king"]\nkeys = ["anna.pub"]\n', "king"),
        ('[members.anna]\nroles = []\nkeys = ["nowhere.pub"]\n', "can not be read"),
        ('[members.anna]\nroles = []\nkeys = ["anna"]\n', "private key"),
        ('[members.Anna]\nroles = []\nkeys = ["anna.pub"]\n', "Handles are"),
        ('[members.anna]\nroles = []\nkeys = ["anna.pub"]\n', "two members"),
        ("surprise = 1\n", "surprise"),
    )
    team.key("anna")
    for text, says in cases:
        file = team.folder / "bad.toml"
        file.write_text(text)
        found = team.run("roster", "init", str(file), "--out", str(out))
        assert found.returncode == 1, text
        assert says in found.stderr
        assert found.stderr.count("\n") == 1
    assert not out.exists()
    example = team.run("roster", "init", "--example", beside=False)
    assert "[members.anna]" in example.stdout
