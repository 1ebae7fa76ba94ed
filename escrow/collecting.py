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

from escrow import chain, manifests, own_manifest, receipts
from escrow.opening import find_agent
from escrow.receipts import Outcome
from escrow.recording import Records, settled
from proxy.errors import Conflict, ProxyError
from proxy.model.deposit import Deposit, Step
from proxy.store import deposits

if TYPE_CHECKING:
    from collections.abc import Sequence
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
            place = chain.place_of(stream, agent.host, agent.port)
            read = [await _read_back(desk, records, one, transport, place) for one in waiting]
            return tuple(one for one in read if one is not None)
        found = await _reports(desk, stream, agent, transport, since)
    finally:
        await transport.close()
    matched = _matched(waiting, found)
    return tuple(
        [
            await _conclude(records, one, receipt.outcome, receipt.sha256, "agent")
            for one, receipt in matched
            if receipt is not None
        ]
    )


def _matched(
    waiting: Sequence[Deposit], found: Sequence[Receipt]
) -> list[tuple[Deposit, Receipt | None]]:
    """Each deposit with its receipt; a report speaks of one deposit, the oldest that it fits."""
    left, matched = list(found), []
    for one in reversed(waiting):
        receipt = receipts.match(one, left)
        matched.append((one, receipt))
        if receipt is not None:
            left = [other for other in left if other.sha256 != receipt.sha256]
    return matched


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


async def _read_back(
    desk: Desk, records: Records, deposit: Deposit, transport: Transport, place: str
) -> Deposit | None:
    """The deposit once what lies there was compared with what we signed; None where it can not."""
    manifest, text, signature = await asyncio.to_thread(own_manifest.read, desk, deposit)
    if manifest.place != place:
        return None  # the plan or the roster points elsewhere now: nobody answers for it any more
    wanted = {one.name: (one.sha256, one.octets) for one in manifest.files}
    if own_manifest.is_sent(records.stream):
        for name, content in own_manifest.named(manifest, text, signature):
            wanted[name] = (manifests.digest(content).hex(), len(content))
    there = {name: await transport.digest(name, octets) for name, (_, octets) in wanted.items()}
    if None in there.values():
        # Fetched, it may be: what is not there proves nothing, and the alarm tells in the end.
        return None
    is_same = all(there[name] == sha256 for name, (sha256, _) in wanted.items())
    outcome = Outcome.VERIFIED if is_same else Outcome.FAILED
    return await _conclude(records, deposit, outcome, deposit.manifest_sha256, "read_back")


async def _conclude(
    records: Records,
    deposit: Deposit,
    outcome: Outcome,
    receipt_sha256: bytes | None,
    by: str,
) -> Deposit:
    """The deposit at its last step; as it is where somebody else concluded it meanwhile."""
    facts = {"by": by, "receipt": "" if receipt_sha256 is None else receipt_sha256.hex()}
    if outcome is Outcome.VERIFIED:
        after = settled(deposit, Step.VERIFIED, records.clock.now())
        after, kind = replace(after, receipt_sha256=receipt_sha256), "deposit_verified"
    else:
        kind, reason = "deposit_rejected", f"receipt_{outcome.value}"
        facts["reason"] = reason
        after = replace(deposit, step=Step.REJECTED, receipt_sha256=receipt_sha256, reason=reason)
        _log.error(
            "deposit_refused", stream=deposit.stream, deposit_id=str(deposit.id), reason=reason
        )
    try:
        return await records.advance(deposit, after, kind, facts)
    except Conflict:
        found = await deposits.find(records.connection, deposit.tenant_id, deposit.id)
        return deposit if found is None else found
