"""Rows of rosters, orders and votes. Believes and decides nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from proxy.model.order import OrderId
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.order import KeptOrder
    from proxy.store.pool import Connection

QUERIES = queries.load("approvals")
MOST_VOTES = 128  # a roster has at most 64 members


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRow:
    """A roster as the database holds it."""

    sha256: str
    version: int
    document: str = field(repr=False)
    evidence: Mapping[str, Any] = field(repr=False)
    announced_at: datetime
    effective_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """An order as the database tells of it."""

    id: OrderId
    kind: str
    sha256: str
    nonce: bytes
    received_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """A signature as the database holds it: whose it claims to be, by which key."""

    person: str
    key: str
    signature: str = field(repr=False)
    voted_at: datetime


async def add_roster(connection: Connection, row: RosterRow) -> None:
    """Keep a roster's document; one that is there stays."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_roster"],
            bytes.fromhex(row.sha256),
            row.version,
            row.document,
            json.dumps(row.evidence),
            row.announced_at,
            row.effective_at,
        )


async def find_roster(connection: Connection, sha256: str) -> str | None:
    """The document that lies under a digest; whether it has that digest is not checked here."""
    with pool.translated():
        found: str | None = await connection.fetchval(QUERIES["find_roster"], bytes.fromhex(sha256))
    return found


async def rosters_after(
    connection: Connection, version: int, limit: int, stopped: Sequence[str] = ()
) -> tuple[RosterRow, ...]:
    """Of every version after `version` the roster announced last, without those of `stopped`."""
    digests = [bytes.fromhex(one) for one in stopped]
    with pool.translated():
        rows = await connection.fetch(QUERIES["rosters_after"], version, limit, digests)
    return tuple(
        RosterRow(
            sha256=row["sha256"].hex(),
            version=row["version"],
            document=row["document"],
            evidence=_parsed(row["evidence"]),
            announced_at=row["announced_at"],
            effective_at=row["effective_at"],
        )
        for row in rows
    )


async def rosters_behind(
    connection: Connection, version: int, limit: int
) -> tuple[tuple[str, int], ...]:
    """Digest and version of every roster of a later version, the newest first; unchecked."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["rosters_behind"], version, limit)
    return tuple((row["sha256"].hex(), row["version"]) for row in rows)


async def add_order(
    connection: Connection, order_id: OrderId, kept: KeptOrder, document: str
) -> None:
    """Keep an order's document; one that is there stays."""
    with pool.translated():
        await connection.execute(
            QUERIES["add_order"],
            order_id,
            kept.kind.value,
            bytes.fromhex(kept.sha256),
            document,
            kept.nonce,
            kept.received_at,
            kept.expires_at,
        )


async def find_order(connection: Connection, order_id: OrderId) -> str | None:
    """The document that lies under an order's id; unchecked."""
    with pool.translated():
        found: str | None = await connection.fetchval(QUERIES["find_order"], order_id)
    return found


async def newest_orders(connection: Connection, limit: int) -> tuple[OrderId, ...]:
    """The ids of the newest orders."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["newest_orders"], limit)
    return tuple(OrderId(row["id"]) for row in rows)


async def orders_behind(
    connection: Connection, after: OrderId | None, limit: int
) -> tuple[OrderRow, ...]:
    """Orders behind an id, in order of ids; unchecked."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["orders_behind"], after or UUID(int=0), limit)
    return tuple(
        OrderRow(
            id=OrderId(row["id"]),
            kind=row["kind"],
            sha256=row["sha256"].hex(),
            nonce=row["nonce"],
            received_at=row["received_at"],
            expires_at=row["expires_at"],
        )
        for row in rows
    )


async def put_vote(connection: Connection, order_id: OrderId, vote: SignatureRow) -> None:
    """Keep a person's vote in place of an earlier one."""
    signature = json.dumps({"key": vote.key, "signature": vote.signature})
    with pool.translated():
        await connection.execute(
            QUERIES["put_vote"], order_id, vote.person, signature, vote.voted_at
        )


async def votes(connection: Connection, order_id: OrderId) -> tuple[SignatureRow, ...]:
    """An order's votes as they lie there; what is no signature at all gives empty texts."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["votes"], order_id, MOST_VOTES)
    return tuple(_signature(row) for row in rows)


def _parsed(text: str) -> Mapping[str, Any]:
    """An object out of JSON that anybody may have written; an empty one for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _signature(row: pool.Record) -> SignatureRow:
    known = _parsed(row["signature"])
    return SignatureRow(
        person=row["person"],
        key=str(known.get("key", "")),
        signature=str(known.get("signature", "")),
        voted_at=row["voted_at"],
    )
