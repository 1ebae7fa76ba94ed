"""Anchor documents: one text for every anchor, and no other text is taken."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.anchor import Surveyed
from proxy.wire import anchor_document
from tests.unit.test_anchors import ANCHOR

DOCUMENT = anchor_document.render(ANCHOR)
COUNTS = st.integers(0, 2**53 - 1)
ROOTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
SURVEYS = st.builds(
    Surveyed, **{one.name: COUNTS if one.type == "int" else ROOTS for one in fields(Surveyed)}
)
PRINTED = st.text(min_size=1, max_size=500).filter(str.isprintable)
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())


def taken(text: str) -> bool:
    """Whether a text is an anchor; anything but InvalidInput is a bug."""
    try:
        found = anchor_document.parse(text)
    except InvalidInput:
        return False
    assert anchor_document.render(found) == text
    return True


@given(SURVEYS, st.uuids(), st.booleans(), PRINTED)
def test_what_is_rendered_parses_to_the_same(
    found: Surveyed,
    anchor_id: Any,
    has_lost: bool,
    reason: str,
) -> None:
    """Whatever a survey comes to."""
    made = replace(ANCHOR, found=found, id=anchor_id, has_lost_ledger=has_lost, reason=reason)
    assert anchor_document.parse(anchor_document.render(made)) == made


@given(st.sampled_from(sorted(json.loads(DOCUMENT))), VALUES)
def test_a_member_of_another_kind_is_invalid_or_canonical(name: str, value: object) -> None:
    """Any member replaced by anything: refused, or one exact text again."""
    text = json.dumps({**json.loads(DOCUMENT), name: value}, sort_keys=True, separators=(",", ":"))
    taken(text)


@given(st.integers(0, len(DOCUMENT) - 1), st.text(max_size=3))
def test_a_changed_text_is_invalid_or_canonical(place: int, inserted: str) -> None:
    """Letters put in or in place of others do not make a second text of the same anchor."""
    taken(DOCUMENT[:place] + inserted + DOCUMENT[place:])
    taken(DOCUMENT[:place] + inserted + DOCUMENT[place + len(inserted) :])


@given(st.text())
def test_any_text_is_an_anchor_or_invalid(text: str) -> None:
    """Nothing but InvalidInput."""
    assert not taken(text)
