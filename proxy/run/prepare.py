"""What must be true before any role starts: schema, keys and the office's calendar are there.

A process of its own, so that the supervisor never holds a key or an owner's connection: it runs
to its end before the first role starts. Idempotent; may be killed at any point.
"""

from __future__ import annotations

import asyncio
import sys

from proxy import logs
from proxy.errors import ProxyError
from proxy.hosting import boot as boots
from proxy.hosting import isolation
from proxy.hosting.process import SystemClock
from proxy.run import office_calendar
from proxy.store import migrate
from proxy.vault import genesis
from proxy.vault.root_key import Provider, Wanted

PREPARE = "prepare"


def main(boot_descriptor: int) -> int:
    """0, or 1 with a sentence on standard error."""
    boot = boots.receive(boot_descriptor)
    isolation.hide_memory()
    isolation.die_with(boot.parent)
    logs.configure(format_name=boot.settings.log_format, level=boot.settings.log_level)
    logs.catch_bugs()
    now = SystemClock().now()
    try:
        if "vault" in boot.users:
            wanted = Wanted(provider=Provider(boot.settings.root_provider), phrase=boot.root_phrase)
            genesis.initialise(boot.paths.key_dir, boot.paths.data_dir, now=now, wanted=wanted)
        if boot.login is not None:
            asyncio.run(migrate.migrate(boots.access(boot.login), now=now))
            asyncio.run(office_calendar.ensure(boots.access(boot.login), boot.settings, now))
    except ProxyError as error:
        print(error.detail, file=sys.stderr)
        return 1
    return 0
