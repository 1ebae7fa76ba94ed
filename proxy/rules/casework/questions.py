"""What guards ask about a case, one function a question. Pure; guards.py has their names and words.

A question that can not find what it looks for is answered with no.
Source: casework s6.1, s6.5, s8; invariants 2, 29 to 33, 38 to 42 and 46.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.case import Basis, Overlay
from proxy.model.roster import StaffRole
from proxy.rules.casework import assurances, standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.case import Actor, Fact
    from proxy.model.case_state import Case, NoticeState
    from proxy.model.case_type import CaseType

# Acts that guards know by name; a table that has no such act does without the guard.
REASONS: Final = "reasons"  # the kind of evidence that an act's `reasons` are handed in as
DEEM: Final = "deem_arrived"
OBJECT: Final = "object"
APPEALS: Final = "ask_reconsideration"
DECISIONS: Final = (
    "find_",
    "confirm_",
    "propose_",
    "refuse",
    "judge_",
    "choose_",
    "order_proposed",
)
"""How acts of judgement are called: whoever did one is no fresh eye."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Everything that a guard may look at: `act` is asked for, `about` stands behind its colon."""

    case: Case
    type: CaseType
    actor: Actor
    facts: Mapping[str, Fact]
    now: datetime
    act: str = ""
    about: str = ""


def other_than(asked: Asked) -> bool:
    """Nobody who did the act before does this one."""
    return all(one.actor != asked.actor.person for one in asked.case.done.get(asked.about, ()))


def not_handler(asked: Asked) -> bool:
    """Nobody who handles the case, or acted as its handler."""
    case = asked.case
    handled = case.people.get(StaffRole.HANDLER, frozenset()) | {case.handler}
    return asked.actor.person not in handled


def not_role(asked: Asked) -> bool:
    """Nobody who acted here in that role."""
    return asked.actor.person not in asked.case.people.get(asked.about, frozenset())


def items_complete(asked: Asked) -> bool:
    """Everything that the type requires was given."""
    return not standing.missing_items(asked.case, asked.type)


def verified(asked: Asked) -> bool:
    """A verification of the requester that still holds, of that level at the least."""
    return standing.is_verified(asked.case, asked.now, int(asked.about or "1"))


def independent_callback(asked: Asked) -> bool:
    """The number called came from elsewhere than the request, by another than who took the call."""
    taker = str(asked.facts.get("taker", ""))
    return (
        asked.facts.get("number_from") == "independent"
        and bool(taker)
        and taker != asked.actor.person
    )


def due(asked: Asked) -> bool:
    """The period is over, by the scanner's word, outages counted."""
    found = asked.case.deadlines.get(asked.about)
    return found is not None and found.is_due


def not_due(asked: Asked) -> bool:
    """The period runs."""
    found = asked.case.deadlines.get(asked.about)
    return found is not None and not found.is_due and not found.is_ended


def fields_as(asked: Asked) -> bool:
    """The very fields of what somebody else found before."""
    found, given = asked.case.last(asked.about), asked.facts.get("fields")
    return found is not None and given is not None and found.facts.get("fields") == given


def uninvolved(asked: Asked) -> bool:
    """Somebody who did nothing here before, whatever their role, but write their reasons now."""
    return not any(
        one.actor == asked.actor.person and one.facts.get("kind") != REASONS
        for several in asked.case.done.values()
        for one in several
    )


def idle(asked: Asked) -> bool:
    """The period does not run: it was never set, or it is over."""
    return not not_due(asked)


def over(asked: Asked) -> bool:
    """Nobody waits any more: the period is over, or what it waited for came."""
    found = asked.case.deadlines.get(asked.about)
    return found is not None and (found.is_due or found.is_ended)


def _newest(asked: Asked) -> NoticeState | None:
    several = [one for one in asked.case.notices.values() if one.template == asked.about]
    return max(several, key=lambda one: one.queued_at, default=None)


def delivered(asked: Asked) -> bool:
    """The newest such notice is proven to have arrived."""
    newest = _newest(asked)
    return newest is not None and newest.delivered_at is not None


def reached(asked: Asked) -> bool:
    """The same, or it went by post since, and somebody saw the proof and the days for it pass."""
    newest, deemed = _newest(asked), asked.case.last(DEEM)
    return newest is not None and (
        newest.delivered_at is not None or (deemed is not None and deemed.at > newest.queued_at)
    )


def bounced(asked: Asked) -> bool:
    """The newest such notice came back."""
    newest = _newest(asked)
    return newest is not None and newest.bounced_at is not None and newest.delivered_at is None


def done(asked: Asked) -> bool:
    """The act was done."""
    return asked.case.last(asked.about) is not None


def news(asked: Asked) -> bool:
    """What the machine tells came since this act was done last: nothing is answered twice."""
    told, done_last = asked.case.last(asked.about), asked.case.last(asked.act)
    return told is not None and (done_last is None or done_last.seq < told.seq)


def here(asked: Asked) -> bool:
    """The act was done since the case came into its present state."""
    found = asked.case.last(asked.about)
    return found is not None and found.seq > _came(asked.case)


def registrar_did(asked: Asked) -> bool:
    """What was asked of the registrar last, since the case stands here: that is done, no other."""
    asks = [
        one for one in asked.case.done.get("effect_asked", ())
        if one.facts.get("change") == asked.about and one.seq > _came(asked.case)
    ]  # fmt: skip
    ids = {one.facts.get("effect") for one in asked.case.done.get("effect_done", ())}
    return bool(asks) and asks[-1].facts.get("effect") in ids


def _came(case: Case) -> int:
    """The event with which the case came into its present state."""
    return max(
        one.seq for several in case.done.values() for one in several if one.facts.get("state", "")
    )


def not_done(asked: Asked) -> bool:
    """The act was never done."""
    return asked.case.last(asked.about) is None


def finding(asked: Asked) -> bool:
    """The newest doing of an act came to that verdict."""
    act, _, value = asked.about.partition("=")
    found = asked.case.last(act)
    return found is not None and found.facts.get("verdict") == value


def verdict(asked: Asked) -> bool:
    """The act itself comes to that verdict."""
    return asked.facts.get("verdict") == asked.about


def flags(asked: Asked) -> bool:
    """All of these facts are true."""
    return all(asked.facts.get(name) is True for name in asked.about.split(","))


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


def minor_safe(asked: Asked) -> bool:
    """The registrant is no child, or authorities alone get anything in cases of this type."""
    is_minor = Overlay.MINOR in asked.case.overlays
    return not is_minor or asked.type.bases <= {Basis.LEGAL_PROCESS, Basis.EMERGENCY}


def overlay_absent(asked: Asked) -> bool:
    """It does not lie over the case."""
    return Overlay(asked.about) not in asked.case.overlays


def overlay_present(asked: Asked) -> bool:
    """It lies over the case."""
    return Overlay(asked.about) in asked.case.overlays


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


def order(asked: Asked) -> bool:
    """The newest order of that kind stands so."""
    kind, _, state = asked.about.partition("=")
    several = [
        one for one in asked.case.orders.values() if one.kind.value.replace(" ", "_") == kind
    ]
    newest = max(several, key=lambda one: one.seq, default=None)
    return newest is not None and newest.state == state


def no_open_order(asked: Asked) -> bool:
    """No order waits for votes, or to be carried out."""
    return all(one.state not in {"proposed", "approved"} for one in asked.case.orders.values())


def assurances_wanting(asked: Asked) -> bool:
    """An assurance is missing or invalid, and none waits for us."""
    return assurances.is_wanting(asked.case)


def assurances_given(asked: Asked) -> bool:
    """Both assurances came."""
    return assurances.are_given(asked.case)


def assurances_good(asked: Asked) -> bool:
    """Both assurances are valid."""
    return assurances.are_good(asked.case)


def assurances_not_good(asked: Asked) -> bool:
    """One assurance at least is not valid."""
    return not assurances.are_good(asked.case)


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


def stepped_up(asked: Asked) -> bool:
    """The party showed once more, a moment ago, that the mail reaches them."""
    return asked.actor.is_stepped_up


def handler_set(asked: Asked) -> bool:
    """Somebody handles the case."""
    return bool(asked.case.handler)


def is_handler(asked: Asked) -> bool:
    """The actor handles the case."""
    return bool(asked.case.handler) and asked.actor.person == asked.case.handler


def fresh_panel(asked: Asked) -> bool:
    """Nobody who decided before reconsideration was asked for looks at it again (invariant 46)."""
    appeals = (
        one.seq
        for act, several in asked.case.done.items()
        if act.startswith(APPEALS)
        for one in several
    )
    appeal = max(appeals, default=None)
    return appeal is not None and asked.actor.person not in {
        one.actor
        for act, several in asked.case.done.items()
        if act.startswith(DECISIONS)
        for one in several
        if one.seq < appeal
    }


def within_days(asked: Asked) -> bool:
    """So many days at the most since the case came into its present state."""
    newest = _came(asked.case)
    came = next(
        one.at for several in asked.case.done.values() for one in several if one.seq == newest
    )
    return asked.now < came + timedelta(days=int(asked.about))
