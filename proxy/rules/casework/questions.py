"""What guards ask about a case, one function a question. Pure; guards.py has their names and words.

A question that can not find what it looks for is answered with no.
Source: casework s6.1, s6.5, s8; invariants 2, 29 to 33, 38 to 42 and 46.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.model.case import ActorKind, Basis, Overlay
from proxy.model.registrar_effect import Change
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
APPEALS: Final = "ask_reconsideration"
PROPOSALS: Final = "propose_"
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
    """Nobody who handles the case, or ever did."""
    return asked.actor.person not in standing.handlers(asked.case)


def not_role(asked: Asked) -> bool:
    """Nobody who acted here in that role."""
    return asked.actor.person not in asked.case.people.get(asked.about, frozenset())


def items_complete(asked: Asked) -> bool:
    """Everything that the type requires was given."""
    return not standing.missing_items(asked.case, asked.type)


def verified(asked: Asked) -> bool:
    """A verification of the requester that still holds, of that level at the least."""
    return standing.is_verified(asked.case, asked.now, int(asked.about or "1"))


def due(asked: Asked) -> bool:
    """The period is over, by the scanner's word, outages counted."""
    found = asked.case.deadlines.get(asked.about)
    return found is not None and found.is_due


def not_due(asked: Asked) -> bool:
    """The period runs."""
    found = asked.case.deadlines.get(asked.about)
    return found is not None and not found.is_due and not found.is_ended


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
    """The newest such notice is proven to have arrived, and did not come back since."""
    newest = _newest(asked)
    return newest is not None and _has_arrived(newest)


def reached(asked: Asked) -> bool:
    """The same, or the registrant answered since, or it went by post.

    By post: somebody saw the proof of posting, and the days for it pass.
    """
    newest = _newest(asked)
    return newest is not None and (
        _has_arrived(newest) or _has_come_otherwise(asked.case, newest.queued_at)
    )


def bounced(asked: Asked) -> bool:
    """The newest such notice came back, and the registrant knows of it in no other way."""
    newest = _newest(asked)
    return (
        newest is not None
        and newest.bounced_at is not None
        and not _has_arrived(newest)
        and not _has_come_otherwise(asked.case, newest.queued_at)
    )


def _has_arrived(one: NoticeState) -> bool:
    """Hosts take mail that they return later: the newer word counts."""
    is_newer = one.bounced_at is None or (
        one.delivered_at is not None and one.delivered_at > one.bounced_at
    )
    return one.delivered_at is not None and is_newer


def _has_come_otherwise(case: Case, since: datetime) -> bool:
    """By post, or as the registrant's own acts show."""
    return any(
        one.at > since and (act == DEEM or one.actor == ActorKind.REGISTRANT)
        for act, several in case.done.items()
        for one in several
    )


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


def not_here(asked: Asked) -> bool:
    """It was not."""
    return not here(asked)


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


def told(asked: Asked) -> bool:
    """The registrant was told of what came of it, by one of these notices."""
    templates = asked.about.split(",")
    came = max(
        (
            one.seq
            for several in asked.case.done.values()
            for one in several
            if "outcome" in one.facts
        ),
        default=0,
    )
    return any(
        one.seq > came and one.facts.get("template") in templates
        for one in asked.case.done.get("notice_queued", ())
    )


def settled(asked: Asked) -> bool:
    """No task of that kind is open."""
    return all(one.kind != asked.about for one in asked.case.tasks.values())


def name_out(asked: Asked) -> bool:
    """The registrar took the name out of the DNS for this case, and has not put it back."""
    changes = [
        one.facts.get("change")
        for one in asked.case.done.get("effect_done", ())
        if one.facts.get("change") in {Change.HOLD, Change.UNHOLD}
    ]
    return bool(changes) and changes[-1] == Change.HOLD


def court_allows(asked: Asked) -> bool:
    """What a court ruled does not stand against it.

    What it quashed is over. What it narrowed is found anew before it is proposed, and proposed anew
    before it is done.
    """
    ruling = asked.case.last("lift_stay")
    if ruling is None or ruling.facts.get("verdict") not in {"quashed", "narrowed"}:
        return True
    if ruling.facts["verdict"] == "quashed":
        return False
    found = asked.case.last(standing.INSTRUMENT)
    if asked.act.startswith(PROPOSALS):
        is_by_instrument = bool(asked.type.named(standing.INSTRUMENT))
        return not is_by_instrument or (found is not None and found.seq > ruling.seq)
    return any(
        act.startswith(PROPOSALS) and several[-1].seq > ruling.seq
        for act, several in asked.case.done.items()
    )


def finding(asked: Asked) -> bool:
    """The newest doing of an act came to that verdict."""
    act, _, value = asked.about.partition("=")
    found = asked.case.last(act)
    return found is not None and found.facts.get("verdict") == value


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
