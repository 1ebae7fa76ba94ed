"""Requests of rights holders, courts and authorities on their way, by the rules alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proxy.run import case_types
from tests.support import case_walks as walks
from tests.support.case_walks import DORA, HANS, IDA, LENA, OLGA, OTTO, PIA, RITA, VERA

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from proxy.model.case_type import CaseType
    from tests.support.case_walks import Walk

EMAIL = ("registrant.email",)
STANDING = dict.fromkeys(("standing", "relay_tried", "good_faith", "no_fishing"), True)
WEIGHED = dict.fromkeys(("necessary", "proportionate", "relay_exhausted"), True)
BINDING = dict.fromkeys(("court_exists", "has_power", "served", "looked_up", "signed"), True)
SOUND = dict.fromkeys(("authority", "power_over_us", "signed", "not_overbroad"), True)
DANGER = dict.fromkeys(("imminent", "necessary"), True)


@cache
def of_letter(letter: str) -> CaseType:
    """The type."""
    return next(one for one in case_types.load().values() if one.letter == letter)


def admitted(letter: str) -> Walk:
    """A request that is complete, of somebody proven."""
    return walks.admitted(walks.opened(of_letter(letter)))


# (b) Rights holders -------------------------------------------------------------------------------


def noticed() -> Walk:
    """A rights holder's request of which the registrant was told; that it arrived is not proven."""
    walk = admitted("b")
    walk.act(LENA, "admit", kind="mark", **STANDING, fields=walks.FIELDS, reasons=walk.evidence())
    return walk.act(HANS, "notify", claim=walk.evidence())


def answering() -> Walk:
    """One whose registrant's window runs."""
    return noticed().deliver("n3_notice")


def weighing() -> Walk:
    """One that is to be decided: the registrant was silent."""
    return answering().due("answer").act(DORA, "take_to_decision")


def weighed(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to disclose to a rights holder."""
    facts: dict[str, Fact] = {
        **WEIGHED, "fields": EMAIL, "basis": "legitimate_interest", "recipient": "requester",
        "balancing": walk.evidence("balancing"), "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


# (e) Courts ---------------------------------------------------------------------------------------


def bound(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of an instrument that binds us."""
    facts: dict[str, Fact] = {
        **BINDING, "instrument": "court_order", "paper": walk.evidence("paper"), "fields": EMAIL,
        "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def valid(**changes: Fact) -> Walk:
    """A court's order that binds us."""
    walk = admitted("e")
    return walk.act(LENA, "find_valid", **bound(walk, **changes))


def objecting(**changes: Fact) -> Walk:
    """One whose registrant can go to court."""
    return valid(**changes).act(HANS, "notify").deliver("n3_order_notice")


def ordered(**changes: Fact) -> Walk:
    """One that is to be decided on."""
    return objecting(**changes).due("quash").act(DORA, "take_to_decision")


def by_order(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to give what a court ordered."""
    facts: dict[str, Fact] = {
        "fields": EMAIL, "basis": "legal_process", "recipient": "court",
        "named_by_instrument": True, "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def out(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a proposal to take a name out, as a court ordered."""
    facts: dict[str, Fact] = {
        "verdict": "deactivation", "basis": "legal_process", "ordered_by_court": True,
        "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


# (d) Authorities ----------------------------------------------------------------------------------


def reviewing() -> Walk:
    """Process that counsel reviews."""
    walk = admitted("d")
    walk.act(LENA, "note_process", paper=walk.evidence("paper"))
    return walk.act(LENA, "take_to_review", paper=walk.evidence("paper"))


def warrant(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a warrant that binds us."""
    facts: dict[str, Fact] = {
        **SOUND, "instrument": "warrant", "paper": walk.evidence("paper"), "fields": EMAIL,
        "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def screened() -> Walk:
    """A warrant that is to be decided on."""
    walk = reviewing()
    walk.act(LENA, "find_valid", **warrant(walk))
    return walk.act(PIA, "screen", verdict="clear", reasons=walk.evidence())


def called() -> Walk:
    """An emergency that was called back."""
    walk = walks.opened(of_letter("d")).assign()
    walk.act(IDA, "claim_emergency", danger="life", incident=walk.evidence("incident"))
    return walk.act(VERA, "verify_requester", **walks.proof(walk))


def danger(walk: Walk, **changes: Fact) -> dict[str, Fact]:
    """Facts of a finding of danger."""
    facts: dict[str, Fact] = {
        **DANGER, "fields": EMAIL, "basis": "emergency", "reasons": walk.evidence(),
    }  # fmt: skip
    return facts | changes


def urgent() -> Walk:
    """An emergency that the pair found."""
    walk = called()
    walk.act(OTTO, "find_emergency", **danger(walk))
    return walk.act(OLGA, "propose_urgent", **danger(walk), recipient="authority")


# All ----------------------------------------------------------------------------------------------


def told(walk: Walk) -> Walk:
    """The registrant was told of a proposal, and their time is over."""
    return walk.act(HANS, "tell_registrant").due("pre_release")


def given(walk: Walk) -> Walk:
    """What was proposed is voted on, sealed and released."""
    order = walk.approved()
    return walk.act(RITA, "seal").sealed(order)


def receipted(walk: Walk) -> Walk:
    """The recipient's receipt came."""
    return walk.told("package_receipted", package=walk.id(), evidence=walk.id())
