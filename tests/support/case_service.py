"""The whole service with its people: staff, members of the roster, mail, and a clock that is moved.

The clock is moved by libfaketime, which stands between every process of the service and the
system's clock: days pass for all of them at once, monotonic clocks included, so that nobody sees a
jump. Everything goes through public doors: commands, links in mails, WHOIS.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proxy.store import embedded, pool
from tests.support import canary, case_watch, papers, running, served
from tests.support.case_party import Party
from tests.support.machine import Machine
from tests.support.mailbox import Mailbox
from tests.support.running import until
from tests.support.security_key import SshKey
from tests.support.staff import password_of

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from tests.support.mailbox import Letter
    from tests.support.running import Reply, Running

FAKETIME = tuple(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
_TRY_AGAIN = "intake key is out of date"  # for seconds after a jump, until the vault renewed it
SITE = "privacy.example"
PEOPLE = {
    "ida": "intake", "hans": "handler", "vera": "verifier", "dora": "decider", "dave": "decider",
    "lena": "legal", "luis": "legal", "pia": "dpo", "paul": "dpo", "rita": "releaser",
    "max": "director", "olga": "on-call", "otto": "on-call",
}  # fmt: skip
TEAM = """
approvals = 2
delay_hours = 48
recovery_days = 7

{members}
[recovery]
approvals = 2
holders.safe-one = ["safe-one.pub"]
holders.safe-two = ["safe-two.pub"]

[rules."disclose"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["decider", "legal"]

[rules."disclose in emergency"]
approvals = 2
voters = ["on-call", "decider", "legal", "director"]
each = ["on-call"]

[rules."deactivate"]
approvals = 2
voters = ["decider", "legal", "director"]

[rules."lift hold"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["legal"]

[rules."gag"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["legal"]

[rules."lift gag"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["legal"]

[agents.harbour-escrow]
openpgp = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"
host = "sftp.escrow.example"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ harbour"
"""


@dataclass(slots=True)
class Site:
    """One service, its people's machine in one folder, and what everybody heard."""

    folder: Path
    machine: Machine
    service: Running
    mailbox: Mailbox
    offset: Path
    key: str = ""
    days: float = 0.0
    heard: list[bytes] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    _signed_in: set[str] = field(default_factory=set)

    # Time.

    @property
    def now(self) -> datetime:
        """What the service's clocks show."""
        return datetime.now(UTC) + timedelta(days=self.days)  # noqa: TID251 - beside the service

    def pass_(self, days: float) -> None:
        """Days pass, for every process at once, in which the service was up."""
        # What is written for the service is what `now` counts with.
        whole_s = math.ceil((self.days + days) * 86_400)
        self.days = whole_s / 86_400
        asyncio.run(self._jump())
        self._signed_in.clear()
        for domain in self.domains:  # no time that passes unmasks anybody
            case_watch.masked(self, domain)

    async def _jump(self) -> None:
        """A silence would be an outage, which lengthens windows: beats go along with the clock."""
        access = embedded.Cluster(self.service.data_dir / "postgres").superuser()
        async with pool.connected(access) as connection, connection.transaction():
            # Who reads the new clock has to see the new beats: readers wait as well.
            await connection.execute("LOCK TABLE beat IN ACCESS EXCLUSIVE MODE")
            await connection.execute("UPDATE beat SET last_at = $1", self.now)
            _write(self.offset, self.days)

    def crash(self, *names: str) -> None:
        """Processes of roles are killed at once; the service comes back by itself."""
        found = running.roles(self.service.process.pid)
        for name in names:
            for pid in found[name]:
                os.kill(pid, signal.SIGKILL)
        for _ in until(60):
            after = running.roles(self.service.process.pid)
            ready = self.service.http("metrics", "GET", "/health/ready")
            is_new = all(after.get(one) and after[one] != found[one] for one in names)
            if is_new and ready.status == HTTPStatus.OK:
                return
        message = f"not back: {names}"
        raise AssertionError(message)

    # Machines.

    def file(self, name: str, content: str | bytes) -> Path:
        """A file on somebody's machine."""
        made = self.folder / name
        made.touch(0o600)
        made.write_bytes(content if isinstance(content, bytes) else content.encode())
        return made

    def key_of(self, name: str) -> Path:
        """A person's key, made when it is first asked for."""
        file = self.folder / name
        if not file.exists():
            key = papers.hand(name).key
            assert isinstance(key, SshKey)
            self.file(name, key.private_file())
            self.file(f"{name}.pub", key.line)
        return file

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        """`privacyproxy WORDS` on a machine whose clock is the service's."""
        done = self.machine.run([*map(str, words)])
        for _ in until(20):
            if _TRY_AGAIN not in done.stderr:
                break
            done = self.machine.run([*map(str, words)])
        self.heard.append((done.stdout + done.stderr).encode())
        return done

    def done(self, *words: str | Path) -> Any:
        """What a command that must succeed prints as JSON."""
        found = self.run(*words, "--json")
        assert found.returncode == 0, f"{words}: {found.stderr}{found.stdout}"
        return json.loads(found.stdout)

    def beside(self, *words: str | Path) -> Any:
        """The same, beside the service, as its operator."""
        where = ("--data-dir", self.service.data_dir, "--key-dir", self.service.key_dir)
        return self.done(*words, *where)

    # People.

    def found(self) -> None:
        """The first roster, in force; staff with passwords and keys."""
        members = []
        for name, role in PEOPLE.items():
            self.key_of(name)
            members.append(f'[members.{name}]\nroles = ["{role}"]\nkeys = ["{name}.pub"]\n')
        for name in ("safe-one", "safe-two"):
            self.key_of(name)
        team = self.file("team.toml", TEAM.format(members="\n".join(members)))
        paper = self.folder / "roster-1.json"
        self.beside("roster", "init", team, "--out", paper)
        for name in (*PEOPLE, "safe-one", "safe-two"):
            self.done("roster", "sign", paper, "--key", self.key_of(name), "--yes")
        self.beside("roster", "submit", paper)
        for name, role in PEOPLE.items():
            code = self.beside("staff", "add", name, "--roles", role)["code"]
            self.file(f"{name}.code", code)
            self.file(f"{name}.password", password_of(name))
            self._sign_in(name, "--enrol", "--code-file", self.folder / f"{name}.code")

    def _sign_in(self, name: str, *more: str | Path) -> None:
        self.done(
            "sign-in", "--web", self.service.addresses["web"], "--site", SITE, "--person", name,
            "--key", self.key_of(name), "--password-file", self.folder / f"{name}.password",
            "--session", self.folder / f"{name}.session", *more,
        )  # fmt: skip
        self._signed_in.add(name)

    def signed_out(self, name: str) -> None:
        """Somebody's session is over: they sign in again when they are next asked."""
        self._signed_in.discard(name)

    def staff(self, name: str, *words: str | Path) -> Any:
        """`privacyproxy case WORDS` by somebody, signed in."""
        if name not in self._signed_in:
            self._sign_in(name)
        return self.done("case", *words, "--session", self.folder / f"{name}.session")

    def refused(self, name: str, *words: str | Path) -> str:
        """What somebody is told who may not."""
        if name not in self._signed_in:
            self._sign_in(name)
        found = self.run("case", *words, "--session", self.folder / f"{name}.session")
        assert found.returncode != 0, found.stdout
        return found.stderr

    def vote(self, order: str, *names: str) -> None:
        """Votes, each from a machine of its own."""
        for name in names:
            self.done(
                "approve", order, "--api", self.service.addresses["api"],
                "--key", self.key_of(name), "--trust", self.folder / f"{name}.trust",
                "--roster", self.digest(), "--yes",
            )  # fmt: skip

    def digest(self) -> str:
        """The digest of the roster in force."""
        found: str = self.beside("roster", "show")["current"]["sha256"]
        return found

    # Cases.

    def wait(self, case: str, state: str, by: str = "lena", *, seconds: float = 40) -> Any:
        """The case once it stands there."""
        shown: Any = {}
        for _ in until(seconds):
            shown = self.staff(by, "show", case)
            if shown["state"] == state:
                return shown
        told = [(one["act"], one["facts"].get("reason")) for one in shown["events"][-12:]]
        message = f"{shown['state']}, not {state}: {told}"
        raise AssertionError(message)

    def act(self, name: str, case: str, act: str, *facts: str) -> Any:
        """An act by somebody."""
        return self.staff(name, "act", case, act, *facts)

    def text(self, name: str, content: str = "Reasons of weight.") -> str:
        """A fact that is written: a file that is handed in."""
        return f"@{self.file(name + '.txt', content)}"

    def end(self, case: str) -> None:
        """What holds after every flow: nobody is seen, the ledger has it all, nothing is wrong."""
        found = case_watch.leaks(self)
        assert found == [], "\n".join(found[:20])
        case_watch.recorded(self, case, self.folder)
        case_watch.well(self)

    # Parties.

    def enter(self, letter: Letter, session: str = "") -> Party:
        """Follow a letter's link, as its reader; a step-up goes with the session that asked."""
        headers = {"Authorization": f"Bearer {session}"} if session else {}
        reply = self.http("POST", letter.link, headers=headers)
        assert reply.status == 200, reply.body
        self.sessions.append(reply.json["session"])
        return Party(self, self.sessions[-1])

    def http(self, method: str, path: str, **more: Any) -> Reply:
        """A call of the web role; what is answered is kept."""
        headers = {"Accept": "application/json", **more.pop("headers", {})}
        reply = self.service.http("web", method, path, headers=headers, **more)
        for _ in until(20):
            if reply.status != HTTPStatus.SERVICE_UNAVAILABLE:
                break
            reply = self.service.http("web", method, path, headers=headers, **more)
        self.heard.append(reply.body)
        return reply


def start(folder: Path) -> Iterator[Site]:
    """A service in a folder, with its people, until it is stopped."""
    mailbox = Mailbox()
    port = mailbox.start()
    offset = folder / "offset"
    _write(offset, 0)
    service = running.start(
        folder / "data", "--demo",
        environment={
            **faked(offset),
            "PRIVACYPROXY_MAIL_ROUTE": f"127.0.0.1:{port}",
            "PRIVACYPROXY_MAIL_DOMAIN": "mail.privacy.example",
            "PRIVACYPROXY_APPROVALS_RATE_LIMIT": "off",
        },
    )  # fmt: skip
    machine = Machine(running.handed_on(faked(offset)))
    site = Site(folder, machine, service, mailbox, offset)
    try:
        profile = folder / "profile.json"
        profile.write_text(json.dumps(served.PROFILE))
        _, site.key = service.add_registrar("Quiet Harbour Registrar", profile)
        site.found()
        yield site
    finally:
        machine.stop()
        code = service.stop()
        mailbox.stop()
    assert code == 0
    found = case_watch.stored_leaks(site)
    assert found == [], "\n".join(found[:20])


def enrol(site: Site, domain: str, mode: str = "proxy") -> dict[str, Any]:
    """A registration whose people are markers; its contacts."""
    contacts = canary.contacts(mode)
    body = {
        "domain": domain,
        "mode": mode,
        "registry_domain_id": f"D-{domain}",
        "created_at": "2021-06-01T08:00:00Z",
        "registry_expires_at": "2031-06-01T08:00:00Z",
        "statuses": ["clientTransferProhibited"],
        "nameservers": [{"name": "ns1.hosting.example"}],
        "contacts": contacts,
    }
    reply = site.service.api("PUT", f"/v1/registrations/{domain}", site.key, body)
    for _ in until(20):
        if reply.status != HTTPStatus.SERVICE_UNAVAILABLE:
            break
        reply = site.service.api("PUT", f"/v1/registrations/{domain}", site.key, body)
    assert reply.status in {200, 201}, reply.body
    site.service.wait_published(domain)
    site.domains.append(domain)
    case_watch.masked(site, domain)
    return contacts


def faked(offset: Path) -> dict[str, str]:
    """What makes a program's clocks follow a file."""
    return {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_NO_CACHE": "1",
    }


def _write(offset: Path, days: float) -> None:
    draft = offset.with_suffix(".new")
    draft.write_text(f"+{days * 86_400:.0f}\n")
    draft.replace(offset)
