"""RDAP answers as trees of plain JSON values: the definition of what is said. Pure.

The edge renders the same from templates (wire/rdap_sheets), which are cut from these trees and
proven equal to them. Every contact comes from rules/publication.contacts_shown, the one projection
that WHOIS and the API show as well; `reference` is never a handle.
Source: RFC 9083; RFC 8056 s2 (statuses); gTLD RDAP response profile and technical implementation
guide of 2024 for the layout "gtld"; "plain" is RFC 9083 alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from proxy.model import names
from proxy.model.identifiers import Mode, Role
from proxy.rules import publication
from proxy.wire import rdap, rdap_contact, rdap_redaction

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from proxy.model.public_record import Accreditation, Profile, PublicContact, PublicRecord
    from proxy.model.registration import Dnssec, Nameserver

Tree = dict[str, object]
"""A JSON object."""

GTLD: Final = "gtld"
LEVEL: Final = "rdap_level_0"
ICANN_PROFILES: Final = (
    "icann_rdap_response_profile_1",
    "icann_rdap_technical_implementation_guide_1",
)
REDACTED: Final = "redacted"
MEDIA_TYPE: Final = "application/rdap+json"

_CAPITAL: Final = re.compile(r"(?=[A-Z])")


def domain(
    record: PublicRecord, profile: Profile, *, asked: str, as_of: datetime, unicode_name: str | None
) -> Tree:
    """The answer about one name; `asked` is the URL asked for, `unicode_name` U-labels if any."""
    is_gtld = profile.layout_for(record.domain).layout == GTLD
    contacts = publication.contacts_shown(record, profile)
    redactions = _redactions(record, contacts, is_gtld=is_gtld)
    tree: Tree = {
        "rdapConformance": conformance(is_gtld=is_gtld, is_redacted=bool(redactions)),
        "objectClassName": "domain",
        "lang": "en",
        "ldhName": record.domain,
    }
    if unicode_name is not None:
        tree["unicodeName"] = unicode_name
    if record.registry_domain_id is not None:
        tree["handle"] = record.registry_domain_id
    tree["status"] = statuses(record.statuses)
    tree["events"] = events(record, as_of)
    tree["nameservers"] = [nameserver_object(host) for host in record.nameservers]
    tree["secureDNS"] = secure_dns(record.dnssec)
    tree["entities"] = [
        *(_contact_entity(record, role, contact) for role, contact in contacts.items()),
        registrar(profile, profile.accreditations.get(record.accreditation)),
        *_reseller(record),
    ]
    if redactions:
        tree["redacted"] = redactions
    tree["port43"] = profile.whois_host
    self_url = f"{profile.rdap_base_url}domain/{record.domain}"
    tree["links"] = [_link(asked, "self", self_url, MEDIA_TYPE)]
    tree["notices"] = notices(profile.rdap_terms_url, asked, is_gtld=is_gtld)
    return tree


def entity(profile: Profile, accreditation: Accreditation, asked: str) -> Tree:
    """The answer about a registrar by its IANA id."""
    tree: Tree = {"rdapConformance": conformance(is_gtld=True, is_redacted=False), "lang": "en"}
    tree |= registrar(profile, accreditation)
    tree["links"] = [
        _link(asked, "self", f"{profile.rdap_base_url}entity/{accreditation.iana_id}", MEDIA_TYPE),
        *_about(profile),
    ]
    tree["port43"] = profile.whois_host
    tree["notices"] = notices(profile.rdap_terms_url, asked, is_gtld=True)
    return tree


def nameserver(profile: Profile, host: Nameserver, asked: str, *, is_gtld: bool) -> Tree:
    """The answer about a host inside a name that we publish."""
    tree: Tree = {"rdapConformance": conformance(is_gtld=is_gtld, is_redacted=False), "lang": "en"}
    tree |= nameserver_object(host)
    unicode_name = names.unicode_name(host.name)
    if unicode_name is not None:
        tree["unicodeName"] = unicode_name
    self_url = f"{profile.rdap_base_url}nameserver/{host.name}"
    tree["links"] = [_link(asked, "self", self_url, MEDIA_TYPE)]
    tree["port43"] = profile.whois_host
    tree["notices"] = notices(profile.rdap_terms_url, asked, is_gtld=is_gtld)
    return tree


def conformance(*, is_gtld: bool, is_redacted: bool) -> list[str]:
    """The extensions that an answer uses (RFC 9083 s4.1)."""
    return [LEVEL, *(ICANN_PROFILES if is_gtld else ()), *((REDACTED,) if is_redacted else ())]


def statuses(codes: Sequence[str]) -> list[str]:
    """EPP codes as RDAP statuses, each once (RFC 8056 s2). None at all means `active`."""
    return list(dict.fromkeys(status(code) for code in codes)) or ["active"]


def status(code: str) -> str:
    """One EPP status code as RDAP says it: `clientHold` is `client hold`."""
    match code:
        case "ok":
            return "active"
        case "linked":
            return "associated"
        case _:
            return " ".join(_CAPITAL.split(code)).strip().lower()


def events(record: PublicRecord, as_of: datetime) -> list[Tree]:
    """What happened to the name and how old our knowledge is, each action once.

    Where the registrar has no term of its own, the registry's is the one it sold (as in WHOIS).
    """
    dated = (
        ("registration", record.created_at),
        ("expiration", record.registry_expires_at),
        ("registrar expiration", record.registrar_expires_at or record.registry_expires_at),
        ("last changed", record.updated_at),
        ("transfer", record.transferred_at),
        ("last update of RDAP database", as_of),
    )
    return [
        {"eventAction": action, "eventDate": moment(date)}
        for action, date in dated
        if date is not None
    ]


def moment(date: datetime) -> str:
    """RFC 3339 with whole seconds; `date` is aware, UTC."""
    return date.isoformat()[:19] + "Z"


def nameserver_object(host: Nameserver) -> Tree:
    """One delegated host with its glue (RFC 9083 s5.2)."""
    tree: Tree = {"objectClassName": "nameserver", "ldhName": host.name}
    four, six = rdap.split_addresses(host.addresses)
    glue: Tree = {key: list(part) for key, part in (("v4", four), ("v6", six)) if part}
    if glue:
        tree["ipAddresses"] = glue
    return tree


def secure_dns(dnssec: Dnssec) -> Tree:
    """The delegation's signing data (RFC 9083 s5.3); always there, also when unsigned."""
    tree: Tree = {"delegationSigned": dnssec.is_signed}
    if dnssec.ds:
        tree["dsData"] = [
            {
                "keyTag": ds.key_tag,
                "algorithm": ds.algorithm,
                "digest": ds.digest,
                "digestType": ds.digest_type,
            }
            for ds in dnssec.ds
        ]
    if dnssec.keys:
        tree["keyData"] = [
            {
                "flags": key.flags,
                "protocol": key.protocol,
                "publicKey": key.public_key,
                "algorithm": key.algorithm,
            }
            for key in dnssec.keys
        ]
    return tree


def registrar(profile: Profile, accreditation: Accreditation | None) -> Tree:
    """The registrar with its abuse contact; without an IANA id where it has none (ccTLDs)."""
    tree: Tree = {"objectClassName": "entity"}
    if accreditation is not None and accreditation.iana_id is not None:
        handle = str(accreditation.iana_id)
        tree["handle"] = handle
        tree["publicIds"] = [{"type": "IANA Registrar ID", "identifier": handle}]
    tree["roles"] = ["registrar"]
    tree["vcardArray"] = rdap_contact.name_card(
        accreditation.registrar_name if accreditation is not None else ""
    )
    tree["entities"] = [
        {
            "objectClassName": "entity",
            "roles": ["abuse"],
            "vcardArray": rdap_contact.abuse_card(profile.abuse_email, profile.abuse_phone),
        }
    ]
    tree["links"] = _about(profile)
    return tree


def notices(terms_url: str | None, asked: str, *, is_gtld: bool) -> list[Tree]:
    """The notices of an answer; the first two are worded by the gTLD profile to the letter."""
    found: list[Tree] = []
    if is_gtld:
        found += [
            _notice(
                "Status Codes",
                "For more information on domain status codes, please visit https://icann.org/epp",
                _link(asked, "glossary", "https://icann.org/epp", "text/html"),
            ),
            _notice(
                "RDDS Inaccuracy Complaint Form",
                "URL of the ICANN RDDS Inaccuracy Complaint Form: https://icann.org/wicf",
                _link(asked, "help", "https://icann.org/wicf", "text/html"),
            ),
        ]
    if terms_url is not None:
        found.append(
            _notice(
                "Terms of Use",
                "This answer may be used under the terms of use of the registrar.",
                _link(asked, "terms-of-service", terms_url, "text/html"),
            )
        )
    return found


def _redactions(
    record: PublicRecord, contacts: Mapping[Role, PublicContact], *, is_gtld: bool
) -> list[rdap_redaction.Entry]:
    """All entries, in the order of the profile's table.

    The registry's ids are owed in the gTLD layout only, so only there their absence is told.
    """
    entries: list[rdap_redaction.Entry] = []
    if is_gtld and record.registry_domain_id is None:
        entries.append(rdap_redaction.domain_id_entry())
    for role, contact in contacts.items():
        id_entry = rdap_redaction.contact_id_entry(role)
        is_owed = is_gtld or record.mode in publication.WITHHOLDING
        if id_entry is not None and is_owed and _contact_handle(record, role) is None:
            entries.append(id_entry)
        entries += rdap_redaction.contact_entries(role, contact)
    return entries


def _contact_handle(record: PublicRecord, role: Role) -> str | None:
    """The registry's id of a contact. Redacted mode withholds it: it ties a holder's names."""
    if role is not Role.REGISTRANT or record.mode in publication.WITHHOLDING:
        return None
    return record.registrant_registry_id


def _contact_entity(record: PublicRecord, role: Role, contact: PublicContact) -> Tree:
    tree: Tree = {"objectClassName": "entity"}
    handle = _contact_handle(record, role)
    if handle is not None:
        tree["handle"] = handle
    tree["roles"] = [rdap_redaction.RDAP_ROLES[role]]
    if record.mode is not Mode.PUBLISHED or contact.withheld:
        tree["status"] = [_ENTITY_STATUS[record.mode]]
    tree["vcardArray"] = rdap_contact.card(contact)
    return tree


_ENTITY_STATUS: Final[Mapping[Mode, str]] = {
    Mode.PROXY: "proxy",  # registered by a third party
    Mode.PRIVACY: "obscured",  # altered, so that the real contact can not be read
    Mode.REDACTED: "removed",  # parts are left out
    Mode.PUBLISHED: "removed",  # the same, of what is still kept back
}
"""RFC 9083 s10.2.2."""


def _reseller(record: PublicRecord) -> list[Tree]:
    if record.reseller is None:
        return []
    return [
        {
            "objectClassName": "entity",
            "roles": ["reseller"],
            "vcardArray": rdap_contact.name_card(record.reseller),
        }
    ]


def _about(profile: Profile) -> list[Tree]:
    """The gTLD profile wants the registrar's RDAP base URL as the link's value here."""
    return [_link(profile.rdap_base_url, "about", profile.registrar_url, "text/html")]


def _notice(title: str, description: str, link: Tree) -> Tree:
    return {"title": title, "description": [description], "links": [link]}


def _link(value: str, rel: str, href: str, media_type: str) -> Tree:
    return {"value": value, "rel": rel, "href": href, "type": media_type}
