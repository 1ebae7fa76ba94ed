"""What a notice says of a case: ids, codes, moments. Never a value of a registrant or requester.

A variable is looked for in the act that sends the notice, then among the case's deadlines
(`intent_due` is the end of `intent`, `due` that of the one set last), then in what was decided
last. What can not be found is refused: a notice with a gap is worse than an act that waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.rules.casework import folding, guards
from proxy.services.keep_deadlines import moment_text
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from proxy.model.case import CaseId, Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType
    from proxy.store.pool import Connection

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
    for name in wanted:
        value = _value(case, case_type, name, facts, constants)
        if value is None:
            raise Refused("notice_variable", f"The notice needs `{name}`, which is not known yet.")
        found[name] = value
    return found


def _value(
    case: Case,
    case_type: CaseType,
    name: str,
    facts: Mapping[str, Fact],
    constants: Mapping[str, Fact],
) -> Fact | None:
    looks: tuple[Callable[[], Fact | None], ...] = (
        lambda: facts.get(name),
        lambda: _end(case, name),
        lambda: _items(case, case_type) if name == "items" else None,
        lambda: _decided(case, name),
        lambda: case.fields_asked if name == "fields" else None,
        lambda: constants.get(name),
    )
    return next((found for look in looks if (found := look()) is not None), None)


def _end(case: Case, name: str) -> str | None:
    """The end of a deadline that a variable names."""
    if name in {"due", "due_utc"}:
        running = [one for one in case.deadlines.values() if not one.is_ended]
        newest = max(running, key=lambda one: one.set_at, default=None)
    elif name.endswith(_NOT_BEFORE):
        newest = case.deadlines.get(_PRE_RELEASE)
    elif name.endswith(_END):
        newest = case.deadlines.get(name.removesuffix(_END))
    else:
        return None
    return None if newest is None else moment_text(newest.due_at)


def _items(case: Case, case_type: CaseType) -> tuple[str, ...]:
    return guards.missing_items(case, case_type)


def _decided(case: Case, name: str) -> Fact | None:
    """The newest value that any act has said under that name."""
    newest = max(
        (one for several in case.done.values() for one in several if name in one.facts),
        key=lambda one: one.seq,
        default=None,
    )
    return None if newest is None else newest.facts[name]
