"""WHOIS clients written by others understand the answers of the running service."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import whois

from tests.support.served import PROFILE, Served, peer_name

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.peer,
    pytest.mark.db,
    pytest.mark.xdist_group("asked"),
    pytest.mark.timeout(300),
]
MASK = PROFILE["public_contact"]


def row_of(asked: Served, mode: str) -> dict[str, Any]:
    """The sample behind a peer's name."""
    return next(row for row in asked.samples if row["domain"] == peer_name(mode))


def ask(program: str, asked: Served, *words: str) -> str:
    """What Debian's `whois` prints."""
    done = subprocess.run(
        [program, "-h", "127.0.0.1", "-p", str(asked.service.port("whois")), *words],
        capture_output=True,
        check=True,
        timeout=30,
        env={"LC_ALL": "C.UTF-8"},
    )
    return done.stdout.decode()


@pytest.mark.parametrize("mode", ["proxy", "privacy", "redacted"])
def test_debian_whois_prints_the_answer(whois_program: str, asked: Served, mode: str) -> None:
    """The program everybody has prints what the server sent, and no more."""
    printed = ask(whois_program, asked, peer_name(mode))
    sent = asked.service.whois(peer_name(mode).encode()).decode()
    assert printed.splitlines()[:20] == sent.splitlines()[:20]
    assert f"Domain Name: {peer_name(mode)}" in printed


def test_debian_whois_takes_a_name_in_letters(whois_program: str, asked: Served) -> None:
    """A name typed in its own script finds the record under its A-label."""
    row = next(row for row in asked.samples if not row["domain"].isascii())
    assert f"Internationalized Domain Name: {row['domain']}" in ask(
        whois_program, asked, row["domain"]
    )


def test_debian_whois_shows_not_found(whois_program: str, asked: Served) -> None:
    """An unknown name gives the stable first line."""
    printed = ask(whois_program, asked, "nobody-holds-this-7f3k.com")
    assert printed.splitlines()[0] == (
        "No record at this server; this does not mean the name is unregistered."
    )


@pytest.mark.parametrize("mode", ["proxy", "privacy"])
def test_pypi_whois_reads_the_record(whois_program: str, asked: Served, mode: str) -> None:
    """PyPI's whois, which runs that program, reads registrar, dates, hosts and holder."""
    port = asked.service.port("whois")
    command = f"{whois_program} -h 127.0.0.1 -p {port}"
    found = whois.query(peer_name(mode), force=True, cmd=command)
    row = row_of(asked, mode)
    assert found.name == peer_name(mode)
    assert found.creation_date.isoformat() + "Z" == row["created_at"]
    assert found.expiration_date.isoformat() + "Z" == row["registrar_expires_at"]
    assert set(found.name_servers) == {host["name"] for host in row["nameservers"]}
    assert found.registrant == MASK["organization"]
    assert found.registrant_country == MASK["country"]


@pytest.mark.parametrize("mode", ["proxy", "privacy"])
def test_asyncwhois_reads_the_record(drive: Callable[..., Any], asked: Served, mode: str) -> None:
    """Asyncwhois reads every field of the registrant, and never the person behind the mask."""
    port = str(asked.service.port("whois"))
    found = drive("asyncwhois_client", "127.0.0.1", port, peer_name(mode))["parsed"]
    row = row_of(asked, mode)
    person = row["contacts"]["registrant"]
    assert found["domain_name"] == peer_name(mode)
    assert found["registrant_organization"] == MASK["organization"]
    assert found["registrant_city"] == MASK["city"]
    assert found["registrant_zipcode"] == MASK["postal_code"]
    assert found["registrant_email"].endswith("@mask.example.net")
    assert (found["registrant_name"] == person["name"]) == (mode == "privacy")
    assert found["admin_name"].startswith("Privacy Customer ")


@pytest.mark.parametrize("mode", ["proxy", "privacy"])
def test_python_whois_reads_the_record(drive: Callable[..., Any], asked: Served, mode: str) -> None:
    """python-whois's own client and parser read names, hosts and the mask."""
    port = str(asked.service.port("whois"))
    found = drive("python_whois_parser", "127.0.0.1", port, peer_name(mode))["parsed"]
    row = row_of(asked, mode)
    assert found["domain_name"].lower() == peer_name(mode)
    assert found["org"] == MASK["organization"]
    assert found["country"] == MASK["country"]
    assert (found["name"] == row["contacts"]["registrant"]["name"]) == (mode == "privacy")
    assert {host.lower() for host in found["name_servers"]} == {
        host["name"] for host in row["nameservers"]
    }
