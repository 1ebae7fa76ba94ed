"""Evidence of cases as rows: files and their sealed records. Opens nothing, seals nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import Conflict
from proxy.model.case import EvidenceId
from proxy.store import pool, queries
from proxy.store.cases import EvidenceRow

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import CaseId
    from proxy.model.sealed import SealedBatch
    from proxy.store.pool import Connection

QUERIES = queries.load("evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file whose records are there."""

    id: EvidenceId
    kind: str
    media_type: str
    octets: int
    sha256: bytes
    first_version: int
    records: int
    added_by: str
    added_at: datetime


async def is_taken(connection: Connection, case_id: CaseId, first: int, last: int) -> bool:
    """Whether a file of the case has one of these versions."""
    with pool.translated():
        found: bool = await connection.fetchval(QUERIES["is_taken"], case_id, first, last)
    return found


async def add_records(connection: Connection, batch: SealedBatch) -> None:
    """Keep a submission; Conflict `evidence_clash` where another file has one of its versions."""
    one, records = batch.submission, batch.records
    clash = Conflict("evidence_clash", "Another file was added meanwhile; send this one again.")
    with pool.translated({"sealed_record_pkey": clash}):
        await connection.execute(
            QUERIES["add_records"],
            one.tenant_id,
            one.id,
            one.intake_key_id,
            one.encapsulation,
            one.signer_id,
            one.signature,
            [record.name.registration_id for record in records],
            [record.name.record_class.value for record in records],
            [record.name.version for record in records],
            [record.record for record in records],
            [record.wrapped_dek for record in records],
        )


async def add(connection: Connection, case_id: CaseId, file: NewFile) -> None:
    """Keep a file of a case."""
    with pool.translated():
        await connection.execute(
            QUERIES["add"],
            case_id,
            file.id,
            file.kind,
            file.media_type,
            file.octets,
            file.sha256,
            file.first_version,
            file.records,
            file.added_by,
            file.added_at,
        )


async def find(
    connection: Connection, case_id: CaseId, evidence_id: EvidenceId
) -> EvidenceRow | None:
    """A file of a case; None where there is none."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], case_id, evidence_id)
    if row is None:
        return None
    return EvidenceRow(
        id=EvidenceId(row["id"]),
        kind=row["kind"],
        media_type=row["media_type"],
        octets=row["octets"],
        sha256=row["sha256"].hex(),
        first_version=row["first_version"],
        records=row["records"],
        added_by=row["added_by"],
        added_at=row["added_at"],
    )
