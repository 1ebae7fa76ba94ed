"""Asking registries: real servers on loopback, and every way in which they could mislead us."""

from __future__ import annotations

import dataclasses
import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from aiohttp import web

from proxy.model.identifiers import DomainName
from proxy.model.sponsor import Missed, Seen, Way
from proxy.outbound import registries
from proxy.outbound.registries import Lookups
from tests.support import registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.registry import Peer

NAME = DomainName("kaveri.example")
SEEN = Seen(
    iana_id=9999,
    way=Way.RDAP,
    registry_domain_id="D4417921-EXAMPLE",
    created_at=datetime(2021, 6, 1, 8, tzinfo=UTC),
)


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """The servers."""
    async with registry.serving() as made:
        yield made


async def test_rdap_names_the_sponsor(peer: Peer) -> None:
    """IANA id, handle and date of the domain; WHOIS is not asked then."""
    peer.rdap[NAME] = registry.rdap(NAME)
    assert await Lookups(peer.registries()).look(NAME, ()) == SEEN
    assert peer.asked == [("rdap", NAME)]


@pytest.mark.parametrize("broken", [b"<html>", b"[]" * 200_000, b""])
async def test_whois_is_asked_where_rdap_says_nothing(peer: Peer, broken: bytes) -> None:
    """Not JSON, too long, or empty: the other way gives the same facts, under its own name."""
    peer.rdap[NAME] = broken
    peer.whois[NAME] = registry.whois(NAME)
    found = await Lookups(peer.registries()).look(NAME, ())
    assert isinstance(found, Seen)
    assert (found.way, found.iana_id, found.created_at) == (Way.WHOIS, 9999, SEEN.created_at)


async def test_what_rdap_does_not_have_whois_is_not_asked_for(peer: Peer) -> None:
    """A 404 is an answer."""
    assert await Lookups(peer.registries()).look(NAME, ()) == Missed(reason="not_found")
    assert peer.asked == [("rdap", NAME)]


async def test_a_token_is_found_in_dns_and_nothing_like_it(peer: Peer) -> None:
    """The whole text of one TXT record, under the challenge's label; no answer is no no."""
    lookups = Lookups(peer.registries())
    assert await lookups.shows(NAME, "pp1-abc") is False
    peer.texts[f"_privacyproxy-challenge.{NAME}"] = ["v=spf1 -all", "pp1-abcd", "pp1-ab"]
    assert await lookups.shows(NAME, "pp1-abc") is False
    assert await lookups.shows(NAME, "pp1-abcd") is True
    assert peer.asked[-1] == ("dns", f"_privacyproxy-challenge.{NAME}")


async def test_dns_that_is_away_says_neither_yes_nor_no(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout keeps what was seen before."""
    monkeypatch.setattr(registries, "DNS_TIMEOUT_S", 0.2)
    peer.dns_port = 9  # nothing listens
    assert await Lookups(peer.registries()).shows(NAME, "pp1-abc") is None


async def test_an_unlisted_registry_is_not_asked(peer: Peer) -> None:
    """A top-level domain that the operator's file lacks has no server."""
    found = await Lookups(peer.registries()).look(DomainName("kaveri.other"), ())
    assert found == Missed(reason="no_registry")
    assert peer.asked == []


async def test_addresses_of_our_own_are_refused(peer: Peer) -> None:
    """Loopback is asked only while the file says that a registry is there."""
    known = peer.registries()
    peer.rdap[NAME] = registry.rdap(NAME)
    peer.whois[NAME] = registry.whois(NAME)
    closed = dataclasses.replace(known, networks=())
    found = await Lookups(closed).look(NAME, ())
    assert found == Missed(reason="unreachable")
    assert peer.asked == []


async def test_a_name_that_resolves_to_our_own_addresses_is_refused(peer: Peer) -> None:
    """What DNS says of a registry's host is looked at at the moment of connecting."""
    known = peer.registries()
    entry = dataclasses.replace(
        known.by_tld["example"],
        rdap_base=f"http://localhost:{peer.rdap_port}/",
        whois_host="localhost",
    )
    closed = dataclasses.replace(known, by_tld={"example": entry}, networks=())
    peer.rdap[NAME] = registry.rdap(NAME)
    assert await Lookups(closed).look(NAME, ()) == Missed(reason="unreachable")
    assert peer.asked == []
    opened = dataclasses.replace(closed, networks=known.networks)
    assert await Lookups(opened).look(NAME, ()) == SEEN


def redirect(to: str) -> web.Response:
    """A redirect."""
    return web.Response(status=302, headers={"Location": to})


@pytest.mark.parametrize(
    "to",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/domain/kaveri.example",
        "http://[::1]:{port}/domain/kaveri.example",
        "http://localhost:{port}/domain/other.example",
        "https://127.0.0.1:{port}/domain/other.example",
        "file:///etc/passwd",
        "http://user@elsewhere.example/",
        "//elsewhere.example/",
        "http://127.0.0.1:99999/",
        "",
    ],
)
async def test_redirects_lead_to_no_other_server(peer: Peer, to: str) -> None:
    """Another host, port or scheme than a configured server's is not connected to."""
    peer.rdap[NAME] = lambda: redirect(to.replace("{port}", str(peer.rdap_port)))
    peer.rdap["other.example"] = registry.rdap(NAME)
    found = await Lookups(peer.registries()).look(NAME, ())
    assert isinstance(found, Missed)
    assert {name for way, name in peer.asked if way == "rdap"} == {NAME}


async def test_redirects_within_a_server_are_followed_and_end(peer: Peer) -> None:
    """Two at most."""
    peer.rdap[NAME] = lambda: redirect("/domain/second.example")
    peer.rdap["second.example"] = registry.rdap(NAME)
    assert await Lookups(peer.registries()).look(NAME, ()) == SEEN
    peer.rdap[NAME] = lambda: redirect(f"/domain/{NAME}")
    peer.asked.clear()
    assert isinstance(await Lookups(peer.registries()).look(NAME, ()), Missed)
    assert len([one for one in peer.asked if one[0] == "rdap"]) == 3


async def test_what_is_packed_is_not_unpacked(peer: Peer) -> None:
    """A small answer that would become a large one is no answer."""
    bomb = gzip.compress(b" " * 50_000_000)
    peer.rdap[NAME] = lambda: web.Response(body=bomb, headers={"Content-Encoding": "gzip"})
    found = await Lookups(peer.registries()).look(NAME, ())
    assert isinstance(found, Missed)


async def test_a_server_that_says_nothing_costs_seconds(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look ends in time."""
    monkeypatch.setattr(registries, "TIMEOUT_S", 0.2)
    peer.slow_s = 5.0
    peer.rdap[NAME] = registry.rdap(NAME)
    assert isinstance(await Lookups(peer.registries()).look(NAME, ()), Missed)


async def test_a_whois_answer_without_end_is_cut(peer: Peer) -> None:
    """No more than the limit is kept."""
    peer.rdap[NAME] = b"x"
    peer.whois[NAME] = "x" * 1_000_000 + registry.whois(NAME)
    assert await Lookups(peer.registries()).look(NAME, ()) == Missed(reason="too_long")


async def test_nothing_of_a_person_is_kept(peer: Peer) -> None:
    """What a look gives holds no word of the registrant in either answer."""
    peer.rdap[NAME] = registry.rdap(NAME)
    found = [await Lookups(peer.registries()).look(NAME, ())]
    peer.rdap[NAME] = b"x"
    peer.whois[NAME] = registry.whois(NAME)
    found.append(await Lookups(peer.registries()).look(NAME, ()))
    assert "Zqmark" not in repr(found)
    assert json.dumps(peer.whois).count("Zqmark") == 1
