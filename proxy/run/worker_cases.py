"""The worker's part in cases, composed: deadlines, deliveries, orders, effects, packages."""

from __future__ import annotations

import functools
import secrets
import time
from typing import TYPE_CHECKING

from proxy.hosting.vault_calls import VaultCaller
from proxy.run import case_office, registrars
from proxy.run.case_papers import VaultOfCases
from proxy.services import expire_packages, note_deliveries
from proxy.services.casework import act, carry_effects, confirm_order, remind, watch_orders
from proxy.services.casework.carry_effects import Registrars
from proxy.services.casework.office import Turn
from proxy.services.casework.watch_orders import Watching
from proxy.services.expire_packages import Expiring
from proxy.services.fire_deadlines import Doing, Keeping
from proxy.services.scan_deadlines import Scanner

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from datetime import datetime

    from proxy.hosting.process import Process
    from proxy.model.case import CaseId
    from proxy.model.notice import NoticeResult
    from proxy.services.casework.office import Office
    from proxy.services.fire_deadlines import Reminder
    from proxy.store.pool import Access, Connection


def rounds(process: Process, access: Access) -> tuple[Coroutine[object, object, None], ...]:
    """What runs until the process is told to stop."""
    ask = VaultCaller(process.paths.run_dir, process.role, data_dir=process.paths.data_dir).ask
    vault = VaultOfCases(ask)
    hooks = _Hooks(case_office.office(process.settings, vault))
    scanner = Scanner(
        process.clock,
        time.monotonic,
        Doing(Keeping(secrets.token_bytes), hooks.remind, hooks.act),
        process.metrics,
    )
    watching = Watching(office=hooks.office, clock=process.clock, ask=vault.watch)
    there = Registrars(
        office=hooks.office,
        clock=process.clock,
        of=registrars.of(process.paths.data_dir, process.clock),
        is_ordered=functools.partial(confirm_order.is_ordered, vault.watch),
    )
    return (
        scanner.run(access, process.stopping),
        note_deliveries.run(
            access,
            process.clock,
            secrets.token_bytes,
            process.metrics,
            process.stopping,
            on_news=hooks.news,
        ),
        watch_orders.run(access, watching, process.stopping),
        carry_effects.run(access, there, process.stopping),
        expire_packages.run(
            access,
            Expiring(
                clock=process.clock,
                random=secrets.token_bytes,
                metrics=process.metrics,
                follow=hooks.follow,
            ),
            process.stopping,
        ),
    )


class _Hooks:
    """What services of the worker are handed: each acts in the caller's transaction."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def remind(
        self, connection: Connection, reminders: Sequence[Reminder], now: datetime
    ) -> None:
        """Queue reminders as notices."""
        await remind.remind(self._turn(connection, now), reminders)

    async def act(
        self, connection: Connection, case_id: CaseId, act_id: str, now: datetime
    ) -> None:
        """Do an act by the timer; without one, what follows from an end that came."""
        turn = self._turn(connection, now)
        if act_id:
            await act.act(turn, case_id, act.TIMER, act_id, {})
        else:
            await act.follow(turn, case_id)

    async def news(
        self, connection: Connection, case_id: CaseId, _notice: NoticeResult, now: datetime
    ) -> None:
        """Go on with a case whose notice arrived, or came back."""
        await act.follow(self._turn(connection, now), case_id)

    async def follow(self, connection: Connection, case_id: CaseId, now: datetime) -> None:
        """Go on with a case whose package expired."""
        await act.follow(self._turn(connection, now), case_id)

    def _turn(self, connection: Connection, now: datetime) -> Turn:
        return Turn(office=self.office, connection=connection, now=now)
