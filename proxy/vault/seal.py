"""Write-only intake: implements ports.Sealer for API hosts. It can not open what it has sealed.

Must import neither unseal nor keyring. One HPKE encapsulation per submission carries an intake
key; each record has a data key (DEK) of its own, wrapped under the intake key. The intake key and
the DEKs are forgotten when `seal` returns; Python can not promise that memory is wiped.
Source: FORMAT.md, Intake.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput, Unavailable
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import RecordName
from proxy.vault import files, persons, primitives, submissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from proxy import ports
    from proxy.model.contact import ContactSet
    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.sealed import IntakeKey, SealedBatch, ToSeal

load_pin = submissions.load_pin
seal_record = submissions.seal_record


class _ApiFile(msgspec.Struct, forbid_unknown_fields=True):
    signer_id: str
    signing_key: bytes
    mac_key: bytes

    @override
    def __repr__(self) -> str:
        """Never the keys."""
        return "<_ApiFile>"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeys:
    """What an API host holds: an Ed25519 signing seed and a MAC key. Neither opens a record."""

    signer_id: str
    signing_key: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToSealAgain:
    """An identity record's plaintext, padding included, as it came out of an opened record."""

    registration_id: RegistrationId
    version: int
    identity: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Plain:
    registration_id: RegistrationId
    version: int
    identity: bytes = field(repr=False)
    contacts: ContactSet = field(repr=False)


def load_api_keys(path: Path) -> ApiKeys:
    """The keys in KEYDIR/api/api.json; Unavailable `api_keys` when absent or damaged."""
    try:
        content = files.read(path, submissions.FILE_LIMIT_OCTETS)
        found = msgspec.json.decode(content or b"", type=_ApiFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        raise Unavailable("api_keys", f"The API's key file {path} can not be read.") from None
    if not len(found.signing_key) == len(found.mac_key) == primitives.KEY_OCTETS:
        raise Unavailable("api_keys", f"The API's key file {path} is damaged.")
    return ApiKeys(signer_id=found.signer_id, signing_key=found.signing_key, mac_key=found.mac_key)


class IntakeSealer:
    """Seals batches of one tenant with the newest intake key that the pinned vault signed."""

    def __init__(
        self,
        *,
        keys: ApiKeys,
        pin: bytes,
        current: Callable[[], IntakeKey | None],
        clock: ports.Clock,
        random: Callable[[int], bytes],
    ) -> None:
        """`current` gives the newest row of intake_key as last read; `random(n)` n octets."""
        self._mac_key = keys.mac_key
        self._submitter = submissions.Submitter(
            signer_id=keys.signer_id,
            signing_key=keys.signing_key,
            pin=pin,
            current=current,
            clock=clock,
            random=random,
        )

    def seal(self, batch: Sequence[ToSeal]) -> SealedBatch:
        """One submission of two records per registration; Unavailable without a valid key.

        All of `batch` is one tenant's; ValueError otherwise.
        """
        tenant_id = batch[0].tenant_id
        if any(item.tenant_id != tenant_id for item in batch):
            raise ValueError("submission_of_two_tenants")
        rendered = [
            _Plain(
                item.registration_id,
                item.version,
                persons.render_identity(item.contacts),
                item.contacts,
            )
            for item in batch
        ]
        return self._seal(tenant_id, rendered)

    def seal_again(self, tenant_id: TenantId, batch: Sequence[ToSealAgain]) -> SealedBatch:
        """The same of identity plaintexts, which open to the very octets that are given here.

        For a restore: what a person entrusted is not written anew, even where we would write it
        otherwise today. InvalidInput `plaintext_malformed` for what no identity record holds.
        """
        given = [
            _Plain(
                item.registration_id,
                item.version,
                item.identity,
                persons.parse_identity(item.identity),
            )
            for item in batch
        ]
        if any(persons.pad(item.identity) != item.identity for item in given):
            raise InvalidInput("plaintext_malformed")  # padding it would change it
        return self._seal(tenant_id, given)

    def _seal(self, tenant_id: TenantId, batch: Sequence[_Plain]) -> SealedBatch:
        return self._submitter.submit(tenant_id, _records(tenant_id, batch))

    def fingerprint(
        self, tenant_id: TenantId, registration_id: RegistrationId, contacts: ContactSet
    ) -> bytes:
        """HMAC over tenant, registration and the canonical contacts.

        Equal contacts of two registrations give different values. Whoever holds the MAC key and
        the table can test guesses of a person's data; the database alone can not.
        """
        identity = persons.render_identity(contacts)
        return primitives.mac(
            self._mac_key,
            primitives.joined(b"pp-contacts-v1", tenant_id.bytes, registration_id.bytes, identity),
        )

    def body_mac(self, tenant_id: TenantId, body: bytes) -> bytes:
        """HMAC over tenant and request body; the same remark as for `fingerprint`."""
        return primitives.mac(
            self._mac_key, primitives.joined(b"pp-body-v1", tenant_id.bytes, body)
        )


def _records(tenant_id: TenantId, batch: Sequence[_Plain]) -> Iterator[tuple[RecordName, bytes]]:
    for item in batch:
        for record_class, plaintext in (
            (RecordClass.IDENTITY, item.identity),
            (RecordClass.REACH, persons.render_reach(item.contacts)),
        ):
            name = RecordName(
                tenant_id=tenant_id,
                registration_id=item.registration_id,
                record_class=record_class,
                version=item.version,
            )
            yield name, plaintext
