"""What becomes of a declared name: first enrolment, replacement, or a refusal. Pure.

Sources: contract, Identity (another registry id or creation date is another registration),
Who speaks for a name (at most one tenant is published), API (preconditions, stale lines).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, assert_never

from proxy.model.identifiers import EndReason, Mode, State

if TYPE_CHECKING:
    from proxy.model.enrolment import Enrolment
    from proxy.model.identifiers import RegistrationId
    from proxy.model.public_record import Layout
    from proxy.model.registration import Declaration, Registration


class Reason(StrEnum):
    """Why a declaration is refused; each is a problem code of the API."""

    DIFFERENT_REGISTRATION = "different_registration"
    REPLACES_ANOTHER = "replaces_another"
    PRIVACY_NOT_PERMITTED = "privacy_not_permitted"
    CREATED_AT_NEEDED = "created_at_needed"
    PRECONDITION_FAILED = "precondition_failed"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """What If-Match, If-None-Match or `if_revision` demand of the present registration."""

    absent: bool = False  # If-None-Match: *
    present: bool = False  # If-Match: *
    tags: frozenset[str] | None = None  # If-Match: "<id>.<revision>", …
    revision: int | None = None  # if_revision of an import line; 0: there is none yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """A new registration begins; `ends` names the one it takes the place of."""

    state: State
    ends: RegistrationId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """The present registration goes on with new declarations."""

    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing changes."""

    reason: Reason


Decision: TypeAlias = Enrol | Replace | Refused


def decide(
    enrolment: Enrolment,
    present: Registration | None,
    *,
    spoken_elsewhere: bool,
    layout: Layout,
    precondition: Precondition,
    refuse_stale: bool = False,
) -> Decision:
    """What happens to `enrolment`, given the tenant's live registration under that name.

    `spoken_elsewhere`: another tenant publishes the name now. `refuse_stale`: an older
    `updated_at` than the present one is refused (imports).
    """
    declared = enrolment.declared
    refusal = refuse_mode(declared.mode, layout) or _refuse_precondition(precondition, present)
    if refusal is not None:
        return Refused(reason=refusal)
    state = _state(declared, spoken_elsewhere=spoken_elsewhere)
    if present is None:
        return Enrol(state=state, ends=None)
    if enrolment.replaces == present.id:
        return Enrol(state=state, ends=present.id)
    if is_different(present.declared, declared):
        reason = Reason.DIFFERENT_REGISTRATION
        return Refused(reason=Reason.REPLACES_ANOTHER if enrolment.replaces else reason)
    if declared.created_at is None and present.declared.created_at is not None:
        return Refused(reason=Reason.CREATED_AT_NEEDED)  # a published name is never un-created
    if refuse_stale and _is_older(declared, present.declared):
        return Refused(reason=Reason.STALE)
    return Replace(state=state)


def is_different(present: Declaration, declared: Declaration) -> bool:
    """Whether registry id or creation date, where both sides know them, say: another one."""
    return any(
        ours is not None and theirs is not None and ours != theirs
        for ours, theirs in (
            (present.registry_domain_id, declared.registry_domain_id),
            (present.created_at, declared.created_at),
        )
    )


def refuse_mode(mode: Mode, layout: Layout) -> Reason | None:
    """Why `mode` can not be had under a TLD, or None."""
    match mode:
        case Mode.PROXY | Mode.PRIVACY:
            return Reason.PRIVACY_NOT_PERMITTED if layout.proxy == "forbidden" else None
        case Mode.REDACTED | Mode.PUBLISHED:  # before a grant both show the same
            return None
        case _:
            assert_never(mode)


def meets(precondition: Precondition, present: Registration | None) -> bool:
    """Whether the present registration, or its absence, is what the caller expects."""
    return _refuse_precondition(precondition, present) is None


def ended_state(present: Registration, reason: EndReason) -> State:
    """The state after an end for `reason`.

    A registrar that leaves keeps publication until our contact is seen gone (contract, DELETE);
    what was never published ends at once.
    """
    is_published = present.state in {State.ACTIVE, State.ENDING}
    return State.ENDING if reason is EndReason.LEFT_SERVICE and is_published else State.ENDED


def _state(declared: Declaration, *, spoken_elsewhere: bool) -> State:
    if declared.created_at is None:
        return State.RESERVED
    return State.CLAIMED if spoken_elsewhere else State.ACTIVE


def _refuse_precondition(wanted: Precondition, present: Registration | None) -> Reason | None:
    if present is None:
        is_met = not wanted.present and wanted.tags is None and not wanted.revision
    else:
        is_met = (
            not wanted.absent
            and (wanted.tags is None or entity_tag(present) in wanted.tags)
            and (wanted.revision is None or wanted.revision == present.revision)
        )
    return None if is_met else Reason.PRECONDITION_FAILED


def entity_tag(registration: Registration) -> str:
    """The opaque part of the ETag: `<id>.<revision>`."""
    return f"{registration.id}.{registration.revision}"


def _is_older(declared: Declaration, present: Declaration) -> bool:
    return (
        declared.updated_at is not None
        and present.updated_at is not None
        and declared.updated_at < present.updated_at
    )
