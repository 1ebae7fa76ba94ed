"""Handler of /v1/account: whose key it is and what it may, for whoever holds one.

A reseller learns of its own limit and profile alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from proxy.apps.api import answers, headers, office
from proxy.apps.api.office import OFFICE
from proxy.store import quotas

if TYPE_CHECKING:
    from proxy.apps.api.access import Caller
    from proxy.store.quotas import Quota

routes: Final = web.RouteTableDef()


@routes.get("/v1/account")
async def get(request: web.Request) -> web.StreamResponse:
    """The account behind the key; any scope will do."""
    caller = await request.app[OFFICE].caller(request, None)
    headers.known(request.query)
    async with request.app[OFFICE].pool.acquire() as connection:
        limits = await quotas.of_tenant(connection, caller.tenant.id)
    mine = next((one for one in limits if one.reseller == caller.key.reseller), None)
    return office.json_response(_answer(caller, mine))


def _answer(caller: Caller, quota: Quota | None) -> answers.AccountAnswer:
    bound = caller.tenant.bound_profile
    return answers.AccountAnswer(
        registrar=str(caller.tenant.id),
        key=caller.key.id,
        key_ends_at=caller.key.ends_at,
        reseller=caller.key.reseller,
        scopes=tuple(sorted(one.value for one in caller.key.scopes)),
        accreditations=tuple(sorted(caller.tenant.accreditations)),
        profiles=tuple(sorted(caller.tenant.profiles)) if bound is None else (bound,),
        names_limit=None if quota is None else quota.names,
        names_used=None if quota is None else quota.used,
    )
