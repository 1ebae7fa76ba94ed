"""What staff do about cases, as JSON over HTTP: open, look, act, hand in files, move deadlines.

Whoever calls is known by their session (apps.staff_access); what they may do is decided by the
rules of the case's type. Files stream in and are sealed on the way; nothing here can open one.
Mounted by the web role below /staff.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from proxy.apps import case_answers, case_documents, pages, uploads
from proxy.apps import case_bodies as bodies
from proxy.errors import InvalidInput
from proxy.model import identifiers, names
from proxy.model.case import CaseId, CaseTypeId
from proxy.model.deadline import Extension, PauseReason
from proxy.model.roster import StaffRole
from proxy.services import keep_evidence
from proxy.services.casework import act, assign, move_deadlines, open_case, show_case
from proxy.services.casework.office import Turn
from proxy.services.casework.open_case import Request
from proxy.services.keep_deadlines import By
from proxy.services.keep_evidence import Offered
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from proxy.apps.case_documents import Texts
    from proxy.apps.uploads import Gate
    from proxy.model.case import Actor, Fact
    from proxy.ports import Clock
    from proxy.services.casework.office import Office
    from proxy.services.keep_evidence import Desk
    from proxy.store.pool import Connection, Pool

BODY_OCTETS: Final = 65_536
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDesk:
    """What the handlers need."""

    pool: Pool
    office: Office
    files: Desk
    gate: Gate
    texts: Texts
    clock: Clock
    authenticate: Callable[[web.Request], Awaitable[Actor]]
    admit: Callable[[web.Request], None]


def routes(desk: CaseDesk) -> list[web.RouteDef]:
    """The routes below /staff."""
    room = _Room(desk)
    case = "/staff/cases/{case}"
    return [
        web.get("/staff/cases", room.cases),
        web.post("/staff/cases", room.open),
        web.get("/staff/tasks", room.tasks),
        web.get(case, room.show),
        web.get(f"{case}/documents/{{document}}", room.document),
        web.post(f"{case}/acts/{{act}}", room.act),
        web.post(f"{case}/handler", room.assign),
        web.post(f"{case}/conflict", room.conflict),
        web.post(f"{case}/texts", room.text),
        web.post(f"{case}/evidence/{{kind}}", room.upload),
        web.post(f"{case}/deadlines/{{deadline}}/pause", room.pause),
        web.post(f"{case}/deadlines/{{deadline}}/resume", room.resume),
        web.post(f"{case}/deadlines/{{deadline}}/extend", room.extend),
    ]


class _Room:
    """The handlers."""

    def __init__(self, desk: CaseDesk) -> None:
        self._desk = desk

    async def cases(self, request: web.Request) -> web.Response:
        """Open cases, those touched last first."""
        await self._actor(request)
        async with self._desk.pool.acquire() as connection:
            found = await store.listed(
                connection,
                before=_before(request.query.get("before", "")),
                state=request.query.get("state", ""),
                case_type=request.query.get("type", ""),
                handler=request.query.get("handler", ""),
            )
        return _answer({"cases": [case_answers.listed(one) for one in found]})

    async def tasks(self, request: web.Request) -> web.Response:
        """Open tasks, the most urgent first."""
        await self._actor(request)
        async with self._desk.pool.acquire() as connection:
            found = await store.open_tasks(connection, request.query.get("role", ""))
        return _answer({"tasks": [case_answers.queued(one) for one in found]})

    async def open(self, request: web.Request) -> web.Response:
        """A new case."""
        actor = await self._actor(request, StaffRole.INTAKE, StaffRole.HANDLER)
        body = await self._read(request, bodies.NewCase)
        received_at = _moment(body.received_at, "/received_at")
        given = Request(
            id=_new_id(body.id, self._desk.office),
            type=CaseTypeId(body.type),
            domain=names.parse_domain_name(body.domain),
            event_date=_moment(body.event_date, "/event_date") if body.event_date else received_at,
            received_at=received_at,
            channel=body.channel,
            country=body.country,
            requester_class=body.requester_class,
            fields=body.fields,
            items=body.items,
            requester=_sealed_contact(body.requester),
            is_logged_as_it_came=body.log_as_it_came,
        )
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            case = await open_case.open_case(turn, self._desk.files, given, _by(actor))
            return await self._shown(turn, case.id, actor, status=201)

    async def show(self, request: web.Request) -> web.Response:
        """A case, whole."""
        actor = await self._actor(request)
        async with self._desk.pool.acquire() as connection:
            return await self._shown(self._turn(connection), _case_id(request), actor)

    async def document(self, request: web.Request) -> web.Response:
        """A text that somebody signs in the case."""
        actor = await self._actor(request)
        async with self._desk.pool.acquire() as connection:
            shown = await show_case.show(self._turn(connection), _case_id(request), actor)
        return case_documents.show(self._desk.texts, shown.case, request)

    async def act(self, request: web.Request) -> web.Response:
        """A case after an act."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.DoAct)
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            facts: Mapping[str, Fact] = body.facts
            if request.match_info["act"] == case_documents.DEMAND:
                shown = await show_case.show(turn, _case_id(request), actor)
                case_documents.check_demanded(self._desk.texts, shown.case, facts)
            await act.act(
                turn, _case_id(request), actor, request.match_info["act"], facts, seq=body.seq
            )
            return await self._shown(turn, _case_id(request), actor)

    async def assign(self, request: web.Request) -> web.Response:
        """A case with somebody who handles it."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.Assign)
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            await assign.assign(turn, _case_id(request), actor, body.person)
            return await self._shown(turn, _case_id(request), actor)

    async def conflict(self, request: web.Request) -> web.Response:
        """Who keeps away from a case, by their own or another's word."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.Assign)
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            await assign.declare_conflict(turn, _case_id(request), actor, body.person)
        # Not the case: who keeps away from it sees nothing of it from now on.
        return _answer(bodies.Conflicted(str(_case_id(request)), body.person))

    async def text(self, request: web.Request) -> web.Response:
        """Something written, as evidence."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.NewText)
        offered = self._offered(request, actor, body.kind, "text/plain")
        async with self._desk.pool.acquire() as connection:
            await assign.check_hands_in(self._turn(connection), offered.case_id, actor)
            made = await keep_evidence.add_text(
                connection, self._desk.files, offered, body.text, now=self._desk.clock.now()
            )
        return _added(str(made.id), made.sha256, made.octets)

    async def upload(self, request: web.Request) -> web.Response:
        """A file, as evidence."""
        actor = await self._actor(request)
        offered = self._offered(request, actor, request.match_info["kind"], request.content_type)
        with self._desk.gate.enter():
            async with self._desk.pool.acquire() as connection:
                await assign.check_hands_in(self._turn(connection), offered.case_id, actor)
                made = await keep_evidence.add(
                    connection, self._desk.files, offered, uploads.chunks(request),
                    now=self._desk.clock.now(),
                )  # fmt: skip
        return _added(str(made.id), made.sha256, made.octets)

    async def pause(self, request: web.Request) -> web.Response:
        """A deadline that stands still."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.Pause)
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            await move_deadlines.pause(
                turn, _case_id(request), request.match_info["deadline"], actor,
                reason=_reason(body.reason), ends_by=_moment(body.ends_by, "/ends_by"),
            )  # fmt: skip
            return await self._shown(turn, _case_id(request), actor)

    async def resume(self, request: web.Request) -> web.Response:
        """A deadline that runs on."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.Resume)
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            await move_deadlines.resume(
                turn, _case_id(request), request.match_info["deadline"], actor,
                reason=_reason(body.reason),
            )  # fmt: skip
            return await self._shown(turn, _case_id(request), actor)

    async def extend(self, request: web.Request) -> web.Response:
        """A deadline that is longer."""
        actor = await self._actor(request)
        body = await self._read(request, bodies.Extend)
        noticed_at = _moment(body.noticed_at, "/noticed_at")
        extension = Extension(
            reason=body.reason,
            by=actor.person,
            amount=body.amount,
            decided_at=noticed_at,  # at the latest: nobody is told before it is decided
            noticed_at=noticed_at,
        )
        async with self._desk.pool.acquire() as connection:
            turn = self._turn(connection)
            await move_deadlines.extend(
                turn, _case_id(request), request.match_info["deadline"], actor, extension
            )
            return await self._shown(turn, _case_id(request), actor)

    async def _actor(self, request: web.Request, *roles: StaffRole) -> Actor:
        """Who calls; InvalidInput `unauthorized`, Refused `staff_role` without one of `roles`."""
        self._desk.admit(request)
        actor = await self._desk.authenticate(request)
        if roles:
            assign.check_role(actor, frozenset(roles))
        return actor

    def _turn(self, connection: Connection) -> Turn:
        return Turn(office=self._desk.office, connection=connection, now=self._desk.clock.now())

    async def _shown(
        self, turn: Turn, case_id: CaseId, actor: Actor, *, status: int = 200
    ) -> web.Response:
        shown = await show_case.show(turn, case_id, actor)
        return _answer(case_answers.case(shown), status=status)

    async def _read(self, request: web.Request, shape: type[_T]) -> _T:
        return await pages.read_json(request, shape, BODY_OCTETS)

    def _offered(self, request: web.Request, actor: Actor, kind: str, media_type: str) -> Offered:
        if kind == open_case.REQUESTER_CONTACT:  # it says where notices go: only with the case
            raise InvalidInput("evidence_kind", "This kind of evidence comes with the case alone.")
        by = _by(actor)
        return Offered(
            case_id=_case_id(request),
            kind=kind,
            media_type=media_type,
            actor=by.actor,
            role=by.role,
            name=request.query.get("name", ""),
        )


def _by(actor: Actor) -> By:
    """How an event names one of staff where no rule says in which role they act."""
    role = min(actor.roles, default=StaffRole.INTAKE)
    return By(actor=actor.person, role=role.value)


def _case_id(request: web.Request) -> CaseId:
    found = identifiers.canonical_uuid(request.match_info["case"])
    if found is None:
        raise store.unknown()
    return CaseId(found)


def _new_id(text: str, office: Office) -> CaseId:
    """The id of a new case: the sender's own, so that a request sent twice opens one case."""
    found = identifiers.canonical_uuid(text) if text else UUID(bytes=office.random(16))
    if found is None:
        raise InvalidInput("id", "An id is a UUID.")
    return CaseId(found)


def _moment(text: str, pointer: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # at the ends of time UTC has no word for it
        pass
    raise InvalidInput("moment", f"{pointer}: a moment is written as RFC 3339 has it.")


def _before(text: str) -> tuple[datetime, CaseId] | None:
    """The place in a list: a moment and a case, with a comma."""
    if not text:
        return None
    at, _, case = text.partition(",")
    found = identifiers.canonical_uuid(case)
    if found is None:
        raise InvalidInput("before", "`before` is `touched_at,id` of the last case that was seen.")
    return _moment(at, "before"), CaseId(found)


def _reason(text: str) -> PauseReason:
    try:
        return PauseReason(text.replace("_", " "))
    except ValueError:
        known = ", ".join(one.value.replace(" ", "_") for one in PauseReason)
        raise InvalidInput("pause_reason", f"A deadline stands still for: {known}.") from None


def _sealed_contact(given: bodies.Requester) -> str:
    """The contact as the vault reads it."""
    whole = {"v": 1, **msgspec.to_builtins(given)}
    return msgspec.json.encode(whole).decode()


def _added(evidence: str, sha256: str, octets: int) -> web.Response:
    return _answer(bodies.Added(evidence=evidence, sha256=sha256, octets=octets), status=201)


def _answer(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json"
    )
