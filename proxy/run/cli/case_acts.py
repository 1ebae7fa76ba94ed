"""Acts by the names that people use for them: overlays put on and lifted, findings, emergencies.

What an act takes and who may do it stands in the case's table; here are names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

ON: Final = "on"
OFF: Final = "off"
EMERGENCY: Final = "claim_emergency"
OVERLAYS: Final[Mapping[str, Mapping[str, str]]] = {
    "safety": {ON: "flag_safety", OFF: "lift_safety"},
    "minor": {ON: "flag_minor", OFF: "lift_minor"},
    "stay": {ON: "stay", OFF: "lift_stay"},
    "udrp-lock": {ON: "note_udrp_lock", OFF: "note_udrp_unlock"},
    "hold": {ON: "place_hold"},
    "gag": {},
}
"""The act that puts an overlay on, and the one that lifts it; where none is, it takes an order."""

_ORDERS: Final = {("hold", OFF): "lift_hold", ("gag", ON): "gag", ("gag", OFF): "lift_gag"}


def overlay(case: str, name: str, switch: str) -> str:
    """The act for an overlay; InvalidInput `overlay` says which order to propose instead."""
    act = OVERLAYS[name].get(switch)
    if act is None:
        kind = _ORDERS[name, switch]
        raise InvalidInput(
            "overlay",
            f"That takes an order on which people vote: privacyproxy case propose {case} {kind}"
            " --basis BASIS --reason TEXT --reasons @FILE",
        )
    return act


def finding(name: str) -> str:
    """The act of a finding: `trigger` and `find_trigger` are the same."""
    return name if name.startswith("find_") else f"find_{name}"
