"""An escrow agent as agents are: OpenSSH's server, GnuPG, and a person's orders for the rest.

The service runs as a program; what it sends is opened, checked and answered by programs of others.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import escrow_service, gnupg, sshd
from tests.support.escrow_service import Agent
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.escrow_service import EscrowService
    from tests.support.gnupg import Gpg
    from tests.support.sshd import Sshd

pytestmark = [pytest.mark.peer, pytest.mark.db, pytest.mark.timeout(240)]


@dataclass(slots=True, kw_only=True)
class Harbour:
    """The agent's side: a server, a key, an inbox and a place for reports."""

    gpg: Gpg
    server: Sshd
    folder: Path
    key: str

    def agent(self, **changes: Any) -> Agent:
        """Itself as the roster names it."""
        facts: dict[str, Any] = {
            "id": "harbour",
            "openpgp": self.key,
            "host": sshd.LOCAL,
            "port": self.server.port,
            "host_key": self.server.host_keys[0],
        }
        return Agent(**(facts | changes))

    def stream(self, id_: str, format_: str, **changes: Any) -> dict[str, Any]:
        """A stream to it."""
        return {
            "id": id_,
            "accreditation": "iana-9999",
            "whose": "ours",
            "format": format_,
            "agent": "harbour",
            "full": "daily 02:00",
            "time_zone": "Europe/Zurich",
            "cool_down": "0s",
            "directory": str(self.folder / "inbox"),
            "user": self.server.user,
            "receipts": "*.asc",
            "receipts_directory": str(self.folder / "reports"),
            **changes,
        }

    def opened(self, name: str) -> bytes:
        """A deposit's file, decrypted, believed and unpacked by GnuPG and gzip."""
        plain, status = self.gpg.decrypt(self.folder / "inbox" / name)
        assert {"GOODSIG", "VALIDSIG", "DECRYPTION_OKAY"} <= status, name
        return gzip.decompress(plain)

    def answer(self, name: str, report: dict[str, Any]) -> None:
        """A signed report where the service looks for it."""
        text = json.dumps(report, sort_keys=True, separators=(",", ":")).encode()
        signed = self.gpg.clear_signed(self.key, text)
        (self.folder / "reports" / name).write_bytes(signed)


@pytest.fixture
def harbour(tmp_path: Path) -> Iterator[Harbour]:
    """The agent, before anybody deposits with it."""
    if gnupg.find_gpg() is None:
        pytest.skip("no gpg program (Debian: apt-get install gnupg)")
    if sshd.find_sshd() is None:
        pytest.skip("no sshd (Debian: apt-get install openssh-server)")
    folder = tmp_path / "agent"
    for name in ("inbox", "reports", "home", "server"):
        (folder / name).mkdir(parents=True)
    with (
        gnupg.home(folder / "home") as gpg,
        sshd.running(folder / "server") as server,
    ):
        key = gpg.make("harbour@agent.example", "rsa3072", "rsa3072")
        yield Harbour(gpg=gpg, server=server, folder=folder, key=key)


@pytest.fixture
def office(tmp_path: Path, harbour: Harbour) -> Iterator[EscrowService]:
    """A service with the sample registrations, whose roster names the agent."""
    made = escrow_service.start(tmp_path)
    try:
        certificate = harbour.folder / "certificate.asc"
        certificate.write_bytes(harbour.gpg.export(harbour.key))
        assert made.done("keys", "add", str(certificate))["fingerprint"] == harbour.key
        ours = made.done("keys", "show")
        harbour.server.let_in(ours["ssh_key"])
        harbour.gpg.run("--import", data=ours["signing_certificate"].encode())
        made.found(harbour.agent())
        yield made
    finally:
        assert made.service.stop() == 0


def declare(office: EscrowService, stream: str) -> int:
    """The registrar declares all names it has here; how many."""
    key = json.loads((office.service.data_dir / "demo.json").read_text())["api_key"]
    names = [
        one["domain"]
        for one in office.service.api("GET", "/v1/registrations?limit=1000", key).json[
            "registrations"
        ]
        if one["state"] == "active"
    ]
    file = office.folder / "names.txt"
    file.write_text("\n".join(names) + "\n")
    found: int = office.done("portfolio", stream, str(file))["names"]
    return found


def test_an_agent_opens_checks_and_answers_for_a_deposit(
    office: EscrowService, harbour: Harbour
) -> None:
    """GnuPG believes every file, hashes agree, and a signed report verifies the deposit."""
    office.write_plan(harbour.stream("csv", "csv2007"))
    for _ in until(60):
        if office.status()["streams"][0]["reason"] == "escrow_portfolio":
            break
    count = declare(office, "csv")
    made = office.deposited("csv", "delivered")
    files = [one.name for one in (harbour.folder / "inbox").iterdir()]
    plain = {name: harbour.opened(name) for name in files}
    (hashes,) = [data for name, data in plain.items() if "_hash_" in name]
    listed = [line.split("  ") for line in hashes.decode().splitlines()]
    told = {name: digest for digest, name in listed}
    names = {name.removesuffix(".gz.gpg"): data for name, data in plain.items()}
    assert told == {
        name: hashlib.sha256(data).hexdigest() for name, data in names.items() if name in told
    }
    assert len(told) == len(names) - 1
    (full,) = [data for name, data in names.items() if "_full_" in name]
    rows = list(csv.DictReader(io.StringIO(full.decode(), newline="")))
    assert len(rows) == count
    (handles,) = [data for name, data in names.items() if "_hdl_" in name]
    people = {row["handle"]: row for row in csv.DictReader(io.StringIO(handles.decode()))}
    assert all(people[row["prt-handle"]]["email"] for row in rows)
    assert all("mask" in people[row["rt-handle"]]["email"] for row in rows)

    # A report that somebody else signed, then one for another deposit, then the true one.
    report = {
        "type": "privacyproxy escrow receipt",
        "v": 1,
        "deposit": made["deposit"],
        "manifest_sha256": made["manifest_sha256"],
        "outcome": "verified",
        "reasons": [],
        "at": "2026-11-25T00:00:00Z",
    }
    stranger = harbour.gpg.make("stranger@agent.example", "ed25519", "")
    own, harbour.key = harbour.key, stranger
    harbour.answer("forged.asc", report)
    harbour.key = own
    harbour.answer("other.asc", {**report, "manifest_sha256": "0" * 64})
    assert office.command("deposit").returncode == 0
    assert office.status()["streams"][0]["newest"] == "delivered"
    harbour.answer("true.asc", report)
    assert office.command("deposit").returncode == 0
    one = office.deposited("csv", "verified")
    assert (one["covered"], one["needs"]) == (one["masked"], "")


def test_the_container_is_what_the_agent_s_tools_read(
    office: EscrowService, harbour: Harbour
) -> None:
    """An RFC 8909 deposit is a tar of CSV files and one document, under one good signature."""
    office.write_plan(
        harbour.stream("rde", "rfc8909", options={"provider_id": "QH-0007"}),
    )
    count = declare(office, "rde")
    office.deposited("rde", "delivered")
    (name,) = [one.name for one in (harbour.folder / "inbox").iterdir()]
    with tarfile.open(fileobj=io.BytesIO(harbour.opened(name))) as archive:
        members = {one.name: archive.extractfile(one) for one in archive.getmembers()}
        texts = {key: one.read() for key, one in members.items() if one is not None}
    (document,) = [text for key, text in texts.items() if key.endswith(".xml")]
    assert b"QH-0007" in document
    domains = b"".join(text for key, text in texts.items() if key.startswith("domain-"))
    assert len(list(csv.reader(io.StringIO(domains.decode(), newline="")))) == count


def test_only_an_order_leads_deposits_to_another_host(
    office: EscrowService, harbour: Harbour, tmp_path: Path
) -> None:
    """Another host key is refused whatever the plan says; a signed order makes it right."""
    other = tmp_path / "moved"
    other.mkdir()
    with sshd.running(other) as moved:
        moved.let_in(office.done("keys", "show")["ssh_key"])
        team = office.team
        order = team.order("--set", f"port={moved.port}", agent="harbour")
        for name in ("anna", "ben"):
            assert team.approve(order, name, "--roster", team.digest()).returncode == 0
        team.done("order", "carry-out", order)
        team.wait_version(2)
        office.write_plan(harbour.stream("csv", "csv2024"))
        declare(office, "csv")
        one: dict[str, Any] = {}
        for _ in until(90):
            (one,) = office.status()["streams"]
            if one["reason"] == "escrow_host_key":
                break
            office.command("deposit", "csv")
        assert (one["newest"], one["reason"]) == ("staged", "escrow_host_key")
        assert "change agent" in office.command("deposit", "csv").stderr
        assert list((harbour.folder / "inbox").iterdir()) == []
        order = team.order("--set", f"host_key={moved.host_keys[0]}", agent="harbour")
        for name in ("anna", "ben"):
            assert team.approve(order, name).returncode == 0
        team.done("order", "carry-out", order)
        team.wait_version(3)
        office.deposited("csv", "delivered")
        assert [one for one in (harbour.folder / "inbox").iterdir() if "_full_" in one.name]
