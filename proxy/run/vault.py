"""The vault process: keys, state and database brought together; listens on its Unix sockets only.

Composition root: the parts are in proxy.vault, proxy.services and run.vault_rounds. When the state
is lost it starts all the same, keeps intake going and says what is needed, but opens nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from proxy.apps.vault import VaultServer
from proxy.errors import Unavailable
from proxy.hosting.directory import DEMO_NAME
from proxy.model.letter import LetterKind
from proxy.run import case_types, vault_case_watch
from proxy.run.vault_anchor import Anchors
from proxy.run.vault_answers import Answers
from proxy.run.vault_approvals import Approvals
from proxy.run.vault_case_watch import CaseWatch
from proxy.run.vault_email import EmailLetters
from proxy.run.vault_keys import Keys
from proxy.run.vault_openings import Openings
from proxy.run.vault_packages import Packaging
from proxy.run.vault_proofs import Proofs
from proxy.run.vault_publish_letter import Announcing
from proxy.run.vault_rounds import Rooms, Rounds, Walls
from proxy.services.shred import Terms
from proxy.store import pool as pools
from proxy.vault import (
    casebook,
    genesis,
    keyring,
    ledger,
    orders,
    papers,
    reanchor,
    roster,
    rotation,
    shredding,
)
from proxy.vault.adoption import VaultAdopter
from proxy.vault.grants import Caller

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.hosting.process import Process
    from proxy.ports import Clock
    from proxy.store.pool import Pool
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State

_log = structlog.get_logger()
ROSTER_INTERVAL_S = 1.0  # how late a roster may be; what uses one looks by itself
SESSION = {"lock_timeout": "2s"}
"""Of every connection: another login's lock on a row must not stop all that waits its turn."""

OVERDUE_INTERVAL_S = 60.0
_POOL_CONNECTIONS = 10  # a round each, an operator's check, a proof


async def serve(process: Process) -> None:
    """Hold the keys and serve until told to stop; raises Unavailable when a key file is wrong."""
    if process.database is None:
        raise Unavailable("database", "The vault needs a database.")
    directory = process.paths.key_dir / genesis.VAULT_DIRECTORY
    ring = keyring.open_keyring(directory, process.root_phrase)
    known, fault = _open_state(directory, ring)
    pool = await pools.open_pool(process.database, max_size=_POOL_CONNECTIONS, session=SESSION)
    rooms = _rooms(process, pool, ring, known, fault)
    rounds = Rounds(rooms)
    packaging = Packaging(rooms, contact=process.settings.web_base_url)
    approvals = Approvals(rooms, types=case_types.load(), packager=packaging)
    watch = CaseWatch(rooms)
    openings = Openings(
        rooms,
        authenticate=approvals.authenticate,
        deployment=approvals.deployment,
        agent=approvals.agent,
        book=casebook.CaseBook,
        letters={
            LetterKind.EMAIL_VERIFICATION: EmailLetters(rooms),
            LetterKind.PUBLICATION: Announcing(rooms),
        },
    )
    answers = Answers(
        Keys(rooms, rounds).commands(),
        approvals.commands(),
        Proofs(rooms).commands(),
        openings.commands(),
        # Once anchored the process ends, and the supervisor starts one that has a state.
        Anchors(rooms, directory, process.stopping.set).commands(),
        watch.commands(),
    )
    server = VaultServer(
        listeners={one: process.sockets.get(f"vault.{one}", ()) for one in Caller},
        users=process.users,
        answer=answers.answer,
    )
    try:
        await rounds.prepare()
        await openings.end_overdue()
        await rounds.begin_ledger()
        await server.start()
        process.ready()
        async with asyncio.TaskGroup() as group:
            loops = list(rounds.all())
            if known is not None:
                loops.append(rounds.repeat("roster", approvals.settle, ROSTER_INTERVAL_S))
                loops.append(rounds.repeat("deposits", openings.end_overdue, OVERDUE_INTERVAL_S))
                loops.append(rounds.repeat("cases", watch.catch_up, vault_case_watch.CATCH_UP_S))
                loops.append(rounds.repeat("circle", watch.look_again, vault_case_watch.CIRCLE_S))
            tasks = [group.create_task(one) for one in loops]
            await process.stopping.wait()
            for task in tasks:
                task.cancel()
    finally:
        server.close()
        pool.terminate()
        if known is not None:
            known.close()


def _open_state(directory: Path, ring: Keyring) -> tuple[State | None, Unavailable | None]:
    try:
        return reanchor.open_state(directory, ring), None
    except Unavailable as fault:
        if fault.code != "state_lost":
            raise
        _log.error("vault_state_lost", reason=fault.detail)
        return None, fault


def _rooms(
    process: Process,
    pool: Pool,
    ring: Keyring,
    known: State | None,
    fault: Unavailable | None,
) -> Rooms:
    settings = process.settings
    return Rooms(
        pool=pool,
        keyring=ring,
        walls=None if known is None else _walls(ring, known, process.clock),
        fault=fault,
        clock=process.clock,
        metrics=process.metrics,
        terms=Terms(
            retention=timedelta(days=settings.retention_days),
            superseded=timedelta(days=settings.superseded_days),
            backup_cycle=timedelta(days=settings.backup_cycle_days),
        ),
        ledger_interval_s=settings.ledger_interval_s,
        is_demo=(process.paths.data_dir / DEMO_NAME).exists(),
        random=secrets.token_bytes,
    )


def _walls(ring: Keyring, known: State, clock: Clock) -> Walls:
    rosters = roster.RosterKeeper(known, ring.note_roster)
    rosters.catch_up()
    return Walls(
        state=known,
        adopter=VaultAdopter(ring, known, clock),
        rewrapper=rotation.VaultRewrapper(ring, known, secrets.token_bytes),
        forgetter=shredding.VaultForgetter(known),
        examiner=shredding.VaultExaminer(ring, known),
        ledger=ledger.LedgerKeeper(ring, known, secrets.token_bytes),
        rosters=rosters,
        orders=orders.OrderBook(known, rosters, secrets.token_bytes),
        signatures=papers.PaperSignatures(),
    )
