"""`privacyproxy run ROLE`: one role of many machines, under a small supervisor of its own.

`edge` is the follower and the edge workers. With `--boot` it is the other end: one process that a
supervisor started, which learns everything else from the inherited descriptor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings

NAME = "run"
HELP = "start one role, for many machines"
GROUPS = ("vault", "api", "web", "worker", "escrow", "relay", "edge")
PROCESSES = (*GROUPS, "follower", "prepare")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `run`."""
    parser.add_argument("role", metavar="ROLE", choices=PROCESSES, help=", ".join(GROUPS))
    parser.add_argument("--boot", type=int, help="set by a supervisor: its descriptor")
    parser.add_argument("--ports", choices=("fixed", "auto"), help="auto: free ports")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """The exit code of the role."""
    if arguments.boot is not None:
        return process(arguments.role, arguments.boot)
    if arguments.role not in GROUPS:
        raise InvalidInput("role", f"{arguments.role} is started as a part of `up` or `run edge`.")
    from proxy.run import up  # noqa: PLC0415 - a supervisor's code, which no role may load

    return up.main(settings, group=arguments.role)


def process(role: str, boot: int) -> int:
    """The life of one process under a supervisor."""
    if role == "prepare":
        from proxy.run import prepare  # noqa: PLC0415 - keys and owner's rights, in this one only

        return prepare.main(boot)
    from proxy.hosting import child  # noqa: PLC0415 - a role's process, which no supervisor loads
    from proxy.run import roles  # noqa: PLC0415 - as well: a table

    serve = roles.server(role)
    return child.main(boot, serve, role=role, holds_secret=roles.ROLES[role].holds_secret)
