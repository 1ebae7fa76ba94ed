"""What the vault answers a member of staff who asks whether a case's registrant holds a value.

Yes or no, of the registration that the case is about and its newest contacts; never the value, and
never whose role it is. Each is a guess at a hidden person, so few are allowed, each is an entry,
and only in a case. The record is opened here: the index is the database's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.model.roster import StaffRole
from proxy.run import vault_alarms as alarms
from proxy.run.vault_staff import StaffDesk
from proxy.store import sealed
from proxy.vault import grants, primitives, statements
from proxy.vault import state as states
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import staff_documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from proxy.model.roster import Person
    from proxy.model.sealed import RecordName
    from proxy.run.vault_cases import Cases, KnownCase
    from proxy.run.vault_rounds import Rooms
    from proxy.run.vault_search import Authenticate
    from proxy.wire import frames
    from proxy.wire.frames import Answer
    from proxy.wire.staff_documents import Match

ROLES = frozenset(
    {
        StaffRole.HANDLER, StaffRole.VERIFIER, StaffRole.INVESTIGATOR, StaffRole.ABUSE,
        StaffRole.LEGAL, StaffRole.DPO,
    }
)  # fmt: skip


class Matching:
    """Answers who compares."""

    def __init__(
        self,
        rooms: Rooms,
        cases: Cases,
        *,
        authenticate: Authenticate,
        deployment: Callable[[], str],
    ) -> None:
        self._rooms = rooms
        self._cases = cases
        self._desk = StaffDesk(rooms, authenticate=authenticate, deployment=deployment)

    async def match(self, _caller: Caller, request: frames.Match) -> AsyncIterator[Answer]:
        """Whether the newest contacts hold the value.

        NotFound `case_unknown`; Refused `paper_*`, `conflicted`, `case_closed`, `budget`,
        `not_adopted`, `record_*`, `case_*`, or as the signature is.
        """
        rooms = self._rooms
        rooms.open_for_data()
        match = staff_documents.parse_match(request.document)
        digest = primitives.sha256(request.document.encode())
        person = await self._desk.take(
            match,
            request.signature,
            statements.matching(digest),
            roles=ROLES,
            grant=Grant.MATCH,
        )
        async with rooms.turn:
            walls = rooms.open_for_data()  # once more: the turn may have been waited for
            vault = VaultOpenings(rooms.keyring, walls.state)
            async with rooms.pool.acquire() as connection:
                case = await self._cases.read(connection, match.case_id)
                self._desk.check_conflict(case, person)
                if not case.is_open:
                    raise Refused("case_closed", "The case is closed.")
                token = vault.token(case.tenant_id, match.field, match.value)
                if token is None:
                    raise InvalidInput("match_value", "Nothing in this value can be compared.")
                name = vault.newest_identity(case.tenant_id, case.registration_id)
                if name is None:
                    raise Refused(states.Disagreement.ERASED, "Nobody is kept any more.")
                rows = await sealed.find_records(connection, [name])
            # Not the value: the same guess asked again is another use of the budget.
            self._desk.spend(
                walls.state, Grant.MATCH, match.id.bytes, person, grants.MATCHES_IN_ALL
            )
            self._note(match, case, person, name)
            try:
                is_held = vault.holds(name, rows[0] if rows else None, token)
            except Refused as refusal:
                alarms.row(rooms, Grant.MATCH, name, refusal.code)
                raise
        yield {"done": True, "holds": is_held}

    def _note(self, match: Match, case: KnownCase, person: Person, name: RecordName) -> None:
        """The ledger entry, durable before the record is opened. The answer is no part of it."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.MATCH.value,
            "caller": Caller.WEB.value,
            "person": person,
            "case": str(case.id),
            "field": match.field,
            "match": str(match.id),
            "class": name.record_class.value,
            "version": name.version,
            "reason_sha256": primitives.sha256(match.reason.encode()).hex(),
        }
        subject = str(case.registration_id)
        self._rooms.note("matched", facts, subject=subject, tenant_id=case.tenant_id)
        alarms.opened(self._rooms, Grant.MATCH)
