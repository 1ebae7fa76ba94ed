"""`doctor` finds what is broken, says what to do, and changes nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proxy.store import embedded, pool
from proxy.store.logins import LoginRole
from tests.support import running

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("doctor"), pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the whole file."""
    found = running.start(tmp_path_factory.mktemp("doctor") / "data")
    yield found
    found.stop()


def _doctor(
    data_dir: Path,
    environment: Mapping[str, str] | None = None,
    words: tuple[str, ...] = (),
) -> tuple[int, dict[str, Any]]:
    """The exit code, and the findings by check."""
    done = subprocess.run(
        [sys.executable, "-m", "proxy", "doctor", "--json", "--data-dir", str(data_dir), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, **(environment or {})},  # noqa: TID251 - handed on, not read
    )
    assert done.stderr == ""
    return done.returncode, {found["check"]: found for found in json.loads(done.stdout)}


def test_a_running_service_is_well(service: Running) -> None:
    """Beside a healthy service every check is well and the exit code is 0."""
    code, found = _doctor(service.data_dir)
    assert [name for name, one in found.items() if not one["is_well"]] == []
    assert code == 0
    assert {"keys", "roles", "records", "adoption", "database as pp_edge"} <= found.keys()


def test_people_get_a_table(service: Running) -> None:
    """Without --json the same findings are a table."""
    done = service.command("doctor")
    assert done.returncode == 0, done.stderr
    assert "database as pp_vault" in done.stdout


def test_an_invented_office_is_found(service: Running) -> None:
    """Once notices go out, they must not tell people to write to an address that nobody reads."""
    mails = {"PRIVACYPROXY_MAIL_DOMAIN": "mail.harbour.test"}
    code, found = _doctor(service.data_dir, mails)
    assert code == 1
    assert found["office"]["sentence"].endswith("office_mail, office_address, office_arbitration.")
    given = {
        "PRIVACYPROXY_OFFICE_MAIL": "people@harbour.test",
        "PRIVACYPROXY_OFFICE_ADDRESS": "Quay 1, Port",
        "PRIVACYPROXY_OFFICE_ARBITRATION": "board.test",
    }
    assert _doctor(service.data_dir, {**mails, **given})[1]["office"]["is_well"]


async def test_a_missing_right_is_found(service: Running) -> None:
    """A right taken from a login is named with the login; of one that lives on without it."""
    access = embedded.access(service.data_dir / "postgres", LoginRole.OWNER)
    async with pool.connected(access) as connection:
        await connection.execute("REVOKE SELECT ON ledger_tile FROM pp_web")
        try:
            code, found = _doctor(service.data_dir)
        finally:
            await connection.execute("GRANT SELECT ON ledger_tile TO pp_web")
    assert code == 1
    assert not found["database as pp_web"]["is_well"]
    assert "pp_web may not run" in found["database as pp_web"]["sentence"]
    assert found["database as pp_api"]["is_well"]


async def test_webhooks_that_are_not_taken_are_found(service: Running) -> None:
    """Counts and what to do, once an endpoint wants no more; a registrar's address is not told."""
    profile = Path(str(resources.files("proxy.demo").joinpath("profile.json")))
    registrar, _ = service.add_registrar("Hooked", profile)
    assert _doctor(service.data_dir)[1]["webhooks"]["is_well"]
    url = "https://hooks.registrar.example/token"
    assert service.command("webhook", "add", registrar, url).returncode == 0
    access = embedded.access(service.data_dir / "postgres", LoginRole.OWNER)
    async with pool.connected(access) as connection:
        await connection.execute("UPDATE webhook SET state = 'gone'")
        try:
            code, found = _doctor(service.data_dir)
        finally:
            await connection.execute("DELETE FROM webhook")
    assert (code, found["webhooks"]["is_well"]) == (1, False)
    assert "Webhooks whose host wants no more: 1." in found["webhooks"]["sentence"]
    assert "webhook list REGISTRAR" in found["webhooks"]["sentence"]
    assert "registrar.example" not in json.dumps(found)
    unknown = service.command("webhook", "add", registrar, url, "--reseller", "Nobody")
    assert (unknown.returncode, "reseller add" in unknown.stderr) == (1, True)
    for words in (("--names", "5"), ()):
        quota = ("registrar", "quota", registrar, "--reseller", "Nobody", *words)
        refused = service.command(*quota)
        assert (refused.returncode, "reseller add" in refused.stderr) == (1, True)


def test_a_wrong_key_file_is_found(service: Running) -> None:
    """A root key of another vault is named by its path, also while the service runs."""
    root = service.key_dir / "vault" / "root.key"
    right = root.read_bytes()
    word, _, key = right.strip().rpartition(b" ")
    foreign = bytes([key[0] ^ 1]) if not key.isalnum() else (b"0" if key[:1] != b"0" else b"1")
    root.write_bytes(word + b" " + foreign + key[1:] + b"\n" if word else foreign + right[1:])
    try:
        code, found = _doctor(service.data_dir)
    finally:
        root.write_bytes(right)
    assert code == 1
    assert str(root) in found["keys"]["sentence"]


async def test_rows_behind_the_vault_are_found(service: Running) -> None:
    """Records that the vault adopted and the database lacks are told, with what to put back."""
    profile = resources.files("proxy.demo").joinpath("profile.json")
    _, key = service.add_registrar("Doctor Test", Path(str(profile)))
    body = {
        "domain": "doctor-test.example",
        "mode": "proxy",
        "created_at": "2021-06-01T08:00:00Z",
        "contacts": {"registrant": {"name": "Somebody", "email": "s@example.org"}},
    }
    assert service.api("PUT", "/v1/registrations/doctor-test.example", key, body).status == 201
    for _ in running.until(20):
        status = service.api("GET", "/v1/registrations/doctor-test.example/status", key).json
        if status["adopted"]:
            break
    access = embedded.access(service.data_dir / "postgres", LoginRole.OWNER)
    async with pool.connected(access) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT * FROM sealed_record")
        await connection.execute("DELETE FROM sealed_record")
        try:
            code, found = _doctor(service.data_dir, words=("--everything",))
        finally:
            await connection.execute("INSERT INTO sealed_record SELECT * FROM kept")
            await connection.execute("DROP TABLE kept")
    assert code == 1
    assert "record_missing: 2" in found["records"]["sentence"]
    assert "backups of the same moment" in found["records"]["sentence"]
    assert found["ledger"]["is_well"]


def test_nothing_running_and_nothing_there_is_well_but_for_directories(tmp_path: Path) -> None:
    """Before the first start doctor names the missing directories and nothing is made."""
    code, found = _doctor(tmp_path / "data", {"PRIVACYPROXY_PORTS": "auto"})
    assert code == 1
    assert [name for name, one in found.items() if not one["is_well"]] == [
        "data directory",
        "key directory",
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_found(tmp_path: Path) -> None:
    """A listener that somebody else has is named with its setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, found = _doctor(tmp_path, {"PRIVACYPROXY_RDAP_LISTEN": address})
    assert code == 1
    assert not found["rdap port"]["is_well"]
    assert "rdap_listen" in found["rdap port"]["sentence"]


def test_an_unreachable_database_is_found(tmp_path: Path) -> None:
    """A PostgreSQL that does not answer is told for each login."""
    for role in LoginRole:
        (tmp_path / role.login).write_text("word")
    environment = {
        "PRIVACYPROXY_DATABASE_URL": f"postgresql:///privacyproxy?host={tmp_path}",
        "PRIVACYPROXY_DATABASE_PASSWORD_DIR": str(tmp_path),
    }
    code, found = _doctor(tmp_path, environment)
    assert code == 1
    for role in LoginRole:
        assert "does not answer" in found[f"database as {role.login}"]["sentence"]
