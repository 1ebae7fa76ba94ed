"""Case types as a page for people: a diagram of states each, and what its deadlines are. Pure.

Rendered from the tables that the program runs by; a test compares the page with them.
Mermaid's state diagrams are plain text that many viewers draw.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.case import ActorKind
from proxy.rules.casework import soundness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from proxy.model.case_type import CaseType
    from proxy.rules.casework.limits import Limit

HEAD: Final = """# Cases

Made from the tables in `../case_types/` by `privacyproxy case-types diagram`: do not edit.
An arrow is an act that leads to another state, with who does it; acts that change nothing but
facts, deadlines and tasks stand in the tables. What lies over a case (gag, hold, safety, stay,
minor, UDRP lock) is no state. The timer leads only to where silence ends: `lapsed` and `closed`.
"""


def page(types: Iterable[CaseType], limits: Mapping[str, Limit]) -> str:
    """The whole page, in Markdown."""
    ordered = sorted(types, key=lambda one: one.letter)
    return "\n".join([HEAD, *(line for one in ordered for line in _section(one, limits))])


def render(case_type: CaseType) -> str:
    """The states of a type and what leads from one to another, as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"  [*] --> {case_type.first}"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, acts in soundness.possible(case_type).items():
        for act in acts:
            if act.to not in {"", state}:
                label = f"{act.id} ({_people(act.by)})"
                arrows.setdefault((state, act.to), []).append(label)
    lines += [
        f"  {start} --> {to}: {'<br/>'.join(labels)}" for (start, to), labels in arrows.items()
    ]
    lines += [f"  {end} --> [*]" for end in case_type.states if end in case_type.ends]
    return "\n".join(lines) + "\n"


def _section(case_type: CaseType, limits: Mapping[str, Limit]) -> Iterator[str]:
    yield f"## ({case_type.letter}) {case_type.title}\n"
    yield f"`{case_type.id}.toml`, version {case_type.version}. Source: {case_type.source}.\n"
    yield "```mermaid\n" + render(case_type) + "```\n"
    yield from _table(
        ("state", "means"), [(f"`{name}`", says) for name, says in case_type.states.items()]
    )
    rows = []
    for name, one in case_type.deadlines.items():
        limit = limits[one.limit]
        tasks = ", ".join(f"task {task}" for task in one.plan.escalates)
        then = tasks or (f"timer: {one.plan.at_end}" if one.plan.at_end else "")
        rows.append(
            (f"`{name}`", f"{limit.amount} {limit.unit.value}", limit.direction.value, then)
        )
    yield from _table(("deadline", "length", "whose", "at its end"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(' --- ' for _ in head)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _people(by: frozenset[str]) -> str:
    """Who does it; staff before others, and those who are none by their kind."""
    kinds = {one.value for one in ActorKind}
    return ", ".join(sorted(by, key=lambda one: (one in kinds, one)))
