"""Escrow: registrations a CPU second from sealed rows to an encrypted file, and the memory it took.

Flow: start the whole service, import registrations and let the vault adopt them, found a roster
that names an agent with a directory on this machine, and run `privacyproxy escrow deposit` as an
operator would: a recovery deposit and one of ICANN's 2007 format. Counted is the CPU of all that
works for it: the command, its children that encrypt, the vault, PostgreSQL; also its start, the
delivery and reading the delivered files back. Wall clock is told beside it: the command, the vault
and the encryption overlap as far as there are cores. Floor: `gzip -1 | gpg` over the same
plaintext, which neither reads a database nor opens a record nor formats a line.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.client import uploading
from proxy.errors import Unavailable
from proxy.hosting.process import SystemClock
from proxy.model import identifiers
from proxy.run.bench import agent as agents
from proxy.run.bench import spent, whole
from proxy.run.bench.result import Result
from proxy.store import pool as pools

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.run.bench.agent import Agent, Floor
    from proxy.run.bench.spent import Spent
    from proxy.run.bench.whole import Whole

REGISTRATIONS: Final = 20_000
GOAL: Final = ">= 12,000/s and core; <= 200 MB at any size"
ADOPTED_WITHIN_S: Final = 600
RECOVERY, CSV_2007 = "recovery", "csv2007"
_MEMBERS: Final = ("anna", "ben", "chris")
_HOLDERS: Final = ("safe-one", "safe-two")
_TEAM: Final = """
[recovery]
holders.safe-one = ["safe-one.pub"]
holders.safe-two = ["safe-two.pub"]

[agents.harbour-escrow]
openpgp = "{fingerprint}"
host = "localhost"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ"
deposits_per_day = 50
"""
_STREAM: Final = """
[[stream]]
id = "{format}"
registrar = "{registrar}"
accreditation = "{accreditation}"
whose = "{whose}"
format = "{format}"
agent = "harbour-escrow"
full = "sun 02:00"
directory = "{directory}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Office:
    """Where deposits are made: the service, the agent, and the words of every command."""

    service: Whole
    agent: Agent
    scratch: Path
    where: tuple[str, ...]


def measure(scratch: Path, size: int | None = None) -> Result:
    """Registrations a CPU second of a recovery deposit; the other format in the details."""
    registrations = size or REGISTRATIONS
    names, lines = scratch / "names.txt", scratch / "bench.ndjson"
    with lines.open("wb") as out, names.open("w", encoding="utf-8") as said:
        for line in whole.lines(registrations):
            out.write(line + b"\n")
            said.write(json.loads(line)["domain"] + "\n")
    with agents.at_home(scratch / "agent") as agent, whole.running(scratch) as service:
        asyncio.run(_enrol(service, lines))
        office = _opened(scratch, service, agent)
        spent.command("escrow", "portfolio", CSV_2007, str(names), *office.where)
        found = {name: _deposited(office, name) for name in (RECOVERY, CSV_2007)}
    ours, theirs = found[RECOVERY]
    return Result(
        name="escrow",
        floor=round(registrations / theirs.cpu_s),
        result=round(registrations / ours.cpu_s),
        ratio=round(theirs.cpu_s / ours.cpu_s, 3),
        goal=GOAL,
        unit="registrations/CPU s",
        details={"registrations": registrations}
        | {
            f"{name}_{key}": value
            for name, (mine, floor) in found.items()
            for key, value in _told(registrations, mine, floor).items()
        },
    )


def _told(registrations: int, ours: Spent, floor: Floor) -> dict[str, float]:
    others = {f"{name}_cpu_s": round(value, 2) for name, value in ours.others_cpu_s.items()}
    return {
        "per_cpu_s": round(registrations / ours.cpu_s),
        "cpu_s": round(ours.cpu_s, 2),
        "own_cpu_s": round(ours.own_cpu_s, 2),
        **others,
        "wall_s": round(ours.wall_s, 2),
        "peak_mb": round(ours.peak_octets / 1e6),
        "plain_octets": floor.plain_octets,
        "floor_cpu_s": round(floor.cpu_s, 2),
        "floor_wall_s": round(floor.wall_s, 2),
        "cpu_ratio": round(floor.cpu_s / ours.cpu_s, 3),
        "wall_ratio": round(floor.wall_s / ours.wall_s, 3),
    }


async def _enrol(service: Whole, file: Path) -> None:
    """Registrations imported, adopted by the vault, and at rest in the database."""
    operation = await uploading.upload(
        uploading.Upload(
            api_url=service.api_url,
            api_key=service.api_key,
            file=file,
            operation_id=identifiers.uuid7(SystemClock().now(), secrets.token_bytes(10)),
            progress=lambda _: None,
        )
    )
    if operation.state != "succeeded" or operation.failed:
        raise Unavailable("bench", "The import did not succeed.")
    began = time.perf_counter()
    waiting = "SELECT EXISTS (SELECT 1 FROM sealed_record WHERE kek_epoch IS NULL)"
    async with pools.connected(service.owner) as connection:
        while await connection.fetchval(waiting):
            if time.perf_counter() - began > ADOPTED_WITHIN_S:
                raise Unavailable("bench", "The vault did not adopt every record.")
            await asyncio.sleep(0.5)
        # As a day later: what a deposit reads is not just written.
        for table in ("registration", "sealed_record"):
            await connection.execute(f"VACUUM (ANALYZE) {table}", timeout=600)


def _opened(scratch: Path, service: Whole, agent: Agent) -> _Office:
    """The office once a roster that names the agent is in force."""
    plan, config = scratch / "plan.toml", scratch / "privacyproxy.toml"
    streams = ""
    for name, accreditation, whose in (
        (RECOVERY, "*", "own-copy"),
        (CSV_2007, "iana-9999", "ours"),
    ):
        (scratch / name).mkdir()
        streams += _STREAM.format(
            format=name,
            registrar=service.tenant_id,
            accreditation=accreditation,
            whose=whose,
            directory=scratch / name,
        )
    plan.write_text(streams, "utf-8")
    config.write_text(f"escrow_plan = {json.dumps(str(plan))}\n", "utf-8")
    where = (
        *("--config", str(config), "--json"),
        *("--data-dir", str(service.data_dir), "--key-dir", str(service.key_dir)),
    )
    spent.command("escrow", "keys", "add", str(agent.certificate), *where)
    agent.know(json.loads(spent.command("escrow", "keys", "show", *where))["signing_certificate"])
    _found(scratch / "team", where, _TEAM.format(fingerprint=agent.fingerprint))
    return _Office(service=service, agent=agent, scratch=scratch, where=where)


def _found(folder: Path, where: tuple[str, ...], rest: str) -> None:
    """The ceremony of the first roster, every key a file here."""
    folder.mkdir()
    for name in (*_MEMBERS, *_HOLDERS):
        subprocess.run(  # noqa: S603 - our own words
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)],  # noqa: S607 - the system's
            check=True,
        )
    members = [
        f'[members.{name}]\nroles = ["decider"]\nkeys = ["{name}.pub"]\n' for name in _MEMBERS
    ]
    draft, document = folder / "team.toml", str(folder / "roster.json")
    draft.write_text("\n".join(members) + rest, "utf-8")
    spent.command("roster", "init", str(draft), "--out", document, *where)
    for name in (*_MEMBERS, *_HOLDERS):
        key = str(folder / name)
        spent.command("roster", "sign", document, "--key", key, "--yes", *where)
    spent.command("roster", "submit", document, *where)


def _deposited(office: _Office, stream: str) -> tuple[Spent, Floor]:
    head = office.service.process_id
    ours = spent.running(
        [sys.executable, "-m", "proxy", "escrow", "deposit", stream, *office.where],
        others={"vault": spent.find(head, "vault"), "postgres": spent.find(head, "postgres")},
    )
    files = sorted((office.scratch / stream).glob("*.gz.gpg"))
    return ours, office.agent.floor(files)
