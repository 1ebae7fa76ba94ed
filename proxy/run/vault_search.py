"""What the vault answers a member of staff who asks which registrations share a value.

The web role carries the signed document; the signature is checked here. Ids leave, never values.
What is asked of the index, and what is believed of it, is vault_hits'. The time tells at most how
many rows there are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput, Refused
from proxy.model.roster import StaffRole
from proxy.run import vault_alarms as alarms
from proxy.run import vault_hits
from proxy.store.openings import Sharing
from proxy.vault import grants, primitives, statements
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import search_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.run.vault_rounds import Rooms, Walls
    from proxy.wire import frames
    from proxy.wire.frames import Answer
    from proxy.wire.search_document import Search

    Authenticate = Callable[
        [frames.Signature, bytes, frozenset[StaffRole]], Awaitable[Person]
    ]  # raises Refused

WINDOW = timedelta(minutes=5)  # how far a document's time may be from ours
HITS = 200  # registrations in one answer; more is a value to be asked for more narrowly
# Who looks for persons in their work; nobody else searches.
ROLES = frozenset(
    {StaffRole.HANDLER, StaffRole.INVESTIGATOR, StaffRole.ABUSE, StaffRole.LEGAL, StaffRole.DPO}
)
_USED = b"search\0"


class Searching:
    """Answers searches."""

    def __init__(
        self, rooms: Rooms, *, authenticate: Authenticate, deployment: Callable[[], str]
    ) -> None:
        self._rooms = rooms
        self._authenticate = authenticate
        self._deployment = deployment

    async def search(self, _caller: Caller, request: frames.Search) -> AsyncIterator[Answer]:
        """Ids of registrations. Refused `search_*`, `budget`, or as the signature is."""
        rooms = self._rooms
        walls = rooms.open_for_data()
        search = search_document.parse(request.document)
        digest = primitives.sha256(request.document.encode())
        now = rooms.clock.now()
        self._check(search, now)
        person = await self._authenticate(request.signature, statements.search(digest), ROLES)
        self._spend(walls, search, person, now)
        vault = VaultOpenings(rooms.keyring, walls.state)
        token = vault.token(search.tenant_id, search.field, search.value)
        if token is None:
            raise InvalidInput("search_value", "Nothing in this value can be searched for.")
        asked = Sharing(tenant_id=search.tenant_id, token=token)
        async with rooms.turn:
            rooms.open_for_data()  # once more: the turn may have been waited for
            hits, is_more = await vault_hits.named(rooms, asked, HITS)
            self._note(search, person, len(hits))
            found = await vault_hits.confirmed(rooms, Grant.SEARCH, vault, hits, token)
        yield {
            "done": True,
            "registrations": [str(one.registration_id) for one in found],
            "more": is_more,
        }

    def _check(self, search: Search, now: datetime) -> None:
        if search.deployment != self._deployment():
            raise Refused("search_deployment", "The search was signed for another installation.")
        if abs(now - search.at) > WINDOW:
            raise Refused("search_time", "The search was signed too long ago, or its clock is off.")

    def _spend(self, walls: Walls, search: Search, person: Person, now: datetime) -> None:
        """Take the document's id, for ever as far as it could be used, then the budgets."""
        until = search.at + WINDOW + timedelta(seconds=1)
        state, whom = walls.state, search.id.bytes
        if not state.passing.claim(_USED + whom, until, now):
            raise Refused("search_repeated", "This search was carried out before: sign another.")
        own = grants.BUDGETS[Grant.SEARCH]
        if not grants.spend_from(state, "search_person", own, whom, now, each=person):
            raise alarms.budget(self._rooms, Grant.SEARCH, "person")
        if not grants.spend_from(state, Grant.SEARCH, grants.SEARCHES_IN_ALL, whom, now):
            raise alarms.budget(self._rooms, Grant.SEARCH, "all")

    def _note(self, search: Search, person: Person, hits: int) -> None:
        """The ledger entry, durable before a hit is opened or told."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.SEARCH.value,
            "caller": Caller.WEB.value,
            "person": person,
            "field": search.field,
            "reason_sha256": primitives.sha256(search.reason.encode()).hex(),
            "search": str(search.id),
            "hits": hits,
        }
        self._rooms.note("searched", facts, tenant_id=search.tenant_id)
        alarms.opened(self._rooms, Grant.SEARCH, hits)
