"""What the vault remembers of cases: heads that only move forward, vetoes, gags, holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import Refused
from proxy.model.case import FIRST_PREVIOUS, CaseId, Event
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.vault import state as states
from proxy.vault.casebook import CaseBook
from tests.support.case_orders import NOW, Chain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseBook]:
    """A book in an empty state; every test has a case of its own."""
    path: Path = tmp_path_factory.mktemp("state") / "state"
    states.create(path, b"id")
    state = states.State(path, b"id")
    yield CaseBook(state)
    state.close()


def chain(length: int = 5) -> Chain:
    """A case of so many events."""
    one = Chain()
    for place in range(length):
        one.tell("noted", evidence=str(place))
    return one


def refusal(book: CaseBook, one: Chain, events: Sequence[Event]) -> str:
    """Why the events are refused; the head stays where it was."""
    before = book.head(one.case_id)
    with pytest.raises(Refused) as found:
        book.extend(one.case_id, events)
    assert book.head(one.case_id) == before
    return found.value.code


def test_a_head_follows_its_events(book: CaseBook) -> None:
    """One after the other, several at once, from before the head, or none."""
    one = chain()
    assert book.head(one.case_id) is None
    book.extend(one.case_id, one.events[:2])
    assert book.head(one.case_id) == (2, one.events[1].digest())
    for events in (one.events[2:3], one.events[1:4], one.events, one.events, []):
        book.extend(one.case_id, events)
    assert book.head(one.case_id) == (5, one.events[-1].digest())
    assert len(one.events[-1].digest()) == len(FIRST_PREVIOUS)


def test_a_head_moves_neither_back_nor_aside(book: CaseBook) -> None:
    """Edited, cut short, with a gap, of another case, or another history: refused, unchanged."""
    one = chain()
    book.extend(one.case_id, one.events[:4])
    edited = [one.events[0], replace(one.events[1], actor="ben"), *one.events[2:]]
    other = chain(6)
    fork = [replace(each, case_id=one.case_id) for each in other.events]
    assert refusal(book, one, one.events[:3]) == "case_rolled_back"
    assert refusal(book, one, edited) == "case_forged"
    assert refusal(book, one, [*one.events[:2], *one.events[3:]]) == "case_forged"
    assert refusal(book, one, other.events) == "case_forged"
    assert refusal(book, one, fork) == "case_forged"
    assert refusal(book, one, [replace(one.events[4], previous=bytes(32))]) == "case_forged"
    assert refusal(book, one, [replace(one.events[4], seq=6)]) == "case_forged"
    spoilt = replace(one.events[4], facts={"n": 2**70})
    assert refusal(book, one, [spoilt]) == "case_forged"


@given(st.integers(0, 7), st.integers(0, 8), st.integers(0, 7), st.integers(1, 8))
def test_only_true_events_move_a_head(
    book: CaseBook, known: int, first: int, edited: int, length: int
) -> None:
    """Whatever part of a chain comes, whichever event is edited: the head is the chain's own."""
    one = chain(8)
    digests = {each.seq: each.digest() for each in one.events}
    book.extend(one.case_id, one.events[:known])
    events = list(one.events[first : first + length])
    if edited < len(events):
        events[edited] = replace(events[edited], role="forged")
    try:
        book.extend(one.case_id, events)
    except Refused:
        pass
    else:
        is_new = first + edited + 1 > known
        assert edited >= len(events) or is_new
    head = book.head(one.case_id)
    if known:
        assert head is not None
        assert head[0] >= known
        if edited >= len(events) and events and events[0].seq <= known + 1:
            assert head == (max(known, events[-1].seq), digests[max(known, events[-1].seq)])


def test_a_veto_stays_whatever_its_case_does(book: CaseBook) -> None:
    """Before its first event and after any other; a head is not made up by it."""
    one = chain()
    assert not book.is_vetoed(one.case_id)
    book.note_veto(one.case_id)
    assert book.head(one.case_id) is None
    book.extend(one.case_id, one.events)
    book.note_veto(one.case_id)
    assert book.is_vetoed(one.case_id)
    assert book.head(one.case_id) == (5, one.events[-1].digest())
    assert not book.is_vetoed(CaseId(uuid4()))


def test_gags_end_by_time_or_never(book: CaseBook) -> None:
    """By the second; lifting one that is not there is no fault."""
    case = CaseId(uuid4())
    assert not book.is_gagged(case, NOW)
    book.set_gag(case, NOW)
    assert book.is_gagged(case, NOW - timedelta(seconds=1))
    assert not book.is_gagged(case, NOW)
    book.set_gag(case, None)
    assert book.is_gagged(case, NOW + timedelta(days=36500))
    book.lift_gag(case)
    book.lift_gag(case)
    assert not book.is_gagged(case, NOW)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=20))
def test_holds_are_a_union(book: CaseBook, steps: list[tuple[int, int, bool]]) -> None:
    """A registration is held exactly while some case holds it."""
    tenant = TenantId(uuid4())
    registrations = [RegistrationId(uuid4()) for _ in range(3)]
    cases = [CaseId(uuid4()) for _ in range(3)]
    model: set[tuple[int, int]] = set()
    for registration, case, is_placed in steps:
        if is_placed:
            is_new = book.place_hold(tenant, registrations[registration], cases[case], NOW)
            assert is_new == ((registration, case) not in model)
            model.add((registration, case))
        else:
            book.lift_hold(tenant, registrations[registration], cases[case])
            model.discard((registration, case))
    expected = {(tenant, registrations[one]) for one, _ in model}
    assert book.held((tenant, one) for one in registrations) == expected
    for place, one in enumerate(registrations):
        assert book.is_held(tenant, one) == ((tenant, one) in expected)
        assert [book.holds(tenant, one, case) for case in cases] == [
            (place, number) in model for number in range(3)
        ]
