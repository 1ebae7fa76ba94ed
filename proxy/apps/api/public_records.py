"""Handler of /v1/public-records: what is published of the caller's names, for an RDAP of its own.

NDJSON in pages, each followed by the cursor that goes on after it. Without a cursor first every
published name, in the order of registrations, then what changed meanwhile; with one, what changed
since. A name is told as it is at the moment of reading, which is never older than the change that
is told: so whoever applies lines in order ends with exactly what is published. Between two pages
nothing is held, neither a connection nor a snapshot, however slowly they are read.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from aiohttp import web

from proxy.apps.api import answers, events, headers
from proxy.apps.api.answers import Host
from proxy.apps.api.feeds import PublicRecordLine, ShownRecord
from proxy.apps.api.office import OFFICE
from proxy.errors import ProxyError, RateLimited, Unavailable
from proxy.model.identifiers import Scope
from proxy.model.journal import JournalPosition
from proxy.rules import publication
from proxy.store import events as store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from proxy.apps.api.access import Caller
    from proxy.model.event import EventPage, PublicName
    from proxy.model.identifiers import ProfileId, TenantId
    from proxy.model.public_record import Profile, PublicRecord
    from proxy.store.pool import Pool

PAGE: Final = 1_000  # names read at once: about 20 ms of the API's time
MEDIA_TYPE: Final = "application/x-ndjson"
AT_ONCE: Final = 4
"""Streams of one account: each holds a page, some 2 MB, for as long as its reader takes."""

STALL_S: Final = 60.0
"""Seconds a caller may read nothing; then the connection ends, and its last cursor goes on."""

_FIRST: Final = UUID(int=0)
_NOWHERE: Final = JournalPosition(epoch=0, pos=(1 << 63) - 1)  # behind everything
_OCTETS: Final = 32  # a position, and the registration after which the listing goes on
_encode: Final = msgspec.json.Encoder().encode
routes: Final = web.RouteTableDef()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a reader is: behind `listed` in the listing, or at its end and behind `position`."""

    position: JournalPosition
    listed: UUID | None


@dataclass(frozen=True, slots=True)
class _Page:
    lines: Sequence[PublicRecordLine]
    place: Place
    is_last: bool


@routes.get("/v1/public-records")
async def get(request: web.Request) -> web.StreamResponse:
    """What is published, or what changed since a cursor, until there is no more."""
    caller = await request.app[OFFICE].caller(request, Scope.EVENTS_READ)
    headers.known(request.query, "after")
    with _one_more(request.app[OFFICE].streams, caller.tenant.id):
        return await _stream(request, _Reader(request.app[OFFICE].pool, caller))


async def _stream(request: web.Request, reader: _Reader) -> web.StreamResponse:
    place = parse_place(request.query)
    if place is not None and place.listed is not None:
        await reader.check(place)
    page = await reader.page(place)  # what can be refused is refused before anything is sent
    answer = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
    await answer.prepare(request)
    try:
        async for content in _contents(reader, page):
            async with asyncio.timeout(STALL_S):
                await answer.write(content)
    except (ProxyError, TimeoutError, ConnectionError):
        # The lines that were sent stand, and so does the last cursor; an end without one says so.
        if request.transport is not None:
            request.transport.abort()
        return answer
    await answer.write_eof()
    return answer


@contextlib.contextmanager
def _one_more(streams: dict[TenantId, int], account: TenantId) -> Iterator[None]:
    """One stream of an account; RateLimited `streams_busy` where it has enough."""
    if streams.get(account, 0) >= AT_ONCE:
        raise RateLimited("streams_busy", retry_after_s=int(STALL_S))
    streams[account] = streams.get(account, 0) + 1
    try:
        yield
    finally:
        streams[account] -= 1
        if not streams[account]:
            del streams[account]


async def _contents(reader: _Reader, page: _Page) -> AsyncIterator[bytes]:
    while True:
        cursor = PublicRecordLine(next=render_place(page.place))
        yield b"\n".join(map(_encode, (*page.lines, cursor))) + b"\n"
        if page.is_last:
            return
        page = await reader.page(page.place)


class _Reader:
    """Reads pages for one caller."""

    def __init__(self, pool: Pool, caller: Caller) -> None:
        self._pool = pool
        self._caller = caller

    async def page(self, place: Place | None) -> _Page:
        """What comes after a place; Conflict `cursor_gone` where some of it may be missing."""
        if place is None:
            place = Place(position=(await self._at(_NOWHERE)).position, listed=_FIRST)
        if place.listed is not None:
            return await self._listed(place, place.listed)
        return await self._changed(place)

    async def check(self, place: Place) -> None:
        """Refuse a listing that can not be gone on with at its end, before it is read once more."""
        events.check_goes_on(await self._at(place.position), place.position)

    async def _at(self, position: JournalPosition) -> EventPage:
        async with self._pool.acquire() as connection:
            return await store.page(
                connection, self._caller.tenant.id, position, reseller=None, limit=1
            )

    async def _listed(self, place: Place, listed: UUID) -> _Page:
        async with self._pool.acquire() as connection:
            found = await store.public(
                connection,
                self._caller.tenant.id,
                listed,
                reseller=self._caller.key.reseller,
                limit=PAGE,
            )
        following = found[-1].registration_id if len(found) == PAGE else None
        return _Page(
            self._lines(found), Place(position=place.position, listed=following), is_last=False
        )

    async def _changed(self, place: Place) -> _Page:
        caller = self._caller
        async with self._pool.acquire() as connection:
            page = await store.page(
                connection,
                caller.tenant.id,
                place.position,
                reseller=caller.key.reseller,
                limit=PAGE,
            )
            events.check_goes_on(page, place.position)
            names = list(dict.fromkeys(one.domain for one in page.events))
            shown = await store.public_of(connection, caller.tenant.id, names)
        mine = {
            name: one
            for name, one in shown.items()
            if caller.key.reseller in {None, one.record.reseller}
        }
        lines = []
        for name in names:
            found = mine.get(name)
            if found is None:
                lines.append(PublicRecordLine(domain=name, record=None))
            else:
                lines += self._lines([found])
        return _Page(lines, Place(position=page.position, listed=None), page.is_last)

    def _lines(self, found: Sequence[PublicName]) -> list[PublicRecordLine]:
        profiles = self._caller.tenant.profiles
        return [
            PublicRecordLine(domain=one.domain, record=_shown(one.record, profiles))
            for one in found
        ]


def _shown(record: PublicRecord, profiles: Mapping[ProfileId, Profile]) -> ShownRecord:
    profile = profiles.get(record.profile)
    if profile is None:  # added a moment ago, and another host wrote under it already
        raise Unavailable("profile", "A profile is not known to this host yet; try again.")
    accreditation = profile.accreditations.get(record.accreditation)
    return ShownRecord(
        mode=record.mode.value,
        registrar=None if accreditation is None else accreditation.registrar_name,
        iana_id=None if accreditation is None else accreditation.iana_id,
        reseller=record.reseller,
        registry_domain_id=record.registry_domain_id,
        registrant_registry_id=record.registrant_registry_id,
        created_at=record.created_at,
        updated_at=record.updated_at,
        transferred_at=record.transferred_at,
        registry_expires_at=record.registry_expires_at,
        registrar_expires_at=record.registrar_expires_at,
        statuses=record.statuses,
        nameservers=tuple(Host(one.name, one.addresses) for one in record.nameservers),
        dnssec=answers.dnssec(record.dnssec),
        public_contacts=answers.contacts(publication.contacts_shown(record, profile)),
    )


def render_place(place: Place) -> str:
    """An opaque cursor."""
    position, listed = place.position, place.listed
    octets = position.epoch.to_bytes(8, "big") + position.pos.to_bytes(8, "big")
    if listed is not None:
        octets += listed.bytes
    return _text(octets)


def parse_place(query: Mapping[str, str]) -> Place | None:
    """The place in `after`; raises InvalidInput."""
    text = query.get("after")
    if text is None:
        return None
    if len(text) == headers.CURSOR_LETTERS:
        position = headers.parse_position(query)
        return None if position is None else Place(position=position, listed=None)
    try:
        octets = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        octets = b""
    if len(octets) != _OCTETS or _text(octets) != text:
        raise headers.fault("after", "syntax", "Not a cursor of ours.")
    return Place(position=headers.position_of(octets[:16]), listed=UUID(bytes=octets[16:]))


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
