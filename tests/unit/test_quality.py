"""Weak data is told, never refused, and never repeated."""

from __future__ import annotations

import json
from pathlib import Path

import phonenumbers
import pytest

import proxy
from proxy.rules import quality

SAMPLES = Path(proxy.__path__[0]) / "demo" / "registrations.ndjson"


@pytest.mark.parametrize("country_code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_possible_lengths_agree_with_the_library(country_code: int) -> None:
    """A number is possible exactly when the library says so of the same digits, zeros included."""
    for digits in ("7" * length for length in range(2, 15)):
        for national in (digits, "0" + digits[1:]):
            zeros = len(national) - len(national.lstrip("0"))
            number = phonenumbers.PhoneNumber(
                country_code=country_code,
                national_number=int(national),
                italian_leading_zero=True if zeros else None,
                number_of_leading_zeros=zeros or None,
            )
            wanted = phonenumbers.is_possible_number(number)
            assert quality.is_possible_phone(f"+{country_code}.{national}") is wanted


@pytest.mark.parametrize("phone", ["0445 5550134", "+91 4455550134", "+91.", "+999.1234567", ""])
def test_other_forms_are_not_possible(phone: str) -> None:
    """Anything but +cc.number with a known country code is told."""
    assert quality.is_possible_phone(phone) is False


def test_no_sample_of_the_demo_has_a_phone_of_impossible_form() -> None:
    """The invented registrations are well-formed: only lengths may be doubtful."""
    for line in SAMPLES.read_text("utf-8").splitlines():
        for contact in json.loads(line)["contacts"].values():
            if "phone" in contact:
                assert quality._EPP_PHONE.fullmatch(contact["phone"])
