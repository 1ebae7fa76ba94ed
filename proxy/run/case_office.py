"""The office of cases, composed: types and limits from files, the vault by one role's socket."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from proxy.model.calendar import CalendarId
from proxy.run import case_types
from proxy.services.casework.office import Office
from proxy.services.keep_deadlines import Keeper

if TYPE_CHECKING:
    from proxy.run.case_papers import VaultOfCases
    from proxy.settings import Settings


def office(settings: Settings, vault: VaultOfCases) -> Office:
    """The office; InvalidInput when a table or an operator's own limits do not hold together."""
    own = _own_limits(settings)
    templates = case_types.templates()
    return Office(
        types=case_types.load(own),
        limits=case_types.limits(own),
        variables={name: one.wants for name, one in templates.items()},
        purposes={name: one.link for name, one in templates.items()},
        constants={},
        calendar=CalendarId(settings.casework_calendar),
        zone=settings.casework_zone,
        keeper=Keeper(secrets.token_bytes),
        holds=vault.hold,
        random=secrets.token_bytes,
    )


def _own_limits(settings: Settings) -> str:
    """The operator's own limits file, or nothing."""
    path = settings.casework_limits
    return "" if path is None else path.read_text("utf-8")
