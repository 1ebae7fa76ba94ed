"""The root key in its file: open, or wrapped with a key from a pass phrase (Argon2id, AES-KW).

Each file says whose root it holds by the root's check value, so that the right one of two is
found without a pass phrase. A change puts the new file beside the old one first; whoever reads
next finishes it or undoes it. Wrong phrases and damaged files change nothing.
Source: vault.md, Keys; FORMAT.md, Key file; RFC 9106 (Argon2), RFC 3394 (AES-KW).
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from proxy.errors import InvalidInput, Unavailable
from proxy.vault import files, primitives
from proxy.vault.passwords import Cost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME: Final = "root.key"
NEXT_NAME: Final = "root.key.next"
SALT_OCTETS: Final = 16  # RFC 9106 s3.1
LEAST_CHARACTERS: Final = 20  # of a new pass phrase: whoever has the file guesses at leisure
LEAST_DIFFERENT: Final = 8  # characters, so that one key held down is none
MOST_OCTETS: Final = 1024  # nobody types more; protects the reader of a wrong file
COST: Final = Cost(memory_kib=262_144, passes=3)
"""256 MiB and three passes, on one lane: four times what a staff password costs, some 0.8 s on a
small server. Paid twice at a start and once when the vault comes back, never while serving."""

_OPEN_WORD: Final = "privacyproxy-root-v1"
_WRAPPED_WORD: Final = "privacyproxy-root-argon2id-v1"
_LIMIT_OCTETS: Final = 4096
_COST_FORM: Final = re.compile(r"m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})")
_CEILING: Final = Cost(memory_kib=4 << 20, passes=64, lanes=16)  # a damaged file's memory


class Provider(StrEnum):
    """How the root key is kept: values of the setting root_provider."""

    FILE = "file"
    PASSPHRASE = "passphrase"  # noqa: S105 - a word of a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How the operator wants the root kept, and the pass phrase that opens it, if there is one."""

    provider: Provider = Provider.FILE
    phrase: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """What a pass phrase comes to: the key that wraps, and how it is made again."""

    cost: Cost
    salt: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """The root key, opened; `wrapping` is None where its file holds it open."""

    key: bytes = field(repr=False)
    wrapping: Wrapping | None = None

    @property
    def provider(self) -> Provider:
        """How its file keeps it."""
        return Provider.FILE if self.wrapping is None else Provider.PASSPHRASE


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A root's file, parsed: `content` is the root itself, or the wrapped root of 40 octets."""

    path: Path
    check: bytes
    content: bytes = field(repr=False)
    cost: Cost | None = None
    salt: bytes = b""

    @property
    def provider(self) -> Provider:
        """How it keeps the root."""
        return Provider.FILE if self.cost is None else Provider.PASSPHRASE

    def open(self, phrase: str | None) -> Root:
        """The root; Unavailable `root_passphrase` when there is no phrase, or a wrong one."""
        if self.cost is None:
            return Root(key=self.content)
        if phrase is None:
            raise Unavailable(
                "root_passphrase",
                f'{self.path} is wrapped with a pass phrase: set root_provider = "passphrase".',
            )
        wrapping = _stretched(phrase, self.salt, self.cost)
        try:
            key = keywrap.aes_key_unwrap(wrapping.key, self.content)
        except (keywrap.InvalidUnwrap, ValueError):
            key = b""
        if not primitives.is_equal(check_of(key), self.check):
            raise Unavailable(
                "root_passphrase",
                f"The pass phrase does not open {self.path}: give the right one, or put the"
                " file back if it is damaged. Nothing was changed.",
            )
        return Root(key=key, wrapping=wrapping)


def check_of(root: bytes) -> bytes:
    """What tells one root key from another without giving it away: 8 octets of an HMAC."""
    return primitives.mac(root, b"pp-root-check-v1")[:8]


def new(wanted: Wanted, random: Callable[[int], bytes]) -> Root:
    """A root of fresh octets, kept as wanted."""
    return kept_as(Root(key=random(primitives.KEY_OCTETS)), wanted, random)


def kept_as(root: Root, wanted: Wanted, random: Callable[[int], bytes]) -> Root:
    """The same root under a new phrase, or open. InvalidInput `root_passphrase_weak`."""
    if wanted.provider is Provider.FILE:
        return dataclasses.replace(root, wrapping=None)
    phrase = wanted.phrase or ""
    if len(phrase) < LEAST_CHARACTERS or len(set(phrase)) < LEAST_DIFFERENT:
        raise InvalidInput(
            "root_passphrase_weak",
            f"A pass phrase of the root key has at least {LEAST_CHARACTERS} characters, such as"
            " six words that dice have chosen. Nothing was changed.",
        )
    # A fresh salt for each phrase: a table of guesses made before it is worth nothing.
    wrapping = _stretched(phrase, random(SALT_OCTETS), COST)
    return dataclasses.replace(root, wrapping=wrapping)


def parse(path: Path) -> Kept | None:
    """What a root's file holds; None when it is absent or damaged."""
    words = (files.read(path, _LIMIT_OCTETS) or b"").decode("ascii", "replace").split()
    try:
        match words:
            case [word, key] if word == _OPEN_WORD:
                content, cost, salt = bytes.fromhex(key), None, b""
                check = check_of(content)
            case [word, form, salted, checked, wrapped] if word == _WRAPPED_WORD:
                content, cost, salt = bytes.fromhex(wrapped), _cost(form), bytes.fromhex(salted)
                check = bytes.fromhex(checked)
            case _:
                return None
    except ValueError:
        return None
    # AES-KW adds eight octets (RFC 3394 s2.2.1), which say whether it was the right key.
    is_whole = len(content) == primitives.KEY_OCTETS + (0 if cost is None else 8)
    is_salted = len(salt) == (0 if cost is None else SALT_OCTETS)
    if not is_whole or not is_salted:
        return None
    return Kept(path=path, check=check, content=content, cost=cost, salt=salt)


def render(root: Root) -> bytes:
    """The file's line."""
    wrapping = root.wrapping
    if wrapping is None:
        return f"{_OPEN_WORD} {root.key.hex()}\n".encode()
    cost = f"m={wrapping.cost.memory_kib},t={wrapping.cost.passes},p={wrapping.cost.lanes}"
    # AES-KW needs no nonce. A later root under the same key shows no more than that it differs.
    wrapped = primitives.wrap(wrapping.key, root.key)
    parts = (wrapping.salt.hex(), check_of(root.key).hex(), wrapped.hex())
    return f"{_WRAPPED_WORD} {cost} {' '.join(parts)}\n".encode()


def fitting(vault: Path, check: bytes) -> tuple[Kept, ...]:
    """The files that hold the root of that check value; Unavailable when there is none.

    Two of them are the old and the new wrapping of one root, of a change that was cut short.
    """
    found = (parse(vault / name) for name in (NAME, NEXT_NAME))
    kept = tuple(one for one in found if one is not None and primitives.is_equal(one.check, check))
    if kept:
        return kept
    if not (vault / NAME).exists():
        raise Unavailable("root_missing", f"The root key {vault / NAME} is missing: put it back.")
    raise Unavailable(
        "root_foreign",
        f"{vault / NAME} is not the root key of this vault, whose check value is"
        f" {check.hex()}: put the right file back.",
    )


def read(vault: Path, check: bytes, phrase: str | None = None, *, repair: bool = True) -> Root:
    """The root of that check value; finishes a change that a crash cut short.

    Between two wrappings of one root the phrase decides: whichever of them it opens stays.
    """
    fault: Unavailable | None = None
    for kept in fitting(vault, check):
        try:
            root = kept.open(phrase)
        except Unavailable as refused:
            fault = fault or refused
            continue
        if repair:
            for name in (NAME, NEXT_NAME):
                files.sweep(vault / name)
            finish_change(vault, keep_next=kept.path.name == NEXT_NAME)
        return root
    raise fault or Unavailable("root_missing")


def place_next(vault: Path, root: Root) -> None:
    """First step of a change: the new file, durable beside the old one."""
    files.write(vault / NEXT_NAME, render(root))


def finish_change(vault: Path, *, keep_next: bool = True) -> None:
    """Last step: the new file takes the old one's place, or an unused new one goes."""
    following = vault / NEXT_NAME
    if not following.exists():
        return
    if not keep_next:
        files.destroy(following)
        return
    content = files.read(following, _LIMIT_OCTETS) or b""
    files.destroy(vault / NAME)
    files.write(vault / NAME, content)
    files.destroy(following)


def _cost(form: str) -> Cost:
    found = _COST_FORM.fullmatch(form)
    if found is None:
        raise ValueError(form)
    memory, passes, lanes = map(int, found.groups())
    is_possible = (
        0 < lanes <= _CEILING.lanes
        and 0 < passes <= _CEILING.passes
        and 8 * lanes <= memory <= _CEILING.memory_kib  # RFC 9106 s3.1
    )
    if not is_possible:
        raise ValueError(form)
    return Cost(memory_kib=memory, passes=passes, lanes=lanes)


def _stretched(phrase: str, salt: bytes, cost: Cost) -> Wrapping:
    """The wrapping key of a phrase. Slows a guess down; a phrase that is guessed opens all."""
    # Composed, since keyboards differ in how they write é (RFC 8265 s4.2.2).
    octets = unicodedata.normalize("NFC", phrase).encode(errors="surrogatepass")
    try:
        key = Argon2id(
            salt=salt,
            length=primitives.KEY_OCTETS,
            iterations=cost.passes,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(octets)
    except MemoryError:
        raise Unavailable(
            "root_memory",
            f"The pass phrase of the root key needs {cost.memory_kib >> 10} MiB of memory for a"
            " moment, which this machine does not give.",
        ) from None
    return Wrapping(cost=cost, salt=salt, key=key)
