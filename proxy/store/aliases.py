"""Addresses of masks: another one for a registration, and the former ones that still take mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Conflict
from proxy.store import pool, queries, registrations

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.registration import Registration
    from proxy.store.pool import Connection
    from proxy.store.registrations import Answer, LedgerEntry

QUERIES = queries.load("aliases")


async def count_former(connection: Connection, present: Registration, now: datetime) -> int:
    """How many former addresses of the registration still take mail."""
    with pool.translated():
        found: int = await connection.fetchval(
            QUERIES["count_former"], present.tenant_id, present.id, now
        )
    return found


async def rotate(
    connection: Connection,
    present: Registration,
    *,
    alias: str,
    value: bytes | None,
    accepted_until: datetime,
    entry: LedgerEntry,
    answer: Answer | None,
    now: datetime,
) -> None:
    """Gives `present` another address; Conflict("changed_meanwhile") when it is not as read."""
    meanwhile = Conflict("changed_meanwhile")
    taken = ("idempotency_pkey", "registration_alias", "former_alias_pkey")
    with pool.translated(dict.fromkeys(taken, meanwhile)):
        rotated = await connection.fetchval(
            QUERIES["rotate"],
            present.tenant_id,
            now,
            present.id,
            present.revision,
            alias,
            present.alias,
            accepted_until,
            value,
            entry.id,
            registrations.text_of(entry.facts),
            *registrations.answer_columns(answer),
        )
    if rotated is None:
        raise meanwhile
