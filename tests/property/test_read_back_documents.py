"""Read-back documents: what is rendered is parsed, and anything else is InvalidInput."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.roster import DeploymentId
from proxy.wire import documents, read_back_document
from proxy.wire.read_back_document import FIELDS, Asked, Ground

UUIDS = st.uuids()
LINES = st.text(min_size=1, max_size=500).filter(documents.is_line)
MOMENTS = st.integers(0, 2**32).map(lambda one: datetime.fromtimestamp(one, UTC))
ASKED = st.builds(
    Asked,
    deployment=st.binary(min_size=16, max_size=16).map(lambda one: DeploymentId(one.hex())),
    id=UUIDS,
    tenant_id=UUIDS.map(TenantId),
    registration_id=UUIDS.map(RegistrationId),
    revision=st.integers(1, 2**31),
    domain=st.just(DomainName("kaveri.example")),
    fields=st.sets(st.sampled_from(sorted(FIELDS)), min_size=1).map(lambda one: tuple(sorted(one))),
    ground=st.sampled_from(Ground),
    reason=LINES,
    at=MOMENTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
ONE = Asked(
    deployment=DeploymentId("0f" * 16),
    id=UUID(int=1),
    tenant_id=TenantId(UUID(int=2)),
    registration_id=RegistrationId(UUID(int=3)),
    revision=4,
    domain=DomainName("kaveri.example"),
    fields=("registrant.email", "registrant.name"),
    ground=Ground.CUSTOMER,
    reason="Ticket 17.",
    at=datetime(2026, 11, 1, 12, tzinfo=UTC),
)


@given(ASKED)
def test_what_is_rendered_is_parsed(asked: Asked) -> None:
    """Every request survives its document, and its document is the one text for it."""
    document = read_back_document.render(asked)
    assert read_back_document.parse(document) == asked
    assert read_back_document.render(read_back_document.parse(document)) == document


@given(st.text() | JSON.map(json.dumps))
def test_other_texts_are_refused(text: str) -> None:
    """Whatever a stranger sends, the parser raises InvalidInput and nothing else."""
    with pytest.raises(InvalidInput):
        read_back_document.parse(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"type": "privacyproxy search"},
        {"deployment": "0F" * 16},
        {"id": "00000000-0000-0000-0000-00000000000A"},
        {"tenant": "everybody"},
        {"registration": ""},
        {"revision": 0},
        {"revision": "4"},
        {"domain": ""},
        {"domain": "KAVERI.example"},
        {"domain": "kaveri.example."},
        {"domain": "kav eri.example"},
        {"domain": "münchen.example"},
        {"fields": []},
        {"fields": ["registrant.name", "registrant.email"]},
        {"fields": ["registrant.email", "registrant.email"]},
        {"fields": ["registrant.secret"]},
        {"fields": ["designated.email"]},
        {"fields": ["registrant"]},
        {"ground": "curiosity"},
        {"reason": ""},
        {"reason": "x" * 501},
        {"reason": "two\nlines"},
        {"reason": "hidden\u202etext"},
        {"at": "2026-11-01T12:00:00+00:00"},
        {"more": "than there is"},
    ],
)
def test_every_member_is_as_it_must_be(changes: dict[str, object]) -> None:
    """One member of another form, order or vocabulary and the whole document is refused."""
    facts = {**json.loads(read_back_document.render(ONE)), **changes}
    with pytest.raises(InvalidInput):
        read_back_document.parse(documents.render(facts))


def test_no_repr_shows_the_reason() -> None:
    """It may name somebody: neither the request's repr nor a fault shows it."""
    assert "Ticket 17" not in repr(ONE)


@given(st.text(max_size=300), st.text(max_size=300))
def test_answers_hide_lengths(one: str, other: str) -> None:
    """An answer is whole and canonical before its padding, and its size is a multiple."""
    values = {"registrant.name": one, "registrant.street": (other,), "tech.fax": None}
    octets = read_back_document.render_answer(ONE, values)
    assert len(octets) % read_back_document.PADDING_OCTETS == 0
    assert json.loads(octets)["fields"] == json.loads(json.dumps(values))
