"""What the vault does by itself: adopt, renew keys, rotate, shred, sequence the ledger.

Every round is a loop that does one step, waits, and survives a database that is away. Rounds that
change rows and state together take turns, so that none sees the other half done.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from proxy import logs
from proxy.errors import ProxyError, Refused, Unavailable
from proxy.model import identifiers
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.run import ledger_rounds
from proxy.run.ledger_rounds import LedgerRounds, LedgerTrust
from proxy.services import adopt, rotate, shred
from proxy.store import pool as pools
from proxy.store import sealed
from proxy.vault import upkeep
from proxy.vault.grants import Grant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from datetime import datetime

    from proxy.metrics import Registry
    from proxy.model.identifiers import TenantId
    from proxy.model.sealed import RecordName
    from proxy.ports import Clock
    from proxy.services.shred import Terms
    from proxy.store.pool import Pool
    from proxy.vault.adoption import VaultAdopter
    from proxy.vault.keyring import Keyring
    from proxy.vault.ledger import LedgerKeeper
    from proxy.vault.orders import OrderBook
    from proxy.vault.papers import PaperSignatures
    from proxy.vault.roster import RosterKeeper
    from proxy.vault.rotation import VaultRewrapper
    from proxy.vault.shredding import VaultExaminer, VaultForgetter
    from proxy.vault.state import State

ADOPTION_POLL_S = 0.25  # an empty look costs one index probe
UPKEEP_INTERVAL_S = 60.0
SHRED_INTERVAL_S = 60.0
PAUSE_AFTER_FAULT_S = 1.0
BREATH_S = 0.0  # between batches of long work: lets callers and other rounds run

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """The parts that need the vault's state."""

    state: State
    adopter: VaultAdopter
    rewrapper: VaultRewrapper
    forgetter: VaultForgetter
    examiner: VaultExaminer
    ledger: LedgerKeeper
    rosters: RosterKeeper
    orders: OrderBook
    signatures: PaperSignatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Everything the vault process holds. `walls` is None while the state is lost."""

    pool: Pool
    keyring: Keyring = field(repr=False)
    walls: Walls | None
    fault: Unavailable | None
    clock: Clock
    metrics: Registry
    terms: Terms
    ledger_interval_s: float
    is_demo: bool
    random: Callable[[int], bytes]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    ledger_trust: LedgerTrust = field(default_factory=LedgerTrust)

    def note(
        self,
        kind: str,
        facts: Mapping[str, str | int | bool],
        *,
        subject: str = "",
        tenant_id: TenantId | None = None,
    ) -> LedgerEntryId:
        """Keep an entry of the vault's own for the ledger, durably; its id.

        Without a `subject` the entry is one of its own, that tells nothing of others.
        """
        entry = self.entry(kind, facts, subject=subject, tenant_id=tenant_id)
        self.open_walls().ledger.add([entry])
        return entry.id

    def entry(
        self,
        kind: str,
        facts: Mapping[str, str | int | bool],
        *,
        subject: str = "",
        tenant_id: TenantId | None = None,
    ) -> LedgerEntry:
        """The entry that `note` keeps, for who keeps it along with something else."""
        now = self.clock.now()
        entry_id = LedgerEntryId(identifiers.uuid7(now, self.random(10)))
        return LedgerEntry(
            id=entry_id,
            tenant_id=tenant_id,
            subject=subject or str(entry_id),
            kind=kind,
            facts=facts,
            at=now,
        )

    def open_walls(self) -> Walls:
        """The walls; Unavailable says what a lost state needs."""
        if self.walls is None:
            found = self.fault
            raise Unavailable("state_lost", "" if found is None else found.detail)
        return self.walls

    def open_for_data(self) -> Walls:
        """The walls for an opening that gives data; Refused as ledger_rounds.why_not says as well.

        An opening must become a leaf that strangers can see, and soon: while the database's ledger
        is not the one that we signed, or takes no batch, it could not.
        """
        walls = self.open_walls()
        fault = ledger_rounds.why_not(self, walls)
        if fault is not None:
            raise fault
        return walls


class Rounds:
    """The loops of the vault process."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._is_rotating = asyncio.Event()
        self.steps = 0  # of rotations, so that a follower misses none
        self._stepped = asyncio.Condition()
        metrics = rooms.metrics
        self._adopted = metrics.counter("vault_adopted_total")
        self._adoption_failed = metrics.counter("vault_adoption_failed_total")
        self._shredded = metrics.counter("vault_erasures_total")
        self._alarms = metrics.counter("vault_alarms_total")
        self._waiting = metrics.gauge("vault_adoption_waiting")
        self._failed = metrics.gauge("vault_adoption_failed")
        self._intake_age = metrics.gauge("vault_intake_key_age_seconds")
        self._epoch_age = metrics.gauge("vault_epoch_age_seconds")
        self._ledger = LedgerRounds(rooms)
        for one in Grant:  # so that a scrape shows nought before the first opening
            metrics.counter("vault_openings_total", purpose=one.value)
            metrics.counter("vault_budget_refused_total", purpose=one.value)
        metrics.gauge("vault_state_lost").value = float(rooms.walls is None)
        metrics.refresh_with(self._show_ages)

    def all(self) -> tuple[Coroutine[object, object, None], ...]:
        """The loops to run; without the state only intake keys are looked after."""
        if self._rooms.walls is None:
            return (self.repeat("upkeep", self.renew_intake, UPKEEP_INTERVAL_S),)
        return (
            self.repeat("upkeep", self.keep_keys, UPKEEP_INTERVAL_S),
            self.repeat("adoption", self.adopt, ADOPTION_POLL_S),
            self.repeat("shredding", self.shred, SHRED_INTERVAL_S),
            # How long a batch takes would tell how much is in it: the next begins on time.
            self.repeat("ledger", self.sequence, self._rooms.ledger_interval_s, keeps_pace=True),
            self.repeat("recount", self._ledger.recount, self._rooms.ledger_interval_s),
            self.repeat("rotation", self.rotate, BREATH_S),
        )

    async def prepare(self) -> None:
        """What must be done before anything is served: intake key, open changes, erasures."""
        with pools.translated():
            await self.renew_intake()
            if self._rooms.walls is None:
                return
            walls = self._rooms.walls
            await rotate.settle_open_changes(self._rooms.pool, walls.rewrapper)
            await shred.replay(self._rooms.pool, walls.forgetter, terms=self._rooms.terms)
            await self._resume_rotation(walls)

    async def begin_ledger(self) -> None:
        """The first batch, before anything is served: until it is written no data leaves.

        What goes wrong stops no start: what opens nothing goes on.
        """
        if self._rooms.walls is not None:
            await self._is_done("ledger", self._ledger.batch)

    async def _resume_rotation(self, walls: Walls) -> None:
        """Go on with a rotation that a stop cut short, also one that had only just begun."""
        rewrapper = walls.rewrapper
        if rewrapper.rotation() is None:
            target = rewrapper.target_epoch()
            older = [one for one in upkeep.living_epochs(self._rooms.keyring) if one[1] < target]
            async with self._rooms.pool.acquire() as connection:
                if not await sealed.used_epochs(connection, older):
                    return
                left = await sealed.count_stale(connection, target)
            rewrapper.catch_up(self._rooms.clock.now(), total=left)
        self._is_rotating.set()

    async def renew_intake(self) -> None:
        """A current intake key, made if the newest is a day old, where API hosts find it."""
        rooms = self._rooms
        key = upkeep.current_intake(rooms.keyring, rooms.clock.now(), rooms.random)
        async with rooms.pool.acquire() as connection:
            await sealed.publish_intake_key(connection, key)

    async def keep_keys(self) -> None:
        """Intake keys, the monthly epoch, destruction of what no backup needs; old renewals."""
        await self.renew_intake()
        rooms, now = self._rooms, self._rooms.clock.now()
        if upkeep.is_epoch_due(rooms.keyring, now):
            await self.begin_rotation(is_compromised=False)
        async with rooms.turn, rooms.pool.acquire() as connection:
            in_use = await sealed.used_epochs(connection, upkeep.living_epochs(rooms.keyring))
            upkeep.age_epochs(rooms.keyring, in_use, now, rooms.terms.backup_cycle)
            expired = upkeep.expired_intake(rooms.keyring, now, rooms.terms.backup_cycle)
            unused = await sealed.unused_intake_keys(connection, expired)
            rooms.keyring.destroy_intake(unused)
            await sealed.drop_intake_keys(connection, unused)
            waiting, failed = await sealed.count_waiting(connection)
        self._waiting.value, self._failed.value = float(waiting), float(failed)
        rooms.open_walls().state.renewals.forget(now)

    async def adopt(self) -> None:
        """Everything that waits for adoption."""
        rooms, walls = self._rooms, self._rooms.open_walls()
        is_full = True
        while is_full:
            async with rooms.turn:
                done = await adopt.adopt(rooms.pool, walls.adopter)
            self._adopted.value += done.adopted
            self._adoption_failed.value += done.failed
            self._alarms.value += done.failed
            is_full = done.is_full

    async def shred(self) -> None:
        """Everything that is due for erasure."""
        rooms, walls = self._rooms, self._rooms.open_walls()
        count = shred.BATCH
        while count >= shred.BATCH:
            async with rooms.turn:
                count = await shred.shred(
                    rooms.pool,
                    walls.forgetter,
                    walls.ledger,
                    terms=rooms.terms,
                    now=rooms.clock.now(),
                )
            self._shredded.value += count

    async def sequence(self) -> None:
        """What waits for the ledger; see LedgerRounds."""
        await self._ledger.sequence()

    async def begin_rotation(self, *, is_compromised: bool, new_root: bool = False) -> None:
        """Start a rotation in the background; Refused `rotation_running` if one is under way."""
        rooms, walls = self._rooms, self._rooms.open_walls()
        async with rooms.turn, rooms.pool.acquire() as connection:
            if walls.rewrapper.rotation() is not None:
                raise Refused("rotation_running", "A rotation is under way already.")
            if new_root:
                rooms.keyring.change_root(rooms.random)
            if is_compromised:
                key = rooms.keyring.renew_intake(rooms.clock.now(), rooms.random)
                await sealed.publish_intake_key(connection, key)
            total = await sealed.count_stale(connection, walls.rewrapper.target_epoch() + 1)
            rotation = walls.rewrapper.begin(
                rooms.clock.now(), total=total, is_compromised=is_compromised
            )
            await sealed.note_rotation(connection, rotation, None)
        _log.info("rotation_began", total=total, kek_epoch=rotation.target_epoch)
        self._is_rotating.set()

    async def rotate(self) -> None:
        """The rotation under way, to its end; waits for one when there is none."""
        await self._is_rotating.wait()
        rooms, walls = self._rooms, self._rooms.open_walls()
        rotation = walls.rewrapper.rotation()
        if rotation is None:
            self._is_rotating.clear()
            return
        # A lost connection left the last batch in doubt: learn how it ended before going on.
        await rotate.settle_open_changes(rooms.pool, walls.rewrapper)
        rotation = await rotate.resumed(rooms.pool, rotation)
        after: RecordName | None = None
        while True:
            async with rooms.turn:
                rotation, after = await rotate.rotate_batch(
                    rooms.pool, walls.rewrapper, rotation, after
                )
            await self._tell()
            if after is None:
                break
        await rotate.finish(rooms.pool, walls.rewrapper, rotation, rooms.clock.now())
        self._alarms.value += rotation.unreadable
        _log.info("rotation_finished", total=rotation.total, done=rotation.done,
                  failed=rotation.unreadable)  # fmt: skip
        self._is_rotating.clear()
        await self._tell()

    async def next_step(self, seen: int) -> None:
        """Wait until `steps` is no longer `seen`."""
        async with self._stepped:
            await self._stepped.wait_for(lambda: self.steps != seen)

    async def _tell(self) -> None:
        async with self._stepped:
            self.steps += 1
            self._stepped.notify_all()

    async def repeat(
        self,
        task: str,
        step: Callable[[], Awaitable[object]],
        interval_s: float,
        *,
        keeps_pace: bool = False,
    ) -> None:
        """Do one step, wait, and again, for ever; a fault costs a pause.

        One that keeps pace begins at the interval however long a step takes.
        """
        while True:
            began = time.monotonic()
            if not await self._is_done(task, step):
                await asyncio.sleep(PAUSE_AFTER_FAULT_S)
            spent_s = time.monotonic() - began if keeps_pace else 0.0
            await asyncio.sleep(max(interval_s - spent_s, BREATH_S))

    async def _is_done(self, task: str, step: Callable[[], Awaitable[object]]) -> bool:
        """Whether the step went well; what did not is counted and logged."""
        try:
            with pools.translated():
                await step()
        except ProxyError as fault:
            if isinstance(fault, Refused):
                self._alarms.value += 1
            _log.error("vault_round_failed", task=task, code=fault.code)
        except Exception as bug:  # noqa: BLE001 - one round's bug must not end the others
            self._alarms.value += 1
            _log.error("vault_bug", task=task, error=type(bug).__name__, places=logs.places(bug))
        else:
            return True
        return False

    def _show_ages(self) -> None:
        now: datetime = self._rooms.clock.now()
        newest = self._rooms.keyring.newest_intake()
        if newest is not None:
            self._intake_age.value = (now - newest.not_before).total_seconds()
        epochs = self._rooms.keyring.file.epochs
        newest_epoch = max(one.created_at for one in epochs)
        self._epoch_age.value = (now - newest_epoch).total_seconds()
