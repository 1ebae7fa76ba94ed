"""Orders of cases against the case as the vault knows it: every reason why one does not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.model.case import Basis, CaseId, CaseTypeId, FieldClass, Overlay
from proxy.model.identifiers import DomainName, RegistrationId
from proxy.model.order import OF_NO_CASE, OrderKind, Silence
from proxy.model.roster import Person
from proxy.rules import case_orders, orders, reasons
from proxy.rules.casework import folding
from proxy.run import case_types
from tests.support import case_orders as support
from tests.support import papers
from tests.support.case_orders import NOW, Chain

if TYPE_CHECKING:
    from proxy.model.order import Order

ROSTER = papers.roster(**support.FACTS)
CASE_KINDS = [one for one in OrderKind if one not in OF_NO_CASE]
LIFTS: dict[OrderKind, dict[str, Any]] = {
    OrderKind.LIFT_GAG: {"is_gagged": True},
    OrderKind.LIFT_HOLD: {"is_held": True},
}
OVER = {OrderKind.LIFT_GAG: (Overlay.GAG,), OrderKind.LIFT_HOLD: (Overlay.HOLD,)}


def chain() -> Chain:
    """A case on its way."""
    return Chain().open()


def fault(one: Chain, order: Order, roster: Any = ROSTER, **known: Any) -> str | None:
    """What is wrong with an order of the case."""
    found = orders.fault(order, roster, papers.sha256(roster))
    if found is None:
        found = case_orders.fault(order, one.known(**known), roster, NOW)
    assert found is None or found in reasons.SENTENCES
    return found


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_a_sound_order_has_no_fault(kind: OrderKind) -> None:
    """Every kind can be ordered in a case that is ready for it."""
    one = chain()
    order = one.order(ROSTER, kind, overlays=OVER.get(kind, ()))
    assert fault(one, order, **LIFTS.get(kind, {})) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"case": CaseId(uuid4())}, "order_case"),
        ({"case_type": CaseTypeId("abuse")}, "order_case"),
        ({"tenant_id": uuid4()}, "order_case"),
        ({"registration_id": RegistrationId(uuid4())}, "order_case"),
        ({"domain": DomainName("other.example"), "unicode_name": ""}, "order_case"),
        ({"event_date": NOW - timedelta(days=1)}, "order_case"),
        ({"unicode_name": "bucher.example"}, "order_name"),
        ({"event": "ab" * 32}, "order_event_unknown"),
        ({"proposer": Person("operator")}, "order_person"),
        ({"handler": Person("")}, "order_handler"),
        ({"handler": Person("ben")}, "order_handler"),
        ({"releaser": Person("")}, "order_releaser"),
        ({"releaser": Person("dora")}, "order_releaser"),
        ({"releaser": Person("nobody")}, "order_person"),
        ({"overlays": (Overlay.GAG,)}, "order_overlays"),
        ({"overrides_veto": True}, "order_no_veto"),
        ({"reasons": "0a" * 32}, "order_reasons"),
        ({"instrument": "0a" * 32}, "order_instrument"),
        ({"basis": Basis.LEGAL_PROCESS}, "order_instrument"),
        ({"basis": Basis.EMERGENCY}, "order_basis"),
        ({"basis": Basis.CONTRACT_BREACH}, "order_breach"),
        ({"expires_at": NOW + timedelta(hours=72, seconds=1)}, "order_window"),
        ({"deployment": "1" * 32}, "order_deployment"),
        ({"roster": "a" * 64}, "order_roster"),
    ],
)
def test_an_order_that_says_something_else_is_refused(changes: dict[str, Any], reason: str) -> None:
    """Another case, name, person, ground, paper or time than the case's own events have."""
    one = chain()
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **changes)) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fields": ("registrant.email", "registrant.phone")}, "order_fields"),
        ({"fields": ("account.logins",)}, "order_fields"),
        ({"fields": ()}, "order_fields"),
        ({"records": ()}, "order_records"),
        ({"recipient": support.recipient(identity="0a" * 32)}, "order_recipient"),
        ({"recipient": support.recipient(certificate=str(uuid4()))}, "order_recipient"),
    ],
)
def test_a_disclosure_gives_what_was_asked_to_who_was_proven(
    changes: dict[str, Any], reason: str
) -> None:
    """Neither a field more, nor somebody else."""
    one = chain()
    deed = support.deed(OrderKind.DISCLOSE, **changes)
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, deed=deed)) == reason


def test_a_type_limits_classes_of_fields() -> None:
    """What a type of case may not give is not given, though it was asked for."""
    one = chain()
    order = one.order(ROSTER, OrderKind.DISCLOSE)
    narrow = replace(support.CASE_TYPE, may_disclose=frozenset({FieldClass.FINANCIAL}))
    assert fault(one, order, type=narrow) == "order_fields"
    narrow = replace(support.CASE_TYPE, bases=frozenset({Basis.LEGAL_PROCESS}))
    assert fault(one, order, type=narrow) == "order_basis"
    assert fault(one, order, type=replace(support.CASE_TYPE, acts=())) == "order_outcome"
    assert fault(one, order, type=None) == "order_case_type"


def test_an_instrument_names_what_is_given() -> None:
    """On legal process no field that the paper does not name (invariant 10)."""
    one = chain()
    ground = {"basis": Basis.LEGAL_PROCESS, "instrument": support.INSTRUMENT}
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **ground)) == "order_fields"
    one.valid("registrant.name")
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **ground)) == "order_fields"
    deed = support.deed(OrderKind.DISCLOSE, fields=("registrant.name",))
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, deed=deed, **ground)) is None


def test_a_roster_limits_fields() -> None:
    """A rule may allow less than the type."""
    rules = tuple(replace(rule, fields=frozenset({"registrant.name"})) for rule in support.RULES)
    roster = papers.roster(members=support.MEMBERS, rules=rules)
    one = chain()
    assert fault(one, one.order(roster, OrderKind.DISCLOSE), roster) == "order_field_limit"


def test_a_record_is_the_newest_and_true() -> None:
    """The vault's state says so, not the order."""
    one = chain()
    order = one.order(ROSTER, OrderKind.DISCLOSE)
    assert fault(one, order, are_records_true=False) == "order_records"


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("overlay_set", {"overlay": "safety", "until": "", "evidence": ""}),
        ("conflict_declared", {"person": "ben"}),
        ("object", {"material": True, "reasons": "0b" * 32}),
    ],
)
def test_what_matters_makes_an_order_void(act: str, facts: dict[str, Any]) -> None:
    """A material event after the one that an order names; anything else does not."""
    one = chain()
    order = one.order(ROSTER, OrderKind.DISCLOSE)
    one.tell("noted", evidence="x")
    one.tell("order_proposed", ("paul", "decider"), order=str(order.id), kind="disclose",
             sha256="0c" * 32)  # fmt: skip
    assert fault(one, order) is None
    one.tell(act, **facts)
    assert fault(one, order) == "order_event_passed"


def test_a_closed_case_is_over_but_for_what_outlives_it() -> None:
    """Holds and gags can be lifted after it; nothing else can be ordered."""
    one = chain()
    one.tell("close", is_open=False, state="closed")
    for kind in CASE_KINDS:
        order = one.order(ROSTER, kind, overlays=OVER.get(kind, ()))
        found = fault(one, order, **LIFTS.get(kind, {}))
        assert found == (None if kind in LIFTS else "order_case_closed"), kind


@pytest.mark.parametrize("kind", CASE_KINDS)
def test_a_stay_holds_back_releases(kind: OrderKind) -> None:
    """Nothing of a person leaves before the court decided (invariant 40)."""
    one = chain()
    one.tell("overlay_set", overlay="stay", until="", evidence="")
    over = (*OVER.get(kind, ()), Overlay.STAY)
    found = fault(one, one.order(ROSTER, kind, overlays=over), **LIFTS.get(kind, {}))
    gives = kind in case_orders.DISCLOSURES | {OrderKind.PUBLISH, OrderKind.RELEASE_PRIVACY}
    assert found == ("order_stay" if gives else None)


def test_a_minor_is_disclosed_to_no_private_party() -> None:
    """Only under an instrument, or in an emergency (invariant 39)."""
    one = chain()
    one.tell("overlay_set", overlay="minor", until="", evidence="")
    for kind in (OrderKind.DISCLOSE, OrderKind.PUBLISH, OrderKind.RELEASE_PRIVACY):
        assert fault(one, one.order(ROSTER, kind)) == "order_minor"
    one.valid(*support.ASKED)
    by_court = one.order(
        ROSTER, OrderKind.DISCLOSE, basis=Basis.LEGAL_PROCESS, instrument=support.INSTRUMENT
    )
    assert fault(one, by_court) is None
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE_URGENTLY)) is None


def test_a_locked_name_keeps_resolving() -> None:
    """No deactivation under a UDRP lock (invariant 34)."""
    one = chain()
    one.tell("overlay_set", overlay="udrp_lock", until="", evidence="")
    assert fault(one, one.order(ROSTER, OrderKind.DEACTIVATE)) == "order_udrp_lock"
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE)) is None


def test_a_veto_is_overridden_in_so_many_words() -> None:
    """And only what gives data away needs that (invariant 6)."""
    one = chain()
    plain, bold = (
        one.order(ROSTER, OrderKind.DISCLOSE, overrides_veto=flag) for flag in (False, True)
    )
    assert fault(one, plain, is_vetoed=True) == "order_vetoed"
    assert fault(one, bold, is_vetoed=True) is None
    assert fault(one, one.order(ROSTER, OrderKind.DEACTIVATE), is_vetoed=True) is None
    loud = one.order(ROSTER, OrderKind.DEACTIVATE, overrides_veto=True)
    assert fault(one, loud, is_vetoed=True) == "order_no_veto"


def test_the_vaults_word_on_gags_and_holds_counts() -> None:
    """Whoever writes events can neither talk them away nor lift what is not there."""
    one = chain()
    order = one.order(ROSTER, OrderKind.DISCLOSE)
    assert fault(one, order, is_gagged=True) == "order_overlays"
    assert fault(one, order, is_held=True) == "order_overlays"
    for kind, reason in (
        (OrderKind.LIFT_GAG, "order_gag_none"),
        (OrderKind.LIFT_HOLD, "order_hold_none"),
    ):
        assert fault(one, one.order(ROSTER, kind)) == reason


def test_a_gag_whose_time_is_over_is_lifted_by_order() -> None:
    """The vault holds nobody to it any more; over the case it lies until two people lift it."""
    one = chain()
    until = (NOW - timedelta(days=1)).isoformat()
    one.tell("overlay_set", overlay="gag", until=until, evidence="")
    lifting = one.order(ROSTER, OrderKind.LIFT_GAG, overlays=(Overlay.GAG,))
    assert fault(one, lifting, is_gagged=False) is None


def test_a_gag_ends_after_it_begins() -> None:
    """And it rests on an instrument."""
    one = chain()
    over = one.order(ROSTER, OrderKind.GAG, deed=Silence(until=NOW))
    assert fault(one, over) == "order_gag_end"
    assert fault(one, one.order(ROSTER, OrderKind.GAG, deed=Silence(until=None))) is None
    assert fault(one, one.order(ROSTER, OrderKind.GAG, instrument="")) == "order_instrument"


@pytest.mark.parametrize(
    "what",
    [
        {"until": NOW.isoformat()},
        {"until": (NOW + timedelta(hours=71)).isoformat()},
        {"until": "soon"},
        {"level": 0},
    ],
)
def test_nobody_unproven_gets_anything(what: dict[str, Any]) -> None:
    """The proof of who asks holds as long as the order does (invariant 41)."""
    one = chain()
    one.verify(**what)
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE)) == "order_requester"


def test_a_doubt_takes_the_proof_back() -> None:
    """An order made after it is refused as well."""
    one = chain()
    one.tell("unverify_requester", material=True)
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE)) == "order_requester"
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE_URGENTLY)) == "order_requester"
    assert fault(one, one.order(ROSTER, OrderKind.DEACTIVATE)) is None


def test_a_breach_is_found_by_two_after_the_window() -> None:
    """Neither before its end, nor by one person, nor for an earlier round (invariant 29)."""
    one = chain()
    one.breach()
    breached = {"basis": Basis.CONTRACT_BREACH}
    for kind in (OrderKind.DISCLOSE, OrderKind.DEACTIVATE):
        assert fault(one, one.order(ROSTER, kind, **breached)) is None
    one.tell("deadline_set", deadline="assurances", round=2, due_at=NOW.isoformat())
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **breached)) == "order_breach"
    one.tell("deadline_due", deadline="assurances", round=2, late_by_s=0)
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **breached)) == "order_breach"
    one.tell("find_breach", ("anna", "legal"), verdict="breach", material=True)
    one.tell("confirm_breach", ("anna", "decider"), verdict="breach", material=True)
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **breached)) == "order_breach"
    one.tell("confirm_breach", ("ben", "decider"), verdict="breach", material=True)
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE, **breached)) is None


def test_an_emergency_is_an_hour_and_a_ground_of_its_own() -> None:
    """No other ground, and not a minute more."""
    one = chain()
    urgent = OrderKind.DISCLOSE_URGENTLY
    order = one.order(ROSTER, urgent, basis=Basis.LEGITIMATE_INTEREST)
    assert fault(one, order) == "order_basis"
    order = one.order(ROSTER, urgent, expires_at=NOW + timedelta(minutes=60, seconds=1))
    assert fault(one, order) == "order_window"
    later = one.order(ROSTER, urgent, not_before=NOW + timedelta(minutes=30),
                      expires_at=NOW + timedelta(minutes=61))  # fmt: skip
    assert orders.is_too_far(later, NOW)


@pytest.mark.parametrize(
    "call", [{"number_from": "request"}, {"number_from": ""}, {"taker": "vera"}, {"taker": ""}]
)
def test_an_emergency_is_called_back_by_somebody_else(call: dict[str, Any]) -> None:
    """At a number from elsewhere, by whoever did not take the request; the vault looks itself."""
    one = chain()
    urgent = OrderKind.DISCLOSE_URGENTLY
    assert fault(one, one.order(ROSTER, urgent)) is None
    one.verify(**call)
    assert fault(one, one.order(ROSTER, urgent)) == "order_call_back"
    assert fault(one, one.order(ROSTER, OrderKind.DISCLOSE)) is None


def test_an_emergency_is_called_back_after_it_was_claimed() -> None:
    """An older proof of the requester is none of the emergency; nor is the claimant's own call."""
    one = chain()
    urgent = OrderKind.DISCLOSE_URGENTLY
    one.tell("claim_emergency", ("vera", "on-call"), danger="life")
    assert fault(one, one.order(ROSTER, urgent)) == "order_call_back"
    one.verify()
    assert fault(one, one.order(ROSTER, urgent)) == "order_call_back"
    one.tell("verify_requester", ("walt", "verifier"), **one.events[-1].facts)
    assert fault(one, one.order(ROSTER, urgent)) is None


def test_whose_work_a_case_is_does_not_vote_on_it() -> None:
    """Handler, verifier, investigator, proposer, and who declared a conflict."""
    one = chain()
    one.tell("noted", ("ida", "investigator"), evidence="x")
    one.tell("order_proposed", ("paul", "decider"), order=str(uuid4()), kind="disclose",
             sha256="0c" * 32)  # fmt: skip
    one.tell("conflict_declared", ("fay", "decider"), person="fay")
    one.tell("find_breach", ("anna", "legal"), verdict="breach")
    found = case_orders.barred(one.known().case)
    assert found == {"gus", "vera", "ida", "paul", "fay"}


def test_who_handled_a_case_does_not_vote_on_it_once_another_does() -> None:
    """Whoever built the file in another of their roles, and hands it over before the vote."""
    one = chain()
    one.tell("handler_assigned", ("dora", "decider"), person="dora")
    one.tell("grant_time", ("dora", "decider"), material=True)
    one.tell("handler_assigned", ("dora", "decider"), person="gus")
    assert "dora" in case_orders.barred(one.known().case)


def test_an_order_does_not_go_past_the_place_of_its_deed() -> None:
    """It is carried out where the type waits for that; where none does, anywhere."""
    one = chain()
    claim = next(each for each in case_types.load().values() if each.letter == "a")
    case = folding.fold(one.events)
    for kind, place in (
        (OrderKind.DISCLOSE, "sealing"),
        (OrderKind.DEACTIVATE, "deactivating"),
    ):
        order = one.order(ROSTER, kind)
        for state in claim.states:
            known = one.known(type=claim, case=replace(case, state=state))
            assert case_orders.is_awaited(order, known) is (state == place)
    assert "order_not_awaited" in reasons.SENTENCES
    gag = one.order(ROSTER, OrderKind.GAG)
    assert case_orders.is_awaited(gag, one.known(type=claim))
