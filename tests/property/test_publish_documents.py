"""Instructions to publish: what is rendered is parsed, and anything else is InvalidInput."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.publication import Consent, Instruction, InstructionId, Method
from proxy.model.roster import DeploymentId
from proxy.rules.publishing import FIELDS
from proxy.wire import documents, publish_document

UUIDS = st.uuids()
MOMENTS = st.integers(0, 2**32).map(lambda one: datetime.fromtimestamp(one, UTC))
CONSENTS = st.sets(st.sampled_from(sorted(FIELDS)), min_size=1).flatmap(
    lambda fields: st.tuples(
        *(
            st.builds(
                Consent,
                field=st.just(one),
                given_at=MOMENTS,
                method=st.sampled_from(Method),
                evidence=st.binary(min_size=32, max_size=32).map(bytes.hex),
                confirmed=st.booleans(),
            )
            for one in sorted(fields)
        )
    )
)
INSTRUCTIONS = st.builds(
    Instruction,
    deployment=st.binary(min_size=16, max_size=16).map(lambda one: DeploymentId(one.hex())),
    id=UUIDS.map(InstructionId),
    tenant_id=UUIDS.map(TenantId),
    registration_id=UUIDS.map(RegistrationId),
    revision=st.integers(1, 2**31),
    domain=st.just(DomainName("kaveri.example")),
    consents=CONSENTS,
    at=MOMENTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
CONSENT = Consent(
    field="registrant.name",
    given_at=datetime(2026, 10, 1, 12, tzinfo=UTC),
    method=Method.WEB_FORM,
    evidence="ab" * 32,
    confirmed=False,
)
ONE = Instruction(
    deployment=DeploymentId("0f" * 16),
    id=InstructionId(UUID(int=1)),
    tenant_id=TenantId(UUID(int=2)),
    registration_id=RegistrationId(UUID(int=3)),
    revision=4,
    domain=DomainName("kaveri.example"),
    consents=(CONSENT,),
    at=datetime(2026, 11, 1, 12, tzinfo=UTC),
)
FACTS = json.loads(publish_document.render(ONE))


@given(INSTRUCTIONS)
def test_what_is_rendered_is_parsed(instruction: Instruction) -> None:
    """Every instruction survives its document, and its document is the one text for it."""
    document = publish_document.render(instruction)
    assert publish_document.parse(document) == instruction
    assert publish_document.render(publish_document.parse(document)) == document


@given(st.text() | JSON.map(json.dumps))
def test_other_texts_are_refused(text: str) -> None:
    """Whatever a stranger sends, the parser raises InvalidInput and nothing else."""
    with pytest.raises(InvalidInput):
        publish_document.parse(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"type": "privacyproxy read-back"},
        {"deployment": "0F" * 16},
        {"id": "00000000-0000-0000-0000-00000000000A"},
        {"tenant": "everybody"},
        {"registration": ""},
        {"revision": 0},
        {"revision": "4"},
        {"domain": "KAVERI.example"},
        {"domain": "münchen.example"},
        {"fields": []},
        {"fields": ["registrant.fax_ext"]},
        {"fields": ["designated.email"]},
        {"fields": ["registrant.name", "registrant.name"]},
        {"at": "2026-11-01T12:00:00+00:00"},
        {"more": "than there is"},
        {"consents": []},
        {"consents": [FACTS["consents"][0]] * 2},
        *(
            {"consents": [FACTS["consents"][0] | change]}
            for change in (
                {"field": "registrant.email"},
                {"field": ""},
                {"method": "telepathy"},
                {"evidence": "AB" * 32},
                {"evidence": "ab" * 31},
                {"given_at": "yesterday"},
                {"confirmed": "yes"},
                {"confirmed": None},
                {"more": "than there is"},
            )
        ),
    ],
)
def test_every_member_is_as_it_must_be(changes: dict[str, object]) -> None:
    """One member of another form, order or vocabulary and the whole document is refused."""
    with pytest.raises(InvalidInput):
        publish_document.parse(documents.render({**FACTS, **changes}))


def test_a_field_without_consent_is_told() -> None:
    """Its own code: a registrar's program has forgotten one, or mixed up their order."""
    fields = ["registrant.email", "registrant.name"]
    several: list[list[object]] = [FACTS["consents"], []]
    for consents in several:
        with pytest.raises(InvalidInput, match="consent_missing"):
            publish_document.parse(
                documents.render({**FACTS, "fields": fields, "consents": consents})
            )
