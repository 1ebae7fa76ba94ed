"""Escrow deposits as rows: found, added, moved on together with their entry in the ledger.

Decides nothing. A deposit and what the ledger says of it are one statement, so that neither is ever
there without the other. `advance` answers False where the deposit is no longer at the step that the
caller read: somebody else moved it, and the caller reads again. Source: design.md s4 (Deposit).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import Conflict, Refused
from proxy.model.deposit import Deposit, DepositId, Kind, Step, StreamId
from proxy.model.identifiers import TenantId
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from proxy.model.ledger import LedgerEntry
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("deposits")
LOCK_CLASS: Final = 0x70705F65  # "pp_e": names the locks of streams; the other half is a stream
_NO_ENTRY: Final = (None, None, None, None, None, None)


async def find_latest(
    connection: Connection, tenant_id: TenantId, stream: StreamId
) -> Deposit | None:
    """The stream's newest deposit by slot, missed ones included."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_latest"], tenant_id, stream)
    return None if row is None else _deposit(row)


async def find_open(
    connection: Connection, tenant_id: TenantId, stream: StreamId
) -> Deposit | None:
    """The stream's deposit at one of OPEN_STEPS; there is one at most."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find_open"], tenant_id, stream)
    return None if row is None else _deposit(row)


async def find_last(
    connection: Connection,
    tenant_id: TenantId,
    stream: StreamId,
    kinds: Collection[Kind],
    steps: Collection[Step],
) -> Deposit | None:
    """The stream's newest deposit of one of these kinds at one of these steps."""
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["find_last"], tenant_id, stream, list(kinds), list(steps)
        )
    return None if row is None else _deposit(row)


async def find(
    connection: Connection, tenant_id: TenantId, deposit_id: DepositId
) -> Deposit | None:
    """One deposit."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], tenant_id, deposit_id)
    return None if row is None else _deposit(row)


async def list_stream(
    connection: Connection, tenant_id: TenantId, stream: StreamId, limit: int
) -> tuple[Deposit, ...]:
    """The stream's deposits, newest first, missed ones included."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["list_stream"], tenant_id, stream, limit)
    return tuple(map(_deposit, rows))


async def list_recent(connection: Connection, limit: int) -> tuple[Deposit, ...]:
    """The deposits of all streams, newest first."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["list_recent"], limit)
    return tuple(map(_deposit, rows))


async def add(connection: Connection, deposit: Deposit, entry: LedgerEntry | None) -> None:
    """Adds a deposit; raises Conflict `deposit_open` when the stream has an open one."""
    errors = {
        "deposit_open": Conflict("deposit_open", "The stream has a deposit that is not finished."),
        "deposit_pkey": Conflict("deposit_known"),
        "deposit_tenant_id_fkey": Refused(
            "escrow_registrar", f"There is no registrar {deposit.tenant_id}; mend the plan."
        ),
    }
    with pool.translated(errors):
        await connection.execute(
            QUERIES["add"],
            deposit.tenant_id,
            deposit.id,
            deposit.stream,
            deposit.kind,
            deposit.slot,
            deposit.sequence,
            deposit.resend,
            deposit.since,
            deposit.previous,
            deposit.agent,
            deposit.made_at,
            *_mutable_columns(deposit),
            *_entry_columns(entry),
        )


async def advance(
    connection: Connection, deposit: Deposit, *, expected_step: Step, entry: LedgerEntry | None
) -> bool:
    """Whether the row was at `expected_step` and is now as `deposit` says, with its entry."""
    with pool.translated():
        moved = await connection.fetchval(
            QUERIES["advance"],
            deposit.tenant_id,
            deposit.id,
            expected_step,
            *_mutable_columns(deposit),
            *_entry_columns(entry),
        )
    return bool(moved)


async def note_missed(
    connection: Connection, tenant_id: TenantId, missed: Sequence[tuple[Deposit, LedgerEntry]]
) -> int:
    """How many of the slots were not noted before; each new one has its entry now.

    Of a deposit that was missed only what names it is kept; its step is `missed`.
    """
    deposits, entries = [one for one, _ in missed], [one for _, one in missed]
    with pool.translated():
        count: int = await connection.fetchval(
            QUERIES["note_missed"],
            tenant_id,
            [one.id for one in deposits],
            [one.stream for one in deposits],
            [one.kind for one in deposits],
            [one.slot for one in deposits],
            [one.sequence for one in deposits],
            [one.agent for one in deposits],
            [one.made_at for one in deposits],
            [one.reason for one in deposits],
            [one.id for one in entries],
            [one.subject for one in entries],
            [one.kind for one in entries],
            [_facts(one) for one in entries],
            [one.at for one in entries],
        )
    return count


async def lock(connection: Connection, stream: StreamId) -> bool:
    """Whether this connection holds the stream now; False while another one does.

    It is held until `unlock` or until the connection is gone, whatever becomes of transactions: a
    process that dies lets go. The connection that holds it may take it again, and has to let go as
    often. Two streams whose 32-bit hashes are equal only wait for each other.
    """
    with pool.translated():
        return bool(await connection.fetchval(QUERIES["lock"], LOCK_CLASS, stream))


async def unlock(connection: Connection, stream: StreamId) -> bool:
    """Whether this connection held the stream until now."""
    with pool.translated():
        return bool(await connection.fetchval(QUERIES["unlock"], LOCK_CLASS, stream))


def _deposit(row: Record) -> Deposit:
    return Deposit(
        id=DepositId(_uuid(row["id"])),
        tenant_id=TenantId(_uuid(row["tenant_id"])),
        stream=StreamId(row["stream"]),
        kind=Kind(row["kind"]),
        slot=row["slot"],
        sequence=row["sequence"],
        resend=row["resend"],
        since=row["since"],
        previous=None if row["previous"] is None else DepositId(_uuid(row["previous"])),
        agent=row["agent"],
        made_at=row["made_at"],
        step=Step(row["step"]),
        watermark=row["watermark"],
        fingerprint=row["fingerprint"],
        manifest=row["manifest"],
        manifest_sha256=row["manifest_sha256"],
        delivered_files=row["delivered_files"],
        attempts=row["attempts"],
        try_after=row["try_after"],
        reason=row["reason"],
        staged_at=row["staged_at"],
        delivered_at=row["delivered_at"],
        verified_at=row["verified_at"],
        receipt_sha256=row["receipt_sha256"],
        drilled_at=row["drilled_at"],
    )


def _mutable_columns(deposit: Deposit) -> tuple[object, ...]:
    return (
        deposit.step,
        deposit.watermark,
        deposit.fingerprint,
        deposit.manifest,
        deposit.manifest_sha256,
        deposit.delivered_files,
        deposit.attempts,
        deposit.try_after,
        deposit.reason,
        deposit.staged_at,
        deposit.delivered_at,
        deposit.verified_at,
        deposit.receipt_sha256,
        deposit.drilled_at,
    )


def _entry_columns(entry: LedgerEntry | None) -> tuple[object, ...]:
    if entry is None:
        return _NO_ENTRY
    return entry.id, entry.tenant_id, entry.subject, entry.kind, _facts(entry), entry.at


def _facts(entry: LedgerEntry) -> str:
    return json.dumps(dict(entry.facts))


def _uuid(value: UUID) -> UUID:
    """A plain UUID, not the driver's own kind of it."""
    return UUID(int=value.int)
