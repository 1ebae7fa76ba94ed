"""One installation as `up` finds it: directories, users, sockets, logins, before anything runs.

Everything here happens once, in the supervisor, and nothing here outlives it but the directories.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxy.hosting import database, directory, isolation
from proxy.hosting.boot import Boot
from proxy.hosting.process import Paths
from proxy.run import listeners

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from proxy.hosting.boot import Login
    from proxy.run.roles import Role
    from proxy.run.supervise import Child
    from proxy.settings import Settings

ONE_USER = (
    "All roles run as one operating-system user{why}: the walls between them stop mistakes, "
    "not intruders."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """As whom the roles run: numeric ids by role, and `operator`, whoever started us."""

    ids: Mapping[str, int]
    are_separate: bool
    warning: str = ""

    def of(self, role: str) -> int | None:
        """The user to become, None to stay who we are."""
        return self.ids[role] if self.are_separate else None


def choose_users(settings: Settings, group: Sequence[Role]) -> Users:
    """Users of their own for root where every path can be entered; else one, with a warning."""
    ourselves = os.geteuid()
    why = ""
    if ourselves == 0:
        paths = (settings.data_dir, settings.key_dir, *isolation.code_paths())
        closed = isolation.closed_path(*paths)
        if closed is None:
            ids = {
                name: settings.role_user_base + offset for name, offset in _offsets(group).items()
            }
            return Users(ids={**ids, "operator": 0}, are_separate=True)
        why = f", because others may not enter {closed}"
    ids = dict.fromkeys(_offsets(group), ourselves)
    return Users(
        ids={**ids, "operator": ourselves}, are_separate=False, warning=ONE_USER.format(why=why)
    )


def _offsets(group: Sequence[Role]) -> dict[str, int]:
    # A vault on a host of its own still has to know who its callers are.
    from proxy.run import roles  # noqa: PLC0415 - a table, kept beside its users

    everyone = dict.fromkeys((*group, *roles.ROLES.values()))
    return {role.name: role.user_offset for role in everyone}


def make_directories(settings: Settings) -> None:
    """Make the data and key directories; root's may be entered, though not read, by others."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for path in (settings.data_dir, settings.key_dir):
        directory.prepare(path, mode)


def hand_over(settings: Settings, group: Sequence[Role], users: Users) -> None:
    """Give each role the directories it owns and a scratch directory."""
    roots = {"data": settings.data_dir, "keys": settings.key_dir}
    directory.prepare(settings.data_dir / "run", 0o711 if users.are_separate else 0o700)
    for role in group:
        for place in role.owns:
            root, _, name = place.partition("/")
            isolation.hand_over(roots[root] / name, users.of(role.name))
        isolation.hand_over(scratch_dir(settings, role), users.of(role.name))


def scratch_dir(settings: Settings, role: Role) -> Path:
    """The role's own directory for files its workers share."""
    return settings.data_dir / "run" / role.name


def public_sockets(
    settings: Settings, group: Sequence[Role]
) -> dict[str, tuple[socket.socket, ...]]:
    """The public listeners of the group by name; all of them are closed when one is refused."""
    made: dict[str, tuple[socket.socket, ...]] = {}
    try:
        for name in (*(name for role in group for name in role.listens), "metrics"):
            made[name] = ()
            for address in listeners.addresses(settings, name):
                made[name] += (listeners.listen(name, address, settings.listen_backlog),)
    except BaseException:
        for one in (one for several in made.values() for one in several):
            one.close()
        raise
    return made


def private_sockets(
    run_dir: Path, group: Sequence[Role], users: Users
) -> dict[str, tuple[socket.socket, ...]]:
    """One Unix listener per calling role, by `role.caller`."""
    return {
        f"{role.name}.{caller}": (
            listeners.listen_unix(run_dir / f"{role.name}.{caller}", _only(users, caller)),
        )
        for role in group
        for caller in role.answers
    }


def _only(users: Users, caller: str) -> int | None:
    return users.ids[caller] if users.are_separate else None


def worker_count(settings: Settings, role: Role) -> int:
    """How many processes of `role` run: edge workers by the setting, one of anything else."""
    if role.name != "edge":
        return 1
    if settings.edge_workers:
        return settings.edge_workers
    affinity = getattr(os, "sched_getaffinity", None)  # Linux: the cores we may really use
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a child's boot is made of."""

    settings: Settings
    users: Users
    run_dir: Path
    sockets: Mapping[str, tuple[socket.socket, ...]]
    logins: Mapping[str, Login]
    root_phrase: str | None = field(default=None, repr=False)
    """Kept while we run, because a vault that died is started again; nobody else gets it."""

    def boot(self, child: Child, control: int) -> Boot:
        """The boot document of one process."""
        role = child.role
        names = (*role.listens, *(f"{role.name}.{caller}" for caller in role.answers))
        return Boot(
            role=role.name,
            index=child.index,
            parent=os.getpid(),
            control=control,
            sockets={name: tuple(one.fileno() for one in self.sockets[name]) for name in names},
            users=self.users.ids,
            drop_to=self.users.of(role.name),
            settings=self.settings,
            login=self.logins.get(role.name),
            root_phrase=self.root_phrase if role.name == "vault" else None,
            paths=paths(self.settings, self.run_dir, role),
        )


def paths(settings: Settings, run_dir: Path, role: Role) -> Paths:
    """The directories as one role sees them."""
    return Paths(
        data_dir=settings.data_dir,
        key_dir=settings.key_dir,
        run_dir=run_dir,
        scratch_dir=scratch_dir(settings, role),
    )


def logins(settings: Settings, group: Sequence[Role]) -> dict[str, Login]:
    """The database logins of the group's roles; raises Unavailable with what is missing."""
    return {
        role.name: database.login(settings, role.login) for role in group if role.login is not None
    }
