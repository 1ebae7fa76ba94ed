"""Words that went out stay known: a text that changes has another version."""

from __future__ import annotations

from tests.support import notice_texts
from tests.support.notice_texts import SUMS, WORDS

TELL = "give it the next version, then run `python -m tests.support.notice_texts`"


def test_words_do_not_change_under_a_version() -> None:
    """What a notice's row names as its version are these words, and no others."""
    known = {(one.language, one.name, one.version): one.sha256 for one in notice_texts.recorded()}
    assert known, SUMS
    for one in notice_texts.lines():
        if one.name == WORDS:
            continue
        found = known.get((one.language, one.name, one.version))
        assert found == one.sha256, f"{one.language} {one.name} has other words: {TELL}"


def test_words_of_codes_change_on_purpose() -> None:
    """They have no version: who changes them says so in the list."""
    words = {one for one in notice_texts.lines() if one.name == WORDS}
    assert words <= set(notice_texts.recorded()), (
        "words of codes changed: `python -m tests.support.notice_texts --words`"
    )


def test_what_was_signed_is_never_taken_away() -> None:
    """A document's every version is still there: somebody may have signed it."""
    now = {(one.language, one.name) for one in notice_texts.lines()}
    signed = {(one.language, one.name) for one in notice_texts.recorded() if "-" in one.name}
    assert signed
    assert signed <= now


def test_a_version_never_goes_back() -> None:
    """The newest one in the list is the one in the file."""
    now = {(one.language, one.name): one.version for one in notice_texts.lines()}
    for one in notice_texts.recorded():
        if one.version.isdecimal():
            assert int(one.version) <= int(now[one.language, one.name])
