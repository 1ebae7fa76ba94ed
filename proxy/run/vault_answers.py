"""What the vault answers on its sockets: one table of requests, each behind its grant.

The rooms that answer are vault_keys, vault_approvals, vault_openings and vault_proofs. Nothing is
answered that the table of grants does not give to the calling role.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from proxy.errors import Refused
from proxy.store import pool as pools
from proxy.vault import grants
from proxy.vault.grants import Caller, Grant
from proxy.wire.frames import Answer

if TYPE_CHECKING:
    from proxy.wire.frames import Request

Handler = Callable[[Caller, Any], AsyncIterator[Answer]]
Command = tuple[Grant | Callable[[Any], Grant], Handler]
"""The grant that a request needs (it may depend on what is asked), and who answers it."""

_log = structlog.get_logger()


class Answers:
    """Answers one request of one caller."""

    def __init__(self, *rooms: Mapping[type, Command]) -> None:
        """`rooms` are the commands of each room; no request is answered in two."""
        self._commands: dict[type, Command] = {}
        for one in rooms:
            self._commands |= one

    async def answer(self, caller: str, request: Request) -> AsyncIterator[Answer]:
        """The frames of an answer; the last has `done`. Refused `not_granted` by default."""
        role = Caller(caller)
        command = self._commands.get(type(request))
        if command is None:
            raise Refused("not_granted", "This vault does not answer that.")
        needed, handle = command
        grant = needed if isinstance(needed, Grant) else needed(request)
        if not grants.may(role, grant):
            _log.error("vault_refused", role=caller, grant=grant.value, reason="not_granted")
            raise Refused("not_granted", f"The role {role} has no grant for this.")
        with pools.translated():
            async for one in handle(role, request):
                yield one
