"""What the vault answers a registrar who asks which of its names hold a person's value.

For who must tell, correct or erase all that is held of one person. The API role carries the signed
document: without the registrar's signature it can test no guess. Ids and roles leave, never values,
and of the signer's own registrations alone: the token is made with the key of the tenant that
signed. Somebody else's customer and nobody look alike, and are the same queries.
Source: vault.md, Grants (registrar, search); FORMAT.md, Customer search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput
from proxy.run import vault_alarms as alarms
from proxy.run import vault_hits
from proxy.run.vault_registrars import Kind, RegistrarDesk
from proxy.store.openings import Sharing
from proxy.vault import grants, primitives, statements
from proxy.vault.grants import Caller, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import find_document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from proxy.run.vault_rounds import Rooms
    from proxy.vault.registrar_keys import KeptKey
    from proxy.wire import frames
    from proxy.wire.find_document import Find
    from proxy.wire.frames import Answer

_KIND: Final = Kind(grant=Grant.FIND, code="search", used=b"find\0")


class Finding:
    """Answers registrars who search."""

    def __init__(self, rooms: Rooms, *, deployment: Callable[[], str]) -> None:
        self._rooms = rooms
        self._desk = RegistrarDesk(rooms, _KIND, deployment=deployment)

    async def find(self, _caller: Caller, request: frames.Find) -> AsyncIterator[Answer]:
        """Ids of registrations and roles, where the next page begins, and the ledger entry.

        Refused `search_key` where the signature is of no key of the registrar that holds,
        `search_deployment`, `search_time`, `search_repeated`, `budget`; InvalidInput
        `search_value` where nothing of the value counts.
        """
        rooms = self._rooms
        walls = rooms.open_for_data()
        find = find_document.parse(request.document)
        message = statements.find(primitives.sha256(request.document.encode()))
        self._desk.check(walls, find, message, request.signature)
        vault = VaultOpenings(rooms.keyring, walls.state)
        token = vault.token(find.tenant_id, find.field, find.value)
        if token is None:
            raise InvalidInput("search_value", "Nothing in this value can be searched for.")
        self._desk.spend(walls, find, day=grants.FINDS_OF_DAY, in_all=grants.FINDS_IN_ALL)
        asked = Sharing(
            tenant_id=find.tenant_id, token=token, reseller=find.reseller, after=find.after
        )
        async with rooms.turn:
            # Once more: the turn may have been waited for, and the key be gone since.
            walls = rooms.open_for_data()
            key = self._desk.check(walls, find, message, request.signature)
            hits, is_more = await vault_hits.named(rooms, asked, find.limit)
            entry = self._note(find, key, len(hits))
            found = await vault_hits.confirmed(rooms, Grant.FIND, vault, hits, token)
        yield {
            "done": True,
            "registrations": [
                {"id": str(name.registration_id), "roles": [role.value for role in roles]}
                for name, roles in found.items()
            ],
            "next": str(hits[-1].registration_id) if is_more else None,
            "entry": entry,
        }

    def _note(self, find: Find, key: KeptKey, hits: int) -> str:
        """The ledger entry, durable before a hit is opened or told; its id."""
        facts: dict[str, str | int | bool] = {
            "grant": Grant.FIND.value,
            "caller": Caller.API.value,
            "field": find.field,
            "reason_sha256": primitives.sha256(find.reason.encode()).hex(),
            "request": str(find.id),
            "key_order": key.order,
            "hits": hits,
        }
        entry = self._rooms.note("searched", facts, tenant_id=find.tenant_id)
        alarms.opened(self._rooms, Grant.FIND, hits)
        return str(entry)
