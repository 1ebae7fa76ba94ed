"""Anchors: members of the roster vouch for a database, when the vault's state is lost. Frozen.

Source: vault.md, State outside PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from proxy.model.identifiers import RegistrationId, TenantId
    from proxy.model.roster import DeploymentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """An erasure as its certificate's row tells it: versions up to this one are gone."""

    tenant_id: TenantId
    registration_id: RegistrationId
    version: int
    erased_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a database comes to. Roots are RFC 6962 in hex, over what FORMAT.md (Anchor) says."""

    ledger_size: int
    ledger_root: str
    records: int
    records_root: str
    left_out: int
    """Adopted records that do not open, or that were erased: they stay refused."""

    erasures: int
    erasures_root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What members sign: that the vault shall take a database as it is for the true one.

    `has_lost_ledger`: a checkpoint was seen that this ledger does not lead to.
    """

    deployment: DeploymentId
    id: UUID
    roster: str
    roster_version: int
    found: Surveyed
    has_lost_ledger: bool
    reason: str
    made_at: datetime
