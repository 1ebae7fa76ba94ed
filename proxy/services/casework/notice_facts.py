"""What a notice says of a case: ids, codes, moments. Never a value of a registrant or requester.

A variable is what the act that sends the notice says; else what its template names behind an `@`:
the deadline whose end it is, or the acts of which the newest that says it counts. A name that ends
in `_due` is a deadline's. What else happened in the case is never looked at, so that no other act
can put its own verdict, fields or date into a notice. What can not be found is refused: a notice
with a gap is worse than an act that waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.rules.casework import folding, guards
from proxy.services.keep_deadlines import moment_text
from proxy.store import cases as store
from proxy.wire import notice_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from proxy.model.case import CaseId, Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType
    from proxy.store.pool import Connection

OF: Final = "@"
OR: Final = "|"
_END: Final = "_due"
_NOT_BEFORE: Final = "_not_before"
_PRE_RELEASE: Final = "pre_release"


async def standing(connection: Connection, case_id: CaseId) -> Case:
    """The case with what the act has brought so far."""
    return folding.fold(await store.events(connection, case_id))


def of(
    case: Case,
    case_type: CaseType,
    wanted: Sequence[str],
    facts: Mapping[str, Fact],
    *,
    constants: Mapping[str, Fact],
) -> dict[str, Fact]:
    """The facts of a notice; Refused `notice_variable` names what could not be found."""
    found: dict[str, Fact] = {"domain": case.domain, "case": str(case.id)}
    for one in wanted:
        name, _, sources = one.partition(OF)
        value = _value(case, case_type, name, sources.split(OR), facts, constants)
        if value is None:
            raise Refused("notice_variable", f"The notice needs `{name}`, which is not known yet.")
        found[name] = value
    return found


def _value(  # noqa: PLR0917 - a variable, and everywhere that it is looked for
    case: Case,
    case_type: CaseType,
    name: str,
    sources: Sequence[str],
    facts: Mapping[str, Fact],
    constants: Mapping[str, Fact],
) -> Fact | None:
    looks: tuple[Callable[[], Fact | None], ...] = (
        lambda: facts.get(name),
        lambda: _end(case, name, sources),
        lambda: _said(case, name, sources),
        lambda: guards.missing_items(case, case_type) if name == "items" else None,
        lambda: constants.get(name),
    )
    return next((found for look in looks if (found := look()) is not None), None)


def _end(case: Case, name: str, sources: Sequence[str]) -> str | None:
    """The end of the deadline that a variable names, or of the one among its sources that runs."""
    if name in notice_facts.DUE:
        several = (case.deadlines.get(one) for one in sources)
        running = [one for one in several if one is not None and not one.is_ended]
        found = max(running, key=lambda one: one.set_at, default=None)
    elif name.endswith(_NOT_BEFORE):
        found = case.deadlines.get(_PRE_RELEASE)
    elif name.endswith(_END):
        found = case.deadlines.get(name.removesuffix(_END))
    else:
        return None
    return None if found is None else moment_text(found.due_at)


def _said(case: Case, name: str, sources: Sequence[str]) -> Fact | None:
    """What the newest of the acts among the sources says."""
    newest = max(
        (one for act in sources for one in case.done.get(act, ()) if name in one.facts),
        key=lambda one: one.seq,
        default=None,
    )
    return None if newest is None else newest.facts[name]
