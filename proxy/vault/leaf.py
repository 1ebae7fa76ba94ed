"""What a leaf commits to: an entry in its one rendering, and the salt that hides it. Pure.

Strangers check receipts with this, so nothing here knows a key. Source: FORMAT.md, Ledger;
RFC 8785.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import rfc8785

from proxy.errors import InvalidInput, Refused
from proxy.model.identifiers import TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.vault import primitives

LEAF_LABEL = b"pp-ledger-leaf-v1\0"
SALT_OCTETS = 32
_KIND = re.compile(r"[a-z_]+")  # as the table has it; readers print it
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    id: UUID
    tenant: UUID | None
    subject: str
    kind: str
    facts: Mapping[str, str | int | bool | tuple[str, ...]]
    at: str


def canonical(entry: LedgerEntry) -> bytes:
    """The entry as RFC 8785 JSON; Refused `ledger_entry` if it has no such form."""
    try:
        return rfc8785.dumps(
            {
                "v": 1,
                "id": str(entry.id),
                "tenant": None if entry.tenant_id is None else str(entry.tenant_id),
                "subject": entry.subject,
                "kind": entry.kind,
                "facts": dict(entry.facts),
                "at": entry.at.astimezone(UTC).strftime(_TIME),
            }
        )
    except rfc8785.CanonicalizationError:
        raise Refused("ledger_entry") from None


def parse(content: bytes) -> LedgerEntry:
    """An entry out of its canonical form; InvalidInput `ledger_entry` for any other octets."""
    try:
        found = msgspec.json.decode(content, type=_Entry)
        at = datetime.strptime(found.at, _TIME).replace(tzinfo=UTC)
    except (ValueError, RecursionError):  # msgspec's own errors are of the first kind
        raise InvalidInput("ledger_entry") from None
    if not _KIND.fullmatch(found.kind):
        raise InvalidInput("ledger_entry")
    entry = LedgerEntry(
        id=LedgerEntryId(found.id),
        tenant_id=None if found.tenant is None else TenantId(found.tenant),
        subject=found.subject,
        kind=found.kind,
        facts=found.facts,
        at=at,
    )
    try:
        is_canonical = canonical(entry) == content
    except Refused:
        is_canonical = False
    if not is_canonical:  # two readers could read two things
        raise InvalidInput("ledger_entry")
    return entry


def commitment(salt_octets: bytes, content: bytes) -> bytes:
    """The public leaf: SHA-256 over label, salt and entry. Hides while the salt is secret.

    The salt has one length, so no end of a salt passes for the start of an entry.
    """
    return primitives.sha256(LEAF_LABEL + salt_octets + content)
