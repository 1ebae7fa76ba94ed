"""The API's listener with client certificates, as registrars and strangers meet it."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import running
from tests.support.certificates import Authority

if TYPE_CHECKING:
    from tests.support.certificates import Leaf
    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("api_tls"), pytest.mark.timeout(180)]

HOST = "localhost"


def asked(
    service: Running, server_ca: Path, key: str, leaf: Leaf | None, *, oldest: bool = False
) -> int:
    """The status of one call by TLS; 0 where TLS itself ends it."""
    context = ssl.create_default_context(cafile=str(server_ca))
    if oldest:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if leaf is not None:
        context.load_cert_chain(leaf.certificate, leaf.key)
    link = http.client.HTTPSConnection(HOST, service.port("api_tls"), timeout=30, context=context)
    try:
        link.request("GET", "/v1/registrations", headers={"Authorization": f"Bearer {key}"})
        answer = link.getresponse()
        body = json.loads(answer.read())
    except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
        return 0
    finally:
        link.close()
    assert answer.status in {200, 401}, body
    return answer.status


def plainly(service: Running, key: str) -> int:
    """The status of the same call on the listener without TLS."""
    return service.api("GET", "/v1/registrations", key).status


def test_a_stolen_key_is_worth_nothing_without_its_certificate(tmp_path: Path) -> None:
    """Keys of lines work with their certificates alone; who has none of the authority is nobody."""
    ours, clients, strangers = (
        Authority(tmp_path / name) for name in ("ours", "clients", "strangers")
    )
    server = ours.leaf(HOST, is_server=True)
    one, renewed, other = (clients.leaf(name) for name in ("one", "renewed", "other"))
    old = clients.leaf("old", ends_in=-timedelta(hours=1))
    stranger = strangers.leaf("stranger")
    lines = tmp_path / "client-keys"
    lines.touch()
    service = running.start(
        tmp_path / "data",
        environment={
            "PRIVACYPROXY_API_TLS_LISTEN": "127.0.0.1:0",
            "PRIVACYPROXY_API_TLS_CERT": str(server.certificate),
            "PRIVACYPROXY_API_TLS_KEY": str(server.key),
            "PRIVACYPROXY_API_CLIENT_CA": str(clients.certificate),
            "PRIVACYPROXY_API_CLIENT_KEYS": str(lines),
        },
    )
    try:
        assert service.addresses["api_tls"].startswith("https://")
        profile = Path(str(resources.files("proxy.demo").joinpath("profile.json")))
        first, second, free = (
            service.add_registrar(f"Harbour {number}", profile)[1] for number in range(3)
        )
        bound = ((first, one), (first, old), (second, other))
        lines.write_text("".join(f"{key[3:19]} {leaf.sha256}\n" for key, leaf in bound))
        for _ in running.until(20):
            if asked(service, ours.certificate, first, one) == 200:
                break
        table = {
            (first, one): 200, (second, other): 200,
            (first, other): 401, (second, one): 401, (free, one): 401,
            (first, None): 0, (first, old): 0, (first, stranger): 0,
        }  # fmt: skip
        for oldest in (False, True):
            found = {pair: asked(service, ours.certificate, *pair, oldest=oldest) for pair in table}
            assert found == table
        assert [plainly(service, key) for key in (first, second, free)] == [401, 401, 200]
        _follows_its_file(service, lines, ours, {"key": first, "one": one, "renewed": renewed})
    finally:
        assert service.stop() == 0


def _follows_its_file(
    service: Running, lines: Path, ours: Authority, what: dict[str, str | Leaf]
) -> None:
    """A renewed certificate is taken when its line is there, the old one no longer without."""
    key, one, renewed = what["key"], what["one"], what["renewed"]
    assert isinstance(key, str)
    assert not isinstance(one, str)
    assert not isinstance(renewed, str)
    assert asked(service, ours.certificate, key, renewed) == 401
    lines.write_text(f"{key[3:19]} {renewed.sha256}\n")
    for _ in running.until(20):
        if asked(service, ours.certificate, key, renewed) == 200:
            break
    assert asked(service, ours.certificate, key, renewed) == 200
    assert asked(service, ours.certificate, key, one) == 401
    doctor = service.command(
        "doctor",
        "--json",
        environment={"PRIVACYPROXY_API_CLIENT_KEYS": str(lines)},
    )
    found = {row["check"]: row for row in json.loads(doctor.stdout)}
    assert found["api client certificates"]["sentence"] == "keys bound to certificates: 1"


def test_a_file_that_can_not_be_read_ends_the_start_with_its_name(tmp_path: Path) -> None:
    """At the first death, not the fifth: the sentence names the setting, and nothing is served."""
    server = Authority(tmp_path / "server")
    leaf = server.leaf(HOST, is_server=True)
    lines = tmp_path / "client-keys"
    lines.touch()
    broken = tmp_path / "broken"
    broken.write_text("no certificate, no key and no line\n")
    files = {
        "API_TLS_CERT": broken,
        "API_TLS_KEY": leaf.key,
        "API_CLIENT_CA": server.certificate,
        "API_CLIENT_KEYS": lines,
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "proxy", "up", "--ports", "auto"),
            *("--data-dir", str(tmp_path / "data"), "--key-dir", str(tmp_path / "keys")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * running.READY_S,
        env=running.handed_on(
            {"PRIVACYPROXY_API_TLS_LISTEN": "127.0.0.1:0"}
            | {f"PRIVACYPROXY_{each}": str(path) for each, path in files.items()}
        ),
    )
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("api: ")
    assert "api_tls_cert" in last
    assert done.stderr.count("process_died") <= 1
