"""Adopting what intake hosts sealed: implements ports.Adopter.

Checks signature, what its signer may seal, encapsulation, wrapping and record; opens the record
once for its blind index; anchors its hash in the state; wraps its DEK under the current KEK. A
record that fails is named with a reason and does not stop others. Its bytes do not change.
Source: vault.md, Write-only intake; FORMAT.md, Adoption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import Adopted, NotAdopted
from proxy.vault import blind, evidence, keyfile, persons, primitives, unseal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from proxy.model.identifiers import SubmissionId
    from proxy.model.sealed import SealedBatch, SealedRecord
    from proxy.ports import Clock
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State


# A web process that fell can not renew a person's address, nor an API host slip in evidence.
_SEALS = {
    keyfile.API_SIGNER: frozenset({RecordClass.IDENTITY, RecordClass.REACH}),
    keyfile.WEB_SIGNER: frozenset({RecordClass.EVIDENCE}),
}


class VaultAdopter:
    """Adopts batches with the vault's keys."""

    def __init__(self, keyring: Keyring, state: State, clock: Clock) -> None:
        self._keyring = keyring
        self._state = state
        self._clock = clock

    def adopt(self, batches: Sequence[SealedBatch]) -> tuple[Adopted | NotAdopted, ...]:
        """Every record of `batches`: adopted, or not with a reason code.

        All hashes of one call become durable together, before anything is returned.
        """
        answers = [answer for batch in batches for answer in self._open(batch)]
        good = [answer for answer in answers if not isinstance(answer, NotAdopted)]
        anchored = self._state.anchor(
            [(one.name, digest) for one, digest in good], adopted_at=self._clock.now()
        )
        refused = {
            adopted.name: disagreement
            for (adopted, _), disagreement in zip(good, anchored, strict=True)
            if disagreement is not None
        }
        return tuple(
            answer
            if isinstance(answer, NotAdopted)
            else NotAdopted(name=answer[0].name, reason=refused[answer[0].name])
            if answer[0].name in refused
            else answer[0]
            for answer in answers
        )

    def _open(self, batch: SealedBatch) -> list[tuple[Adopted, bytes] | NotAdopted]:
        try:
            cipher = unseal.decapsulate(self._keyring, batch.submission)
        except Refused as fault:
            return [NotAdopted(name=one.name, reason=fault.code) for one in batch.records]
        allowed = _may_seal(batch.submission.signer_id)
        return [
            self._adopt_one(cipher, batch.submission.id, one)
            if one.name.record_class in allowed
            else NotAdopted(name=one.name, reason="signer_class")
            for one in batch.records
        ]

    def _adopt_one(
        self, cipher: AESGCM, submission_id: SubmissionId, row: SealedRecord
    ) -> tuple[Adopted, bytes] | NotAdopted:
        name = row.name
        try:
            dek = unseal.unwrap_intake(cipher, submission_id, name, row)
            plaintext = unseal.open_record(dek, name, row.record)
            tokens, contacts = self._tokens(row, plaintext)
        except (Refused, InvalidInput) as fault:
            return NotAdopted(name=name, reason=fault.code)
        epoch = self._keyring.epoch_of(name.record_class).epoch
        adopted = Adopted(
            name=name,
            wrapped_dek=self._keyring.wrap_dek(name.record_class, epoch, dek),
            kek_epoch=epoch,
            tokens=tokens,
            contacts=contacts,
        )
        return adopted, primitives.sha256(row.record)

    def _tokens(
        self, row: SealedRecord, plaintext: bytes
    ) -> tuple[tuple[bytes, ...] | None, int | None]:
        """Tokens and number of contacts of an identity record; None and None of others."""
        if row.name.record_class is RecordClass.REACH:
            persons.parse_reach(plaintext)
        if row.name.record_class is RecordClass.EVIDENCE:
            evidence.parse(plaintext)
        if row.name.record_class is not RecordClass.IDENTITY:
            return None, None
        tenant_id = row.name.tenant_id
        contacts = persons.parse_identity(plaintext)
        tokens = blind.tokens(contacts, lambda field: self._keyring.blind_key(tenant_id, field))
        return tokens, len(contacts.given)


def _may_seal(signer_id: str) -> frozenset[RecordClass]:
    return next(
        (several for prefix, several in _SEALS.items() if signer_id.startswith(prefix)), frozenset()
    )
