"""A running service with a team, agents and a plan: escrow as its operators see it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tests.support import running
from tests.support.running import until
from tests.support.team import Team

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.running import Running

HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ"
AGENT = """
[agents.{id}]
openpgp = "{openpgp}"
host = "{host}"
port = {port}
host_key = "{host_key}"
deposits_per_day = 50
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent for the roster."""

    id: str
    openpgp: str
    host: str = "localhost"
    port: int = 22
    host_key: str = HOST_KEY


class EscrowTeam(Team):
    """A team whose roster names escrow agents."""

    agents: tuple[Agent, ...] = ()

    @override
    def draft(self, **members: list[str]) -> Path:
        """The team's file, with these agents in place of the usual one."""
        file = super().draft(**members)
        head = file.read_text().partition("[agents.")[0]
        file.write_text(
            head
            + "".join(
                AGENT.format(
                    id=one.id,
                    openpgp=one.openpgp.lower(),
                    host=one.host,
                    port=one.port,
                    host_key=one.host_key,
                )
                for one in self.agents
            )
        )
        return file


@dataclass(slots=True, kw_only=True)
class EscrowService:
    """The service, and how an operator talks to its escrow."""

    service: Running
    folder: Path
    plan: Path
    registrar: str
    shares: list[str] = field(default_factory=list)
    team: EscrowTeam = field(init=False)

    def command(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """`privacyproxy escrow WORDS` beside the service."""
        return subprocess.run(
            [
                *(sys.executable, "-m", "proxy", "escrow", *words),
                *("--data-dir", str(self.service.data_dir)),
                *("--key-dir", str(self.service.key_dir)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            input=text,
            env=self.environment(),
        )

    def environment(self) -> dict[str, str]:
        """What commands and the service have in common."""
        return running.handed_on({"PRIVACYPROXY_ESCROW_PLAN": str(self.plan)})

    def done(self, *words: str, text: str = "") -> Any:
        """What a command that must succeed prints as JSON, a line each."""
        found = self.command(*words, "--json", text=text)
        assert found.returncode == 0, found.stderr
        lines = [json.loads(line) for line in found.stdout.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    def make_recovery_key(self) -> str:
        """A recovery key of two of three; its certificate is known to the service. Fingerprint."""
        made = self.done("keys", "make-recovery", str(self.folder / "recovery"))
        self.shares = made["shares"]
        certificate = self.folder / "recovery" / "recovery-certificate.asc"
        found: str = self.done("keys", "add", str(certificate))["fingerprint"]
        return found

    def found(self, *agents: Agent) -> None:
        """The first roster, naming these agents."""
        folder = self.folder / "team"
        folder.mkdir()
        self.team = EscrowTeam(self.service, folder)
        self.team.agents = agents
        self.team.found(anna=["anna"], ben=["ben"], chris=["chris"])

    def write_plan(self, *streams: Mapping[str, object]) -> None:
        """The plan: each stream's entries as TOML values; `options` is a table of its own."""
        text = ""
        for stream in streams:
            facts = dict(stream)
            options = facts.pop("options", {})
            facts.setdefault("registrar", self.registrar)
            text += "[[stream]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in facts.items())
            if isinstance(options, dict) and options:
                text += "[stream.options]\n"
                text += "".join(f"{k} = {json.dumps(v)}\n" for k, v in options.items())
            text += "\n"
        self.plan.write_text(text)

    def status(self) -> Any:
        """`escrow status`."""
        found = self.command("status", "--json")
        assert found.returncode in {0, 1}, found.stderr
        return json.loads(found.stdout)

    def deposited(self, stream: str, *steps: str) -> Any:
        """The stream's standing once its newest deposit is at one of these steps.

        The service works by itself; the command only makes it try again at once what failed.
        """
        one: Any = None
        for _ in until(90):
            one = next(s for s in self.status()["streams"] if s["stream"] == stream)
            if one["newest"] in steps:
                return one
            if one["reason"]:
                self.command("deposit", stream)
        raise AssertionError(one)

    def wait_step(self, stream: str, step: str, seconds: float = 60) -> Any:
        """The stream's standing once its newest deposit is at a step."""
        one: Any = None
        for _ in until(seconds):
            one = next(s for s in self.status()["streams"] if s["stream"] == stream)
            if one["newest"] == step:
                return one
        raise AssertionError(one)


def start(folder: Path, *flags: str) -> EscrowService:
    """A demo service whose plan is still to be written."""
    plan = folder / "escrow.toml"
    service = running.start(
        folder / "data", "--demo", *flags, environment={"PRIVACYPROXY_ESCROW_PLAN": str(plan)}
    )
    facts = json.loads((folder / "data" / "demo.json").read_text())
    return EscrowService(service=service, folder=folder, plan=plan, registrar=facts["registrar"])
