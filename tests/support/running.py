"""The whole service as a subprocess, started and asked as a stranger would."""

from __future__ import annotations

import http.client
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

READY_S = 60  # seconds; twice what the slowest shared machine needed
STOP_S = 20  # seconds; the contract promises 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


@dataclass(slots=True, kw_only=True)
class Running:
    """A started `privacyproxy up` and where it listens."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    key_dir: Path
    stderr: Path
    addresses: Mapping[str, str]
    hints: str

    def port(self, listener: str) -> int:
        """The port of a listener, by its name in the ready line."""
        return int(self.addresses[listener].rpartition(":")[2])

    def whois(self, query: bytes) -> bytes:
        """Every octet that port 43 answers to one line."""
        with socket.create_connection(("127.0.0.1", self.port("whois")), timeout=20) as link:
            link.sendall(query + b"\r\n")
            return b"".join(iter(lambda: link.recv(65536), b""))

    def http(
        self,
        listener: str,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request over a connection of its own."""
        link = http.client.HTTPConnection("127.0.0.1", self.port(listener), timeout=30)
        try:
            link.request(method, path, body=body, headers=dict(headers or {}))
            answer = link.getresponse()
            return Reply(
                status=answer.status,
                headers={name.lower(): value for name, value in answer.getheaders()},
                body=answer.read(),
            )
        finally:
            link.close()

    def rdap(self, domain: str) -> Reply:
        """The RDAP answer about a name; a host header that the profile allows is not needed."""
        return self.http("rdap", "GET", f"/domain/{quote(domain)}")

    def api(
        self,
        method: str,
        path: str,
        key: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One call of the registrar API; `body` is sent as JSON."""
        return self.http(
            "api",
            method,
            path,
            body=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                **(headers or {}),
            },
        )

    def command(
        self, *words: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """`privacyproxy WORDS` on the same directories."""
        return subprocess.run(
            [
                *(sys.executable, "-m", "proxy", *words),
                *("--data-dir", str(self.data_dir), "--key-dir", str(self.key_dir)),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=handed_on(environment or {}),
        )

    def add_registrar(self, name: str, profile: Path) -> tuple[str, str]:
        """A new tenant: its id and its API key."""
        done = self.command(
            "registrar", "add", name, "--iana-id", "9999", "--profile", str(profile), "--json"
        )
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        return made["id"], made["api_key"]

    def wait_operation(self, operation: str, key: str) -> Any:
        """The operation's end, asked for until it has one."""
        for _ in until(60):
            state = self.api("GET", f"/v1/operations/{operation}", key).json
            if state["state"] != "running":
                return state
        message = "the operation did not end"
        raise AssertionError(message)

    def wait_published(self, domain: str, *, is_there: bool = True) -> bytes:
        """The WHOIS answer once the name is published, or once it is gone."""
        answer = b""
        for _ in until(30):
            answer = self.whois(domain.encode())
            if answer.startswith(b"No record") != is_there:
                return answer
        message = f"still: {answer[:80]!r}"
        raise AssertionError(message)

    def stop(self) -> int:
        """Drain and end; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise
        finally:
            if self.process.stdout is not None:
                self.process.stdout.close()


def roles(supervisor: int) -> dict[str, list[int]]:
    """The process ids of a supervisor's children that serve a role, by role (Linux)."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    found: dict[str, list[int]] = {}
    for pid in children:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if "--boot" in words:
            # `-m proxy run ROLE --boot N`, or a program's own `-m PROGRAM serve --boot N`
            module, word, role = words[words.index("-m") + 1 :][:3]
            found.setdefault(role if word == "run" else module, []).append(int(pid))
    return found


def until(seconds: float) -> Iterator[None]:
    """Turns of a loop that waits for another process, until `seconds` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)  # another process has no event to wait on


def handed_on(more: Mapping[str, str]) -> dict[str, str]:
    """Our own environment with more variables, for a program that is started."""
    return {**os.environ, **more}  # noqa: TID251 - handed on to the program, not read


def start(
    data_dir: Path,
    *flags: str,
    environment: Mapping[str, str] | None = None,
    descriptors: Sequence[int] = (),
) -> Running:
    """`privacyproxy up --ports auto` on `data_dir`, once it is ready."""
    key_dir = data_dir.with_name(f"{data_dir.name}.keys")
    stderr = data_dir.with_name(f"{data_dir.name}.stderr")
    with stderr.open("ab") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "proxy", "up", "--ports", "auto", *flags),
                *("--data-dir", str(data_dir), "--key-dir", str(key_dir)),
            ],
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            pass_fds=tuple(descriptors),
            env=handed_on(
                {
                    "PRIVACYPROXY_EDGE_WORKERS": "1",
                    "PRIVACYPROXY_WHOIS_RATE_LIMIT": "off",
                    "PRIVACYPROXY_RDAP_RATE_LIMIT": "off",
                    **(environment or {}),
                }
            ),
        )
    assert process.stdout is not None
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        for _ in until(READY_S):
            if not selector.select(1):
                continue
            piece = os.read(process.stdout.fileno(), 65536)
            said += piece
            hints, found, line = said.rpartition(b"ready {")
            if found and line.endswith(b"\n"):
                return Running(
                    process=process,
                    data_dir=data_dir,
                    key_dir=key_dir,
                    stderr=stderr,
                    addresses=json.loads(b"{" + line),
                    hints=hints.decode(),
                )
            if not piece:
                break
    process.kill()
    process.stdout.close()
    tail = stderr.read_text(errors="replace")[-3000:]
    message = f"not ready (exit {process.wait()}): {said.decode()}\n{tail}"
    raise AssertionError(message)
