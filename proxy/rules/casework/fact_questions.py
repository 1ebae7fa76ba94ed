"""What guards ask about the facts that an act says. Pure; guards.py has their names and words.

A question that can not find what it looks for is answered with no.
Source: casework s6.1, s6.3, s8; invariants 9, 10, 31, 32 and 42.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.case import Overlay
from proxy.rules.casework import assurances, standing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact
    from proxy.model.case_state import Case
    from proxy.rules.casework.questions import Asked

OBJECT: Final = "object"
"""The act by which a registrant objects; its `reasons` are what decisions name."""


def independent_callback(asked: Asked) -> bool:
    """The number called came from elsewhere than the request, by another than who took the call."""
    taker = str(asked.facts.get("taker", ""))
    return (
        asked.facts.get("number_from") == "independent"
        and bool(taker)
        and taker != asked.actor.person
    )


def fields_as(asked: Asked) -> bool:
    """The very fields of what somebody else found before."""
    found, given = asked.case.last(asked.about), asked.facts.get("fields")
    return found is not None and given is not None and found.facts.get("fields") == given


def verdict(asked: Asked) -> bool:
    """The act itself comes to that verdict."""
    return asked.facts.get("verdict") == asked.about


def flags(asked: Asked) -> bool:
    """All of these facts are true."""
    return all(asked.facts.get(name) is True for name in asked.about.split(","))


def flags_when(asked: Asked) -> bool:
    """Where a fact has that value, all of these facts are true."""
    condition, *names = asked.about.split(",")
    name, _, value = condition.partition("=")
    return asked.facts.get(name) != value or all(asked.facts.get(one) is True for one in names)


def flags_under(asked: Asked) -> bool:
    """Where that overlay lies over the case, all of these facts are true."""
    overlay, *names = asked.about.split(",")
    if Overlay(overlay) not in asked.case.overlays:
        return True
    return all(asked.facts.get(one) is True for one in names)


def flagged_as_said(asked: Asked) -> bool:
    """Whoever finds that a flag is called for has set it before."""
    is_flagged = {Overlay.SAFETY, Overlay.MINOR} & asked.case.overlays.keys()
    return asked.facts.get("verdict") != "flagged" or bool(is_flagged)


def objections_considered(asked: Asked) -> bool:
    """A decision names every objection that came before it (invariant 32)."""
    return _names_objections(asked.case, asked.facts)


def _names_objections(case: Case, facts: Mapping[str, Fact]) -> bool:
    named = facts.get("objections", ())
    came = {str(one.facts.get("reasons", "")) for one in case.done.get(OBJECT, ())}
    return isinstance(named, tuple) and came <= set(named)


def considered(asked: Asked) -> bool:
    """What was decided before names every objection that came until now."""
    found = asked.case.last(asked.about)
    return found is not None and _names_objections(asked.case, found.facts)


def fields_allowed(asked: Asked) -> bool:
    """What is decided is a part of what may be given here, on its ground."""
    given = asked.facts.get("fields", ())
    if not isinstance(given, tuple) or not given:
        return False
    basis = standing.basis_of(asked.facts, asked.type)
    return basis is not None and set(given) <= standing.givable(asked.case, asked.type, basis)


def fields_asked(asked: Asked) -> bool:
    """A part of what was asked for, whether or not it may be given."""
    given = asked.facts.get("fields", ())
    return isinstance(given, tuple) and set(given) <= set(asked.case.fields_asked)


def fields_designated(asked: Asked) -> bool:
    """Only those of the contact whom the registrant named."""
    given = asked.facts.get("fields", ())
    named = isinstance(given, tuple) and all(one in standing.designated() for one in given)
    return named and asked.case.last(standing.DESIGNATE) is not None


def right_text(asked: Asked) -> bool:
    """The text that is signed is the one that was demanded."""
    return assurances.is_right_text(asked.case, asked.facts)


def right_signer(asked: Asked) -> bool:
    """The signer may sign."""
    return assurances.is_right_signer(asked.case, asked.facts)


def proof_connected(asked: Asked) -> bool:
    """No proof is found valid that is not connected with the complainant."""
    is_valid = asked.facts.get("verdict") == "valid"
    return not is_valid or assurances.is_connected(asked.facts)
