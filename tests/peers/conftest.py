"""Peers: programs and packages of others. What is not installed is skipped, but never in CI."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import served

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.served import Served

HERE = Path(__file__).parent
PEERS = HERE.parents[1] / ".venv-peers" / "bin" / "python"


@pytest.fixture(scope="session")
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The service with every sample imported, for tests that only ask."""
    return served.ask_only(request, tmp_path_factory)


@pytest.fixture(scope="session")
def whois_program() -> str:
    """The path of the `whois` program."""
    found = shutil.which("whois")
    if found is None:
        pytest.skip("no whois program (Debian: apt-get install whois)")
    return found


@pytest.fixture(scope="session")
def drive() -> Callable[..., Any]:
    """Runs one of tests/peers/drivers in the peers' own environment; what it printed, as JSON."""
    if not PEERS.exists():
        pytest.skip("no .venv-peers (make peers)")

    def run(driver: str, *words: str) -> Any:
        done = subprocess.run(
            [PEERS, HERE / "drivers" / f"{driver}.py", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
