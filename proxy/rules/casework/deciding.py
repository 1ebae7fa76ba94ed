"""Whether somebody may do an act of a case now, and what its event then says. Pure.

Everything that is wrong is named at once. What a table does not allow is not allowed; beyond any
table, whoever declared a conflict does nothing, and a timer leads to nothing but silence's end.
The facts of an allowed act say what it leads to, so that folding needs no table.
Source: casework s6.1, s6.5 and s7.3; invariants 2, 3, 7 and 35.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from proxy.errors import Fault
from proxy.model.case import ActorKind, Outcome, Overlay
from proxy.model.case_state import RESERVED_FACTS
from proxy.rules.casework import fact_checks, guards
from proxy.rules.casework.guards import GUARDS
from proxy.rules.casework.questions import Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from proxy.model.case import Actor, Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import Act, CaseType, Need, Send

PARTIES: Final = frozenset({ActorKind.REGISTRANT, ActorKind.REQUESTER})

_TIMER_OUTCOMES: Final = frozenset({None, Outcome.LAPSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The act may be done. `facts` are what its event says; `role` is the role it is done in.

    `to` is the state it leads to, "" for the same one. `withheld` are notices that must not go out:
    a gag lies over the case.
    """

    act: Act
    facts: Mapping[str, Fact]
    role: str
    to: str
    sends: tuple[Send, ...]
    withheld: tuple[Send, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAllowed:
    """The act may not be done. `lacking` are guards as the table has them; `faults` of facts."""

    code: str
    detail: str
    lacking: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotYet:
    """An act of the actor's, the guards that stop it, and what each of them says."""

    act: Act
    needs: tuple[str, ...]
    sentences: tuple[str, ...]


def decide(  # noqa: PLR0917 - what, by whom, with what and when: one question, asked all over
    case: Case,
    case_type: CaseType,
    actor: Actor,
    act_id: str,
    facts: Mapping[str, Fact],
    now: datetime,
) -> Allowed | NotAllowed:
    """The decision; evidence that facts name has to be the case's already."""
    act = case_type.act(act_id, case.state)
    if act is None:
        if case_type.named(act_id):
            return _no("act_not_now", "The case is not where this is done.")
        return _no("act_unknown", "There is no such act in cases of this type.")
    role = role_of(case, act, actor)
    if isinstance(role, NotAllowed):
        return role
    asked = Asked(case=case, type=case_type, actor=actor, facts=facts, now=now, act=act_id)
    faults = tuple(_faults(_nameable(case, actor), act, facts))
    lacking = tuple(
        (need, sentence)
        for need in act.needs
        if (sentence := guards.lacking(asked, need)) is not None
    )
    if faults or lacking:
        sentences = [one.detail for one in faults] + [sentence for _, sentence in lacking]
        return NotAllowed(
            code="facts_wrong" if faults else "act_lacks",
            detail=" ".join(sentences),
            lacking=tuple(text_of(need) for need, _ in lacking),
            faults=faults,
        )
    is_gagged = Overlay.GAG in case.overlays
    withheld = tuple(one for one in act.sends if is_gagged and one.to == ActorKind.REGISTRANT)
    return Allowed(
        act=act,
        facts={**facts, **_reserved(case, case_type, act, actor)},
        role=role,
        to=act.to,
        sends=tuple(one for one in act.sends if one not in withheld),
        withheld=withheld,
    )


def options(case: Case, case_type: CaseType, actor: Actor, now: datetime) -> tuple[Act, ...]:
    """What the actor could do now, if they say what it takes: guards of facts are left out."""
    return tuple(one.act for one in _theirs(case, case_type, actor, now) if not one.needs)


def not_yet(case: Case, case_type: CaseType, actor: Actor, now: datetime) -> tuple[NotYet, ...]:
    """What the actor would do in this state, were it not for guards, and what those say."""
    return tuple(one for one in _theirs(case, case_type, actor, now) if one.needs)


def windows(case: Case, case_type: CaseType, actor: Actor, now: datetime) -> frozenset[str]:
    """Deadlines that a party goes by: what they can do ends them, or can be done until then.

    Acts after a step-up say nothing of it: some end whatever runs, whoever it runs for.
    """
    found: set[str] = set()
    for one in _theirs(case, case_type, actor, now):
        needs = {need.guard for need in one.act.needs}
        if not one.needs and "stepped_up" not in needs:
            found.update(one.act.ends)
        found.update(need.about for need in one.act.needs if need.guard == "not_due")
    return frozenset(found)


def _theirs(case: Case, case_type: CaseType, actor: Actor, now: datetime) -> Iterator[NotYet]:
    asked = Asked(case=case, type=case_type, actor=actor, facts={}, now=now)
    for act in case_type.acts:
        if case_type.act(act.id, case.state) is not act:
            continue
        if isinstance(role_of(case, act, actor), NotAllowed):
            continue
        lacking = [
            (need.guard, sentence)
            for need in act.needs
            if not GUARDS[need.guard].asks_facts
            and (sentence := guards.lacking(replace(asked, act=act.id), need)) is not None
        ]
        yield NotYet(
            act=act,
            needs=tuple(guard for guard, _ in lacking),
            sentences=tuple(sentence for _, sentence in lacking),
        )


def role_of(case: Case, act: Act, actor: Actor) -> str | NotAllowed:
    """In which role the actor does the act: the first of the table's that they have."""
    if actor.kind is not ActorKind.STAFF:
        if actor.kind.value not in act.by:
            return _no("act_not_yours", "Somebody else does this.")
        if actor.kind is ActorKind.TIMER and not is_harmless(act):
            return _no("timer_decides", "No deadline decides this: people do.")
        return actor.kind.value
    if not actor.person or actor.person in case.conflicted:
        return _no("actor_conflicted", "Who declared a conflict of interest does nothing here.")
    held = sorted(one.value for one in actor.roles if one.value in act.by)
    if not held:
        return _no("act_not_yours", "Your roles do not do this.")
    return held[0]


def is_harmless(act: Act) -> bool:
    """Whether a timer may do it: it decides nothing, and nothing lies over a case by it."""
    return (
        act.outcome in _TIMER_OUTCOMES
        and act.order is None
        and not (act.sets or act.clears)
        and not any(one.is_required for one in act.facts)
    )


def text_of(need: Need) -> str:
    """A need as a table has it."""
    return f"{need.guard}:{need.about}" if need.about else need.guard


def _nameable(case: Case, actor: Actor) -> Case:
    """The case with the evidence that somebody may name: a party, nobody's but their own.

    Else a registrant could give for a proof what the complainant handed in.
    """
    if actor.kind not in PARTIES:
        return case
    theirs = {actor.kind.value, ActorKind.SYSTEM.value}
    evidence = {
        at: sha256 for at, sha256 in case.evidence.items() if case.handed_in_by.get(at) in theirs
    }
    return replace(case, evidence=evidence)


def _faults(case: Case, act: Act, facts: Mapping[str, Fact]) -> Iterator[Fault]:
    """Every fault of the facts: unknown ones, missing ones, wrong ones."""
    types = {one.name: one for one in act.facts}
    for name in facts:
        if name in RESERVED_FACTS or name not in types:
            yield Fault(
                pointer=f"/{name}", code="fact_unknown", detail=f"`{name}` is no fact here."
            )
    for name, one in types.items():
        if name not in facts:
            if one.is_required:
                yield Fault(pointer=f"/{name}", code="fact_missing", detail=f"`{name}` is missing.")
            continue
        if not fact_checks.is_right(one, facts[name], case):
            detail = f"`{name}` is not {fact_checks.wanted(one)}."
            yield Fault(pointer=f"/{name}", code="fact_wrong", detail=detail)


def _reserved(case: Case, case_type: CaseType, act: Act, actor: Actor) -> dict[str, Fact]:
    """What the engine says in an act's facts, so that nobody has to look at a table later."""
    found: dict[str, Fact] = {"material": act.is_material}
    if act.to:
        found["state"] = act.to
        is_open = act.to not in case_type.ends
        if is_open != case.is_open:
            found["is_open"] = is_open
    if act.outcome is not None:
        found["outcome"] = act.outcome.value
    if act.sets:
        found["sets"] = tuple(sorted(act.sets))
    if act.clears:
        found["clears"] = tuple(sorted(act.clears))
    if actor.kind in PARTIES:
        found["session"] = "step_up" if actor.is_stepped_up else "link"
    return found


def _no(code: str, detail: str) -> NotAllowed:
    return NotAllowed(code=code, detail=detail)
