"""Database URLs: what is refused, and with which sentence."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from proxy.errors import InvalidInput, Unavailable
from proxy.store import remote
from proxy.store.logins import LoginRole
from proxy.store.pool import Access

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def passwords(tmp_path: Path) -> Path:
    """A directory with the password of one login."""
    (tmp_path / "pp_api").write_text("correct horse\n")
    return tmp_path


def test_tcp_means_a_proven_server_name(passwords: Path) -> None:
    """Over TCP the certificate and the host name are checked, also when nobody asks for it."""
    found = remote.access("postgresql://db.example/pp", LoginRole.API, password_dir=passwords)
    assert (found.host, found.port, found.user, found.database) == (
        "db.example", 5432, "pp_api", "pp",
    )  # fmt: skip
    assert found.password == "correct horse"
    assert found.tls is not None
    assert found.tls.check_hostname
    assert found.tls.verify_mode is ssl.CERT_REQUIRED


def test_a_unix_socket_needs_no_certificate(passwords: Path) -> None:
    """A directory as host is a Unix socket on this machine."""
    url = "postgresql:///pp?host=/run/PostgreSQL"
    found = remote.access(url, LoginRole.API, password_dir=passwords)
    assert found.host == "/run/PostgreSQL"
    assert found.tls is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example/pp?sslmode=disable",
        "postgresql://db.example/pp?sslmode=require",
        "postgresql://db.example/pp?sslmode=verify-ca",
    ],
)
def test_less_than_verify_full_is_refused(passwords: Path, url: str) -> None:
    """A server whose name is not proven may be anybody's."""
    with pytest.raises(InvalidInput, match="database_tls"):
        remote.access(url, LoginRole.API, password_dir=passwords)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://db.example/pp",
        "postgresql://db.example",
        "postgresql://db.example/",
        "postgresql:///pp",
        "postgresql://%2Frun%2Fpostgresql/pp",
        "postgresql:///pp?host=db.example",
        "postgresql://db.example:port/pp",
        "postgresql://[db.example/pp",
        "postgresql://somebody@db.example/pp",
        "postgresql://somebody:hidden@db.example/pp",
        "postgresql://db.example/pp?options=-c%20fsync=off",
        "postgresql://db.example/pp#x",
    ],
)
def test_what_is_unknown_or_unsafe_is_refused(passwords: Path, url: str) -> None:
    """A URL says host, port and database: no user, no password, no other option."""
    with pytest.raises(InvalidInput, match="database_url") as caught:
        remote.access(url, LoginRole.API, password_dir=passwords)
    assert "hidden" not in caught.value.detail


def test_a_missing_password_file_is_named(passwords: Path) -> None:
    """A login without a password file says which file to make."""
    with pytest.raises(Unavailable, match="database_password") as caught:
        remote.access("postgresql://db.example/pp", LoginRole.VAULT, password_dir=passwords)
    assert str(passwords / "pp_vault") in caught.value.detail


def test_an_unproven_server_can_not_even_be_described() -> None:
    """There is no Access over TCP without verification, however it is made."""
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE
    for tls in (None, careless):
        with pytest.raises(InvalidInput, match="database_tls"):
            Access(host="db.example", port=1, user="x", password="y", database="z", tls=tls)


def test_a_password_is_never_shown() -> None:
    """The text form of an Access, as errors and logs may have it, holds no password."""
    access = Access(host="/run", port=1, user="x", password="hidden", database="z")
    assert "hidden" not in repr(access)
