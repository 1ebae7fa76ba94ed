"""Escrow as an operator and an auditor live with it, on a running service, by its commands.

The plan appears, the service deposits by itself; an auditor verifies, drills and restores; and at
the end nobody's data is found anywhere outside the vault and the encrypted files.
"""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import canary, escrow_service, running, surfaces
from tests.support.escrow_service import Agent
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.escrow_service import EscrowService

pytestmark = [
    pytest.mark.db,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("escrow_life"),
]
MARKED = "canary-proxy.example"
DELAYS_MS = (0, 120, 250, 400)  # a fifth death within a minute would end the whole service


def own_copy(office: EscrowService, **changes: Any) -> dict[str, Any]:
    """A stream of everything to a directory of this machine."""
    return {
        "id": "own",
        "accreditation": "*",
        "whose": "own-copy",
        "format": "recovery",
        "agent": "own-copy",
        "full": "daily 02:00",
        "time_zone": "Europe/Zurich",
        "cool_down": "0s",
        "directory": str(office.folder / "copies"),
        **changes,
    }


def keys(office: EscrowService, *numbers: int) -> list[str]:
    """How a command is given the recovery key with the shares of those holders."""
    shares = office.folder / "shares.txt"
    shares.write_text("".join(f"{office.shares[one]}\n" for one in numbers))
    return [
        "--recovery-key", str(office.folder / "recovery" / "recovery-key.asc"),
        "--shares", str(shares),
    ]  # fmt: skip


def manifest(office: EscrowService, number: int = -1) -> str:
    """The manifest of a deposit, the newest by default."""
    return str(sorted((office.folder / "copies").glob("*_manifest.json"))[number])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[EscrowService]:
    """A service with a recovery key of two of three and an agent that is a directory."""
    made = escrow_service.start(tmp_path)
    try:
        made.found(Agent(id="own-copy", openpgp=made.make_recovery_key()))
        (tmp_path / "copies").mkdir()
        yield made
    finally:
        assert made.service.stop() == 0


def enrol_marked(office: EscrowService) -> None:
    """One name whose people are markers."""
    key = json.loads((office.service.data_dir / "demo.json").read_text())["api_key"]
    body = {
        "domain": MARKED,
        "mode": "proxy",
        "registry_domain_id": "D-CANARY",
        "created_at": "2021-06-01T08:00:00Z",
        "registry_expires_at": "2031-06-01T08:00:00Z",
        "nameservers": [{"name": "ns1.hosting.example"}],
        "contacts": canary.contacts("proxy"),
    }
    answer = office.service.api("PUT", f"/v1/registrations/{MARKED}", key, body)
    assert answer.status == 201, answer.body


def test_a_plan_an_audit_a_drill_and_a_restore(office: EscrowService, tmp_path: Path) -> None:
    """What a service deposits by itself brings everybody back, and nobody's data lies about."""
    enrol_marked(office)
    office.plan.write_text("[[stream]]\nid = 7\n")
    heard = []

    def tell(*words: str, code: int = 0) -> str:
        done = office.command(*words)
        heard.append((done.stdout + done.stderr).encode())
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    tell("status", code=1)  # every fault of the plan, and nothing else of the service minds
    assert office.service.rdap(MARKED).status == 200
    office.write_plan(own_copy(office))
    assert office.wait_step("own", "verified")["covered"] == 1001
    path = manifest(office)
    tell("verify", path, *keys(office, 0, 1))
    alone = office.command("verify", path, *keys(office, 2))
    assert (alone.returncode, "2 shares are needed" in alone.stderr) == (1, True)
    tell("drill", "own", path, *keys(office, 1, 2))
    tell("deposit", "own", "--dry-run")

    ours = tmp_path / "ours.asc"
    ours.write_text(office.done("keys", "show")["signing_certificate"])
    fresh = running.start(tmp_path / "fresh")
    try:
        words = ("escrow", "restore", path, *keys(office, 0, 2), "--signer", str(ours))
        restored = fresh.command(*words)
        heard.append((restored.stdout + restored.stderr).encode())
        assert restored.returncode == 0, restored.stderr
        again = fresh.command(*words)
        assert (again.returncode, "restore" in again.stderr) == (1, True)
        fresh.wait_published(MARKED)
        assert _public(fresh.whois(MARKED.encode())) == _public(
            office.service.whois(MARKED.encode())
        )
        for _ in until(30):
            if "none unreadable" in fresh.command("doctor", "--everything").stdout:
                break
        assert fresh.command("doctor", "--everything").returncode == 0
    finally:
        assert fresh.stop() == 0

    found = canary.Search(canary.values(canary.contacts("proxy"))).scan_all(
        {
            "heard": b"\n".join(heard),
            "stderr": office.service.stderr.read_bytes(),
            "copies": surfaces.joined(surfaces.files(office.folder / "copies"), ""),
            "escrow": surfaces.joined(surfaces.files(office.service.data_dir / "escrow"), ""),
            "keys": surfaces.joined(surfaces.files(office.service.key_dir / "escrow"), ""),
        }
    )
    assert found == [], "\n".join(found[:20])


def _public(answer: bytes) -> list[bytes]:
    """A WHOIS answer without the time of the snapshot."""
    return [line for line in answer.splitlines() if not line.startswith(b">>>")]


def test_a_killed_escrow_process_finishes_what_it_began(office: EscrowService) -> None:
    """Kill -9 at any moment, again and again: the deposit is finished, whole, and only once."""
    office.write_plan(own_copy(office))
    office.wait_step("own", "verified")
    killed = 0
    for delay_ms in DELAYS_MS:
        pids: list[int] = []
        office.write_plan(own_copy(office, id=f"run-{delay_ms}"))
        for _ in until(20):
            pids = running.roles(office.service.process.pid).get("escrow", [])
            streams = office.status()["streams"]
            if pids and streams[0]["newest"] in {"staging", "staged", "delivered", "verified"}:
                break
        for pid in pids:
            _kill_later(pid, delay_ms)
            killed += 1
        one = office.wait_step(f"run-{delay_ms}", "verified", 90)
        assert one["covered"] == one["masked"] == 1000
    assert killed == len(DELAYS_MS)
    for path in sorted((office.folder / "copies").glob("run-*_manifest.json")):
        done = office.command("verify", str(path), *keys(office, 0, 1))
        assert done.returncode == 0, done.stderr
    assert not [one for one in (office.folder / "copies").iterdir() if one.name.endswith(".part")]


def _kill_later(pid: int, delay_ms: int) -> None:
    time.sleep(delay_ms / 1000)  # another process has no event to wait on
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
