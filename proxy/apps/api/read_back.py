"""Handler of read-back: carries a registrar's signed request to the vault, and the answer back.

Nothing here can read the answer: it is sealed to the registrar's own key. What the vault checks
again is checked here first, so that a name that is not the caller's looks like one that is not
there, and so that no request is used up for nothing. Source: contract, API; vault.md, Grants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from aiohttp import web

from proxy.apps.api import headers, office, patterns, registrations, signed, writing
from proxy.apps.api.office import OFFICE
from proxy.errors import Conflict
from proxy.model.identifiers import Scope
from proxy.wire import frames, read_back_document

if TYPE_CHECKING:
    from proxy.apps.api.access import Caller
    from proxy.apps.api.signed import Ask
    from proxy.model.identifiers import DomainName
    from proxy.store.registrations import Kept
    from proxy.wire.read_back_document import Asked

ROUTE: Final = f"{registrations.ROUTE}/read-back"


class ReadBackRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A read-back document as it was signed, and the registrar's Ed25519 signature in base64."""

    document: str
    signature: Annotated[str, patterns.SIGNATURE]


class ReadBackAnswer(msgspec.Struct, frozen=True):
    """What was asked for, sealed to the registrar's key; the vault's signature; both in base64.

    `entry` is the ledger's entry that tells of it.
    """

    sealed: str
    signature: str
    entry: str


TYPES: Final = (ReadBackRequest, ReadBackAnswer)
"""What is taken and answered, for the OpenAPI document."""


def routes(ask: Ask) -> list[web.RouteDef]:
    """The route; `ask` puts a request to the vault."""

    async def post(request: web.Request) -> web.StreamResponse:
        desk_of = request.app[OFFICE]
        caller = await desk_of.caller(request, Scope.READ_BACK)
        headers.require_type(request.headers, "application/json")
        domain = writing.domain(request)
        body = signed.parse(await office.read_body(request), ReadBackRequest, "read_back")
        asked = read_back_document.parse(body.document)
        _check_own(asked, caller, domain)
        _check_seen(asked, await registrations.live(request, caller))
        wanted = frames.ReadBack(document=body.document, signature=body.signature)
        answer = await signed.carried(ask, wanted, "read_back_budget")
        return office.json_response(msgspec.convert(answer, ReadBackAnswer))

    return [web.post(ROUTE, post)]


def _check_own(asked: Asked, caller: Caller, domain: DomainName) -> None:
    """Return when the document is of the caller and the name in the path; whatever there is."""
    signed.check_own(
        ("tenant", "It names another registrar.", asked.tenant_id == caller.tenant.id),
        ("domain_name", "It names another name than the path.", asked.domain == domain),
    )


def _check_seen(asked: Asked, kept: Kept) -> None:
    present = kept.registration
    if (present.id, present.revision) != (asked.registration_id, asked.revision):
        raise Conflict("registration_changed", "The registration has changed: look again.")
