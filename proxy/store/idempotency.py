"""Answers remembered under an Idempotency-Key for 24 hours; bodies only as keyed MACs."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from proxy.store import pool, queries
from proxy.store.registrations import Answer

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import TenantId
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("idempotency")
KEPT_FOR: Final = timedelta(hours=24)
"""Contract, API: how long a key is remembered."""

_headers: Final = msgspec.json.Decoder(dict[str, str]).decode


async def find(
    connection: Connection, tenant_id: TenantId, route: str, key_sha256: bytes, now: datetime
) -> Answer | None:
    """What was answered to this key in the last 24 hours; an older answer is removed."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["find"], tenant_id, route, key_sha256)
        if row is None:
            return None
        if row["created_at"] <= now - KEPT_FOR:
            since = now - KEPT_FOR
            await connection.execute(QUERIES["forget"], tenant_id, route, key_sha256, since)
            return None
    return Answer(
        route=route,
        key_sha256=key_sha256,
        body_mac=row["body_mac"],
        status=row["status"],
        headers=_headers(row["headers"]),
        response=row["response"],
    )


async def keep(connection: Connection, tenant_id: TenantId, answer: Answer, now: datetime) -> None:
    """Remembers an answer that was not part of a registration's write."""
    with pool.translated():
        await connection.execute(
            QUERIES["keep"],
            tenant_id,
            answer.route,
            answer.key_sha256,
            answer.body_mac,
            answer.status,
            msgspec.json.encode(answer.headers).decode(),
            answer.response,
            now,
        )
