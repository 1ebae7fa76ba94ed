"""The adapter to the invented registrar of reference_registrar: the model for those to come.

It has no state: no contact, no status and no credential outlives a call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from typing_extensions import override

from proxy.model.registrar import Declined, Observed, Reason
from registrar_adapters.base import Adapter, Sent
from registrar_adapters.reference_registrar import Code

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from proxy.model.identifiers import DomainName
    from registrar_adapters.base import Change
    from registrar_adapters.reference_registrar import ReferenceRegistrar, Result

_REASONS: Final[Mapping[Code, Reason]] = {
    Code.REQUIRED_MISSING: Reason.REJECTED,
    Code.BAD_CREDENTIAL: Reason.BAD_CREDENTIAL,
    Code.NOT_YOURS: Reason.NOT_OURS,
    Code.UNKNOWN: Reason.NOT_OURS,
    Code.PROHIBITED: Reason.PROHIBITED,
    Code.DENIED: Reason.REJECTED,
    Code.FAILED: Reason.UNREACHABLE,
    Code.TOO_MANY: Reason.RATE_LIMITED,
}


class ReferenceAdapter(Adapter):
    """The registrar `there`, with a credential fetched for every single command."""

    def __init__(self, there: ReferenceRegistrar, credential: Callable[[], Awaitable[str]]) -> None:
        """Keep the way there and the way to a credential, not the credential."""
        self._there = there
        self._credential = credential

    @override
    async def _look(self, domain: DomainName) -> Observed | Declined:
        try:
            found = await self._there.info(await self._credential(), domain)
        except ConnectionError:
            return Declined(reason=Reason.UNREACHABLE)
        return found if isinstance(found, Observed) else _declined(found)

    @override
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        try:
            result = await self._there.update(await self._credential(), domain, change, revision)
        except ConnectionError:
            return Declined(reason=Reason.UNREACHABLE)
        if result.is_moved:
            return Sent.MOVED
        if result.is_replayed:
            return Sent.REPLAYED
        if result.code is Code.DONE:
            return Sent.DONE
        return Sent.PENDING if result.code is Code.PENDING else _declined(result)


def _declined(result: Result) -> Declined:
    return Declined(reason=_REASONS[result.code], retry_after_s=result.retry_after_s)
