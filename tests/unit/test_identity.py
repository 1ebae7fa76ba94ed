"""What becomes of a declared name: the decision alone, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from proxy.model.contact import ContactSet
from proxy.model.enrolment import Enrolment
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    EndReason,
    Mode,
    ProfileId,
    RegistrationId,
    State,
    TenantId,
)
from proxy.model.public_record import Layout
from proxy.model.registration import Declaration, Registration
from proxy.rules import identity
from proxy.rules.identity import Enrol, Precondition, Reason, Refused, Replace

AT = datetime(2026, 1, 20, tzinfo=UTC)
LATER = datetime(2026, 5, 1, tzinfo=UTC)
ALLOWED = Layout(layout="gtld", proxy="allowed", contacts="thick")
FORBIDDEN = replace(ALLOWED, proxy="forbidden")
PRESENT = Registration(
    tenant_id=TenantId(UUID(int=1)),
    id=RegistrationId(UUID(int=2)),
    revision=3,
    state=State.ACTIVE,
    declared=Declaration(
        domain=DomainName("kaveri.example"),
        mode=Mode.PROXY,
        accreditation=AccreditationId("iana-9999"),
        profile=ProfileId("default"),
        registry_domain_id="D1",
        created_at=AT,
        updated_at=AT,
    ),
    reference="R",
    alias="a",
    enrolled_at=AT,
)


def wanted(*, replaces: RegistrationId | None = None, **changes: Any) -> Enrolment:
    """The present declaration with changes."""
    return Enrolment(
        declared=replace(PRESENT.declared, **changes),
        contacts=ContactSet(given={}, same_as={}),
        replaces=replaces,
    )


def decide(
    enrolment: Enrolment,
    present: Registration | None = PRESENT,
    *,
    spoken_elsewhere: bool = False,
    layout: Layout = ALLOWED,
    precondition: Precondition | None = None,
    refuse_stale: bool = False,
) -> identity.Decision:
    """The decision."""
    return identity.decide(
        enrolment,
        present,
        spoken_elsewhere=spoken_elsewhere,
        layout=layout,
        precondition=Precondition() if precondition is None else precondition,
        refuse_stale=refuse_stale,
    )


@pytest.mark.parametrize(
    ("changes", "spoken_elsewhere", "state"),
    [
        ({}, False, State.ACTIVE),
        ({}, True, State.CLAIMED),
        ({"created_at": None}, False, State.RESERVED),
        ({"created_at": None}, True, State.RESERVED),
    ],
)
def test_a_new_name_is_active_claimed_or_reserved(
    changes: dict[str, Any], *, spoken_elsewhere: bool, state: State
) -> None:
    """Another speaker makes a claim; a missing creation date a reservation, whoever speaks."""
    decision = decide(wanted(**changes), None, spoken_elsewhere=spoken_elsewhere)
    assert decision == Enrol(state=state, ends=None)


@pytest.mark.parametrize(
    "changes", [{"registry_domain_id": "D2"}, {"created_at": LATER}], ids=["id", "date"]
)
def test_another_identity_needs_replaces(changes: dict[str, Any]) -> None:
    """Another registry id or creation date: refused, unless `replaces` names the present one."""
    assert decide(wanted(**changes)) == Refused(reason=Reason.DIFFERENT_REGISTRATION)
    other = RegistrationId(UUID(int=9))
    assert decide(wanted(replaces=other, **changes)) == Refused(reason=Reason.REPLACES_ANOTHER)
    taken = decide(wanted(replaces=PRESENT.id, **changes))
    assert taken == Enrol(state=State.ACTIVE, ends=PRESENT.id)


def test_what_one_side_does_not_know_makes_no_difference() -> None:
    """A registry id that is not given any more, or newly given, is the same registration."""
    assert decide(wanted(registry_domain_id=None)) == Replace(state=State.ACTIVE)
    bare = replace(PRESENT, declared=replace(PRESENT.declared, registry_domain_id=None))
    assert decide(wanted(), bare) == Replace(state=State.ACTIVE)


def test_a_repeated_replaces_is_an_ordinary_replacement() -> None:
    """Sent again after it took effect, `replaces` names an ended one and changes nothing more."""
    again = wanted(replaces=RegistrationId(UUID(int=9)))
    assert decide(again) == Replace(state=State.ACTIVE)


def test_a_name_that_exists_keeps_its_creation_date() -> None:
    """A published name can not become a reservation: that would un-publish it."""
    refused = decide(wanted(created_at=None))
    assert refused == Refused(reason=Reason.CREATED_AT_NEEDED)


def test_a_claim_becomes_active_when_nobody_speaks() -> None:
    """The next declaration of a claimed name speaks once the other tenant has gone."""
    claimed = replace(PRESENT, state=State.CLAIMED)
    assert decide(wanted(), claimed, spoken_elsewhere=True) == Replace(state=State.CLAIMED)
    assert decide(wanted(), claimed) == Replace(state=State.ACTIVE)


@pytest.mark.parametrize(
    ("mode", "layout", "reason"),
    [
        (Mode.PUBLISHED, ALLOWED, None),
        (Mode.PROXY, FORBIDDEN, Reason.PRIVACY_NOT_PERMITTED),
        (Mode.PRIVACY, FORBIDDEN, Reason.PRIVACY_NOT_PERMITTED),
        (Mode.REDACTED, FORBIDDEN, None),
        (Mode.PUBLISHED, FORBIDDEN, None),
        (Mode.PRIVACY, ALLOWED, None),
    ],
)
def test_modes_are_had_where_the_registry_allows_them(
    mode: Mode, layout: Layout, reason: Reason | None
) -> None:
    """A TLD that forbids privacy still takes `redacted`, and `published`, which shows no more."""
    decision = decide(wanted(mode=mode), layout=layout)
    assert decision == (Replace(state=State.ACTIVE) if reason is None else Refused(reason=reason))


@pytest.mark.parametrize(
    ("precondition", "with_present", "without"),
    [
        (Precondition(), True, True),
        (Precondition(absent=True), False, True),
        (Precondition(present=True), True, False),
        (Precondition(tags=frozenset({f"{PRESENT.id}.3"})), True, False),
        (Precondition(tags=frozenset({f"{PRESENT.id}.2"})), False, False),
        (Precondition(tags=frozenset()), False, False),
        (Precondition(revision=3), True, False),
        (Precondition(revision=2), False, False),
        (Precondition(revision=0), False, True),
    ],
)
def test_preconditions(precondition: Precondition, *, with_present: bool, without: bool) -> None:
    """Each demand is met by exactly what it names."""
    assert identity.meets(precondition, PRESENT) is with_present
    assert identity.meets(precondition, None) is without


def test_only_imports_refuse_older_lines() -> None:
    """An older `updated_at` is stale in an import; an equal or unknown one is not."""
    older = wanted(updated_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert decide(older, refuse_stale=True) == Refused(reason=Reason.STALE)
    assert decide(older) == Replace(state=State.ACTIVE)
    assert decide(wanted(updated_at=None), refuse_stale=True) == Replace(state=State.ACTIVE)
    assert decide(wanted(), refuse_stale=True) == Replace(state=State.ACTIVE)


@pytest.mark.parametrize("state", [state for state in State if state is not State.ENDED])
@pytest.mark.parametrize("reason", list(EndReason))
def test_only_leaving_the_service_keeps_publication(state: State, reason: EndReason) -> None:
    """left_service of a published name is an ending; everything else ends at once."""
    ended = identity.ended_state(replace(PRESENT, state=state), reason)
    keeps = reason is EndReason.LEFT_SERVICE and state in {State.ACTIVE, State.ENDING}
    assert ended is (State.ENDING if keeps else State.ENDED)
