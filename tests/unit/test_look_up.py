"""The resolver that WHOIS and RDAP share."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Unavailable
from proxy.model.identifiers import DomainName, Mode, ProfileId, TenantId
from proxy.model.public_record import PublicRecord
from proxy.services.look_up import LookUp, Prepared
from proxy.wire import published
from tests.support.published import AS_OF, BLUE_HERON, TENANT, profile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from proxy.model.public_record import Profile


@dataclass(slots=True, kw_only=True)
class Names:
    """A snapshot of dictionaries."""

    values: dict[bytes, bytes] = field(default_factory=dict)
    bodies: dict[tuple[TenantId, ProfileId], bytes] = field(default_factory=dict)
    generation: int = 1

    def get(self, domain: bytes) -> bytes | None:
        return self.values.get(domain)

    def profile_bodies(self) -> Mapping[tuple[TenantId, ProfileId], bytes]:
        return self.bodies

    def profiles_generation(self) -> int:
        return self.generation

    def as_of(self) -> datetime:
        return AS_OF

    def hold(self, one: Profile) -> None:
        """Put a profile in, as the follower does."""
        self.bodies[one.tenant_id, one.id] = published.encode_profile(one)
        self.generation += 1


def record(profile_id: str = "quiet-harbour") -> PublicRecord:
    """A record of the sample tenant."""
    return PublicRecord(
        domain=DomainName("a.example"),
        tenant_id=TENANT,
        profile=ProfileId(profile_id),
        accreditation=BLUE_HERON,
        mode=Mode.PROXY,
        reference="r",
        alias="a",
        created_at=AS_OF,
    )


@pytest.fixture
def names() -> Names:
    """One name with its profile, and a second profile."""
    made = Names(values={b"a.example": published.encode_record(record())})
    made.hold(profile())
    made.hold(replace(profile(), id=ProfileId("other")))
    return made


def test_a_name_is_found_with_its_profile(names: Names) -> None:
    """The record and the very profile it names come together."""
    assert LookUp(names).find(b"a.example") == (record(), profile())


def test_a_name_without_value_is_none(names: Names) -> None:
    """Not published: None, without an error."""
    assert LookUp(names).find(b"b.example") is None


def test_an_unchanged_profile_stays_the_same_object(names: Names) -> None:
    """A change of one profile leaves what was prepared from the others."""
    look_up = LookUp(names)
    before = look_up.find(b"a.example")
    names.hold(replace(profile(), id=ProfileId("other"), revision=2))
    after = look_up.find(b"a.example")
    assert before is not None
    assert after is not None
    assert before[1] is after[1]
    assert sorted(each.revision for each in look_up.profiles()) == [1, 2]


def test_a_changed_profile_is_shown_at_once(names: Names) -> None:
    """The next look-up after a change has the new profile."""
    look_up = LookUp(names)
    look_up.find(b"a.example")
    names.hold(replace(profile(), revision=2))
    found = look_up.find(b"a.example")
    assert found is not None
    assert found[1].revision == 2


@pytest.mark.parametrize("value", [b"", b"\xc1", b"\x93\x01\x02\x03", b"\xff" * 40])
def test_a_value_that_can_not_be_read_is_unavailable(names: Names, value: bytes) -> None:
    """A damaged value is never "not found"."""
    names.values[b"a.example"] = value
    with pytest.raises(Unavailable):
        LookUp(names).find(b"a.example")


def test_a_record_without_its_profile_is_unavailable(names: Names) -> None:
    """A name whose profile is missing or unreadable is not answered half."""
    names.values[b"a.example"] = published.encode_record(record("missing"))
    with pytest.raises(Unavailable):
        LookUp(names).find(b"a.example")


def test_one_unreadable_profile_harms_no_other(names: Names) -> None:
    """Names under whole profiles are answered beside a damaged one."""
    names.bodies[TENANT, ProfileId("other")] = b"{"
    names.generation += 1
    assert LookUp(names).find(b"a.example") is not None


def test_what_is_prepared_is_made_once_per_profile_and_forgotten_when_it_changes() -> None:
    """One making per profile object; a changed profile replaces its former self."""
    made: list[int] = []

    def make(one: Profile) -> int:
        made.append(one.revision)
        return len(made)

    prepared = Prepared(make)
    first, second = profile(), replace(profile(), revision=2)
    assert [prepared.of(first), prepared.of(first), prepared.of(second)] == [1, 1, 2]
    assert made == [1, 2]
    assert len(prepared._made) == 1
