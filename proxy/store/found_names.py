"""Names and states of registrations that the vault found by a value; no person is in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.model.identifiers import DomainName, RegistrationId, State
from proxy.store import pool, queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.identifiers import ResellerId, TenantId
    from proxy.store.pool import Connection

QUERIES: Final = queries.load("found_names")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A registration as a search tells of it."""

    domain: DomainName
    state: State


async def find(
    connection: Connection,
    tenant_id: TenantId,
    ids: Sequence[RegistrationId],
    reseller: ResellerId | None,
) -> dict[RegistrationId, Found]:
    """Those of `ids` that are the tenant's (the reseller's) and whose persons are kept."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["find"], tenant_id, list(ids), reseller)
    return {
        RegistrationId(row["id"]): Found(
            domain=DomainName(row["domain"]), state=State(row["state"])
        )
        for row in rows
    }
