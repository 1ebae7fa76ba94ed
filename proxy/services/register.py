"""Enrol or replace one registration: read, decide, seal, write by one statement, answer.

Flow: one read, a pure decision, one guarded write; whatever changed in between is found by the
write, and the whole is done again. After the commit the sequencer is woken, never inside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict
from proxy.model import identifiers
from proxy.services import plan_registration
from proxy.store import idempotency, registrations
from proxy.store.registrations import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.enrolment import Enrolment
    from proxy.rules.identity import Precondition
    from proxy.services.plan_registration import Desk, Planned
    from proxy.store.pool import Pool
    from proxy.store.registrations import Answer

ATTEMPTS: Final = 5
"""Times a write is tried while others change the same name; more means a fault, not a race."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One PUT."""

    enrolment: Enrolment
    precondition: Precondition
    remember: Callable[[Planned], Answer | None]
    """The answer to keep with the write, when the caller gave an Idempotency-Key."""


async def register(pool: Pool, desk: Desk, request: Request) -> Planned:
    """The registration as it is durable now; raises the ProxyError of a refusal."""
    for _ in range(ATTEMPTS):
        try:
            return await _attempt(pool, desk, request)
        except Conflict as conflict:
            if conflict.code != "changed_meanwhile":
                raise
    raise Conflict("changed_meanwhile", "Others are changing the same name; try again.")


async def _attempt(pool: Pool, desk: Desk, request: Request) -> Planned:
    tenant_id, domain = desk.tenant.id, request.enrolment.declared.domain
    async with pool.acquire() as connection:
        found = (await registrations.find(connection, tenant_id, [domain]))[domain]
        planned = plan_registration.plan(
            desk, request.enrolment, found, request.precondition, is_import=False
        )
        answer = request.remember(planned)
        if planned.row is None:
            if answer is not None:
                await idempotency.keep(connection, tenant_id, answer, desk.now)
            return planned
        sealed = None if planned.to_seal is None else desk.sealer.seal([planned.to_seal])
        await registrations.write(
            connection,
            tenant_id,
            [planned.row],
            sealed=sealed,
            entry=_entry(desk, planned),
            answer=answer,
            now=desk.now,
        )
    return planned


def _entry(desk: Desk, planned: Planned) -> LedgerEntry:
    one = planned.registration
    return LedgerEntry(
        id=identifiers.uuid7(desk.now, desk.random(10)),
        subject=str(one.id),
        kind="registration_enrolled" if planned.is_new else "registration_replaced",
        facts={
            "registration": str(one.id),
            "revision": one.revision,
            "state": one.state.value,
            "mode": one.declared.mode.value,
            "published": planned.record is not None,
        },
    )
