"""A PostgreSQL of the operator's: Debian's own, over TLS and over its Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from proxy.errors import Unavailable
from proxy.store import fitness, migrate, pool, remote, unprivileged
from proxy.store.logins import LoginRole
from tests.support.postgresql import oldest_installed
from tests.support.supervisor import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.db, pytest.mark.peer]
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def write_certificate(folder: Path, ends_in: timedelta = timedelta(days=1)) -> None:
    """A certificate for `localhost`, its key, and the authority that signed it: itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)  # noqa: TID251 - the machine checks it against its own clock
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + ends_in)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "server.crt").write_bytes(certificate.public_bytes(pem))
    secret = folder / "server.key"
    secret.touch(mode=0o600)
    secret.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Foreign:
    """A server set up by an operator as the documentation says."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.ca = folder / "server.crt"
        self.passwords = folder / "passwords"

    def reload(self, tls: str) -> None:
        """Have the server read its files anew, with TLS `on` or `off`."""
        (self.folder / "data" / "postgresql.auto.conf").write_text(f"ssl = '{tls}'\n")
        pid = (self.folder / "data" / "postmaster.pid").read_text().split()[0]
        os.kill(int(pid), signal.SIGHUP)

    def url(self, host: str = "localhost") -> str:
        """Where it is over TCP."""
        return f"postgresql://{host}:{self.port}/pp"

    def access(self, role: LoginRole, url: str = "") -> pool.Access:
        """How `role` logs in."""
        return remote.access(url or self.url(), role, password_dir=self.passwords, ca=self.ca)


def bootstrap(foreign: Foreign) -> str:
    """What the operator types once, as an administrator."""
    foreign.passwords.mkdir()
    statements = []
    for role in LoginRole:
        (foreign.passwords / role.login).write_text(f"secret of {role}\n")
        statements.append(f"CREATE ROLE {role.login} LOGIN PASSWORD 'secret of {role}';")
    everybody = ", ".join(role.login for role in LoginRole)
    return "\n".join(
        [
            *statements,
            "ALTER ROLE pp_edge SET default_transaction_read_only = on;",
            "CREATE DATABASE pp OWNER pp_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';",
            "REVOKE ALL ON DATABASE pp FROM PUBLIC;",
            f"GRANT CONNECT ON DATABASE pp TO {everybody};\n",
        ]
    )


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Foreign]:
    """Debian's PostgreSQL, listening with TLS on a free port of this machine."""
    folder, programs = tmp_path_factory.mktemp("foreign"), oldest_installed()
    identity = unprivileged.namespace() if os.geteuid() == 0 else unprivileged.SAME_USER

    def run(*program: str, text: str = "") -> None:
        subprocess.run(
            unprivileged.command(identity, program), input=text.encode(), check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    data = folder / "data"
    run(str(programs / "initdb"), "-D", str(data), "-U", "administrator", "-A", "reject", "-N",
        "-E", "UTF8", "--no-locale")  # fmt: skip
    write_certificate(folder)
    (data / "pg_hba.conf").write_text(
        "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    )
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        made = Foreign(folder, free.getsockname()[1])
    run(str(programs / "postgres"), "--single", "-D", str(data), "postgres", text=bootstrap(made))
    options = {
        "listen_addresses": "127.0.0.1", "port": str(made.port),
        "unix_socket_directories": str(folder), "ssl_cert_file": str(folder / "server.crt"),
        "ssl_key_file": str(folder / "server.key"),
    }  # fmt: skip
    (data / "postgresql.auto.conf").write_text("ssl = 'on'\n")
    program = (
        *(str(programs / "postgres"), "-D", str(data)),
        *(f"--{name}={value}" for name, value in options.items()),
    )
    with subprocess.Popen(unprivileged.command(identity, program)) as server:
        status = data / "postmaster.pid"
        wait_until(lambda: status.exists() and "ready" in status.read_text())
        yield made
        server.terminate()


async def test_an_operator_s_postgresql_is_migrated_and_found_fit(foreign: Foreign) -> None:
    """The oldest PostgreSQL supported takes every migration, query and right."""
    applied = await migrate.migrate(foreign.access(LoginRole.OWNER), now=NOW)
    assert applied == tuple(file.name for file in migrate.files())
    findings = await fitness.examine({role: foreign.access(role) for role in LoginRole})
    assert findings == ()
    async with pool.connected(foreign.access(LoginRole.API)) as connection:
        assert connection.get_server_version().major >= fitness.OLDEST_MAJOR
        assert await connection.fetchval("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")


async def test_its_unix_socket_will_do_as_well(foreign: Foreign) -> None:
    """A URL that names a socket directory needs no TLS."""
    url = f"postgresql://:{foreign.port}/pp?host={foreign.folder}"
    async with pool.connected(foreign.access(LoginRole.VAULT, url)) as connection:
        assert await connection.fetchval("SELECT current_user") == "pp_vault"


async def refusal(access: pool.Access) -> str:
    """The sentence with which a connection is refused."""
    with pytest.raises(Unavailable, match="database") as caught:
        await pool.connect(access)
    return caught.value.detail


async def test_a_server_under_another_name_is_refused(foreign: Foreign) -> None:
    """A certificate for another host name ends the connection before the password goes out."""
    says = await refusal(foreign.access(LoginRole.API, foreign.url("127.0.0.1")))
    assert "certificate is for another host" in says


async def test_a_certificate_of_an_unknown_authority_is_refused(foreign: Foreign) -> None:
    """Without the authority's certificate, or with another one's, the server is nobody we know."""
    bare = remote.access(foreign.url(), LoginRole.API, password_dir=foreign.passwords)
    assert "set database_ca" in await refusal(bare)
    elsewhere = foreign.folder / "elsewhere"
    elsewhere.mkdir()
    write_certificate(elsewhere)
    other = remote.access(
        foreign.url(), LoginRole.API, password_dir=foreign.passwords, ca=elsewhere / "server.crt"
    )
    assert "set database_ca" in await refusal(other)


async def test_an_expired_certificate_and_a_server_without_tls_are_refused(
    foreign: Foreign,
) -> None:
    """Each says what is wrong; afterwards the right certificate is taken again."""
    right = {name: (foreign.folder / name).read_bytes() for name in ("server.crt", "server.key")}
    try:
        write_certificate(foreign.folder, ends_in=timedelta(hours=-1))
        foreign.reload("on")
        await wait_for_refusal(foreign, "expired")
        foreign.reload("off")
        await wait_for_refusal(foreign, "offers no TLS")
    finally:
        for name, content in right.items():
            (foreign.folder / name).write_bytes(content)
        foreign.reload("on")
    await wait_for_refusal(foreign, "")


async def wait_for_refusal(foreign: Foreign, word: str) -> None:
    """Until the server, which reads its files anew by and by, is refused so; "" for not at all."""
    says = ""
    for _ in range(100):
        try:
            connection = await pool.connect(foreign.access(LoginRole.API))
        except Unavailable as fault:
            says = fault.detail
            if word and word in says:
                return
        else:
            await connection.close()
            if not word:
                return
        await asyncio.sleep(0.1)
    pytest.fail(f"not refused for {word!r} but: {says}")
