"""All names of a person, page by page: each page is a document signed with the registrar's key.

The key is never here: `sign` is handed in, and may ask a machine that keeps it. The value that is
searched for is in no repr, log or error. Source: FORMAT.md, Customer search.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.errors import Refused, Unavailable
from proxy.model import identifiers
from proxy.model.identifiers import RegistrationId, ResellerId, TenantId
from proxy.model.roster import DeploymentId
from proxy.wire import find_document
from proxy.wire.find_document import Find

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from proxy.apps.api.answers import FoundRegistration, SearchAnswer
    from proxy.client.registrar import Client
    from proxy.wire.find_document import Field

_LABEL: Final = b"pp-find-v1"
_TRIES: Final = 2  # of a page: an answer that got lost has used its document up


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is searched for, and why; a reseller's key searches for its reseller."""

    field: Field
    value: str = dataclasses.field(repr=False)
    reason: str = dataclasses.field(repr=False)
    reseller: str | None = None
    limit: int = find_document.PAGE_LIMIT


async def found(
    api: Client, wanted: Wanted, *, sign: Callable[[bytes], bytes], now: Callable[[], datetime]
) -> AsyncIterator[FoundRegistration]:
    """Every registration whose newest contacts hold the value, by id.

    `sign` gives the Ed25519 signature of the registrar's own key. InvalidInput `search_value`,
    `document_malformed`; Refused `search_key`, `search_time`; RateLimited `search_budget`.
    """
    tenant_id = TenantId(uuid.UUID((await api.account()).registrar))
    deployment = DeploymentId(await api.deployment())

    def document(after: RegistrationId | None) -> str:
        return find_document.render(
            Find(
                deployment=deployment,
                id=uuid.uuid4(),
                tenant_id=tenant_id,
                reseller=ResellerId(wanted.reseller) if wanted.reseller else None,
                field=wanted.field,
                value=wanted.value,
                limit=wanted.limit,
                after=after,
                reason=wanted.reason,
                at=now(),
            )
        )

    after: RegistrationId | None = None
    while True:
        page = await _page(api, functools.partial(document, after), sign)
        for one in page.registrations:
            yield one
        if page.next is None:
            return
        before, after = after, _next(page.next)
        if before is not None and after <= before:
            raise Unavailable("answer", "The service's pages do not get on.")


async def _page(
    api: Client, document: Callable[[], str], sign: Callable[[bytes], bytes]
) -> SearchAnswer:
    """One page, asked for once more where an answer got lost on its way."""
    for left in reversed(range(_TRIES)):
        text = document()
        digest = hashlib.sha256(text.encode()).digest()
        signature = sign(hashlib.sha256(_LABEL + digest).digest())
        try:
            return await api.search(text, base64.b64encode(signature).decode())
        except Refused as refusal:
            if refusal.code != "search_repeated" or not left:
                raise
    raise Unavailable("api", "The service was not asked.")


def _next(text: str) -> RegistrationId:
    found_id = identifiers.canonical_uuid(text)
    if found_id is None:
        raise Unavailable("answer", "The service's answer can not be read.")
    return RegistrationId(found_id)
