"""Which passwords staff may set: one named rule per item, all faults at once. Pure.

Decides on a password that somebody presents, never keeps or repeats it; sentences hold no part of
it. Names of family and friends can not be known: a list of common names stands for them. Exact
reuse is told by hashes (services.staff.set_password). Source: casework N20, N22, N23.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from proxy.errors import Fault
from proxy.rules import password_dates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

LEAST: Final = 12  # characters (N20)
MOST: Final = 128  # characters: bounds the work of these rules; nobody types more
LEAST_BESIDE: Final = 8  # characters beside words and names, of which each counts as one
SHORTEST_WORD: Final = 4  # letters: shorter ones stand in random text by chance
RUN: Final = 4  # keys side by side, or one key over and over
MOST_ALIKE: Final = 4  # characters to change until an earlier password is this one
POINTER: Final = "/password"


class Rule(StrEnum):
    """What a password can break."""

    TOO_SHORT = "password_too_short"
    TOO_LONG = "password_too_long"
    UNPRINTABLE = "password_unprintable"
    NO_UPPER = "password_no_upper"
    NO_LOWER = "password_no_lower"
    NO_DIGIT = "password_no_digit"
    NO_SYMBOL = "password_no_symbol"
    LOGIN = "password_login"
    NAME = "password_name"
    WORD = "password_word"
    SIMILAR = "password_similar"
    BIRTH_DATE = "password_birth_date"
    DATE = "password_date"
    KEYBOARD = "password_keyboard"
    BREACHED = "password_breached"


SENTENCES: Final[Mapping[Rule, str]] = {
    Rule.TOO_SHORT: f"Take at least {LEAST} characters.",
    Rule.TOO_LONG: f"Take at most {MOST} characters.",
    Rule.UNPRINTABLE: "Take characters that print, and plain spaces.",
    Rule.NO_UPPER: "Take at least one capital letter.",
    Rule.NO_LOWER: "Take at least one small letter.",
    Rule.NO_DIGIT: "Take at least one digit.",
    Rule.NO_SYMBOL: "Take at least one character that is no letter, digit or space.",
    Rule.LOGIN: "The password holds your handle, or a part of it.",
    Rule.NAME: "The password is somebody's name, or a name with too little beside it.",
    Rule.WORD: "The password is a word of a dictionary, or words with too little beside them.",
    Rule.SIMILAR: "The password resembles the one before it.",
    Rule.BIRTH_DATE: "The password holds what reads as a date of birth.",
    Rule.DATE: "The password holds a date.",
    Rule.KEYBOARD: "The password holds neighbours on the keyboard or in the alphabet, or one"
    " character over and over.",
    Rule.BREACHED: "The password is one of those that everybody tries first, or nearly.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Lists in lower case: words of dictionaries, first and family names, common passwords."""

    words: frozenset[str]
    names: frozenset[str]
    common: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known when somebody sets a password; `earlier` only while they present it."""

    login: str
    today: date
    earlier: str | None = None


# Digits and signs that stand for letters, in the two readings of 1 and !.
_SIGNS: Final = (
    str.maketrans("013457@$!|", "oieastasii"),
    str.maketrans("013457@$!|", "oleastasll"),
)
_ROWS: Final = (
    "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop",
    "qsdfghjklm", "wxcvbn", "!@#$%^&*()", "1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm",
    "abcdefghijklmnopqrstuvwxyz", "0123456789",
)  # fmt: skip
_RUNS: Final = frozenset(
    line[at : at + RUN]
    for row in _ROWS
    for line in (row, row[::-1])
    for at in range(len(line) - RUN + 1)
)
_LETTERS: Final = re.compile(r"[^\W\d_]+")


def faults(password: str, about: About, words: Words) -> tuple[Fault, ...]:
    """Everything that is wrong with the password, one fault a rule; none when it may be set."""
    text = unicodedata.normalize("NFC", password)
    if len(text) > MOST:  # the other rules would have work to do
        return (_fault(Rule.TOO_LONG),)
    return tuple(_fault(rule) for rule, breaks in _RULES.items() if breaks(text, about, words))


def _fault(rule: Rule) -> Fault:
    return Fault(pointer=POINTER, code=rule.value, detail=SENTENCES[rule])


def _has_no_symbol(text: str) -> bool:
    return all(one.isalnum() or one.isspace() for one in text)


def _is_unprintable(text: str) -> bool:
    return not all(one.isprintable() for one in text)


def _holds_login(text: str, about: About, _: Words) -> bool:
    """Whether the handle, a part of it, or either backwards, stands in the text."""
    login = about.login.lower()
    parts = {login, *(one for one in re.split(r"[^a-z]+", login) if len(one) >= SHORTEST_WORD)}
    parts |= {one[::-1] for one in parts}
    return any(part in reading for part in parts if part for reading in _readings(text))


def _is_name(text: str, _: About, words: Words) -> bool:
    """Whether letters in a row are a name, or names leave too little beside them."""
    alone = {
        one
        for reading in _readings(text)
        for one in _LETTERS.findall(reading)
        if len(one) >= SHORTEST_WORD
    }
    return not alone.isdisjoint(words.names) or _leaves_little(text, words.names)


def _leaves_little(text: str, listed: frozenset[str]) -> bool:
    """Whether too little is left of a text when each listed word in it counts as one character."""
    return any(_counted(reading, listed) < LEAST_BESIDE for reading in _readings(text))


def _counted(text: str, listed: frozenset[str]) -> int:
    """The least number of pieces that make the text: listed words, and single characters."""
    least = [0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        least[end] = least[end - 1] + 1
        for start in range(end - SHORTEST_WORD, -1, -1):
            if least[start] + 1 < least[end] and text[start:end] in listed:
                least[end] = least[start] + 1
    return least[-1]


def _readings(text: str) -> Iterator[str]:
    """The text in small letters, and as it reads when signs stand for letters."""
    small = text.lower()
    yield small
    for table in _SIGNS:
        yield small.translate(table)


def _is_similar(text: str, about: About, _: Words) -> bool:
    """Whether few changes, or more than half of it in one piece, lead from the earlier one."""
    if about.earlier is None:
        return False
    new = text.lower()
    old = unicodedata.normalize("NFC", about.earlier).lower()[:MOST]
    changes, piece = _compared(old, new)
    return changes <= MOST_ALIKE or piece * 2 > len(new) or _turned(old) == _turned(new)


def _turned(text: str) -> str:
    """The characters in order: what only changed places is the same."""
    return "".join(sorted(text))


def _compared(old: str, new: str) -> tuple[int, int]:
    """Levenshtein's distance, and the length of the longest piece that both have."""
    row, pieces, longest = list(range(len(new) + 1)), [0] * (len(new) + 1), 0
    for at, one in enumerate(old, 1):
        before, row = row, [at]
        pieces_before, pieces = pieces, [0]
        for place, other in enumerate(new, 1):
            row.append(min(before[place] + 1, row[-1] + 1, before[place - 1] + (one != other)))
            pieces.append(pieces_before[place - 1] + 1 if one == other else 0)
            longest = max(longest, pieces[-1])
    return row[-1], longest


def _holds_run(text: str, _: About, __: Words) -> bool:
    small = text.lower()
    parts = (small[at : at + RUN] for at in range(len(small) - RUN + 1))
    return any(part in _RUNS or len(set(part)) == 1 for part in parts)


_RULES: Final[Mapping[Rule, Callable[[str, About, Words], bool]]] = {
    Rule.TOO_SHORT: lambda text, _, __: len(text) < LEAST,
    Rule.UNPRINTABLE: lambda text, _, __: _is_unprintable(text),
    Rule.NO_UPPER: lambda text, _, __: not any(one.isupper() for one in text),
    Rule.NO_LOWER: lambda text, _, __: not any(one.islower() for one in text),
    Rule.NO_DIGIT: lambda text, _, __: not any(one.isdecimal() for one in text),
    Rule.NO_SYMBOL: lambda text, _, __: _has_no_symbol(text),
    Rule.LOGIN: _holds_login,
    Rule.NAME: _is_name,
    Rule.WORD: lambda text, _, words: _leaves_little(text, words.words),
    Rule.SIMILAR: _is_similar,
    Rule.BIRTH_DATE: lambda text, about, _: password_dates.is_birth_date(text, about.today),
    Rule.DATE: lambda text, about, _: password_dates.is_date(text, about.today),
    Rule.KEYBOARD: _holds_run,
    Rule.BREACHED: lambda text, _, words: _leaves_little(text, words.common),
}


GENERATED: Final = 20  # characters: 120 bits and more
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789!#%+-.:=?@_~"
"""68 characters that nobody takes for one another, 0 and O, 1 and l left out."""


def generated(login: str, today: date, words: Words, random: Callable[[int], bytes]) -> str:
    """A random password that may be set; `random` gives octets nobody can foresee."""
    about = About(login=login, today=today)
    limit = 256 - 256 % len(_ALPHABET)  # octets from here on would make some characters likelier
    while True:
        drawn = [one for one in random(2 * GENERATED) if one < limit][:GENERATED]
        text = "".join(_ALPHABET[one % len(_ALPHABET)] for one in drawn)
        # Drawn anew until no rule is broken: some one in three; 120 bits lose less than two.
        if len(text) == GENERATED and not faults(text, about, words):
            return text
