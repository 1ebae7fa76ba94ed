"""Handlers of /v1/imports and /v1/operations: a file streams in, an operation tells of it."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import ClientError, web

from proxy.apps.api import headers, import_answers, office, reading, replays
from proxy.apps.api.office import OFFICE
from proxy.errors import Conflict, InvalidInput, NotFound
from proxy.model import identifiers
from proxy.model.identifiers import OperationId, Scope
from proxy.services import ingest
from proxy.store import idempotency, operations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import StreamReader

    from proxy.apps.api.access import Caller

ROUTE: Final = "/v1/imports"
STALL_S: Final = 60.0
"""Seconds an upload may send nothing; then it is interrupted, and can be taken up again."""

_CHUNK_OCTETS: Final = 1 << 16
routes: Final = web.RouteTableDef()


@routes.post(ROUTE)
async def post(request: web.Request) -> web.StreamResponse:
    """Takes in a file; answers once every line is durable or listed as failed."""
    desk_of = request.app[OFFICE]
    caller = await desk_of.caller(request, Scope.IMPORTS_WRITE)
    headers.require_type(request.headers, "application/x-ndjson")
    headers.known(request.query, "id", "after_line")
    key = headers.parse_idempotency_key(request.headers)
    upload = _Upload(request.content, desk_of.limits.import_octets)
    replay = replays.begin(desk_of, caller, request, route=f"POST {ROUTE}", key=key, body=b"")
    with replays.under_way(desk_of, caller, replay):
        if replay is not None and await _is_answered(desk_of, caller, replay):
            # Only the whole file tells whether it is the same one.
            async for _ in upload.chunks():
                pass
            whole = replays.begin(
                desk_of, caller, request, route=replay.route, key=key, body=upload.digest()
            )
            answered = None if whole is None else await replays.remembered(desk_of, caller, whole)
            if answered is not None:
                return answered
        operation_id, done = await _begin(request, caller)
        await ingest.ingest(
            ingest.Job(
                pool=desk_of.pool,
                operation_id=operation_id,
                desk=lambda: desk_of.desk(caller),
                wake=desk_of.wake,
            ),
            ingest.Source(
                lines=upload.lines(desk_of.limits.line_octets),
                parse=lambda line: reading.parse_line(line, caller.tenant),
                parse_name=reading.parse_line_name,
                first_line=done + 1,
                batch_lines=desk_of.limits.batch_lines,
            ),
        )
        answer = import_answers.Accepted(id=str(operation_id))
        extra = {"Location": f"/v1/operations/{operation_id}"}
        whole = replays.begin(
            desk_of, caller, request, route=f"POST {ROUTE}", key=key, body=upload.digest()
        )
        if whole is not None:
            kept = whole.answer(202, extra, msgspec.json.encode(answer))
            async with desk_of.pool.acquire() as connection:
                await idempotency.keep(connection, caller.tenant.id, kept, desk_of.clock.now())
    return office.json_response(answer, status=202, headers=extra)


@routes.get("/v1/operations/{id}")
async def get_operation(request: web.Request) -> web.StreamResponse:
    """How far an import is."""
    caller = await request.app[OFFICE].caller(request, Scope.IMPORTS_WRITE)
    async with request.app[OFFICE].pool.acquire() as connection:
        operation = await operations.find(
            connection, caller.tenant.id, _operation_id(request), caller.key.reseller
        )
    if operation is None:
        raise NotFound("not_found")
    return office.json_response(import_answers.operation_answer(operation))


@routes.get("/v1/operations/{id}/errors")
async def get_errors(request: web.Request) -> web.StreamResponse:
    """A page of the lines that failed, by line number."""
    caller = await request.app[OFFICE].caller(request, Scope.IMPORTS_WRITE)
    headers.known(request.query, "after_line", "limit")
    after = headers.parse_number(request.query, "after_line", 0, headers.MAX_LINE)
    limit = headers.parse_page(request.query)
    operation_id = _operation_id(request)
    async with request.app[OFFICE].pool.acquire() as connection:
        mine = await operations.find(
            connection, caller.tenant.id, operation_id, caller.key.reseller
        )
        if mine is None:
            raise NotFound("not_found")
        page = await operations.errors_after(
            connection, caller.tenant.id, operation_id, after=after, limit=limit + 1
        )
    shown = page[:limit]
    path = f"/v1/operations/{operation_id}/errors?after_line={shown[-1].line if shown else 0}"
    answer = import_answers.LineProblems(
        problems=tuple(import_answers.line_problem(one) for one in shown),
        next=f"{path}&limit={limit}" if len(page) > limit else None,
    )
    return office.json_response(answer)


class _Upload:
    """A body as it arrives, counted and digested."""

    def __init__(self, content: StreamReader, most_octets: int) -> None:
        self._content = content
        self._left = most_octets
        self._sha256 = hashlib.sha256()

    def digest(self) -> bytes:
        """SHA-256 of what has arrived."""
        return self._sha256.digest()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body in pieces; raises `body_too_large`, or ConnectionError where it breaks off."""
        while True:
            try:
                async with asyncio.timeout(STALL_S):
                    chunk = await self._content.read(_CHUNK_OCTETS)
            except TimeoutError:
                raise InvalidInput("request_timeout", "Nothing arrived for a while.") from None
            except (ClientError, web.HTTPException):
                raise ConnectionResetError from None
            if not chunk:
                return
            self._left -= len(chunk)
            if self._left < 0:
                raise InvalidInput("body_too_large", "The file is too large; send it in parts.")
            self._sha256.update(chunk)
            yield chunk

    async def lines(self, most_octets: int) -> AsyncIterator[bytes | None]:
        """The lines without their ends; None for one of more than `most_octets`."""
        rest, is_long = b"", False
        async for chunk in self.chunks():
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield None if is_long or len(line) > most_octets else line
                is_long = False
            if len(rest) > most_octets:
                rest, is_long = b"", True
        if rest or is_long:
            yield None if is_long else rest


async def _begin(request: web.Request, caller: Caller) -> tuple[OperationId, int]:
    """The operation and the lines it has dealt with; a given id takes up an interrupted one."""
    desk_of = request.app[OFFICE]
    now = desk_of.clock.now()
    after = headers.parse_number(request.query, "after_line", 0, headers.MAX_LINE)
    asked = request.query.get("id")
    operation_id = OperationId(identifiers.uuid7(now, desk_of.random(10)))
    if asked is not None:
        parsed = headers.parse_id(asked)
        if parsed is None:
            raise headers.fault("id", "syntax", "A UUID is expected.")
        operation_id = OperationId(parsed)
    async with desk_of.pool.acquire() as connection, connection.transaction():
        whose = caller.tenant.id, operation_id, now, caller.key.reseller
        if await operations.begin(connection, *whose):
            done: int | None = 0
        else:
            done = await operations.resume(connection, *whose)
        if done is None:
            raise Conflict("not_interrupted", "The operation runs, or is over.")
        if done != after:
            raise Conflict("after_line", f"Send the lines after line {done}.")
    return operation_id, done


async def _is_answered(desk_of: office.Office, caller: Caller, replay: replays.Replay) -> bool:
    async with desk_of.pool.acquire() as connection:
        answer = await idempotency.find(
            connection, caller.tenant.id, replay.route, replay.key_sha256, desk_of.clock.now()
        )
    return answer is not None


def _operation_id(request: web.Request) -> OperationId:
    found = headers.parse_id(request.match_info["id"])
    if found is None:
        raise NotFound("not_found")
    return OperationId(found)
