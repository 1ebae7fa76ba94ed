"""A registration and the people behind it as lines of the tables.

A contact object is a person as given for one role of one registration; roles that refer to another
share its object. Its id is the registration's reference with the role's letter, so it is the same
in every deposit and says nothing of the person. What the API takes is never changed and never left
out: see the tables "as given". What it never takes (control characters, lengths that EPP has no
room for) is written so that the file stays well-formed, and the registration is reported.
Source: RFC 9022 s4, s5; RFC 5731 s2.3; RFC 5733 s2; RFC 3915 s3.1.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from escrow.formats import rfc8909_tables as tables
from proxy.model import names
from proxy.model.identifiers import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from escrow.formats.rfc8909_tables import Table
    from escrow.model import Underlying
    from proxy.model.contact import Contact, ContactSet
    from proxy.model.public_record import Accreditation
    from proxy.model.registration import Declaration

ROLES: Final = tuple(Role)
LETTERS: Final = {Role.REGISTRANT: "R", Role.ADMIN: "A", Role.TECH: "T", Role.BILLING: "B"}
"""A reference has 13 characters and an id at most 16 (RFC 5730, clIDType)."""

_LINKED: Final = (Role.ADMIN, Role.TECH, Role.BILLING)
_ROID: Final = re.compile(r"[A-Za-z0-9_]{1,80}-[A-Za-z0-9_]{1,8}", re.ASCII)
"""RFC 5730 roidType, in ASCII."""

_E164: Final = re.compile(r"(?=.{0,17}\Z)\+[0-9]{1,3}\.[0-9]{1,14}", re.ASCII)
"""RFC 5733 e164StringType: its pattern, and 17 characters at most."""

_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""No normalizedString or no XML text, and would tear a line for whoever reads by lines."""

LINE_LIMIT: Final = 255  # RFC 5733 postalLineType
CODE_LIMIT: Final = 16  # RFC 5733 pcType
COUNTRY_LENGTH: Final = 2  # RFC 5733 ccType
STREETS: Final = 3  # RFC 5733 addrType; a fourth goes to a custom field
STREETS_AT_MOST: Final = 4  # what the API takes
_DELETION: Final = frozenset({"redemptionPeriod", "pendingRestore"})


class Sink:
    """Where csv puts its lines."""

    __slots__ = ("write",)

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append


class RowMaker:
    """Makes lines; `lines` has them by table until somebody takes them and clears the lists."""

    def __init__(self, roid_suffix: str, sponsors: Mapping[str, str]) -> None:
        self.lines: dict[Table, list[str]] = {table: [] for table in tables.TABLES}
        self.contacts = 0
        self._roid_suffix = roid_suffix
        self._sponsors = sponsors
        # Only texts that people gave can hold a comma or a quote; all other lines need no csv.
        self._writerow = {
            table: csv.writer(Sink(self.lines[table]), lineterminator="\n").writerow
            for table in (
                tables.CONTACT,
                tables.CONTACT_AS_GIVEN,
                tables.CONTACT_POSTAL,
                tables.POSTAL_AS_GIVEN,
                tables.REGISTRAR,
                tables.REGISTRAR_LOCAL,
            )
        }

    def add(self, row: Underlying) -> bool:
        """Make the lines of a registration; whether they say all of it."""
        said = row.registration.declared
        reference = row.registration.reference
        sponsor = self._sponsors[row.accreditation.id]
        self._domain(row, sponsor)
        is_whole = self._statuses(said)
        self._delegation(said)
        for role in ROLES:
            contact = row.contacts.given.get(role)
            if contact is not None:
                self.contacts += 1
                is_whole &= self._contact(reference, LETTERS[role], contact, sponsor)
        return is_whole

    def remove(self, domain: str, reference: str) -> None:
        """Make the lines that take a registration away, with every contact it may have had."""
        self.lines[tables.DOMAIN_DELETES].append(f"{domain}\n")
        self.lines[tables.CONTACT_DELETES] += [f"{reference}-{LETTERS[role]}\n" for role in ROLES]

    def remove_others(self, row: Underlying) -> None:
        """Make the lines that take away contacts which a registration may have had before."""
        reference = row.registration.reference
        self.lines[tables.CONTACT_DELETES] += [
            f"{reference}-{LETTERS[role]}\n" for role in ROLES if role not in row.contacts.given
        ]

    def registrar(self, sponsor: str, accreditation: Accreditation) -> None:
        """Make the line of a registrar; its name is in the "int" form where it may be."""
        name = _mended(accreditation.registrar_name)
        table = tables.REGISTRAR if name.isascii() else tables.REGISTRAR_LOCAL
        self._writerow[table]((sponsor, name, accreditation.iana_id or ""))

    def _domain(self, row: Underlying, sponsor: str) -> None:
        said = row.registration.declared
        reference = row.registration.reference
        name = said.domain
        registry_id = said.registry_domain_id
        if registry_id is None or _ROID.fullmatch(registry_id) is None:
            registry_id = f"{reference}-{self._roid_suffix}"
        holder = acting(row.contacts, Role.REGISTRANT)
        registrant = "" if holder is None else f"{reference}-{LETTERS[holder]}"
        unicode_name = (names.unicode_name(name) or "") if "xn--" in name else ""
        expires = said.registry_expires_at or said.registrar_expires_at
        self.lines[tables.DOMAIN].append(
            f"{name},{registry_id},{registrant},{sponsor},{moment(said.created_at)},"
            f"{moment(said.updated_at)},{moment(expires)},{moment(said.transferred_at)},"
            f"{unicode_name}\n"
        )
        for role in _LINKED:
            holder = acting(row.contacts, role)
            if holder is not None:
                self.lines[tables.DOMAIN_CONTACTS].append(
                    f"{name},{reference}-{LETTERS[holder]},{role.value}\n"
                )

    def _statuses(self, said: Declaration) -> bool:
        pairs, is_known = status_pairs(said.statuses)
        self.lines[tables.DOMAIN_STATUSES] += [
            f"{said.domain},{status},{grace}\n" for status, grace in pairs
        ]
        return is_known

    def _delegation(self, said: Declaration) -> None:
        name = said.domain
        hosts = self.lines[tables.NAME_SERVERS]
        for server in said.nameservers:
            if not server.addresses:
                hosts.append(f"{name},{server.name},,\n")
            for address in server.addresses:
                version = "v6" if ":" in address else "v4"
                hosts.append(f"{name},{server.name},{address},{version}\n")
        if said.dnssec.is_signed:
            self.lines[tables.DNSSEC_DS] += [
                f"{name},{ds.key_tag},{ds.algorithm},{ds.digest_type},{ds.digest}\n"
                for ds in said.dnssec.ds
            ]
            self.lines[tables.DNSSEC_KEY] += [
                f"{name},{key.flags},{key.protocol},{key.algorithm},{key.public_key}\n"
                for key in said.dnssec.keys
            ]

    def _contact(self, reference: str, letter: str, contact: Contact, sponsor: str) -> bool:
        contact_id = f"{reference}-{letter}"
        streets = contact.street
        postal = [
            contact.name,
            contact.organization or "",
            *(streets if len(streets) == STREETS else (*streets, "", "", "")[:STREETS]),
            contact.city or "",
            contact.state or "",
            contact.postal_code or "",
            contact.country or "",
        ]
        reach = [
            contact.phone or "",
            contact.phone_ext or "",
            contact.fax or "",
            contact.fax_ext or "",
            contact.email,
        ]
        further = streets[STREETS] if len(streets) > STREETS else ""
        text = "".join(postal) + further
        fits = _fits(contact, text + "".join(reach))
        if not fits:
            postal = [_mended(one) for one in postal]
            reach = [_mended(one) for one in reach]
            further = _mended(further)
        self._reach(contact_id, f"{reference}_{letter}-{self._roid_suffix}", reach, sponsor)
        # One form says all: "int" where it may be used, as registries expect it, else "loc".
        form = "int" if text.isascii() else "loc"
        if further or not (contact.city and contact.country):
            self._writerow[tables.POSTAL_AS_GIVEN]((contact_id, form, *postal, further))
        else:
            self._writerow[tables.CONTACT_POSTAL]((contact_id, form, *postal))
        self.lines[tables.CONTACT_STATUSES].append(f"{contact_id},ok\n")
        return fits

    def _reach(self, contact_id: str, roid: str, reach: list[str], sponsor: str) -> None:
        phone, phone_ext, fax, fax_ext, email = reach
        voice = phone if _E164.fullmatch(phone) else ""
        facsimile = fax if _E164.fullmatch(fax) else ""
        row = (contact_id, roid, voice, phone_ext, facsimile, fax_ext, email, sponsor)
        if voice == phone and facsimile == fax:
            self._writerow[tables.CONTACT](row)
        else:
            given = (phone if voice != phone else "", fax if facsimile != fax else "")
            self._writerow[tables.CONTACT_AS_GIVEN](row + given)


def acting(contacts: ContactSet, role: Role) -> Role | None:
    """The role whose contact acts in `role`: the way ContactSet.resolve goes; None if none does."""
    seen: set[Role] = set()
    while role in contacts.same_as and role not in seen:
        seen.add(role)
        role = contacts.same_as[role]
    return role if role in contacts.given else None


def has_all(contacts: ContactSet) -> bool:
    """Whether every reference of a registration ends at a contact."""
    return all(acting(contacts, role) is not None for role in contacts.same_as)


def moment(at: datetime | None) -> str:
    """The date-time of RFC 3339 in UTC, whole seconds; "" for none."""
    return "" if at is None else at.isoformat()[:19] + "Z"


@lru_cache(maxsize=4096)
def status_pairs(statuses: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Pairs of EPP status and grace period, and whether every given status is known.

    `ok` stands alone, and where nothing else does (RFC 5731 s2.3). A grace period needs a status
    that it is a part of: pendingDelete for those of deletion (RFC 9022 s5.1.2.1.3), for the others
    the first there is. Remembered: few lists of statuses are in use.
    """
    graces = [one for one in dict.fromkeys(statuses) if one in tables.GRACE_VALUES]
    found = [one for one in statuses if one in tables.DOMAIN_STATUS_VALUES]
    if _DELETION.intersection(graces):
        found.append("pendingDelete")
    by_status: dict[str, list[str]] = {one: [] for one in found}
    if len(by_status) > 1:
        by_status.pop("ok", None)
    if not by_status:
        by_status["ok"] = []
    first = next(iter(by_status))
    for grace in graces:
        by_status["pendingDelete" if grace in _DELETION else first].append(grace)
    pairs = tuple(
        (status, grace) for status, graces in by_status.items() for grace in graces or [""]
    )
    known = tables.DOMAIN_STATUS_VALUES | tables.GRACE_VALUES
    return pairs, known.issuperset(statuses)


def _fits(contact: Contact, text: str) -> bool:
    """Whether EPP's types have room for a contact whose values together are `text`."""
    if not text.isprintable() and _BREAKS.search(text) is not None:
        return False
    lines = (contact.name, contact.organization, *contact.street, contact.city, contact.state)
    return (
        len(text) <= LINE_LIMIT or all(len(line or "") <= LINE_LIMIT for line in lines)
    ) and bool(
        len(contact.postal_code or "") <= CODE_LIMIT
        and len(contact.country or "  ") == COUNTRY_LENGTH
        and len(contact.street) <= STREETS_AT_MOST
        and contact.name.strip()
        and contact.email.strip()
    )


def _mended(text: str) -> str:
    return _BREAKS.sub(" ", text)
