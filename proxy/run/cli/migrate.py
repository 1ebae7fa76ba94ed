"""`privacyproxy migrate`: the schema brought up to date, for a database by URL.

`up` does the same at its start. Makes the office's calendar too where there is none. Needs the
owner's password file.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from proxy.hosting import boot, database
from proxy.hosting.process import SystemClock
from proxy.run import office_calendar
from proxy.store import migrate
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings

NAME = "migrate"
HELP = "bring the database's schema up to date"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `migrate`."""
    parser.add_argument(
        "--before-new-code",
        action="store_true",
        help="stop at the first file that must wait until no old program runs",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 once the schema is current; prints what was applied."""
    access = boot.access(database.login(settings, LoginRole.OWNER))
    now = SystemClock().now()
    applied = asyncio.run(
        migrate.migrate(access, now=now, before_new_code=arguments.before_new_code)
    )
    asyncio.run(office_calendar.ensure(access, settings, now))
    if arguments.json:
        print(json.dumps({"applied": list(applied)}))
    else:
        print("\n".join(applied) or "nothing to apply")
    return 0
