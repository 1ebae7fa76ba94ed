"""Laws of sealed records, over whatever persons and whatever damage."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
import rfc8785
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import InvalidInput, Refused
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import RecordClass, RegistrationId, Role, SubmissionId, TenantId
from proxy.model.sealed import RecordName, SealedRecord
from proxy.vault import blind, persons, primitives, record, seal, tree, unseal
from proxy.wire import frames

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)
MAYBE = st.none() | TEXT
_ID = SubmissionId(UUID(int=7))


def _whole_seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)


CONTACTS = st.builds(
    Contact,
    name=TEXT,
    organization=MAYBE,
    street=st.lists(TEXT, max_size=3).map(tuple),
    city=MAYBE,
    state=MAYBE,
    postal_code=MAYBE,
    country=MAYBE,
    phone=MAYBE,
    phone_ext=MAYBE,
    fax=MAYBE,
    fax_ext=MAYBE,
    email=TEXT,
    language=MAYBE,
    verified_at=st.none() | st.datetimes(timezones=st.just(UTC)).map(_whole_seconds),
    verified_method=MAYBE,
)


@st.composite
def contact_sets(draw: st.DrawFn) -> ContactSet:
    """Some roles written out, some of the others by reference."""
    given_roles = draw(st.sets(st.sampled_from(Role), min_size=1))
    same_as = {
        role: draw(st.sampled_from(sorted(given_roles)))
        for role in Role
        if role not in given_roles and draw(st.booleans())
    }
    return ContactSet(given={role: draw(CONTACTS) for role in given_roles}, same_as=same_as)


NAMES = st.builds(
    RecordName,
    tenant_id=st.uuids().map(TenantId),
    registration_id=st.uuids().map(RegistrationId),
    record_class=st.sampled_from(RecordClass),
    version=st.integers(1, 2**32 - 1),
)
KEYS = st.binary(min_size=32, max_size=32)
NONCES = st.binary(min_size=12, max_size=12)
EPOCHS = st.integers(0, 2**64 - 1)


@given(contact_sets())
def test_contacts_survive_sealing(contacts: ContactSet) -> None:
    """parse(pad(render(contacts))) gives the contacts."""
    assert persons.parse_identity(persons.pad(persons.render_identity(contacts))) == contacts
    reach = persons.parse_reach(persons.pad(persons.render_reach(contacts)))
    for role in Role:
        contact = contacts.resolve(role)
        assert reach.get(role) == (contact and (contact.email, contact.language))


@given(contact_sets())
def test_the_registrant_alone_is_who_it_is_among_all(contacts: ContactSet) -> None:
    """Left out are only contacts that can not act as registrant."""
    alone = persons.parse_registrant(persons.pad(persons.render_identity(contacts)))
    assert alone.resolve(Role.REGISTRANT) == contacts.resolve(Role.REGISTRANT)
    assert alone.same_as == contacts.same_as
    assert alone.given.items() <= dict(contacts.given).items()
    assert len(alone.given) <= 1 + len(contacts.same_as)


@given(contact_sets())
def test_plaintext_is_canonical_json(contacts: ContactSet) -> None:
    """What is rendered is what the RFC 8785 package makes of the same value."""
    for plaintext in (persons.render_identity(contacts), persons.render_reach(contacts)):
        assert rfc8785.dumps(msgspec.json.decode(plaintext)) == plaintext


@given(NAMES, KEYS, NONCES, EPOCHS, st.binary(max_size=300))
def test_what_is_sealed_opens_padded(
    name: RecordName, dek: bytes, nonce: bytes, epoch: int, plaintext: bytes
) -> None:
    """A record opens for its name and key, and to a padded length alone."""
    data = seal.seal_record(dek, nonce, record.render_header(name, epoch), plaintext)
    opened = unseal.open_record(dek, name, data)
    assert opened[: len(plaintext)] == plaintext
    assert not opened[len(plaintext) :].strip(b" ")
    assert len(opened) % persons.PADDING_OCTETS == 0


@given(NAMES, NAMES, KEYS, NONCES)
def test_a_record_opens_for_no_other_name(
    name: RecordName, other: RecordName, dek: bytes, nonce: bytes
) -> None:
    """Changing any one part of the name asked for is refused."""
    data = seal.seal_record(dek, nonce, record.render_header(name, 1), b"x")
    for part in ("tenant_id", "registration_id", "record_class", "version"):
        asked = dataclasses.replace(name, **{part: getattr(other, part)})
        if asked != name:
            with pytest.raises(Refused, match="record_other"):
                unseal.open_record(dek, asked, data)


@given(NAMES, KEYS, NONCES, st.data())
def test_any_changed_bit_is_refused(
    name: RecordName, dek: bytes, nonce: bytes, data: st.DataObject
) -> None:
    """There is no octet of a record that may be another one."""
    sealed = seal.seal_record(dek, nonce, record.render_header(name, 1), b"somebody")
    place = data.draw(st.integers(0, len(sealed) - 1))
    change = data.draw(st.integers(1, 255))
    damaged = sealed[:place] + bytes([sealed[place] ^ change]) + sealed[place + 1 :]
    with pytest.raises(Refused):
        unseal.open_record(dek, name, damaged)


@given(NAMES, KEYS, KEYS, NONCES)
def test_a_record_opens_under_one_key(
    name: RecordName, dek: bytes, other: bytes, nonce: bytes
) -> None:
    """Another key is refused by the commitment, before the cipher is asked."""
    data = seal.seal_record(dek, nonce, record.render_header(name, 1), b"x")
    if other != dek:
        with pytest.raises(Refused, match="record_key"):
            unseal.open_record(other, name, data)


def test_the_commitment_refuses_what_gcm_alone_would_open() -> None:
    """A record whose tag holds under a second key is refused under it: GCM does not commit."""
    # The second key's own ciphertext stands in the record, so that only the commitment is between
    # it and being opened.
    name = RecordName(
        tenant_id=TenantId(_ID),
        registration_id=RegistrationId(_ID),
        record_class=RecordClass.REACH,
        version=1,
    )
    header = record.render_header(name, 1)
    honest, second, nonce = bytes(32), b"\1" * 32, bytes(12)
    bound = record.associated_data(header)
    data = record.render(
        header,
        nonce,
        primitives.commitment(honest, bound),
        primitives.seal_plaintext(second, nonce, b"another story", bound),
    )
    assert AESGCM(second).decrypt(nonce, data[91:], bound) == b"another story"
    with pytest.raises(Refused, match="record_key"):
        unseal.open_record(second, name, data)


@given(NAMES, st.binary(max_size=400))
def test_parsers_never_fall_over(name: RecordName, octets: bytes) -> None:
    """Whatever the octets, the answer is a value or a refusal."""
    for parse in (
        record.parse,
        persons.parse_identity,
        persons.parse_registrant,
        persons.parse_reach,
        frames.parse_request,
        frames.parse_answer,
        lambda some: frames.length(some, 4096),
    ):
        try:
            parse(octets)
        except InvalidInput:
            continue
    with pytest.raises(Refused):
        unseal.open_record(bytes(32), name, octets)
    row = SealedRecord(name=name, record=octets, wrapped_dek=octets)
    with pytest.raises(Refused):
        unseal.unwrap_intake(AESGCM(bytes(32)), _ID, name, row)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.integers(0, 70))
@settings(deadline=None)
def test_the_frontier_is_the_tree_of_rfc_6962(leaves: list[bytes], cut: int) -> None:
    """Extending in two steps gives the root that the RFC's recursion gives for all leaves."""
    grown = tree.Frontier().extended(tuple(leaves[:cut])).extended(tuple(leaves[cut:]))
    assert grown.size == len(leaves)
    assert grown.root() == _rfc_root(leaves)


def _rfc_root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\1" + _rfc_root(leaves[:split]) + _rfc_root(leaves[split:])).digest()


@given(contact_sets(), KEYS)
def test_blind_tokens_ignore_case_and_spacing(contacts: ContactSet, key: bytes) -> None:
    """The same e-mail in capitals, or a name with other spaces, gives the same token."""

    def key_of(field: str) -> bytes:
        return primitives.derive(key, field.encode())

    found = blind.tokens(contacts, key_of)
    assert all(len(token) == blind.TOKEN_OCTETS for token in found)
    assert list(found) == sorted(set(found))
    for contact in contacts.given.values():
        folded = blind.normal_text(f"  {contact.name}  ".replace(" ", " \t "))
        assert folded == blind.normal_text(contact.name)


def test_normal_forms() -> None:
    """What a later search must do alike."""
    assert blind.normal_phone("+41.44 555-01 00") == "41445550100"
    assert blind.normal_phone("٠٤٤") == "044"
    assert blind.normal_email(" Ann.Lee@Example.ORG ") == "ann.lee@example.org"
    assert blind.normal_text("Weiß & Söhne, GmbH") == blind.normal_text("WEISS   söhne gmbh")
