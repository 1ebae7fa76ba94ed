"""`privacyproxy up`: every role on this machine, under one supervisor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.run import up

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings

NAME = "up"
HELP = "start every role on this machine"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `up`."""
    parser.add_argument(
        "--demo", action="store_true", help="load invented registrations, print what to try"
    )
    parser.add_argument(
        "--ports", choices=("fixed", "auto"), help="auto: free ports instead of the settings'"
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 after a signal, 1 when it can not start or go on."""
    return up.main(settings, demo=arguments.demo)
