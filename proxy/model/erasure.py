"""Erasures: what was made unreadable for good, and the sentence its certificate says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import EndReason, RegistrationId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Record versions up to `version` of one registration, destroyed at `erased_at`."""

    tenant_id: TenantId
    registration_id: RegistrationId
    version: int
    erased_at: datetime

    def certificate(self, backups_until: datetime) -> str:
        """What may honestly be said of it."""
        return (
            f"Sealed data of registration {self.registration_id} up to version {self.version}:"
            f" unreadable in the live system since {self.erased_at:%Y-%m-%d},"
            f" in backups by {backups_until:%Y-%m-%d}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEnded:
    """An ended registration that may be due for erasure."""

    tenant_id: TenantId
    registration_id: RegistrationId
    version: int
    ended_at: datetime
    end_reason: EndReason
    hold: bool
