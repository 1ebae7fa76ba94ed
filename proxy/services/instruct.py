"""Take a registrar's instruction to publish: the vault first, which checks and keeps it.

A crash in between leaves the vault with an instruction that nobody carries out: no letter goes out
for it, and without one nothing is published. The same document sent again mends that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.errors import NotFound
from proxy.model.identifiers import State
from proxy.model.publication import Standing
from proxy.rules import publishing
from proxy.services import unpublish
from proxy.store import publications
from proxy.store.publications import Open

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from proxy.model.publication import Instruction
    from proxy.store.pool import Pool
    from proxy.store.publications import Told


async def instruct(
    pool: Pool,
    take: Callable[[], Awaitable[int]],
    instruction: Instruction,
    random: Callable[[int], bytes],
    now: datetime,
) -> Told:
    """Where the instruction stands; what another one showed is taken off.

    `take` has the vault take it, and gives the version of the contacts that it is about; it raises
    what the vault refuses with.
    """
    version = await take()
    person = (instruction.tenant_id, instruction.registration_id)
    async with pool.acquire() as connection, connection.transaction():
        declared = await publications.hold(connection, *person)
        if declared is None or declared.state is State.ENDED:
            raise NotFound("not_found")
        newest = await publications.newest(connection, *person)
        if newest is not None and newest.id == instruction.id:
            return newest
        if newest is not None and newest.standing in publishing.OPEN:
            which = Open(
                tenant_id=instruction.tenant_id,
                registration_id=instruction.registration_id,
                id=newest.id,
            )
            # The vault has put the new one in its place already.
            await unpublish.finish(
                connection, declared, which, Standing.REPLACED, random=random, now=now, is_told=True
            )
        await publications.add(connection, instruction, version, now)
        found = await publications.newest(connection, *person)
    if found is None:
        raise NotFound("not_found")
    return found
