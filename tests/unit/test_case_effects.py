"""What tables may say of effects at registrars, and what an unhold leaves; by rules alone."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from proxy.model.case import CaseId
from proxy.model.case_type import Act, CaseType, Need
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.registrar import EffectId
from proxy.model.registrar_effect import CaseEffect, Change, EffectState, KeptEffect
from proxy.rules.casework import holds, soundness
from proxy.run import case_types
from tests.support import claim_walks
from tests.support import effects as benches
from tests.support.case_walks import START, SYSTEM

STEPPED_UP = Need(guard="stepped_up", about="")
KNOWN = soundness.Known(
    templates={name: one.to for name, one in case_types.templates().items()},
    limits=frozenset(case_types.limits()),
)


def of_effects(case_type: CaseType, act_id: str, **changes: object) -> list[str]:
    """Places of the faults of effects in a table of which an act was changed."""
    acts = tuple(
        replace(one, **changes) if one.id == act_id else one  # type: ignore[arg-type]  # any field
        for one in case_type.acts
    )
    found = soundness.faults(replace(case_type, acts=acts), KNOWN)
    return [one.pointer for one in found if one.code == "effect_by_wrong_actor"]


def act(act_id: str) -> Act:
    """An act of the claim's table."""
    return next(one for one in claim_walks.claim().acts if one.id == act_id)


def test_what_has_an_effect_says_so() -> None:
    """The table of a claim: what frees a name or releases privacy; nothing takes a name out."""
    found = {one.id: one.effect for one in claim_walks.claim().acts if one.effect is not None}
    assert found == {
        "confirm_reverse": CaseEffect.UNHOLD,
        "abandon_proposal": CaseEffect.WITHDRAW,
        "report_done": CaseEffect.REPORT,
        "restore": CaseEffect.UNHOLD,
        "release_privacy": CaseEffect.RELEASE_PRIVACY,
        "take_back_release": CaseEffect.WITHDRAW,
    }
    assert Change.HOLD.value not in set(CaseEffect)


@pytest.mark.parametrize("by", ["system", "timer", "requester", "registrant"])
@pytest.mark.parametrize("act_id", ["restore", "report_done"])
def test_nobody_but_staff_frees_a_name_or_reports(act_id: str, by: str) -> None:
    """No timer, no machine, no party has a registrar act (promise 7)."""
    assert not of_effects(claim_walks.claim(), act_id)
    assert any(act_id in one for one in of_effects(claim_walks.claim(), act_id, by={by}))


@pytest.mark.parametrize(
    "changes",
    [
        {"by": frozenset({"handler"})},
        {"by": frozenset({"registrant", "handler"})},
        {"by": frozenset({"timer"})},
        {"needs": ()},
    ],
)
def test_privacy_is_released_by_the_registrants_proven_word(changes: dict[str, object]) -> None:
    """Not by staff, not by a timer, and not without a second proof of who it is."""
    assert STEPPED_UP.guard in {one.guard for one in act("release_privacy").needs}
    assert of_effects(claim_walks.claim(), "release_privacy", **changes)


@pytest.mark.parametrize("by", ["system", "timer", "requester"])
def test_what_was_asked_is_withdrawn_by_people(by: str) -> None:
    """Of staff, or by the registrant whose word it was."""
    assert of_effects(claim_walks.claim(), "take_back_release", by=frozenset({by}))


def test_only_what_was_asked_last_counts_as_done() -> None:
    """Another change, or an effect of before, moves no case on."""
    walk = benches.deactivating()
    walk.tell("effect_asked", effect="1", change="hold")
    walk.tell("effect_asked", effect="2", change="unhold")
    walk.refused(SYSTEM, "mark_deactivated")
    walk.tell("effect_done", effect="2", change="unhold", outcome="applied")
    walk.refused(SYSTEM, "mark_deactivated")
    walk.tell("effect_asked", effect="3", change="hold")
    walk.tell("effect_done", effect="1", change="hold", outcome="applied")
    walk.refused(SYSTEM, "mark_deactivated")
    walk.tell("effect_done", effect="3", change="hold", outcome="applied")
    assert walk.act(SYSTEM, "mark_deactivated").case.state == "deactivated"


# What an unhold leaves ----------------------------------------------------------------------------

MINE, OTHERS = CaseId(UUID(int=1)), CaseId(UUID(int=2))
LOCK = frozenset({"clientTransferProhibited"})


def effect(
    change: Change,
    case_id: CaseId = MINE,
    seen: frozenset[str] | None = None,
    state: EffectState = EffectState.DONE,
) -> KeptEffect:
    """An effect."""
    return KeptEffect(
        id=EffectId(UUID(int=9)),
        case_id=case_id,
        tenant_id=TenantId(UUID(int=3)),
        registration_id=RegistrationId(UUID(int=4)),
        domain=DomainName("name.example"),
        change=change,
        state=state,
        seen=seen,
        tries=1,
        asked_at=START,
    )


def behind(*earlier: KeptEffect) -> tuple[frozenset[str] | None, bool]:
    """What an unhold of mine finds: what stood before, whether others want the hold."""
    found = holds.behind(earlier, effect(Change.UNHOLD, state=EffectState.ASKED))
    return found.before, found.is_shared


HELD = LOCK | {benches.HOLD}
GONE = EffectState.WITHDRAWN


def test_what_stood_before_the_first_hold_stays() -> None:
    """Be it a hold of the registrar's own; a hold of ours is not what stood before."""
    assert behind(effect(Change.HOLD, seen=HELD)) == (HELD, False)
    again = [effect(Change.HOLD, seen=LOCK), effect(Change.HOLD, seen=HELD)]
    assert behind(*again) == (LOCK, False)


def test_a_hold_that_was_taken_back_says_nothing_of_the_next() -> None:
    """After an unhold the next hold looks anew."""
    first = [effect(Change.HOLD, seen=HELD), effect(Change.UNHOLD)]
    assert behind(*first, effect(Change.HOLD, seen=LOCK)) == (LOCK, False)
    assert behind(*first) == (None, False)


def test_what_was_withdrawn_counts_if_it_may_have_been_sent() -> None:
    """It was sent after a look alone."""
    assert behind(effect(Change.HOLD, seen=LOCK, state=GONE)) == (LOCK, False)
    assert behind(effect(Change.HOLD, state=GONE)) == (None, False)
    assert behind(effect(Change.HOLD, state=EffectState.BY_HAND)) == (None, False)


def test_what_people_did_is_ours() -> None:
    """They said that they held the name; nobody looked before."""
    assert behind(effect(Change.HOLD)) == (frozenset(), False)


def test_another_cases_hold_is_shared_until_it_asks_to_end_it() -> None:
    """Whoever came first saw what stood before both."""
    both = [effect(Change.HOLD, OTHERS, seen=LOCK), effect(Change.HOLD, seen=HELD)]
    assert behind(*both) == (LOCK, True)
    assert behind(*reversed(both)) == (HELD, True)
    ends = effect(Change.UNHOLD, OTHERS, state=EffectState.BY_HAND)
    assert behind(*both, ends) == (LOCK, False)
