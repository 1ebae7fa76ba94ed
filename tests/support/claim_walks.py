"""Third-party claims that have come some way along the indemnity path, by the rules alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proxy.run import case_types
from tests.support import case_walks as walks
from tests.support.case_walks import (
    DORA,
    HANS,
    LENA,
    PIA,
    REGISTRANT,
    STEPPED_UP,
)

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from proxy.model.case_type import CaseType
    from tests.support.case_walks import Walk

TEXT = "ab" * 32
TRIGGER = dict.fromkeys(
    ("threat", "involves_us", "from_anonymity", "plausible", "no_pretext"), True
)
CONFIRMED = dict.fromkeys(("delivered", "not_excusable", "credible"), True)
WEIGHED = dict.fromkeys(("necessary", "proportionate", "effective"), True)


@cache
def claim() -> CaseType:
    """The type."""
    return next(one for one in case_types.load().values() if one.letter == "a")


def demanded() -> Walk:
    """A claim whose demand is on its way."""
    walk = walks.admitted(walks.opened(claim()))
    walk.act(LENA, "find_trigger", **TRIGGER, reasons=walk.evidence())
    walk.act(PIA, "screen", verdict="clear", reasons=walk.evidence())
    return walk.act(HANS, "demand", text=TEXT, text_version=1, claim=walk.evidence())


def awaiting() -> Walk:
    """A claim whose demand arrived."""
    return demanded().deliver("n3_demand")


def sign(walk: Walk, **changes: Fact) -> Walk:
    """The registrant signs the indemnity."""
    facts: dict[str, Fact] = {
        "text": TEXT, "text_version": 1, "instrument": walk.evidence(), "signer": "registrant",
    }  # fmt: skip
    return walk.act(STEPPED_UP, "sign_indemnity", **(facts | changes))


def confirm(walk: Walk) -> Walk:
    """The registrant confirms contact."""
    return walk.act(
        REGISTRANT,
        "confirm_contact",
        statement=walk.evidence(),
        details="own",
        proof=walk.evidence(),
        channel="uploaded",
    )


def assess(walk: Walk, verdict: str = "valid", connection: str = "address_matched") -> Walk:
    """Staff find both assurances good, or not."""
    walk.act(LENA, "assess_indemnity", verdict="valid", reasons=walk.evidence())
    return walk.act(
        HANS, "assess_contact", verdict=verdict, connection=connection, reasons=walk.evidence()
    )


def judging() -> Walk:
    """A claim whose window went by."""
    return awaiting().due("assurances").act(LENA, "take_to_judgement")


def find(walk: Walk, verdict: str = "breach", objections: tuple[str, ...] = ()) -> Walk:
    """Counsel finds."""
    return walk.act(
        LENA,
        "find_breach",
        verdict=verdict,
        delivered=True,
        excusable=False,
        credible=True,
        reasons=walk.evidence(),
        objections=objections,
    )


def breached() -> Walk:
    """A claim in which two found a breach."""
    walk = find(judging())
    return walk.act(DORA, "confirm_breach", **CONFIRMED, reasons=walk.evidence())


def disclosure(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to disclose."""
    facts: dict[str, Fact] = {
        **WEIGHED, "fields": ("registrant.email",), "basis": "contract_breach",
        "recipient": "requester", "alternatives": ("relay",), "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def deactivation(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to deactivate."""
    facts: dict[str, Fact] = {
        **WEIGHED, "verdict": "deactivation", "basis": "contract_breach", "mail_considered": True,
        "alternatives": ("relay",), "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def proposed() -> Walk:
    """A claim whose registrant was told what is going to be given."""
    walk = breached()
    walk.act(DORA, "propose_disclosure", **disclosure(walk))
    return walk.act(HANS, "tell_registrant")
