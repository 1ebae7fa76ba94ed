"""The worker: sequences the journal, tidies, sends webhooks. Any number may run.

Holds nothing durable but the key that webhooks are signed with.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING

from proxy.errors import Unavailable
from proxy.run import sponsors, worker_cases, worker_publications, worker_webhooks
from proxy.services import doubt_publications, retain, verify_emails
from proxy.services.publish import Sequencer

if TYPE_CHECKING:
    from proxy.hosting.process import Process


async def serve(process: Process) -> None:
    """Work until told to stop."""
    access = process.database
    if access is None:
        raise Unavailable("database", "The worker needs a database.")
    draw = secrets.token_bytes
    sequencer = Sequencer(
        access,
        process.clock,
        draw,
        process.metrics,
        restored=lambda connection, now: doubt_publications.doubt(connection, draw, now),
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sequencer.run(process.stopping))
        tasks.create_task(
            retain.run(access, process.clock, draw, process.metrics, process.stopping)
        )
        tasks.create_task(
            verify_emails.run(access, process.clock, draw, process.metrics, process.stopping)
        )
        tasks.create_task(sponsors.find(process, access))
        for one in worker_cases.rounds(process, access):
            tasks.create_task(one)
        tasks.create_task(worker_webhooks.run(process, access))
        tasks.create_task(worker_publications.run(process, access))
        process.ready()
