"""Deposits under way, as the state keeps them: what was announced, and how far it was opened.

A run opens exactly what its root names: the caller reveals the announced records' hashes in their
one order, strictly increasing by record key, so none comes twice; the root over them is compared
at the end. A run goes on after a restart of either side: the last batch may be asked for again,
and what was refused in it stays refused, so that the count of refusals is true. Never a key.
Source: vault.md, Grants (deposit); FORMAT.md, Deposit; RFC 6962 s2.1.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput, Refused
from proxy.model import identifiers
from proxy.model.identifiers import RecordClass, RegistrationId, TenantId
from proxy.model.sealed import RecordName
from proxy.vault import primitives, tree
from proxy.vault import state as states
from proxy.vault.record import CLASS_CODES
from proxy.vault.tree import Frontier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.vault.state import State
    from proxy.wire import frames

BATCH = 1000  # names; some 160 KB of request, some 40 ms in which the rounds wait
LONGEST = timedelta(hours=12)  # after it a run gives nothing; a deposit of a day is another run
# How long before `begin` a record may have been replaced and is still opened. The caller reads and
# hashes every row of its snapshot first, a million in some minutes; an hour is for the largest. A
# row that was superseded earlier and stands in the table as the newest was put back there.
SNAPSHOT_AGE = timedelta(hours=1)
REMEMBERED = timedelta(hours=48)  # longer than a span of budgets: no run is opened twice in one
RECORDS_LIMIT = 100_000_000  # bounds what the state must count; far above any registrar
_AGENT = re.compile(r"[\x21-\x7e]{1,64}")
_FINGERPRINT = re.compile(r"[0-9A-F]{40}|[0-9A-F]{64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_UUID = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"  # in its one form
_NAME = re.compile(rf"{_UUID}/{_UUID}/([a-z]+)/([1-9][0-9]{{0,9}})/([0-9a-f]{{64}})")
_VERSION_LIMIT = 0x7FFFFFFF  # an integer of PostgreSQL
_CLASSES = {one.value: one for one in RecordClass}
_KEY = b"deposit\0"
_CLASS_PLACE, _IDENTITY = 32, CLASS_CODES[RecordClass.IDENTITY]  # in a record's key


class Outcome(StrEnum):
    """How a run ended."""

    NONE = "under_way"
    COMPLETE = "complete"
    FAILED = "failed"


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """What `begin` announces; the facts of the leaf that stands before the first key."""

    run: UUID
    tenant: UUID
    agent: str
    fingerprint: str
    records: int
    root: bytes


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit. `refused` counts all refusals, `refused_last` those of the last batch by place."""

    announced: Announced
    begun_at: datetime
    frontier: Frontier = Frontier()
    last_key: bytes = b""
    last_batch: bytes = b""
    refused: int = 0
    refused_last: dict[int, str] = {}
    outcome: Outcome = Outcome.NONE


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a batch: its name, and the hash that the root was made of."""

    name: RecordName
    record_sha256: bytes


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The next records of a run, or the last ones again: then their answer was lost on the way."""

    asked: tuple[Asked, ...]
    digest: bytes  # of the names as they came
    is_repeat: bool


def parse_begin(request: frames.BeginDeposit) -> Announced:
    """What is announced; InvalidInput `deposit_malformed`."""
    if (
        not _AGENT.fullmatch(request.agent)
        or not _FINGERPRINT.fullmatch(request.fingerprint)
        or not _HASH.fullmatch(request.root)
        or not 1 <= request.records <= RECORDS_LIMIT
    ):
        raise _malformed()
    return Announced(
        run=parse_run(request.run),
        tenant=parse_run(request.tenant),
        agent=request.agent,
        fingerprint=request.fingerprint,
        records=request.records,
        root=bytes.fromhex(request.root),
    )


def parse_run(text: str) -> UUID:
    """A UUID in its one form; InvalidInput `deposit_malformed`."""
    found = identifiers.canonical_uuid(text)
    if found is None:
        raise _malformed()
    return found


def parse_registrations(texts: Sequence[str]) -> list[UUID]:
    """Up to BATCH registrations; InvalidInput `deposit_malformed`."""
    if not 1 <= len(texts) <= BATCH:
        raise _malformed()
    return [parse_run(one) for one in texts]


def parse_batch(run: Run, names: Sequence[str]) -> Batch:
    """The records of the next batch, or of the last one again.

    InvalidInput `deposit_malformed`; Refused `deposit_tenant`, `deposit_class`, `deposit_order`
    (not strictly increasing) or `deposit_count` (more than was announced). Nothing of a refused
    batch is opened or counted.
    """
    if not 1 <= len(names) <= BATCH:
        raise _malformed()
    asked = _parse_names(names)
    if any(one.name.tenant_id != run.announced.tenant for one in asked):
        raise Refused("deposit_tenant", "A deposit holds records of its own registrar alone.")
    if any(one.name.record_class is not RecordClass.IDENTITY for one in asked):
        raise Refused("deposit_class", "A deposit holds contacts whole: class identity.")
    digest = primitives.sha256("\n".join(names).encode())
    is_repeat = digest == run.last_batch
    keys = [states.record_key(one.name) for one in asked]
    previous = [b"" if is_repeat else run.last_key, *keys]
    if any(left >= right for left, right in zip(previous, keys, strict=False)):
        raise Refused("deposit_order", "Names must increase, over all batches of a deposit.")
    if not is_repeat and run.frontier.size + len(asked) > run.announced.records:
        raise Refused("deposit_count", "These are more records than were announced.")
    return Batch(asked=asked, digest=digest, is_repeat=is_repeat)


def advanced(run: Run, batch: Batch, refused: Mapping[int, str]) -> Run:
    """The run after a batch; a repeated one adds refusals to those of `refused_before` alone."""
    if batch.is_repeat:
        added = len(refused) - len(run.refused_last)
        return msgspec.structs.replace(run, refused=run.refused + added, refused_last=dict(refused))
    return msgspec.structs.replace(
        run,
        frontier=run.frontier.extended(one.record_sha256 for one in batch.asked),
        last_key=states.record_key(batch.asked[-1].name),
        last_batch=batch.digest,
        refused=run.refused + len(refused),
        refused_last=dict(refused),
    )


def refused_before(run: Run, batch: Batch) -> Mapping[int, str]:
    """What was refused when this batch was first asked for, by place."""
    return run.refused_last if batch.is_repeat else {}


def snapshot_since(run: Run) -> datetime:
    """Since when a record may have been replaced and is still what the run's snapshot held."""
    return run.begun_at - SNAPSHOT_AGE


def ended(run: Run) -> Run:
    """The run with its outcome: complete when exactly what was announced was asked for."""
    is_whole = (
        run.frontier.size == run.announced.records and run.frontier.root() == run.announced.root
    )
    outcome = Outcome.COMPLETE if is_whole else Outcome.FAILED
    return msgspec.structs.replace(run, outcome=outcome)


def failed(run: Run) -> Run:
    """The run, ended as failed."""
    return msgspec.structs.replace(run, outcome=Outcome.FAILED)


class DepositBook:
    """Deposits in the state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def find(self, run_id: UUID, now: datetime) -> Run | None:
        """A run that is remembered, whatever became of it."""
        content = self._state.passing.get(_KEY + run_id.bytes, now)
        return None if content is None else msgspec.json.decode(content, type=Run)

    def open(self, run_id: UUID, now: datetime) -> Run:
        """A run under way; Refused `deposit_unknown`, `deposit_expired` or `deposit_ended`."""
        run = self.find(run_id, now)
        if run is None:
            raise Refused("deposit_unknown", "No such deposit is under way.")
        if run.outcome is not Outcome.NONE:
            raise Refused("deposit_ended", "This deposit has ended.")
        if now - run.begun_at > LONGEST:
            raise Refused("deposit_expired", "This deposit took too long: begin another.")
        return run

    def is_possible(self, announced: Announced) -> bool:
        """Whether the state knows so many records of the tenant; looks at each at worst."""
        if announced.records > self._state.count_records():
            return False
        first = announced.tenant.bytes
        keys = self._state.keys_between(first, first + b"\xff" * 32)
        found = (key for key in keys if key[_CLASS_PLACE] == _IDENTITY)
        return sum(1 for _ in islice(found, announced.records)) == announced.records

    def overdue(self, now: datetime) -> list[Run]:
        """The runs that nobody ended in time."""
        runs = [msgspec.json.decode(one, type=Run) for one in self._state.passing.values(_KEY)]
        return [run for run in runs if run.outcome is Outcome.NONE and now - run.begun_at > LONGEST]

    def keep(self, run: Run, now: datetime) -> None:
        """Keep a run as it stands, durably."""
        until = run.begun_at + REMEMBERED
        self._state.passing.put(
            _KEY + run.announced.run.bytes, msgspec.json.encode(run), until, now
        )


def _parse_names(names: Sequence[str]) -> tuple[Asked, ...]:
    tenants: dict[str, TenantId] = {}  # one, but for a caller in error
    found = []
    for text in names:
        match = _NAME.fullmatch(text)
        record_class = _CLASSES.get(match[3]) if match else None
        if match is None or record_class is None or int(match[4]) > _VERSION_LIMIT:
            raise _malformed()
        tenant_id = tenants.get(match[1])
        if tenant_id is None:
            tenant_id = tenants[match[1]] = TenantId(UUID(match[1]))
        name = RecordName(
            tenant_id=tenant_id,
            registration_id=RegistrationId(UUID(match[2])),
            record_class=record_class,
            version=int(match[4]),
        )
        found.append(Asked(name=name, record_sha256=bytes.fromhex(match[5])))
    return tuple(found)


def render_name(asked: Asked) -> str:
    """How a batch names a record."""
    name = asked.name
    return (
        f"{name.tenant_id}/{name.registration_id}/{name.record_class}/{name.version}"
        f"/{asked.record_sha256.hex()}"
    )


def root_of(record_hashes: Sequence[bytes]) -> bytes:
    """The root that a deposit announces: RFC 6962 over the records' SHA-256, in their order."""
    return tree.Frontier().extended(record_hashes).root()


def _malformed() -> InvalidInput:
    return InvalidInput("deposit_malformed", "The vault can not read this request of a deposit.")
