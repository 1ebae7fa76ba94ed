"""Amend a registration: what is declared changes in part, and persons stay sealed as they are.

The patch is applied to what is read, and written only if that is still so; else all is done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import Conflict, NotFound
from proxy.services import plan_registration, register
from proxy.services.register import ATTEMPTS
from proxy.store import registrations

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.enrolment import Enrolment
    from proxy.model.identifiers import DomainName
    from proxy.rules.identity import Precondition
    from proxy.services.plan_registration import Desk, Planned
    from proxy.store.pool import Pool
    from proxy.store.registrations import Answer, Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One PATCH."""

    desk: Desk
    domain: DomainName
    patched: Callable[[Kept], Enrolment]
    """The registration as the patch leaves it; raises InvalidInput with every fault."""

    precondition: Precondition
    remember: Callable[[Planned], Answer | None]


async def amend(pool: Pool, request: Request) -> Planned:
    """The registration as it is durable now; NotFound, or the ProxyError of a refusal."""
    for _ in range(ATTEMPTS):
        try:
            return await _attempt(pool, request)
        except Conflict as conflict:
            if conflict.code != "changed_meanwhile":
                raise
    raise Conflict("changed_meanwhile", "Others are changing the same name; try again.")


async def _attempt(pool: Pool, request: Request) -> Planned:
    desk = request.desk
    async with pool.acquire() as connection:
        found = (await registrations.find(connection, desk.tenant.id, [request.domain]))[
            request.domain
        ]
        kept = found.kept
        if kept is None or desk.reseller not in {None, kept.registration.declared.reseller}:
            raise NotFound("not_found")
        enrolment = request.patched(kept)
        planned = plan_registration.plan(
            desk, enrolment, found, request.precondition, is_import=False
        )
        asked = register.Request(
            desk=desk,
            enrolment=enrolment,
            precondition=request.precondition,
            remember=request.remember,
        )
        await register.commit(connection, [(asked, planned)])
    return planned
