"""What must hold before an act, by name: the guards that a table may call.

A name that does not stand here is refused when the table is read. Each guard says in a sentence
what is missing where it does not hold. Source: casework s6.1, s6.5, s8; invariants of s10.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from proxy.rules.casework import fact_questions, questions, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from proxy.model.case_type import Need
    from proxy.rules.casework.questions import Asked

# Asked by services and by the rules of orders too.
missing_items = standing.missing_items
is_verified = standing.is_verified


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A guard, and what it says where it does not hold; `{about}` is filled in."""

    holds: Callable[[Asked], bool]
    says: str
    about: str = ""  # what kind of thing stands behind the colon; "" for nothing
    asks_facts: bool = False  # it looks at the facts of the very act


GUARDS: Final[Mapping[str, Guard]] = {
    "other_than": Guard(
        holds=questions.other_than,
        about="act",
        says="Somebody else than who did `{about}` has to do this.",
    ),
    "not_handler": Guard(
        holds=questions.not_handler, says="Who handles a case does not decide it."
    ),
    "not_role": Guard(
        holds=questions.not_role, about="role", says="Who acted here as {about} does not do this."
    ),
    "items_complete": Guard(holds=questions.items_complete, says="The request is not complete."),
    "verified": Guard(
        holds=questions.verified,
        about="level",
        says="The requester is not verified (any more), at level {about} at the least.",
    ),
    "independent_callback": Guard(
        holds=fact_questions.independent_callback,
        asks_facts=True,
        says="The call back goes to a number found independently of the request, by somebody else"
        " than who took the call.",
    ),
    "due": Guard(holds=questions.due, about="deadline", says="The period `{about}` is not over."),
    "not_due": Guard(
        holds=questions.not_due, about="deadline", says="The period `{about}` is over."
    ),
    "runs": Guard(holds=questions.not_due, about="deadline", says="The period `{about}` is over."),
    "idle": Guard(holds=questions.idle, about="deadline", says="The period `{about}` runs."),
    "over": Guard(holds=questions.over, about="deadline", says="The period `{about}` still runs."),
    "reached": Guard(
        holds=questions.reached, about="template", says="It is not proven that `{about}` arrived."
    ),
    "delivered": Guard(
        holds=questions.delivered, about="template", says="It is not proven that `{about}` arrived."
    ),
    "bounced": Guard(
        holds=questions.bounced, about="template", says="`{about}` did not come back."
    ),
    "done": Guard(holds=questions.done, about="act", says="`{about}` was not done yet."),
    "not_done": Guard(holds=questions.not_done, about="act", says="`{about}` was done already."),
    "not_here": Guard(
        holds=questions.not_here,
        about="act",
        says="`{about}` was done since the case stands where it is.",
    ),
    "here": Guard(
        holds=questions.here,
        about="act",
        says="`{about}` was not done since the case stands where it is.",
    ),
    "registrar_did": Guard(
        holds=questions.registrar_did,
        about="change",
        says="The registrar did not do it yet: {about}.",
    ),
    "told": Guard(
        holds=questions.told,
        about="templates",
        says="The registrant was not told yet of what came of it: {about}.",
    ),
    "settled": Guard(
        holds=questions.settled, about="task", says="The task `{about}` is to be done before."
    ),
    "name_out": Guard(holds=questions.name_out, says="The name is in the DNS."),
    "court_allows": Guard(
        holds=questions.court_allows,
        says="A court quashed it, or narrowed it: that is found anew, and proposed anew.",
    ),
    "news": Guard(
        holds=questions.news, about="act", says="There is no `{about}` that was not seen to yet."
    ),
    "finding": Guard(holds=questions.finding, about="finding", says="There is no finding {about}."),
    "verdict": Guard(
        holds=fact_questions.verdict,
        about="verdict",
        asks_facts=True,
        says="The verdict must be {about}.",
    ),
    "flags": Guard(
        holds=fact_questions.flags,
        about="flags",
        asks_facts=True,
        says="All of these must be true: {about}.",
    ),
    "flags_when": Guard(
        holds=fact_questions.flags_when,
        about="condition",
        asks_facts=True,
        says="Where the first is so, all others must be true: {about}.",
    ),
    "flags_under": Guard(
        holds=fact_questions.flags_under,
        about="overlay_flags",
        asks_facts=True,
        says="Where the first lies over the case, all others must be true: {about}.",
    ),
    "flagged_as_said": Guard(
        holds=fact_questions.flagged_as_said,
        asks_facts=True,
        says="Set the flag first, by an act of its own.",
    ),
    "objections_considered": Guard(
        holds=fact_questions.objections_considered,
        asks_facts=True,
        says="The decision has to name every objection that came: `objections`.",
    ),
    "considered": Guard(
        holds=fact_questions.considered,
        about="act",
        says="`{about}` does not name every objection that came: decide anew.",
    ),
    "minor_safe": Guard(
        holds=questions.minor_safe, says="The registrant may be a child: no private disclosure."
    ),
    "overlay_absent": Guard(
        holds=questions.overlay_absent,
        about="overlay",
        says="Not while `{about}` lies over the case.",
    ),
    "overlay_present": Guard(
        holds=questions.overlay_present,
        about="overlay",
        says="`{about}` does not lie over the case.",
    ),
    "fields_allowed": Guard(
        holds=fact_questions.fields_allowed,
        asks_facts=True,
        says="Only fields that were asked for, and that this type of case may give on this ground.",
    ),
    "fields_asked": Guard(
        holds=fact_questions.fields_asked, asks_facts=True, says="Only fields that were asked for."
    ),
    "fields_as": Guard(
        holds=fact_questions.fields_as,
        about="act",
        asks_facts=True,
        says="The fields are not those of `{about}`.",
    ),
    "uninvolved": Guard(
        holds=questions.uninvolved, says="Somebody who had no part in the case does this."
    ),
    "fields_designated": Guard(
        holds=fact_questions.fields_designated,
        asks_facts=True,
        says="Only fields of a contact whom the registrant named.",
    ),
    "order": Guard(holds=questions.order, about="order", says="There is no order {about}."),
    "no_open_order": Guard(holds=questions.no_open_order, says="An order is open: stop it first."),
    "assurances_wanting": Guard(
        holds=questions.assurances_wanting, says="Both assurances were given: this is no default."
    ),
    "assurances_given": Guard(holds=questions.assurances_given, says="An assurance is missing."),
    "assurances_good": Guard(
        holds=questions.assurances_good, says="Both assurances must be found valid."
    ),
    "assurances_not_good": Guard(
        holds=questions.assurances_not_good,
        says="Both assurances are valid: nothing is disclosed or deactivated for this claim.",
    ),
    "right_text": Guard(
        holds=fact_questions.right_text,
        asks_facts=True,
        says="This is not the text that was demanded.",
    ),
    "right_signer": Guard(
        holds=fact_questions.right_signer,
        asks_facts=True,
        says="Others than the registrant show that they may sign; for a minor a guardian does.",
    ),
    "proof_connected": Guard(
        holds=fact_questions.proof_connected,
        asks_facts=True,
        says="A proof that is not connected with the complainant proves no contact.",
    ),
    "handler_set": Guard(holds=questions.handler_set, says="The case has no handler yet."),
    "is_handler": Guard(holds=questions.is_handler, says="The handler of the case does this."),
    "stepped_up": Guard(
        holds=questions.stepped_up,
        says="Confirm once more that it is you, by the link in our mail.",
    ),
    "fresh_panel": Guard(
        holds=questions.fresh_panel, says="Nobody who decided before judges the appeal."
    ),
    "within_days": Guard(
        holds=questions.within_days, about="number", says="More than {about} days have passed."
    ),
}


def lacking(asked: Asked, need: Need) -> str | None:
    """What a guard says where it does not hold; None where it does."""
    found = GUARDS[need.guard]
    if found.holds(replace(asked, about=need.about)):
        return None
    if need.guard == "items_complete":
        return f"The request lacks: {', '.join(standing.missing_items(asked.case, asked.type))}."
    return found.says.format(about=need.about)
