"""The few walls a service is handed: the only things tests may fake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from proxy.model.contact import ContactSet
    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.sealed import SealedBatch, ToSeal


class Clock(Protocol):
    """The only reader of the time of day."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class Sealer(Protocol):
    """Write-only intake: what it has sealed it can not open."""

    def seal(self, batch: Sequence[ToSeal]) -> SealedBatch:
        """One submission for all of `batch` (one tenant); raises Unavailable without a key."""
        ...

    def fingerprint(
        self, tenant_id: TenantId, registration_id: RegistrationId, contacts: ContactSet
    ) -> bytes:
        """A keyed 32-byte MAC of the contacts: equal means unchanged; tells nobody else more."""
        ...

    def body_mac(self, tenant_id: TenantId, body: bytes) -> bytes:
        """A keyed 32-byte MAC of a request body, for idempotency keys."""
        ...
