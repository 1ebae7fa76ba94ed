"""Case types as data: states, acts, deadlines, what a request must hold. Frozen; decides nothing.

One file of proxy/case_types says one type; wire.case_type_document reads it and refuses what does
not hold together. Source: casework s6 to s8.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Basis, CaseTypeId, FieldClass, Outcome, Overlay
    from proxy.model.deadline import Plan
    from proxy.model.order import OrderKind
    from proxy.model.registrar_effect import CaseEffect

ANY_STATE: Final = "*"
"""In an act's `when`: every state that is no end."""


class FactKind(StrEnum):
    """What a fact of an act can be."""

    CODE = "code"  # one of `choices`
    CODES = "codes"  # some of `choices`
    FLAG = "flag"
    NUMBER = "number"
    MOMENT = "moment"  # RFC 3339
    EVIDENCE = "evidence"  # the id of evidence of this case: what people write is evidence too
    EVIDENCES = "evidences"  # ids of it, or none
    FIELDS = "fields"  # names of contact fields
    PERSON = "person"  # a staff handle
    DIGEST = "digest"  # SHA-256 in hex


@dataclass(frozen=True, slots=True, kw_only=True)
class FactType:
    """A fact that an act takes."""

    name: str
    kind: FactKind
    is_required: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A guard by its name, and what it is asked about."""

    guard: str
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A notice that an act sends: its template and to whom."""

    template: str
    to: str  # "registrant" or "requester"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task that is opened, for a role."""

    kind: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that can be done in a case. Without `to` the state stays."""

    id: str
    says: str
    when: frozenset[str]
    by: frozenset[str]  # staff roles, or "registrant", "requester", "timer", "system"
    to: str
    needs: tuple[Need, ...]
    facts: tuple[FactType, ...]
    starts: tuple[str, ...]  # deadlines
    ends: tuple[str, ...]
    tasks: tuple[NewTask, ...]
    done: tuple[str, ...]  # kinds of tasks that it settles
    sends: tuple[Send, ...]
    sets: frozenset[Overlay]
    clears: frozenset[Overlay]
    outcome: Outcome | None
    order: OrderKind | None  # it asks for an order of this kind: people vote on that
    effect: CaseEffect | None  # what it has the registrar do, or what was asked of them
    is_material: bool
    """Whether it voids votes that were given before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineType:
    """A period of a case: its limit by name, and what is done while it runs and at its end."""

    id: str
    limit: str
    plan: Plan
    is_from_receipt: bool = False
    """It counts from when the request came in, however late somebody noted that it runs."""

    ceiling: str = ""
    """The fact whose newest moment it never outlasts, a court's date for one; "" for none.

    Or `end_of_` with an overlay's name, for when that ends.
    """

    floor_days: int = 0
    """Business days before the ceiling, before which it does not end either; 0 for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that a request of this type must hold, or may."""

    id: str
    says: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseType:
    """One type of case, whole."""

    id: CaseTypeId
    letter: str
    title: str
    source: str
    version: int
    bases: frozenset[Basis]
    may_disclose: frozenset[FieldClass]
    items: tuple[Item, ...]
    first: str
    starts: tuple[str, ...]  # deadlines that run from its opening on
    states: Mapping[str, str]  # with a line for people each
    ends: frozenset[str]
    lapses: frozenset[str]
    """Of `ends`, where silence leads: the only other states that a timer may lead to."""

    acts: tuple[Act, ...]
    deadlines: Mapping[str, DeadlineType]
    outlives: frozenset[str] = frozenset()
    """Deadlines and kinds of tasks that go on when the case is over: a gag's review, for one."""

    def act(self, act_id: str, state: str) -> Act | None:
        """The act of that id that can be done in `state`; an id may stand for several."""
        return next(
            (one for one in self.acts if one.id == act_id and self.is_time(one, state)), None
        )

    def named(self, act_id: str) -> tuple[Act, ...]:
        """Every act of that id."""
        return tuple(one for one in self.acts if one.id == act_id)

    def is_time(self, act: Act, state: str) -> bool:
        """Whether an act belongs to a state."""
        return state in act.when or (ANY_STATE in act.when and state not in self.ends)
