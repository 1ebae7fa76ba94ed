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

from escrow import chain, manifests, retrying, schedule, staging
from escrow.model import FormatName
from escrow.opening import find_agent
from escrow.recording import Records, settled
from proxy.errors import ProxyError, Refused
from proxy.model.deposit import OPEN_STEPS, Deposit, Kind, Step
from proxy.store import deposited

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

KEPT: Final = timedelta(days=8)  # files of our own after they were made; receipts come within

Deliverable = tuple[str, str]  # name on disk, SHA-256 in hex


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


class Steps:
    """One stream at work, under its lock, over one connection."""

    def __init__(self, desk: Desk, stream: Stream, connection: Connection) -> None:
        self._desk = desk
        self._stream = stream
        self._records = Records(
            stream=stream, connection=connection, clock=desk.clock, draw=desk.draw
        )

    async def advance(self, *, wanted: Kind | None = None) -> Deposit | None:
        """Do the next thing that is due; the deposit it was done to, None when nothing is.

        `wanted` makes a deposit of that kind now, whatever the schedule says, and tries again now
        what failed. What fails is noted in the row and raised.
        """
        deposit = await self._superseded(await self._records.find_open())
        if deposit is None:
            deposit = await self._begin(wanted)
        if deposit is None:
            return None
        if wanted is None and not retrying.is_due(deposit.try_after, self._desk.clock.now()):
            return None
        try:
            step = self._stage if deposit.step is Step.STAGING else self._deliver
            return await step(deposit)
        except ProxyError as fault:
            await self._records.note_failure(deposit, fault.code)
            raise
        except OSError as fault:  # a full disk, a directory that is not ours
            await self._records.note_failure(deposit, "escrow_disk")
            raise Refused("escrow_disk", f"The outbox can not be used: {fault.strerror}.") from None

    # Which deposit

    async def _superseded(self, deposit: Deposit | None) -> Deposit | None:
        """The open deposit, unless a newer one is due: the newest state is what counts."""
        if deposit is None or deposit.delivered_files:
            return deposit
        due = schedule.plan_run(self._stream.schedule, deposit, self._desk.clock.now()).due
        if due is None or due.at <= deposit.slot:
            return deposit
        await self._records.give_up(deposit, deposit.reason or "superseded")
        return None

    async def _begin(self, wanted: Kind | None) -> Deposit | None:
        """A new deposit, if one is due or wanted."""
        now, earlier = self._desk.clock.now(), await self._records.earlier()
        resend = 0
        if wanted is not None:
            slot, kind = now, wanted
        else:
            plan = schedule.plan_run(self._stream.schedule, next(iter(earlier), None), now)
            await self._records.note_missed(plan.missed, earlier)
            again = chain.remake_of(earlier)
            if plan.due is not None:
                slot, kind = plan.due.at, plan.due.kind
            elif again is not None:
                # What an agent rejected, or we gave up, comes whole and current.
                slot, kind = again.slot, Kind.FULL
                resend = again.resend + (again.step is Step.REJECTED)
            else:
                return None
        agent = await find_agent(self._desk.ask, self._stream.agent)
        base = chain.base_of(self._stream, kind, earlier, agent.openpgp)
        deposit = chain.following(
            self._stream,
            slot=slot,
            base=await self._countable(base),
            earlier=earlier,
            resend=resend,
            deposit_id=self._records.new_id(),
            now=now,
        )
        await self._records.add(deposit)
        return deposit

    async def _countable(self, base: chain.Base) -> chain.Base:
        """The base, or none where an incremental deposit could not say how much there is in all."""
        if base.kind is Kind.FULL or self._stream.format is not FormatName.RFC8909:
            return base
        scope = staging.scope_of(self._stream, base.since)
        counted = await deposited.other_contacts(self._records.connection, scope)
        return chain.Base(kind=Kind.FULL) if counted is None else base

    # Stage

    async def _stage(self, deposit: Deposit) -> Deposit:
        agent = await find_agent(self._desk.ask, self._stream.agent)
        bench = await self._desk.bench(agent)
        # Another run each time: another watermark has another root.
        staged = await staging.stage(
            bench,
            staging.Order(
                stream=self._stream,
                deposit=deposit,
                agent=agent,
                directory=self._place(deposit),
                run=self._records.new_id(),
            ),
        )
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
        manifest = manifests.parse((deposit.manifest or "").encode())
        try:
            await asyncio.to_thread(staging.check_files, self._place(deposit), manifest)
        except Refused as fault:
            return await self._records.give_up(deposit, fault.code)
        await self._cool_down(deposit)
        transport = await self._desk.connect(self._stream, agent)
        try:
            deposit = await self._send(deposit, manifest, transport)
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
            raise Refused(
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
                place / file.name, file.name, file.sha256, former.get(file.name, ())
            )
            deposit = await self._records.note_delivered_file(deposit, number)
        if self._stream.options.with_manifest or self._stream.format is FormatName.RECOVERY:
            # Last: whoever finds the manifest finds what it names.
            for name in (manifests.SIGNATURE_NAME, manifests.NAME):
                content = await asyncio.to_thread((place / name).read_bytes)
                digest = manifests.digest(content).hex()
                await transport.deliver(place / name, f"{manifest.stem}_{name}", digest)
        return deposit

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
    there = [one for one in outbox.iterdir() if one.name in over]
    for one in there:
        shutil.rmtree(one, ignore_errors=True)
    return len(there)


def _former(earlier: Sequence[Deposit]) -> dict[str, list[str]]:
    """The SHA-256 of what was sent under each name before: names of some formats hold the day."""
    found: dict[str, list[str]] = {}
    for one in earlier:
        if one.manifest is not None:
            for file in manifests.parse(one.manifest.encode()).files:
                found.setdefault(file.name, []).append(file.sha256)
    return found


def _counts(manifest: Manifest) -> dict[str, str | int]:
    return {
        "registrations": manifest.registrations,
        "contacts": manifest.contacts,
        "deletes": manifest.deletes,
        "files": len(manifest.files),
        "octets": sum(one.octets for one in manifest.files),
    }
