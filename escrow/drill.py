"""A drill: deposits restored into a scratch database, everybody compared with the live vault.

Flow: scratch PostgreSQL with our schema → restore, sealed for keys that only this process has →
each restored record opened with them → merged with the live side by registration id → counts.
Failure: raises what the restore raises; a record that does not open counts as different.
Retry: from the start. Idempotency: nothing outside the scratch directory changes, and it is removed
whatever happens. Determinism: the same deposits and live rows give the same report.
Secrets: no plaintext touches the disk; the private keys are in memory alone and end with the
process. What is published of a name lies in the scratch database too, as in every edge's snapshot.
Manual run: `privacyproxy escrow drill STREAM`. Logs: none; the report has counts and ids.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from uuid import UUID

from escrow import restore as restoring_service
from proxy.errors import Refused
from proxy.model.identifiers import RegistrationId
from proxy.store import deposited, embedded, migrate, pool, restoring, sealed
from proxy.store.logins import LoginRole
from proxy.vault.throwaway import Throwaway

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Awaitable,
        Callable,
        Iterable,
        Sequence,
    )
    from datetime import datetime

    from escrow.opening import Unsealing
    from escrow.restore import Counts
    from proxy.model.identifiers import SubmissionId, TenantId
    from proxy.model.sealed import SealedRecord, Submission
    from proxy.ports import Clock
    from proxy.store.pool import Access

    AreErased = Callable[[Sequence[RegistrationId]], Awaitable[Sequence[bool]]]

NAMED_AT_MOST: Final = 20  # ids of each kind in a report; the counts say how many there are
BATCH: Final = 1_000  # records opened at a time: 2 MB
_ENTERED: Final = 0o711  # PostgreSQL's user may pass through; what is secret inside has own modes
_Cipher = TypeVar("_Cipher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A person's record as the live vault opens it."""

    registration_id: RegistrationId
    record_version: int
    enrolled_at: datetime
    plaintext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a drill found; nothing personal."""

    restored: Counts
    same: int
    different: int  # other octets under the same version, or a version the live side is behind
    changed_since: int  # the live side has a newer version
    missing: int  # live, enrolled before the watermark, and not in the deposits
    enrolled_since: int
    gone_since: int  # in the deposits, and erased since by the vault's own word
    lost: int  # in the deposits, neither live nor erased: rows were taken out of the database
    different_ids: tuple[str, ...]
    missing_ids: tuple[str, ...]
    lost_ids: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Whether the deposits restore every person there was, and somebody was compared at all."""
        counts = self.restored
        return (
            not (self.different or self.missing or self.lost)
            and counts.registrations == counts.expected
            and (not counts.registrations or self.same + self.changed_since > 0)
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    registration_id: UUID
    record_version: int
    plaintext: bytes | None = field(repr=False)  # None: it does not open


async def drill(
    sources: Sequence[Iterable[bytes]],
    live: AsyncIterator[Live],
    opening: Unsealing[_Cipher],
    *,
    are_erased: AreErased,
    clock: Clock,
    random: Callable[[int], bytes],
    parent: Path | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Report:
    """How the deposits compare with `live`, which comes in order of the registrations' ids.

    `sources` as for `restore`; `are_erased` is the vault's word on up to BATCH registrations that
    are not live any more. The scratch directory is made in `parent`, by default where the
    system keeps temporary files; call from the main thread, to whose life the scratch server is
    tied. `live` is not asked for anything before the restore is done.
    """
    now = clock.now()
    keys = Throwaway(now, random)
    async with _scratch(parent, now) as cluster:
        async with pool.connected(cluster.access(LoginRole.VAULT)) as connection:
            await sealed.publish_intake_key(connection, keys.intake)
        access = cluster.access(LoginRole.OWNER)
        counts = await restoring_service.restore(
            sources,
            access,
            sealer=keys.sealer(clock),
            now=now,
            random=random,
            progress=progress,
        )
        restored = _restored(access, counts.tenant_id, _Opener(keys, opening))
        async with contextlib.aclosing(restored):
            return await _compare(restored, live, are_erased, counts)


@contextlib.asynccontextmanager
async def _scratch(parent: Path | None, now: datetime) -> AsyncIterator[embedded.Cluster]:
    """A running server with our schema and nothing in it; gone with the block."""
    directory = _make_directory(parent)
    try:
        cluster = embedded.Cluster(directory / "postgres", volatile=True)
        try:
            await asyncio.to_thread(cluster.prepare)
            postmaster = cluster.start()
            try:
                await cluster.wait_ready(postmaster)
                await migrate.migrate(cluster.access(LoginRole.OWNER), now=now)
                yield cluster
            finally:
                cluster.stop(postmaster)
        finally:
            cluster.close()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _make_directory(parent: Path | None) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="pp-drill-", dir=parent))
    directory.chmod(_ENTERED)
    return directory


class _Opener(Generic[_Cipher]):
    """Opens restored records; submissions are taken apart once each."""

    def __init__(self, keys: Throwaway, opening: Unsealing[_Cipher]) -> None:
        self._keys = keys
        self._opening = opening
        self._ciphers: dict[SubmissionId, _Cipher] = {}  # one for every 500 registrations

    def open(self, rows: Sequence[tuple[Submission, SealedRecord]]) -> list[_Opened]:
        """Every record with its plaintext."""
        return [
            _Opened(row.name.registration_id, row.name.version, self._open(submission, row))
            for submission, row in rows
        ]

    def _open(self, submission: Submission, row: SealedRecord) -> bytes | None:
        opening = self._opening
        try:
            cipher = self._ciphers.get(submission.id)
            if cipher is None:
                cipher = opening.decapsulate(self._keys, submission)
                self._ciphers[submission.id] = cipher
            dek = opening.unwrap_intake(cipher, submission.id, row.name, row)
            return opening.open_record(dek, row.name, row.record)
        except Refused:
            return None


async def _restored(
    access: Access, tenant_id: TenantId, opener: _Opener[_Cipher]
) -> AsyncGenerator[_Opened, None]:
    """Every restored record, by registration id."""
    after = UUID(int=0)
    async with pool.connected(access) as connection:
        while rows := await restoring.identities(connection, tenant_id, after, BATCH):
            after = rows[-1][1].name.registration_id
            for one in await asyncio.to_thread(opener.open, rows):
                yield one


@dataclass(slots=True)
class _Tally:
    """A report under way."""

    are_erased: AreErased
    same: int = 0
    different: int = 0
    changed_since: int = 0
    missing: int = 0
    enrolled_since: int = 0
    gone_since: int = 0
    lost: int = 0
    different_ids: list[str] = field(default_factory=list)
    missing_ids: list[str] = field(default_factory=list)
    lost_ids: list[str] = field(default_factory=list)
    _gone: list[RegistrationId] = field(default_factory=list)

    def pair(self, kept: _Opened, live: Live) -> None:
        """Count a registration that is on both sides."""
        if kept.record_version < live.record_version and kept.plaintext is not None:
            self.changed_since += 1
        elif kept.record_version == live.record_version and kept.plaintext == live.plaintext:
            self.same += 1
        else:
            self.different += 1
            _name(self.different_ids, live.registration_id)

    def live_alone(self, live: Live, until: datetime) -> None:
        """Count a registration that is on the live side only."""
        if live.enrolled_at > until:
            self.enrolled_since += 1
            return
        self.missing += 1
        _name(self.missing_ids, live.registration_id)

    async def kept_alone(self, kept: _Opened) -> None:
        """Count a registration that is in the deposits only; `settle` counts the last of them."""
        self._gone.append(RegistrationId(kept.registration_id))
        if len(self._gone) == BATCH:
            await self.settle()

    async def settle(self) -> None:
        """Have the vault's word on those who are gone: rows alone prove no erasure."""
        gone, self._gone = self._gone, []
        if not gone:
            return
        for one, is_erased in zip(gone, await self.are_erased(gone), strict=True):
            if is_erased:
                self.gone_since += 1
                continue
            self.lost += 1
            _name(self.lost_ids, one)

    def report(self, counts: Counts) -> Report:
        """The report."""
        return Report(
            restored=counts,
            same=self.same,
            different=self.different,
            changed_since=self.changed_since,
            missing=self.missing,
            enrolled_since=self.enrolled_since,
            gone_since=self.gone_since,
            lost=self.lost,
            different_ids=tuple(self.different_ids),
            missing_ids=tuple(self.missing_ids),
            lost_ids=tuple(self.lost_ids),
        )


def _name(ids: list[str], registration_id: RegistrationId) -> None:
    if len(ids) < NAMED_AT_MOST:
        ids.append(str(registration_id))


async def _compare(
    restored: AsyncIterator[_Opened],
    live: AsyncIterator[Live],
    are_erased: AreErased,
    counts: Counts,
) -> Report:
    # A row may become visible later than its stamp says: store.deposited tells why and how much.
    until = counts.watermark - deposited.MARGIN
    tally = _Tally(are_erased)
    kept = await anext(restored, None)
    last = UUID(int=0)
    async for one in live:
        if one.registration_id <= last:
            raise Refused("drill_order", "The live side did not come in order of its ids.")
        last = one.registration_id
        while kept is not None and kept.registration_id < last:
            await tally.kept_alone(kept)
            kept = await anext(restored, None)
        if kept is None or kept.registration_id != last:
            tally.live_alone(one, until)
            continue
        tally.pair(kept, one)
        kept = await anext(restored, None)
    while kept is not None:
        await tally.kept_alone(kept)
        kept = await anext(restored, None)
    await tally.settle()
    return tally.report(counts)
