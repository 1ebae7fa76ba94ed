"""Destroy what may no longer be kept: retention over, reservation lapsed, version superseded.

Flow: find what is due, lock its registrations, have the vault refuse them from then on, destroy
rows and tokens and write certificates in one transaction, tell the vault. Failure: a crash after
the vault's first word is finished by `replay` at the next start. A hold beats erasure on every
path: it is read under the same lock, and `replay` takes back what a hold has overtaken. The vault's
own word on holds counts beside the rows': who writes rows can not lift a hold. Its word on newer
contacts too: a copy from before them ends nobody.
Idempotency: destroying twice is destroying once. Secrets: none are opened. Logs: counts.
Manual run: none; `doctor` shows what is due.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from proxy.model import identifiers
from proxy.model.erasure import Erasure
from proxy.model.identifiers import RecordClass
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.model.sealed import RecordName
from proxy.rules import erasure as rules
from proxy.store import erasure as store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from proxy.ports import Forgetter, Ledger
    from proxy.store.pool import Connection, Pool

BATCH = 500

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How long things are kept."""

    retention: timedelta  # after the end of a registration
    superseded: timedelta  # after a newer version of its contacts
    backup_cycle: timedelta  # until the last backup that could hold a record is gone


async def shred(
    pool: Pool, forgetter: Forgetter, ledger: Ledger, *, terms: Terms, now: datetime
) -> int:
    """Destroy up to two batches of what is due; how many erasures there were."""
    async with pool.acquire() as connection:
        async with connection.transaction():
            due = await store.due_ended(connection, now - terms.retention, BATCH)
            ended = _unheld(
                forgetter,
                tuple(
                    Erasure(
                        tenant_id=one.tenant_id,
                        registration_id=one.registration_id,
                        version=one.version,
                        erased_at=now,
                    )
                    for one in due
                    if rules.is_due(one, now=now, retention=terms.retention)
                ),
            )
            await _destroy(connection, forgetter, ledger, ended, terms)
        forgetter.finish(_named(ended))
        async with connection.transaction():
            found = await store.due_superseded(connection, now - terms.superseded, now, BATCH)
            superseded = _unheld(forgetter, await store.unheld(connection, found))
            await _destroy(connection, forgetter, ledger, superseded, terms)
        forgetter.finish(_named(superseded))
        count = len(ended) + len(superseded)
        if count:
            await store.drop_empty_submissions(connection, BATCH)
            _log.info("records_shredded", count=count)
    return count


async def replay(pool: Pool, forgetter: Forgetter, *, terms: Terms) -> tuple[int, int]:
    """Repeat every erasure the vault knows on the database as it is; before anything serves.

    Gives how many records had come back (from a restored copy, or a crash) and how many erasures
    a hold keeps back. An erasure that was begun but not done is taken back by a hold; one that
    was done stays refused by the vault, though its row is left alone.
    """
    returned = held = 0
    after: RecordName | None = None
    while known := forgetter.erasures(after, BATCH):
        after = known[-1][0]
        erasures = tuple(_erasure(name, at) for name, at, _ in known)
        async with pool.acquire() as connection, connection.transaction():
            free = _unheld(forgetter, await store.unheld(connection, erasures))
            until = [one.erased_at + terms.backup_cycle for one in free]
            outlived = forgetter.outlived(_named(free))
            returned += await store.destroy(connection, free, until, outlived)
        forgetter.finish(_named(free))
        kept = {(one.tenant_id, one.registration_id) for one in erasures} - {
            (one.tenant_id, one.registration_id) for one in free
        }
        held += await _keep_back(pool, forgetter, [name for name, _, _ in known], kept)
    if returned or held:
        _log.warning("erasures_replayed", count=returned, total=held)
    return returned, held


async def _keep_back(
    pool: Pool,
    forgetter: Forgetter,
    names: Sequence[RecordName],
    kept: set[tuple[identifiers.TenantId, identifiers.RegistrationId]],
) -> int:
    """Take back begun erasures of registrations on hold; how many are on hold."""
    async with pool.acquire() as connection:
        on_hold = await store.held(connection, sorted(kept)) | forgetter.held(kept)
    for name in names:
        if (name.tenant_id, name.registration_id) in on_hold:
            forgetter.cancel(name)
            _log.warning(
                "erasure_kept_back_by_hold",
                tenant_id=str(name.tenant_id),
                registration_id=str(name.registration_id),
            )
    return len(on_hold)


def _unheld(forgetter: Forgetter, erasures: Sequence[Erasure]) -> tuple[Erasure, ...]:
    """Those that no case holds by the vault's own word; rows that deny such a hold are told of."""
    held = forgetter.held((one.tenant_id, one.registration_id) for one in erasures)
    if held:
        _log.error("hold_denied_by_rows", count=len(held))
    return tuple(one for one in erasures if (one.tenant_id, one.registration_id) not in held)


async def _destroy(
    connection: Connection,
    forgetter: Forgetter,
    ledger: Ledger,
    erasures: tuple[Erasure, ...],
    terms: Terms,
) -> None:
    """The vault first, the database second: a crash between is finished by `replay`."""
    if not erasures:
        return
    ledger.add([_entry(one, terms) for one in erasures])
    forgetter.begin(_named(erasures))
    until = [one.erased_at + terms.backup_cycle for one in erasures]
    outlived = forgetter.outlived(_named(erasures))
    await store.destroy(connection, erasures, until, outlived)


def _entry(one: Erasure, terms: Terms) -> LedgerEntry:
    return LedgerEntry(
        id=LedgerEntryId(identifiers.uuid7(one.erased_at, secrets.token_bytes(10))),
        tenant_id=one.tenant_id,
        subject=str(one.registration_id),
        kind="erased",
        facts={
            "version": one.version,
            "certificate": one.certificate(one.erased_at + terms.backup_cycle),
        },
        at=one.erased_at,
    )


def _named(erasures: Sequence[Erasure]) -> list[tuple[RecordName, datetime]]:
    return [
        (
            RecordName(
                tenant_id=one.tenant_id,
                registration_id=one.registration_id,
                record_class=RecordClass.IDENTITY,
                version=one.version,
            ),
            one.erased_at,
        )
        for one in erasures
    ]


def _erasure(name: RecordName, at: datetime) -> Erasure:
    return Erasure(
        tenant_id=name.tenant_id,
        registration_id=name.registration_id,
        version=name.version,
        erased_at=at,
    )
