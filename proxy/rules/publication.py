"""The one projection: what the world sees of a registration (promise 1). Pure.

An allow-list: every member of a PublicRecord is named here, and a person's data passes through
`_consented` alone, which knows three fields. Text of them that looks like an identifier of a person
is left out until the registrar confirmed it: a name in privacy mode is then the mask's. Sources:
contract, Modes and Validation; RFC 9537; ICANN Registration Data Policy s9 (state and country of
the registrant stay public).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, assert_never

from proxy.errors import Fault, InvalidInput
from proxy.model.identifiers import Mode, Role, State
from proxy.model.public_record import (
    ConsentedField,
    ConsentedName,
    Ground,
    PublicContact,
    PublicRecord,
)
from proxy.rules import screening

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from proxy.model.contact import Contact
    from proxy.model.public_record import Profile
    from proxy.model.registration import Registration

PUBLISHED_STATES: Final = frozenset({State.ACTIVE, State.ENDING})

WITHHELD: Final = frozenset(
    {
        "name",
        "organization",
        "street",
        "city",
        "state",
        "postal_code",
        "country",
        "phone",
        "phone_ext",
        "fax",
        "email",
    }
)
"""Every field of a contact that redacted mode keeps back, of every role but the registrant."""

POINTERS: Final = MappingProxyType(
    {
        ConsentedName.NAME: "/contacts/registrant/name",
        ConsentedName.STATE: "/contacts/registrant/state",
    }
)
"""The free texts that a mode shows, by their place in a body."""

WITHHELD_OF_REGISTRANT: Final = WITHHELD - {"state", "country"}
"""Registration Data Policy s9: the registrant's state and country are shown."""


def project(registration: Registration, registrant: Contact | None) -> PublicRecord | None:
    """The public record of `registration`, or None where nothing is published.

    `registrant` is the contact that acts as registrant; without it no consented field is shown.
    """
    declared = registration.declared
    return _projected(
        registration, _screened(_consented(declared.mode, registrant), declared.confirmed)
    )


def project_again(registration: Registration, shown: PublicRecord | None) -> PublicRecord | None:
    """The same for contacts that stay as they are, of which only `shown` can be known.

    InvalidInput where fields of the registrant would be shown that `shown` does not have: the mode
    is another one, or nothing was shown before.
    """
    mode = registration.declared.mode
    is_known = shown is not None and shown.mode is mode
    consented = shown.consented if shown is not None and is_known else ()
    record = _projected(registration, _screened(consented, registration.declared.confirmed))
    if record is not None and mode in {Mode.PRIVACY, Mode.REDACTED} and not is_known:
        detail = "This mode shows fields of the registrant: give the contacts."
        fault = Fault(pointer="/contacts", code="required", detail=detail)
        raise InvalidInput("invalid_body", detail, (fault,))
    return record


def withheld(mode: Mode, registrant: Contact | None) -> tuple[str, ...]:
    """Pointers of the fields that `mode` shows only where the registrar confirms them."""
    return tuple(POINTERS[one.field] for one in _consented(mode, registrant) if _is_doubtful(one))


def _screened(
    consented: tuple[ConsentedField, ...], confirmed: Collection[str]
) -> tuple[ConsentedField, ...]:
    return tuple(
        one for one in consented if not _is_doubtful(one) or POINTERS[one.field] in confirmed
    )


def _is_doubtful(one: ConsentedField) -> bool:
    """Whether a field may hold an identifier of a person; a country is a code of two letters."""
    return one.field in POINTERS and screening.looks_personal(one.value)


def _projected(
    registration: Registration, consented: tuple[ConsentedField, ...]
) -> PublicRecord | None:
    declared = registration.declared
    if (
        registration.state not in PUBLISHED_STATES
        or declared.created_at is None
        or declared.mode is Mode.PUBLISHED  # needs a publish grant, which only the vault can give
    ):
        return None
    return PublicRecord(
        domain=declared.domain,
        tenant_id=registration.tenant_id,
        profile=declared.profile,
        accreditation=declared.accreditation,
        mode=declared.mode,
        reference=registration.reference,
        alias=registration.alias,
        created_at=declared.created_at,
        reseller=declared.reseller,
        registry_domain_id=declared.registry_domain_id,
        registrant_registry_id=declared.registrant_registry_id,
        updated_at=declared.updated_at,
        transferred_at=declared.transferred_at,
        registry_expires_at=declared.registry_expires_at,
        registrar_expires_at=declared.registrar_expires_at,
        statuses=declared.statuses,
        nameservers=declared.nameservers,
        dnssec=declared.dnssec,
        consented=consented,
    )


def contacts_shown(record: PublicRecord, profile: Profile) -> Mapping[Role, PublicContact]:
    """The contacts that WHOIS, RDAP, registries and the API show of `record`, in printing order."""
    return _contacts(record.mode, record.reference, record.alias, record.consented, profile)


def contacts_answered(
    registration: Registration, record: PublicRecord | None, profile: Profile
) -> Mapping[Role, PublicContact]:
    """The contacts that the API answers: those of `record`, or the bare mask where there is none.

    A reservation, a claim or an ended registration has no record; its consented fields are None,
    because nothing outside the vault may hold a person's name that is not published.
    """
    if record is not None:
        return contacts_shown(record, profile)
    mode = registration.declared.mode
    shown = dict(_contacts(mode, registration.reference, registration.alias, (), profile))
    registrant = shown.get(Role.REGISTRANT)
    if mode is Mode.PRIVACY and registrant is not None:
        shown[Role.REGISTRANT] = _with_name(registrant, None)
    return MappingProxyType(shown)


def _consented(mode: Mode, registrant: Contact | None) -> tuple[ConsentedField, ...]:
    """The registrant's fields that `mode` shows. The only place that reads a Contact."""
    if registrant is None:
        return ()
    shown: tuple[tuple[ConsentedName, str, Ground], ...]
    match mode:
        case Mode.PRIVACY:
            shown = ((ConsentedName.NAME, registrant.name, Ground.MODE),)
        case Mode.REDACTED:
            shown = tuple(
                (name, value, Ground.POLICY)
                for name, value in (
                    (ConsentedName.STATE, registrant.state),
                    (ConsentedName.COUNTRY, registrant.country),
                )
                if value is not None
            )
        case Mode.PROXY | Mode.PUBLISHED:
            return ()
        case _:
            assert_never(mode)
    return tuple(
        ConsentedField(field=name, value=value, ground=ground) for name, value, ground in shown
    )


def _contacts(
    mode: Mode,
    reference: str,
    alias: str,
    consented: tuple[ConsentedField, ...],
    profile: Profile,
) -> Mapping[Role, PublicContact]:
    roles = tuple(role for role in Role if role in profile.published_roles)
    if mode is Mode.REDACTED:
        uri = profile.contact_form_base + alias
        shown = {
            role: _redacted(uri, consented if role is Role.REGISTRANT else None) for role in roles
        }
        return MappingProxyType(shown)
    mask = _mask(reference, alias, profile)
    name = next((one.value for one in consented if one.field is ConsentedName.NAME), None)
    shown = dict.fromkeys(roles, mask)
    if mode is Mode.PRIVACY and name is not None and Role.REGISTRANT in shown:
        shown[Role.REGISTRANT] = _with_name(mask, name)
    return MappingProxyType(shown)


def _mask(reference: str, alias: str, profile: Profile) -> PublicContact:
    mask = profile.mask
    return PublicContact(
        name=None if mask.name is None else mask.name.replace("{reference}", reference),
        organization=mask.organization,
        street=mask.street,
        city=mask.city,
        state=mask.state,
        postal_code=mask.postal_code,
        country=mask.country,
        phone=mask.phone,
        phone_ext=mask.phone_ext,
        fax=mask.fax,
        email=f"{alias}@{profile.relay_domain}",
        contact_uri=None,
    )


def _redacted(uri: str, consented: tuple[ConsentedField, ...] | None) -> PublicContact:
    """A contact whose fields are withheld; `consented` is None for other roles than registrant."""
    values = {one.field: one.value for one in consented or ()}
    return PublicContact(
        name=None,
        organization=None,
        street=(),
        city=None,
        state=values.get(ConsentedName.STATE),
        postal_code=None,
        country=values.get(ConsentedName.COUNTRY),
        phone=None,
        phone_ext=None,
        fax=None,
        email=None,
        contact_uri=uri,
        withheld=WITHHELD if consented is None else WITHHELD_OF_REGISTRANT,
    )


def _with_name(contact: PublicContact, name: str | None) -> PublicContact:
    return PublicContact(
        name=name,
        organization=contact.organization,
        street=contact.street,
        city=contact.city,
        state=contact.state,
        postal_code=contact.postal_code,
        country=contact.country,
        phone=contact.phone,
        phone_ext=contact.phone_ext,
        fax=contact.fax,
        email=contact.email,
        contact_uri=contact.contact_uri,
    )
