"""How a command gets at what the escrow process has: its login, its directories, its user.

Commands work beside the running service and take the same locks. Started as root where the roles
have users of their own, a command becomes the escrow user before it touches a file of its.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from escrow import desk, plan
from proxy.errors import InvalidInput, NotFound, Unavailable
from proxy.hosting import boot, database, directory, isolation
from proxy.hosting.process import SystemClock
from proxy.hosting.vault_calls import VaultCaller

if TYPE_CHECKING:
    from collections.abc import Callable

    from escrow.model import Stream
    from escrow.opening import Unseal
    from proxy.settings import Settings
    from proxy.store.logins import LoginRole
    from proxy.store.pool import Access

ANSWER_WAIT_S = 120.0  # the vault counts a registrar's records before a deposit begins


def login(settings: Settings, role: LoginRole) -> Access:
    """How to log in; to be read before the user changes."""
    if settings.database_url is None and not (settings.data_dir / database.DIRECTORY).is_dir():
        raise Unavailable(
            "no_service",
            f"No service ever ran on {settings.data_dir}; name its --data-dir, or start it with "
            "`privacyproxy up`.",
        )
    return boot.access(database.login(settings, role))


def become_escrow(settings: Settings) -> None:
    """Become the user that owns the escrow directories, if we are root and they are not ours."""
    if os.geteuid() != 0:
        return
    try:
        owner = (settings.key_dir / desk.DIRECTORY).stat().st_uid
    except FileNotFoundError:
        raise Unavailable(
            "escrow_directory",
            f"{settings.key_dir / desk.DIRECTORY} is not there; `privacyproxy up` makes it.",
        ) from None
    if owner == 0:
        return
    closed = isolation.closed_path(settings.data_dir, settings.key_dir, *isolation.code_paths())
    if closed is not None:
        raise Unavailable(
            "escrow_user", f"The escrow user may not enter {closed}; let others pass through it."
        )
    isolation.drop(owner)


def streams(settings: Settings) -> tuple[Stream, ...]:
    """The plan's streams; InvalidInput with every fault, or without a plan."""
    if settings.escrow_plan is None:
        raise InvalidInput(
            "escrow_plan",
            "There is no plan: write one (escrow/plan.example.toml shows how) and set "
            "PRIVACYPROXY_ESCROW_PLAN, or escrow_plan in the settings' file, to its path.",
        )
    return plan.read(settings.escrow_plan)


def stream(settings: Settings, name: str) -> Stream:
    """One stream of the plan; NotFound naming those there are."""
    all_ = streams(settings)
    found = next((one for one in all_ if one.id == name), None)
    if found is None:
        names = ", ".join(one.id for one in all_)
        raise NotFound("stream", f"The plan has no stream {name}; it has {names}.")
    return found


def parts(
    settings: Settings,
    access: Access,
    unseal: Unseal,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> desk.Parts:
    """What the steps need, for a command beside the running service."""
    run_dir = directory.running(settings.data_dir).get("run_dir")
    if not isinstance(run_dir, str):
        raise Unavailable(
            "vault", f"No service runs on {settings.data_dir}; start it with `privacyproxy up`."
        )
    caller = VaultCaller(Path(run_dir), "escrow", wait_s=ANSWER_WAIT_S)
    return desk.Parts(
        access=access,
        ask=caller.ask,
        unseal=unseal,
        clock=SystemClock(),
        draw=secrets.token_bytes,
        data_dir=settings.data_dir,
        key_dir=settings.key_dir,
        progress=progress,
    )
