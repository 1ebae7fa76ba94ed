"""Amend a registration: what is declared changes in part, and persons stay sealed as they are.

The patch is applied to what is read, and written only if that is still so; else all is done again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.services import contended, plan_registration, register

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
    return await contended.settled(lambda: _attempt(pool, request))


async def _attempt(pool: Pool, request: Request) -> Planned:
    desk = request.desk
    async with pool.acquire() as connection:

        async def decide() -> tuple[register.Request, Planned]:
            kept, found = await contended.live(connection, desk, request.domain)
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
            return asked, planned

        return await register.write(connection, decide)
