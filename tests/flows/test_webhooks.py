"""Webhooks on the real service: by command, signed, through kill -9, replayed, ended."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from tests.support import running, served
from tests.support.api import body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("webhooks"), pytest.mark.timeout(300)]


class Endpoint:
    """A registrar's endpoint, written from the standard's text with nothing of ours."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.secret = b""
        self.bad = 0
        self.status = 204
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.take(dict(self.headers.items()), content)
                self.send_response(endpoint.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            @override
            def log_message(self, format: str, *arguments: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/events"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, headers: dict[str, str], content: bytes) -> None:
        """Checks one message and keeps it."""
        given = {name.lower(): value for name, value in headers.items()}
        signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + content
        mac = base64.b64encode(hmac.new(self.secret, signed, hashlib.sha256).digest()).decode()
        self.bad += f"v1,{mac}" not in given["webhook-signature"].split(" ")
        if self.status == 204:
            self.got.append({"id": given["webhook-id"], **json.loads(content)})

    def learn(self, text: str) -> None:
        """Takes a secret as a command shows it."""
        self.secret = base64.b64decode(text.removeprefix("whsec_"))

    def names(self) -> list[str]:
        """The names it was told of, each once, in order."""
        return list(dict.fromkeys(one["data"]["domain"] for one in self.got))


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """An endpoint on loopback."""
    made = Endpoint()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings of a service that may speak to loopback."""
    made = tmp_path_factory.mktemp("webhooks") / "service.toml"
    made.write_text('webhook_networks = ["127.0.0.0/8"]\n')
    return made


@pytest.fixture(scope="module")
def service(config: Path) -> Iterator[Running]:
    """A service with these settings."""
    made = running.start(config.parent / "data", "--config", str(config))
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def registrar(service: Running, tmp_path: Path) -> tuple[str, str]:
    """A registrar's id and key."""
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(served.PROFILE))
    return service.add_registrar("Hooks", profile)


def told(service: Running, config: Path, *words: str) -> Any:
    """What a command prints, as JSON."""
    done = service.command("webhook", *words, "--json", "--config", str(config))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def put(service: Running, key: str, name: str, **changes: object) -> None:
    """Enrols a name, or changes it."""
    content = body(name, registry_domain_id=f"D-{name}".upper(), **changes)
    reply = service.api("PUT", f"/v1/registrations/{name}", key, body=content)
    assert reply.status in {200, 201}, reply.body


def listed(
    service: Running, config: Path, tenant: str, is_so: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The one webhook of a registrar, once something is so."""
    row: dict[str, Any] = {}
    for _ in running.until(60):
        (row,) = told(service, config, "list", tenant)
        if is_so(row):
            return row
    message = f"it stays {row}"
    raise AssertionError(message)


def wait(endpoint: Endpoint, *names: str) -> None:
    """Returns when the endpoint has been told of all of `names`."""
    for _ in running.until(60):
        if set(names) <= set(endpoint.names()):
            return
    message = f"only {endpoint.names()} arrived"
    raise AssertionError(message)


def test_a_registrar_is_told_what_happens(
    service: Running, endpoint: Endpoint, config: Path, registrar: tuple[str, str]
) -> None:
    """From `webhook add` to events that arrive, through a worker that dies and a new secret."""
    tenant, key = registrar
    added = told(service, config, "add", tenant, endpoint.url)
    endpoint.learn(added["secret"])
    put(service, key, "one.example")
    wait(endpoint, "one.example")
    endpoint.status = 503  # away, while its worker dies
    put(service, key, "two.example")
    put(service, key, "two.example", customer_ref="c-1")
    row = listed(service, config, tenant, lambda row: row["reason"] == "http_503")
    assert (row["state"], row["dead"]) == ("on", 0)
    (worker,) = running.roles(service.process.pid)["worker"]
    os.kill(worker, signal.SIGKILL)
    endpoint.status = 204
    revisions: list[int] = []
    for _ in running.until(60):
        revisions = [one["data"]["revision"] for one in endpoint.got if "two" in str(one["data"])]
        if len(revisions) > 1:
            break
    assert revisions == [1, 2]
    assert endpoint.bad == 0


def test_secrets_change_without_a_gap(
    service: Running, endpoint: Endpoint, config: Path, registrar: tuple[str, str]
) -> None:
    """The secret before signs for a day, so that both ends need not change at once."""
    tenant, key = registrar
    added = told(service, config, "add", tenant, endpoint.url)
    endpoint.learn(added["secret"])
    hook, former = added["webhook"], endpoint.secret
    endpoint.learn(told(service, config, "rotate-secret", hook)["secret"])
    assert endpoint.secret != former
    put(service, key, "three.example")
    wait(endpoint, "three.example")
    endpoint.secret = former  # it signs as well for a day
    put(service, key, "four.example")
    wait(endpoint, "four.example")
    assert endpoint.bad == 0
    log = service.stderr.read_text()
    assert endpoint.url not in log
    assert "Zqmark" not in log


def test_a_pause_keeps_the_place_and_a_replay_the_ids(
    service: Running, endpoint: Endpoint, config: Path, registrar: tuple[str, str]
) -> None:
    """What happened meanwhile comes after it; what is sent again is known by its id."""
    tenant, key = registrar
    added = told(service, config, "add", tenant, endpoint.url)
    endpoint.learn(added["secret"])
    hook = added["webhook"]
    put(service, key, "six.example")
    wait(endpoint, "six.example")
    told(service, config, "pause", hook)
    put(service, key, "five.example")
    feed = service.api("GET", "/v1/events", key).json
    listed(service, config, tenant, lambda row: row["behind"] == 1)
    assert "five.example" not in endpoint.names()
    told(service, config, "resume", hook)
    wait(endpoint, "five.example")
    ids = {one["id"] for one in endpoint.got}
    endpoint.got.clear()
    told(service, config, "replay", hook, "--all")
    wait(endpoint, "six.example", "five.example")
    assert {one["id"] for one in endpoint.got} == ids
    assert {one["id"] for one in feed["events"]} <= ids
    told(service, config, "remove", hook)
    assert told(service, config, "list", tenant) == []


def test_wrong_use_is_told_and_changes_nothing(
    service: Running, endpoint: Endpoint, config: Path, registrar: tuple[str, str]
) -> None:
    """No TLS beyond the networks that are named, no such webhook, no such registrar."""
    tenant, _ = registrar
    nothing = "00000000-0000-7000-8000-000000000000"
    for words, sentence in (
        (("add", tenant, endpoint.url), "https"),
        (("add", tenant, "https://user@registrar.example/"), "user"),
        (("add", nothing, "https://registrar.example/"), "registrar"),
        (("pause", nothing), "webhook"),
        (("replay", nothing, "--all"), "webhook"),
        (("replay", nothing, "--after", "x"), "cursor"),
    ):
        done = service.command("webhook", *words)
        assert (done.returncode, sentence in done.stderr) == (1, True), (words, done.stderr)
    assert told(service, config, "list", tenant) == []
