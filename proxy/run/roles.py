"""The roles of the service on one page: who logs in as whom, listens where, owns which files.

The only place that knows which module or program serves a role. Modules are imported one at a time,
so that a process holds the code of its own role and nothing of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.hosting.process import Process


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One kind of process."""

    name: str
    login: LoginRole | None = None
    """Its PostgreSQL login; None for a process that has none."""

    listens: tuple[str, ...] = ()
    """Public listeners it inherits, by the prefix of their setting."""

    answers: tuple[str, ...] = ()
    """Roles that may call it, each over a Unix socket of its own."""

    user_offset: int
    """Its numeric user id, counted from the setting role_user_base."""

    owns: tuple[str, ...] = ()
    """Directories that are its own: below the data directory, or below the key directory."""

    holds_secret: bool = True
    """Whether its memory must not be readable by other processes of its user."""

    stage: int
    """When it is stopped: listeners 0, workers 1, the vault 2."""

    program: tuple[str, ...] = ()
    """The module that Python runs as it, and its words; none for one of ours, `proxy run ROLE`."""


VAULT = Role(
    name="vault",
    login=LoginRole.VAULT,
    answers=("operator", "worker", "api", "web", "relay", "escrow"),
    user_offset=0,
    owns=("keys/vault",),
    stage=2,
)
API = Role(
    name="api",
    login=LoginRole.API,
    listens=("api", "api_tls"),
    user_offset=1,
    owns=("keys/api",),
    stage=0,
)
# The public ledger, approvals by passkey, and cases. Seals evidence, can open none.
WEB = Role(
    name="web",
    login=LoginRole.WEB,
    listens=("web",),
    user_offset=4,
    owns=("keys/web",),
    stage=0,
)
WORKER = Role(name="worker", login=LoginRole.WORKER, user_offset=2, owns=("keys/worker",), stage=1)
# The follower and the edge workers share one snapshot, and with it one user; both hold published
# rows only, and the follower's password opens nothing else.
FOLLOWER = Role(
    name="follower", login=LoginRole.EDGE, user_offset=3, owns=("data/snapshot",), stage=1
)
# No part of this package, which may not import it: a program beside it, with the same start.
ESCROW = Role(
    name="escrow",
    login=LoginRole.ESCROW,
    user_offset=6,
    owns=("keys/escrow", "data/escrow"),
    stage=1,
    program=("escrow", "serve"),
)
# Mail to hosts of others; it can open one address for one message.
RELAY = Role(
    name="relay",
    login=LoginRole.RELAY,
    listens=("smtp",),
    user_offset=5,
    owns=("keys/relay",),
    stage=0,
)
EDGE = Role(name="edge", listens=("whois", "rdap"), user_offset=3, holds_secret=False, stage=0)

ROLES = {role.name: role for role in (VAULT, API, WEB, WORKER, ESCROW, RELAY, FOLLOWER, EDGE)}

GROUPS = {
    "up": (VAULT, API, WEB, WORKER, ESCROW, RELAY, FOLLOWER, EDGE),
    "vault": (VAULT,),
    "api": (API,),
    "web": (WEB,),
    "worker": (WORKER,),
    "escrow": (ESCROW,),
    "relay": (RELAY,),
    "edge": (FOLLOWER, EDGE),
}
"""What `up` and each `run ROLE` start together."""


def server(name: str) -> Callable[[Process], Awaitable[None]]:
    """The `serve` of a role of ours; importing it is the heavy part of a process's start."""
    match name:
        case "vault":
            from proxy.run import vault  # noqa: PLC0415 - one role's code per process

            return vault.serve
        case "api":
            from proxy.run import api  # noqa: PLC0415 - one role's code per process

            return api.serve
        case "web":
            from proxy.run import web  # noqa: PLC0415 - one role's code per process

            return web.serve
        case "worker":
            from proxy.run import worker  # noqa: PLC0415 - one role's code per process

            return worker.serve
        case "relay":
            from proxy.run import relay  # noqa: PLC0415 - one role's code per process

            return relay.serve
        case "follower":
            from proxy.run import follower  # noqa: PLC0415 - one role's code per process

            return follower.serve
        case "edge":
            from proxy.run import edge  # noqa: PLC0415 - one role's code per process

            return edge.serve
        case _:
            raise InvalidInput("unknown_role", "There is no such role.")
