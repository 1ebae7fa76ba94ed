"""A deposit carried through its first two steps: stage and deliver. Receipts: escrow.collecting.

Flow: the schedule says what is due → a row → files on disk (staged) → at the agent (delivered).
Failure: a step that fails is tried again later, by itself; its reason stands in the row.
Retry: staging begins anew at a new watermark; delivery sends the identical octets again.
Cursor: the row's step and the number of files delivered; each change is one statement with its
ledger entry. Lock: one advisory lock a stream, held by the connection of who works on it.
Idempotency: files have one name each; a file that is there already is not sent twice.
Determinism: nothing here writes contents. Secrets: none here; octets are encrypted before.
Manual run: `privacyproxy escrow deposit`. Logs: ids, codes and counts.
Source: design.md s4.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from escrow import beginning, chain, manifests, own_manifest, retrying, staging
from escrow.opening import find_agent
from escrow.recording import Postponed, Records, settled
from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.model.deposit import OPEN_STEPS, Deposit, Kind, Step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from escrow.model import Manifest, Stream
    from escrow.opening import Agent, Ask
    from escrow.staging import Bench
    from escrow.transport.base import Transport
    from proxy.ports import Clock
    from proxy.store.pool import Connection

COSTLY_WAIT: Final = timedelta(hours=6)  # four tries a day, what an agent's budget allows
KEPT: Final = timedelta(days=8)  # files of our own after they were made; receipts come within


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the steps work with; made anew for each command or process."""

    ask: Ask
    clock: Clock
    draw: Callable[[int], bytes]
    outbox: Path
    bench: Callable[[Agent], Awaitable[Bench]]
    """The staging bench for an agent's key; raises when the certificate is not there."""

    connect: Callable[[Stream, Agent], Awaitable[Transport]]
    """A transport to the agent; raises what keeps it away."""

    read_signed: Callable[[bytes, str], bytes]
    """A report's octets once the agent's signature holds; raises otherwise."""

    check_own: Callable[[bytes, bytes], None]
    """Returns when a detached signature over a text is ours; raises otherwise."""


class Steps:
    """One stream at work, under its lock, over one connection."""

    def __init__(
        self,
        desk: Desk,
        stream: Stream,
        connection: Connection,
        *,
        staging_turn: asyncio.Lock | None = None,
    ) -> None:
        """Who works on several streams hands in a lock: files are made for one at a time."""
        self._desk = desk
        self._turn = staging_turn or asyncio.Lock()
        self._stream = stream
        self._records = Records(
            stream=stream, connection=connection, clock=desk.clock, draw=desk.draw
        )

    async def advance(self, *, wanted: Kind | None = None) -> Deposit | None:
        """Do the next thing that is due; the deposit it was done to, None when nothing is.

        `wanted` makes a deposit of that kind now, whatever the schedule says, and tries again now
        what failed. What fails is noted in the row and raised.
        """
        deposit = await self._find(wanted)
        if deposit is None:
            return None
        if wanted is None and not retrying.is_due(deposit.try_after, self._desk.clock.now()):
            return None
        begun = asyncio.Event()
        try:
            if deposit.step is Step.STAGING:
                return await self._stage(deposit, begun)
            return await self._deliver(deposit)
        except Postponed:
            raise
        except ProxyError as fault:
            await self._note_failure(deposit, fault.code, begun)
            raise self._explained(fault) from None
        except OSError as fault:  # a full disk, a directory that is not ours
            await self._note_failure(deposit, "escrow_disk", begun)
            raise Refused("escrow_disk", f"The outbox can not be used: {fault.strerror}.") from None
        except Exception:
            begun.set()  # nobody knows what it would cost to try at once
            await self._note_failure(deposit, "escrow_bug", begun)
            raise

    async def _find(self, wanted: Kind | None) -> Deposit | None:
        """The open deposit, or a new one if one is due or wanted."""
        deposit = await beginning.open_deposit(self._records)
        if deposit is not None:
            return deposit
        if wanted is None and not await beginning.is_due(self._records):
            return None
        agent = await find_agent(self._desk.ask, self._stream.agent)
        return await beginning.begin(self._records, agent, wanted)

    async def _note_failure(self, deposit: Deposit, code: str, begun: asyncio.Event) -> None:
        # Each try that opens people costs of the agent's budget; `escrow deposit` tries at once.
        costs = begun.is_set() or code == "budget"
        await self._records.note_failure(deposit, code, COSTLY_WAIT if costs else timedelta(0))

    def _explained(self, fault: ProxyError) -> ProxyError:
        if fault.code != "budget":
            return fault
        return Refused(
            "budget",
            f"Agent {self._stream.agent} had as many deposits in 24 hours as the roster allows it "
            "(deposits_per_day), or all agents together as many as the vault does. Failed tries, "
            "dry runs and drills count. `escrow status` says what the tries failed with.",
        )

    # Stage

    async def _stage(self, deposit: Deposit, begun: asyncio.Event) -> Deposit:
        agent = await find_agent(self._desk.ask, self._stream.agent)
        bench = await self._desk.bench(agent)
        # Another run each time: another watermark has another root.
        order = staging.Order(
            stream=self._stream,
            deposit=deposit,
            agent=agent,
            directory=self._place(deposit),
            run=self._records.new_id(),
            begun=begun,
        )
        async with self._turn:
            staged = await staging.stage(bench, order)
        after = replace(
            settled(deposit, Step.STAGED, self._desk.clock.now()),
            watermark=staged.manifest.watermark,
            fingerprint=agent.openpgp,
            manifest=staged.text.decode(),
            manifest_sha256=manifests.digest(staged.text),
        )
        facts = _counts(staged.manifest)
        return await self._records.advance(deposit, after, "deposit_staged", facts)

    # Deliver

    async def _deliver(self, deposit: Deposit) -> Deposit:
        agent = await find_agent(self._desk.ask, self._stream.agent)
        if agent.openpgp != deposit.fingerprint:
            return await self._records.give_up(deposit, "agent_changed")
        target = chain.Target(
            stream=self._stream,
            fingerprint=agent.openpgp,
            place=chain.place_of(self._stream, agent.host, agent.port),
        )
        if not target.has(deposit):
            # Staged for another place, or of other names: an incremental one would lack its base.
            return await self._records.give_up(deposit, "plan_changed")
        try:
            manifest, _, _ = await asyncio.to_thread(own_manifest.read, self._desk, deposit)
            await asyncio.to_thread(staging.check_files, self._place(deposit), manifest)
        except (Refused, InvalidInput) as fault:
            return await self._records.give_up(deposit, fault.code)
        await self._cool_down(deposit)
        transport = await self._desk.connect(self._stream, agent)
        try:
            deposit = await self._send(deposit, manifest, transport)
            if own_manifest.is_sent(self._stream):
                await self._send_manifest(deposit, manifest, transport)
        finally:
            await transport.close()
        after = settled(deposit, Step.DELIVERED, self._desk.clock.now())
        return await self._records.advance(
            deposit, after, "deposit_delivered", {"host": agent.host}
        )

    async def _cool_down(self, deposit: Deposit) -> None:
        last = max(
            (
                one.delivered_at
                for one in await self._records.earlier()
                if one.delivered_at is not None and one.id != deposit.id
            ),
            default=None,
        )
        if last is None or deposit.delivered_files:
            return
        until = last + timedelta(seconds=self._stream.cool_down_s)
        if self._desk.clock.now() < until:
            await self._records.postpone(deposit, until)
            raise Postponed(
                "escrow_cool_down",
                "The agent got the previous deposit a moment ago and might merge the two; "
                f"this one is sent after {until:%Y-%m-%d %H:%M} UTC.",
            )

    async def _send(self, deposit: Deposit, manifest: Manifest, transport: Transport) -> Deposit:
        place = self._place(deposit)
        former = _former(await self._records.earlier())
        for number, file in enumerate(manifest.files, start=1):
            if number <= deposit.delivered_files:
                continue
            await transport.deliver(
                place / file.name, file.name, file.sha256, former.get(file.name, {})
            )
            deposit = await self._records.note_delivered_file(deposit, number)
        return deposit

    async def _send_manifest(
        self, deposit: Deposit, manifest: Manifest, transport: Transport
    ) -> None:
        _, text, signature = await asyncio.to_thread(own_manifest.read, self._desk, deposit)
        locals_ = (manifests.SIGNATURE_NAME, manifests.NAME)
        names = own_manifest.named(manifest, text, signature)
        for local, (name, content) in zip(locals_, names, strict=True):
            digest = manifests.digest(content).hex()
            await transport.deliver(self._place(deposit) / local, name, digest)

    def _place(self, deposit: Deposit) -> Path:
        return self._desk.outbox / str(deposit.id)


def tidy(outbox: Path, known: Sequence[Deposit], now: datetime) -> int:
    """How many directories of settled deposits were removed; those still needed stay."""
    over = {
        str(one.id)
        for one in known
        if one.step in {Step.ABANDONED, Step.REJECTED}
        or (one.step not in OPEN_STEPS and now - one.made_at > KEPT)
    }
    if not outbox.is_dir():
        return 0
    known_ids = {str(one.id) for one in known}
    oldest = (now - KEPT).timestamp()
    there = [
        one
        for one in outbox.iterdir()
        # What no row of this stream names is another stream's, or of nobody any more.
        if one.name in over or (one.name not in known_ids and one.stat().st_mtime < oldest)
    ]
    for one in there:
        shutil.rmtree(one, ignore_errors=True)
    return len(there)


def _former(earlier: Sequence[Deposit]) -> dict[str, dict[str, int]]:
    """SHA-256 and length by name of what was sent and is worth nothing: it may be replaced."""
    found: dict[str, dict[str, int]] = {}
    for one in earlier:
        if one.manifest is not None and one.step in {Step.REJECTED, Step.ABANDONED}:
            for file in manifests.parse(one.manifest.encode()).files:
                found.setdefault(file.name, {})[file.sha256] = file.octets
    return found


def _counts(manifest: Manifest) -> dict[str, str | int]:
    return {
        "registrations": manifest.registrations,
        "contacts": manifest.contacts,
        "deletes": manifest.deletes,
        "files": len(manifest.files),
        "octets": sum(one.octets for one in manifest.files),
    }
