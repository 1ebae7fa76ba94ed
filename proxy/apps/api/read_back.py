"""Handler of read-back: carries a registrar's signed request to the vault, and the answer back.

Nothing here can read the answer: it is sealed to the registrar's own key. What the vault checks
again is checked here first, so that a name that is not the caller's looks like one that is not
there, and so that no request is used up for nothing. Source: contract, API; vault.md, Grants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from aiohttp import web

from proxy.apps.api import headers, office, reading, registrations, writing
from proxy.apps.api.office import OFFICE
from proxy.errors import Conflict, Fault, InvalidInput, RateLimited, Refused
from proxy.model.identifiers import Scope
from proxy.wire import frames, read_back_document

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from proxy.apps.api.access import Caller
    from proxy.model.identifiers import DomainName
    from proxy.store.registrations import Kept
    from proxy.wire.frames import Answer, Request
    from proxy.wire.read_back_document import Asked

    Ask = Callable[[Request], Awaitable[Answer]]

ROUTE: Final = f"{registrations.ROUTE}/read-back"
RETRY_AFTER_S: Final = 3600  # the vault counts by the hour; a day's budget takes longer

# 64 octets in base64. The length is what forbids a line's end, which `$` would let pass; `\Z` is no
# regular expression to readers of the OpenAPI document.
_SIGNATURE: Final = msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{86}==$", max_length=88)


class ReadBackRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A read-back document as it was signed, and the registrar's Ed25519 signature in base64."""

    document: str
    signature: Annotated[str, _SIGNATURE]


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
        body = _parse(await office.read_body(request))
        asked = read_back_document.parse(body.document)
        _check_own(asked, caller, domain)
        _check_seen(asked, await registrations.live(request, caller))
        try:
            answer = await ask(frames.ReadBack(document=body.document, signature=body.signature))
        except Refused as refusal:
            if refusal.code != "budget":
                raise
            raise RateLimited("read_back_budget", retry_after_s=RETRY_AFTER_S) from None
        return office.json_response(msgspec.convert(answer, ReadBackAnswer))

    return [web.post(ROUTE, post)]


def _parse(body: bytes) -> ReadBackRequest:
    try:
        return msgspec.convert(reading.parse_json(body), ReadBackRequest)
    except msgspec.ValidationError:
        detail = "Send `document`, as it was signed, and `signature`, 64 octets in base64."
        fault = Fault(pointer="", code="read_back", detail=detail)
        raise InvalidInput("invalid_body", detail, (fault,)) from None


def _check_own(asked: Asked, caller: Caller, domain: DomainName) -> None:
    """Return when the document is of the caller and the name in the path; whatever there is."""
    faults = [
        Fault(pointer="/document", code=code, detail=detail)
        for code, detail, is_right in (
            ("tenant", "It names another registrar.", asked.tenant_id == caller.tenant.id),
            ("domain_name", "It names another name than the path.", asked.domain == domain),
        )
        if not is_right
    ]
    if faults:
        raise InvalidInput("invalid_body", "The document is not of this call.", tuple(faults))


def _check_seen(asked: Asked, kept: Kept) -> None:
    present = kept.registration
    if (present.id, present.revision) != (asked.registration_id, asked.revision):
        raise Conflict("registration_changed", "The registration has changed: look again.")
