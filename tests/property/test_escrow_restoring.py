"""Laws of restoring: whoever was deposited comes back octet for octet."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow.formats import recovery
from escrow.formats.recovery import RegistrationLine
from proxy.errors import InvalidInput
from proxy.model.identifiers import RecordClass, RegistrationId
from proxy.model.sealed import RecordName
from proxy.vault import persons, unseal
from proxy.vault.seal import ToSealAgain
from proxy.vault.throwaway import Throwaway
from tests.support import escrow_restoring, escrow_rows
from tests.support import vault as vaults

if TYPE_CHECKING:
    from proxy.model.contact import ContactSet

PERSON = RegistrationId(UUID(int=7))


def opened(identity: bytes) -> tuple[bytes, bytes]:
    """Identity and reach as they open after an identity plaintext was sealed again."""
    clock = vaults.StillClock()
    keys = Throwaway(clock.now(), secrets.token_bytes)
    item = ToSealAgain(registration_id=PERSON, version=3, identity=identity)
    batch = keys.sealer(clock).seal_again(escrow_rows.TENANT, [item])
    cipher = unseal.decapsulate(keys, batch.submission)  # type: ignore[arg-type]  # has what it uses
    found = {}
    for row in batch.records:
        asked = RecordName(
            tenant_id=escrow_rows.TENANT,
            registration_id=PERSON,
            record_class=row.name.record_class,
            version=3,
        )
        dek = unseal.unwrap_intake(cipher, batch.submission.id, asked, row)
        found[asked.record_class] = unseal.open_record(dek, asked, row.record)
    return found[RecordClass.IDENTITY], found[RecordClass.REACH]


def through_a_deposit(identity: bytes) -> bytes:
    """The plaintext as it is read back from a deposit that holds it."""
    row = replace(escrow_rows.row(0), identity=identity)
    items = list(recovery.read(escrow_restoring.lines(escrow_restoring.head(1), [row])))
    assert isinstance(items[1], RegistrationLine)
    return items[1].plaintext()


@given(escrow_rows.contact_sets())
def test_anybody_survives_deposit_and_sealing(contacts: ContactSet) -> None:
    """Quotes, line breaks, right-to-left text, 255 characters: written, read, sealed, opened."""
    identity = persons.pad(persons.render_identity(contacts))
    read = through_a_deposit(identity)
    assert read == identity
    again, reach = opened(read)
    assert again == identity
    assert reach == persons.pad(persons.render_reach(contacts))


SPACE = st.text(" \t\r\n", max_size=5).map(str.encode)


@given(escrow_rows.contact_sets(), SPACE, SPACE, SPACE)
def test_another_spelling_of_a_person_survives(
    contacts: ContactSet, before: bytes, behind: bytes, inside: bytes
) -> None:
    """JSON that we would write otherwise keeps every octet, white space around it included."""
    canonical = persons.render_identity(contacts)
    identity = persons.pad(before + canonical[:1] + inside + canonical[1:] + behind)
    read = through_a_deposit(identity)
    assert read == identity
    assert opened(read)[0] == identity
    assert persons.parse_identity(read) == contacts


@given(escrow_rows.contact_sets(), st.integers(1, persons.PADDING_OCTETS - 1))
def test_what_no_record_holds_is_not_sealed(contacts: ContactSet, surplus: int) -> None:
    """A plaintext that padding would change is refused rather than changed."""
    identity = persons.pad(persons.render_identity(contacts)) + b" " * surplus
    with pytest.raises(InvalidInput):
        opened(identity)
