"""The one projection: an allow-list through which no other field of a person can pass."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from proxy.model.contact import Contact
from proxy.model.identifiers import (
    AccreditationId,
    DomainName,
    Mode,
    ProfileId,
    RegistrationId,
    Role,
    State,
    TenantId,
)
from proxy.model.public_record import (
    Accreditation,
    Layout,
    Profile,
    PublicContact,
    PublicRecord,
    PublishedContact,
    PublishedField,
    PublishedName,
)
from proxy.model.registration import Declaration, Registration
from proxy.rules import publication
from proxy.wire import published

AT = datetime(2026, 1, 20, 11, 4, 9, tzinfo=UTC)

# Every field carries a mark of its own, so that a leak names the field it came from.
REGISTRANT = Contact(
    name="mark-name",
    organization="mark-organization",
    street=("mark-street",),
    city="mark-city",
    state="mark-state",
    postal_code="mark-postal",
    country="mark-country",
    phone="mark-phone",
    phone_ext="mark-phone-ext",
    fax="mark-fax",
    fax_ext="mark-fax-ext",
    email="mark-email",
    language="mark-language",
    verified_at=AT,
    verified_method="mark-method",
)

PROFILE = Profile(
    tenant_id=TenantId(UUID(int=1)),
    id=ProfileId("quiet-harbour"),
    revision=1,
    trust="verified",
    tld_tables={"default": Layout(layout="gtld", proxy="allowed", contacts="thick")},
    affiliated=True,
    mask=PublicContact(
        name="Privacy Customer {reference}",
        organization="Quiet Harbour Privacy AS",
        street=("PO Box 12",),
        city="Moss",
        state="Viken",
        postal_code="1501",
        country="NO",
        phone="+47.5555550100",
        phone_ext=None,
        fax=None,
        email=None,
        contact_uri=None,
    ),
    published_roles=(Role.TECH, Role.REGISTRANT),
    relay_domain=DomainName("mask.example.net"),
    whois_host="whois.registrar.example",
    whois_notice=(),
    rdap_base_url="https://rdap.registrar.example/",
    rdap_terms_url="https://registrar.example/terms",
    rdap_host_names=(),
    rdap_addresses=(),
    rdap_objects=frozenset(),
    abuse_email="abuse@registrar.example",
    abuse_phone="+1.5555550100",
    registrar_url="https://registrar.example/",
    contact_form_base="https://privacy.example/c/",
    accreditations={
        AccreditationId("iana-9999"): Accreditation(
            id=AccreditationId("iana-9999"), registrar_name="Example", iana_id=9999
        )
    },
)


def _registration(
    mode: Mode,
    *,
    state: State = State.ACTIVE,
    created_at: datetime | None = AT,
    confirmed: tuple[str, ...] = (),
) -> Registration:
    return Registration(
        tenant_id=TenantId(UUID(int=1)),
        id=RegistrationId(UUID(int=2)),
        revision=1,
        state=state,
        declared=Declaration(
            domain=DomainName("kaveri.example"),
            mode=mode,
            accreditation=AccreditationId("iana-9999"),
            profile=ProfileId("quiet-harbour"),
            created_at=created_at,
            customer_ref="mark-customer-ref",
            confirmed=confirmed,
        ),
        reference="7F3K9QX2MT4VD",
        alias="k3v9x2pq7m4td",
        enrolled_at=AT,
    )


def _marks(value: bytes) -> set[bytes]:
    return {b"mark-" + part for part in (b"name", b"state", b"country") if b"mark-" + part in value}


@pytest.mark.parametrize(
    ("mode", "allowed"),
    [
        (Mode.PROXY, set()),
        (Mode.PRIVACY, {b"mark-name"}),
        (Mode.REDACTED, {b"mark-state", b"mark-country"}),
        (Mode.PUBLISHED, {b"mark-state", b"mark-country"}),
    ],
)
def test_no_other_field_of_a_person_can_be_published(mode: Mode, allowed: set[bytes]) -> None:
    """The bytes of a record hold the marks that its mode consents to, and no other mark."""
    record = publication.project(_registration(mode), REGISTRANT)
    assert record is not None
    value = published.encode_record(record)
    assert _marks(value) == allowed
    assert value.count(b"mark-") == len(allowed)


@pytest.mark.parametrize("mode", list(Mode))
def test_contacts_show_only_consented_marks(mode: Mode) -> None:
    """Whatever the mode, contacts show a mark only where the record consents to it."""
    record = publication.project(_registration(mode), REGISTRANT)
    assert record is not None
    shown = publication.contacts_shown(record, PROFILE)
    values = repr([dataclasses.asdict(contact) for contact in shown.values()])
    assert values.count("mark-") == len(record.consented)


@pytest.mark.parametrize("state", [State.RESERVED, State.CLAIMED, State.ENDED])
def test_only_active_and_ending_names_are_published(state: State) -> None:
    """A reservation, a claim and a tombstone have no public record."""
    assert publication.project(_registration(Mode.PROXY, state=state), REGISTRANT) is None
    ending = _registration(Mode.PROXY, state=State.ENDING)
    assert publication.project(ending, REGISTRANT) is not None


def test_nothing_is_published_without_a_creation_date() -> None:
    """A name that does not exist yet has no record."""
    assert publication.project(_registration(Mode.PROXY, created_at=None), REGISTRANT) is None


def test_proxy_mode_shows_the_mask_for_every_published_role() -> None:
    """Roles come in printing order, each with the mask, the reference and the alias."""
    record = publication.project(_registration(Mode.PROXY), REGISTRANT)
    assert record is not None
    shown = publication.contacts_shown(record, PROFILE)
    assert list(shown) == [Role.REGISTRANT, Role.TECH]
    for contact in shown.values():
        assert contact.name == "Privacy Customer 7F3K9QX2MT4VD"
        assert contact.email == "k3v9x2pq7m4td@mask.example.net"
        assert contact.withheld == frozenset()
        assert contact.contact_uri is None


def test_privacy_mode_names_the_holder_as_registrant_alone() -> None:
    """The holder's name replaces the mask's name of the registrant; the rest stays masked."""
    record = publication.project(_registration(Mode.PRIVACY), REGISTRANT)
    assert record is not None
    shown = publication.contacts_shown(record, PROFILE)
    assert shown[Role.REGISTRANT].name == "mark-name"
    assert shown[Role.REGISTRANT].organization == "Quiet Harbour Privacy AS"
    assert shown[Role.TECH].name == "Privacy Customer 7F3K9QX2MT4VD"


def test_redacted_mode_withholds_alike_whatever_the_person_has() -> None:
    """The withheld list is the same for a person with few fields as for one with all."""
    bare = Contact(name="mark-name", email="mark-email")
    shown = []
    for person in (REGISTRANT, bare):
        record = publication.project(_registration(Mode.REDACTED), person)
        assert record is not None
        shown.append(publication.contacts_shown(record, PROFILE))
    full, few = shown
    for role in (Role.REGISTRANT, Role.TECH):
        assert full[role].withheld == few[role].withheld
        assert full[role].contact_uri == "https://privacy.example/c/k3v9x2pq7m4td"
        assert full[role].name is full[role].email is full[role].phone is None
    assert full[Role.REGISTRANT].state == "mark-state"
    assert full[Role.TECH].state is None
    assert {"state", "country"} <= full[Role.TECH].withheld
    assert not {"state", "country"} & full[Role.REGISTRANT].withheld


DOUBTFUL = Contact(name="Kaveri ABCDE1234F", state="ID 1234 5678", country="IN", email="mark-email")
NAME, STATE = "/contacts/registrant/name", "/contacts/registrant/state"


def test_a_name_that_looks_like_an_identifier_is_shown_once_it_is_confirmed() -> None:
    """Privacy mode shows the mask alone, as proxy mode does; a confirmation is of one field."""
    proxied = publication.project(_registration(Mode.PROXY), DOUBTFUL)
    assert proxied is not None
    for confirmed in ((), (STATE,)):
        record = publication.project(_registration(Mode.PRIVACY, confirmed=confirmed), DOUBTFUL)
        assert record is not None
        assert b"ABCDE1234F" not in published.encode_record(record)
        shown = publication.contacts_shown(record, PROFILE)
        assert shown == publication.contacts_shown(proxied, PROFILE)
    record = publication.project(_registration(Mode.PRIVACY, confirmed=(NAME,)), DOUBTFUL)
    assert record is not None
    assert publication.contacts_shown(record, PROFILE)[Role.REGISTRANT].name == DOUBTFUL.name
    assert publication.withheld(Mode.PRIVACY, DOUBTFUL) == (NAME,)
    assert publication.withheld(Mode.PROXY, DOUBTFUL) == ()
    assert publication.withheld(Mode.PRIVACY, REGISTRANT) == ()


def test_a_state_that_looks_like_an_identifier_is_shown_once_it_is_confirmed() -> None:
    """Redacted mode leaves it out as if there were none, and shows the country."""
    stateless = Contact(name="mark-name", country="IN", email="mark-email")
    bare = publication.project(_registration(Mode.REDACTED), stateless)
    assert bare is not None
    record = publication.project(_registration(Mode.REDACTED, confirmed=(NAME,)), DOUBTFUL)
    assert record == bare
    record = publication.project(_registration(Mode.REDACTED, confirmed=(STATE,)), DOUBTFUL)
    assert record is not None
    assert publication.contacts_shown(record, PROFILE)[Role.REGISTRANT].state == DOUBTFUL.state
    assert publication.withheld(Mode.REDACTED, DOUBTFUL) == (STATE,)


def test_what_was_shown_is_screened_when_it_is_published_again() -> None:
    """Of contacts that stay sealed, too: a confirmation that is gone takes the field with it."""
    confirmed = _registration(Mode.PRIVACY, confirmed=(NAME,))
    shown = publication.project(confirmed, DOUBTFUL)
    assert publication.project_again(confirmed, shown) == shown
    again = publication.project_again(_registration(Mode.PRIVACY), shown)
    assert again is not None
    assert again.consented == ()


def test_an_unpublished_privacy_name_is_answered_without_the_person() -> None:
    """A reservation's contacts carry the mask, and no name where the holder's would stand."""
    registration = _registration(Mode.PRIVACY, state=State.RESERVED, created_at=None)
    shown = publication.contacts_answered(registration, None, PROFILE)
    assert shown[Role.REGISTRANT].name is None
    assert shown[Role.REGISTRANT].email == "k3v9x2pq7m4td@mask.example.net"
    assert shown[Role.TECH].name == "Privacy Customer 7F3K9QX2MT4VD"


GRANTED = (
    PublishedContact(
        role=Role.REGISTRANT,
        fields=(
            PublishedField(field=PublishedName.NAME, lines=("Zoe Ng",)),
            PublishedField(field=PublishedName.EMAIL, lines=("zoe@registrant.example",)),
            PublishedField(field=PublishedName.ORGANIZATION, lines=()),
        ),
    ),
)


def _granted() -> PublicRecord:
    record = publication.project(_registration(Mode.PUBLISHED), REGISTRANT)
    assert record is not None
    return publication.grant(record, GRANTED)


def test_granted_fields_are_shown_and_nothing_else() -> None:
    """A granted field has its value, or none where there is none, and is withheld no longer."""
    shown = publication.contacts_shown(_granted(), PROFILE)
    registrant = shown[Role.REGISTRANT]
    assert (registrant.name, registrant.email) == ("Zoe Ng", "zoe@registrant.example")
    assert registrant.contact_uri is None
    assert registrant.organization is None
    assert registrant.withheld == publication.WITHHELD_OF_REGISTRANT - {
        "name", "email", "organization"
    }  # fmt: skip
    assert shown[Role.TECH].withheld == publication.WITHHELD
    assert "mark-" not in repr(shown).replace("mark-state", "").replace("mark-country", "")
    assert "Zoe" not in repr(_granted().published)


def test_without_a_grant_published_shows_what_redacted_shows() -> None:
    """The contacts of both modes are equal, with a record and without one."""
    pairs = []
    for mode in (Mode.REDACTED, Mode.PUBLISHED):
        registration = _registration(mode)
        record = publication.project(registration, REGISTRANT)
        assert record is not None
        pairs.append(
            (
                publication.contacts_shown(record, PROFILE),
                publication.contacts_answered(registration, None, PROFILE),
            )
        )
    assert pairs[0] == pairs[1]


@pytest.mark.parametrize("mode", [Mode.PROXY, Mode.PRIVACY, Mode.REDACTED])
def test_a_grant_ends_with_its_mode(mode: Mode) -> None:
    """Another mode has nothing of what was granted, and gets nothing of it back when it ends."""
    record = publication.project(_registration(mode), REGISTRANT, _granted())
    assert record is not None
    assert record.published == ()
    assert publication.grant(record, GRANTED).published == ()
    back = publication.project(_registration(Mode.PUBLISHED), REGISTRANT, record)
    assert back is not None
    assert back.published == ()


def test_a_grant_stays_while_contacts_and_mode_stay() -> None:
    """With the record so far at hand its fields are kept; without, they are dropped."""
    for state in (State.ACTIVE, State.ENDING):
        one = _registration(Mode.PUBLISHED, state=state)
        assert publication.project_again(one, _granted()) == _granted()
        assert publication.project(one, REGISTRANT, _granted()) == _granted()
        dropped = publication.project(one, REGISTRANT)
        assert dropped is not None
        assert dropped.published == ()
    redacted = publication.project_again(_registration(Mode.REDACTED), _granted())
    assert redacted is not None
    assert redacted.published == ()
    assert redacted.consented == _granted().consented


def test_values_of_before_there_were_grants_are_read() -> None:
    """A record published by an older version, one member shorter, has no granted field."""
    value = published.encode_record(_granted())
    members = msgspec.msgpack.decode(value)
    older = published.decode_record(msgspec.msgpack.encode(members[:-1]))
    assert older == _granted().with_published(())
    assert published.decode_record(value) == _granted()
