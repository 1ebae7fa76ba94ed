"""RDAP answers: templates equal the definition, and every redaction is true."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonpath_rfc9535 import find

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.identifiers import DomainName, Mode, ResellerId, Role
from proxy.model.public_record import (
    ConsentedField,
    ConsentedName,
    Ground,
    Profile,
    PublicContact,
    PublicRecord,
    PublishedContact,
    PublishedField,
    PublishedName,
)
from proxy.model.registration import DnsKey, Dnssec, DsRecord, Nameserver
from proxy.rules import publication
from proxy.wire import rdap, rdap_objects, rdap_redaction, rdap_sheets
from tests.support.rdap_samples import AS_OF, CREATED, make_profile, make_record

ASKED = "https://rdap.registrar.example/domain/x.example"

text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
moments = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    datetime(2090, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
domains = st.sampled_from(
    ["kaveri.example", "xn--mnchen-3ya.example", "xn--a.example", "a.de", "b.co.de"]
).map(DomainName)
codes = st.sampled_from(["ok", "clientHold", "serverTransferProhibited", "addPeriod", "odd<x>"])
hosts = st.builds(
    Nameserver,
    name=st.sampled_from(["ns1.example.net", "ns2.example.net"]).map(DomainName),
    addresses=st.lists(st.sampled_from(["192.0.2.1", "2001:db8::1", "no"]), max_size=2).map(tuple),
)
signing = st.sampled_from(
    [
        Dnssec(),
        Dnssec(ds=(DsRecord(key_tag=1, algorithm=13, digest_type=2, digest="AB"),)),
        Dnssec(keys=(DnsKey(flags=257, protocol=3, algorithm=13, public_key="AQ=="),)),
    ]
)
consents = st.dictionaries(st.sampled_from(list(ConsentedName)), text, max_size=3).map(
    lambda found: tuple(
        ConsentedField(field=name, value=value, ground=Ground.MODE) for name, value in found.items()
    )
)
granted = st.lists(
    st.builds(
        PublishedContact,
        role=st.sampled_from(Role),
        fields=st.lists(
            st.builds(
                PublishedField,
                field=st.sampled_from(PublishedName),
                lines=st.lists(text, max_size=3).map(tuple),
            ),
            max_size=4,
        ).map(tuple),
    ),
    max_size=2,
).map(tuple)
records = st.builds(
    msgspec.structs.replace,
    st.sampled_from(Mode).map(lambda mode: make_record(mode=mode)),
    domain=domains,
    accreditation=st.sampled_from(["iana-9999", "none", "gone"]),
    reference=text,
    alias=text,
    created_at=moments,
    reseller=st.none() | text.map(ResellerId),
    registry_domain_id=st.none() | text,
    registrant_registry_id=st.none() | text,
    updated_at=st.none() | moments,
    transferred_at=st.none() | moments,
    registry_expires_at=st.none() | moments,
    registrar_expires_at=st.none() | moments,
    statuses=st.lists(codes, max_size=3).map(tuple),
    nameservers=st.lists(hosts, max_size=2).map(tuple),
    dnssec=signing,
    consented=consents,
    published=granted,
)
contacts = st.builds(
    PublicContact,
    name=st.none() | text,
    organization=st.none() | text,
    street=st.lists(text, max_size=3).map(tuple),
    city=st.none() | text,
    state=st.none() | text,
    postal_code=st.none() | text,
    country=st.none() | text,
    phone=st.none() | text,
    phone_ext=st.none() | text,
    fax=st.none() | text,
    email=st.none(),
    contact_uri=st.none(),
)
profiles = st.builds(
    make_profile,
    roles=st.sampled_from([(Role.REGISTRANT,), tuple(Role), (Role.REGISTRANT, Role.TECH), ()]),
    mask=contacts,
)


@given(records, records, profiles)
def test_templates_render_what_the_definition_says(
    first: PublicRecord, second: PublicRecord, profile: Profile
) -> None:
    """Rendering from templates equals JSON of the tree made from contacts_shown, for any record."""
    sheets = rdap_sheets.Sheets(profile)
    for record in (first, second, first):
        assert_same(sheets, record, profile)


def assert_same(sheets: rdap_sheets.Sheets, record: PublicRecord, profile: Profile) -> None:
    """Fail unless the template's answer is the tree's."""
    body, _ = sheets.render(record, ASKED, rdap_objects.moment(AS_OF))
    u_labels = names.unicode_name(record.domain)
    expected = rdap_objects.domain(record, profile, asked=ASKED, as_of=AS_OF, unicode_name=u_labels)
    assert json.loads(body) == json.loads(json.dumps(expected))
    assert b"<" not in body


OPTIONAL = (
    "reseller",
    "registry_domain_id",
    "registrant_registry_id",
    "updated_at",
    "transferred_at",
    "registry_expires_at",
    "registrar_expires_at",
)


@given(records, st.sampled_from([(Role.REGISTRANT,), tuple(Role)]))
def test_each_missing_value_has_a_template_of_its_own(
    record: PublicRecord, roles: tuple[Role, ...]
) -> None:
    """Leaving out one value after another gives the definition's answer each time."""
    profile = make_profile(roles=roles)
    sheets = rdap_sheets.Sheets(profile)
    whole = msgspec.structs.replace(
        record, transferred_at=CREATED, **dict.fromkeys(OPTIONAL[:3], "X-1")
    )
    for left_out in (None, *OPTIONAL):
        one = whole if left_out is None else msgspec.structs.replace(whole, **{left_out: None})
        assert_same(sheets, one, profile)
    for other in (msgspec.structs.replace(whole, domain=name) for name in ("b.de", "b.example")):
        assert_same(sheets, other, profile)


@given(records, profiles)
def test_contacts_are_those_of_the_one_projection(record: PublicRecord, profile: Profile) -> None:
    """Each contact shown is an entity with its fields, and no entity shows another's."""
    body, _ = rdap_sheets.Sheets(profile).render(record, ASKED, "2026-01-01T00:00:00Z")
    shown = publication.contacts_shown(record, profile)
    entities = {entity["roles"][0]: entity for entity in json.loads(body)["entities"]}
    roles = {rdap_redaction.RDAP_ROLES[role]: contact for role, contact in shown.items()}
    assert set(entities) - {"registrar", "reseller"} == set(roles)
    for role, contact in roles.items():
        card = {entry[0]: entry for entry in entities[role]["vcardArray"][1]}
        assert card["fn"][3] == (contact.name or "")
        assert card["adr"][3][3:6] == [
            contact.city or "", contact.state or "", contact.postal_code or ""
        ]  # fmt: skip
        assert card["adr"][1].get("cc") == contact.country
        assert card.get("org", [None] * 4)[3] == contact.organization
        assert card.get("email", [None] * 4)[3] == contact.email
        assert card.get("contact-uri", [None] * 4)[3] == contact.contact_uri


@given(records, profiles)
def test_every_redaction_is_true(record: PublicRecord, profile: Profile) -> None:
    """Removed paths match nothing, emptied ones match empty text, replacements match a value."""
    body, _ = rdap_sheets.Sheets(profile).render(record, ASKED, "2026-01-01T00:00:00Z")
    tree = json.loads(body)
    entries = tree.get("redacted", [])
    assert ("redacted" in tree["rdapConformance"]) == bool(entries)
    assert entries != [] or "redacted" not in tree
    for entry in entries:
        if "prePath" in entry:
            assert not find(entry["prePath"], tree).values()
        if "postPath" in entry:
            values = find(entry["postPath"], tree).values()
            assert values
            assert set(values) == {""}
        if "replacementPath" in entry:
            assert len(find(entry["replacementPath"], tree).values()) == 1


@given(records, records, profiles)
def test_octets_for_the_tag_differ_with_the_record(
    first: PublicRecord, second: PublicRecord, profile: Profile
) -> None:
    """Records that read differently have different tag material; equal ones have equal."""
    sheets = rdap_sheets.Sheets(profile)
    (one, mark), (two, other) = (
        sheets.render(record, ASKED, "2026-01-01T00:00:00Z") for record in (first, second)
    )
    if one != two and first.mode is second.mode and first.accreditation == second.accreditation:
        assert mark != other
    assert sheets.render(first, ASKED, "2027-01-01T00:00:00Z")[1] == mark


@given(st.text(max_size=80) | st.from_regex(r"/(domain|nameserver|entity|help)/[a-z%.0-9]{0,40}"))
def test_any_path_is_a_query_or_invalid(path: str) -> None:
    """Parsing a path gives a query or InvalidInput and nothing else."""
    try:
        query = rdap.parse_path(path)
    except InvalidInput:
        return
    assert isinstance(query, rdap.Query)


@pytest.mark.parametrize(
    "form", ["m%C3%BCnchen.example", "M%C3%9CNCHEN.Example.", "XN--MNCHEN-3YA.EXAMPLE"]
)
def test_names_are_folded(form: str) -> None:
    """U-labels, A-labels, capitals and a final dot all name the same domain."""
    assert rdap.parse_path(f"/domain/{form}") == rdap.DomainQuery(
        name=DomainName("xn--mnchen-3ya.example")
    )


@given(records, st.sampled_from([(Role.REGISTRANT,), tuple(Role)]))
def test_reference_is_never_a_handle(record: PublicRecord, roles: tuple[Role, ...]) -> None:
    """The mask's reference stands in no handle of the answer."""
    body, _ = rdap_sheets.Sheets(make_profile(roles=roles)).render(record, ASKED, "2026")
    handles = find("$..handle", json.loads(body)).values()
    assert record.reference not in set(handles) - {
        record.registry_domain_id, record.registrant_registry_id, "9999"
    }  # fmt: skip
