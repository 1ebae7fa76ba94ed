"""What looks like an identifier of a person, and what only has a number in it. All invented."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.rules import quality, screening

IDENTIFIERS = (
    "meenakshi@people.example",
    "meenakshi\uff20people.example",
    "+91 44 5555 0134",
    "Tel. 5550134",
    "1234 5678 9012",
    "Ram 1234-5678-9012",
    "078-05-1120",
    "123.456.789-09",
    "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000",
    "4111 1111 1111 1111",
    "PASSPORT X1234567",
    "Anna Beispiel X1234567",
    "Anna Beispiel, Ausweisnr. 12345",
    "Personalausweis L01X00T47 12345",
    "ABCDE1234F",
    "PAN: 4123 X",
    "S1234567D",
    "12345678Z",
    "RSSMRA85T10A562S",
    "QQ 12 34 56 C",
    "A123456(3)",
    "HEGG560427MVZRRL04",
    "SSN 12345",
    "CPF: 12345",
    "12.345.678",
    "12345678-K",
    "1.2.1990",
    "1990-02-01",
    "131052-308T",
    "ID 123 456 789 01",
    "\u0906\u0927\u093e\u0930 1234 5678",
    "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
    "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669",
    "\xb9\xb2\xb3\xb9\xb2\xb3\xb9\xb2\xb3",
    "123\u200b45\u200b6789",
)
NAMES = (
    "Meenakshi Subramaniam",
    "nehru-place-webworks",
    "D4417921-EXAMPLE",
    "201903281234567-CNIC",
    "2336799123_DOMAIN_COM-VRSN",
    "4711 GmbH",
    "Studio 54",
    "3M",
    "1&1",
    "O2",
    "7-Eleven",
    "24/7 Fitness",
    "2000 Web Design",
    "1998-2024 Archive",
    "Route 66 Motors",
    "Agent 007",
    "Identity 2000 AG",
    "Pan 2000 Travel",
    "Tel Aviv 1909",
    "Hotel 1898",
    "99 Luftballons e.V.",
    "1-800-Flowers",
    "Paragraph 31",
    "Schule Nr. 1234",
    "Chinatown 1000 1",
    "ZH",
    "NI",
    "\xcele-de-France",
    "\u0b95\u0bbe\u0bb5\u0bc7\u0bb0\u0bbf 54",
)
LETTERS = string.ascii_letters + "\xe9\xf6\u0905\u5f20 '-.&,"


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_identifiers_of_people_are_caught(text: str) -> None:
    """Numbers of passports, tax, health and banks, telephones, days of birth, mail addresses."""
    assert quality.looks_personal(text)
    assert quality.looks_personal(f"Anna {text}")


@pytest.mark.parametrize("text", NAMES)
def test_names_with_numbers_are_names(text: str) -> None:
    """Companies with a year or a number in their name, registry ids and plain names pass."""
    assert not quality.looks_personal(text)


@given(st.text(LETTERS, max_size=255))
def test_text_without_a_digit_or_an_at_is_never_caught(text: str) -> None:
    """Whatever the words are: no name is withheld for its letters."""
    assert not screening.looks_personal(text)


@given(st.text(LETTERS, max_size=40), st.text(string.digits, min_size=9, max_size=19))
def test_nine_digits_are_caught_wherever_they_stand(text: str, digits: str) -> None:
    """Also directly behind other letters, and with anything before them."""
    assert screening.looks_personal(f"{text}{digits}")


@given(st.text(string.digits + "-. /", max_size=255), st.text(max_size=255))
def test_any_text_is_judged(first: str, second: str) -> None:
    """No text is too strange: the answer is yes or no."""
    for text in (first, second, first + second):
        assert screening.looks_personal(text) in {True, False}
