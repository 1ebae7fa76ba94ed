"""What the API answers, from which OpenAPI is generated too. No person beside the public record.

Source: contract/registration-answer.json.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from proxy.apps.problems import Item
from proxy.errors import Unavailable
from proxy.rules import identity, publication, quality
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from proxy.errors import Fault
    from proxy.model.enrolment import Tenant
    from proxy.model.identifiers import Role
    from proxy.model.public_record import Profile, PublicContact, PublicRecord
    from proxy.model.registration import Dnssec, Registration
    from proxy.model.verification import Verification
    from proxy.services.know_standing import Own
    from proxy.store.registrations import Kept


class ShownContact(msgspec.Struct, frozen=True):
    """A contact to give to the registry: the mask, or what mode and policy let through."""

    name: str | None
    organization: str | None
    street: tuple[str, ...]
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    phone: str | None
    phone_ext: str | None
    fax: str | None
    email: str | None
    contact_uri: str | msgspec.UnsetType = msgspec.UNSET
    withheld: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


class Links(msgspec.Struct, frozen=True):
    """Where to look further."""

    self: str
    status: str
    rdap: str
    contact_form: str


class RegistrationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a PUT and a DELETE."""

    id: str
    domain: str
    state: str
    mode: str
    reference: str
    public_contacts: dict[str, ShownContact]
    warnings: tuple[Item, ...]
    links: Links
    revision: int


class Host(msgspec.Struct, frozen=True):
    """A name server."""

    name: str
    addresses: tuple[str, ...]


class RegistrationFull(RegistrationAnswer, frozen=True, kw_only=True):
    """The answer to a GET: also what was declared, persons apart."""

    accreditation: str
    profile: str
    reseller: str | None
    registry_domain_id: str | None
    registrant_registry_id: str | None
    created_at: datetime | None
    updated_at: datetime | None
    transferred_at: datetime | None
    registry_expires_at: datetime | None
    registrar_expires_at: datetime | None
    statuses: tuple[str, ...]
    nameservers: tuple[Host, ...]
    dnssec: dict[str, list[dict[str, int | str]]]
    customer_ref: str | None
    confirmed: tuple[str, ...]
    enrolled_at: datetime
    lapses_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class RegistrationList(msgspec.Struct, frozen=True):
    """A page of registrations in id order; next_cursor is null on the last."""

    registrations: tuple[RegistrationFull, ...]
    next_cursor: str | None


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """The account's own right to speak for a name; null for reservations and what has ended.

    `standing`: proven (the registry names one of its IANA ids), shown (its token stands in DNS),
    declared (the profile's word is taken), unproven, contradicted (the registry names another
    sponsor, or another registration), out (so for three days), left (it left the service and our
    mask is gone there). `needs`: proof, contacts.
    """

    standing: str
    seen_at: datetime | None
    needs: tuple[str, ...]
    dns_name: str
    dns_token: str


class EmailVerification(msgspec.Struct, frozen=True, kw_only=True):
    """How the registrant's own address stands; null where the profile leaves it to the registrar.

    `state`: asked, verified, by_registrar (its own word came with the contacts), undeliverable,
    overdue (`due_at` passed without an answer), ours (a masked address was given back to us).
    `reason` says more of it by a code, or nothing. Nothing that we do hangs on it.
    """

    state: str
    asked_at: datetime
    due_at: datetime
    verified_at: datetime | None
    reason: str


class StatusAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What is observed of a registration, apart from what is desired."""

    id: str
    domain: str
    state: str
    adopted: bool
    published: bool
    speaker: Speaker | None
    email_verification: EmailVerification | None = None
    actual: None = None
    checked_at: None = None
    drift: None = None


class AccountAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Whose key it is and what it may; names_limit is null where there is none."""

    registrar: str
    key: str
    key_ends_at: datetime | None
    reseller: str | None
    scopes: tuple[str, ...]
    accreditations: tuple[str, ...]
    profiles: tuple[str, ...]
    names_limit: int | None
    names_used: int | None


class FoundRegistration(msgspec.Struct, frozen=True):
    """A registration whose newest contacts hold the value, and the roles that do."""

    id: str
    domain: str
    state: str
    roles: tuple[str, ...]


class SearchAnswer(msgspec.Struct, frozen=True):
    """A page of registrations by id; `next`, where there is more, is `after` of the next document.

    `entry` is the ledger's entry that tells of the search.
    """

    registrations: tuple[FoundRegistration, ...]
    next: str | None
    entry: str


TYPES: Final = (
    AccountAnswer,
    RegistrationAnswer,
    RegistrationFull,
    RegistrationList,
    StatusAnswer,
)


def entity_tag(registration: Registration) -> str:
    """The ETag header."""
    return f'"{identity.entity_tag(registration)}"'


def registration_answer(
    registration: Registration,
    record: PublicRecord | None,
    tenant: Tenant,
    warnings: Iterable[Fault],
) -> RegistrationAnswer:
    """The answer to a write."""
    return RegistrationAnswer(**_common(registration, record, tenant, warnings))


def registration_full(kept: Kept, tenant: Tenant) -> RegistrationFull:
    """The answer to a read."""
    registration, declared = kept.registration, kept.registration.declared
    record = None if kept.value is None else published.decode_record(kept.value)
    return RegistrationFull(
        **_common(registration, record, tenant, ()),
        accreditation=declared.accreditation,
        profile=declared.profile,
        reseller=declared.reseller,
        registry_domain_id=declared.registry_domain_id,
        registrant_registry_id=declared.registrant_registry_id,
        created_at=declared.created_at,
        updated_at=declared.updated_at,
        transferred_at=declared.transferred_at,
        registry_expires_at=declared.registry_expires_at,
        registrar_expires_at=declared.registrar_expires_at,
        statuses=declared.statuses,
        nameservers=tuple(Host(one.name, one.addresses) for one in declared.nameservers),
        dnssec=dnssec(declared.dnssec),
        customer_ref=declared.customer_ref,
        confirmed=declared.confirmed,
        enrolled_at=registration.enrolled_at,
        lapses_at=kept.lapses_at,
        ended_at=registration.ended_at,
        end_reason=None if registration.end_reason is None else registration.end_reason.value,
    )


def _common(
    registration: Registration,
    record: PublicRecord | None,
    tenant: Tenant,
    warnings: Iterable[Fault],
) -> dict[str, Any]:
    declared = registration.declared
    profile = tenant.profiles.get(declared.profile)
    if profile is None:  # added a moment ago, and another host wrote under it already
        raise Unavailable("profile", "The profile is not known to this host yet; try again.")
    shown = publication.contacts_answered(registration, record, profile)
    return {
        "id": str(registration.id),
        "domain": declared.domain,
        "state": registration.state.value,
        "mode": declared.mode.value,
        "reference": registration.reference,
        "public_contacts": contacts(shown),
        "warnings": tuple(
            Item(one.pointer, one.code, one.detail)
            for one in quality.settled(warnings, declared.confirmed)
        ),
        "links": _links(registration, profile),
        "revision": registration.revision,
    }


def speaker(own: Own) -> Speaker:
    """What an account is told of its own standing."""
    return Speaker(
        standing=own.standing.value,
        seen_at=own.seen_at,
        needs=own.needs,
        dns_name=own.dns_name,
        dns_token=own.dns_token,
    )


def email_verification(found: Verification | None) -> EmailVerification | None:
    """What an account is told of an address."""
    if found is None:
        return None
    return EmailVerification(
        state=found.standing.value,
        asked_at=found.asked_at,
        due_at=found.due_at,
        verified_at=found.verified_at,
        reason=found.reason,
    )


def contacts(shown: Mapping[Role, PublicContact]) -> dict[str, ShownContact]:
    """Contacts as they are answered, by role."""
    return {
        role.value: ShownContact(
            name=one.name,
            organization=one.organization,
            street=one.street,
            city=one.city,
            state=one.state,
            postal_code=one.postal_code,
            country=one.country,
            phone=one.phone,
            phone_ext=one.phone_ext,
            fax=one.fax,
            email=one.email,
            contact_uri=msgspec.UNSET if one.contact_uri is None else one.contact_uri,
            withheld=tuple(sorted(one.withheld)) if one.withheld else msgspec.UNSET,
        )
        for role, one in shown.items()
    }


def _links(registration: Registration, profile: Profile) -> Links:
    domain = registration.declared.domain
    is_ended = registration.ended_at is not None
    path = f"/v1/registrations/{f'id/{registration.id}' if is_ended else domain}"
    return Links(
        self=path,
        status=f"{path}/status",
        rdap=f"{profile.rdap_base_url}domain/{domain}",
        contact_form=profile.contact_form_base + registration.alias,
    )


def dnssec(given: Dnssec) -> dict[str, list[dict[str, int | str]]]:
    """DNSSEC data as it is answered."""
    return {
        "ds": [
            {
                "key_tag": one.key_tag,
                "algorithm": one.algorithm,
                "digest_type": one.digest_type,
                "digest": one.digest,
            }
            for one in given.ds
        ],
        "keys": [
            {
                "flags": one.flags,
                "protocol": one.protocol,
                "algorithm": one.algorithm,
                "public_key": one.public_key,
            }
            for one in given.keys
        ],
    }
