"""The shared rate limit table: one count per client, protocol and host."""

from __future__ import annotations

import ipaddress
import multiprocessing
from typing import TYPE_CHECKING

import pytest

from proxy.apps.throttle import KEY_OCTETS, SLOTS, Table, Throttle
from proxy.errors import InvalidInput, Unavailable
from proxy.rules.throttling import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND = 1_000_000_000
THREE_A_MINUTE = Limit(count=3, period_s=60)


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    """A table in a file of its own."""
    table = Table(tmp_path / "throttle", bytes(KEY_OCTETS))
    yield table
    table.close()


def test_a_client_gets_count_at_once_then_waits(table: Table) -> None:
    """Three of three a minute pass at once; the fourth is told to wait for one interval."""
    throttle = Throttle(table, "whois", THREE_A_MINUTE)
    assert [throttle.allow("192.0.2.1", SECOND) for _ in range(5)] == [0, 0, 0, 20, 20]
    assert throttle.allow("192.0.2.1", 12 * SECOND) == 9
    assert throttle.allow("192.0.2.1", 21 * SECOND) == 0


def test_clients_and_protocols_are_counted_apart(table: Table) -> None:
    """Another address, and the same address under another protocol, have limits of their own."""
    whois = Throttle(table, "whois", Limit(count=1, period_s=60))
    rdap = Throttle(table, "rdap", Limit(count=1, period_s=60))
    assert whois.allow("192.0.2.1", SECOND) == 0
    assert whois.allow("192.0.2.1", SECOND) > 0
    assert whois.allow("192.0.2.2", SECOND) == 0
    assert rdap.allow("192.0.2.1", SECOND) == 0


def test_an_ipv6_client_is_its_slash_64(table: Table) -> None:
    """Addresses of one /64 share a limit, the next /64 does not; scope ids do not matter."""
    throttle = Throttle(table, "whois", THREE_A_MINUTE)
    assert throttle.slot("2001:db8::1") == throttle.slot("2001:db8::ffff:1")
    assert throttle.slot("2001:db8::1") != throttle.slot("2001:db8:0:1::1")
    assert throttle.slot("fe80::1%eth0") == throttle.slot("fe80::2")


def test_a_mapped_ipv4_address_is_the_ipv4_address(table: Table) -> None:
    """A dual-stack listener does not give an IPv4 client a second limit, nor all of them one."""
    throttle = Throttle(table, "whois", THREE_A_MINUTE)
    assert throttle.slot("::ffff:192.0.2.1") == throttle.slot("192.0.2.1")
    assert throttle.slot("::ffff:192.0.2.1") != throttle.slot("::ffff:192.0.2.2")
    assert throttle.slot(ipaddress.ip_address("192.0.2.1").packed) == throttle.slot("192.0.2.1")


def test_exempt_networks_are_never_refused(table: Table) -> None:
    """A client of an exempt network passes however often it asks; its neighbour does not."""
    exempt = (ipaddress.ip_network("192.0.2.0/31"), ipaddress.ip_network("2001:db8::/64"))
    throttle = Throttle(table, "whois", Limit(count=1, period_s=60), exempt)
    for client in ("192.0.2.1", "::ffff:192.0.2.0", "2001:db8::7"):
        assert [throttle.allow(client, SECOND) for _ in range(3)] == [0, 0, 0]
    assert throttle.allow("192.0.2.2", SECOND) == 0
    assert throttle.allow("192.0.2.2", SECOND) > 0


def test_without_a_limit_everything_passes(table: Table) -> None:
    """`off` counts nothing."""
    throttle = Throttle(table, "whois", None)
    assert {throttle.allow("192.0.2.1", SECOND) for _ in range(100)} == {0}
    assert not any(table.slots)


@pytest.mark.parametrize(
    "client", ["", "host.example", "1.2.3", "12345::", "\x00", "1.2.3.4\n", b"12345"]
)
def test_what_is_no_address_is_invalid(table: Table, client: str | bytes) -> None:
    """Anything but an address is InvalidInput, and is not repeated in the error."""
    throttle = Throttle(table, "whois", THREE_A_MINUTE)
    with pytest.raises(InvalidInput) as refused:
        throttle.allow(client, SECOND)
    assert str(refused.value) == "client_address"


def _ask(path: Path, asked: int, answers: multiprocessing.Queue[list[int]]) -> None:
    """Ask `asked` times in a process of its own."""
    throttle = Throttle(Table(path, b"k" * KEY_OCTETS), "whois", Limit(count=10, period_s=60))
    answers.put([throttle.allow("192.0.2.1", SECOND) for _ in range(asked)])


def test_two_processes_share_one_count(tmp_path: Path) -> None:
    """What one worker counted the next one knows, whoever made the file and with whatever key."""
    path = tmp_path / "throttle"
    throttle = Throttle(Table(path, bytes(KEY_OCTETS)), "whois", Limit(count=10, period_s=60))
    assert [throttle.allow("192.0.2.1", SECOND) for _ in range(4)] == [0] * 4
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[list[int]] = context.Queue()
    worker = context.Process(target=_ask, args=(path, 8, answers))
    worker.start()
    theirs = answers.get(timeout=30)
    worker.join()
    assert [wait == 0 for wait in theirs] == [True] * 6 + [False] * 2
    assert throttle.allow("192.0.2.1", SECOND) > 0


def test_the_file_holds_no_address(tmp_path: Path) -> None:
    """Of a client only one of 2^20 slots changes, and the slot holds a time."""
    path = tmp_path / "throttle"
    table = Table(path, b"k" * KEY_OCTETS)
    before = path.read_bytes()
    assert Throttle(table, "whois", THREE_A_MINUTE).allow("192.0.2.1", SECOND) == 0
    used = [index for index in range(SLOTS) if table.slots[index]]
    assert [table.slots[index] for index in used] == [21 * SECOND]
    assert path.stat().st_size == len(before)
    assert path.stat().st_mode & 0o077 == 0
    table.close()


def test_a_damaged_file_stops_the_start(tmp_path: Path) -> None:
    """A limiter that can not be read is no limiter: Unavailable, never `no limit`."""
    path = tmp_path / "throttle"
    path.write_bytes(b"short")
    with pytest.raises(Unavailable):
        Table(path, bytes(KEY_OCTETS))
    path.write_bytes(bytes(64 + 8 * SLOTS))
    with pytest.raises(Unavailable):
        Table(path, bytes(KEY_OCTETS))
    with pytest.raises(Unavailable):
        Table(tmp_path / "missing" / "throttle", bytes(KEY_OCTETS))
