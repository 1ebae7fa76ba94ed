"""Answers of registries and the operator's file of them: read for what they say, never more."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.identifiers import DomainName
from proxy.model.sponsor import Missed, Seen
from proxy.rules import looking
from proxy.wire import registries_document, sponsor_answers
from tests.support import registry

NAME = DomainName("kaveri.example")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=20,
)


@given(st.binary(max_size=300))
def test_no_octets_break_a_parser(body: bytes) -> None:
    """Whatever arrives is a miss, or a sight; nothing is raised."""
    assert isinstance(sponsor_answers.parse_rdap(body, NAME), Missed)
    assert isinstance(sponsor_answers.parse_whois(body, NAME), Missed)


@given(st.sampled_from(["handle", "ldhName", "events", "entities", "objectClassName"]), json_values)
def test_no_member_of_any_type_breaks_rdap(member: str, value: object) -> None:
    """A member of another type than it should have says nothing."""
    answer = registry.rdap(NAME, **{member: value})
    found = sponsor_answers.parse_rdap(json.dumps(answer).encode(), NAME)
    if isinstance(found, Seen):
        assert found.iana_id == 9999
        assert found.registry_domain_id is None or len(found.registry_domain_id) <= 255


@given(json_values, json_values)
def test_no_public_id_breaks_rdap(kind: object, identifier: object) -> None:
    """Only a number under the one type is an id."""
    entity = {"roles": ["registrar"], "publicIds": [{"type": kind, "identifier": identifier}]}
    answer = registry.rdap(NAME, entities=[entity])
    found = sponsor_answers.parse_rdap(json.dumps(answer).encode(), NAME)
    if isinstance(found, Seen):
        assert str(identifier) == str(found.iana_id)
        assert isinstance(kind, str)


@pytest.mark.parametrize("iana_id", ["0", "-1", "1.5", "", "09", "٣", "9" * 10, None, "1 2"])
def test_only_numbers_are_ids(iana_id: object) -> None:
    """What is no positive number of nine digits is no IANA id, either way."""
    body = json.dumps(registry.rdap(NAME, iana_id)).encode()
    assert isinstance(sponsor_answers.parse_rdap(body, NAME), Missed)
    whois = registry.whois(NAME, iana_id).encode()
    assert isinstance(sponsor_answers.parse_whois(whois, NAME), Missed)


def test_an_answer_that_names_two_says_nothing() -> None:
    """Two ids, or another name beside ours, are a miss."""
    entity = registry.rdap(NAME)["entities"][0]
    other = {**entity, "publicIds": [{"type": "IANA Registrar ID", "identifier": "1"}]}
    body = json.dumps(registry.rdap(NAME, entities=[entity, other])).encode()
    assert sponsor_answers.parse_rdap(body, NAME) == Missed(reason="two_sponsors")
    twice = registry.whois(NAME, 1) + registry.whois(NAME, 2)
    assert sponsor_answers.parse_whois(twice.encode(), NAME) == Missed(reason="two_sponsors")
    mixed = registry.whois(NAME) + registry.whois("other.example")
    assert sponsor_answers.parse_whois(mixed.encode(), NAME) == Missed(reason="another_name")


def test_an_injected_line_counts_for_nothing_alone() -> None:
    """A registrant's field that holds a line like the registrar's has the answer say two things."""
    forged = registry.whois(NAME, 1) + "Registrant Street: x\r\nRegistrar IANA ID: 7\r\n"
    assert isinstance(sponsor_answers.parse_whois(forged.encode(), NAME), Missed)


def test_a_nested_entity_is_not_the_registrar_of_the_domain() -> None:
    """Only entities of the domain itself are looked at."""
    inner: dict[str, Any] = registry.rdap(NAME)["entities"][0]
    body = json.dumps(
        registry.rdap(NAME, entities=[{"roles": ["registrant"], "entities": [inner]}])
    ).encode()
    assert sponsor_answers.parse_rdap(body, NAME) == Missed(reason="no_iana_id")


FILE = '[registries.example]\nrdap = "https://rdap.example/"\nwhois = "whois.example:4343"\n'


def test_the_file_of_registries_goes_before_the_bootstrap() -> None:
    """IANA's file names servers; the operator's own entry replaces what it says."""
    bootstrap = {"services": [[["com", "example"], ["http://x.test/", "https://rdap.test/v1"]]]}
    found = registries_document.parse(FILE, json.dumps(bootstrap).encode())
    assert found.by_tld["com"].rdap_base == "https://rdap.test/v1/"
    one = found.by_tld["example"]
    assert (one.rdap_base, one.whois_host, one.whois_port) == (
        "https://rdap.example/",
        "whois.example",
        4343,
    )
    assert registries_document.budgets(found) == {"com": 20, "example": 20}


@pytest.mark.parametrize(
    "text",
    [
        "networks = ['10.0.0.1/8']",
        "nameservers = ['dns.example']",
        "[registries.Example]",
        "[registries.example]\nrdap = 'http://rdap.example/'",
        "[registries.example]\nrdap = 'https://rdap.example/x?y='",
        "[registries.example]\nrdap = 'https://rdap.example'",
        "[registries.example]\nrdap = 'https://a:b@rdap.example/'",
        "[registries.example]\nrdap = 'https://rdap.example:x/'",
        "[registries.example]\nwhois = 'whois example'",
        "[registries.example]\nwhois = 'whois.example:0'",
        "[registries.example]\nlooks_per_minute = 0",
        "unknown = 1",
        "x",
    ],
)
def test_a_file_that_does_not_hold_together_is_refused(text: str) -> None:
    """Every fault stops the start, under one code, with its place."""
    with pytest.raises(InvalidInput) as caught:
        registries_document.parse(text, None)
    assert caught.value.code == "registries_malformed"
    assert caught.value.faults


@given(st.text(max_size=200), st.binary(max_size=200))
def test_no_text_breaks_the_file(text: str, bootstrap: bytes) -> None:
    """Anything is registries, or InvalidInput."""
    with contextlib.suppress(InvalidInput):
        registries_document.parse(text, bootstrap)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_token_is_of_one_tenant_and_one_name(mine: bytes, theirs: bytes) -> None:
    """Others' tokens of the same name, and mine of another, are different ones; it fits a TXT."""
    token = looking.token(mine, NAME)
    assert len(token) == 36
    assert token.isascii()
    assert token != looking.token(mine, DomainName("other.example"))
    assert (token == looking.token(theirs, NAME)) is (mine == theirs)


@given(st.integers(1, 10_000))
def test_waits_grow_and_end(misses: int) -> None:
    """A registry that is away is asked ever later, and never later than two days."""
    wait = looking.after_miss(misses)
    assert looking.after_miss(misses + 1) >= wait
    assert 0 < wait.total_seconds() <= 2 * 86_400
