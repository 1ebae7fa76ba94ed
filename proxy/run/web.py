"""The web process: the public ledger, and the pages on which approvers use a passkey.

Composition only. It holds no key and opens no record: what it knows of orders it asks of the vault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import Unavailable

if TYPE_CHECKING:
    from proxy.run.process import Process


async def serve(process: Process) -> None:
    """Answer until told to stop, let open requests end, and return."""
    if process.database is None:
        raise Unavailable("database", "The web role needs a database.")
    process.ready()
    await process.stopping.wait()
