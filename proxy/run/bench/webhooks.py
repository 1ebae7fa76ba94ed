"""Webhooks: events delivered a second to one endpoint on loopback, each name's in order.

A real PostgreSQL with fsync, a real HTTP server in a process of its own that checks the order of
each name; the deliverer runs here as it does in the worker. The floor posts as many bodies of the
same size to the same server, as many at once, without database, order or signature.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import multiprocessing
import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import aiohttp
from aiohttp import web

from proxy.errors import Unavailable
from proxy.hosting.process import SystemClock
from proxy.metrics import Registry
from proxy.model.identifiers import TenantId
from proxy.model.webhook import WebhookId
from proxy.outbound.webhooks import HttpHooks
from proxy.run.bench.result import Result
from proxy.services.deliver_webhooks import SIDE_BY_SIDE, Deliverer, Delivering
from proxy.store import embedded, migrate, pool, webhooks
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe
    from pathlib import Path
    from subprocess import Popen

    from proxy.store.embedded import Cluster

EVENTS: Final = 20_000
NAMES: Final = 5_000  # so that each has some events, near each other
GOAL: Final = 1_000
_TENANT: Final = TenantId(UUID(int=1))
_HOOK: Final = WebhookId(UUID(int=2))
_NOW: Final = datetime(2026, 11, 1, tzinfo=UTC)
_LOOPBACK: Final = ipaddress.ip_network("127.0.0.0/8")
_FILL: Final = """
WITH owner AS (
  INSERT INTO tenant (id, name, created_at) VALUES ($1, 'Bench', $2)
), epoch AS (
  INSERT INTO journal_epoch (epoch, cluster, first_pos, next_pos, began_at, current_at)
  VALUES (1, 'bench', 1, $3::bigint + 1, $2, $2)
)
INSERT INTO event (id, tenant_id, kind, registration_id, domain, body, at, pos)
SELECT gen_random_uuid(), $1, 'registration.changed', $1, name,
       jsonb_build_object('registration', $1, 'domain', name, 'revision', number,
                          'state', 'active', 'mode', 'proxy'), $2, number
FROM (SELECT number, 'bench-' || (number / 8 * 3 + number) % $4 || '.example' AS name
      FROM generate_series(1, $3::bigint) number) one
"""


def measure(scratch: Path) -> Result:
    """Deliveries a second, beside those of a bare client; fails where an order was broken."""
    cluster = embedded.Cluster(scratch / "postgresql")
    cluster.prepare()
    postmaster = cluster.start()
    ours, theirs = multiprocessing.Pipe()
    sink = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,))
    sink.start()
    try:
        asyncio.run(_prepare(cluster, postmaster))
        url = str(ours.recv())
        floor = asyncio.run(_floor(url))
        delivered = asyncio.run(_deliver(cluster, url))
        ours.send("end")
        told: dict[str, int] = ours.recv()
    finally:
        sink.terminate()
        sink.join()
        cluster.stop(postmaster)
        cluster.close()
    if told != {"events": EVENTS, "out_of_order": 0}:
        raise Unavailable("bench", f"The endpoint counted {told}.")
    return Result(
        name="webhooks",
        floor=round(floor),
        result=round(delivered),
        ratio=round(delivered / floor, 3),
        goal=f">= {GOAL}/s to one endpoint, in order",
        unit="events/s",
        details={"events": EVENTS, "names": NAMES},
    )


async def _prepare(cluster: Cluster, postmaster: Popen[bytes]) -> None:
    await cluster.wait_ready(postmaster)
    await migrate.migrate(cluster.access(LoginRole.OWNER), now=_NOW)


async def _deliver(cluster: Cluster, url: str) -> float:
    async with pool.connected(cluster.access(LoginRole.OWNER)) as connection:
        await connection.execute(_FILL, _TENANT, _NOW, EVENTS, NAMES)
        await webhooks.add(connection, _HOOK, _TENANT, url=url, reseller=None, now=_NOW)
        await connection.execute("UPDATE webhook SET pos = 0")
    connections = await pool.open_pool(cluster.access(LoginRole.WORKER), max_size=4)
    async with HttpHooks([_LOOPBACK]) as hooks:
        deliverer = Deliverer(
            Delivering(
                pool=connections,
                hooks=hooks,
                key=bytes(32),
                clock=SystemClock(),
                random=secrets.token_bytes,
                metrics=Registry(),
            )
        )
        began = time.perf_counter()
        while await deliverer.take():
            await deliverer.settle()
        took = time.perf_counter() - began
    connections.terminate()
    return EVENTS / took


async def _floor(url: str) -> float:
    body = json.dumps({"floor": "x" * 220}).encode()
    left = iter(range(EVENTS))
    async with aiohttp.ClientSession() as session:

        async def post() -> None:
            for _ in left:
                async with session.post(url, data=body):
                    pass

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(SIDE_BY_SIDE)))
        return EVENTS / (time.perf_counter() - began)


def _serve(pipe: Pipe) -> None:
    asyncio.run(_sink(pipe))


async def _sink(pipe: Pipe) -> None:
    last: dict[str, int] = {}
    counted = {"events": 0, "out_of_order": 0}

    async def take(request: web.Request) -> web.Response:
        told: dict[str, Any] = json.loads(await request.read())
        if (data := told.get("data")) is not None:
            counted["events"] += 1
            counted["out_of_order"] += last.get(data["domain"], 0) >= data["revision"]
            last[data["domain"]] = data["revision"]
        return web.Response(status=204)

    application = web.Application()
    application.router.add_post("/", take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    pipe.send(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await asyncio.to_thread(pipe.recv)
    pipe.send(counted)
