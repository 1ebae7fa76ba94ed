"""Domain names: what parses, what does not, and that nothing else ever happens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model import names

TEXT = st.one_of(
    st.text(),
    st.text(alphabet="aZ0-_.ß。\uff0exn", max_size=80),
    st.from_regex(r"(xn--)?[a-z0-9\-]{1,70}(\.[a-z0-9\-]{1,30}){0,4}\.?", fullmatch=True),
    st.text(alphabet=st.characters(min_codepoint=0x300, max_codepoint=0x3FFFF)).map(
        lambda label: label + ".example"
    ),
)


@given(TEXT)
def test_parsing_gives_a_canonical_name_or_invalid_input(text: str) -> None:
    """Any text gives a lower-case LDH name that parses to itself, or InvalidInput."""
    try:
        name = names.parse_domain_name(text)
    except InvalidInput:
        return
    assert name.isascii()
    assert name == name.lower()
    assert 3 <= len(name) <= names.MAX_OCTETS
    assert "." in name.strip(".")
    assert names.parse_domain_name(name) == name


@given(TEXT)
def test_a_unicode_name_always_leads_back_to_its_name(text: str) -> None:
    """The U-label form is given only where it parses to the very same A-labels."""
    try:
        name = names.parse_domain_name(text)
    except InvalidInput:
        return
    shown = names.unicode_name(name)
    if shown is not None:
        assert not shown.isascii()
        assert names.parse_domain_name(shown) == name


@pytest.mark.parametrize(
    ("text", "name", "shown"),
    [
        ("Kaveri-Silk-House.EXAMPLE", "kaveri-silk-house.example", None),
        ("kaveri.example.", "kaveri.example", None),
        ("münchner-buchladen.example", "xn--mnchner-buchladen-22b.example", "münchner-buchladen"),
        ("MÜNCHNER-BUCHLADEN.example", "xn--mnchner-buchladen-22b.example", "münchner-buchladen"),
        ("faß.de", "xn--fa-hia.de", "faß"),
        ("お茶屋。example", "xn--t8jw83k7ny.example", "お茶屋"),
        ("xn--a.com", "xn--a.com", None),
        ("ab--cd.example", "ab--cd.example", None),
    ],
)
def test_names_are_stored_in_one_form(text: str, name: str, shown: str | None) -> None:
    """Case, width and U-labels fold to one A-label form; registry-held LDH labels stay."""
    parsed = names.parse_domain_name(text)
    assert parsed == name
    unicode_form = names.unicode_name(parsed)
    assert (unicode_form.split(".")[0] if unicode_form else None) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "example",
        "a..example",
        ".example",
        "a.example..",
        "-a.example",
        "a-.example",
        "a_b.example",
        "a b.example",
        "a.example\r\n",
        "a.example\x00",
        "192.0.2.1",
        "2001:db8::1",
        "a" * 64 + ".example",
        ".".join(["a" * 60] * 5),
        "ü" * 2000 + ".example",
        "\ud800.example",
        "a\u0338=b.example",
    ],
)
def test_impossible_names_are_refused(text: str) -> None:
    """Empty, over-long, one-label, non-LDH and address-like names are invalid input."""
    with pytest.raises(InvalidInput, match="domain_name"):
        names.parse_domain_name(text)
