"""What every benchmark gives back. Ratios against a floor measured in the same run, never times."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the table of goals (README, Speed)."""

    name: str
    floor: float | None  # the same work without us, in `unit`
    result: float  # ours, in `unit`
    ratio: float | None  # result / floor
    goal: str  # as the table of goals states it
    unit: str
    details: Mapping[str, float | int | str] = field(default_factory=dict)
