"""What must hold at the snapshot before a deposit opens anything: nobody is missing.

Source: peers facts s3.2 (deposits that held the mask alone), s5.11 (counts before sending).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from escrow import stopping
from escrow.model import Whose
from proxy.errors import Refused, Unavailable
from proxy.store import deposited, pool

if TYPE_CHECKING:
    from escrow.model import Stream
    from proxy.model.deposit import Scope
    from proxy.model.identifiers import RegistrationId
    from proxy.store.deposited import Snapshot
    from proxy.store.pool import Access

ADOPTION_WAIT_S: Final = 60.0  # contacts of a busy second are adopted within it
ADOPTION_POLL_S: Final = 0.2


async def check(snapshot: Snapshot, access: Access, stream: Stream, scope: Scope) -> None:
    """Return once every registration has contacts that the vault took over.

    Refused `escrow_without_person` or `escrow_portfolio`; Unavailable `escrow_unadopted`.
    """
    bare = [str(one) for one in await snapshot.without_record(scope)]
    if bare:
        stopping.log("escrow_without_person", dict.fromkeys(bare, "record_missing"))
        raise Refused(
            "escrow_without_person",
            f"{len(bare)} registrations have no sealed contacts: {stopping.some(bare)}.",
        )
    if stream.whose is Whose.OURS:
        await _check_portfolio(snapshot, stream, scope)
    waiting = await snapshot.unadopted(scope)
    if waiting:
        await _wait_for_adoption(access, stream, waiting)


async def _check_portfolio(snapshot: Snapshot, stream: Stream, scope: Scope) -> None:
    found = await snapshot.portfolio_differences(scope, stream.accreditation)
    if found.declared_at is None:
        raise Refused(
            "escrow_portfolio",
            "The registrar has not declared its portfolio: `privacyproxy escrow portfolio "
            f"{stream.id} NAMES.txt`.",
        )
    if found.missing or found.undeclared:
        raise Refused(
            "escrow_portfolio",
            f"The registrar declared {found.declared} names; {found.missing} of them are not "
            f"here ({stopping.some(found.some_missing)}), and {found.undeclared} here were not "
            f"declared ({stopping.some(found.some_undeclared)}). Enrol or declare them.",
        )


async def _wait_for_adoption(
    access: Access, stream: Stream, waiting: tuple[RegistrationId, ...]
) -> None:
    """Rows do not change when the vault adopts them, so the snapshot stays true."""
    until = asyncio.get_running_loop().time() + ADOPTION_WAIT_S
    async with pool.connected(access) as connection:
        while waiting := await deposited.still_unadopted(connection, stream.tenant_id, waiting):
            if asyncio.get_running_loop().time() > until:
                ids = [str(one) for one in waiting]
                stopping.log("escrow_unadopted", dict.fromkeys(ids, "not_adopted"))
                raise Unavailable(
                    "escrow_unadopted",
                    f"The vault has not adopted {len(ids)} registrations yet "
                    f"({stopping.some(ids)}); see `privacyproxy doctor`.",
                )
            await asyncio.sleep(ADOPTION_POLL_S)
