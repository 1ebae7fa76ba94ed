"""schemathesis over the OpenAPI document: what it says is checked is checked, and nothing more."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from proxy.model.identifiers import Scope
from tests.peers.conftest import HERE, PEERS
from tests.support import running, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Running

pytestmark = [
    pytest.mark.peer,
    pytest.mark.db,
    pytest.mark.xdist_group("schemathesis"),
    pytest.mark.timeout(400),
]
SEED = 20261126
# All but read-back: what fits a read-back's document is of one name, whose revision moves on.
SCOPES = ",".join(scope for scope in Scope if scope is not Scope.READ_BACK)
EXAMPLES = 8  # of each call in each phase, beside the cases that do not depend on chance


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service of its own, since much is written, and its one registrar's key."""
    directory = tmp_path_factory.mktemp("schemathesis")
    limits = {"PRIVACYPROXY_APPROVALS_RATE_LIMIT": "off"}
    started = running.start(directory / "data", environment=limits)
    try:
        profile = directory / "profile.json"
        profile.write_text(json.dumps(served.PROFILE))
        registrar, _ = started.add_registrar("Schemathesis", profile)
        words = ("registrar", "key", "add", registrar, "--scopes", SCOPES, "--json")
        added = started.command(*words)
        assert added.returncode == 0, added.stderr
        yield started, json.loads(added.stdout)["api_key"]
    finally:
        started.stop()


def run(
    service: tuple[Running, str], document: str, directory: Path, *words: str
) -> subprocess.CompletedProcess[str]:
    """Schemathesis over a document, with everything that it checks."""
    program = PEERS.with_name("schemathesis")
    if not program.exists():
        pytest.skip("no schemathesis in .venv-peers (make peers)")
    started, key = service
    rows = [json.loads(line) for line in served.SAMPLES.read_text().splitlines()[:10]]
    account = {
        "names": [row["domain"] for row in rows[:5]],
        "lines": rows[5:],
        "accreditation": "iana-9999",
        "profile": served.PROFILE["id"],
        "registrar": started.api("GET", "/v1/account", key).json["registrar"],
        "deployment": started.api("GET", "/v1/rosters", key).json["deployment"],
    }
    drivers = HERE / "drivers"
    return subprocess.run(
        [
            *(program, "--config-file", drivers / "schemathesis.toml", "run", document),
            *("--url", f"http://127.0.0.1:{started.port('api')}", "--seed", str(SEED)),
            *("--max-examples", str(EXAMPLES), "--checks", "all", "--continue-on-failure"),
            *("--no-color", *words),
        ],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=380,
        env=running.handed_on(
            {
                "PYTHONPATH": str(drivers),
                "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
                "PEER_ACCOUNT": json.dumps(account),
                "PEER_KEY": key,
            }
        ),
    )


def test_every_check_holds_for_every_call(service: tuple[Running, str], tmp_path: Path) -> None:
    """What fits the document is taken, what does not is refused, and answers have their form."""
    started, key = service
    address = f"http://127.0.0.1:{started.port('api')}/openapi.json"
    done = run(service, address, tmp_path)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    document: dict[str, Any] = started.api("GET", "/openapi.json", key).json
    verbs = {"get", "put", "post", "patch", "delete"}
    calls = sum(verb in verbs for path in document["paths"].values() for verb in path)
    assert f"Tested: {calls}" in re.sub(r" +", " ", done.stdout)
    assert "request_bug" not in started.stderr.read_text()


def test_a_document_that_is_too_loose_is_found(
    service: tuple[Running, str], tmp_path: Path
) -> None:
    """The run above would have seen a parameter whose check says more than the document."""
    started, key = service
    document: dict[str, Any] = started.api("GET", "/openapi.json", key).json
    for one in document["paths"]["/v1/registrations"]["get"]["parameters"]:
        if one["name"] == "cursor":
            one["schema"] = {"type": "string"}
    loose = tmp_path / "openapi.json"
    loose.write_text(json.dumps(document))
    words = ("--include-path", "/v1/registrations", "--phases", "coverage")
    done = run(service, str(loose), tmp_path, *words)
    assert done.returncode == 1
    assert "Not a cursor of ours." in done.stdout
