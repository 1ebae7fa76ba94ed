"""What every service of cases works with: types, limits, whose days count, the way to the vault."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from proxy.model.calendar import CalendarId
    from proxy.model.case import CaseTypeId, Fact
    from proxy.model.case_type import CaseType
    from proxy.outer_ports import HoldKeeper
    from proxy.rules.casework.limits import Limit
    from proxy.services.keep_deadlines import Keeper
    from proxy.store.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """One installation's way of handling cases. `calendar` and `zone` are the provider's own."""

    types: Mapping[CaseTypeId, CaseType]
    limits: Mapping[str, Limit]
    variables: Mapping[str, tuple[str, ...]]
    """Of each notice's template, what it wants beside the name, the case and a link."""

    purposes: Mapping[str, str]
    """Of each notice's template, what its link is for; "" for none."""

    constants: Mapping[str, Fact]
    """Variables of notices that are the same in every case."""

    calendar: CalendarId
    zone: str
    keeper: Keeper
    holds: HoldKeeper
    random: Callable[[int], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn at a case: the office, a connection in a transaction, the moment."""

    office: Office
    connection: Connection = field(repr=False)
    now: datetime
