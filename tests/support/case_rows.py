"""Cases that were walked by the rules, put into a database, and an office of the real types."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from proxy.model.case import FIRST_PREVIOUS, CaseFile, CaseId
from proxy.rules.casework import folding
from proxy.run import case_types
from proxy.services import case_events
from proxy.services.casework.office import Office
from proxy.services.keep_deadlines import Keeper
from proxy.store import cases, pool
from tests.support.clocked import START
from tests.support.deadlines import CALENDAR

if TYPE_CHECKING:
    from tests.support.case_walks import Walk
    from tests.support.database import Database


async def _hold(file: CaseFile) -> None:
    """No vault stands behind these cases."""
    del file


OFFICE: Final = Office(
    types=case_types.load(),
    limits=case_types.limits(),
    variables={name: one.wants for name, one in case_types.templates().items()},
    purposes={name: one.link for name, one in case_types.templates().items()},
    constants={},
    calendar=CALENDAR.id,
    zone="Europe/Berlin",
    keeper=Keeper(secrets.token_bytes),
    holds=_hold,
    random=secrets.token_bytes,
)


async def keep(database: Database, walk: Walk) -> None:
    """Put a walked case there as the web role would have, with its registrar."""
    case, first = walk.case, walk.events[0]
    file = CaseFile(
        id=case.id,
        type=case.type,
        tenant_id=case.tenant_id,
        registration_id=case.registration_id,
        domain=case.domain,
        event_date=case.event_date,
        opened_at=first.at,
        seq=0,
        head=FIRST_PREVIOUS,
        state=str(first.facts["state"]),
        is_open=True,
    )
    rows = []
    for event in walk.events:
        file = case_events.follow(file, event)
        rows.append((file, event, case_events.ledger_facts(file, event)))
    async with pool.connected(database.superuser()) as connection, connection.transaction():
        tenant = UUID(str(case.tenant_id))
        await connection.execute(
            "INSERT INTO tenant VALUES ($1, 'Walked', $2) ON CONFLICT DO NOTHING", tenant, START
        )
        await cases.add_file(connection, replace(rows[0][0]))
        await cases.add_events(connection, rows)
        await cases.move(connection, [file], walk.now)


def twin(walk: Walk) -> Walk:
    """Another case that came the same way, about the same registration."""
    case_id, previous, events = CaseId(uuid4()), FIRST_PREVIOUS, []
    for event in walk.events:
        events.append(replace(event, case_id=case_id, id=uuid4(), previous=previous))
        previous = events[-1].digest()
    return replace(walk, case=folding.fold(events), events=events)
