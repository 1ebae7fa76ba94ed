"""How the vault raises an alarm when an opening is refused: a metric, a log line, a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from proxy.errors import Refused
from proxy.vault.grants import Grant

if TYPE_CHECKING:
    from proxy.model.sealed import RecordName
    from proxy.run.vault_rounds import Rooms
    from proxy.vault.deposits import Announced

_log = structlog.get_logger()


def budget(rooms: Rooms, grant: Grant, reason: str) -> Refused:
    """The refusal of an opening whose budget `reason` is used up."""
    rooms.metrics.counter("vault_budget_refused_total", purpose=grant.value).value += 1
    _log.error("vault_budget_passed", grant=grant.value, reason=reason)
    return Refused("budget", "The vault's budget for this is used up; try again later.")


def agent(rooms: Rooms, announced: Announced) -> Refused:
    """The refusal of a deposit to an agent that the roster gives other registrars' only."""
    rooms.metrics.counter("vault_alarms_total").value += 1
    _log.error(
        "vault_refused",
        grant=Grant.DEPOSIT.value,
        reason="deposit_agent",
        code="other_registrar",
        tenant_id=str(announced.tenant),
    )
    return Refused("deposit_agent", "The roster lets this agent have other registrars' deposits.")


def row(rooms: Rooms, grant: Grant, name: RecordName, reason: str) -> None:
    """A row is not what the vault adopted: somebody changed the database."""
    rooms.metrics.counter("vault_alarms_total").value += 1
    _log.error(
        "vault_row_refused",
        grant=grant.value,
        reason=reason,
        tenant_id=str(name.tenant_id),
        registration_id=str(name.registration_id),
        record_class=name.record_class.value,
        record_version=name.version,
    )


def opened(rooms: Rooms, grant: Grant, count: int = 1) -> None:
    """Count openings."""
    rooms.metrics.counter("vault_openings_total", purpose=grant.value).value += count


def evidence(rooms: Rooms, reason: str) -> Refused:
    """The refusal of a file whose rows are not what its case's chain says."""
    rooms.metrics.counter("vault_alarms_total").value += 1
    _log.error("vault_refused", grant=Grant.EVIDENCE.value, reason="evidence_forged", code=reason)
    return Refused("evidence_forged", "The file is not the one that was handed in.")
