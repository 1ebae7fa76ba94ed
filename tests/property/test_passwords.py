"""Passwords: what is generated keeps the rules, and no text breaks them."""

from __future__ import annotations

import hashlib
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from proxy.rules import password_policy
from proxy.rules.password_policy import GENERATED, About, Rule
from proxy.run.password_words import WORDS

DAYS = st.dates(min_value=date(2026, 1, 1), max_value=date(2090, 12, 31))
LOGINS = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)


@given(seed=st.binary(min_size=8, max_size=8), login=LOGINS, today=DAYS)
def test_a_generated_password_may_be_set(seed: bytes, login: str, today: date) -> None:
    """Whoever it is made for, a generated password keeps every rule."""
    parts = (hashlib.shake_256(seed + at.to_bytes(4)).digest(2 * GENERATED) for at in range(2**31))
    made = password_policy.generated(login, today, WORDS, lambda _: next(parts))
    assert len(made) == GENERATED
    assert password_policy.faults(made, About(login=login, today=today), WORDS) == ()


@given(
    password=st.text(max_size=200),
    earlier=st.none() | st.text(max_size=200),
    login=LOGINS,
    today=DAYS,
)
def test_any_text_has_an_answer(
    password: str, earlier: str | None, login: str, today: date
) -> None:
    """Every text is judged, each rule at most once, and no sentence repeats a long password."""
    about = About(login=login, today=today, earlier=earlier)
    found = password_policy.faults(password, about, WORDS)
    codes = [one.code for one in found]
    assert len(set(codes)) == len(codes)
    assert set(codes) <= {one.value for one in Rule}
    if len(password) > 12:
        assert all(password not in one.detail for one in found)


@given(password=st.text(min_size=1, max_size=128), tail=st.text(max_size=4))
def test_a_password_resembles_itself(password: str, tail: str) -> None:
    """However it is, with up to four characters more it is similar."""
    about = About(login="x", today=date(2026, 11, 1), earlier=password)
    codes = {one.code for one in password_policy.faults(password + tail, about, WORDS)}
    assert codes & {Rule.SIMILAR, Rule.TOO_LONG}
