"""Go's packages for checksum databases (golang.org/x/mod/sumdb) judge our ledger, and we theirs.

Not marked `peer`, so a skip is no failure in CI: a plain Debian has no Go, and
test_ledger_independent.py, which always runs, stands in with a verifier that shares no code.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proxy.vault import checkpoint, tiles, tree
from tests.support import ledger as logs
from tests.support import ledger_cases

if TYPE_CHECKING:
    from collections.abc import Callable

    Ask = Callable[[str, Any], Any]

SOURCE = Path(__file__).parent / "drivers" / "sumdb"
GROWTHS = ((0, 1), (0, 70_000), (255, 256), (256, 257), (1000, 70_000), (65_535, 65_537))


def go(*words: str) -> subprocess.CompletedProcess[str]:
    """Go in the driver's folder, as it is installed: it fetches no other Go."""
    program = shutil.which("go") or shutil.which("/usr/local/go/bin/go")
    if program is None:
        pytest.skip("no Go; test_ledger_independent.py stands in (Debian: apt-get install golang)")
    return subprocess.run(
        ["env", "GOTOOLCHAIN=local", program, *words],
        cwd=SOURCE,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """Runs the built driver: what it is to do, its input; what it printed."""
    fetched = go("mod", "download")
    if fetched.returncode:
        pytest.skip(f"no Go module; test_ledger_independent.py stands in: {fetched.stderr}")
    program = tmp_path_factory.mktemp("sumdb") / "sumdb"
    built = go("build", "-o", str(program), ".")
    assert built.returncode == 0, built.stderr

    def run(what: str, given: Any) -> Any:
        done = subprocess.run(
            [program, what],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_go_agrees_on_our_notes_and_proofs(ask: Ask) -> None:
    """What is good holds for Go too, and what was changed does not."""
    cases = ledger_cases.cases()
    verdicts = [tuple(one) for one in ask("check", [[kind, case] for kind, case, _ in cases])]
    assert verdicts == [(kind, is_good) for kind, _, is_good in cases]


def test_we_agree_on_gos_notes_proofs_and_tiles(ask: Ask) -> None:
    """Go's roots, proofs and tiles over the same leaves are ours, and its note opens."""
    log = logs.Log(logs.leaves(70))
    encoded = base64.b64encode(b"\x01" + logs.SEED).decode()
    made = ask(
        "make",
        {
            "leaves": [one.hex() for one in log.leaves],
            "sign_key": f"PRIVATE+KEY+{logs.KEY.name}+{logs.KEY.id.hex()}+{encoded}",
            "origin": logs.KEY.name,
            "growths": GROWTHS,
        },
    )
    assert checkpoint.opened(made["note"], logs.KEY) == log.checkpoint()
    assert made["note"] == log.signed()
    roots = [bytes.fromhex(one) for one in made["roots"]]
    for place, (path, proof) in enumerate(
        zip(made["inclusions"], made["consistencies"], strict=True)
    ):
        hashed = tree.leaf_hash(log.leaves[place])
        nodes = [bytes.fromhex(one) for one in path]
        tree.check_inclusion(place, log.size, hashed, nodes, roots[-1])
        nodes = [bytes.fromhex(one) for one in proof]
        tree.check_consistency(place + 1, log.size, roots[place], roots[-1], nodes)
    for (old, new), paths in zip(GROWTHS, made["tiles"], strict=True):
        hashes = [one for one in tiles.new_tiles(old, new) if one.level is not None]
        assert sorted(map(tiles.path, hashes)) == sorted(paths)
