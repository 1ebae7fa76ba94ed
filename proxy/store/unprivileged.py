"""As whom the embedded PostgreSQL runs, and how it is launched. Changes nothing on the machine.

Not root: as ourselves. Root: in a user namespace that gives root another name, so that files stay
root's and need no chown; where the system refuses namespaces, as `nobody`, if the paths can be
entered by `nobody`. A user without a name (in some containers) takes
a namespace too. A cluster that exists keeps the owner it has.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from proxy.errors import Unavailable
from proxy.store import launch

NOBODY = 65534  # its number wherever the name is missing (systemd: overflow user)
PROBE_TIMEOUT_S = 20.0  # `postgres --version` takes 0.05 s
_LAUNCHER = Path(launch.__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How PostgreSQL becomes somebody: launcher arguments, and who must own its directories."""

    arguments: tuple[str, ...]
    owner: int | None  # user id to hand new directories to; None: they stay ours
    group: int = -1


SAME_USER = Identity(arguments=(), owner=None)


def namespace() -> Identity:
    """The identity of a user namespace that calls us `nobody`: initdb wants a user with a name."""
    return Identity(arguments=("--namespace", str(_nobody()[0])), owner=None)


def other_user(uid: int, gid: int) -> Identity:
    """The identity of a plain change of user."""
    return Identity(arguments=("--user", f"{uid}:{gid}"), owner=uid, group=gid)


def command(
    identity: Identity,
    program: tuple[str, ...],
    *,
    reach: tuple[Path, ...] = (),
    lifeline: int | None = None,
) -> list[str]:
    """The argument vector that becomes `program` as `identity`, tied to this process."""
    tie = [] if lifeline is None else ["--lifeline", str(lifeline)]
    reached = [part for path in reach for part in ("--reach", str(path))]
    return [
        *(sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid())),
        *identity.arguments,
        *tie,
        *reached,
        "--",
        *program,
    ]


def choose(
    postgres: Path, directory: Path, existing: Path, *, namespaces: bool = True
) -> tuple[Identity, str]:
    """As whom to run, and the version line of `postgres`.

    `existing` is the cluster, if there is one yet. Raises Unavailable with the path that is closed
    and what to do about it.
    """
    ours = os.geteuid()
    owner = existing.stat().st_uid if existing.exists() else None
    if ours != 0:
        if owner not in (None, ours):
            raise Unavailable(
                "database_owner",
                f"{existing} belongs to user {owner}. Start as that user or as root.",
            )
        candidates = [SAME_USER if _has_name(ours) else namespace()]
    elif owner in (None, 0):
        candidates = [namespace()] if namespaces else []
        candidates += [other_user(*_nobody())] if owner is None else []
    else:
        candidates = [other_user(owner, existing.stat().st_gid)]
    refusals: list[str] = []
    for identity in candidates:
        version, refusal = _probe(identity, postgres, directory)
        if not refusal:
            return identity, version
        refusals.append(refusal)
    raise Unavailable("database_user", _advice(ours, refusals or ["user namespaces are refused"]))


def _advice(user: int, refusals: list[str]) -> str:
    who = "as root" if user == 0 else f"as user {user}"
    return (
        f"The embedded PostgreSQL can not be run here {who}: {'; '.join(refusals)}. "
        "Open the path (chmod o+x), choose another --data-dir, start as an ordinary user with an "
        "entry in /etc/passwd, or set PRIVACYPROXY_DATABASE_URL."
    )


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return NOBODY, NOBODY
    return entry.pw_uid, entry.pw_gid


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _probe(identity: Identity, postgres: Path, directory: Path) -> tuple[str, str]:
    """The version line, or the sentence that says why `identity` will not do."""
    probe = command(identity, (str(postgres), "--version"), reach=(postgres, directory))
    done = subprocess.run(  # noqa: S603 - our own launcher
        probe, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
    )
    if done.returncode == 0:
        return done.stdout.strip(), ""
    reason = done.stderr.strip().rpartition("\n")[2]
    who = "nobody" if identity.owner is not None else "the user that starts it"
    if done.returncode == launch.OUT_OF_REACH:
        return "", f"{who} may not enter {reason}"
    return "", reason or f"{postgres} ended with {done.returncode}"
