"""Webhooks and their letters; SQL in webhooks.sql. Decides nothing (rules/webhook_retries)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import NotFound, Unavailable
from proxy.model.identifiers import DomainName, ResellerId, TenantId
from proxy.model.journal import JournalPosition
from proxy.model.webhook import DeadLetter, HookState, Letter, Webhook, WebhookId
from proxy.store import events, pool, queries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from proxy.model.webhook import Round
    from proxy.store.pool import Connection, Record

QUERIES: Final = queries.load("webhooks")
NO_WEBHOOK: Final = NotFound("webhook", "There is no webhook by this id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """What goes wrong with webhooks, as counts."""

    failing: int = 0  # webhooks
    gone: int = 0  # webhooks
    dead: int = 0  # letters
    holding: int = 0  # webhooks with dead letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A webhook, and how much it has before it."""

    webhook: Webhook
    waiting: int  # letters that are tried again
    dead: int
    behind: int  # events after its cursor


async def take(
    connection: Connection, now: datetime, leased_until: datetime, lease: UUID, most: int
) -> tuple[Webhook, ...]:
    """Webhooks with something to do, which are ours until the lease ends."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["take"], now, leased_until, lease, most)
    return tuple(_webhook(row) for row in rows)


async def due_letters(
    connection: Connection, webhook_id: WebhookId, now: datetime, most: int
) -> tuple[Letter, ...]:
    """The first letter of each name whose time has come."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["due_letters"], webhook_id, now, most)
    return tuple(
        Letter(event=events.event_of(row), tries=row["tries"], reason=row["why"]) for row in rows
    )


async def waiting_names(
    connection: Connection, webhook_id: WebhookId, domains: Sequence[DomainName]
) -> tuple[int, frozenset[DomainName]]:
    """How many letters live, and which of `domains` have one."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["waiting_names"], webhook_id, list(domains))
    if row is None:
        return 0, frozenset()
    return row["living"], frozenset(DomainName(one) for one in row["domains"])


async def settle(
    connection: Connection, webhook_id: WebhookId, lease: UUID, leased_until: datetime, done: Round
) -> bool:
    """Writes what a round came to; False where the lease is not ours any more."""
    kept = [one for one in done.letters if not one.is_delivered]
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["settle"],
            webhook_id,
            lease,
            leased_until,
            done.position.epoch,
            done.position.pos,
            done.state.value,
            done.failing_since,
            done.reason,
            done.next_try,
            [one.pos for one in kept],
            [one.event_id for one in kept],
            [one.domain for one in kept],
            [one.tries for one in kept],
            [one.next_try for one in kept],
            [one.reason for one in kept],
            [one.dead_at for one in kept],
            [one.pos for one in done.letters if one.is_delivered],
        )
    return row is not None


async def release(connection: Connection, webhook_id: WebhookId, lease: UUID) -> None:
    """Ends a lease of ours."""
    with pool.translated():
        await connection.execute(QUERIES["release"], webhook_id, lease)


async def add(
    connection: Connection,
    webhook_id: WebhookId,
    tenant_id: TenantId,
    *,
    url: str,
    reseller: ResellerId | None,
    now: datetime,
) -> None:
    """Adds one that begins with what happens from now on; raises Unavailable, NotFound."""
    unknown = NotFound("registrar", "There is no registrar by this id.")
    with pool.translated({"webhook_tenant_id_fkey": unknown}):
        row = await connection.fetchrow(QUERIES["add"], webhook_id, tenant_id, url, reseller, now)
    if row is None:
        raise Unavailable("journal", "Start the service once before webhooks are added.")


async def of_tenant(connection: Connection, tenant_id: TenantId) -> tuple[Listed, ...]:
    """A registrar's webhooks."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["of_tenant"], tenant_id)
    return tuple(
        Listed(
            webhook=_webhook(row), waiting=row["waiting"], dead=row["dead"], behind=row["behind"]
        )
        for row in rows
    )


async def troubled(connection: Connection, failing_since: datetime) -> Troubled:
    """What an operator should see to, of every registrar's webhooks."""
    with pool.translated():
        row = await connection.fetchrow(QUERIES["troubled"], failing_since)
    return Troubled(**dict(row or {}))


async def set_state(
    connection: Connection, webhook_id: WebhookId, state: HookState, now: datetime
) -> None:
    """Pauses it, or has it go on at once; raises NotFound."""
    await _one(connection, "set_state", webhook_id, state.value, now)


async def rotate_secret(
    connection: Connection, webhook_id: WebhookId, former_until: datetime
) -> int:
    """The number of the next secret; raises NotFound."""
    row = await _one(connection, "rotate_secret", webhook_id, former_until)
    return int(row["secret_version"])


async def remove(connection: Connection, webhook_id: WebhookId) -> None:
    """Forgets it with its letters; raises NotFound."""
    await _one(connection, "remove", webhook_id)


async def rewind(
    connection: Connection, webhook_id: WebhookId, to: JournalPosition, now: datetime
) -> None:
    """Has everything after `to` sent again; raises NotFound."""
    await _one(connection, "rewind", webhook_id, to.epoch, to.pos, now)


async def dead_letters(
    connection: Connection, webhook_id: WebhookId, after: int, most: int
) -> tuple[tuple[int, DeadLetter], ...]:
    """Letters that are tried no more, each with its position, after a position."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["dead"], webhook_id, after, most)
    return tuple(
        (
            row["pos"],
            DeadLetter(
                event_id=row["event_id"],
                kind=row["kind"],
                domain=DomainName(row["domain"]),
                at=row["at"],
                tries=row["tries"],
                reason=row["reason"],
                dead_at=row["dead_at"],
            ),
        )
        for row in rows
    )


async def revive(
    connection: Connection, webhook_id: WebhookId, events_of: Sequence[UUID] | None, now: datetime
) -> int:
    """How many dead letters, all or those of some events, are tried anew."""
    given = None if events_of is None else list(events_of)
    with pool.translated():
        return int(await connection.fetchval(QUERIES["revive"], webhook_id, given, now))


async def _one(connection: Connection, query: str, *arguments: object) -> Record:
    with pool.translated():
        row = await connection.fetchrow(QUERIES[query], *arguments)
    if row is None:
        raise NO_WEBHOOK
    return row


def _webhook(row: Record) -> Webhook:
    return Webhook(
        id=WebhookId(row["id"]),
        tenant_id=TenantId(row["tenant_id"]),
        url=row["url"],
        reseller=None if row["reseller"] is None else ResellerId(row["reseller"]),
        state=HookState(row["state"]),
        secret_version=row["secret_version"],
        former_until=row["former_until"],
        position=JournalPosition(epoch=row["epoch"], pos=row["pos"]),
        failing_since=row["failing_since"],
        reason=row["reason"],
        next_try=row["next_try"],
        created_at=row["created_at"],
    )
