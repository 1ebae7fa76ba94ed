"""The two assurances of the indemnity path, tracked apart. Pure.

A1: the customer promises to indemnify us, by the very text that the demand named, signed by the
registrant (or who may sign for them) in a session that was stepped up. A2: the customer confirms in
writing that they contacted the complainant and gave their details, with proof that is connected
with the complainant. Each counts once somebody of staff found it valid; a complainant may rebut A2,
which makes it open again and is nobody's default. What is not looked at yet is our delay, so it
stands against a breach as well. A promise is no proof of wrongdoing, and neither is its refusal.
Source: casework K18 to K20, s8 (a) a9 to a12; invariants 30 and 31.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from proxy.model.case import ActorKind, Overlay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact
    from proxy.model.case_state import Case, Done

# Acts of case_types/third_party_claim.toml.
DEMAND: Final = "demand"
SIGN: Final = "sign_indemnity"
CONFIRM: Final = "confirm_contact"
ASSESS_INDEMNITY: Final = "assess_indemnity"
ASSESS_CONTACT: Final = "assess_contact"
REBUT: Final = "rebut_contact"

CONNECTIONS: Final = frozenset({"relayed", "address_matched", "complainant_confirmed"})
"""How a proof is connected with the complainant: by our relay, by their address, by their word."""


class Assurance(StrEnum):
    """Where one assurance stands."""

    MISSING = "missing"
    GIVEN = "given"  # and not looked at yet
    VALID = "valid"
    INVALID = "invalid"


def indemnity(case: Case) -> Assurance:
    """A1; what is no indemnity at all, whoever recorded it, is missing."""
    given = case.last(SIGN)
    if given is not None and not is_indemnity(case, given):
        given = None
    return _standing(given, case.last(ASSESS_INDEMNITY), None)


def contact(case: Case) -> Assurance:
    """A2; what the complainant rebuts has to be looked at again."""
    given, assessed = case.last(CONFIRM), case.last(ASSESS_CONTACT)
    if given is not None and given.actor != ActorKind.REGISTRANT:
        given = None
    found = _standing(given, assessed, case.last(REBUT))
    if found is Assurance.VALID and not (assessed and is_connected(assessed.facts)):
        return Assurance.INVALID
    return found


def is_indemnity(case: Case, given: Done) -> bool:
    """Whether it was signed by the registrant, stepped up, under the text that was demanded."""
    by_registrant = given.actor == ActorKind.REGISTRANT and given.facts.get("session") == "step_up"
    return by_registrant and is_right_text(case, given.facts) and is_right_signer(case, given.facts)


def is_right_text(case: Case, facts: Mapping[str, Fact]) -> bool:
    """Whether it is the text, in the version, of the newest demand of this claim."""
    demanded = case.last(DEMAND)
    names = ("text", "text_version")
    return demanded is not None and all(
        name in facts and facts[name] == demanded.facts.get(name) for name in names
    )


def is_right_signer(case: Case, facts: Mapping[str, Fact]) -> bool:
    """Whether they may sign: others than the registrant show authority, a minor has a guardian."""
    signer = facts.get("signer")
    if Overlay.MINOR in case.overlays and signer != "guardian":
        return False
    return signer == "registrant" or (signer in {"officer", "guardian"} and "authority" in facts)


def is_connected(facts: Mapping[str, Fact]) -> bool:
    """Whether a proof of contact was found to be connected with the complainant."""
    return facts.get("connection") in CONNECTIONS


def are_given(case: Case) -> bool:
    """Whether both were given, valid or not looked at yet."""
    fine = {Assurance.GIVEN, Assurance.VALID}
    return indemnity(case) in fine and contact(case) in fine


def are_good(case: Case) -> bool:
    """Whether both are valid: nothing is disclosed or deactivated for this claim then."""
    return indemnity(case) is Assurance.VALID and contact(case) is Assurance.VALID


def is_wanting(case: Case) -> bool:
    """Whether one is missing or was found invalid, and none waits to be looked at."""
    found = {indemnity(case), contact(case)}
    return bool(found & {Assurance.MISSING, Assurance.INVALID}) and Assurance.GIVEN not in found


def _standing(given: Done | None, assessed: Done | None, rebutted: Done | None) -> Assurance:
    if given is None:
        return Assurance.MISSING
    newest = max(given.seq, 0 if rebutted is None else rebutted.seq)
    if assessed is None or assessed.seq < newest:
        return Assurance.GIVEN
    return Assurance.VALID if assessed.facts.get("verdict") == "valid" else Assurance.INVALID
