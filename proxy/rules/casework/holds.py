"""What taking a hold back leaves at a registrar: what stood before, and what others hold. Pure.

Several cases may hold one name. The first of them saw what had stood before any; what a later one
saw holds the first one's hold too, which is nobody's to keep once both are taken back. A hold that
was never sent has seen nothing, and whatever stands then is not known to be ours.
Source: casework s8 (a16); invariant 46.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.model.registrar_effect import Change, EffectState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.case import CaseId
    from proxy.model.registrar_effect import KeptEffect


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What stands behind an unhold."""

    before: frozenset[str] | None
    """What stood before our first hold; None where nobody of us knows of a hold that was sent."""

    is_shared: bool
    """Whether another case wants the name held still."""


def behind(earlier: Sequence[KeptEffect], unhold: KeptEffect) -> Behind:
    """What the effects of one registration, oldest first, that came before `unhold` leave to it."""
    before: frozenset[str] | None = None
    standing: set[CaseId] = set()
    for one in earlier:
        if one.change is Change.HOLD and _may_stand(one):
            if not standing:
                before = _seen(one)
            standing.add(one.case_id)
        elif one.change is Change.UNHOLD and one.state is not EffectState.WITHDRAWN:
            standing.discard(one.case_id)
    own = unhold.case_id in standing
    return Behind(before=before if own else None, is_shared=bool(standing - {unhold.case_id}))


def _may_stand(hold: KeptEffect) -> bool:
    """Whether it was done, or was withdrawn when it may have been on its way."""
    is_tried = hold.state is EffectState.WITHDRAWN and hold.seen is not None
    return hold.state is EffectState.DONE or is_tried


def _seen(hold: KeptEffect) -> frozenset[str]:
    """What stood before it; a hold that people made, and said so, is ours whole."""
    return hold.seen if hold.seen is not None else frozenset()
