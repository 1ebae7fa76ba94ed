"""Settings: TOML, then variables, then flags; every fault at once; no values in messages."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from proxy import settings
from proxy.errors import InvalidInput
from proxy.settings import Address, RateLimit, Settings

if TYPE_CHECKING:
    from pathlib import Path


def _read(
    config: Path | None = None,
    environ: dict[str, str] | None = None,
    **flags: object,
) -> Settings:
    return settings.read(config=config, environ=environ or {}, flags=flags)


def test_later_sources_win(tmp_path: Path) -> None:
    """A flag beats a variable, a variable beats the file, the file beats the default."""
    file = tmp_path / "settings.toml"
    file.write_text('edge_workers = 3\ndrain_s = 3\nlisten_backlog = 3\nports = "auto"\n')
    found = _read(
        file,
        {"PRIVACYPROXY_DRAIN_S": "4", "PRIVACYPROXY_LISTEN_BACKLOG": "4"},
        listen_backlog=5,
        ports=None,
    )
    assert (found.edge_workers, found.drain_s, found.listen_backlog) == (3, 4, 5)
    assert found.ports == "auto"
    assert found.retention_days == 540


def test_key_directory_lies_beside_the_data_directory(tmp_path: Path) -> None:
    """Without --key-dir the keys lie in DIR.keys, never inside DIR."""
    found = _read(data_dir=str(tmp_path / "data"))
    assert found.key_dir == tmp_path / "data.keys"
    assert _read(data_dir="x", key_dir=str(tmp_path)).key_dir == tmp_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [("off", None), ("60/60", RateLimit(requests=60, seconds=60))],
)
def test_a_rate_is_n_per_seconds_or_off(text: str, expected: RateLimit | None) -> None:
    """`N/seconds` and `off` are rates (contract, Settings)."""
    assert _read(None, {"PRIVACYPROXY_WHOIS_RATE_LIMIT": text}).whois_rate_limit == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WHOIS_RATE_LIMIT", "60"),
        ("WHOIS_RATE_LIMIT", "0/60"),
        ("WHOIS_RATE_LIMIT", "-1/60"),
        ("APPROVALS_RATE_LIMIT", "120"),
        ("EDGE_WORKERS", "many"),
        ("EDGE_WORKERS", "-1"),
        ("TRUSTED_PROXIES", "192.0.2.0/99"),
        ("WHOIS_LISTEN", "localhost:43"),
        ("WHOIS_LISTEN", "127.0.0.1"),
        ("WHOIS_LISTEN", "127.0.0.1:65536"),
        ("DATABASE_URL", "mysql://db/x"),
        ("DATABASE_URL", "postgresql://user:secretword@db/x"),
        ("RDAP_BASE_URL", "ftp://x.example"),
        ("PORTS", "any"),
        ("RDAP_TLS_CERT", "/cert.pem"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(name: str, value: str) -> None:
    """A value out of shape is refused by the setting's name; the value stays out of the message."""
    with pytest.raises(InvalidInput) as caught:
        _read(None, {f"PRIVACYPROXY_{name}": value})
    assert caught.value.code == "invalid_settings"
    assert caught.value.faults[0].pointer.startswith(f"/{name.lower().removesuffix('cert')}")
    assert "secretword" not in caught.value.detail


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """A file with three faults is refused once, with three faults."""
    file = tmp_path / "settings.toml"
    file.write_text('edge_workers = "x"\nno_such_setting = 1\ndrain_s = true\n')
    with pytest.raises(InvalidInput) as caught:
        _read(file)
    assert {fault.pointer for fault in caught.value.faults} == {
        "/edge_workers",
        "/no_such_setting",
        "/drain_s",
    }


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    """A broken or missing settings file is an InvalidInput with its path."""
    file = tmp_path / "settings.toml"
    with pytest.raises(InvalidInput) as missing:
        _read(file)
    file.write_text("a = = b")
    with pytest.raises(InvalidInput) as broken:
        _read(file)
    assert (missing.value.code, broken.value.code) == ("config_unreadable", "config_not_toml")
    assert str(file) in missing.value.detail


def test_settings_travel_to_a_process_unchanged() -> None:
    """What a supervisor dumps as JSON is what a process loads, `off` and lists included."""
    made = _read(
        None,
        {
            "PRIVACYPROXY_WHOIS_RATE_LIMIT": "off",
            "PRIVACYPROXY_RDAP_LISTEN": "127.0.0.1:1,[::1]:2",
            "PRIVACYPROXY_RATE_LIMIT_EXEMPT": "192.0.2.0/24, 2001:db8::/32",
            "PRIVACYPROXY_DATABASE_URL": "postgresql://db.example:5432/pp?sslmode=verify-full",
        },
    )
    assert made.rdap_listen == (Address(host="127.0.0.1", port=1), Address(host="::1", port=2))
    assert len(made.rate_limit_exempt) == 2
    assert settings.load(json.loads(json.dumps(settings.dump(made)))) == made


def test_every_setting_has_a_parser() -> None:
    """The table of parsers names exactly the settings."""
    assert set(settings._PARSERS) == {each.name for each in fields(Settings)}


def test_a_misspelt_variable_is_found() -> None:
    """A PRIVACYPROXY_ variable that names no setting is reported, others are not ours."""
    environ = {"PRIVACYPROXY_EDGE_WORKER": "1", "PRIVACYPROXY_EDGE_WORKERS": "1", "PATH": "/bin"}
    assert settings.unknown_variables(environ) == ("PRIVACYPROXY_EDGE_WORKER",)
