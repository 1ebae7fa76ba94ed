"""Put together what signs staff in, for the web role and for its tests."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from proxy.apps.staff_access import Reception
from proxy.run.admission import client_networks
from proxy.run.password_words import WORDS
from proxy.services.staff.office import Office
from proxy.vault.passwords import COST, Argon2Passwords
from proxy.vault.staff_factors import StaffFactors

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from proxy.hosting.process import Process
    from proxy.store.pool import Pool
    from proxy.vault.passwords import Cost


def reception(
    process: Process,
    pool: Pool,
    admit: Callable[[web.Request], None],
    cost: Cost = COST,
) -> Reception:
    """Where staff are signed in; second factors are for the host of the web role's base address."""
    return Reception(
        office=Office(
            pool=pool,
            passwords=Argon2Passwords(secrets.token_bytes, cost),
            factors=StaffFactors(process.settings.web_base_url),
            words=WORDS,
            random=secrets.token_bytes,
        ),
        clock=process.clock,
        client=client_networks(process.settings),
        admit=admit,
    )
