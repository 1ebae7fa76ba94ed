"""Who verifies the ledger needs no secret: the modules for it never load what knows one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERIFYING = ("tiles", "checkpoint", "cosignature", "receipt", "verification", "witness_files")
KNOWING = {f"proxy.vault.{name}" for name in ("keyring", "unseal", "state", "ledger")}


@pytest.mark.parametrize("name", VERIFYING)
def test_verifying_loads_nothing_that_knows_a_key(name: str) -> None:
    """A fresh interpreter with the module holds neither keyring, nor state, nor what opens."""
    program = f"import json, sys, proxy.vault.{name}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert f"proxy.vault.{name}" in loaded
    assert loaded & {*KNOWING, "lmdb", "asyncpg"} == set()
