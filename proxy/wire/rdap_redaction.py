"""Which redactions an RDAP answer lists, and under which JSONPath. Pure; one table.

An entry stands where a field is really withheld and nowhere else: a `redacted` entry for a field
that is populated is an error to every reader (RFC 9537 s3; ICANN RDAP response profile 2024).
A field counts as withheld by PublicContact.withheld, never by what the person has.
Source: RFC 9537 s3, s4.2, s5; RFC 9535; the registered names of the gTLD profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from proxy.model.identifiers import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.public_record import PublicContact

RDAP_ROLES: Final[Mapping[Role, str]] = {
    Role.REGISTRANT: "registrant",
    Role.ADMIN: "administrative",
    Role.TECH: "technical",
    Role.BILLING: "billing",
}
"""RFC 9083 s10.2.4."""

Entry = dict[str, object]
"""One member of `redacted`, as JSON."""

_LABELS: Final[Mapping[Role, str]] = {
    Role.REGISTRANT: "Registrant",
    Role.ADMIN: "Admin",
    Role.TECH: "Tech",
    Role.BILLING: "Billing",
}
_REGISTERED: Final = frozenset(
    {
        "Registrant Name",
        "Registrant Organization",
        "Registrant Street",
        "Registrant City",
        "Registrant Postal Code",
        "Registrant Phone",
        "Registrant Phone Ext",
        "Registrant Fax",
        "Registrant Email",
        "Tech Name",
        "Tech Phone",
        "Tech Phone Ext",
        "Tech Email",
    }
)
"""Names of IANA's RDAP JSON values registry; the others are told as a description."""

_REASON: Final[Entry] = {"description": "Server policy"}
_CARD: Final = ".vcardArray[1]"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    field: str  # of PublicContact
    label: str
    method: str
    path: str  # below the entity


_ADR: Final = "[?(@[0]=='adr')]"
_ROWS: Final = (
    # A slot of an array can not go, or its neighbours would move: it is emptied (RFC 9537 s3.2).
    _Row(field="name", label="Name", method="emptyValue", path="[?(@[0]=='fn')][3]"),
    _Row(field="organization", label="Organization", method="removal", path="[?(@[0]=='org')]"),
    _Row(field="street", label="Street", method="emptyValue", path=_ADR + "[3][:3]"),
    _Row(field="city", label="City", method="emptyValue", path=_ADR + "[3][3]"),
    _Row(field="state", label="State/Province", method="emptyValue", path=_ADR + "[3][4]"),
    _Row(field="postal_code", label="Postal Code", method="emptyValue", path=_ADR + "[3][5]"),
    _Row(field="country", label="Country", method="removal", path=_ADR + "[1].cc"),
    _Row(field="phone", label="Phone", method="removal", path="[?(@[1].type=='voice')]"),
    _Row(field="phone_ext", label="Phone Ext", method="removal", path="[?(@[1].type=='voice')]"),
    _Row(field="fax", label="Fax", method="removal", path="[?(@[1].type=='fax')]"),
)  # fmt: skip
_EMAIL: Final = "[?(@[0]=='email')]"
_CONTACT_URI: Final = "[?(@[0]=='contact-uri')]"


def contact_entries(role: Role, contact: PublicContact) -> list[Entry]:
    """The entries for the fields of one contact that are withheld."""
    card = _entity(role) + _CARD
    entries: list[Entry] = []
    for row in _ROWS:
        if row.field not in contact.withheld:
            continue
        if row.field == "phone_ext" and "phone" not in contact.withheld:
            # The number stands where the path would lead: RFC 9537 s4.2 lets the path be left out.
            entries.append(_entry(_name(role, row.label), row.method, {}))
            continue
        side = "postPath" if row.method == "emptyValue" else "prePath"
        entries.append(_entry(_name(role, row.label), row.method, {side: card + row.path}))
    if "email" in contact.withheld:
        if contact.contact_uri is not None:
            paths = {"prePath": card + _EMAIL, "replacementPath": card + _CONTACT_URI}
            entries.append(_entry(_name(role, "Email"), "replacementValue", paths))
        elif contact.email is not None:  # a masked address in its place
            paths = {"postPath": card + _EMAIL + "[3]"}
            entries.append(_entry(_name(role, "Email"), "replacementValue", paths))
        else:
            paths = {"prePath": card + _EMAIL}
            entries.append(_entry(_name(role, "Email"), "removal", paths))
    return entries


def domain_id_entry() -> Entry:
    """The entry for a domain answered without its registry's id."""
    return _entry({"type": "Registry Domain ID"}, "removal", {"prePath": "$.handle"})


def contact_id_entry(role: Role) -> Entry | None:
    """The entry for a contact without its registry's id; None where the profile has no name."""
    if role not in {Role.REGISTRANT, Role.TECH}:
        return None
    name = {"type": f"Registry {_LABELS[role]} ID"}
    return _entry(name, "removal", {"prePath": _entity(role) + ".handle"})


def _entity(role: Role) -> str:
    return f"$.entities[?(@.roles[0]=='{RDAP_ROLES[role]}')]"


def _name(role: Role, label: str) -> dict[str, str]:
    name = f"{_LABELS[role]} {label}"
    return {"type" if name in _REGISTERED else "description": name}


def _entry(name: dict[str, str], method: str, paths: Mapping[str, str]) -> Entry:
    return {"name": name, **paths, "method": method, "reason": _REASON}
