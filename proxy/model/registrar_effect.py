"""What cases have a registrar do to a name, as it is kept until it is done (promise 9)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.case import CaseId
    from proxy.model.identifiers import DomainName, RegistrationId, TenantId
    from proxy.model.registrar import EffectId


class Change(StrEnum):
    """What is changed at the registrar."""

    HOLD = "hold"  # the name stops resolving: after an order, never by a table
    UNHOLD = "unhold"
    RELEASE_PRIVACY = "release_privacy"  # takes a contact, which no adapter is given: by hand


class CaseEffect(StrEnum):
    """What an act of a case type's table does to its registrar's effects."""

    UNHOLD = "unhold"
    RELEASE_PRIVACY = "release_privacy"
    WITHDRAW = "withdraw"  # what was asked for and is not done; a hold that was tried is undone
    REPORT = "report"  # people did it by hand


class EffectState(StrEnum):
    """Where an effect stands."""

    ASKED = "asked"
    BY_HAND = "by_hand"  # people do it: no adapter can, or the registrar said no
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEffect:
    """One change of one name. `seen` is what stood before the first attempt, None until then."""

    id: EffectId
    case_id: CaseId
    tenant_id: TenantId
    registration_id: RegistrationId
    domain: DomainName
    change: Change
    state: EffectState
    seen: frozenset[str] | None
    tries: int
    asked_at: datetime
