"""The third step: the agent's receipts, fetched, believed or not, and linked to their deposits.

An agent without reports is read back: the octets that lie there are compared with those that were
made. A report that can not be believed is no receipt; the alarm of a receipt that does not come
tells in the end. Source: protocols facts s3.6.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from escrow import manifests, receipts
from escrow.opening import find_agent
from escrow.receipts import Outcome
from escrow.recording import Records, settled
from proxy.errors import ProxyError
from proxy.model.deposit import Deposit, Step

if TYPE_CHECKING:
    from datetime import datetime

    from escrow.model import Stream
    from escrow.opening import Agent
    from escrow.receipts import Receipt
    from escrow.steps import Desk
    from escrow.transport.base import Transport
    from proxy.store.pool import Connection

WAITED: Final = timedelta(days=7)  # a receipt that comes later is the agent's to explain

_log = structlog.get_logger()


async def collect(desk: Desk, stream: Stream, connection: Connection) -> tuple[Deposit, ...]:
    """The deposits for which a receipt came, with their new step."""
    records = Records(stream=stream, connection=connection, clock=desk.clock, draw=desk.draw)
    since = desk.clock.now() - WAITED
    waiting = [
        one
        for one in await records.earlier()
        if one.step is Step.DELIVERED and one.delivered_at is not None and one.delivered_at > since
    ]
    if not waiting:
        return ()
    agent = await find_agent(desk.ask, stream.agent)
    transport = await desk.connect(stream, agent)
    try:
        if not stream.receipts:
            return tuple([await _read_back(records, one, transport) for one in waiting])
        found = await _reports(desk, stream, agent, transport, since)
    finally:
        await transport.close()
    matched = [(one, receipts.match(one, found)) for one in waiting]
    return tuple(
        [
            await _conclude(records, one, receipt.outcome, receipt.sha256, "agent")
            for one, receipt in matched
            if receipt is not None
        ]
    )


async def _reports(
    desk: Desk, stream: Stream, agent: Agent, transport: Transport, since: datetime
) -> list[Receipt]:
    found: list[Receipt] = []
    for name, content in await transport.reports(stream.receipts, since):
        try:
            signed = content
            if not stream.unsigned_receipts:
                signed = await asyncio.to_thread(desk.read_signed, content, agent.openpgp)
            found.append(receipts.parse(name, signed))
        except ProxyError as fault:
            _log.warning("receipt_refused", stream=stream.id, reason=fault.code)
    return found


async def _read_back(records: Records, deposit: Deposit, transport: Transport) -> Deposit:
    manifest = manifests.parse((deposit.manifest or "").encode())
    there = [await transport.digest(file.name) == file.sha256 for file in manifest.files]
    outcome = Outcome.VERIFIED if all(there) else Outcome.FAILED
    return await _conclude(records, deposit, outcome, deposit.manifest_sha256, "read_back")


async def _conclude(
    records: Records,
    deposit: Deposit,
    outcome: Outcome,
    receipt_sha256: bytes | None,
    by: str,
) -> Deposit:
    facts = {"by": by, "receipt": "" if receipt_sha256 is None else receipt_sha256.hex()}
    if outcome is Outcome.VERIFIED:
        after = settled(deposit, Step.VERIFIED, records.clock.now())
        after = replace(after, receipt_sha256=receipt_sha256)
        return await records.advance(deposit, after, "deposit_verified", facts)
    reason = f"receipt_{outcome.value}"
    _log.error("deposit_refused", stream=deposit.stream, deposit_id=str(deposit.id), reason=reason)
    after = replace(deposit, step=Step.REJECTED, receipt_sha256=receipt_sha256, reason=reason)
    return await records.advance(deposit, after, "deposit_rejected", {**facts, "reason": reason})
