"""Facts of acts as people write them: read by their kinds, and every fault told at once."""

from __future__ import annotations

import pytest

from proxy.errors import InvalidInput
from proxy.run import case_facts, case_types
from proxy.run.case_facts import Wanted

KNOWN = (
    "level code 1|2|3", "until moment", "sure flag", "count number", "items codes a|b|c",
    "fields fields", "proof evidence", "more? evidences", "taker person",
)  # fmt: skip
GIVEN = (
    "level=2", "until=2027-03-01T00:00:00+01:00", "sure=no", "count=12", "items=a,c",
    "fields=registrant.name", "proof=@a=b.txt", "taker=ida",
)  # fmt: skip


def test_facts_are_read_by_their_kinds() -> None:
    """Flags, numbers, lists and texts; evidence stays as it was written."""
    found = {name: value for name, (_, value) in case_facts.parse(KNOWN, GIVEN).items()}
    assert found == {
        "level": "2", "until": "2027-03-01T00:00:00+01:00", "sure": False, "count": 12,
        "items": ["a", "c"], "fields": ["registrant.name"], "proof": "@a=b.txt", "taker": "ida",
    }  # fmt: skip


def test_every_fault_is_told_at_once() -> None:
    """Unknown, missing and wrong facts stand in one sentence, with how each is written."""
    given = ("level=9", "until=2027", "sure=perhaps", "count=³", "items=a,d", "mood=bad")
    with pytest.raises(InvalidInput) as refusal:
        case_facts.parse(KNOWN, given)
    for said in (
        "there is no fact mood", "fields=FIELD,... is missing", "proof=@FILE is missing",
        "taker=HANDLE is missing", "level is one of 1, 2, 3", "until is a moment with its zone",
        "sure is yes or no", "count is a number", "items is some of a, b, c",
    ):  # fmt: skip
        assert said in refusal.value.detail
    assert "more" not in refusal.value.detail
    with pytest.raises(InvalidInput, match="facts"):
        case_facts.parse(KNOWN, ["level"])


def test_how_facts_are_written() -> None:
    """In brackets where they may be left out."""
    assert [case_facts.usage(one) for one in case_facts.wanted(KNOWN)] == [
        "level=1|2|3", "until=MOMENT", "sure=yes|no", "count=N", "items=a|b|c,...",
        "fields=FIELD,...", "proof=@FILE", "[more=@FILE,...]", "taker=HANDLE",
    ]  # fmt: skip


def test_every_kind_of_every_table_has_its_way_to_be_written() -> None:
    """No fact of an act is shown by the name of its kind alone."""
    for one in case_types.load().values():
        for act in one.acts:
            for fact in act.facts:
                said = case_facts.usage(
                    Wanted(fact.name, fact.kind.value, tuple(fact.choices), is_required=True)
                )
                is_told = fact.kind.value in case_facts.SHAPES or fact.choices
                assert is_told, (one.id, act.id, said)
