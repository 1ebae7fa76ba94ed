"""What every intake host does alike: one submission of records under a fresh intake key.

Shared by the API's sealer (persons) and the web role's (evidence). Must import neither unseal nor
keyring: who holds all of this can open nothing. The intake key and the DEKs are forgotten when
`submit` returns; Python can not promise that memory is wiped. Source: FORMAT.md, Intake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.errors import Unavailable
from proxy.model import identifiers
from proxy.model.identifiers import SubmissionId
from proxy.model.sealed import SealedBatch, SealedRecord, Submission
from proxy.vault import files, persons, primitives, record, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from proxy import ports
    from proxy.model.identifiers import TenantId
    from proxy.model.sealed import IntakeKey, RecordName

FILE_LIMIT_OCTETS = 4096  # of a host's key file, and of the pin


def load_pin(path: Path) -> bytes:
    """The vault's verification key in DATA/vault.pub; Unavailable `vault_pin` when unusable."""
    try:
        text = (files.read(path, FILE_LIMIT_OCTETS) or b"").decode("ascii").split()
        key = bytes.fromhex(text[1])
    except (OSError, ValueError, IndexError):
        raise Unavailable("vault_pin", f"The vault's key {path} can not be read.") from None
    if text[0] != "privacyproxy-vault-ed25519" or len(key) != primitives.KEY_OCTETS:
        raise Unavailable("vault_pin", f"The vault's key {path} is damaged.")
    return key


class Submitter:
    """Seals records of one tenant with the newest intake key that the pinned vault signed."""

    def __init__(
        self,
        *,
        signer_id: str,
        signing_key: bytes,
        pin: bytes,
        current: Callable[[], IntakeKey | None],
        clock: ports.Clock,
        random: Callable[[int], bytes],
    ) -> None:
        """`current` gives the newest row of intake_key as last read; `random(n)` n octets."""
        self._signer_id = signer_id
        self._sign = primitives.signer(signing_key)
        self._pin = pin
        self._current = current
        self._clock = clock
        self._random = random
        self._checked: IntakeKey | None = None  # the last key whose signature held

    def submit(self, tenant_id: TenantId, plain: Iterable[tuple[RecordName, bytes]]) -> SealedBatch:
        """One submission of these records; Unavailable without a valid key."""
        key = self._valid_key()
        submission_id = SubmissionId(identifiers.uuid7(self._clock.now(), self._random(10)))
        intake_key = self._random(primitives.KEY_OCTETS)
        cipher = AESGCM(intake_key)
        records: list[SealedRecord] = []
        for name, plaintext in plain:
            header = record.render_header(name, key.id)
            dek = self._random(primitives.KEY_OCTETS)
            sealed = seal_record(dek, self._random(primitives.NONCE_OCTETS), header, plaintext)
            bound = record.intake_associated_data(submission_id, header, primitives.sha256(sealed))
            wrapped = primitives.wrap_for_intake(cipher, len(records), dek, bound)
            records.append(SealedRecord(name=name, record=sealed, wrapped_dek=wrapped))
        info = statements.encapsulation_info(tenant_id, submission_id, key.id)
        encapsulation = primitives.encapsulate(intake_key, key.public_key, info)
        statement = statements.submission(
            tenant_id, submission_id, key.id, self._signer_id, encapsulation
        )
        submission = Submission(
            id=submission_id,
            tenant_id=tenant_id,
            intake_key_id=key.id,
            encapsulation=encapsulation,
            signer_id=self._signer_id,
            signature=self._sign(statement),
        )
        return SealedBatch(submission=submission, records=tuple(records))

    def _valid_key(self) -> IntakeKey:
        """The current intake key, its signature and time checked; Unavailable `intake_key`."""
        key = self._current()
        if key is None:
            raise Unavailable("intake_key", "The vault has not published an intake key yet.")
        if not key.not_before <= self._clock.now() < key.not_after:
            raise Unavailable("intake_key", "The newest intake key is out of date; see the vault.")
        if key != self._checked:
            statement = statements.intake_key(key.id, key.public_key, key.not_before, key.not_after)
            if not primitives.is_signed(self._pin, key.signature, statement):
                raise Unavailable("intake_key", "The intake key is not signed by our vault.")
            self._checked = key
        return key


def seal_record(dek: bytes, nonce: bytes, header: bytes, plaintext: bytes) -> bytes:
    """The record bytes of a plaintext under a fresh DEK (FORMAT.md, Record)."""
    associated = record.associated_data(header)
    return record.render(
        header,
        nonce,
        primitives.commitment(dek, associated),
        primitives.seal_plaintext(dek, nonce, persons.pad(plaintext), associated),
    )
