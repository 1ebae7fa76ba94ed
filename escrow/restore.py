"""Restoring a registrar from recovery deposits: one full, and later ones that build on it.

Flow: heads checked as a chain → one transaction → deposits from the newest to the oldest, batch by
batch: what is not there yet is sealed anew, as an API host would, and written → the ledger told →
commit. The newest word on a registration is thereby the first that is met, and whatever order the
lines of a deposit have, a name is never held by two registrations at a time; for one deposit by
itself this is "deletes first, then contents" (RFC 8909 s2).
Failure: anything wrong, also behind the very last line, undoes everything. Retry: from the start.
Idempotency: a registrar that is known is refused. Determinism: rows yes, ciphertext and keys no.
Secrets: plaintext passes through memory alone, a batch of each deposit at a time; no vault key.
Manual run: `privacyproxy escrow restore FILE… --into URL`. Logs: none; errors name ids.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar, cast

import msgspec

from escrow import restorable
from proxy.errors import ProxyError, Unavailable
from proxy.model import identifiers
from proxy.model.identifiers import Role, TenantId
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.rules import publication
from proxy.store import pool, registrations, restoring, tenants
from proxy.store.restoring import Restored
from proxy.vault import persons, seal
from proxy.vault.seal import IntakeSealer, ToSealAgain
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from escrow.formats.recovery import HeadLine, RegistrationLine
    from escrow.restorable import Source
    from proxy.model.deposit import Account
    from proxy.model.sealed import SealedBatch
    from proxy.ports import Clock
    from proxy.store.pool import Access, Connection, Record

BATCH: Final = 500  # registrations of one submission and statement: 2 MB, a tenth of a second
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a restore did; nothing personal."""

    tenant_id: TenantId
    watermark: datetime  # of the newest deposit: what happened later is not there
    deposits: int
    registrations: int
    expected: int  # registrations there were at the watermark, by the newest deposit's own word
    superseded: int  # lines of older deposits that a newer one had another word on
    profiles: int
    accreditations: int
    keys: int


async def open_sealer(
    access: Access,
    *,
    api_keys: Path,
    pin: Path,
    clock: Clock,
    random: Callable[[int], bytes],
) -> IntakeSealer:
    """What seals for an installation as its API hosts do; `access` is the owner's.

    `api_keys` is KEYDIR/api/api.json and `pin` DATA/vault.pub. Unavailable `intake_key` before its
    vault has run.
    """
    async with pool.connected(access) as connection:
        key = await tenants.newest_intake_key(connection, clock.now())
    if key is None:
        raise Unavailable(
            "intake_key", "The vault has not published an intake key: start the service once."
        )
    keys, pinned = await asyncio.to_thread(
        lambda: (seal.load_api_keys(api_keys), seal.load_pin(pin))
    )
    return IntakeSealer(keys=keys, pin=pinned, current=lambda: key, clock=clock, random=random)


async def restore(
    sources: Sequence[Iterable[bytes]],
    access: Access,
    *,
    sealer: IntakeSealer,
    now: datetime,
    random: Callable[[int], bytes],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Counts:
    """What was restored of `sources`, the lines of each deposit, oldest first; else nothing was.

    `access` is the owner's login. Sources are iterated in worker threads, one after the other, to
    their ends; what they raise stops the restore. Refused `restore_order` or `restore_not_empty`,
    Conflict `restore_name_taken`, `restore_alias_taken` or `restore_key_taken`, InvalidInput
    `deposit_malformed`, `deposit_incomplete` or `restore_unfit`.
    """
    opened: list[Source] = []
    try:
        for lines in sources:
            one = await asyncio.to_thread(restorable.open_source, lines)
            opened.append(one)
        heads = [one.head for one in opened]
        restorable.check(heads)
        account = restorable.account(heads[-1], now)
        run = _Restore(
            heads[-1], account, sealer, sum(one.registrations for one in heads), progress
        )
        async with restoring.transaction(access) as connection:
            await restoring.begin(connection, run.tenant_id, account)
            for source in reversed(opened):
                await run.take(connection, source, is_newest=source is opened[-1])
            counts = run.counts(len(opened))
            await restoring.finish(connection, _entry(heads, counts, now, random))
    finally:
        for one in opened:
            await asyncio.to_thread(one.close)
    return counts


class _Restore:
    """One restore under way."""

    def __init__(
        self,
        newest: HeadLine,
        account: Account,
        sealer: IntakeSealer,
        total: int,
        progress: Callable[[int, int], None],
    ) -> None:
        self.tenant_id = TenantId(newest.tenant)
        self._newest = newest
        self._account = account
        self._profiles = frozenset(one.id for one in account.profiles)
        self._accreditations = frozenset(one.id for one in account.accreditations)
        self._sealer = sealer
        self._total = total
        self._progress = progress
        # Of deposits newer than the one that is read: some thousands a week, a hundred octets each.
        self._gone: set[UUID] = set()
        self._read = self._restored = self._superseded = 0

    async def take(self, connection: Connection, source: Source, *, is_newest: bool) -> None:
        """Write what no newer deposit had a word on."""
        gone_here: set[UUID] = set()
        coming = asyncio.create_task(asyncio.to_thread(source.take, BATCH))
        try:
            while True:
                lines, gone = await asyncio.shield(coming)
                if not lines and not gone:
                    break
                coming = asyncio.create_task(asyncio.to_thread(source.take, BATCH))
                gone_here |= {one.registration_id for one in gone}
                await self._write(connection, lines, is_newest=is_newest)
        finally:
            await _ended(coming)
        self._gone |= gone_here

    async def _write(
        self, connection: Connection, lines: Sequence[RegistrationLine], *, is_newest: bool
    ) -> None:
        wanted = [one for one in lines if one.id not in self._gone]
        if wanted and not is_newest:
            ids = await restoring.unknown(connection, self.tenant_id, [one.id for one in wanted])
            wanted = [one for one in wanted if one.id in ids]
        if wanted:
            rows, sealed = await asyncio.to_thread(self._prepared, wanted)
            await restoring.write(connection, self.tenant_id, rows, sealed)
        self._restored += len(wanted)
        self._superseded += len(lines) - len(wanted)
        self._read += len(lines)
        self._progress(self._read, self._total)

    def counts(self, deposits: int) -> Counts:
        """What was done."""
        return Counts(
            tenant_id=self.tenant_id,
            watermark=self._newest.watermark,
            deposits=deposits,
            registrations=self._restored,
            expected=self._newest.total,
            superseded=self._superseded,
            profiles=len(self._account.profiles),
            accreditations=len(self._account.accreditations),
            keys=len(self._account.keys),
        )

    def _prepared(self, lines: Sequence[RegistrationLine]) -> tuple[list[Restored], SealedBatch]:
        identities = [one.plaintext() for one in lines]
        rows = [self._row(one, plain) for one, plain in zip(lines, identities, strict=True)]
        sealed = self._sealer.seal_again(
            self.tenant_id,
            [
                ToSealAgain(
                    registration_id=row.registration.id, version=row.record_version, identity=plain
                )
                for row, plain in zip(rows, identities, strict=True)
            ],
        )
        return rows, sealed

    def _row(self, line: RegistrationLine, identity: bytes) -> Restored:
        try:
            declared = bytes(line.declared).decode()
            columns = {**msgspec.structs.asdict(line), "declared": declared}
            registration = registrations.registration_of(cast("Record", columns), self.tenant_id)
            contacts = persons.parse_identity(identity)
        except (ProxyError, msgspec.MsgspecError, ValueError, RecursionError):
            raise restorable.malformed(f"registration {line.id}") from None
        said = registration.declared
        if said.domain != line.domain or persons.pad(identity) != identity:
            raise restorable.malformed(f"registration {line.id}")
        if said.profile not in self._profiles or said.accreditation not in self._accreditations:
            raise restorable.malformed(
                f"registration {line.id} refers to a profile that is not there"
            )
        record = publication.project(registration, contacts.resolve(Role.REGISTRANT))
        return Restored(
            registration=registration,
            record_version=line.record_version,
            changed_at=line.changed_at,
            lapses_at=line.lapses_at,
            hold=line.hold,
            declared=declared,
            contacts_mac=self._sealer.fingerprint(self.tenant_id, registration.id, contacts),
            value=None if record is None else published.encode_record(record),
            former_aliases=tuple((one.alias, one.until) for one in line.former_aliases),
        )


def _entry(
    heads: Sequence[HeadLine], counts: Counts, now: datetime, random: Callable[[int], bytes]
) -> LedgerEntry:
    facts: Mapping[str, int | tuple[str, ...]] = {
        "deposits": tuple(str(one.deposit) for one in heads),
        "expected": counts.expected,
        "registrations": counts.registrations,
    }
    return LedgerEntry(
        id=LedgerEntryId(identifiers.uuid7(now, random(10))),
        tenant_id=counts.tenant_id,
        subject=str(heads[-1].deposit),
        kind="deposit_restored",
        facts=facts,
        at=now,
    )


async def _ended(task: asyncio.Task[_T]) -> None:
    """Returns when the thread behind the task is done: its generator can then be closed."""
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # told already, or of no interest any more
