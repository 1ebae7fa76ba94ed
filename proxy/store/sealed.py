"""Sealed records, intake keys, blind indexes and erasures as rows. Opens nothing.

Everything moves in sets: one statement per table and batch, arrays unnested in SQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from proxy.model.identifiers import RecordClass, RegistrationId, SubmissionId, TenantId
from proxy.model.sealed import (
    Adopted,
    IntakeKey,
    NotAdopted,
    RecordName,
    Rewrapped,
    SealedBatch,
    SealedRecord,
    Submission,
)
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from proxy.model.sealed import Rotation
    from proxy.store.pool import Connection, Record

QUERIES = queries.load("sealed")
_CHANGES_LOCK = 0x70707265777261  # of this service alone: "pprewra"
_FIRST = (UUID(int=0), UUID(int=0), "", 0)


async def newest_intake_key(connection: Connection) -> IntakeKey | None:
    """The intake key to seal with; its signature is the reader's to check."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["newest_intake_key"])
    if row is None:
        return None
    return IntakeKey(
        id=row["id"],
        public_key=row["public_key"],
        not_before=row["not_before"],
        not_after=row["not_after"],
        signature=row["signature"],
    )


async def publish_intake_key(connection: Connection, key: IntakeKey) -> None:
    """Let API hosts find an intake key."""
    with pool.translated():
        await connection.execute(
            QUERIES["publish_intake_key"],
            key.id,
            key.public_key,
            key.not_before,
            key.not_after,
            key.signature,
        )


async def unused_intake_keys(connection: Connection, ids: Iterable[int]) -> frozenset[int]:
    """Those of `ids` that no waiting submission needs."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["unused_intake_keys"], list(ids))
    return frozenset(row["id"] for row in rows)


async def drop_intake_keys(connection: Connection, ids: Iterable[int]) -> None:
    """Remove intake keys that were destroyed."""
    with pool.translated():
        await connection.execute(QUERIES["drop_intake_keys"], list(ids))


async def pending(
    connection: Connection, limit: int
) -> tuple[tuple[SealedBatch, ...], tuple[RecordName, ...], int]:
    """Waiting records by submission, those whose submission is gone, and how many rows in all."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["pending"], limit)
    grouped: dict[tuple[UUID, UUID], list[Record]] = {}
    orphans: list[RecordName] = []
    for row in rows:
        if row["signature"] is None:
            orphans.append(_name(row))
        else:
            grouped.setdefault((row["tenant_id"], row["submission_id"]), []).append(row)
    return tuple(_batch(one) for one in grouped.values()), tuple(orphans), len(rows)


async def adopt(connection: Connection, adopted: Sequence[Adopted]) -> None:
    """Records under their KEK and the blind index of each registration's newest version."""
    newest: dict[tuple[UUID, UUID], Adopted] = {}
    for one in adopted:
        person = (one.name.tenant_id, one.name.registration_id)
        if one.tokens is not None and (
            person not in newest or newest[person].name.version < one.name.version
        ):
            newest[person] = one
    indexed = tuple(newest.values())
    with pool.translated():
        await connection.execute(
            QUERIES["adopt"],
            *_columns([one.name for one in adopted]),
            [one.wrapped_dek for one in adopted],
            [one.kek_epoch for one in adopted],
        )
        await connection.execute(
            QUERIES["fill_blind_index"],
            [one.name.tenant_id for one in indexed],
            [one.name.registration_id for one in indexed],
            [one.name.version for one in indexed],
            [b"".join(one.tokens or ()) for one in indexed],
            [one.contacts for one in indexed],
        )


async def mark_failed(connection: Connection, failed: Sequence[NotAdopted]) -> None:
    """Have records wait for the operator, with a reason."""
    with pool.translated():
        await connection.execute(
            QUERIES["mark_failed"],
            *_columns([one.name for one in failed]),
            [one.reason for one in failed],
        )


async def retry_failed(connection: Connection) -> int:
    """Have failed adoptions tried again; how many."""
    with pool.translated():
        return _count(await connection.execute(QUERIES["retry_failed"]))


async def drop_submissions(connection: Connection, submissions: Sequence[Submission]) -> None:
    """Remove those of the submissions of which no record waits."""
    with pool.translated():
        await connection.execute(
            QUERIES["drop_submissions"],
            [one.tenant_id for one in submissions],
            [one.id for one in submissions],
        )


async def count_waiting(connection: Connection) -> tuple[int, int]:
    """Records that wait for adoption, and records whose adoption failed."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["count_waiting"])
    return (0, 0) if row is None else (row["waiting"], row["failed"])


async def stale(
    connection: Connection, target_epoch: int, after: RecordName | None, limit: int
) -> tuple[SealedRecord, ...]:
    """Living records under an older epoch, behind `after` in key order."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["stale"], target_epoch, *_place(after), limit)
    return tuple(_sealed(row) for row in rows)


async def count_stale(connection: Connection, target_epoch: int) -> int:
    """How many living records are under an older epoch."""
    with pool.translated():
        count: int = await connection.fetchval(QUERIES["count_stale"], target_epoch)
    return count


async def rewrap(connection: Connection, moved: Sequence[Rewrapped]) -> frozenset[RecordName]:
    """Write records under their new epoch; which of them were still there as read."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["rewrap"],
            *_columns([one.name for one in moved]),
            [one.from_epoch for one in moved],
            [one.kek_epoch for one in moved],
            [one.wrapped_dek for one in moved],
            [one.record for one in moved],
        )
    return frozenset(_name(row) for row in rows)


async def lock_changes(connection: Connection) -> None:
    """Wait for whoever moves records, and keep others from it until the transaction ends."""
    with pool.translated():
        await connection.execute(QUERIES["lock_changes"], _CHANGES_LOCK)


async def find_records(
    connection: Connection, names: Sequence[RecordName]
) -> tuple[SealedRecord, ...]:
    """Living records by name, at most 10,000."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["find_records"], *_columns(names))
    return tuple(_sealed(row) for row in rows)


async def note_rotation(
    connection: Connection, rotation: Rotation, finished_at: datetime | None
) -> None:
    """Show a rotation to whoever may look; the vault's state is what counts."""
    with pool.translated():
        await connection.execute(
            QUERIES["note_rotation"],
            rotation.id,
            "compromised" if rotation.is_compromised else "rewrap",
            rotation.started_at,
            finished_at,
            rotation.total,
            rotation.done,
            rotation.target_epoch,
        )


async def used_epochs(
    connection: Connection, epochs: Sequence[tuple[RecordClass, int]]
) -> frozenset[tuple[RecordClass, int]]:
    """Those of the epochs that a living record is under; an index probe each."""
    with pool.translated():
        rows = await connection.fetch(
            QUERIES["used_epochs"], [one for one, _ in epochs], [one for _, one in epochs]
        )
    return frozenset((RecordClass(row["class"]), row["epoch"]) for row in rows)


async def count_epochs(connection: Connection) -> Mapping[tuple[RecordClass, int], int]:
    """Living adopted records by class and epoch."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["count_epochs"])
    return {(RecordClass(row["class"]), row["kek_epoch"]): row["records"] for row in rows}


async def page(
    connection: Connection, after: RecordName | None, limit: int
) -> tuple[SealedRecord, ...]:
    """Adopted living records behind `after` in key order."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["page"], *_place(after), limit)
    return tuple(_sealed(row) for row in rows)


async def sample(connection: Connection, percent: float, limit: int) -> tuple[SealedRecord, ...]:
    """Adopted living records of about `percent` of the table's pages."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["sample"], percent, limit)
    return tuple(_sealed(row) for row in rows)


def _batch(rows: Sequence[Record]) -> SealedBatch:
    first = rows[0]
    return SealedBatch(
        submission=Submission(
            id=SubmissionId(first["submission_id"]),
            tenant_id=TenantId(first["tenant_id"]),
            intake_key_id=first["intake_key_id"],
            encapsulation=first["encapsulation"],
            signer_id=first["signer_id"],
            signature=first["signature"],
        ),
        records=tuple(
            SealedRecord(name=_name(row), record=row["record"], wrapped_dek=row["wrapped_dek"])
            for row in rows
        ),
    )


def _sealed(row: Record) -> SealedRecord:
    return SealedRecord(
        name=_name(row),
        record=row["record"],
        wrapped_dek=row["wrapped_dek"],
        kek_epoch=row["kek_epoch"],
    )


def _name(row: Record) -> RecordName:
    return RecordName(
        tenant_id=TenantId(row["tenant_id"]),
        registration_id=RegistrationId(row["registration_id"]),
        record_class=RecordClass(row["class"]),
        version=row["version"],
    )


def _columns(
    names: Sequence[RecordName],
) -> tuple[list[TenantId], list[RegistrationId], list[RecordClass], list[int]]:
    return (
        [one.tenant_id for one in names],
        [one.registration_id for one in names],
        [one.record_class for one in names],
        [one.version for one in names],
    )


def _place(after: RecordName | None) -> tuple[UUID, UUID, str, int]:
    if after is None:
        return _FIRST
    return after.tenant_id, after.registration_id, after.record_class, after.version


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
