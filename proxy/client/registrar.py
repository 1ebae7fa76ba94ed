"""The registrar API as Python: a typed client for registrars, the command line and the tests.

    async with registrar.connected(Access.from_file("https://api.example", Path("key"))) as api:
        enrolled = await api.put(registration)

What is answered are the types that the OpenAPI document is made of (apps.api.answers); what is
refused is raised as the error that the service raised (errors): NotFound, Conflict, InvalidInput
with every fault and its pointer. Calls are tried again by calling's rules. Never logs.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import aiohttp
import msgspec

from proxy.apps.api import answers, feeds, import_answers
from proxy.apps.api.publications import PublicationAnswer
from proxy.client.calling import Call, Caller
from proxy.errors import Unavailable
from proxy.model import names

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator
    from datetime import datetime
    from uuid import UUID

    from proxy.apps.api.bodies import RegistrationBody
    from proxy.client.calling import Access, Reply
    from proxy.model.identifiers import EndReason

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged(Generic[_T]):
    """An answer and the entity tag of the registration it tells of: what If-Match takes."""

    value: _T
    etag: str
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """What a write demands. Without a key of the caller's it gets one of its own."""

    if_match: str | None = None
    """An entity tag, as answered; InvalidInput or Conflict `precondition_failed` otherwise."""

    create_only: bool = False
    idempotency_key: str | None = None
    """Of a caller that sends the same write again after a crash of its own."""


@contextlib.asynccontextmanager
async def connected(access: Access) -> AsyncIterator[Client]:
    """The client, over one session for the length of the block."""
    async with aiohttp.ClientSession(
        trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield Client(Caller(session, access))


class _Installation(msgspec.Struct, frozen=True):
    """What is needed of the answer to approvers."""

    deployment: str


class Client:
    """Every call that a key may make. A name that is none is InvalidInput before it is sent."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def put(
        self, registration: RegistrationBody | Mapping[str, Any], once: Once | None = None
    ) -> Tagged[answers.RegistrationAnswer]:
        """Enrol a name, or replace what is declared of it."""
        if isinstance(registration, Mapping):
            domain, body = str(registration.get("domain")), msgspec.json.encode(registration)
        else:
            domain = registration.domain
            body = registration.model_dump_json(exclude_unset=True).encode()
        return await self._write("PUT", _path(domain), once, body=body)

    async def patch(
        self, domain: str, patch: Mapping[str, Any], once: Once | None = None
    ) -> Tagged[answers.RegistrationAnswer]:
        """Change what the patch names (RFC 7396); None takes away."""
        body = msgspec.json.encode(patch)
        return await self._write(
            "PATCH", _path(domain), once, body=body, media_type="application/merge-patch+json"
        )

    async def delete(
        self, domain: str, reason: EndReason, once: Once | None = None
    ) -> Tagged[answers.RegistrationAnswer]:
        """End a registration."""
        return await self._write("DELETE", _path(domain), once, query={"reason": reason.value})

    async def rotate(
        self, domain: str, once: Once | None = None
    ) -> Tagged[answers.RegistrationAnswer]:
        """Give the mask another address."""
        return await self._write("POST", f"{_path(domain)}/rotate", once)

    async def publish(self, domain: str, document: str, signature: str) -> PublicationAnswer:
        """Have fields published that were consented to; `document` as it was signed.

        The same document may be sent again, while it holds: the answer is the same.
        """
        body = msgspec.json.encode({"document": document, "signature": signature})
        headers = {"Content-Type": "application/json"}
        path = f"{_path(domain)}/publish"
        reply = await self._caller.call(
            Call(method="POST", path=path, query={}, headers=headers, body=body)
        )
        return _decoded(reply, PublicationAnswer)

    async def publication(self, domain: str) -> PublicationAnswer:
        """Where the newest publication stands; NotFound where there never was one."""
        return _decoded(await self._read(f"{_path(domain)}/publication"), PublicationAnswer)

    async def withdraw(self, domain: str) -> PublicationAnswer:
        """Take off what is published, or stop what waits."""
        reply = await self._caller.call(
            Call(method="DELETE", path=f"{_path(domain)}/publication", query={})
        )
        return _decoded(reply, PublicationAnswer)

    async def get(self, domain: str) -> Tagged[answers.RegistrationFull]:
        """The live registration under a name."""
        return _tagged(await self._read(_path(domain)), answers.RegistrationFull)

    async def get_by_id(self, registration: UUID) -> Tagged[answers.RegistrationFull]:
        """One registration, ended ones too."""
        path = f"/v1/registrations/id/{registration}"
        return _tagged(await self._read(path), answers.RegistrationFull)

    async def status(self, domain: str) -> answers.StatusAnswer:
        """What is observed of a live registration."""
        return _decoded(await self._read(f"{_path(domain)}/status"), answers.StatusAnswer)

    async def status_by_id(self, registration: UUID) -> answers.StatusAnswer:
        """What is observed of one registration, ended ones too."""
        path = f"/v1/registrations/id/{registration}/status"
        return _decoded(await self._read(path), answers.StatusAnswer)

    async def registrations(
        self, *, updated_since: datetime | None = None
    ) -> AsyncIterator[answers.RegistrationFull]:
        """Every registration in id order, ended ones too."""
        async for page in self.pages(updated_since=updated_since):
            for one in page.registrations:
                yield one

    async def pages(
        self,
        *,
        cursor: str | None = None,
        limit: int = 1000,
        updated_since: datetime | None = None,
    ) -> AsyncIterator[answers.RegistrationList]:
        """Pages from a cursor on; who keeps each `next_cursor` can go on after a crash."""
        query = {"limit": str(limit)}
        if updated_since is not None:
            query["updated_since"] = updated_since.isoformat()
        while True:
            asked = query if cursor is None else {**query, "cursor": cursor}
            page = _decoded(await self._read("/v1/registrations", asked), answers.RegistrationList)
            yield page
            if page.next_cursor is None:
                return
            if page.next_cursor == cursor:
                raise Unavailable("answer", "The service's pages do not get on.")
            cursor = page.next_cursor

    async def search(self, document: str, signature: str) -> answers.SearchAnswer:
        """A page of a search that the registrar signed; `searching.found` makes and signs them."""
        call = Call(
            method="POST",
            path="/v1/search",
            headers={"Content-Type": "application/json"},
            body=msgspec.json.encode({"document": document, "signature": signature}),
        )
        return _decoded(await self._caller.call(call), answers.SearchAnswer)

    async def deployment(self) -> str:
        """The id of the installation, which stands in what a registrar signs."""
        return _decoded(await self._read("/v1/rosters"), _Installation).deployment

    async def account(self) -> answers.AccountAnswer:
        """Whose key it is, and what it may."""
        return _decoded(await self._read("/v1/account"), answers.AccountAnswer)

    async def send_lines(
        self, lines: AsyncIterable[bytes], operation: UUID, *, after_line: int = 0
    ) -> import_answers.Accepted:
        """Send one JSON object a line; returns once every line is durable or listed as failed.

        Sent once: where it breaks off, `operation` tells how many lines are dealt with, and the
        same operation takes the lines after them. `uploading.upload` does this with a file.
        """
        call = Call(
            method="POST",
            path="/v1/imports",
            query={"id": str(operation), "after_line": str(after_line)},
            headers={"Content-Type": "application/x-ndjson"},
        )
        return _decoded(await self._caller.stream(call, lines), import_answers.Accepted)

    async def operation(self, operation: UUID) -> import_answers.OperationAnswer:
        """How far an import is."""
        return _decoded(
            await self._read(f"/v1/operations/{operation}"), import_answers.OperationAnswer
        )

    async def line_problems(
        self, operation: UUID, *, after_line: int = 0
    ) -> AsyncIterator[import_answers.LineProblem]:
        """The lines of an import that failed, in order."""
        while True:
            query = {"after_line": str(after_line), "limit": "1000"}
            path = f"/v1/operations/{operation}/errors"
            page = _decoded(await self._read(path, query), import_answers.LineProblems)
            for one in page.problems:
                yield one
            if page.next is None:
                return
            last = page.problems[-1].line if page.problems else after_line
            if last <= after_line:
                raise Unavailable("answer", "The service's pages do not get on.")
            after_line = last

    async def events(
        self, *, after: str | None = None, limit: int = 1000
    ) -> AsyncIterator[feeds.EventList]:
        """Pages of what happened, until there is no more; who keeps each `next` goes on there.

        Conflict `cursor_gone` where some may have been missed.
        """
        while True:
            query = {"limit": str(limit)} | ({} if after is None else {"after": after})
            page = _decoded(await self._read("/v1/events", query), feeds.EventList)
            yield page
            if not page.has_more:
                return
            if page.next == after:
                raise Unavailable("answer", "The service's pages do not get on.")
            after = page.next

    async def public_records(
        self, *, after: str | None = None
    ) -> AsyncIterator[feeds.PublicRecordLine]:
        """Lines of what is published, and cursors between them; Unavailable where they break off.

        Conflict `cursor_gone` as for events.
        """
        query = {} if after is None else {"after": after}
        call = Call(method="GET", path="/v1/public-records", query=query)
        async for line in self._caller.lines(call):
            yield _parsed(line, feeds.PublicRecordLine)

    async def _read(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        return await self._caller.call(Call(method="GET", path=path, query=query or {}))

    async def _write(
        self,
        method: str,
        path: str,
        once: Once | None,
        *,
        body: bytes | None = None,
        media_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Tagged[answers.RegistrationAnswer]:
        demanded = once or Once()
        headers = {"Idempotency-Key": demanded.idempotency_key or secrets.token_urlsafe(24)}
        if demanded.if_match is not None:
            headers["If-Match"] = demanded.if_match
        if demanded.create_only:
            headers["If-None-Match"] = "*"
        if body is not None:
            headers["Content-Type"] = media_type
        reply = await self._caller.call(
            Call(method=method, path=path, query=query or {}, headers=headers, body=body)
        )
        return _tagged(reply, answers.RegistrationAnswer)


def _path(domain: str) -> str:
    """The path of a name; its A-label form needs no escapes and can climb nowhere."""
    return f"/v1/registrations/{names.parse_domain_name(domain)}"


def _tagged(reply: Reply, shape: type[_T]) -> Tagged[_T]:
    return Tagged(
        value=_decoded(reply, shape),
        etag=reply.headers.get("ETag", ""),
        is_new=reply.status == HTTPStatus.CREATED,
    )


def _decoded(reply: Reply, shape: type[_T]) -> _T:
    return _parsed(reply.content, shape)


def _parsed(content: bytes, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(content, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unavailable("answer", "The service's answer can not be read.") from None
