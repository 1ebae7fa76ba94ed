"""Bodies, headers and parameters: a value or InvalidInput, nothing else, and no value in it."""

from __future__ import annotations

import json
import secrets
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.apps.api import access, headers, profiles, reading
from proxy.errors import InvalidInput
from proxy.model.enrolment import Enrolment, Tenant
from proxy.model.identifiers import AccreditationId, TenantId
from proxy.model.public_record import Accreditation
from tests.support.api import PROFILE, body

ACCREDITATION = Accreditation(
    id=AccreditationId("iana-9999"), registrar_name="Quiet Harbour", iana_id=9999
)
DEFAULTS = profiles.Defaults(rdap_base_url="http://a/", web_base_url="https://b.example")
FOUND, _ = profiles.parse_profile(
    json.dumps(PROFILE).encode(), TenantId(UUID(int=1)), ACCREDITATION, DEFAULTS
)
TENANT = Tenant(
    id=TenantId(UUID(int=1)),
    profiles={FOUND.id: FOUND},
    accreditations=frozenset({ACCREDITATION.id}),
)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["2021-06-01T08:00:00Z", "9999-12-31T23:59:59-23:59", "same_as", "\ud800"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=8), st.just("same_as")), inner, max_size=3),
    ),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside a JSON value."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += places(value[key], (*path, key))
    return found


WHOLE = body(
    dnssec={"ds": [{"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "AB" * 32}]},
    replaces=str(UUID(int=5)),
    reseller="webworks",
)
PLACES = places(WHOLE)


def with_change(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """WHOLE with another value at one place."""
    changed: dict[str, Any] = json.loads(json.dumps(WHOLE))
    at: Any = changed
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    return changed


def read(content: bytes) -> Enrolment | InvalidInput:
    """What a line gives."""
    try:
        return reading.parse_line(content, TENANT)
    except InvalidInput as refusal:
        return refusal


@given(st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode())))
def test_any_bytes_give_an_enrolment_or_invalid_input(content: bytes) -> None:
    """A body never raises anything but InvalidInput."""
    found = read(content)
    assert isinstance(found, Enrolment | InvalidInput)
    reading.parse_line_name(content)


@given(st.sampled_from(PLACES), JSON)
def test_any_value_at_any_place_gives_an_enrolment_or_its_fault(
    path: tuple[Any, ...], value: Any
) -> None:
    """A wrong value is told by a pointer to it or to what holds it, and is never repeated."""
    found = read(json.dumps(with_change(path, value)).encode())
    if isinstance(found, Enrolment) or found.code == "json":
        return
    assert found.faults
    for fault in found.faults:
        assert fault.pointer == "" or fault.pointer.startswith("/")
        assert fault.code.isidentifier()


@given(st.sampled_from(PLACES), st.text(alphabet="qzQZ\x00\n\u202e", min_size=6, max_size=40))
def test_no_fault_repeats_a_value(path: tuple[Any, ...], value: str) -> None:
    """The sentences, codes and pointers of a refusal hold nothing of the value refused."""
    found = read(json.dumps(with_change(path, value)).encode())
    if isinstance(found, InvalidInput):
        assert value not in repr(found.faults) + found.detail + str(found)
    else:
        assert value not in repr(found.contacts)


def test_a_whole_body_is_read() -> None:
    """The body the tests above spoil is itself valid."""
    found = read(json.dumps(WHOLE).encode())
    assert isinstance(found, Enrolment)
    assert "qmark" not in repr(found)


@given(st.text(max_size=60))
def test_headers_and_parameters_give_a_value_or_invalid_input(text: str) -> None:
    """Preconditions, keys, cursors, numbers, times and reasons never raise anything else."""
    for parse in (
        lambda: headers.parse_precondition({"If-Match": text, "If-None-Match": text}),
        lambda: headers.parse_tags(text),
        lambda: headers.parse_idempotency_key({"Idempotency-Key": text}),
        lambda: headers.require_type({"Content-Type": text}, "application/json"),
        lambda: headers.parse_cursor({"cursor": text}),
        lambda: headers.parse_page({"limit": text}),
        lambda: headers.parse_since({"updated_since": text}),
        lambda: headers.parse_reason({"reason": text}),
        lambda: headers.parse_id(text),
    ):
        try:
            parse()
        except InvalidInput as refusal:
            assert refusal.code  # noqa: PT017 - either outcome is right


@given(st.uuids())
def test_a_cursor_leads_back_to_its_id(after: UUID) -> None:
    """parse(render(id)) is the id."""
    assert headers.parse_cursor({"cursor": headers.render_cursor(after)}) == after


@given(st.sampled_from(places(PROFILE)), JSON)
def test_any_profile_gives_a_profile_or_invalid_input(path: tuple[Any, ...], value: Any) -> None:
    """A spoilt profile is refused with its faults, or still valid."""
    changed: Any = json.loads(json.dumps(PROFILE))
    at = changed
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    try:
        profiles.parse_profile(json.dumps(changed).encode(), TENANT.id, ACCREDITATION, DEFAULTS)
    except InvalidInput as refusal:
        assert refusal.code in {"json", "invalid_body"}  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("name", ["Quiet Harbour", 'Quote " and \\ backslash', "名前"])
def test_the_default_profile_is_valid(name: str) -> None:
    """A registrar without a profile of its own gets one that validates."""
    made, _ = profiles.parse_profile(
        profiles.default_body(name), TENANT.id, ACCREDITATION, DEFAULTS
    )
    assert made.mask.organization == name
    assert made.rdap_base_url == "http://a/"


def test_keys_are_long_random_and_hide_their_secret() -> None:
    """Two keys differ; what is kept of one does not give it away."""
    (id_one, text_one, hash_one), (_, text_two, _) = (
        access.make_key(secrets.token_bytes) for _ in range(2)
    )
    assert text_one != text_two
    assert text_one.startswith(f"pp_{id_one}_")
    assert len(hash_one) == 32
