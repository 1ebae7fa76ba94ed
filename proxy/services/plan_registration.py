"""What a valid enrolment will write: the step between reading and writing. No I/O.

Shared by PUT and imports, so that both decide, seal and publish alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, Fault, InvalidInput, NotFound
from proxy.model import identifiers
from proxy.model.identifiers import Mode, RegistrationId, Role, State
from proxy.model.registration import Registration
from proxy.model.sealed import VERSIONS_SINCE, ToSeal
from proxy.rules import identity, publication
from proxy.rules.identity import Reason
from proxy.rules.publication import PUBLISHED_STATES
from proxy.store.registrations import Row
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.errors import ProxyError
    from proxy.model.contact import ContactSet
    from proxy.model.enrolment import Enrolment, Tenant
    from proxy.model.identifiers import ResellerId
    from proxy.model.public_record import PublicRecord
    from proxy.ports import Sealer
    from proxy.store.registrations import Found, Kept

VALUE_OCTETS: Final = 2048
"""Longest published value; the schema's CHECK on `published`."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o, u
_LETTERS: Final = 13  # 65 bits: an alias can not be guessed, and reads well on the telephone

_REFUSALS: Final[dict[Reason, Callable[[], ProxyError]]] = {
    Reason.DIFFERENT_REGISTRATION: lambda: Conflict(
        "different_registration",
        "Registry id or creation date are another registration's; name it in `replaces`.",
    ),
    Reason.REPLACES_ANOTHER: lambda: Conflict(
        "replaces_another", "`replaces` does not name the live registration of this name."
    ),
    Reason.PRIVACY_NOT_PERMITTED: lambda: _fault(
        "/mode", "privacy_not_permitted", "The registry of this TLD forbids this mode."
    ),
    Reason.CREATED_AT_NEEDED: lambda: _fault(
        "/created_at", "required", "A name that exists keeps its creation date."
    ),
    Reason.PRECONDITION_FAILED: lambda: Conflict(
        "precondition_failed", "The registration is not as the request expects it."
    ),
    Reason.STALE: lambda: Conflict("stale", "`updated_at` is older than what is registered."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a decision needs beside the request: all of it handed in."""

    tenant: Tenant
    sealer: Sealer
    random: Callable[[int], bytes]
    now: datetime
    reservation_days: int
    reseller: ResellerId | None  # of the key: it sees and writes this reseller's names alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The registration as it will be; `row` is None where nothing changes."""

    registration: Registration
    record: PublicRecord | None = field(repr=False)
    lapses_at: datetime | None
    row: Row | None
    to_seal: ToSeal | None = field(repr=False)
    is_new: bool
    before: State | None = None  # of the live registration that was there

    @property
    def vacates(self) -> bool:
        """Whether the name has nobody who speaks for it any more."""
        state = self.registration.state
        return self.before in PUBLISHED_STATES and state not in PUBLISHED_STATES

    @property
    def contends(self) -> bool:
        """Whether others may be about to speak for the name: its lock is needed."""
        states = {self.before, self.registration.state}
        return self.row is not None and (self.vacates or State.CLAIMED in states)


def plan(
    desk: Desk,
    enrolment: Enrolment,
    found: Found,
    precondition: identity.Precondition,
    *,
    is_import: bool,
) -> Planned:
    """What to write for `enrolment`; raises the ProxyError of a refusal."""
    enrolment = _for_reseller(enrolment, desk.reseller)
    declared = enrolment.declared
    is_anothers = found.kept is not None and desk.reseller not in {
        None,
        found.kept.registration.declared.reseller,
    }
    present = None if found.kept is None or is_anothers else found.kept.registration
    decision = identity.decide(
        enrolment,
        present,
        spoken_elsewhere=found.spoken_elsewhere,
        layout=desk.tenant.profiles[declared.profile].layout_for(declared.domain),
        precondition=precondition,
        refuse_stale=is_import,
    )
    if isinstance(decision, identity.Refused):
        refuse = _REFUSALS[decision.reason]
        raise refuse()
    if is_anothers:  # whatever a name that is not there is refused for, this one is as well
        raise NotFound("not_found")
    if isinstance(decision, identity.Enrol) or found.kept is None:
        ends = decision.ends if isinstance(decision, identity.Enrol) else None
        planned = _first(desk, enrolment, decision.state, ends)
    else:
        planned = _next(desk, enrolment, found.kept, decision.state, is_import=is_import)
    return planned if present is None else replace(planned, before=present.state)


def _first(desk: Desk, enrolment: Enrolment, state: State, ends: RegistrationId | None) -> Planned:
    enrolment = _confirmed(enrolment, ())
    registration = Registration(
        tenant_id=desk.tenant.id,
        id=RegistrationId(identifiers.uuid7(desk.now, desk.random(10))),
        revision=1,
        state=state,
        declared=enrolment.declared,
        reference=new_letters(desk.random).upper(),
        alias=new_letters(desk.random),
        enrolled_at=desk.now,
    )
    lapses_at = None
    if state is State.RESERVED:
        lapses_at = desk.now + timedelta(days=desk.reservation_days)
    mac = desk.sealer.fingerprint(desk.tenant.id, registration.id, _persons(enrolment))
    record, value = _published(registration, enrolment)
    return Planned(
        registration=registration,
        record=record,
        lapses_at=lapses_at,
        row=Row(
            registration=registration,
            record_version=1,
            contacts_mac=mac,
            lapses_at=lapses_at,
            value=value,
            replaced_revision=None,
            ends=ends,
        ),
        to_seal=_to_seal(registration, enrolment, 1),
        is_new=True,
    )


def _next(
    desk: Desk, enrolment: Enrolment, kept: Kept, state: State, *, is_import: bool
) -> Planned:
    present = kept.registration
    enrolment = _still_known(enrolment, present)
    mac = kept.contacts_mac
    if enrolment.contacts is not None or enrolment.holder_change:
        mac = desk.sealer.fingerprint(desk.tenant.id, present.id, _persons(enrolment))
    has_new_contacts = mac != kept.contacts_mac
    enrolment = _confirmed(enrolment, () if has_new_contacts else present.declared.confirmed)
    # A file may be sent again: there, a change of holder needs other contacts to be one.
    rotates = enrolment.holder_change and (has_new_contacts or not is_import)
    lapses_at = kept.lapses_at if state is State.RESERVED else None
    is_same = present.declared == enrolment.declared and present.state is state
    if is_same and not has_new_contacts and not rotates:
        record, value = _published(present, enrolment, kept)
        if value == kept.value:  # not so for a claim that came to speak without the contacts
            return Planned(
                registration=present,
                record=record,
                lapses_at=lapses_at,
                row=None,
                to_seal=None,
                is_new=False,
            )
    version = kept.record_version
    if has_new_contacts or rotates:
        version = next_version(kept.record_version, desk.now)
    registration = replace(
        present,
        revision=present.revision + 1,
        state=state,
        declared=enrolment.declared,
        reference=new_letters(desk.random).upper() if rotates else present.reference,
        alias=new_letters(desk.random) if rotates else present.alias,
        end_reason=None,
    )
    record, value = _published(registration, enrolment, kept, version)
    return Planned(
        registration=registration,
        record=record,
        lapses_at=lapses_at,
        row=Row(
            registration=registration,
            record_version=version,
            contacts_mac=mac,
            lapses_at=lapses_at,
            value=value,
            replaced_revision=present.revision,
        ),
        to_seal=_to_seal(registration, enrolment, version)
        if version > kept.record_version
        else None,
        is_new=False,
    )


def _still_known(enrolment: Enrolment, present: Registration) -> Enrolment:
    """The enrolment with the registry's id that we know: left out, it is not forgotten.

    Else a name could pass to another registration by way of none, without `replaces`.
    """
    declared = enrolment.declared
    known = declared.registry_domain_id or present.declared.registry_domain_id
    return replace(enrolment, declared=replace(declared, registry_domain_id=known))


def _confirmed(enrolment: Enrolment, known: tuple[str, ...]) -> Enrolment:
    """The enrolment with what is confirmed of its contacts; `known`: what was, of the same ones."""
    confirmed = known if enrolment.confirmed is None else enrolment.confirmed
    if enrolment.contacts is None and not set(confirmed) <= set(known):
        raise _fault("/contacts", "required", "What is confirmed is sealed: give the contacts too.")
    return replace(enrolment, declared=replace(enrolment.declared, confirmed=confirmed))


def next_version(kept: int, now: datetime) -> int:
    """The number of a registration's next record version, by the clock.

    Never one that was used before, also in a database set back to an older copy: the vault knows
    what it adopted under a number and refuses anything else under it.
    """
    return max(kept + 1, int((now - VERSIONS_SINCE).total_seconds()))


def new_letters(random: Callable[[int], bytes]) -> str:
    """Thirteen random letters and digits, 65 bits."""
    number = int.from_bytes(random(9))
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LETTERS))


def _persons(enrolment: Enrolment) -> ContactSet:
    """The contacts, where nothing can be done without."""
    if enrolment.contacts is None:
        raise _fault("/contacts", "required", "Another holder has other contacts: give them all.")
    return enrolment.contacts


def _published(
    registration: Registration,
    enrolment: Enrolment,
    kept: Kept | None = None,
    version: int | None = None,
) -> tuple[PublicRecord | None, bytes | None]:
    if registration.state is State.CLAIMED:
        # What could not be published is refused as if it were to be: it may come to speak.
        _encoded(publication.project(replace(registration, state=State.ACTIVE), None))
    value = None if kept is None else kept.value
    has_others = kept is not None and version not in {None, kept.record_version}
    may_stay = enrolment.contacts is None or registration.declared.mode is Mode.PUBLISHED
    shown = None
    if value is not None and may_stay and not has_others:
        shown = published.decode_record(value)
    if enrolment.contacts is not None:
        registrant = enrolment.contacts.resolve(Role.REGISTRANT)
        record = publication.project(registration, registrant, shown)
    else:
        record = publication.project_again(registration, shown)
    return record, _encoded(record)


def _encoded(record: PublicRecord | None) -> bytes | None:
    if record is None:
        return None
    value = published.encode_record(record)
    if len(value) > VALUE_OCTETS:
        raise _fault("", "record_too_large", "The public record would be too large.")
    return value


def _to_seal(registration: Registration, enrolment: Enrolment, version: int) -> ToSeal:
    return ToSeal(
        tenant_id=registration.tenant_id,
        registration_id=registration.id,
        version=version,
        contacts=_persons(enrolment),
    )


def _for_reseller(enrolment: Enrolment, reseller: ResellerId | None) -> Enrolment:
    """The enrolment under the key's reseller; a body that names another is refused."""
    if reseller is None:
        return enrolment
    if enrolment.declared.reseller not in {None, reseller}:
        raise _fault("/reseller", "other_reseller", "The key is another reseller's.")
    return replace(enrolment, declared=replace(enrolment.declared, reseller=reseller))


def _fault(pointer: str, code: str, detail: str) -> InvalidInput:
    """An InvalidInput with one fault; its code is the fault's where the whole body hangs on it."""
    fault = Fault(pointer=pointer, code=code, detail=detail)
    whole = code if code == "privacy_not_permitted" else "invalid_body"
    return InvalidInput(whole, detail, (fault,))
