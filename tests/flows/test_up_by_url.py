"""The whole service on a PostgreSQL by URL, prepared by the very commands of operations.md."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from proxy.store.logins import LoginRole
from tests.support import running
from tests.support.certificates import write_certificate
from tests.support.postgresql import Foreign

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.running import Running

pytestmark = [
    pytest.mark.db, pytest.mark.peer, pytest.mark.xdist_group("by_url"), pytest.mark.timeout(240),
]  # fmt: skip

GUIDE = Path(__file__).parents[2] / "proxy" / "docs" / "operations.md"
SECTION = GUIDE.read_text("utf-8").partition("## A PostgreSQL of your own")[2].partition("\n## ")[0]


def blocks(language: str) -> str:
    """The fenced text of the section in one language, in order."""
    return "\n".join(re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The operator's own values in the place of the invented ones; each is there once."""
    for name, value in values.items():
        text, count = re.subn(rf"(?m)(^|(?<= )){name}=[^\s\"]+", f"{name}={value}", text)
        assert count == 1, name
    return text


@dataclass(frozen=True, slots=True)
class Site:
    """A prepared server, and the directories of a service that uses it."""

    server: Foreign
    base: Path

    @property
    def passwords(self) -> Path:
        """The password files."""
        return self.base / "data.keys" / "database"

    @property
    def certificates(self) -> Path:
        """The server's certificate and its authority."""
        return self.base / "certificates"

    def kept(self) -> dict[str, bytes]:
        """The password files and the authority."""
        paths = (*self.passwords.iterdir(), self.certificates / "ca.pem")
        return {path.name: path.read_bytes() for path in paths}

    def url(self, host: str = "localhost") -> str:
        """Where it is."""
        return f"postgresql://{host}:{self.server.port}/privacyproxy"

    def config(self, path: Path, **changed: str) -> Path:
        """The settings of the guide with this server's place, and what is `changed`; "" is none."""
        values = {
            "database_url": self.url(),
            "database_ca": str(self.certificates / "ca.pem"),
            **changed,
        }
        assert set(re.findall(r"(?m)^(\w+) =", blocks("toml"))) == {"database_url", "database_ca"}
        lines = [f'{name} = "{value}"\n' for name, value in values.items() if value]
        path.write_text("".join(lines))
        return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server, prepared by the guide's commands."""
    base = tmp_path_factory.mktemp("by_url")
    folder = base / "server"
    folder.mkdir()
    server = Foreign(folder)
    server.make()
    server.start()
    made = Site(server, base)
    seen: list[dict[str, bytes]] = []
    script = filled(
        blocks("bash"),
        {
            "NAME": "localhost",
            "RUNS_AS": str(os.geteuid()),
            "CERTIFICATES": str(made.certificates),
            "NETWORK": "127.0.0.1/32",
            "KEY_DIR": str(base / "data.keys"),
        },
    )
    try:
        for _ in range(2):  # given again, the commands leave authority and passwords as they are
            done = subprocess.run(
                ["bash"], input=script, env=server.environment, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            seen.append(made.kept())
        assert seen[0] == seen[1]
        yield made
    finally:
        server.stop()


@pytest.fixture(scope="module")
def service(site: Site) -> Iterator[Running]:
    """The whole service on it."""
    config = site.config(site.base / "config.toml")
    found = running.start(site.base / "data", "--config", str(config))
    yield found
    found.stop()


def enrol(service: Running, key: str, name: str) -> None:
    """A name, asked for by WHOIS until it is published."""
    body = {
        "domain": name,
        "mode": "proxy",
        "created_at": "2021-06-01T08:00:00Z",
        "contacts": {"registrant": {"name": "Somebody", "email": "s@example.org"}},
    }
    answer = service.api("PUT", f"/v1/registrations/{name}", key, body)
    for _ in running.until(30):
        if answer.status != 503:  # the database is away
            break
        answer = service.api("PUT", f"/v1/registrations/{name}", key, body)
    assert answer.status == 201, answer.json
    assert name.encode() in service.wait_published(name).lower()


def test_the_guide_makes_one_login_for_each_of_ours(site: Site) -> None:
    """Every login has a private password file of its own; none of them is in the server's log."""
    files = {path.name: path for path in site.passwords.iterdir()}
    assert files.keys() == {one.login for one in LoginRole}
    found = {path.read_text().strip() for path in files.values()}
    assert len(found) == len(files)
    log = (site.server.folder / "log").read_text()
    assert "CREATE DATABASE" in log
    for name, path in files.items():
        assert path.stat().st_mode & 0o777 == 0o600
        assert len(path.read_text().strip()) == 64
        assert path.read_text().strip() not in log, name


def test_the_whole_service_runs_on_it(site: Site, service: Running) -> None:
    """Names are published, doctor finds every login verified, and a restart is lived through."""
    assert not (service.data_dir / "postgres").exists()
    profile = Path(str(resources.files("proxy.demo").joinpath("profile.json")))
    config = ("--config", str(site.base / "config.toml"))
    added = service.command(
        "registrar", "add", "Far Harbour", "--iana-id", "9999", "--profile", str(profile), "--json",
        *config,
    )  # fmt: skip
    assert added.returncode == 0, added.stderr
    key = json.loads(added.stdout)["api_key"]
    enrol(service, key, "before.example")
    doctor = service.command("doctor", "--json", *config)
    found = {one["check"]: one for one in json.loads(doctor.stdout)}
    assert doctor.returncode == 0, [one for one in found.values() if not one["is_well"]]
    for role in LoginRole:
        assert "over TLS, verified in full" in found[f"database as {role.login}"]["sentence"]
    site.server.stop()
    assert b"before.example" in service.whois(b"before.example").lower()
    site.server.start()
    enrol(service, key, "after.example")
    assert service.process.poll() is None


def refused(base: Path, config: Path, *words: str) -> str:
    """The one sentence with which a command ends with 1."""
    where = ("--data-dir", str(base / "data"), "--config", str(config))
    done = subprocess.run(
        [sys.executable, "-m", "proxy", *words, *where],
        capture_output=True, text=True, check=False, timeout=40,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    said = [one for one in done.stderr.splitlines() if not one.startswith(("All roles", "{"))]
    assert len(said) == 1, done.stderr
    return said[0]


def doctor_says(base: Path, config: Path) -> str:
    """What doctor finds wrong with the database as pp_api."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "proxy", "doctor", "--json", "--data-dir", str(base / "data")),
            *("--config", str(config)),
        ],
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == 1
    found = {one["check"]: one for one in json.loads(done.stdout)}
    assert not found["database as pp_owner"]["is_well"]
    sentence: str = found["database as pp_owner"]["sentence"]
    return sentence


WRONG = {
    "host": "certificate is for another host: name the host it is for in the URL.",
    "authority": "set database_ca to that authority's file.",
    "no authority": "set database_ca to that authority's file.",
    "no file": "certificate authority",
    "nobody": "PostgreSQL",
    "password": "The login or its password is refused.",
    "no password": "put the password of pp_owner there.",
    "database": "PostgreSQL does not let this login into this database from here",
}


@pytest.mark.parametrize("what", WRONG)
def test_a_server_that_does_not_hold_ends_up_with_one_sentence(
    site: Site, tmp_path: Path, what: str
) -> None:
    """`up` ends with 1 before it is ready and says what to do; doctor says the same."""
    passwords = tmp_path / "passwords"
    shutil.copytree(site.passwords, passwords)
    changed = {"database_password_dir": str(passwords)}
    match what:
        case "host":
            changed["database_url"] = site.url("127.0.0.1")
        case "authority":
            changed["database_ca"] = str(write_certificate(tmp_path)[0])
        case "no authority":
            changed["database_ca"] = ""
        case "no file":
            changed["database_ca"] = str(tmp_path / "gone.pem")
        case "nobody":
            with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
                port = free.getsockname()[1]
            changed["database_url"] = f"postgresql://localhost:{port}/privacyproxy"
        case "password":
            (passwords / "pp_owner").write_text("another\n")
        case "no password":
            (passwords / "pp_owner").unlink()
        case _:
            changed["database_url"] = site.url().removesuffix("privacyproxy") + "another"
    config = site.config(tmp_path / "config.toml", **changed)
    said = refused(tmp_path, config, "up", "--ports", "auto")
    assert WRONG[what] in said
    assert refused(tmp_path, config, "migrate") == f"privacyproxy migrate: {said}"
    assert WRONG[what] in doctor_says(tmp_path, config)


def test_one_role_s_wrong_password_ends_the_start(site: Site, tmp_path: Path) -> None:
    """Not after a minute of waiting: `up` names the role and says that its login is refused."""
    passwords = tmp_path / "passwords"
    shutil.copytree(site.passwords, passwords)
    (passwords / "pp_relay").write_text("another\n")
    config = site.config(tmp_path / "config.toml", database_password_dir=str(passwords))
    said = refused(tmp_path, config, "up", "--ports", "auto")
    assert said == "relay: The login or its password is refused."


def test_a_role_of_its_own_refuses_such_a_server_as_well(site: Site, tmp_path: Path) -> None:
    """`run ROLE`, which prepares no schema, ends with the same sentence."""
    config = site.config(
        tmp_path / "config.toml",
        database_url=site.url("127.0.0.1"),
        database_password_dir=str(site.passwords),
    )
    said = refused(tmp_path, config, "run", "edge", "--ports", "auto")
    assert said == f"follower: PostgreSQL is refused, as its {WRONG['host']}"
