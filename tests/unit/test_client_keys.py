"""Which client certificate goes with which API key, by the operator's file."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from proxy.apps.api import client_keys
from proxy.apps.api.client_keys import ClientKeys
from proxy.errors import InvalidInput, Unavailable
from proxy.model.identifiers import ApiKeyId
from proxy.run import api, api_tls
from proxy.settings import Settings, read
from tests.support.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = ApiKeyId("0f3c9a1be2d4875a"), ApiKeyId("1f3c9a1be2d4875a")
ONE, OTHER = bytes([1]) * 32, bytes([2]) * 32


def may(clients: ClientKeys, key: ApiKeyId, fingerprint: bytes | None) -> bool:
    """Whether the key works so."""
    try:
        clients.check(key, fingerprint)
    except InvalidInput as refused:
        return refused.code != "unauthorized"
    return True


def written(path: Path, *lines: tuple[str, bytes]) -> Path:
    """The file."""
    path.write_text("".join(f"{key} {one.hex()}\n" for key, one in lines))
    return path


def test_a_key_works_with_its_own_certificates_alone(tmp_path: Path) -> None:
    """Neither with another's, nor without one; a key of no line works without TLS alone."""
    path = written(tmp_path / "keys", (FIRST, ONE), (FIRST, OTHER))
    clients = ClientKeys(path, lambda: 0.0)
    assert may(clients, FIRST, ONE)
    assert may(clients, FIRST, OTHER)
    assert not may(clients, FIRST, bytes(32))
    assert not may(clients, FIRST, None)
    assert not may(clients, SECOND, ONE)
    assert may(clients, SECOND, None)


def test_without_a_file_nothing_is_bound() -> None:
    """Every key works without TLS, and none over a TLS that nothing names."""
    clients = ClientKeys(None, lambda: 0.0)
    assert may(clients, FIRST, None)
    assert not may(clients, FIRST, ONE)


def test_the_file_is_read_again_when_it_changed(tmp_path: Path) -> None:
    """Within seconds; a broken or missing one leaves things as they were, until it is mended."""
    now = 0.0
    path = written(tmp_path / "keys", (FIRST, ONE))
    clients = ClientKeys(path, lambda: now)
    written(path, (FIRST, OTHER))
    assert may(clients, FIRST, ONE)
    for wrong in (b"nonsense", b"\xff", None):
        now += client_keys.LOOK_S
        if wrong is None:
            path.unlink()
        else:
            path.write_bytes(wrong)
        assert may(clients, FIRST, ONE), wrong
    written(path, (SECOND, OTHER))
    now += client_keys.LOOK_S
    assert not may(clients, FIRST, ONE)
    assert may(clients, SECOND, OTHER)


def test_lines_may_look_as_openssl_prints_them(tmp_path: Path) -> None:
    """Capitals and colons are digits all the same; remarks and empty lines are passed over."""
    path = tmp_path / "keys"
    path.write_text(f"# registrars\n\n{FIRST}  {ONE.hex(':').upper()}  # until May\n")
    assert client_keys.read(path) == {FIRST: {ONE}}


@pytest.mark.parametrize(
    "line", ["x", f"{FIRST}", f"{FIRST} 00", f"pp_{FIRST} {'0' * 64}", f"{FIRST} {'0' * 64} x"]
)
def test_a_wrong_line_is_named_by_its_number(tmp_path: Path, line: str) -> None:
    """The sentence does not repeat the line, which may hold a key by mistake."""
    path = tmp_path / "keys"
    path.write_text(f"\n{line}\n")
    with pytest.raises(Unavailable, match="client_keys") as fault:
        client_keys.read(path)
    assert f"Line 2 of {path}" in fault.value.detail
    assert FIRST not in fault.value.detail


def settings(base: Path, **changed: str) -> Settings:
    """Settings of a listener with TLS, all of whose files are there."""
    authority = Authority(base / "authority")
    leaf = authority.leaf("api.registrar.example", is_server=True)
    flags: dict[str, object] = {
        "data_dir": str(base / "data"),
        "api_tls_listen": "127.0.0.1:0",
        "api_tls_cert": str(leaf.certificate),
        "api_tls_key": str(leaf.key),
        "api_client_ca": str(authority.certificate),
        "api_client_keys": str(base / "keys"),
        **changed,
    }
    return read(config=None, environ={}, flags=flags)


def test_a_listener_wants_all_of_its_files(tmp_path: Path) -> None:
    """Each that is not set is told by name; each that can not be read as well."""
    assert api_tls.context(settings(tmp_path)) is not None
    with pytest.raises(InvalidInput, match="invalid_settings") as fault:
        read(config=None, environ={}, flags={"api_tls_listen": "127.0.0.1:0"})
    assert fault.value.detail.count("needed with api_tls_listen") == 4
    gone = str(tmp_path / "gone")
    for name, says in (
        ("api_tls_cert", "api_tls_cert and api_tls_key"),
        ("api_tls_key", "api_tls_cert and api_tls_key"),
        ("api_client_ca", "api_client_ca"),
    ):
        with pytest.raises(Unavailable, match="api_tls") as refused:
            api_tls.context(settings(tmp_path, **{name: gone}))
        assert says in refused.value.detail


@pytest.mark.parametrize(
    "name", ["api_tls_cert", "api_tls_key", "api_client_ca", "api_client_keys"]
)
def test_the_supervisor_hears_which_file_ends_a_start(tmp_path: Path, name: str) -> None:
    """Each file that can not be used is told by its setting's name, before anything is served."""
    (tmp_path / "keys").touch()
    broken = tmp_path / "broken"
    broken.write_text("no certificate, no key and no line\n")
    told: list[str] = []
    process: Any = SimpleNamespace(
        settings=settings(tmp_path, **{name: str(broken)}), refuse=told.append
    )
    with pytest.raises(Unavailable):
        api._certificates(process)
    assert [name in sentence for sentence in told] == [True]
