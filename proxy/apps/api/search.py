"""Handler of the customer search: which of a registrar's names hold a person's value.

Carries the registrar's signed document to the vault, which tells ids and roles; names and states
are read here, of the caller's own registrations alone. The value travels in the body, never in an
address; it is not kept, logged or remembered under an Idempotency-Key, for a search writes nothing.
Source: contract, API; vault.md, Grants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import msgspec
from aiohttp import web
from typing_extensions import override

from proxy.apps.api import answers, headers, office, patterns, signed
from proxy.apps.api.office import OFFICE
from proxy.errors import Unavailable
from proxy.model.identifiers import RegistrationId, Role, Scope
from proxy.store import found_names
from proxy.wire import find_document, frames

if TYPE_CHECKING:
    from proxy.apps.api.access import Caller
    from proxy.apps.api.signed import Ask
    from proxy.store.found_names import Found
    from proxy.wire.find_document import Find
    from proxy.wire.frames import Answer

ROUTE: Final = "/v1/search"


class SearchRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A search document as it was signed, and the registrar's Ed25519 signature in base64."""

    document: str
    signature: Annotated[str, patterns.SIGNATURE]

    @override
    def __repr__(self) -> str:
        """Never the document: it holds a value of a person."""
        return "<SearchRequest>"


TYPES: Final = (SearchRequest, answers.SearchAnswer)
"""What is taken and answered, for the OpenAPI document."""


class _Hit(msgspec.Struct, frozen=True):
    id: UUID
    roles: tuple[Role, ...]


class _Told(msgspec.Struct, frozen=True):
    """What the vault answers."""

    registrations: tuple[_Hit, ...]
    next: str | None
    entry: str


def routes(ask: Ask) -> list[web.RouteDef]:
    """The route; `ask` puts a request to the vault."""

    async def post(request: web.Request) -> web.StreamResponse:
        desk_of = request.app[OFFICE]
        caller = await desk_of.caller(request, Scope.SEARCH)
        headers.require_type(request.headers, "application/json")
        body = signed.parse(await office.read_body(request), SearchRequest, "search")
        find = find_document.parse(body.document)
        _check_own(find, caller)
        wanted = frames.Find(document=body.document, signature=body.signature)
        told = _told(await signed.carried(ask, wanted, "search_budget"))
        ids = [RegistrationId(one.id) for one in told.registrations]
        async with desk_of.pool.acquire() as connection:
            held = await found_names.find(
                connection, caller.tenant.id, ids, caller.key.reseller or find.reseller
            )
        return office.json_response(_answer(told, held))

    return [web.post(ROUTE, post)]


def _check_own(find: Find, caller: Caller) -> None:
    """Return when the document is the caller's, and of its reseller where the key is one's."""
    whose = caller.key.reseller
    signed.check_own(
        ("tenant", "It names another registrar.", find.tenant_id == caller.tenant.id),
        ("reseller", "It is not of this key's reseller.", whose in {None, find.reseller}),
    )


def _told(answer: Answer) -> _Told:
    try:
        return msgspec.convert(answer, _Told)
    except msgspec.ValidationError:
        raise Unavailable("vault", "The vault's answer can not be read.") from None


def _answer(told: _Told, held: dict[RegistrationId, Found]) -> answers.SearchAnswer:
    """What the vault told, of registrations that are here and the caller's."""
    return answers.SearchAnswer(
        registrations=tuple(
            answers.FoundRegistration(
                id=str(hit.id),
                domain=one.domain,
                state=one.state.value,
                roles=tuple(role.value for role in hit.roles),
            )
            for hit in told.registrations
            if (one := held.get(RegistrationId(hit.id))) is not None
        ),
        next=told.next,
        entry=told.entry,
    )
