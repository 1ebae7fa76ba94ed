"""Which passwords may be set: one test a rule, with what breaks it and what only looks like it."""

from __future__ import annotations

from datetime import date

import pytest

from proxy.rules import password_policy
from proxy.rules.password_policy import LEAST, MOST, POINTER, SENTENCES, About, Rule, Words
from proxy.run.password_words import WORDS

TODAY = date(2026, 11, 1)
GOOD = "kV9#tQzL2!mwXe"
NOTHING = Words(words=frozenset(), names=frozenset(), common=frozenset())


def broken(
    password: str, *, login: str = "anna", earlier: str | None = None, words: Words = WORDS
) -> set[str]:
    """The rules that a password breaks."""
    about = About(login=login, today=TODAY, earlier=earlier)
    found = password_policy.faults(password, about, words)
    assert all(one.pointer == POINTER and one.detail.endswith(".") for one in found)
    return {Rule(one.code).name for one in found}


def test_a_good_password_breaks_nothing() -> None:
    """Fourteen mixed characters may be set, and so may a phrase with enough beside its words."""
    assert broken(GOOD) == set()
    assert broken("Lantern7 rowboat#quill9 Vex") == set()
    assert broken("Größe9#ñandú-Łódź") == set()


def test_every_rule_has_a_sentence() -> None:
    """Whoever breaks a rule is told what to do, by words that hold no password."""
    assert set(SENTENCES) == set(Rule)


def test_all_faults_come_at_once() -> None:
    """Nobody mends one fault to meet the next."""
    kinds = {"TOO_SHORT", "NO_UPPER", "NO_DIGIT", "NO_SYMBOL"}
    assert broken("anna") == kinds | {"LOGIN", "NAME", "WORD", "BREACHED"}


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        (GOOD[: LEAST - 1], "TOO_SHORT"),
        (GOOD.lower(), "NO_UPPER"),
        (GOOD.upper(), "NO_LOWER"),
        ("kVx#tQzLp!mwXe", "NO_DIGIT"),
        ("kV9xtQzL2pmwXe", "NO_SYMBOL"),
        ("kV9 tQzL2 mwXe", "NO_SYMBOL"),
        (GOOD + "\n", "UNPRINTABLE"),
        (GOOD + "\u202e", "UNPRINTABLE"),
        (GOOD + "\ud800", "UNPRINTABLE"),
    ],
)
def test_length_and_kinds_of_characters(password: str, rule: str) -> None:
    """Twelve characters, with a capital, a small letter, a digit and a sign, all of which print."""
    assert broken(password) == {rule}
    assert broken(GOOD[:LEAST]) == set()


def test_a_very_long_password_is_refused_without_work() -> None:
    """Beyond the limit no other rule is asked."""
    assert broken(GOOD * 100) == {"TOO_LONG"}
    assert "TOO_LONG" not in broken((GOOD * 10)[:MOST])


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("torvik", "kV9#Torvik2!mX"),
        ("torvik", "kV9#KIVROT2!mX"),
        ("torvik", "kV9#t0rv1k2!mX"),
        ("case-torvik", "kV9#torvik2!mX"),
        ("q7x", "kV9#tQ7xL2!mwX"),
    ],
)
def test_the_login_is_not_in_it(login: str, password: str) -> None:
    """Neither the handle nor a part of it, backwards or disguised."""
    assert broken(password, login=login) == {"LOGIN"}
    assert broken(password, login="someone") == set()


@pytest.mark.parametrize("name", ["Priya", "priya", "Garcia", "pr1ya", "Müller", "Anderson"])
def test_a_name_does_not_stand_in_it(name: str) -> None:
    """A common first or family name, decorated or disguised."""
    words = Words(words=frozenset(), names=WORDS.names | {"müller"}, common=frozenset())
    assert broken(f"{name}#2x94!Kq7z", words=words) == {"NAME"}


def test_letters_of_a_name_inside_others_are_none() -> None:
    """Random text that happens to hold a name, with enough beside it, may be set."""
    assert "NAME" not in broken("xKpriyaq9#tL2!mwZv")


@pytest.mark.parametrize(
    "password", ["Telescope#24!", "Sunflower!9aQ", "T3l3sc0p3!Q9x", "TigerPurple#7Moon"]
)
def test_a_word_with_little_beside_it(password: str) -> None:
    """A word of a dictionary counts as one character, however it is decorated."""
    words = Words(words=WORDS.words | {"telescope"}, names=frozenset(), common=frozenset())
    assert broken(password, words=words) == {"WORD"}
    assert broken(password, words=NOTHING) == set()


@pytest.mark.parametrize(
    "earlier",
    [
        "kV9#tQzL2!mwXf",
        "kV9#tQzL2!mwXe1",
        "KV9#TQZL2!MWXE",
        "1kV9#tQzL2!mw",
        "zR4$kV9#tQzL2p",
        "Xew!m2LzQt#9Vk".swapcase(),
        GOOD,
    ],
)
def test_the_new_one_does_not_resemble_the_old_one(earlier: str) -> None:
    """A few changes, other cases, more at an end, a long piece, or the same characters turned."""
    assert broken(GOOD, earlier=earlier) == {"SIMILAR"}


def test_another_password_is_not_similar() -> None:
    """What shares a few characters is another one; without an earlier one nothing is similar."""
    assert broken(GOOD, earlier="Rw3%bHnY8?psJd") == set()
    assert broken(GOOD, earlier=None) == set()


@pytest.mark.parametrize(
    "digits",
    [
        "12.03.1984",
        "1984-03-12",
        "12031984",
        "19840312",
        "03/12/1984",
        "120384",
        "840312",
        "1/2/99",
    ],
)
def test_a_date_of_birth_does_not_stand_in_it(digits: str) -> None:
    """A day, month and year of the past, in any usual order, with marks between or without."""
    assert "BIRTH_DATE" in broken(f"kV#tQ{digits}Xe!z")
    assert "DATE" not in broken(f"kV#tQ{digits}Xe!z")


@pytest.mark.parametrize(
    "text",
    ["12Nov2031", "Nov2024", "nov-24", "24 december", "03/1984", "1984.3", "12.11", "24122031"],
)
def test_a_date_does_not_stand_in_it(text: str) -> None:
    """A month by name with a day or year, a month and a year, or a day to come."""
    assert "DATE" in broken(f"kVtQ#{text}#Xez9")


@pytest.mark.parametrize("text", ["2024", "99", "1/2", "99.99", "novel7", "00000000", "45.1984"])
def test_other_digits_are_no_date(text: str) -> None:
    """A year alone, a fraction, or what no calendar holds."""
    assert broken(f"kV#tQ{text}#Xez9") & {"DATE", "BIRTH_DATE"} == set()


@pytest.mark.parametrize(
    "run",
    ["qwer", "REWQ", "asdf", "6789", "4321", "wxyz", "1qaz", "!@#$", "qwertz", "aaaa", "zzZZ"],
)
def test_a_run_on_the_keyboard_does_not_stand_in_it(run: str) -> None:
    """Four keys side by side, either way, the alphabet, or one key four times."""
    assert broken(f"kV9#tL{run}Bp!mX", words=NOTHING) == {"KEYBOARD"}
    assert broken(f"kV9#tL{run[:3]}Bp!mX", words=NOTHING) == set()


@pytest.mark.parametrize("password", ["Passw0rd!2Xy", "LetMeIn123!aB", "Tr0ub4dor&3"])
def test_a_password_of_everybodys_list(password: str) -> None:
    """What is tried first everywhere, with little beside it."""
    words = Words(words=frozenset(), names=frozenset(), common=WORDS.common | {"troubador"})
    assert "BREACHED" in broken(password, words=words)


def test_lists_are_clean() -> None:
    """Every entry is in lower case, long enough to count, and there once."""
    for listed in (WORDS.words, WORDS.names, WORDS.common):
        assert len(listed) > 300
        assert all(one == one.lower() and len(one) >= 4 for one in listed)
