"""Faults of JSON bodies: all of them, where they are, and never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.apps import body_faults
from proxy.apps.case_bodies import Assign, DoAct, Extend, NewCase, NewText, Pause, Signed
from proxy.apps.case_orders import NewOrder

if TYPE_CHECKING:
    from collections.abc import Mapping

SHAPES = (Assign, DoAct, Extend, NewCase, NewOrder, NewText, Pause, Signed)
MARK = "marker-of-ada"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(MARK),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def found(shape: type[msgspec.Struct], body: object) -> set[tuple[str, str]]:
    """Where faults are, and their codes."""
    return {(one.pointer, one.code) for one in body_faults.faults(shape, body)}


def test_a_request_is_told_all_that_it_lacks() -> None:
    """Missing, unknown and wrong members at every depth are in one list."""
    body = {"type": 1, "x/y": 2, "requester": {"name": ""}, "country": "de"}
    assert found(NewCase, body) == {
        ("/x~1y", "unknown"), ("/type", "invalid"), ("/domain", "missing"),
        ("/received_at", "missing"), ("/channel", "missing"), ("/country", "invalid"),
        ("/requester_class", "missing"), ("/fields", "missing"), ("/requester/name", "invalid"),
        ("/requester/email", "missing"),
    }  # fmt: skip


def test_a_choice_is_told_with_its_choices() -> None:
    """What may be said stands there; what was said does not."""
    (fault, *_) = body_faults.faults(NewOrder, {"kind": MARK})
    assert "disclose in emergency" in fault.detail
    assert MARK not in fault.detail
    assert ("/to/name", "invalid") in found(NewOrder, {"to": {"name": 5}})
    assert ("/to", "invalid") in found(NewOrder, {"to": "x"})


@pytest.mark.parametrize("body", [None, [], "x", 3, True])
def test_what_is_no_object_is_told_so(body: object) -> None:
    """One fault, at the top."""
    assert found(DoAct, body) == {("", "type")}


@given(
    shape=st.sampled_from(SHAPES), extra=st.dictionaries(st.text(max_size=9), JSON), data=st.data()
)
def test_faults_are_there_where_the_decoder_refuses(
    shape: type[msgspec.Struct], extra: Mapping[str, object], data: st.DataObject
) -> None:
    """There are faults exactly when the shape does not take a body; no value stands in them."""
    names = [one.encode_name for one in msgspec.structs.fields(shape)]
    body = {**extra, **data.draw(st.dictionaries(st.sampled_from(names), JSON))}
    try:
        msgspec.convert(body, shape)
    except msgspec.ValidationError:
        faults = body_faults.faults(shape, body)
        assert faults
        assert not any(MARK in one.detail for one in faults)
    else:
        assert body_faults.faults(shape, body) == ()
