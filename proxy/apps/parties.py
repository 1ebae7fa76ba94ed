"""What registrants and requesters do in their own case, by the session of a link, as JSON.

The vault says whose session it is and how much it proves; a session is of one party of one case,
and nothing here takes a case's id from a request. What binds needs a step-up: a second link, sent
to the same address a moment ago. Mounted by the web role below /my. Source: casework s8 (a) a9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from proxy.apps import case_bodies as bodies
from proxy.apps import case_documents, links, pages, uploads
from proxy.errors import Refused
from proxy.model.case import Actor, ActorKind, CaseId
from proxy.model.link import Level
from proxy.model.notice import Party
from proxy.services import keep_evidence
from proxy.services.casework import act, show_party, step_up
from proxy.services.casework.office import Turn
from proxy.services.keep_evidence import Offered
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.apps.case_documents import Texts
    from proxy.apps.uploads import Gate
    from proxy.ports import Clock
    from proxy.services.casework.office import Office
    from proxy.services.keep_evidence import Desk
    from proxy.store.pool import Connection, Pool
    from proxy.wire.frames import Answer, Request

BODY_OCTETS: Final = 65_536
_KINDS: Final = {
    Party.REGISTRANT: ActorKind.REGISTRANT,
    Party.REQUESTER: ActorKind.REQUESTER,
}
_T = TypeVar("_T", bound=msgspec.Struct)


class Window(msgspec.Struct, frozen=True):
    """A period that runs for the party."""

    name: str
    due_at: str


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A case as its party sees it."""

    case: str
    domain: str
    title: str
    state: str
    is_open: bool
    level: str
    options: tuple[bodies.Option, ...]
    after_step_up: tuple[str, ...]  # acts for which a further link is asked for first
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyDesk:
    """What the handlers need; `ask` puts a request to the vault."""

    pool: Pool
    office: Office
    files: Desk
    gate: Gate
    texts: Texts
    clock: Clock
    ask: Callable[[Request], Awaitable[Answer]]
    admit: Callable[[web.Request], None]
    is_secure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """Whose session a request brings."""

    text: str
    case_id: CaseId
    party: Party
    level: Level

    @property
    def actor(self) -> Actor:
        """The party, as the rules know it."""
        return Actor(kind=_KINDS[self.party], is_stepped_up=self.level is Level.STEP_UP)


def routes(desk: PartyDesk) -> list[web.RouteDef]:
    """The routes below /my."""
    room = _Room(desk)
    return [
        web.get("/my/case", room.show),
        web.get("/my/data", room.own),
        web.get("/my/claim", room.claim),
        web.get("/my/documents/{document}", room.document),
        web.post("/my/step-up", room.step_up),
        web.post("/my/texts", room.text),
        web.post("/my/evidence/{kind}", room.upload),
        web.post("/my/acts/{act}", room.act),
    ]


class _Room:
    """The handlers."""

    def __init__(self, desk: PartyDesk) -> None:
        self._desk = desk

    async def show(self, request: web.Request) -> web.Response:
        """The case."""
        session = await self._session(request)
        async with self._desk.pool.acquire() as connection:
            return await self._shown(self._turn(connection), session)

    async def own(self, request: web.Request) -> web.Response:
        """What we hold of the registrant, masked."""
        session = await self._session(request)
        answer = await self._desk.ask(frames.ShowOwn(session=session.text))
        return _answer({"contacts": answer["contacts"]})

    async def claim(self, request: web.Request) -> web.Response:
        """What the registrant is asked to answer, as a file: base64 in JSON, never a page."""
        session = await self._session(request)
        answer = await self._desk.ask(frames.ShowClaim(session=session.text))
        return _answer({name: answer[name] for name in ("sha256", "content")})

    async def document(self, request: web.Request) -> web.Response:
        """A text that the party is asked to sign."""
        session = await self._session(request)
        async with self._desk.pool.acquire() as connection:
            view = await show_party.show(self._turn(connection), session.case_id, session.actor)
        return case_documents.show(self._desk.texts, view.case, request)

    async def step_up(self, request: web.Request) -> web.Response:
        """A further link is on its way to the party's address."""
        session = await self._session(request)
        async with self._desk.pool.acquire() as connection:
            await step_up.send(self._turn(connection), session.case_id, session.party)
        return _answer({"sent": True}, status=202)

    async def text(self, request: web.Request) -> web.Response:
        """Something written, as evidence."""
        session = await self._session(request)
        body = await self._read(request, bodies.NewText)
        offered = _offered(session, body.kind, "text/plain", "")
        async with self._desk.pool.acquire() as connection:
            await self._check(self._turn(connection), session)
            made = await keep_evidence.add_text(
                connection, self._desk.files, offered, body.text, now=self._desk.clock.now()
            )
        return _added(str(made.id), made.sha256, made.octets)

    async def upload(self, request: web.Request) -> web.Response:
        """A file, as evidence."""
        session = await self._session(request)
        offered = _offered(
            session,
            request.match_info["kind"],
            request.content_type,
            request.query.get("name", ""),
        )
        with self._desk.gate.enter():
            async with self._desk.pool.acquire() as connection:
                await self._check(self._turn(connection), session)
                made = await keep_evidence.add(
                    connection, self._desk.files, offered, uploads.chunks(request),
                    now=self._desk.clock.now(),
                )  # fmt: skip
        return _added(str(made.id), made.sha256, made.octets)

    async def act(self, request: web.Request) -> web.Response:
        """The case after an act of the party's."""
        session = await self._session(request)
        body = await self._read(request, bodies.DoAct)
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            await self._check(turn, session)
            await act.act(
                turn,
                session.case_id,
                session.actor,
                request.match_info["act"],
                body.facts,
                seq=body.seq,
            )
            return await self._shown(turn, session)

    async def _session(self, request: web.Request) -> _Session:
        """Whose session it is; NotFound `session_unknown`, Refused for a page of another site."""
        self._desk.admit(request)
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
            raise Refused("cross_site", "This was sent from another site.")
        text = links.session_of(request, is_secure=self._desk.is_secure)[:100]
        found: Any = await self._desk.ask(frames.ShowSession(session=text))
        return _Session(
            text=text,
            case_id=CaseId(UUID(found["case"])),
            party=Party(found["party"]),
            level=Level(found["level"]),
        )

    async def _check(self, turn: Turn, session: _Session) -> None:
        await show_party.show(turn, session.case_id, session.actor)

    async def _shown(self, turn: Turn, session: _Session) -> web.Response:
        view = await show_party.show(turn, session.case_id, session.actor)
        return _answer(
            View(
                case=str(view.case.id),
                domain=view.case.domain,
                title=view.type.title,
                state=view.case.state,
                is_open=view.case.is_open,
                level=session.level.value,
                options=tuple(bodies.option(one) for one in view.options),
                after_step_up=view.after_step_up,
                windows=tuple(
                    Window(name, due.isoformat(timespec="seconds")) for name, due in view.windows
                ),
            )
        )

    def _turn(self, connection: Connection) -> Turn:
        return Turn(office=self._desk.office, connection=connection, now=self._desk.clock.now())

    async def _read(self, request: web.Request, shape: type[_T]) -> _T:
        return await pages.read_json(request, shape, BODY_OCTETS)


def _offered(session: _Session, kind: str, media_type: str, name: str) -> Offered:
    return Offered(
        case_id=session.case_id,
        kind=f"{session.party.value}_{kind}"[:48],  # never a kind that staff or the vault goes by
        media_type=media_type,
        actor=session.actor.kind.value,
        role=session.actor.kind.value,
        name=name,
    )


def _added(evidence: str, sha256: str, octets: int) -> web.Response:
    return _answer(bodies.Added(evidence=evidence, sha256=sha256, octets=octets), status=201)


def _answer(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json"
    )
