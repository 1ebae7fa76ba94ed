"""A small team and its ceremonies, through the command line as its people would do them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support import papers
from tests.support.running import until
from tests.support.security_key import SshKey

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Running

DELAY_HOURS = 1 / 3600  # a demo may be that quick
TEAM = """
approvals = 2
delay_hours = {delay}
recovery_days = {recovery}

{members}
[recovery]
approvals = 2
holders.safe-one = ["safe-one.pub"]
holders.safe-two = ["safe-two.pub"]

[rules."change agent"]
approvals = 2
voters = ["decider"]
{rules}
[agents.harbour-escrow]
openpgp = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
host = "sftp.escrow.example"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ harbour"
"""
MEMBER = """[members.{name}]
roles = [{roles}]
keys = [{keys}]
"""


@dataclass(slots=True)
class Team:
    """Everybody's key files in one folder, which in life are many machines."""

    service: Running
    folder: Path
    members: dict[str, list[str]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    """Of who is more than one who decides: as TOML."""

    rules: str = ""
    """Further rules, as TOML."""

    def key(self, name: str) -> Path:
        """A person's key, made when it is first asked for."""
        file = self.folder / name
        if not file.exists():
            key = papers.hand(name).key
            assert isinstance(key, SshKey)
            file.touch(0o600)
            file.write_bytes(key.private_file())
            file.with_name(f"{name}.pub").write_text(key.line)
        return file

    def run(self, *words: str, beside: bool = True) -> subprocess.CompletedProcess[str]:
        """`privacyproxy WORDS`, `beside` the service or where only this program is."""
        where = ["--data-dir", str(self.service.data_dir)] if beside else []
        return subprocess.run(
            [sys.executable, "-m", "proxy", *words, *where],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def done(self, *words: str, beside: bool = True) -> Any:
        """What a command that must succeed prints as JSON."""
        found = self.run(*words, "--json", beside=beside)
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout)

    def draft(self, **members: list[str]) -> Path:
        """The team's file: members by handle, with the names of their keys."""
        for name in (*(one for keys in members.values() for one in keys), "safe-one", "safe-two"):
            self.key(name)
        file = self.folder / "team.toml"
        file.write_text(
            TEAM.format(
                delay=DELAY_HOURS,
                recovery=DELAY_HOURS / 12,
                rules=self.rules,
                members="".join(
                    MEMBER.format(
                        name=name,
                        roles=self.roles.get(name, '"decider"'),
                        keys=", ".join(f'"{one}.pub"' for one in keys),
                    )
                    for name, keys in members.items()
                ),
            )
        )
        return file

    def sign(self, document: Path, *names: str) -> None:
        """Signatures under a document by these keys."""
        for name in names:
            self.done(
                "roster", "sign", str(document), "--key", str(self.key(name)), "--yes",
                beside=False,
            )  # fmt: skip

    def found(self, **members: list[str]) -> None:
        """The first roster, in force."""
        document = self.folder / "roster-1.json"
        self.done("roster", "init", str(self.draft(**members)), "--out", str(document))
        self.sign(document, *(one for keys in members.values() for one in keys))
        self.sign(document, "safe-one", "safe-two")
        self.done("roster", "submit", str(document))

    def propose(self, *signers: str, **members: list[str]) -> subprocess.CompletedProcess[str]:
        """What the vault says of a successor that these have signed."""
        made = self.done("roster", "propose", str(self.draft(**members)),
                         "--out", str(self.folder / "next.json"))  # fmt: skip
        for old in self.folder.glob("next.json*.sig"):
            old.unlink()
        self.sign(self.folder / "next.json", *signers)
        return self.run("roster", "submit", made["file"], "--json")

    def wait_version(self, version: int) -> None:
        """Returns once a roster is in force."""
        for _ in until(30):
            current = self.done("roster", "show")["current"]
            if current["version"] == version:
                return
        message = f"roster {version} did not take effect"
        raise AssertionError(message)

    def digest(self) -> str:
        """The digest of the roster in force."""
        found: str = self.done("roster", "show")["current"]["sha256"]
        return found

    def order(self, *words: str, agent: str = "harbour-escrow") -> str:
        """An order to change the agent: its id."""
        found: str = self.done(
            "order", "change-agent", agent, *words, "--reason", "The agent has moved."
        )["order"]
        return found

    def approve(self, order: str, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """What comes of a person's vote, from a machine of their own."""
        return self.run(
            "approve", order, "--api", self.service.addresses["api"],
            "--key", str(self.key(name)), "--trust", str(self.folder / f"{name}.trust"),
            "--yes", "--json", *words, beside=False,
        )  # fmt: skip
