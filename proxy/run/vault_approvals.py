"""What the vault answers about rosters, orders and votes.

One paper at a time: what is checked and what is then done can not come apart. What is refused is
counted, and, so that nobody can fill the ledger with it, only so often an entry.
"""

from __future__ import annotations

import asyncio
import json
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import structlog

from proxy.errors import InvalidInput, NotFound, Refused, Unavailable
from proxy.model import identifiers
from proxy.model.order import OrderId
from proxy.model.roster import Waiting
from proxy.services import carry_out, decide, keep_roster, revoke_registrar_key
from proxy.services.decide import Deciding
from proxy.services.keep_roster import Keeping
from proxy.services.know_case import Knowing
from proxy.store import approvals as store
from proxy.store import pool as pools
from proxy.vault.casebook import CaseBook
from proxy.vault.grants import Caller, Grant
from proxy.vault.registrar_keys import RegistrarKeys
from proxy.wire import documents, frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from proxy.model.case import CaseTypeId
    from proxy.model.case_type import CaseType
    from proxy.model.roster import Agent, Person, StaffRole, Standing
    from proxy.model.sealed import RecordName
    from proxy.outer_ports import Packager
    from proxy.run.vault_answers import Command
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.services.decide import Shown
    from proxy.store.approvals import RosterRow
    from proxy.store.pool import Connection
    from proxy.wire.frames import Answer, Value

_Asked = TypeVar("_Asked")

ROSTERS_A_PAGE = 20
PAGE_OCTETS = 2 << 20  # of rosters in an answer: half of the longest
ORDERS_LISTED = 50
REFUSALS_AN_HOUR = 60  # refusals that become ledger entries; beyond it they are only counted

_log = structlog.get_logger()


class Approvals:
    """Answers about papers."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        types: Mapping[CaseTypeId, CaseType] = MappingProxyType({}),
        packager: Packager | None = None,
    ) -> None:
        """`types` are those of cases; without a packager nothing is disclosed."""
        self._rooms = rooms
        self._types = types
        self._packager = packager
        self._turn = asyncio.Lock()

    def commands(self) -> dict[type, Command]:
        """What is answered here, and by what grant."""
        return {
            frames.ShowRoster: (Grant.READ, self._alone(self._show_roster)),
            frames.SubmitRoster: (Grant.SUBMIT, self._answering(self._submit_roster)),
            frames.ObjectToRoster: (Grant.VOTE, self._alone(self._object_to_roster)),
            frames.SubmitOrder: (Grant.PROPOSE, self._answering(self._submit_order)),
            frames.ListOrders: (Grant.SUBMIT, self._answering(self._list_orders)),
            frames.ShowOrder: (Grant.READ, self._answering(self._show_order)),
            frames.Vote: (Grant.VOTE, self._answering(self._vote)),
            frames.ObjectToOrder: (Grant.VOTE, self._alone(self._object_to_order)),
            frames.ShowRegistrarKeys: (Grant.SUBMIT, self._alone(self._show_keys)),
            frames.RevokeKey: (Grant.VOTE, self._alone(self._revoke_key)),
            frames.CarryOut: (Grant.CARRY_OUT, self._answering(self._carry_out)),
        }

    async def authenticate(
        self, signature: frames.Signature, message: bytes, roles: frozenset[StaffRole]
    ) -> Person:
        """The member of staff, of one of `roles`, whose signature this is; Refused if not."""
        in_force = keep_roster.current(self._keeping())
        member = in_force.roster.member(signature.person)
        if member is None or not member.roles & roles:
            raise Refused("staff_role", "The roster knows nobody of this role by this name.")
        signatures = self._rooms.open_walls().signatures
        keep_roster.verify(signatures, in_force.roster, signature, message)
        return member.person

    async def agent(self, agent_id: str) -> Agent | None:
        """The escrow agent of the roster in force."""
        return keep_roster.current(self._keeping()).roster.agent(agent_id)

    def deployment(self) -> str:
        """The id that this installation's documents carry."""
        return self._rooms.keyring.file.state_id.hex()

    async def settle(self) -> None:
        """Let a roster take effect whose time has come, and show what waits."""
        async with self._turn:
            standing = keep_roster.settle(self._keeping())
        metrics = self._rooms.metrics
        waiting = standing.waiting if standing else None
        metrics.gauge("vault_roster_version").value = float(standing.version if standing else 0)
        metrics.gauge("vault_roster_waiting").value = float(waiting is not None)

    def _keeping(self) -> Keeping:
        walls = self._rooms.open_walls()
        return Keeping(
            rosters=walls.rosters,
            signatures=walls.signatures,
            note=self._rooms.note,
            entry=self._rooms.entry,
            be_seen=self._rooms.open_for_data,
            now=self._rooms.clock.now(),
            deployment=self.deployment(),
            is_demo=self._rooms.is_demo,
        )

    def _deciding(self) -> Deciding:
        state = self._walls.state

        def is_newest(name: RecordName, sha256: str) -> bool:
            return state.disagreement(name, bytes.fromhex(sha256), newest=True) is None

        return Deciding(
            keeping=self._keeping(),
            book=self._walls.orders,
            knowing=Knowing(
                memory=CaseBook(state),
                is_newest=is_newest,
                types=self._types,
                packager=self._packager,
            ),
        )

    def _answering(
        self, work: Callable[[Connection, _Asked], Awaitable[Mapping[str, Value]]]
    ) -> Callable[[Caller, _Asked], AsyncIterator[Answer]]:
        async def with_connection(request: _Asked) -> Mapping[str, Value]:
            async with self._rooms.pool.acquire() as connection:
                return await work(connection, request)

        return self._alone(with_connection)

    def _alone(
        self, work: Callable[[_Asked], Awaitable[Mapping[str, Value]]]
    ) -> Callable[[Caller, _Asked], AsyncIterator[Answer]]:
        """One paper at a time; what is refused is told, counted and sometimes an entry."""

        async def answer(caller: Caller, request: _Asked) -> AsyncIterator[Answer]:
            self._rooms.open_walls()
            async with self._turn:
                try:
                    found = await work(request)
                except (Refused, InvalidInput) as refusal:
                    self._note_refusal(caller, request, refusal.code)
                    raise
            yield {"done": True, **found}

        return answer

    def _note_refusal(self, caller: Caller, request: object, code: str) -> None:
        rooms, name = self._rooms, type(request).__name__
        rooms.metrics.counter("vault_papers_refused_total", reason=code).value += 1
        _log.error("vault_paper_refused", role=caller.value, task=name, reason=code)
        state, now = rooms.open_walls().state, rooms.clock.now()
        if state.budgets.spend("refusal", now, rooms.random(16), REFUSALS_AN_HOUR):
            rooms.note("paper_refused", {"request": name, "reason": code, "caller": caller.value})

    @property
    def _walls(self) -> Walls:
        return self._rooms.open_walls()

    async def _show_roster(self, request: frames.ShowRoster) -> Mapping[str, Value]:
        standing = keep_roster.settle(self._keeping())
        rows = await self._history(request.after, standing.stopped if standing else ())
        shown = {
            row.version: _shown_row(row) for row in rows
            # The database's word for history alone, and only what has the digest it claims.
            if documents.digest(row.document) == row.sha256
            and row.version <= (standing.version if standing else 0)
        }  # fmt: skip
        if standing is not None:
            for paper in (standing, standing.waiting):
                if paper is not None and paper.evidence and paper.version > request.after:
                    shown[paper.version] = _shown_paper(paper)
        return {**self._standing(standing), "rosters": _page(shown)}

    async def _history(self, after: int, stopped: Sequence[str]) -> Sequence[RosterRow]:
        """Former rosters; none while the database is away, when members must still see the rest."""
        try:
            async with self._rooms.pool.acquire() as connection:
                return await store.rosters_after(connection, after, ROSTERS_A_PAGE, stopped)
        except Exception as error:
            if isinstance(error, Unavailable) or pools.is_outage(error):
                return ()
            raise

    async def _submit_roster(
        self, connection: Connection, request: frames.SubmitRoster
    ) -> Mapping[str, Value]:
        standing = await keep_roster.submit(
            connection, self._keeping(), request.document, request.signatures
        )
        return self._standing(standing)

    async def _object_to_roster(self, request: frames.ObjectToRoster) -> Mapping[str, Value]:
        return self._standing(
            keep_roster.object_to(self._keeping(), request.sha256, request.signature)
        )

    async def _submit_order(
        self, connection: Connection, request: frames.SubmitOrder
    ) -> Mapping[str, Value]:
        kept = await decide.submit(connection, self._deciding(), request.document)
        return {"sha256": kept.sha256, "nonce": kept.nonce.hex(), "state": kept.state.value}

    async def _list_orders(
        self, connection: Connection, _request: frames.ListOrders
    ) -> Mapping[str, Value]:
        found: list[Value] = []
        for order_id in await store.newest_orders(connection, ORDERS_LISTED):
            try:
                kept = self._walls.orders.find(order_id)
            except NotFound:  # a row that the vault never received
                continue
            found.append(
                {
                    "order": str(order_id),
                    "kind": kept.kind.value,
                    "state": kept.state.value,
                    "received_at": kept.received_at.isoformat(),
                    "expires_at": kept.expires_at.isoformat(),
                }
            )
        return {"orders": found}

    async def _show_order(
        self, connection: Connection, request: frames.ShowOrder
    ) -> Mapping[str, Value]:
        shown = await decide.show(connection, self._deciding(), _order_id(request.order))
        return self._shown(shown)

    async def _vote(self, connection: Connection, request: frames.Vote) -> Mapping[str, Value]:
        shown = await decide.vote(
            connection, self._deciding(), _order_id(request.order), request.signature
        )
        return self._shown(shown)

    async def _object_to_order(self, request: frames.ObjectToOrder) -> Mapping[str, Value]:
        order_id = _order_id(request.order)
        is_veto = decide.object_to(self._deciding(), order_id, request.signature)
        return {"state": "stopped", "veto": is_veto}

    async def _show_keys(self, request: frames.ShowRegistrarKeys) -> Mapping[str, Value]:
        tenant = identifiers.canonical_uuid(request.tenant)
        if tenant is None:
            raise NotFound("registrar", "There is no registrar by this id.")
        kept = RegistrarKeys(self._walls.state).all(identifiers.TenantId(tenant))
        return {
            "keys": [
                {
                    "signing": one.signing,
                    "sealing": one.sealing,
                    "holds_from": one.holds_from.isoformat(),
                    "order_sha256": one.order,
                }
                for one in kept
            ]
        }

    async def _revoke_key(self, request: frames.RevokeKey) -> Mapping[str, Value]:
        revoke_registrar_key.revoke(self._deciding(), _order_id(request.order), request.signature)
        return {"state": "revoked"}

    async def _carry_out(
        self, connection: Connection, request: frames.CarryOut
    ) -> Mapping[str, Value]:
        done = await carry_out.carry_out(connection, self._deciding(), _order_id(request.order))
        package = done.package
        return {
            "kind": done.kind.value,
            "package": None
            if package is None
            else {"id": str(package.id), "sha256": package.sha256, "copy": package.copy},
            **self._standing(self._walls.rosters.standing()),
        }

    def _shown(self, shown: Shown) -> Mapping[str, Value]:
        if shown.forged:
            _log.error("vault_votes_forged", count=shown.forged)
            self._rooms.metrics.counter("vault_alarms_total").value += 1
        return {
            "document": shown.document,
            "sha256": shown.kept.sha256,
            "nonce": shown.kept.nonce.hex(),
            "state": shown.kept.state.value,
            "approvals": [
                {"person": one.person, "detached": one.is_detached} for one in shown.voters
            ],
            "lacking": list(shown.lacking),
            "roster": shown.in_force.document,
        }

    def _standing(self, standing: Standing | None) -> Mapping[str, Value]:
        waiting = standing.waiting if standing else None
        return {
            "deployment": self.deployment(),
            "current": None
            if standing is None
            else {
                "sha256": standing.sha256,
                "version": standing.version,
                "since": standing.since.isoformat(),
            },
            "waiting": None
            if waiting is None
            else {
                "sha256": waiting.sha256,
                "version": waiting.version,
                "route": waiting.route,
                "objectors": list(waiting.objectors),
                "announced_at": waiting.announced_at.isoformat(),
                "effective_at": waiting.effective_at.isoformat(),
            },
        }


def _page(shown: Mapping[int, Value]) -> list[Value]:
    """Rosters in order, as many as an answer takes."""
    found: list[Value] = []
    room = PAGE_OCTETS
    for version in sorted(shown)[:ROSTERS_A_PAGE]:
        room -= len(json.dumps(shown[version]))
        if found and room < 0:
            break
        found.append(shown[version])
    return found


def _shown_row(row: RosterRow) -> Value:
    return {
        "sha256": row.sha256,
        "version": row.version,
        "document": row.document,
        "evidence": row.evidence,
        "announced_at": row.announced_at.isoformat(),
        "effective_at": row.effective_at.isoformat(),
    }


def _shown_paper(paper: Standing | Waiting) -> Value:
    if isinstance(paper, Waiting):
        announced_at, effective_at = paper.announced_at, paper.effective_at
    else:
        announced_at = effective_at = paper.since
    return {
        "sha256": paper.sha256,
        "version": paper.version,
        "document": paper.document,
        "evidence": json.loads(paper.evidence),
        "announced_at": announced_at.isoformat(),
        "effective_at": effective_at.isoformat(),
    }


def _order_id(text: str) -> OrderId:
    try:
        return OrderId(UUID(text))
    except ValueError:
        raise NotFound("order_unknown", "There is no order by this id.") from None
