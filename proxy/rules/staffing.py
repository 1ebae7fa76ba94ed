"""Which duties one member of staff may have together, and who may bring whom back. Pure.

Returns reason codes, and the sentences for them. Source: casework s6.1; NIST SP 800-53 AC-5: who
manages access does not work under it, and does not audit it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.roster import StaffRole
from proxy.model.staff import ADMINISTRATOR, StaffState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.roster import Person
    from proxy.model.staff import SignedIn, Staff

KNOWN_ROLES: Final = frozenset({ADMINISTRATOR, *(one.value for one in StaffRole)})

SENTENCES: Final[Mapping[str, str]] = {
    "staff_roles_none": "A member of staff has one role at the least.",
    "staff_role_unknown": "There is no such role of staff.",
    "staff_administrator_alone": "An administrator has no other role: who manages access acts on"
    " no case and audits none.",
    "staff_not_administrator": "Only an administrator does this.",
    "staff_own_account": "Nobody does this to their own account.",
    "staff_recovery_second": "The second administrator is not the one who began the recovery.",
    "staff_recovery_needless": "Somebody who never enrolled is invited anew, not recovered.",
}


def may_hold(roles: frozenset[str]) -> str | None:
    """Why one person may not have these roles together; None when they may."""
    if not roles:
        return "staff_roles_none"
    if not roles <= KNOWN_ROLES:
        return "staff_role_unknown"
    if ADMINISTRATOR in roles and len(roles) > 1:
        return "staff_administrator_alone"
    return None


def may_manage(actor: SignedIn, subject: Person) -> str | None:
    """Why somebody may not manage the account of a person; None when they may."""
    if not actor.is_administrator:
        return "staff_not_administrator"
    if actor.person == subject:
        return "staff_own_account"
    return None


def may_approve_recovery(actor: SignedIn, subject: Person, opened_by: Person) -> str | None:
    """Why somebody may not be the second behind a recovery; None when they may."""
    barred = may_manage(actor, subject)
    if barred is None and actor.person == opened_by:
        return "staff_recovery_second"
    return barred


def may_be_recovered(staff: Staff) -> str | None:
    """Why an account can not be recovered; None when it can."""
    return "staff_recovery_needless" if staff.enrolled_at is None else None


def may_be_invited_again(staff: Staff) -> bool:
    """Whether an account still waits for its first enrolment."""
    return staff.state is StaffState.INVITED and staff.enrolled_at is None
