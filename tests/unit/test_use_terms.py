"""Terms of use: one text, by one digest, for orders, packages, the page and the notices."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from proxy.model.case import Basis
from proxy.rules import use_terms
from proxy.run import notices
from proxy.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


def test_terms_are_found_by_the_digest_of_their_text() -> None:
    """What an order names is the SHA-256 of the very text that a recipient reads."""
    for sha256, paragraphs in use_terms.TERMS.items():
        text = use_terms.text(sha256)
        assert text == "\n".join(paragraphs)
        assert hashlib.sha256(text.encode()).hexdigest() == sha256
    assert use_terms.NEWEST in use_terms.TERMS
    assert use_terms.text("00" * 32) is None


def test_every_ground_has_a_purpose() -> None:
    """No package leaves without saying what its data is for."""
    assert set(use_terms.PURPOSES) == set(Basis)


def test_the_notices_show_the_same_terms(tmp_path: Path) -> None:
    """The document of the catalogue, in English, is the newest text, letter for letter."""
    catalogue = notices.load(Settings(data_dir=tmp_path, key_dir=tmp_path))
    assert catalogue.document("terms_of_use", "en").text == use_terms.text(use_terms.NEWEST)
