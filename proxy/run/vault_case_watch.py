"""The vault's own eye on cases: new events are taken in, old ones looked at again, holds placed.

Rounds: events that are not marked are checked against the heads of the state, move them, and are
marked; and case after case, in a slow circle, the whole chain is read again. Rows that disagree
(edited, deleted, rolled back, forked, renumbered) are an alarm and change nothing: such a case is
frozen, its orders and openings refused, until its rows lead to its head again. They do when they
are put back from a backup of the database; where there is none, the way is that of a lost state
(`anchor propose`), by which members sign for the database as it is.
Failure: a round that fails is done again. Idempotency: what is taken twice is taken once. Logs:
case ids and codes. Manual run: none. Source: vault.md, State outside PostgreSQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from proxy.errors import NotFound, Refused
from proxy.model.case import CaseId
from proxy.services import know_case
from proxy.store import cases as store
from proxy.vault.casebook import CaseBook
from proxy.vault.grants import Grant
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.run.vault_answers import Command
    from proxy.run.vault_rounds import Rooms
    from proxy.vault.grants import Caller
    from proxy.wire.frames import Answer

CATCH_UP_S = 1.0  # how long a changed row can go unnoticed that nobody reads
CIRCLE_S = 60.0
CIRCLE_CASES = 50  # looked at again in one step: 72,000 a day

_log = structlog.get_logger()


class CaseWatch:
    """Both rounds, and the answer to who asks for a hold."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._frozen: dict[CaseId, str] = {}  # what was told of; a restart tells again
        self._circle: CaseId | None = None
        rooms.metrics.gauge("vault_cases_frozen").value = 0.0

    def commands(self) -> dict[type, Command]:
        """What is answered here, and by what grant."""
        return {frames.PlaceHold: (Grant.HOLD, self.place_hold)}

    async def catch_up(self) -> None:
        """Every event that is not marked."""
        memory, place = self._book(), None
        while True:
            async with self._rooms.pool.acquire() as connection:
                caught, place = await know_case.catch_up(connection, memory, place)
            for case_id, code in caught.refused:
                self._freeze(case_id, code)
            if place is None:
                return

    async def look_again(self) -> None:
        """The next cases of the circle; a frozen one is looked at each time."""
        memory = self._book()
        page = memory.cases_after(self._circle, CIRCLE_CASES)
        self._circle = page[-1] if len(page) == CIRCLE_CASES else None
        async with self._rooms.pool.acquire() as connection:
            looked_at = tuple(dict.fromkeys((*page, *self._frozen)))
            found = dict(await know_case.check(connection, memory, looked_at))
        for case_id in looked_at:
            if case_id in found:
                self._freeze(case_id, found[case_id])
            elif self._frozen.pop(case_id, None) is not None:
                _log.warning("vault_case_thawed", case_id=str(case_id))
        self._show()

    async def place_hold(self, _caller: Caller, request: frames.PlaceHold) -> AsyncIterator[Answer]:
        """From now on nothing of the case's registration is erased; one person may ask for it.

        Refused `hold_other` unless the registration is the case's own by its chain.
        """
        case_id = _case_id(request.case)
        memory = self._book()
        async with self._rooms.pool.acquire() as connection:
            events = await know_case.chain(connection, memory, case_id)
            file = await store.find(connection, case_id)
        own = (str(events[0].facts.get("tenant")), str(events[0].facts.get("registration")))
        if own != (request.tenant, request.registration) or own != (
            str(file.tenant_id), str(file.registration_id)
        ):  # fmt: skip
            raise Refused("hold_other", "The case is about another registration.")
        if not memory.holds(file.tenant_id, file.registration_id, case_id):
            self._rooms.note(
                "hold_placed",
                {"case": request.case},
                subject=request.case,
                tenant_id=file.tenant_id,
            )
            now = self._rooms.clock.now()
            memory.place_hold(file.tenant_id, file.registration_id, case_id, now)
        yield {"done": True}

    def _book(self) -> CaseBook:
        return CaseBook(self._rooms.open_walls().state)

    def _freeze(self, case_id: CaseId, code: str) -> None:
        """Tell of a case whose rows disagree: once for each reason, not at every look."""
        if self._frozen.get(case_id) != code:
            self._frozen[case_id] = code
            self._rooms.metrics.counter("vault_alarms_total").value += 1
            _log.error("vault_case_refused", reason=code, case_id=str(case_id))
        self._show()

    def _show(self) -> None:
        self._rooms.metrics.gauge("vault_cases_frozen").value = float(len(self._frozen))


def _case_id(text: str) -> CaseId:
    try:
        return CaseId(UUID(text))
    except ValueError:
        raise NotFound("case_unknown", "There is no case by this id.") from None
