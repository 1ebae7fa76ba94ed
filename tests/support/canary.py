"""Marker strings for every contact field, and a search that finds them in any disguise.

A flow is run with these markers as its persons; afterwards nothing that left the vault may hold
one, in whatever encoding. All markers share a few cores, so that the search stays fast over a
hundred megabytes of database files; digests have no core and are searched for whole.

The database's own compression of long values hides text from a search over its files; those values
are seen by the search over its tables (flows/test_canaries.py does both).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import urllib.parse
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LATIN = "qz7kvxwj4h"
CYRILLIC = "жщцкъвфхыя"
DIGITS = "3073194028"
EXTENSION = "90731948"
CORES = (LATIN, CYRILLIC, DIGITS, EXTENSION)

MODES = {"proxy": "px", "privacy": "pv", "redacted": "rd", "published": "pb"}
ROLES = ("registrant", "admin", "tech", "billing")
# Fields that can not hold a marker: `country` and `language` are codes out of a short list.
UNMARKED = {"country": "NO", "language": "nb"}
ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
DEEPEST = 3  # a gzip in base64 in a gzip is looked into, no further
LONGEST_UNPACKED = 32 * 2**20  # octets; protects the test against a bomb it made itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """What the search saw: which marker, in which disguise, and the octets around it."""

    marker: str
    disguise: str
    context: bytes


def contact(mode: str, role: str) -> dict[str, Any]:
    """A whole contact in the API's form, every free field a marker of its own."""
    tag = f"{MODES[mode]}{role[:2]}"
    number = 10 * tuple(MODES).index(mode) + ROLES.index(role) + 10
    return {
        "name": f"{CYRILLIC}{tag} {LATIN}nm{tag}",
        "organization": f"{LATIN}og{tag} {CYRILLIC} AS",
        "street": [f"{LATIN}sa{tag} 1", f"{CYRILLIC}sb{tag}"],
        "city": f"{LATIN}ct{tag}",
        "state": f"{LATIN}st{tag}",
        "postal_code": LATIN,
        "phone": f"+49.{DIGITS}{number}",
        "phone_ext": EXTENSION,
        "fax": f"+47.{DIGITS}{number}",
        "fax_ext": EXTENSION,
        "email": f"{LATIN}lp{tag}@{LATIN}dm{tag}.example",
        **UNMARKED,
    }


def contacts(mode: str) -> dict[str, Any]:
    """Four different contacts in the API's form."""
    return {role: contact(mode, role) for role in ROLES}


def values(body: object) -> frozenset[str]:
    """Every text of `body` that holds a core."""
    if isinstance(body, str):
        return frozenset({body}) if any(core in body for core in CORES) else frozenset()
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return frozenset().union(*(values(part) for part in inner))


def _base64_forms(text: bytes) -> Iterator[tuple[str, bytes]]:
    # At each of the three offsets only the characters that depend on `text` alone are kept.
    for offset in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            coded = encode(b"\0" * offset + text).rstrip(b"=")
            whole = (len(text) + offset) * 8 // 6
            yield f"{name} at {offset}", coded[(offset * 8 + 5) // 6 : whole]


def disguises(core: str) -> Iterator[tuple[str, bytes]]:
    """Every way in which `core` may stand in text or bytes, with the name of the way.

    What is compared without regard to case is given in lower case; base64 is exact.
    """
    plain = core.encode()
    yield "plain", plain
    yield "utf-16-le", core.encode("utf-16-le")
    yield "utf-16-be", core.encode("utf-16-be")
    yield "hex", plain.hex().encode()
    yield "utf-16-le in hex", core.encode("utf-16-le").hex().encode()
    yield "utf-16-be in hex", core.encode("utf-16-be").hex().encode()
    yield "percent", urllib.parse.quote(core, safe="").lower().encode()
    yield "percent of every octet", "".join(f"%{octet:02x}" for octet in plain).encode()
    yield "json escapes", "".join(f"\\u{ord(letter):04x}" for letter in core).encode()
    yield "doubled json escapes", "".join(f"\\\\u{ord(letter):04x}" for letter in core).encode()
    yield "utf-8 taken for latin-1", plain.decode("latin-1").lower().encode()
    yield "sql octal escapes", "".join(f"\\{octet:03o}" for octet in plain).encode()
    yield "python escapes", "".join(f"\\x{octet:02x}" for octet in plain).encode()
    yield "backwards", core[::-1].encode()
    for name, coded in _base64_forms(plain):
        yield name, coded
    for name, coded in _base64_forms(core.encode("utf-16-le")):
        yield f"utf-16 in {name}", coded


def _digests(value: str) -> Iterator[tuple[str, bytes]]:
    for name in ALGORITHMS:
        raw = hashlib.new(name, value.encode(), usedforsecurity=False).digest()
        yield name, raw
        yield f"{name} in hex", raw.hex().encode()
        yield f"{name} in base64", base64.b64encode(raw).rstrip(b"=")
        yield f"{name} in base64url", base64.urlsafe_b64encode(raw).rstrip(b"=")


def _cuts(values: Iterable[str]) -> frozenset[str]:
    """The values, and those of two words also cut off in the second: the first says whose it is.

    A page of a database keeps the beginning of a row that another one was written over.
    """
    found = set()
    for value in values:
        first = value.find(" ")
        ends = range(first + 2, len(value)) if first > 0 else ()
        found |= {value, *(value[:end] for end in ends)}
    return frozenset(found)


class Search:
    """Finds markers. `markers` are the whole values, `apart` those that may be seen.

    What may be seen is taken out of the text before the search, so that it can not hide
    anything beside it.
    """

    def __init__(
        self,
        markers: Iterable[str],
        apart: Iterable[str] = (),
        cores: Iterable[str] = CORES,
    ) -> None:
        """Prepare every pattern once."""
        self._apart = [
            form
            for value in sorted(_cuts(apart), key=len, reverse=True)
            for form in (value.encode(), json.dumps(value)[1:-1].encode())
        ]
        self._exact: list[tuple[str, str, bytes]] = []
        self._folded: list[tuple[str, str, bytes]] = []
        self._written: dict[bytes, tuple[str, str]] = {}
        for core in cores:
            for name, pattern in disguises(core):
                kept = self._exact if "base64" in name else self._folded
                kept.append((core, name, pattern))
        for value in sorted(markers):
            if value.startswith(CYRILLIC) or "@" in value:  # names and e-mail: what is indexed
                self._add_whole(value)

    def _add_whole(self, value: str) -> None:
        for word in re.split(r"[\s@.]+", value):
            if not word.isascii():
                self._folded.append((value, "punycode", b"xn--" + word.encode("punycode").lower()))
        for form in {value, value.lower(), value.upper()}:
            for name, digest in _digests(form):
                if name in ALGORITHMS:
                    self._exact.append((value, name, digest))
                else:
                    self._written[digest] = (value, name)

    def _written_digests(self, data: bytes) -> Iterator[tuple[str, str, int, int]]:
        # One pass over the runs of text that are long enough, instead of one per digest.
        for run in _RUN.finditer(data):
            for length in _DIGEST_LENGTHS:
                for at in range(run.start(), min(run.end(), run.start() + 4096) - length + 1):
                    piece = data[at : at + length]
                    known = self._written.get(piece) or self._written.get(piece.lower())
                    if known:
                        yield *known, at, length

    def scan(self, data: bytes, depth: int = DEEPEST) -> list[Find]:
        """Every marker in `data` and in what is packed inside it."""
        for value in self._apart:
            data = data.replace(value, b"")
        found = []
        for haystack, patterns in ((data, self._exact), (data.lower(), self._folded)):
            for marker, disguise, pattern in patterns:
                at = haystack.find(pattern)
                if at >= 0:
                    around = data[max(0, at - 60) : at + len(pattern) + 60]
                    found.append(Find(marker=marker, disguise=disguise, context=around))
        for marker, disguise, at, length in self._written_digests(data):
            around = data[max(0, at - 60) : at + length + 60]
            found.append(Find(marker=marker, disguise=disguise, context=around))
        if depth:
            for how, inner in unpacked(data):
                found += [
                    Find(marker=f.marker, disguise=f"{f.disguise} in {how}", context=f.context)
                    for f in self.scan(inner, depth - 1)
                ]
        return found

    def scan_all(self, surfaces: Mapping[str, bytes]) -> list[str]:
        """One line for every marker of every surface."""
        return [
            f"{surface}: {find.marker} ({find.disguise}) {find.context!r}"
            for surface, data in surfaces.items()
            for find in self.scan(data)
        ]


_RUN = re.compile(rb"[A-Za-z0-9+/_-]{22,}")
# md5, sha1, sha256, sha512: in base64 without padding, then in hex.
_DIGEST_LENGTHS = (22, 27, 43, 86, 32, 40, 64, 128)
_GZIP = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
# base64 of a gzip or zlib head.
_PACKED_TEXT = re.compile(rb"(?:H4sI|eJ|eN|eA|eF)[A-Za-z0-9+/_-]{16,}={0,2}")


def _inflate(data: bytes, window_bits: int) -> bytes:
    machine = zlib.decompressobj(window_bits)
    try:
        return machine.decompress(data, LONGEST_UNPACKED)
    except zlib.error:
        return b""


def unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Everything that was packed by gzip or zlib inside `data`, bare or in base64."""
    view = memoryview(data)
    for head, window_bits, how in ((_GZIP, 31, "gzip"), (_ZLIB, 15, "zlib")):
        for match in head.finditer(data):
            inner = _inflate(bytes(view[match.start() : match.start() + 2**16]), window_bits)
            if len(inner) >= 2**16:  # a long one: unpack it to its end
                inner = _inflate(bytes(view[match.start() :]), window_bits)
            if len(inner) >= len(EXTENSION):
                yield how, inner
    for match in _PACKED_TEXT.finditer(data):
        text = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        try:
            yield "base64", base64.b64decode(text[: len(text) // 4 * 4] + _tail(text))
        except binascii.Error:
            continue


def _tail(text: bytes) -> bytes:
    rest = text[len(text) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
