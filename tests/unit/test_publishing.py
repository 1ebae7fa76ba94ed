"""When fields may be published: the table of an instruction, its delay, and its consents."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.model.public_record import PublishedName
from proxy.model.publication import Consent, Deed, Method, Standing
from proxy.rules import publication, publishing

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ONE = Consent(
    field="registrant.name",
    given_at=NOW - timedelta(days=1),
    method=Method.LETTER,
    evidence="00" * 32,
    confirmed=False,
)
ENDS = {
    Deed.OBJECT: Standing.OBJECTED,
    Deed.WITHDRAW: Standing.WITHDRAWN,
    Deed.REPLACE: Standing.REPLACED,
    Deed.BOUNCE: Standing.UNDELIVERABLE,
    Deed.CHANGE: Standing.CHANGED,
}


@pytest.mark.parametrize(("standing", "deed"), list(itertools.product(Standing, Deed)))
def test_the_whole_table(standing: Standing, deed: Deed) -> None:
    """Written out a second time: what an instruction that is open can become, and nothing else."""
    expected: Standing | None = None
    if standing in {Standing.WAITING, Standing.PUBLISHED}:
        expected = ENDS.get(deed)
        if deed is Deed.PUBLISH:
            expected = Standing.PUBLISHED
    if (standing, deed) == (Standing.WAITING, Deed.ADDRESS):
        expected = Standing.WAITING
    if (standing, deed) == (Standing.WAITING, Deed.LAPSE):
        expected = Standing.LAPSED
    if (standing, deed) == (Standing.PUBLISHED, Deed.OUTGROW):
        expected = Standing.TOO_LARGE
    assert publishing.after(standing, deed) is expected


def test_what_has_ended_stays_so() -> None:
    """No deed leads out of an end, and nothing but `publish` leads to being shown."""
    for standing, deed in itertools.product(Standing, Deed):
        after = publishing.after(standing, deed)
        if standing not in publishing.OPEN:
            assert after is None
        if after is Standing.PUBLISHED:
            assert deed is Deed.PUBLISH


@given(st.sampled_from(Standing), st.none() | st.integers(0, 10**6))
def test_nothing_is_published_before_72_hours(standing: Standing, ago_s: int | None) -> None:
    """Whatever its state: without an address, or sooner after it, or ended, there is nothing."""
    addressed_at = None if ago_s is None else NOW - timedelta(seconds=ago_s)
    expected = ago_s is not None and ago_s >= 72 * 3600 and standing in publishing.OPEN
    assert publishing.may_publish(standing, addressed_at, NOW) is expected


@pytest.mark.parametrize(
    ("changes", "objected_at", "code"),
    [
        ({}, None, None),
        ({"given_at": NOW}, None, None),
        ({"given_at": NOW + timedelta(seconds=1)}, None, "consent_future"),
        ({"given_at": NOW - timedelta(days=365)}, None, None),
        ({"given_at": NOW - timedelta(days=365, seconds=1)}, None, "consent_old"),
        ({}, NOW - timedelta(days=1), "consent_objected"),
        ({}, NOW - timedelta(days=2), None),
        ({"field": "registrant.phone_ext"}, None, "extension_alone"),
    ],
)
def test_consents_are_of_now(
    changes: dict[str, object], objected_at: datetime | None, code: str | None
) -> None:
    """Given before the instruction, within a year, and after the last objection."""
    one = replace(ONE, **changes)  # type: ignore[arg-type] # the test names fields
    assert publishing.consent_fault([one], NOW, objected_at) == code


def test_an_extension_comes_with_its_own_number() -> None:
    """The number of the same contact, not of another."""
    extension = replace(ONE, field="tech.phone_ext")
    for field, code in (("tech.phone", None), ("admin.phone", "extension_alone")):
        assert publishing.consent_fault([replace(ONE, field=field), extension], NOW, None) == code


def test_fields_are_those_that_are_withheld() -> None:
    """What can be published is what `redacted` keeps back, of every role, and no more."""
    assert {one.value for one in PublishedName} == set(publication.WITHHELD)
    assert {one.partition(".")[2] for one in publishing.FIELDS} == set(publication.WITHHELD)
    assert len(publishing.FIELDS) == 44


@pytest.mark.parametrize(
    ("field", "lines", "expected"),
    [
        (PublishedName.NAME, ("Kaveri Example",), False),
        (PublishedName.NAME, ("me@people.example",), True),
        (PublishedName.STREET, ("14 Temple Road", "+91 44 5555"), True),
        (PublishedName.EMAIL, ("me@people.example",), False),
        (PublishedName.PHONE, ("+91.4455550134",), False),
        (PublishedName.NAME, (), False),
    ],
)
def test_free_text_may_look_personal(
    field: PublishedName, lines: tuple[str, ...], *, expected: bool
) -> None:
    """A number or an address in a text where none belongs; not in its own field."""
    assert publishing.looks_personal(field, lines) is expected


def test_a_waiting_one_lapses_after_30_days() -> None:
    """What is shown does not: no timer takes it off."""
    then = NOW - timedelta(days=30, seconds=1)
    assert publishing.has_lapsed(Standing.WAITING, then, NOW)
    assert not publishing.has_lapsed(Standing.WAITING, NOW - timedelta(days=30), NOW)
    assert not publishing.has_lapsed(Standing.PUBLISHED, then, NOW)
