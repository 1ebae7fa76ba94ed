"""Whether the table of a case type holds together, and keeps what no table may break. Pure.

Two kinds of faults: a table that can not work (acts that lead nowhere, states that nobody reaches,
deadlines without an end), and one that would work and must not: a timer that decides, a deed that
no order stands behind, a refusal without its one primary reason.
Source: casework s6.5, s6.6, s7.2 and s7.3; invariants 7 and 18.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import Fault
from proxy.model.case import ActorKind, FieldClass, Outcome, Refusal
from proxy.model.case_state import MACHINE_ACTS, RESERVED_FACTS
from proxy.model.case_type import ANY_STATE, FactKind
from proxy.model.order import OrderKind
from proxy.model.registrar_effect import CaseEffect
from proxy.rules import clock_schedule
from proxy.rules.casework import deciding, soundness_of_needs, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from proxy.model.case_type import Act, CaseType, NewTask

DEEDS: Final[Mapping[Outcome, frozenset[OrderKind]]] = {
    Outcome.DISCLOSE_PRIVATE: frozenset({OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY}),
    Outcome.DISCLOSE_TO_TRIBUNAL: frozenset({OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY}),
    Outcome.PUBLISH: frozenset({OrderKind.PUBLISH}),
    Outcome.RELEASE_PRIVACY: frozenset({OrderKind.RELEASE_PRIVACY}),
    Outcome.TEMP_HOLD: frozenset({OrderKind.DEACTIVATE}),
    Outcome.DEACTIVATE: frozenset({OrderKind.DEACTIVATE}),
}
"""Outcomes that touch somebody, and the orders one of which must have been carried out."""

STAFF: Final = soundness_of_needs.STAFF

ACTORS: Final = STAFF | {one.value for one in ActorKind if one is not ActorKind.STAFF}

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,47}", re.ASCII)  # as the database has it
_OWN_INSTRUCTION: Final = frozenset({Outcome.RELEASE_PRIVACY})
"""What a registrant can have done by their own word, without an order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a table may name: templates with their reader, and limits."""

    templates: Mapping[str, str]
    limits: frozenset[str]


def faults(case_type: CaseType, known: Known) -> tuple[Fault, ...]:
    """Every fault of a table; empty when it holds together."""
    edges = possible(case_type)
    return (
        *_of_the_whole(case_type),
        *(fault for act in case_type.acts for fault in _of_an_act(case_type, act, known)),
        *(fault for act in case_type.acts for fault in _of_what_it_does(case_type, act)),
        *_of_deadlines(case_type, known),
        *_of_ends(case_type, edges),
        *_of_reach(case_type, edges),
    )


def possible(case_type: CaseType) -> Mapping[str, tuple[Act, ...]]:
    """What can be done in each state, whoever does it: of acts of one name the first."""
    found: dict[str, tuple[Act, ...]] = {}
    for state in case_type.states:
        here: dict[str, Act] = {}
        for act in case_type.acts:
            if case_type.is_time(act, state):
                here.setdefault(act.id, act)
        found[state] = tuple(here.values())
    return found


def reached(
    edges: Mapping[str, tuple[Act, ...]],
    start: str,
    *,
    without: Callable[[Act], bool] = lambda _: False,
    stops: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Every state that acts can lead to from one, itself among them.

    `without` are acts that are left out; from `stops` nothing leads on.
    """
    found, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        if state in stops:
            continue
        for act in edges[state]:
            if act.to in edges and act.to not in found and not without(act):
                found.add(act.to)
                waiting.append(act.to)
    return frozenset(found)


def ends_deadline(act: Act, deadline: str) -> bool:
    """Whether a deadline can not run any more once the act is done."""
    is_over = any(one.guard in {"due", "over"} and one.about == deadline for one in act.needs)
    return deadline in act.ends or is_over


def _of_the_whole(case_type: CaseType) -> Iterator[Fault]:
    states = set(case_type.states)
    names = (case_type.id, *states, *case_type.deadlines, *(one.id for one in case_type.acts))
    unknown = [("first", case_type.first), *(("ends", one) for one in sorted(case_type.ends))]
    wrong = [
        *((one, "name", "A name is of small letters, digits and underlines.")
          for one in names if not _NAME.fullmatch(one)),
        *((where, "state_unknown", f"There is no state {one}.")
          for where, one in unknown if one not in states),
        *(("lapses", "lapse_no_end", f"{one} is no end: a timer could lead on from it.")
          for one in sorted(case_type.lapses - case_type.ends)),
        *(("starts", "deadline_unknown", f"There is no deadline {one}.")
          for one in case_type.starts if one not in case_type.deadlines),
    ]  # fmt: skip
    wrong += [
        ("outlives", "outlives_nothing", f"There is no deadline and no task {one}.")
        for one in sorted(case_type.outlives - soundness_of_needs.outliving(case_type))
    ]
    if not case_type.bases:
        wrong.append(("bases", "no_basis", "Nothing says on what ground data may be given."))
    if FieldClass.CASE_INTERNAL in case_type.may_disclose:
        wrong.append(("may_disclose", "class_never", "Case notes are given to nobody."))
    for where, code, detail in wrong:
        yield _fault(where, code, detail)


def _of_an_act(case_type: CaseType, act: Act, known: Known) -> Iterator[Fault]:
    """What an act names that does not exist."""
    where = f"acts/{act.id}"
    states = (act.when - {ANY_STATE} | {act.to} - {""}) - case_type.states.keys()
    lists = (
        ("state_unknown", "There is no state {}.", sorted(states)),
        ("role_unknown", "Nobody is {}.", sorted(act.by - ACTORS)),
        ("deadline_unknown", "There is no deadline {}.",
         [one for one in (*act.starts, *act.ends) if one not in case_type.deadlines]),
        ("template_unknown", "There is no template {}.",
         [one.template for one in act.sends if one.template not in known.templates]),
        ("fact_reserved", "{} is said by the engine alone.",
         [one.name for one in act.facts
          if one.name in RESERVED_FACTS or not _NAME.fullmatch(one.name)]),
    )  # fmt: skip
    for code, detail, several in lists:
        for one in several:
            yield _fault(where, code, detail.format(one))
    if act.id in MACHINE_ACTS:
        yield _fault(where, "act_of_machine", "The engine has an act of this name.")
    if not act.when or not act.by:
        yield _fault(where, "act_never", "An act needs states and people.")
    elif not any(case_type.act(act.id, state) is act for state in case_type.states):
        yield _fault(where, "act_hidden", "Another act of this name goes before it everywhere.")
    if len({one.name for one in act.facts}) != len(act.facts):
        yield _fault(where, "fact_twice", "A fact stands twice.")
    yield from _of_tasks(where, act.tasks)
    yield from soundness_of_needs.faults(case_type, act, known)


def _of_tasks(where: str, tasks: tuple[NewTask, ...]) -> Iterator[Fault]:
    for task in tasks:
        if task.role not in STAFF or not _NAME.fullmatch(task.kind):
            yield _fault(
                where, "task_malformed", f"{task.kind}:{task.role} is no task for anybody."
            )


def _of_what_it_does(case_type: CaseType, act: Act) -> Iterator[Fault]:
    """What an act does that no table may have it do."""
    by_timer, by_staff = ActorKind.TIMER in act.by, act.by <= STAFF
    refuses = act.outcome is Outcome.REFUSE
    leads_on = not deciding.is_harmless(act) or act.to not in {"", *case_type.lapses}
    ends = act.to in case_type.ends and act.to not in case_type.lapses
    checks = (
        ("timer_shares", by_timer and len(act.by) > 1, "What a timer does, nobody else does."),
        ("timer_decides", by_timer and leads_on, "A timer reminds and lapses: it decides nothing."),
        ("system_repeats", ActorKind.SYSTEM in act.by and not act.to and not _is_once(act),
         "The system would do it over and over: it needs news, not_done or not_here."),
        ("deed_without_order", act.outcome in DEEDS and not _is_ordered(case_type, act),
         "Only an order that was carried out comes to this."),
        ("refusal_without_reason", refuses and not _has_primary(act),
         "A refusal says one primary reason."),
        ("refusal_by_nobody", refuses and not by_staff, "People refuse."),
        ("order_by_nobody", act.order is not None and not by_staff, "People ask for orders."),
        ("end_without_outcome", ends and act.outcome is None, "A case ends in some outcome."),
        ("effect_by_wrong_actor", act.effect is not None and not _may_ask(act, act.effect),
         "People of staff act at a registrar, or the registrant's own word confirmed by a link."),
        ("overlay_by_party",
         bool(act.sets or act.clears) and not act.by <= STAFF | {ActorKind.SYSTEM.value},
         "People of staff, or orders, change overlays."),
    )  # fmt: skip
    for code, is_wrong, detail in checks:
        if is_wrong:
            yield _fault(f"acts/{act.id}", code, detail)


def _may_ask(act: Act, effect: CaseEffect) -> bool:
    """Whether those who do it may have this done at a registrar; a hold comes from orders alone."""
    is_registrant = act.by == {ActorKind.REGISTRANT.value}
    if effect is CaseEffect.RELEASE_PRIVACY:
        return is_registrant and any(one.guard == "stepped_up" for one in act.needs)
    if effect is CaseEffect.WITHDRAW:
        return act.by <= STAFF | {ActorKind.REGISTRANT.value}
    return act.by <= STAFF


def _is_once(act: Act) -> bool:
    """Whether an act of the system that leads nowhere else is impossible once it is done."""
    return any(
        one.guard == "news" or (one.guard in {"not_done", "not_here"} and one.about == act.id)
        for one in act.needs
    )


def _is_ordered(case_type: CaseType, act: Act) -> bool:
    """Whether the deed is told by the system once an order was carried out, or as told to do."""
    kinds = DEEDS.get(act.outcome or Outcome.REFUSE, frozenset())
    wanted = {f"{one.value.replace(' ', '_')}=carried_out" for one in kinds}
    ordered = any(one.guard == "order" and one.about in wanted for one in act.needs)
    instructed = act.outcome in _OWN_INSTRUCTION and any(
        one.guard == "done"
        and all(done.by == {ActorKind.REGISTRANT} for done in case_type.named(one.about))
        for one in act.needs
    )
    return act.by == {ActorKind.SYSTEM} and (ordered or instructed)


def _has_primary(act: Act) -> bool:
    return any(
        one.name == "primary"
        and one.kind is FactKind.CODE
        and one.is_required
        and set(one.choices) <= set(Refusal)
        for one in act.facts
    )


def _of_deadlines(case_type: CaseType, known: Known) -> Iterator[Fault]:
    started = {*case_type.starts, *(name for act in case_type.acts for name in act.starts)}
    ended = {name for act in case_type.acts for name in act.ends}
    moments = {
        fact.name for act in case_type.acts for fact in act.facts if fact.kind is FactKind.MOMENT
    }
    for name, one in case_type.deadlines.items():
        plan = one.plan
        tasks = [task.partition(":") for task in plan.escalates]
        checks = [
            ("limit_unknown", one.limit not in known.limits, f"There is no limit {one.limit}."),
            ("ceiling_unknown", one.ceiling not in {"", *moments, *standing.OVERLAY_ENDS},
             f"No act says a moment {one.ceiling}."),
            ("floor_without_ceiling", one.floor_days > 0 and not one.ceiling,
             "Days are counted back from a ceiling."),
            ("deadline_never_set", name not in started, "No act starts it."),
            ("deadline_never_ended", name not in ended and not plan.at_end,
             "No act ends it, and the timer does nothing then."),
            ("template_unknown", bool(plan.reminds) and plan.reminds not in known.templates,
             f"There is no template {plan.reminds}."),
            ("task_malformed", any(role not in STAFF or not _NAME.fullmatch(kind)
             for kind, _, role in tasks), "It opens a task that is for nobody."),
            *((code, True, "Its reminders or tasks can not be followed.")
              for code in clock_schedule.faults(plan)),
        ]  # fmt: skip
        for code, is_wrong, detail in checks:
            if is_wrong:
                yield _fault(f"deadlines/{name}", code, detail)


def _of_ends(case_type: CaseType, edges: Mapping[str, tuple[Act, ...]]) -> Iterator[Fault]:
    for name, one in case_type.deadlines.items():
        if one.plan.at_end:
            yield from _of_an_end(case_type, edges, name, one.plan.at_end)


def _of_an_end(
    case_type: CaseType, edges: Mapping[str, tuple[Act, ...]], deadline: str, act_id: str
) -> Iterator[Fault]:
    """Whether the timer finds its act wherever the deadline may still run."""
    where = f"deadlines/{deadline}"
    acts = case_type.named(act_id)
    if not acts or any(one.by != {ActorKind.TIMER} for one in acts):
        yield _fault(where, "timer_act", f"{act_id} is no act of the timer.")
        return
    starts = {
        act.to or state
        for state, several in edges.items()
        for act in several
        if deadline in act.starts
    }
    if deadline in case_type.starts:
        starts.add(case_type.first)
    for start in starts & edges.keys():
        running = reached(
            edges, start, without=lambda act: ends_deadline(act, deadline), stops=case_type.ends
        )
        over = frozenset() if deadline in case_type.outlives else case_type.ends
        for state in sorted(running - over):
            if case_type.act(act_id, state) is None:
                detail = f"It may run out in {state}: no {act_id} there."
                yield _fault(where, "timer_act_missing", detail)


def _of_reach(case_type: CaseType, edges: Mapping[str, tuple[Act, ...]]) -> Iterator[Fault]:
    """States that nobody reaches, and those that nobody leaves."""
    if case_type.first not in edges:
        return
    found = reached(edges, case_type.first)
    for state in sorted(edges.keys() - found):
        yield _fault(f"states/{state}", "state_unreachable", "No act leads here.")
    for state in sorted(found - case_type.ends):
        if not reached(edges, state) & case_type.ends:
            yield _fault(f"states/{state}", "state_without_end", "From here no case ever ends.")
    nothing_came = reached(edges, case_type.first, without=_has_come_to_something)
    for state in sorted(nothing_came & case_type.ends):
        yield _fault(f"states/{state}", "end_without_outcome", "A case ends in some outcome.")


def _has_come_to_something(act: Act) -> bool:
    """Whether something has come of a case with this act, or had before: a name that is out."""
    return act.outcome is not None or any(one.guard == "name_out" for one in act.needs)


def _fault(where: str, code: str, detail: str) -> Fault:
    return Fault(pointer=f"/{where}", code=code, detail=detail)
