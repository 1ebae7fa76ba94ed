"""Hashes of staff's passwords, what staff sign, and how long whoever fails waits."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from proxy.errors import Refused, Unavailable
from proxy.model.roster import Person
from proxy.rules import slowing
from proxy.rules.slowing import CLIENT, LONGEST, PERSON, Slowness
from proxy.run.admission import client_networks
from proxy.settings import Settings
from proxy.vault import passwords, sshsig, staff_factors
from proxy.vault.passwords import COST, Argon2Passwords, Cost
from proxy.vault.staff_factors import StaffFactors
from tests.support.security_key import SshKey, armor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
NEVER = Slowness(failures=0, failed_at=START, blocked_until=START)
CHEAP = Cost(memory_kib=64, passes=1)


def counted() -> Iterator[bytes]:
    """Octets that no two calls share."""
    for at in range(2**31):
        yield hashlib.sha256(at.to_bytes(4)).digest()


@pytest.fixture
def hasher() -> Iterator[Argon2Passwords]:
    """Cheap hashes."""
    octets = counted()
    made = Argon2Passwords(lambda count: next(octets)[:count], CHEAP)
    yield made
    made.close()


async def test_a_hash_is_of_one_password(hasher: Argon2Passwords) -> None:
    """The password and no other is right, and two hashes of it are unlike."""
    first, second = await hasher.hash("kV9#tQzL2!mwXe"), await hasher.hash("kV9#tQzL2!mwXe")
    assert first != second
    assert re.fullmatch(r"\$argon2id\$v=19\$m=64,t=1,p=1\$[^$]{22}\$[^$]{43}", first)
    assert await hasher.is_right("kV9#tQzL2!mwXe", first)
    assert not await hasher.is_right("kV9#tQzL2!mwXE", first)
    assert not await hasher.is_right("", first)


async def test_composed_and_decomposed_letters_are_one(hasher: Argon2Passwords) -> None:
    """Keyboards write é in two ways; a lone surrogate is a wrong password and no error."""
    phc = await hasher.hash("caf\u00e9")
    assert await hasher.is_right("cafe\u0301", phc)
    assert not await hasher.is_right("cafe\ud800", phc)


async def test_nobody_has_no_password(hasher: Argon2Passwords) -> None:
    """Without a hash as much is worked and the answer is no."""
    with mock.patch.object(passwords, "_is_right", wraps=passwords._is_right) as work:
        assert not await hasher.is_right("anything", None)
    assert work.call_count == 1
    assert work.call_args.args[1] == hasher._nobody
    assert f"m={CHEAP.memory_kib}," in hasher._nobody


async def test_even_the_right_password_of_nobody_is_refused() -> None:
    """If the octets behind the hash of nobody were known, they would still sign nobody in."""
    made = Argon2Passwords(lambda count: b"A" * count, CHEAP)
    try:
        assert passwords._is_right(b"A" * passwords.HASH_OCTETS, made._nobody)
        assert not await made.is_right("A" * passwords.HASH_OCTETS, None)
    finally:
        made.close()


@pytest.mark.parametrize(
    "phc",
    [
        "",
        "garbage",
        "$argon2id$v=19$m=9999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "$argon2id$v=19$m=64,t=999,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
        "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
    ],
)
async def test_a_damaged_hash_is_nobodys(hasher: Argon2Passwords, phc: str) -> None:
    """No row of the database makes us fail, or work without end."""
    assert not await hasher.is_right("kV9#tQzL2!mwXe", phc)
    assert hasher.is_outdated("garbage")


def test_hashes_of_less_cost_are_outdated(hasher: Argon2Passwords) -> None:
    """Fewer passes, less memory or other lanes call for a new hash; more does not."""
    form = "$argon2id$v=19$m={},t={},p={}$AAAAAAAAAAAAAAAAAAAAAA$AAAA"
    assert not hasher.is_outdated(form.format(64, 1, 1))
    assert not hasher.is_outdated(form.format(128, 2, 1))
    assert hasher.is_outdated(form.format(32, 1, 1))
    assert hasher.is_outdated(form.format(64, 1, 4))
    assert Argon2Passwords.is_outdated(
        mock.Mock(_cost=replace(CHEAP, passes=2)), form.format(64, 1, 1)
    )


def test_the_cost_is_what_was_argued() -> None:
    """At least what OWASP asks for: 19 MiB and two passes."""
    assert COST.covers(Cost(memory_kib=19_456, passes=2))


async def test_a_queue_of_hashes_has_an_end(hasher: Argon2Passwords) -> None:
    """Beyond it callers are turned away, and later ones are served again."""
    work = [asyncio.create_task(hasher.hash("x")) for _ in range(passwords.QUEUE + 5)]
    results = await asyncio.gather(*work, return_exceptions=True)
    turned_away = [one for one in results if isinstance(one, Unavailable)]
    assert len(turned_away) == 5
    assert await hasher.hash("x")


# -- what staff sign


def test_messages_are_parted_by_use_site_and_person() -> None:
    """No two of them are one text."""
    anna, ben, nonce = Person("anna"), Person("ben"), bytes(32)
    found = {
        staff_factors.sign_in("a.example", anna, nonce),
        staff_factors.sign_in("a.example", ben, nonce),
        staff_factors.sign_in("b.example", anna, nonce),
        staff_factors.sign_in("a.example", anna, bytes(31)),
        staff_factors.sign_in("a.examplea", Person("nna"), nonce),
        staff_factors.enrolment("a.example", anna, "code"),
        staff_factors.enrolment("a.example", ben, "code"),
    }
    assert len(found) == 7
    assert {len(one) for one in found} == {32}


@pytest.mark.parametrize(
    ("url", "host", "origin"),
    [
        ("https://Desk.example", "desk.example", "https://desk.example"),
        ("https://desk.example:443/x", "desk.example", "https://desk.example"),
        ("https://desk.example:8443", "desk.example", "https://desk.example:8443"),
        ("http://127.0.0.1:4382", "127.0.0.1", "http://127.0.0.1:4382"),
        ("http://[::1]:80", "::1", "http://[::1]"),
    ],
)
def test_the_relying_party_is_the_base_addresss(url: str, host: str, origin: str) -> None:
    """Its id is the host; its one origin is written as browsers write it."""
    found = staff_factors.relying_party(url)
    assert (found.id, found.origins) == (host, (origin,))


def test_a_namespace_is_one_use() -> None:
    """A signature of staff is no vote, and a vote no signature of staff."""
    key, message = SshKey(seed=bytes(range(32))), bytes(32)
    factors = StaffFactors("https://desk.example")
    for namespace, is_ours in ((sshsig.STAFF_NAMESPACE, True), (sshsig.NAMESPACE, False)):
        text = armor(key.envelope(message, namespace=namespace))
        if is_ours:
            factors.check(key.public, text, message)
            with pytest.raises(Refused, match="signature_namespace"):
                sshsig.verify_sshsig(key.public, text, message)
        else:
            sshsig.verify_sshsig(key.public, text, message)
            with pytest.raises(Refused, match="signature_namespace"):
                factors.check(key.public, text, message)


# -- waiting


def test_free_failures_cost_nothing_and_then_waits_double() -> None:
    """Four are free; then two seconds, doubled to fifteen minutes."""
    found, waits = NEVER, []
    for _ in range(16):
        found = slowing.begun(found, START, PERSON)
        waits.append(slowing.wait_s(found, START))
    assert waits[:8] == [0, 0, 0, 0, 2, 4, 8, 16]
    assert waits[-1] == LONGEST.total_seconds()


def test_failures_are_forgotten_in_time() -> None:
    """One in each fifteen minutes of an account, one in each five of a client."""
    many = replace(NEVER, failures=6)
    after = slowing.begun(many, START + timedelta(minutes=45), PERSON)
    assert after.failures == 4
    assert slowing.begun(many, START + timedelta(minutes=45), CLIENT).failures == 1
    assert slowing.begun(many, START - timedelta(days=1), PERSON).failures == 7


def test_a_clock_set_back_locks_nobody_out() -> None:
    """Whatever stands in the row, nobody waits longer than the longest wait."""
    ahead = replace(NEVER, blocked_until=START + timedelta(days=400))
    assert slowing.wait_s(ahead, START) == LONGEST.total_seconds()
    assert slowing.wait_s(replace(NEVER, blocked_until=START + timedelta(seconds=0.1)), START) == 1


def test_a_success_takes_back_what_it_counted() -> None:
    """A client's own failures stay; an account's are gone."""
    many = replace(NEVER, failures=6, blocked_until=START + LONGEST)
    assert slowing.forgiven(many).failures == 5
    assert slowing.forgiven(NEVER).failures == 0
    cleared = slowing.cleared(many, START)
    assert (cleared.failures, slowing.wait_s(cleared, START)) == (0, 0)


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_client_is_told_by_its_network(tmp_path: Path, peer: str, expected: str) -> None:
    """An IPv6 client has a whole /64 to send from; it counts as one."""
    request = mock.Mock()
    request.transport.get_extra_info.return_value = (peer, 4)
    request.headers.getall.return_value = ()
    settings = Settings(data_dir=tmp_path, key_dir=tmp_path)
    assert client_networks(settings)(request) == expected
