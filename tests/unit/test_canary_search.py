"""The canary search itself: a search that can not find proves nothing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import urllib.parse
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.support import canary

if TYPE_CHECKING:
    from collections.abc import Callable

PERSON = canary.contact("proxy", "registrant")
MARKERS = canary.values(PERSON)
NOISE = bytes(range(256)) * 8

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda t: t.encode(),
    "upper case": lambda t: t.upper().encode(),
    "utf-16-le": lambda t: t.encode("utf-16-le"),
    "utf-16-be": lambda t: t.encode("utf-16-be"),
    "hex": lambda t: t.encode().hex().encode(),
    "utf-16 in hex": lambda t: t.encode("utf-16-be").hex().encode(),
    "hex in capitals": lambda t: t.encode().hex().upper().encode(),
    "base64": lambda t: base64.b64encode(t.encode()),
    "base64, one octet on": lambda t: base64.b64encode(b"x" + t.encode()),
    "base64, two octets on": lambda t: base64.b64encode(b"xy" + t.encode()),
    "base64url": lambda t: base64.urlsafe_b64encode(t.encode() * 3),
    "utf-16 in base64": lambda t: base64.b64encode(t.encode("utf-16")),
    "percent": lambda t: urllib.parse.quote(t).encode(),
    "json": lambda t: json.dumps({"name": t}).encode(),
    "json in json": lambda t: json.dumps(json.dumps(t)).encode(),
    "gzip": lambda t: gzip.compress(t.encode() + b" " * 50),
    "zlib": lambda t: zlib.compress(t.encode() + b" " * 50),
    "long gzip": lambda t: gzip.compress(bytes(range(256)) * 4000 + t.encode()),
    "gzip in base64": lambda t: base64.b64encode(gzip.compress(t.encode())),
    "base64 in gzip": lambda t: gzip.compress(base64.b64encode(t.encode())),
    "gzip in gzip": lambda t: gzip.compress(gzip.compress(t.encode())),
    "python repr": lambda t: repr(t.encode()).encode(),
    "mojibake": lambda t: t.encode().decode("latin-1").encode(),
    "backwards": lambda t: t[::-1].encode(),
}


@pytest.mark.parametrize("way", ENCODINGS)
@pytest.mark.parametrize(
    "field", ["name", "organization", "city", "state", "phone", "fax", "email"]
)
def test_search_finds_a_field_in_every_disguise(field: str, way: str) -> None:
    """A marker between other octets is found, however it is encoded."""
    data = NOISE + ENCODINGS[way](PERSON[field]) + NOISE
    assert canary.Search(MARKERS).scan(data)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
@pytest.mark.parametrize("field", ["name", "email"])
def test_search_finds_unkeyed_digests(field: str, algorithm: str) -> None:
    """A digest that anybody could compute from a guess is found, raw, in hex and in base64."""
    search = canary.Search(MARKERS)
    raw = hashlib.new(algorithm, PERSON[field].encode(), usedforsecurity=False).digest()
    folded = hashlib.new(algorithm, PERSON[field].upper().encode(), usedforsecurity=False)
    for data in (raw, raw.hex().encode(), base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
        assert search.scan(NOISE + data + NOISE)
    assert search.scan(NOISE + folded.digest() + NOISE)


def test_search_finds_punycode() -> None:
    """A name that became a label of a host name is found."""
    word = PERSON["name"].split()[0]
    data = b"xn--" + word.encode("punycode") + b".example"
    assert [find.disguise for find in canary.Search(MARKERS).scan(data)] == ["punycode"]


def test_search_finds_nothing_in_noise() -> None:
    """Octets without a marker give no find."""
    assert canary.Search(MARKERS).scan(NOISE * 64) == []


def test_what_may_be_seen_hides_nothing_beside_it() -> None:
    """An allowed value is no find, and a forbidden one next to it still is."""
    search = canary.Search(MARKERS, apart=[PERSON["name"]])
    assert search.scan(PERSON["name"].encode()) == []
    assert search.scan(f"{PERSON['name']} {PERSON['city']}".encode())


def test_an_allowed_name_may_be_cut_off_and_nobody_elses() -> None:
    """A row that another was written over keeps the beginning of a value: it is still allowed."""
    search = canary.Search(MARKERS, apart=[PERSON["name"]])
    first, second = PERSON["name"].split(" ")
    assert search.scan(f"{first} {second[:-3]}\0".encode()) == []
    assert search.scan(f"{first} {second[:-3]}\0{PERSON['city']}".encode())
    other = canary.contact("proxy", "tech")["name"]
    assert search.scan(other[:-3].encode())
    assert search.scan(second[:-3].encode())


def test_every_free_field_is_marked() -> None:
    """No text field of a contact goes without a marker, and markers differ by mode and role."""
    for mode in canary.MODES:
        for role, person in canary.contacts(mode).items():
            for field, value in person.items():
                if field not in canary.UNMARKED:
                    assert canary.values(value), (role, field)
    names = {canary.contact(m, r)["name"] for m in ("proxy", "privacy") for r in canary.ROLES}
    assert len(names) == 8
