"""WHOIS text as laws: its grammar, one projection, and templates equal to the definition."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from proxy.model.identifiers import AccreditationId, DomainName, Mode, ResellerId, Role
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
from proxy.model.registration import Dnssec, DsRecord, Nameserver
from proxy.rules import publication
from proxy.wire import whois_layout, whois_replies
from proxy.wire.whois_sheets import MAX_SHEETS, Sheets
from tests.support import published

moments = st.datetimes(
    min_value=datetime(1985, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    timezones=st.just(UTC),
)
text = st.text(max_size=30)
word = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
hosts = st.tuples(word, st.sampled_from(["example", "com", "de"])).map(
    lambda parts: DomainName(".".join(parts))
)
domains = hosts | st.sampled_from(
    [DomainName("xn--bcher-kva.example"), DomainName("xn--a.example"), DomainName("xn--0.de")]
)
consented = st.lists(
    st.builds(
        ConsentedField,
        field=st.sampled_from(ConsentedName),
        value=text,
        ground=st.sampled_from(Ground),
    ),
    max_size=3,
).map(tuple)
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
    published.record,
    domain=domains,
    accreditation=st.sampled_from([published.BLUE_HERON, AccreditationId("gone")]),
    mode=st.sampled_from(Mode),
    reference=word,
    alias=word,
    created_at=moments,
    updated_at=st.none() | moments,
    registry_expires_at=st.none() | moments,
    registrar_expires_at=st.none() | moments,
    registry_domain_id=st.none() | word | text,
    registrant_registry_id=st.none() | word | text,
    reseller=st.none() | text.map(ResellerId),
    statuses=st.lists(st.sampled_from(["clientHold", "ok", ""]), max_size=3).map(tuple),
    nameservers=st.lists(st.builds(Nameserver, name=hosts), max_size=4).map(tuple),
    dnssec=st.sampled_from(
        [Dnssec(), Dnssec(ds=(DsRecord(key_tag=1, algorithm=13, digest_type=2, digest="AB"),))]
    ),
    consented=consented,
    published=granted,
)
masks = st.sampled_from(
    [
        published.MASK,
        PublicContact(
            name=None,
            organization="100 % Schutz \u0007\u202e GmbH",
            street=("Hof 1", "", "\r\nName Server: evil.example"),
            city=None,
            state="{reference}",
            postal_code=None,
            country=None,
            phone=None,
            phone_ext="7",
            fax="+47.1",
            email=None,
            contact_uri=None,
        ),
        PublicContact(
            name="{reference} \ue0009\ue001",  # what templates use as marks
            organization=None,
            street=(),
            city=None,
            state=None,
            postal_code=None,
            country="NO",
            phone=None,
            phone_ext=None,
            fax=None,
            email=None,
            contact_uri=None,
        ),
    ]
)
profiles = st.builds(
    published.profile,
    mask=masks,
    published_roles=st.sampled_from(
        [(), (Role.REGISTRANT,), (Role.REGISTRANT, Role.TECH), tuple(Role)]
    ),
    whois_host=st.sampled_from(["whois.registrar.example", ""]),
    whois_notice=st.sampled_from([("Access is rate limited.",), (), ("",), ("a\nb", "%s")]),
)

_LINE = re.compile(r"[A-Z][A-Za-z /]*:(?: \S(?:.*\S)?)?")


@given(profiles, st.lists(records, min_size=1, max_size=4), moments)
def test_templates_answer_what_the_layout_defines(
    profile: Profile, asked: list[PublicRecord], as_of: datetime
) -> None:
    """First and later answers of a shape, whatever the values: to the octet the definition's."""
    sheets = Sheets(profile)
    as_of_text = whois_layout.moment_text(as_of)
    for record in (*asked, *asked):
        expected = whois_layout.render(record, profile, as_of)
        assert sheets.render(record, as_of, as_of_text) == expected


@given(profiles, records, moments)
def test_every_answer_keeps_the_grammar(
    profile: Profile, record: PublicRecord, as_of: datetime
) -> None:
    """CR LF after each line, `Key: value` up to the footer, no control character anywhere."""
    answer = whois_layout.render(record, profile, as_of).decode()
    assert answer.endswith("\r\n")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", answer.replace("\r\n", ""))
    lines = answer.split("\r\n")[:-1]
    end = lines.index(f">>> Last update of WHOIS database: {whois_layout.moment_text(as_of)} <<<")
    assert all(_LINE.fullmatch(line) for line in lines[:end])
    assert lines[end + 1] == ""
    assert any(lines[end + 2 :])


@given(profiles, records)
def test_contacts_are_those_of_the_one_projection(profile: Profile, record: PublicRecord) -> None:
    """Every contact value printed is one of contacts_shown, or the words for `withheld`."""
    answer = whois_layout.render(record, profile, published.AS_OF).decode()
    shown = publication.contacts_shown(record, profile)
    for role in Role:
        label = role.value.capitalize()
        printed = re.findall(rf"^(?:Registry )?{label} [^:]+: ?(.*)\r$", answer, re.MULTILINE)
        if role not in shown:
            assert printed == []
            continue
        contact = shown[role]
        allowed = {"", whois_layout.WITHHELD_TEXT}
        for value in (
            contact.name, contact.organization, *contact.street, contact.city, contact.state,
            contact.postal_code, contact.country, contact.phone, contact.phone_ext, contact.fax,
            contact.email, contact.contact_uri, record.registrant_registry_id,
        ):  # fmt: skip
            allowed.add(whois_layout.clean(value or ""))
        assert set(printed) <= allowed


@given(moments)
def test_moments_are_written_as_rfc_3339(moment: datetime) -> None:
    """Whole seconds in UTC, as datetime itself writes them."""
    expected = moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert whois_layout.moment_text(moment) == expected


def test_templates_are_bounded() -> None:
    """Registrars can not fill an edge's memory with shapes of records."""
    sheets = Sheets(published.profile())
    for number in range(MAX_SHEETS + 10):
        record = published.record(reseller=ResellerId(f"reseller-{number}"))
        sheets.render(record, published.AS_OF, whois_layout.moment_text(published.AS_OF))
    assert 0 < len(sheets._sheets) <= MAX_SHEETS


def test_a_template_is_used_again() -> None:
    """Records of one shape share a template; the equality above is not of the slow path alone."""
    sheets = Sheets(published.profile())
    as_of_text = whois_layout.moment_text(published.AS_OF)
    for number in range(50):
        record = published.record(
            domain=DomainName(f"name-{number}.com"),
            created_at=published.AS_OF - timedelta(days=number),
        )
        sheets.render(record, published.AS_OF, as_of_text)
    assert len(sheets._sheets) == 1


def test_fixed_replies_are_never_key_and_value() -> None:
    """No reader takes a reply that is no record for data."""
    for line in {*whois_replies.CODES.values(), whois_replies.HELP[0]}:
        assert ": " not in line
        assert line.isascii()
        assert line[0].isupper()


def test_help_publishes_the_limit() -> None:
    """The help tells how often a client may ask, or that there is no limit."""
    limited = whois_replies.help_lines("60 requests in 60 seconds")
    assert limited[-1].endswith(": 60 requests in 60 seconds.")
    assert whois_replies.help_lines(None)[-1] == "Queries are not limited."
