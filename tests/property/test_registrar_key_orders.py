"""Orders for registrars' keys as documents: what is rendered is read, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.identifiers import TenantId
from proxy.model.order import ChangeRegistrarKey, OrderKind, RegistrarKey
from proxy.wire import documents, order_document
from tests.support import papers, registrar_keys

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)
KEYS = st.builds(RegistrarKey, signing=HEX, sealing=HEX)
CHANGES = st.builds(
    ChangeRegistrarKey,
    tenant_id=st.uuids().map(TenantId),
    key=st.none() | KEYS,
    replaces=st.just("") | HEX,
)
ROSTER = papers.roster(rules=registrar_keys.RULES)
ORDER = replace(
    papers.order(
        ROSTER, papers.MADE_AT, subject=registrar_keys.change(registrar_keys.REGISTRAR.key)
    ),
    kind=OrderKind.REGISTRAR_KEY,
)


@given(CHANGES)
def test_what_is_rendered_is_read(change: ChangeRegistrarKey) -> None:
    """Every change of a key survives its document."""
    order = replace(ORDER, subject=change)
    document = order_document.render(order)
    assert order_document.parse(document) == order


@pytest.mark.parametrize(
    "changes",
    [
        {"key": [{"signing": "AB" * 32, "sealing": "ab" * 32}]},
        {"key": [{"signing": "ab" * 31, "sealing": "ab" * 32}]},
        {"key": [{"signing": "ab" * 32}]},
        {"key": [{"signing": "ab" * 32, "sealing": "ab" * 32, "more": "x"}]},
        {"key": [{"signing": "ab" * 32, "sealing": "ab" * 32}] * 2},
        {"key": None},
        {"replaces": "x"},
        {"tenant": "0198C0DE-0000-7000-8000-000000000001"},
        {"tenant": "everybody"},
        {"case": "0198c0de-0000-7000-8000-000000000001"},
        {"kind": "change agent"},
        {"kind": "disclose"},
    ],
)
def test_another_form_is_refused(changes: dict[str, object]) -> None:
    """One member of another form, or of another kind of order, and it is none."""
    facts = {**json.loads(order_document.render(ORDER)), **changes}
    with pytest.raises(InvalidInput):
        order_document.parse(documents.render(facts))


@given(KEYS, KEYS)
def test_keys_have_digests_of_their_own(one: RegistrarKey, other: RegistrarKey) -> None:
    """What an order says it replaces is one key and no other; none is the empty digest."""
    digest = order_document.registrar_key_digest
    assert (digest(one) == digest(other)) is (one == other)
    assert digest(None) == ""
