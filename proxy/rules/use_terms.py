"""The terms under which a recipient uses disclosed data, by their digest. Pure.

An order names the terms by SHA-256 and the recipient accepts the very same text before they get a
package. A text that was ever used stays; new words are another entry, and the last one is offered.
Source: casework s7.6; design, promise 8.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from proxy.model.case import Basis

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS: Final = (
    (
        "You receive data about a person for one matter, the case that the package names.",
        (
            "1. Use the data for that matter only: to make, answer or settle the claim, or in the"
            " proceedings that the order names. Do not use it for marketing, profiling or"
            " contact about anything else."
        ),
        (
            "2. Do not publish the data and do not pass it on, except to a court, an authority, or"
            " counsel who acts for you in the matter and accepts these terms."
        ),
        "3. Keep the data encrypted or under lock, for those alone who work on the matter.",
        (
            "4. Destroy the data and all copies by the delete-by date of the package, unless a law"
            " or a pending proceeding obliges you to keep it; then as soon as that ends."
        ),
        (
            "5. Tell us without delay of any loss, misuse or unauthorised access, and of any error"
            " that you find."
        ),
        "6. When we tell you that data was corrected or must be erased, act on it and confirm.",
        (
            "7. Every copy bears a mark of its own. You answer to the person concerned and to us"
            " for what is done with yours."
        ),
    ),
)
TERMS: Final[Mapping[str, tuple[str, ...]]] = {
    hashlib.sha256("\n".join(one).encode()).hexdigest(): one for one in _TEXTS
}
"""Paragraphs by the SHA-256 of their text, joined by line feeds; oldest first."""

NEWEST: Final = tuple(TERMS)[-1]
"""What new orders name."""

PURPOSES: Final[Mapping[Basis, str]] = {
    Basis.CONTRACT_BREACH: "To let the recipient pursue their own claim against the customer, who"
    " promised to answer such claims and did not.",
    Basis.LEGITIMATE_INTEREST: "To let the recipient establish, exercise or defend the legal claim"
    " that their request describes.",
    Basis.LEGAL_PROCESS: "To comply with the instrument that the order rests on, within its scope.",
    Basis.EMERGENCY: "To avert the imminent danger to life or limb that the request describes.",
}
"""What data is given for, by the ground on which it is given."""

ACCURACY: Final = (
    "The values are those that the customer gave through their registrar, as stored on the date of"
    " the package. We do not warrant that they are true, complete or current."
)


def text(sha256: str) -> str | None:
    """The terms of that digest; None for terms that were never ours."""
    found = TERMS.get(sha256)
    return None if found is None else "\n".join(found)
