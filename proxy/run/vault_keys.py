"""What the vault answers its operator about keys and records: status, rotate, retry, check.

A check is a ledger entry before it is a look, and its budget is spent before anything is opened.
Numbers leave, nothing else.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import structlog

from proxy.errors import Refused
from proxy.model import identifiers
from proxy.services import check_records
from proxy.store import public_ledger, sealed
from proxy.vault import grants, tree
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.sealed import Rotation, SealedRecord
    from proxy.run.vault_answers import Command
    from proxy.run.vault_rounds import Rooms, Rounds, Walls
    from proxy.wire.frames import Answer, Value

_log = structlog.get_logger()
_LEAVES = 5000  # leaves read at a time: some 10 ms of hashing


class Keys:
    """Answers about keys and records."""

    def __init__(self, rooms: Rooms, rounds: Rounds) -> None:
        self._rooms = rooms
        self._rounds = rounds

    def commands(self) -> dict[type, Command]:
        """What is answered here, and by what grant."""
        return {
            frames.Status: (Grant.MANAGE, self._status),
            frames.Rotate: (Grant.MANAGE, self._rotate),
            frames.Retry: (Grant.MANAGE, self._retry),
            frames.Check: (
                lambda request: Grant.PREFLIGHT if request.everything else Grant.CHECK,
                self._check,
            ),
        }

    async def _status(self, _caller: Caller, _request: frames.Status) -> AsyncIterator[Answer]:
        rooms = self._rooms
        async with rooms.pool.acquire() as connection:
            counts = await sealed.count_epochs(connection)
            waiting, failed = await sealed.count_waiting(connection)
        now = rooms.clock.now()
        walls, fault = rooms.walls, rooms.ledger_trust.fault
        yield {
            "done": True,
            "state": "ready" if walls is not None else "lost",
            "state_detail": "" if rooms.fault is None else rooms.fault.detail,
            "root_provider": rooms.keyring.root_provider.value,
            "epochs": [
                {
                    "class": one.record_class.value,
                    "epoch": one.epoch,
                    "age_s": int((now - one.created_at).total_seconds()),
                    "records": counts.get((one.record_class, one.epoch), 0),
                    "destroyed": one.wrapped is None,
                    "emptied_at": None if one.emptied_at is None else one.emptied_at.isoformat(),
                }
                for one in rooms.keyring.file.epochs
            ],
            "intake_keys": [
                {
                    "id": one.id,
                    "age_s": int((now - one.not_before).total_seconds()),
                    "not_after": one.not_after.isoformat(),
                }
                for one in rooms.keyring.file.intake
            ],
            "adoption": {"waiting": waiting, "failed": failed},
            "anchored_records": 0 if walls is None else walls.state.count_records(),
            "ledger_fault": "" if fault is None else fault.detail,
            "ledger_size": 0 if walls is None else walls.ledger.frontier()[0],
            "rotation": None if walls is None else _progress(walls.rewrapper.rotation()),
        }

    async def _rotate(self, _caller: Caller, request: frames.Rotate) -> AsyncIterator[Answer]:
        """Start a rotation, or follow the one under way; progress until it is finished.

        A caller that goes away does not stop it.
        """
        walls = self._rooms.open_walls()
        if walls.rewrapper.rotation() is None:
            await self._rounds.begin_rotation(
                is_compromised=request.compromised, new_root=request.new_root
            )
        elif request.compromised or request.new_root:
            raise Refused("rotation_running", "Another rotation is under way; wait for its end.")
        last = walls.rewrapper.rotation()
        while (rotation := walls.rewrapper.rotation()) is not None:
            last, seen = rotation, self._rounds.steps
            yield {"done": False, "rotation": _progress(rotation)}
            await self._rounds.next_step(seen)
        yield {"done": True, "rotation": _progress(last)}

    async def _retry(self, _caller: Caller, _request: frames.Retry) -> AsyncIterator[Answer]:
        async with self._rooms.pool.acquire() as connection:
            yield {"done": True, "retried": await sealed.retry_failed(connection)}

    async def _check(self, _caller: Caller, request: frames.Check) -> AsyncIterator[Answer]:
        walls = self._rooms.open_walls()
        steps = self._preflight(walls) if request.everything else self._sample(walls)
        async for one in steps:
            yield one

    async def _preflight(self, walls: Walls) -> AsyncIterator[Answer]:
        run = identifiers.uuid7(self._rooms.clock.now(), self._rooms.random(10))
        self._spend(walls, Grant.PREFLIGHT, [run.bytes])
        self._record(Grant.PREFLIGHT, walls.state.count_records())
        looked, faults = 0, Counter[str]()
        async for looked, faults in check_records.check_all(
            self._rooms.pool, walls.examiner, self._rooms.turn
        ):
            yield {"done": False, "checked": looked, "unreadable": faults.total()}
        whole = await self._is_ledger_whole(walls)
        if not whole:
            _log.error("ledger_disagrees")
        yield {**await self._checked(looked, faults), "ledger_whole": whole}

    async def _is_ledger_whole(self, walls: Walls) -> bool:
        """Whether the database's leaves come to the very tree that the vault signed."""
        signed, found = walls.ledger.tree(), tree.Frontier()
        while found.size < signed.size:
            limit = min(_LEAVES, signed.size - found.size)
            async with self._rooms.pool.acquire() as connection:
                leaves = await public_ledger.leaves(connection, found.size, limit)
            if not leaves:
                return False
            found = found.extended(leaves)
        return found == signed

    async def _sample(self, walls: Walls) -> AsyncIterator[Answer]:
        async with self._rooms.turn:
            rows = await check_records.draw(self._rooms.pool)
            self._spend(walls, Grant.CHECK, sorted({_whom(one) for one in rows}))
            self._record(Grant.CHECK, len(rows))
            faults = Counter(one for one in walls.examiner.examine(rows) if one is not None)
        yield await self._checked(len(rows), faults)

    async def _checked(self, looked: int, faults: Counter[str]) -> Answer:
        async with self._rooms.pool.acquire() as connection:
            waiting, failed = await sealed.count_waiting(connection)
        if faults:
            _log.error("records_unreadable", count=faults.total(), total=looked)
        counts: dict[str, Value] = dict(faults)
        return {
            "done": True,
            "checked": looked,
            "unreadable": faults.total(),
            "reasons": counts,
            "waiting": waiting,
            "failed": failed,
        }

    def _spend(self, walls: Walls, grant: Grant, whom: list[bytes]) -> None:
        """Take all from the hour's budget; Refused `budget` and an alarm when it is passed."""
        now = self._rooms.clock.now()
        if not all(grants.spend(walls.state, grant, one, now) for one in whom):
            self._rooms.metrics.counter(
                "vault_budget_refused_total", purpose=grant.value
            ).value += 1
            _log.error("vault_budget_passed", grant=grant.value)
            raise Refused("budget", "This hour's budget of checks is used up; try again later.")

    def _record(self, grant: Grant, count: int) -> None:
        """The ledger entry of an opening, durable before anything is looked at."""
        facts = {"grant": grant.value, "caller": Caller.OPERATOR.value, "records": count}
        self._rooms.note("opened", facts)
        self._rooms.metrics.counter("vault_openings_total", purpose=grant.value).value += count


def _whom(row: SealedRecord) -> bytes:
    return states.person_key(row.name.tenant_id, row.name.registration_id)


def _progress(rotation: Rotation | None) -> Value:
    if rotation is None:
        return None
    facts = dataclasses.asdict(rotation)
    return {
        "kind": "compromised" if facts["is_compromised"] else "rewrap",
        "target_epoch": rotation.target_epoch,
        "started_at": rotation.started_at.isoformat(),
        "total": rotation.total,
        "done": rotation.done,
        "unreadable": rotation.unreadable,
    }
