"""End a publication, and take off what it showed: the public record is as in `redacted` at once.

The database comes first, for what is shown has to go whatever the vault does; the vault learns of
the end right after, or from the worker (services/carry_publications).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.model import identifiers
from proxy.model.publication import Standing
from proxy.rules import publishing
from proxy.store import publications
from proxy.store.publications import Open
from proxy.store.registrations import LedgerEntry
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.store.pool import Connection, Pool
    from proxy.store.publications import Declared, Told


async def withdraw(
    pool: Pool,
    tenant_id: TenantId,
    registration_id: RegistrationId,
    random: Callable[[int], bytes],
    now: datetime,
) -> Told | None:
    """The newest publication, which is open no more; None where there was none."""
    async with pool.acquire() as connection, connection.transaction():
        declared = await publications.hold(connection, tenant_id, registration_id)
        newest = await publications.newest(connection, tenant_id, registration_id)
        if declared is not None and newest is not None and newest.standing in publishing.OPEN:
            which = Open(tenant_id=tenant_id, registration_id=registration_id, id=newest.id)
            await finish(connection, declared, which, Standing.WITHDRAWN, random=random, now=now)
        return await publications.newest(connection, tenant_id, registration_id)


async def take_off(
    connection: Connection,
    which: Open,
    standing: Standing,
    *,
    random: Callable[[int], bytes],
    now: datetime,
    is_told: bool = False,
) -> bool:
    """Whether an open publication was ended; all in a transaction of its own."""
    async with connection.transaction():
        declared = await publications.hold(connection, which.tenant_id, which.registration_id)
        if declared is None:
            return False
        return await finish(
            connection, declared, which, standing, random=random, now=now, is_told=is_told
        )


async def finish(
    connection: Connection,
    declared: Declared,
    which: Open,
    standing: Standing,
    *,
    random: Callable[[int], bytes],
    now: datetime,
    is_told: bool = False,
) -> bool:
    """The same in the caller's transaction, which holds the registration."""
    if not await publications.finish(connection, which, standing, now, is_told=is_told):
        return False
    await strip(connection, declared, which, random=random, now=now)
    return True


async def strip(
    connection: Connection,
    declared: Declared,
    which: Open,
    *,
    random: Callable[[int], bytes],
    now: datetime,
) -> None:
    """Take what a grant shows out of the public record, in the caller's transaction."""
    shown = None if declared.value is None else published.decode_record(declared.value)
    if shown is not None and shown.published:
        value = published.encode_record(shown.with_published(()))
        await publications.show(connection, which, value, entry(which, declared, random, now), now)


def entry(
    which: Open, declared: Declared, random: Callable[[int], bytes], now: datetime
) -> LedgerEntry:
    """What the ledger learns of a public record that changes with its publication."""
    return LedgerEntry(
        id=identifiers.uuid7(now, random(10)),
        subject=str(which.registration_id),
        kind="registration_replaced",
        facts={
            "registration": str(which.registration_id),
            "revision": declared.revision + 1,
            "state": declared.state.value,
            "mode": "" if declared.mode is None else declared.mode.value,
            "published": True,
            "publication": str(which.id),
        },
    )
