"""The one projection: what the world sees of a registration (promise 1). Pure.

An allow-list: every member of a PublicRecord is named here, and a person's data passes through
`_consented` alone, which knows three fields, or was put there under a publish grant and is kept as
long as that fits. Text of the three that looks like an identifier of a person is left out until the
registrar confirmed it: a name in privacy mode is then the mask's. Mode `published` is `redacted`
with the granted fields shown; without a grant it shows the same as `redacted`. Sources: contract,
Modes and Validation; RFC 9537; ICANN Registration Data Policy s9 (state and country of the
registrant stay public).
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
    PublishedContact,
    PublishedName,
)
from proxy.rules import screening

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from proxy.model.contact import Contact
    from proxy.model.public_record import Profile
    from proxy.model.registration import Registration

WITHHOLDING: Final = frozenset({Mode.REDACTED, Mode.PUBLISHED})
"""Modes in which nobody stands before the person: fields are kept back or shown."""

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

_BY_POLICY: Final = frozenset({ConsentedName.STATE, ConsentedName.COUNTRY})

POINTERS: Final = MappingProxyType(
    {
        ConsentedName.NAME: "/contacts/registrant/name",
        ConsentedName.STATE: "/contacts/registrant/state",
    }
)
"""The free texts that a mode shows, by their place in a body."""

WITHHELD_OF_REGISTRANT: Final = WITHHELD - {"state", "country"}
"""Registration Data Policy s9: the registrant's state and country are shown."""


def project(
    registration: Registration,
    registrant: Contact | None,
    shown: PublicRecord | None = None,
) -> PublicRecord | None:
    """The public record of `registration`, or None where nothing is published.

    `registrant` is the contact that acts as registrant; without it no consented field is shown.
    `shown` is its record so far, where the contacts are the ones that were published of.
    """
    declared = registration.declared
    consented = _screened(_consented(declared.mode, registrant), declared.confirmed)
    return _projected(registration, consented, _still_granted(registration, shown))


def project_again(registration: Registration, shown: PublicRecord | None) -> PublicRecord | None:
    """The same for contacts that stay as they are, of which only `shown` can be known.

    InvalidInput where fields of the registrant would be shown that `shown` does not have: the mode
    is another one, or nothing was shown before.
    """
    mode = registration.declared.mode
    is_known = shown is not None and (shown.mode is mode or {shown.mode, mode} == WITHHOLDING)
    known = shown.consented if shown is not None and is_known else ()
    consented = _screened(known, registration.declared.confirmed)
    record = _projected(registration, consented, _still_granted(registration, shown))
    if record is not None and mode is not Mode.PROXY and not is_known:
        detail = "This mode shows fields of the registrant: give the contacts."
        fault = Fault(pointer="/contacts", code="required", detail=detail)
        raise InvalidInput("invalid_body", detail, (fault,))
    return record


def grant(record: PublicRecord, published: tuple[PublishedContact, ...]) -> PublicRecord:
    """The record with what a publish grant gives; as it was in any mode but `published`."""
    return record.with_published(published) if record.mode is Mode.PUBLISHED else record


def _still_granted(
    registration: Registration, shown: PublicRecord | None
) -> tuple[PublishedContact, ...]:
    """What a grant shows of contacts that stay; the mode was another or will be: nothing."""
    if shown is None or {shown.mode, registration.declared.mode} != {Mode.PUBLISHED}:
        return ()
    return shown.published


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
    registration: Registration,
    consented: tuple[ConsentedField, ...],
    published: tuple[PublishedContact, ...],
) -> PublicRecord | None:
    declared = registration.declared
    if registration.state not in PUBLISHED_STATES or declared.created_at is None:
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
        published=published,
    )


def contacts_shown(record: PublicRecord, profile: Profile) -> Mapping[Role, PublicContact]:
    """The contacts that WHOIS, RDAP, registries and the API show of `record`, in printing order."""
    if record.mode in WITHHOLDING:
        return _withholding(record.alias, record.consented, record.published, profile)
    return _masked(record.mode, record.reference, record.alias, record.consented, profile)


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
    if mode in WITHHOLDING:
        return _withholding(registration.alias, (), (), profile)
    shown = dict(_masked(mode, registration.reference, registration.alias, (), profile))
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
        case Mode.REDACTED | Mode.PUBLISHED:
            shown = tuple(
                (name, value, Ground.POLICY)
                for name, value in (
                    (ConsentedName.STATE, registrant.state),
                    (ConsentedName.COUNTRY, registrant.country),
                )
                if value is not None
            )
        case Mode.PROXY:
            return ()
        case _:
            assert_never(mode)
    return tuple(
        ConsentedField(field=name, value=value, ground=ground) for name, value, ground in shown
    )


def _withholding(
    alias: str,
    consented: tuple[ConsentedField, ...],
    published: tuple[PublishedContact, ...],
    profile: Profile,
) -> Mapping[Role, PublicContact]:
    uri = profile.contact_form_base + alias
    granted = {one.role: {each.field: each.lines for each in one.fields} for one in published}
    by_policy = {
        PublishedName(one.field): (one.value,) for one in consented if one.field in _BY_POLICY
    }
    return MappingProxyType(
        {
            role: _redacted(uri, by_policy, WITHHELD_OF_REGISTRANT, granted.get(role, {}))
            if role is Role.REGISTRANT
            else _redacted(uri, {}, WITHHELD, granted.get(role, {}))
            for role in _roles(profile)
        }
    )


def _roles(profile: Profile) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in profile.published_roles)


def _masked(
    mode: Mode,
    reference: str,
    alias: str,
    consented: tuple[ConsentedField, ...],
    profile: Profile,
) -> Mapping[Role, PublicContact]:
    mask = _mask(reference, alias, profile)
    name = next((one.value for one in consented if one.field is ConsentedName.NAME), None)
    shown = dict.fromkeys(_roles(profile), mask)
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


def _redacted(
    uri: str,
    by_policy: Mapping[PublishedName, tuple[str, ...]],
    withheld: frozenset[str],
    granted: Mapping[PublishedName, tuple[str, ...]],
) -> PublicContact:
    """A contact whose fields are withheld, but for those that policy or a grant shows.

    An address that is shown takes the place of the contact form: a reader could not tell which of
    two is meant.
    """
    values = {**by_policy, **granted}

    def line(name: PublishedName) -> str | None:
        return next(iter(values.get(name, ())), None)

    email = line(PublishedName.EMAIL)
    return PublicContact(
        name=line(PublishedName.NAME),
        organization=line(PublishedName.ORGANIZATION),
        street=values.get(PublishedName.STREET, ()),
        city=line(PublishedName.CITY),
        state=line(PublishedName.STATE),
        postal_code=line(PublishedName.POSTAL_CODE),
        country=line(PublishedName.COUNTRY),
        phone=line(PublishedName.PHONE),
        phone_ext=line(PublishedName.PHONE_EXT),
        fax=line(PublishedName.FAX),
        email=email,
        contact_uri=uri if email is None else None,
        withheld=withheld - {name.value for name in granted},
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
