"""Whether what an act needs can hold at all: guards by name, and what they are asked about. Pure.

A guard that is asked about nothing there is never holds, or always: either way nobody would see it
before a case stands there. Source: casework s6.5.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from proxy.errors import Fault
from proxy.model.case import Overlay
from proxy.model.case_state import MACHINE_ACTS
from proxy.model.case_type import FactKind
from proxy.model.order import OrderKind
from proxy.model.registrar_effect import Change
from proxy.model.roster import StaffRole
from proxy.rules.casework.guards import GUARDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from proxy.model.case_type import Act, CaseType, Need
    from proxy.rules.casework.soundness import Known

STAFF: Final = frozenset(one.value for one in StaffRole) - {StaffRole.AUDITOR.value}
"""Roles that act on cases: an auditor reads them (casework s6.1)."""

_ORDER_STATES: Final = frozenset({"proposed", "approved", "voided", "carried_out"})


def faults(case_type: CaseType, act: Act, known: Known) -> Iterator[Fault]:
    """Every fault of an act's needs."""
    flags = {one.name for one in act.facts if one.kind is FactKind.FLAG}
    where = f"/acts/{act.id}"
    for need in act.needs:
        yield from _of_a_need(case_type, where, need, known)
        for name in sorted(_flags_of(need) - flags):
            detail = f"{need.guard} asks for {name}: the act says no such."
            yield Fault(pointer=where, code="flag_unknown", detail=detail)


def outliving(case_type: CaseType) -> frozenset[str]:
    """What may go on when a case is over: its deadlines, and tasks that acts and timers open."""
    by_timers = (
        task.partition(":")[0]
        for one in case_type.deadlines.values()
        for task in one.plan.escalates
    )
    by_acts = (task.kind for act in case_type.acts for task in act.tasks)
    return frozenset({*case_type.deadlines, *by_timers, *by_acts})


def _of_a_need(case_type: CaseType, where: str, need: Need, known: Known) -> Iterator[Fault]:
    guard = GUARDS.get(need.guard)
    if guard is None:
        yield Fault(pointer=where, code="guard_unknown", detail=f"There is no guard {need.guard}.")
        return
    detail = ""
    if need.about and not guard.about:
        detail = f"{need.guard} is asked about nothing."
    elif not _is_about(case_type, guard.about, need.about, known):
        detail = f"{need.guard}: there is no {need.about or 'such'}."
    if detail:
        yield Fault(pointer=where, code="guard_argument", detail=detail)


def _flags_of(need: Need) -> frozenset[str]:
    """The flags that a need asks of its act's facts."""
    names = need.about.split(",")
    if need.guard in {"flags_when", "flags_under"}:
        return frozenset(names[1:])
    return frozenset(names) if need.guard == "flags" else frozenset()


def _is_about(case_type: CaseType, kind: str, about: str, known: Known) -> bool:
    """Whether what stands behind a guard's colon is of the kind that it asks about."""
    acts = {one.id for one in case_type.acts}
    name, _, value = about.partition("=")
    named = [one for act in case_type.named(name) for one in act.facts if one.name == "verdict"]
    kinds = {one.value.replace(" ", "_") for one in OrderKind}
    checks: Mapping[str, bool] = {
        "": not about,
        "act": about in acts | MACHINE_ACTS,
        "role": about in STAFF,
        "level": not about or about.isdecimal(),
        "number": about.isdecimal(),
        "deadline": about in case_type.deadlines,
        "template": about in known.templates,
        "templates": bool(about) and set(about.split(",")) <= known.templates.keys(),
        "task": about in outliving(case_type),
        "condition": bool(re.fullmatch(r"[a-z_]+=[a-z0-9_]+(,[a-z_]+)+", about)),
        "overlay_flags": about.partition(",")[0] in set(Overlay) and "," in about,
        "finding": any(value in one.choices for one in named),
        "flags": bool(about),
        "verdict": bool(about),
        "overlay": about in set(Overlay),
        "change": about in set(Change),
        "order": name in kinds and value in _ORDER_STATES,
    }
    return checks[kind]
