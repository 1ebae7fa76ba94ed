"""Orders of cases, for staff: propose, look, have carried out; and send a package on its way.

Votes are not given here: members of the roster vote on their own machines, or by passkey. Whoever
calls needs a session; what an order may do is decided by the vault. Mounted by the web role.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from aiohttp import web
from typing_extensions import override

from proxy.apps import approvals, pages
from proxy.errors import InvalidInput, Refused
from proxy.model import identifiers
from proxy.model.case import Basis, CaseId, EvidenceId
from proxy.model.order import OF_NO_CASE, CaseSubject, OrderKind
from proxy.model.roster import Person, StaffRole
from proxy.services import release_package
from proxy.services.casework import act, assign, hasten, propose
from proxy.services.casework.office import Turn
from proxy.services.casework.propose import Proposal, To
from proxy.store import cases as store
from proxy.store import packages
from proxy.wire import frames, order_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from proxy.model.case import Actor
    from proxy.outer_ports import CasePapers
    from proxy.ports import Clock
    from proxy.services.casework.office import Office
    from proxy.store.pool import Pool
    from proxy.wire.frames import Answer, Request

BODY_OCTETS: Final = 32_768
_CARRIES_OUT: Final = frozenset({StaffRole.RELEASER, StaffRole.DECIDER, StaffRole.ON_CALL})
_RECEIVES: Final = frozenset({StaffRole.INTAKE, StaffRole.HANDLER, StaffRole.RELEASER})
_Id = Annotated[str, msgspec.Meta(max_length=36)]
_Text = Annotated[str, msgspec.Meta(max_length=255)]


class Recipient(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Who gets a package."""

    name: _Text
    organization: _Text = ""
    identity: _Id
    openpgp: Annotated[str, msgspec.Meta(max_length=100)] = ""
    certificate: _Id = ""
    delete_by: Annotated[str, msgspec.Meta(max_length=10)]

    @override
    def __repr__(self) -> str:
        """Never who it is."""
        return "<Recipient>"


class NewOrder(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What people shall vote on; reasons and instrument are evidence by id."""

    kind: OrderKind
    basis: Basis
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    reasons: _Id
    instrument: _Id = ""
    fields: tuple[str, ...] = ()
    releaser: _Text = ""
    not_before: str = ""
    until: str = ""
    to: Recipient | None = None
    overrides_veto: bool = False


class Receipt(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a recipient confirmed, as evidence of the case by its id."""

    evidence: _Id


class Proposed(msgspec.Struct, frozen=True):
    """An order that is open for votes."""

    order: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDesk:
    """What the handlers need; `ask` puts a request to the vault."""

    pool: Pool
    office: Office
    clock: Clock
    papers: CasePapers
    ask: Callable[[Request], Awaitable[Answer]]
    authenticate: Callable[[web.Request], Awaitable[Actor]]
    admit: Callable[[web.Request], None]


def routes(desk: OrderDesk) -> list[web.RouteDef]:
    """The routes below /staff."""
    room = _Room(desk)
    return [
        web.post("/staff/cases/{case}/orders", room.propose),
        web.get("/staff/orders/{order}", room.show),
        web.post("/staff/orders/{order}/carry-out", room.carry_out),
        web.post("/staff/packages/{package}/release", room.release),
        web.post("/staff/packages/{package}/receipt", room.receipt),
    ]


class _Room:
    """The handlers."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    async def propose(self, request: web.Request) -> web.Response:
        """An order, open for votes."""
        actor = await self._actor(request)
        body = await pages.read_json(request, NewOrder, BODY_OCTETS)
        if body.kind in OF_NO_CASE:
            raise InvalidInput("order_kind", "Orders of this kind are no matter of a case.")
        now = self._desk.clock.now()
        case = identifiers.canonical_uuid(request.match_info["case"])
        if case is None:
            raise store.unknown()
        async with self._desk.pool.acquire() as connection:
            turn = Turn(office=self._desk.office, connection=connection, now=now)
            made, sha256 = await propose.propose(
                turn, self._desk.papers, CaseId(case), actor, _proposal(body, now)
            )
        return _answer(Proposed(order=str(made), sha256=sha256), status=201)

    async def show(self, request: web.Request) -> web.Response:
        """An order and where it stands."""
        actor = await self._actor(request)
        answer = await self._desk.ask(frames.ShowOrder(order=request.match_info["order"]))
        paper = msgspec.convert(answer, approvals.OrderPaper)
        subject = order_document.parse(paper.document).subject
        if isinstance(subject, CaseSubject):
            async with self._desk.pool.acquire() as connection:
                turn = Turn(
                    office=self._desk.office, connection=connection, now=self._desk.clock.now()
                )
                await assign.check_sees_order(turn, subject.case, actor)
        return _answer(paper)

    async def carry_out(self, request: web.Request) -> web.Response:
        """What came of an order; a disclosure is carried out by its releaser alone."""
        actor = await self._actor(request)
        assign.check_role(actor, _CARRIES_OUT)
        order_id = request.match_info["order"]
        shown = await self._desk.ask(frames.ShowOrder(order=order_id))
        order = order_document.parse(str(shown["document"]))
        if order.releaser and order.releaser != actor.person:
            raise Refused("not_releaser", "The order names somebody else as its releaser.")
        async with self._desk.pool.acquire() as connection:
            await hasten.check(connection, order)
            answer = await self._desk.ask(frames.CarryOut(order=order_id))
            await hasten.look_soon(connection, order.id, self._desk.clock.now())
        return _answer({name: value for name, value in answer.items() if name != "done"})

    async def release(self, request: web.Request) -> web.Response:
        """The package's link is on its way to its recipient."""
        actor = await self._actor(request)
        package = _id(request.match_info["package"])
        now = self._desk.clock.now()
        async with self._desk.pool.acquire() as connection, connection.transaction():
            released = await release_package.release(
                connection,
                package,
                Person(actor.person),
                now=now,
                random=self._desk.office.random,
            )
            turn = Turn(office=self._desk.office, connection=connection, now=now)
            await act.follow(turn, released.case_id)
        return _answer({"notice": str(released.notice_id)})

    async def receipt(self, request: web.Request) -> web.Response:
        """A recipient's receipt that came by another way than their page, as evidence."""
        actor = await self._actor(request)
        assign.check_role(actor, _RECEIVES)
        body = await pages.read_json(request, Receipt, BODY_OCTETS)
        package, evidence = _id(request.match_info["package"]), _id(body.evidence)
        now = self._desk.clock.now()
        async with self._desk.pool.acquire() as connection, connection.transaction():
            row = await packages.find(connection, package)
            await release_package.receipt(
                connection,
                package,
                row.case_id,
                EvidenceId(evidence),
                now=now,
                random=self._desk.office.random,
            )
            turn = Turn(office=self._desk.office, connection=connection, now=now)
            await act.follow(turn, row.case_id)
        return _answer({"case": str(row.case_id)})

    async def _actor(self, request: web.Request) -> Actor:
        self._desk.admit(request)
        return await self._desk.authenticate(request)


def _proposal(body: NewOrder, now: datetime) -> Proposal:
    to = body.to
    return Proposal(
        kind=body.kind,
        basis=body.basis,
        reason=body.reason,
        reasons=body.reasons,
        instrument=body.instrument,
        fields=body.fields,
        releaser=body.releaser,
        not_before=_moment(body.not_before) or now,
        to=None
        if to is None
        else To(
            name=to.name,
            organization=to.organization,
            identity=to.identity,
            openpgp=to.openpgp,
            certificate=to.certificate,
            delete_by=to.delete_by,
        ),
        until=_moment(body.until),
        overrides_veto=body.overrides_veto,
    )


def _id(text: str) -> UUID:
    found = identifiers.canonical_uuid(text)
    if found is None:
        raise InvalidInput("id", "An id is a UUID.")
    return found


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # at the ends of time UTC has no word for it
        pass
    raise InvalidInput("moment", "A moment is written as RFC 3339 has it.")


def _answer(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(value), content_type="application/json"
    )
