"""What a transparency report wants to know of one case, folded from the ledger. Pure.

While a gag is in force a case is told as it stood before the gag came, and not at all if it came in
during that same half-year, as reports are half-yearly; what happened meanwhile is told as of the
gag's end. So the numbers of one report go on where those of the one before it ended, and the
difference between two says nothing of a gag. Source: casework s7.7; invariants 15, 18 and 19.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from proxy.model.case import Overlay
from proxy.model.case_state import OPEN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.case import Fact

PARTIAL: Final = "disclosed_in_part"
RELEASED: Final = "packages_released"
_COUNTED: Final = {
    "claim_emergency": "emergencies_claimed",
    "mark_released_urgently": "emergencies_disclosed",
    "object": "objections",
    "sign_indemnity": "indemnities_given",
    "ask_reconsideration": "reconsiderations_asked",
    "confirm_reverse": "reconsiderations_reversed",
    "package_released": RELEASED,
    "tell_incident": "wrongful_disclosures",
}
"""Acts whose number is told, by the name that it is told under."""

UNJUSTIFIED: Final = "emergencies_unjustified"
LATE: Final = "late"
COUNTS: Final = (*sorted({*_COUNTED.values(), UNJUSTIFIED, LATE, PARTIAL}),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What the ledger says of one event of a case."""

    act: str
    at: datetime
    facts: Mapping[str, Fact]
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A case in a report. `opened_at` and `turns` are when its coming and goings are told."""

    type: str = ""
    requester_class: str = ""
    country: str = ""
    outcome: str = ""
    primary: str = ""
    asked: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    acts: Counter[str] = field(default_factory=Counter)
    came_at: datetime | None = None
    ended_at: datetime | None = None
    opened_at: datetime | None = None
    turns: tuple[datetime, ...] = ()
    """When it was closed, opened again, closed again."""

    gag_since: datetime | None = None
    before: Summary | None = None
    """As it stood when the gag came that is in force."""

    @property
    def is_open(self) -> bool:
        """Whether it is open at the end of what was folded."""
        return len(self.turns) % 2 == 0

    def was_open(self, at: datetime) -> bool:
        """Whether it was told as open at a moment."""
        return self.is_there(at) and sum(turn < at for turn in self.turns) % 2 == 0

    def is_there(self, at: datetime) -> bool:
        """Whether it had come in by then."""
        return self.opened_at is not None and self.opened_at < at


def take(one: Summary, step: Step) -> Summary:
    """A case's summary after one more step; steps come in the order of their chain."""
    found = _followed(one, step)
    is_gag = step.facts.get("overlay") == Overlay.GAG.value
    if step.act == "overlay_set" and is_gag and found.before is None:
        return replace(found, before=one, gag_since=step.at)
    is_over = step.act == "note_gag_lifted" or (step.act == "overlay_cleared" and is_gag)
    return _told_late(found, step.at) if is_over and found.before is not None else found


def told(one: Summary, begins: datetime) -> Summary | None:
    """The case as a report from `begins` on may tell it; None for not at all."""
    if one.before is None:
        return one
    return one.before if one.before.is_there(begins) and not _is_new(one) else None


def half_year(at: datetime) -> tuple[int, bool]:
    """The half-year of a moment, in UTC."""
    return at.year, at.month > 6  # noqa: PLR2004 - the first half ends with June


def _is_new(one: Summary) -> bool:
    """Whether the gag came in the half-year in which the case did."""
    came, since = one.opened_at, one.gag_since
    return came is not None and since is not None and half_year(came) == half_year(since)


def _told_late(one: Summary, at: datetime) -> Summary:
    """The case when its gag is over: what it hid is told as of now."""
    before = one.before or one
    is_late = _is_new(one) and one.opened_at is not None
    is_late = is_late and half_year(one.opened_at or at) != half_year(at)
    has_turned = one.is_open != before.is_open
    turns = () if is_late else before.turns
    if has_turned or (is_late and not one.is_open):
        turns = (*turns, at)
    return replace(
        one,
        opened_at=at if is_late else one.opened_at,
        turns=turns,
        before=None,
        gag_since=None,
    )


def _followed(one: Summary, step: Step) -> Summary:
    facts, act = step.facts, step.act
    if act == OPEN:
        one = Summary(
            type=str(facts.get("type", "")),
            requester_class=str(facts.get("requester_class", "")),
            country=str(facts.get("country", "")),
            asked=_fields(facts),
            came_at=step.at,
            opened_at=step.at,
        )
    if step.is_closed == one.is_open:  # lapsed cases may be opened again
        ended = step.at if step.is_closed else None
        one = replace(one, turns=(*one.turns, step.at), ended_at=ended)
    if act == "package_sealed":
        one = replace(one, fields=_fields(facts))
    return replace(
        one,
        outcome=str(facts.get("outcome") or one.outcome),
        primary=str(facts.get("primary") or one.primary),
        acts=one.acts + Counter(_counted(step)),
    )


def _counted(step: Step) -> tuple[str, ...]:
    """The names under which a step counts."""
    found = [_COUNTED[step.act]] if step.act in _COUNTED else []
    if step.act == "task_opened" and str(step.facts.get("kind", "")).endswith("_late"):
        found.append(LATE)
    if step.act == "review_emergency" and step.facts.get("verdict") == "unjustified":
        found.append(UNJUSTIFIED)
    return tuple(found)


def _fields(facts: Mapping[str, Fact]) -> tuple[str, ...]:
    found = facts.get("fields", ())
    return found if isinstance(found, tuple) else ()
