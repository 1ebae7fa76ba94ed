"""An endpoint of a registrar on loopback, and a worker's part that delivers to it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from aiohttp import web
from aiohttp.test_utils import TestServer

from proxy.metrics import Registry
from proxy.model.webhook import WebhookId
from proxy.outbound.webhooks import HttpHooks
from proxy.services.deliver_webhooks import Deliverer, Delivering
from proxy.store import pool as pools
from proxy.store import published, webhooks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime

    from proxy.model.identifiers import ResellerId, TenantId
    from proxy.outer_ports import Hooks
    from proxy.ports import Clock
    from proxy.store.published import Lead
    from tests.support.database import Database

KEY = bytes(range(32))
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class Got:
    """A message as an endpoint got it."""

    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def data(self) -> Any:
        """What it says of the registration."""
        return json.loads(self.body)["data"]


@dataclass(slots=True)
class Sink:
    """An endpoint that notes what it gets, and answers as a test says."""

    got: list[Got] = field(default_factory=list)
    answer: Callable[[Got], int] = lambda _: 204
    url: str = ""
    gate: asyncio.Event | None = None  # while it is there and not set, nothing is answered

    async def take(self, request: web.Request) -> web.Response:
        """One message."""
        one = Got(dict(request.headers), await request.read())
        self.got.append(one)
        if self.gate is not None:
            await self.gate.wait()
        return web.Response(status=self.answer(one), headers={"Location": "http://127.0.0.1:9/"})

    def told(self) -> list[tuple[str, int]]:
        """Name and revision of everything it got, in order."""
        return [(one.data["domain"], one.data["revision"]) for one in self.got]


@contextlib.asynccontextmanager
async def sink() -> AsyncIterator[Sink]:
    """An endpoint for the length of the block."""
    made = Sink()
    application = web.Application()
    application.router.add_post("/events", made.take)
    async with TestServer(application) as server:
        made.url = str(server.make_url("/events"))
        yield made


@contextlib.asynccontextmanager
async def leading(database: Database, now: datetime) -> AsyncIterator[Lead]:
    """The sequencer's part, taken by hand: it stamps when a test says so."""
    async with published.leading(database.access("worker")) as lead:
        while not await lead.take():  # noqa: ASYNC110 - a lead before may be ending
            await asyncio.sleep(0)
        await lead.begin_epoch(now, uuid4())
        await stamp(lead, now)
        yield lead


async def stamp(lead: Lead, now: datetime) -> None:
    """Stamp all that waits."""
    while (done := await lead.stamp("", now, now)) is not None and done.rows:
        pass


async def add(
    database: Database,
    tenant_id: TenantId,
    url: str,
    now: datetime,
    reseller: ResellerId | None = None,
) -> WebhookId:
    """A webhook from now on."""
    made = WebhookId(uuid4())
    async with pools.connected(database.access("operator")) as connection:
        await webhooks.add(connection, made, tenant_id, url=url, reseller=reseller, now=now)
    return made


@contextlib.asynccontextmanager
async def delivering(
    database: Database, clock: Clock, hooks: Hooks | None = None
) -> AsyncIterator[Deliverer]:
    """A worker's part, which takes when a test says so."""
    pool = await pools.open_pool(database.access("worker"), max_size=4)
    async with HttpHooks([LOOPBACK]) as http:
        deliverer = Deliverer(
            Delivering(
                pool=pool,
                hooks=hooks or http,
                key=KEY,
                clock=clock,
                random=secrets.token_bytes,
                metrics=Registry(),
            )
        )
        try:
            yield deliverer
        finally:
            await deliverer.settle()
            pool.terminate()


async def deliver(deliverer: Deliverer) -> None:
    """Everything that is due now."""
    while await deliverer.take():
        await deliverer.settle()


def ids(found: list[Got]) -> list[UUID]:
    """The ids of messages."""
    return [UUID(one.headers["webhook-id"]) for one in found]
