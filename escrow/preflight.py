"""What must hold at the snapshot before a deposit opens anything: nobody is missing.

Source: peers facts s3.2 (deposits that held the mask alone), s5.11 (counts before sending).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from escrow import opening, stopping
from escrow.model import Whose
from proxy.errors import Refused, Unavailable
from proxy.store import deposited, pool

if TYPE_CHECKING:
    from escrow.model import Stream
    from escrow.opening import Ask
    from proxy.model.deposit import Scope
    from proxy.model.identifiers import RegistrationId
    from proxy.store.deposited import Snapshot
    from proxy.store.pool import Access

ADOPTION_WAIT_S: Final = 60.0  # contacts of a busy second are adopted within it
ADOPTION_POLL_S: Final = 0.2


async def check(snapshot: Snapshot, access: Access, stream: Stream, scope: Scope) -> None:
    """Return once every registration has contacts that the vault took over.

    Refused `escrow_accreditation`, `escrow_without_person` or `escrow_portfolio`; Unavailable
    `escrow_unadopted`.
    """
    if scope.accreditation is not None:
        account = await snapshot.tenant(scope.tenant_id)
        if scope.accreditation not in {one.id for one in account.accreditations}:
            raise Refused(
                "escrow_accreditation",
                f"The registrar has no accreditation {scope.accreditation}; mend the plan.",
            )
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


async def count_people(ask: Ask, stream: Stream) -> int:
    """How many people the vault knows who must be in the stream; 0 where it can not tell.

    To be asked before the snapshot is taken. The vault counts by registrar: what it says can be
    compared with an own copy of all accreditations alone.
    """
    if stream.whose is not Whose.OWN_COPY or stream.own_accreditation is not None:
        return 0
    return await opening.count_people(ask, stream.tenant_id)


async def check_people(
    snapshot: Snapshot, ask: Ask, stream: Stream, whole: Scope, known: int
) -> None:
    """Return unless the vault knows more people than `whole` has rows; `known` is `count_people`.

    Refused `escrow_people_missing`. To be asked as soon as there is a snapshot.
    """
    # Who was known before the snapshot and was not erased has a row in it, for the vault adopts
    # only what it read there, committed; and it forgets whom it erases before the rows are marked
    # as shredded. So `known` is at most `rows`, but for people who were erased between the question
    # and the snapshot. These are gone from a second answer, which has in turn who was adopted
    # since. Both are too many at once if, in the moments of one check, somebody was erased and as
    # many others were enrolled: then nothing is sent, and the next attempt is another moment.
    # What this does not see: a row that is missing while as many others wait for their adoption,
    # as they are rows already and no people of the vault's yet. The next deposit does.
    if not known:
        return
    rows = await snapshot.count(whole)
    if known <= rows:
        return
    now_known = await opening.count_people(ask, stream.tenant_id)
    if now_known > rows:
        raise Refused(
            "escrow_people_missing",
            f"The vault knows {now_known} people of the registrar, the database {rows}: rows are "
            "missing. `privacyproxy doctor --everything` looks at all of them. Nothing was sent.",
        )


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
