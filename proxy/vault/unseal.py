"""Everything that opens: decapsulation, unwrapping, records. Importable inside the vault only.

An opening is of a record *asked for* by name: the associated data comes from the question, never
from the row, so a row that was moved, swapped or replayed does not open. Errors are codes without
cause or value. Source: FORMAT.md, Opening.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.errors import InvalidInput, Refused
from proxy.vault import primitives, record, statements

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import SubmissionId
    from proxy.model.sealed import RecordName, SealedRecord, Submission
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

_WRAPPED_OCTETS = 4 + primitives.KEY_OCTETS + 16


def open_record(dek: bytes, asked: RecordName, data: bytes) -> bytes:
    """The padded plaintext of the record `asked` for.

    Refused `record_malformed`, `record_other` (another record's bytes), `record_key` (the DEK is
    not the one committed to) or `record_tampered`.
    """
    parsed = check_key(dek, asked, data)
    associated = record.associated_data(parsed.header)
    try:
        return AESGCM(dek).decrypt(parsed.nonce, parsed.ciphertext, associated)
    except InvalidTag:
        raise Refused("record_tampered") from None


def check_key(dek: bytes, asked: RecordName, data: bytes) -> record.ParsedRecord:
    """The record `asked` for, taken apart, if `dek` is the key it commits to; else Refused."""
    try:
        parsed = record.parse(data)
    except InvalidInput as fault:
        raise Refused(fault.code) from None
    header = record.render_header(asked, parsed.key_epoch)
    if header != parsed.header:
        raise Refused("record_other")
    associated = record.associated_data(header)
    if not primitives.is_equal(primitives.commitment(dek, associated), parsed.commitment):
        raise Refused("record_key")
    return parsed


def decapsulate(keyring: Keyring, submission: Submission) -> AESGCM:
    """The cipher of a submission's intake key, its signature checked first.

    Refused `signer_unknown`, `signature`, `intake_key_unknown` or `encapsulation`.
    """
    signer = keyring.signers.get(submission.signer_id)
    if signer is None:
        raise Refused("signer_unknown")
    statement = statements.submission(
        submission.tenant_id,
        submission.id,
        submission.intake_key_id,
        submission.signer_id,
        submission.encapsulation,
    )
    if not primitives.is_signed(signer, submission.signature, statement):
        raise Refused("signature")
    private = x25519.X25519PrivateKey.from_private_bytes(
        keyring.intake_private(submission.intake_key_id)
    )
    info = statements.encapsulation_info(
        submission.tenant_id, submission.id, submission.intake_key_id
    )
    try:
        key = primitives.INTAKE_SUITE.decrypt(submission.encapsulation, private, info)
        return AESGCM(key)
    except (InvalidTag, ValueError):
        raise Refused("encapsulation") from None


def unwrap_intake(
    cipher: AESGCM, submission_id: SubmissionId, asked: RecordName, row: SealedRecord
) -> bytes:
    """The DEK that a submission carries for exactly this record; Refused `intake_wrap`."""
    try:
        parsed = record.parse(row.record)
        if len(row.wrapped_dek) != _WRAPPED_OCTETS:
            raise Refused("intake_wrap")
        bound = record.intake_associated_data(
            submission_id,
            record.render_header(asked, parsed.key_epoch),
            primitives.sha256(row.record),
        )
        nonce = primitives.intake_nonce(row.wrapped_dek[:4])
        return cipher.decrypt(nonce, row.wrapped_dek[4:], bound)
    except (InvalidTag, InvalidInput):
        raise Refused("intake_wrap") from None


class Opener:
    """Opens adopted records that the state knows."""

    def __init__(self, keyring: Keyring, state: State) -> None:
        self._keyring = keyring
        self._state = state

    def dek(
        self,
        asked: RecordName,
        row: SealedRecord,
        *,
        newest: bool = False,
        since: datetime | None = None,
        announced: bytes | None = None,
    ) -> bytes:
        """The DEK of an adopted row that agrees with the state; `newest`, `since` as there.

        Refused with the state's Disagreement, `record_changed` (another hash than was announced),
        `not_adopted`, `epoch_unknown` or `unwrap`.
        """
        digest = primitives.sha256(row.record)
        disagreement = self._state.disagreement(asked, digest, newest=newest, since=since)
        if disagreement is not None:
            raise Refused(disagreement)
        if announced is not None and announced != digest:
            raise Refused("record_changed")
        if row.kek_epoch is None:
            raise Refused("not_adopted")
        return self._keyring.unwrap_dek(asked.record_class, row.kek_epoch, row.wrapped_dek)

    def open(self, asked: RecordName, row: SealedRecord, *, newest: bool = False) -> bytes:
        """The padded plaintext of the record `asked` for, out of `row`; Refused with a code.

        With `newest`, a version that is not the newest the state knows is `record_rolled_back`.
        """
        return open_record(self.dek(asked, row, newest=newest), asked, row.record)
