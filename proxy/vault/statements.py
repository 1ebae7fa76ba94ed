"""The byte strings that keys sign, so that signer and verifier can not differ. Pure.

Source: FORMAT.md, Intake, Roster and orders, Evidence, Notices. Every statement starts with a label
of its own, so no signature can be taken for another.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from proxy.vault import primitives

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import SubmissionId, TenantId

_U64 = struct.Struct(">Q")


def intake_key(key_id: int, public_key: bytes, not_before: datetime, not_after: datetime) -> bytes:
    """What the vault signs about an intake key; times in whole seconds since 1970."""
    return primitives.joined(
        b"pp-intake-key-v1",
        _U64.pack(key_id),
        public_key,
        _U64.pack(int(not_before.timestamp())),
        _U64.pack(int(not_after.timestamp())),
    )


def encapsulation_info(tenant_id: TenantId, submission_id: SubmissionId, key_id: int) -> bytes:
    """What HPKE binds besides the key: tenant, submission, intake key id."""
    return primitives.joined(
        b"pp-submission-v1", tenant_id.bytes, submission_id.bytes, _U64.pack(key_id)
    )


def submission(
    tenant_id: TenantId,
    submission_id: SubmissionId,
    key_id: int,
    signer_id: str,
    encapsulation: bytes,
) -> bytes:
    """What an intake host signs. Its records follow: only the intake key inside can wrap DEKs."""
    return primitives.joined(
        b"pp-intake-signature-v1",
        tenant_id.bytes,
        submission_id.bytes,
        _U64.pack(key_id),
        signer_id.encode(),
        encapsulation,
    )


def approval(order_sha256: bytes, nonce: bytes) -> bytes:
    """What a vote signs: 32 octets. The nonce is the vault's, so no vote can be made beforehand.

    Both parts have 32 octets, so no two pairs give the same statement.
    """
    return primitives.sha256(b"pp-approval-v1" + order_sha256 + nonce)


def objection(document_sha256: bytes) -> bytes:
    """What a member signs who says no to an order or a roster: 32 octets.

    Without a nonce: a no that is played again stops the same paper again, and nothing else.
    """
    return primitives.sha256(b"pp-objection-v1" + document_sha256)


def key_revocation(order_sha256: bytes) -> bytes:
    """What a member signs who revokes the key that an order gave a registrar: 32 octets.

    Without a nonce: an order gives a key once, so this revokes the same key again, and no other.
    """
    return primitives.sha256(b"pp-registrar-key-revocation-v1" + order_sha256)


def read_back(document_sha256: bytes) -> bytes:
    """What a registrar signs who asks for its own customer: 32 octets; fresh as a search is."""
    return primitives.sha256(b"pp-read-back-v1" + document_sha256)


def find(document_sha256: bytes) -> bytes:
    """What a registrar signs who searches its own customers: 32 octets; fresh as a search is."""
    return primitives.sha256(b"pp-find-v1" + document_sha256)


def read_back_sealed(document_sha256: bytes) -> bytes:
    """What HPKE binds of persons on their way to their registrar: the document that asked."""
    return primitives.joined(b"pp-read-back-sealed-v1", document_sha256)


def read_back_answer(document_sha256: bytes, sealed: bytes) -> bytes:
    """What the vault signs of a read-back's answer: who carries it can seal, and so could forge."""
    return primitives.joined(b"pp-read-back-answer-v1", document_sha256, sealed)


def publication(document_sha256: bytes) -> bytes:
    """What a registrar signs who has fields published: 32 octets; fresh as a read-back is."""
    return primitives.sha256(b"pp-publish-v1" + document_sha256)


def search(document_sha256: bytes) -> bytes:
    """What a member of staff signs who searches: 32 octets.

    Fresh without a nonce: the document holds an id, which the vault takes once, and a time.
    """
    return primitives.sha256(b"pp-search-v1" + document_sha256)


def relayed(alias: str, message: str) -> bytes:
    """What HPKE binds of an address on its way to the relay: the alias and the message."""
    return primitives.joined(b"pp-relay-v1", alias.encode(), message.encode())


def noticed(case: str, notice: str) -> bytes:
    """What HPKE binds of an address for a notice: the case and the notice."""
    return primitives.joined(b"pp-notice-v1", case.encode(), notice.encode())


def lettered(tenant: str, registration: str, notice: str) -> bytes:
    """What HPKE binds of an address for a letter: tenant, registration and notice."""
    return primitives.joined(
        b"pp-letter-v1", tenant.encode(), registration.encode(), notice.encode()
    )


def reading(document_sha256: bytes) -> bytes:
    """What a member of staff signs who reads evidence: 32 octets; fresh as a search is."""
    return primitives.sha256(b"pp-reading-v1" + document_sha256)


def matching(document_sha256: bytes) -> bytes:
    """What a member of staff signs who compares a value: 32 octets; fresh as a search is."""
    return primitives.sha256(b"pp-match-v1" + document_sha256)


def read_part(document_sha256: bytes, place: int, *, is_last: bool) -> bytes:
    """What HPKE binds of a part of a file on its way to its reader: document, place, whether last.

    So parts can be neither swapped, left out at the end, nor taken for another reading's.
    """
    return primitives.joined(
        b"pp-evidence-part-v1", document_sha256, _U64.pack(place), bytes([is_last])
    )


def pass_phrase(document_sha256: bytes) -> bytes:
    """What a releaser signs who asks for a pass-phrase: 32 octets; fresh as a search is."""
    return primitives.sha256(b"pp-pass-phrase-v1" + document_sha256)


def pass_phrase_sealed(document_sha256: bytes) -> bytes:
    """What HPKE binds of a pass-phrase on its way to its releaser: the document that asked."""
    return primitives.joined(b"pp-pass-phrase-sealed-v1", document_sha256)
