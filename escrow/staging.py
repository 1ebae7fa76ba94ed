"""The first step of a deposit: from one database snapshot to encrypted files on disk.

Flow: snapshot → what must be in it → the vault's leaf → rows opened, written, sealed, batch by
batch → what was written compared with the snapshot → manifest, signed.
Failure: anything wrong raises and leaves nothing behind; registrations are named by id.
Retry: from the beginning, with a new watermark: a past state can not be rebuilt honestly.
Idempotency: the caller commits what is returned; until then the directory counts for nothing.
Determinism: the same rows give the same plaintext; the encrypted octets differ each time.
Secrets: data keys come for this run alone; no plaintext touches a disk; memory is flat.
Manual run: `privacyproxy escrow deposit STREAM [--dry-run]`. Logs: ids and counts.
Source: design.md s4 (Deposit); vault.md, Grants (deposit).
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from escrow import chain, checking, manifests, preflight, stopping
from escrow.files import FileSet
from escrow.formats import registry
from escrow.model import FormatName, Head, Manifest, Underlying, Whose
from escrow.opening import ERASED, DepositRun
from proxy.errors import Refused
from proxy.model.deposit import Kind, Scope
from proxy.model.identifiers import State
from proxy.store import deposited
from proxy.vault import files, persons
from proxy.vault.tree import Frontier

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from escrow.files import Sealing
    from escrow.formats.base import Writer
    from escrow.model import Stream, Tally
    from escrow.opening import Agent, Ask, Opened, Unseal
    from proxy.model.deposit import Account, Deposit, Depositable
    from proxy.ports import Clock
    from proxy.store.deposited import Snapshot
    from proxy.store.pool import Access

# A registry knows a name once it is active; claims are of other sponsors' names.
_SPONSORED: Final = frozenset({State.ACTIVE, State.ENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What staging works with."""

    access: Access
    ask: Ask
    unseal: Unseal
    clock: Clock
    seal: Callable[[Path], Sealing]
    """Begins an encrypted and signed file for the agent's key."""

    sign: Callable[[bytes], bytes]
    """A detached signature of ours."""

    signer: str
    """The fingerprint of our key."""

    recipients: tuple[str, ...]
    progress: Callable[[int, int], None]
    """Told how many registrations of how many are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be staged."""

    stream: Stream
    deposit: Deposit
    agent: Agent
    directory: Path
    run: UUID
    """The vault's run; another one for each attempt."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the vault has begun it: from then on an attempt costs of the agent's budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Files on disk, ready to be sent."""

    manifest: Manifest
    text: bytes
    """The manifest as it is hashed and signed."""


def scope_of(stream: Stream, since: datetime | None) -> Scope:
    """Which registrations belong into a deposit of this stream.

    An own copy holds whatever a person is behind, also reservations, claims, and names that ended
    and are kept; an accreditation's deposit holds what it sponsors under generic domains.
    """
    is_own = stream.whose is Whose.OWN_COPY
    return Scope(
        tenant_id=stream.tenant_id,
        accreditation=stream.own_accreditation,
        states=frozenset(State) if is_own else _SPONSORED,
        with_country_codes=is_own,
        since=since,
    )


async def stage(bench: Bench, order: Order) -> Staged:
    """The deposit in its directory, which is made anew; raises without leaving it behind."""
    await asyncio.to_thread(_make_anew, order.directory)
    try:
        watermark = bench.clock.now().replace(microsecond=0)
        known = await preflight.count_people(bench.ask, order.stream)
        async with deposited.snapshot(bench.access) as snapshot:
            whole = scope_of(order.stream, None)
            await preflight.check_people(snapshot, bench.ask, order.stream, whole, known)
            return await _Stage(bench, order, snapshot, watermark).make()
    except BaseException:
        await asyncio.to_thread(shutil.rmtree, order.directory, ignore_errors=True)
        raise


async def root_of(snapshot: Snapshot, scope: Scope) -> tuple[int, bytes]:
    """How many records a scope has, and the root over their hashes in order of their keys."""
    frontier = Frontier()
    async for batch in snapshot.hashes(scope):
        frontier = await asyncio.to_thread(frontier.extended, [one.sha256 for one in batch])
    return frontier.size, frontier.root()


class _Stage:
    """One staging at one snapshot."""

    def __init__(self, bench: Bench, order: Order, snapshot: Snapshot, watermark: datetime) -> None:
        self._bench = bench
        self._order = order
        self._stream = order.stream
        self._deposit = order.deposit
        self._agent = order.agent
        self._snapshot = snapshot
        self._watermark = watermark
        self._scope = scope_of(order.stream, order.deposit.since)
        self._done = 0
        self._erased = 0
        self._refused: dict[str, str] = {}

    async def make(self) -> Staged:
        directory = self._order.directory
        await preflight.check(self._snapshot, self._bench.access, self._stream, self._scope)
        head = await self._head()
        file_set = FileSet(
            directory, self._bench.seal, compress=self._stream.options.compression == "gzip"
        )
        try:
            tally = await self._write(head, file_set)
        finally:
            await asyncio.to_thread(file_set.abort)
        self._check(head, tally)
        manifest = self._manifest(head, tally, file_set)
        text = manifests.render(manifest)
        await asyncio.to_thread(self._keep, directory, text)
        await asyncio.to_thread(check_files, directory, manifest)
        return Staged(manifest=manifest, text=text)

    async def _head(self) -> Head:
        account = await self._snapshot.tenant(self._stream.tenant_id)
        own = next(
            (one for one in account.accreditations if one.id == self._stream.own_accreditation),
            None,
        )
        whole = scope_of(self._stream, None)
        total = await self._snapshot.count(whole)
        is_whole = self._scope.since is None
        others = 0 if is_whole else await self._snapshot.other_contacts(self._scope)
        return Head(
            id=self._deposit.id,
            stream=self._stream,
            kind=self._deposit.kind,
            watermark=self._watermark,
            sequence=self._deposit.sequence,
            resend=self._deposit.resend,
            previous=self._deposit.previous,
            iana_id=None if own is None else own.iana_id,
            registrar_name=account.name if own is None else own.registrar_name,
            registrations=total if is_whole else await self._snapshot.count(self._scope),
            total=total,
            other_contacts=others or 0,
            account=account,
        )

    async def _write(self, head: Head, file_set: FileSet) -> Tally:
        format_ = registry.FORMATS[self._stream.format]
        writer = await asyncio.to_thread(format_.writer, head, file_set.open_file)
        if head.registrations:
            run = DepositRun(
                self._bench.ask,
                self._bench.unseal,
                run=self._order.run,
                tenant_id=self._stream.tenant_id,
            )
            records, root = await root_of(self._snapshot, self._scope)
            await run.begin(self._agent, records=records, root=root)
            self._order.begun.set()
            catalogue = _Index(head.account, self._stream.format)
            async for batch in run.opened(self._snapshot.rows(self._scope)):
                await self._add(writer, catalogue, batch, head)
            await run.end()
        self._refuse_unopened()
        if head.kind is not Kind.FULL:
            async for gone in self._snapshot.gone(self._scope):
                await asyncio.to_thread(writer.remove, gone)
        return await asyncio.to_thread(writer.finish)

    async def _add(self, writer: Writer, catalogue: _Index, batch: Opened, head: Head) -> None:
        self._erased += sum(code == ERASED for code in batch.refused.values())
        self._refused |= {key: code for key, code in batch.refused.items() if code != ERASED}
        if not self._refused:  # else nothing will be sent; the rest is opened to name all of it
            rows = await asyncio.to_thread(catalogue.underlying, batch)
            await asyncio.to_thread(writer.add, rows)
        self._done += len(batch.rows) + len(batch.refused)
        self._bench.progress(self._done, head.registrations)

    def _refuse_unopened(self) -> None:
        if self._refused:
            stopping.log("escrow_unreadable", self._refused)
            raise Refused(
                "escrow_unreadable",
                f"{len(self._refused)} registrations can not be opened "
                f"({stopping.some(self._refused)}); the log says why. Nothing was sent.",
            )

    def _check(self, head: Head, tally: Tally) -> None:
        for fault in checking.faults(head, tally, erased=self._erased):
            stopping.log(fault.code, dict.fromkeys(fault.registrations, fault.code))
            raise Refused(
                fault.code,
                f"{fault.sentence} {stopping.some(fault.registrations)} Nothing was sent.",
            )

    def _manifest(self, head: Head, tally: Tally, file_set: FileSet) -> Manifest:
        stream = self._stream
        return Manifest(
            deposit=str(head.id),
            stream=stream.id,
            tenant=str(stream.tenant_id),
            accreditation=stream.accreditation,
            whose=stream.whose,
            format=stream.format,
            kind=head.kind,
            watermark=head.watermark,
            sequence=head.sequence,
            resend=head.resend,
            previous="" if head.previous is None else str(head.previous),
            agent=self._agent.id,
            recipients=self._bench.recipients,
            signer=self._bench.signer,
            registrations=tally.domains,
            total=head.total,
            contacts=tally.contacts,
            deletes=tally.deletes,
            files=file_set.finished(),
            place=chain.place_of(stream, self._agent.host, self._agent.port),
        )

    def _keep(self, directory: Path, text: bytes) -> None:
        files.write(directory / manifests.NAME, text)
        files.write(directory / manifests.SIGNATURE_NAME, self._bench.sign(text))


class _Index:
    """Profiles and accreditations by id, to join rows with."""

    def __init__(self, account: Account, format_: FormatName) -> None:
        # The recovery format writes records as they are and looks at the registrant alone.
        is_verbatim = format_ is FormatName.RECOVERY
        self._parse = persons.parse_registrant if is_verbatim else persons.parse_identity
        self._profiles = {one.id: one for one in account.profiles}
        self._accreditations = {one.id: one for one in account.accreditations}

    def underlying(self, batch: Opened) -> list[Underlying]:
        """The rows of a batch with the people behind them."""
        return [
            self._one(row, identity)
            for row, identity in zip(batch.rows, batch.plaintexts, strict=True)
        ]

    def _one(self, row: Depositable, identity: bytes) -> Underlying:
        declared = row.registration.declared
        return Underlying(
            registration=row.registration,
            record_version=row.record_version,
            changed_at=row.changed_at,
            lapses_at=row.lapses_at,
            hold=row.hold,
            profile=self._profiles[declared.profile],
            accreditation=self._accreditations[declared.accreditation],
            contacts=self._parse(identity),
            identity=identity,
            declared=row.declared,
            former_aliases=row.former_aliases,
        )


def check_files(directory: Path, manifest: Manifest) -> None:
    """Return when every file is on disk as it was written; Refused `escrow_file_changed`.

    Asked before sending, each time: between steps the files lie on a disk.
    """
    for file in manifest.files:
        hashed, octets = hashlib.sha256(), 0
        try:
            with (directory / file.name).open("rb") as source:
                while block := source.read(1 << 20):
                    hashed.update(block)
                    octets += len(block)
        except FileNotFoundError:
            octets = -1
        if (octets, hashed.hexdigest()) != (file.octets, file.sha256):
            raise Refused(
                "escrow_file_changed",
                f"{file.name} is not what was staged. The deposit will be made anew.",
            )


def _make_anew(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.parent.mkdir(mode=files.PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    files.make_directory(directory)
