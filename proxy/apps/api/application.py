"""The registrar API as one aiohttp application: routes, sizes, the OpenAPI document."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from proxy.apps import approvals
from proxy.apps.api import (
    account,
    changes,
    events,
    imports,
    office,
    openapi,
    public_records,
    publishing,
    read_back,
    registrations,
    search,
)
from proxy.apps.api.office import OFFICE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.apps.api.office import Office
    from proxy.wire.frames import Answer, Request


def build(
    parts: Office,
    version: str,
    ask: Callable[[Request], Awaitable[Answer]],
    admit: Callable[[web.Request], None],
) -> web.Application:
    """The application; `version` is told by the OpenAPI document, `ask` is put to the vault.

    `admit` raises RateLimited on routes that need no key; the others count by theirs.
    """
    application = web.Application(
        middlewares=[office.middleware(parts)], client_max_size=parts.limits.body_octets
    )
    application[OFFICE] = parts

    @functools.cache  # made when it is first asked for: no start waits for it
    def document() -> bytes:
        return msgspec.json.encode(openapi.document(version))

    async def get_document(_: web.Request) -> web.StreamResponse:
        return web.Response(body=document(), content_type="application/json")

    application.router.add_get("/openapi.json", get_document)
    application.router.add_routes(registrations.routes)
    application.router.add_routes(changes.routes)
    application.router.add_routes(imports.routes)
    application.router.add_routes(account.routes)
    application.router.add_routes(events.routes)
    application.router.add_routes(public_records.routes)
    application.router.add_routes(read_back.routes(ask))
    application.router.add_routes(publishing.routes(ask))
    application.router.add_routes(search.routes(ask))
    application.router.add_routes(approvals.routes("/v1", ask, admit))
    return application
