"""The tables of a deposit in the CSV model: what each file holds, column by column.

A table is a kind of file with one list of fields. Two tables may bear one name in the deposit's
XML, as the RFC's own example has it of "dnssec": here the second takes what we were given and the
first can not hold, with custom fields or fields that may be empty, so that weak data neither is
lost nor makes a deposit that is not valid. Nothing here knows a registration or a value.
Source: RFC 9022 s4.6, s5.1.2, s5.3.2, s5.4.2, s9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMESPACES: Final = {
    "rde": "urn:ietf:params:xml:ns:rde-1.0",
    "rdeHeader": "urn:ietf:params:xml:ns:rdeHeader-1.0",
    "rdeCsv": "urn:ietf:params:xml:ns:rdeCsv-1.0",
    "csvDomain": "urn:ietf:params:xml:ns:csvDomain-1.0",
    "csvHost": "urn:ietf:params:xml:ns:csvHost-1.0",
    "csvContact": "urn:ietf:params:xml:ns:csvContact-1.0",
    "csvRegistrar": "urn:ietf:params:xml:ns:csvRegistrar-1.0",
}


class Object(StrEnum):
    """What is counted; the value is the prefix of its namespace, in the order of the XML."""

    DOMAIN = "csvDomain"
    CONTACT = "csvContact"
    REGISTRAR = "csvRegistrar"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """One kind of file. Each is there once, so that it is compared and hashed as itself."""

    stem: str  # names of its files begin so
    name: str  # what the XML calls it
    object: Object
    fields: tuple[tuple[str, str], ...]  # our column name -> the XML element with its attributes
    required: frozenset[str]  # columns that are never empty, by the schema or its override here
    is_deletes: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Our names of the columns, in their order."""
        return tuple(column for column, _ in self.fields)


def _table(
    stem: str, name: str, of: Object, required: str, *fields: str, is_deletes: bool = False
) -> Table:
    """A table of `column=element` texts."""
    pairs = tuple(
        (column, element) for column, _, element in (one.partition("=") for one in fields)
    )
    return Table(
        stem=stem,
        name=name,
        object=of,
        fields=pairs,
        required=frozenset(required.split()),
        is_deletes=is_deletes,
    )


_NAME = 'name=csvDomain:fName parent="true"'
_ID = 'id=csvContact:fId parent="true"'

DOMAIN: Final = _table(
    "domain",
    "domain",
    Object.DOMAIN,
    "name roid sponsor",
    "name=csvDomain:fName",
    "roid=rdeCsv:fRoid",
    "registrant=rdeCsv:fRegistrant",
    "sponsor=rdeCsv:fClID",
    "created=rdeCsv:fCrDate",
    "updated=rdeCsv:fUpDate",
    "expires=rdeCsv:fExDate",
    "transferred=rdeCsv:fTrDate",
    "unicode_name=rdeCsv:fUName",
)
DOMAIN_CONTACTS: Final = _table(
    "domainContacts",
    "domainContacts",
    Object.DOMAIN,
    "name id type",
    _NAME,
    "id=csvContact:fId",
    "type=csvDomain:fContactType",
)
DOMAIN_STATUSES: Final = _table(
    "domainStatuses",
    "domainStatuses",
    Object.DOMAIN,
    "name status",
    _NAME,
    "status=csvDomain:fStatus",
    "grace=csvDomain:fRgpStatus",
)
NAME_SERVERS: Final = _table(
    "domainNameServersAddresses",
    "domainNameServersAddresses",
    Object.DOMAIN,
    "name host",
    _NAME,
    "host=csvHost:fName",
    "address=csvHost:fAddr",
    "version=csvHost:fAddrVersion",
)
DNSSEC_DS: Final = _table(
    "dnssecDs",
    "dnssec",
    Object.DOMAIN,
    "name key_tag algorithm digest_type digest",
    _NAME,
    "key_tag=csvDomain:fKeyTag",
    "algorithm=csvDomain:fDsAlg",
    "digest_type=csvDomain:fDigestType",
    "digest=csvDomain:fDigest",
)
DNSSEC_KEY: Final = _table(
    "dnssecKey",
    "dnssec",
    Object.DOMAIN,
    "name flags protocol algorithm public_key",
    _NAME,
    "flags=csvDomain:fFlags",
    "protocol=csvDomain:fProtocol",
    "algorithm=csvDomain:fKeyAlg",
    "public_key=csvDomain:fPubKey",
)

_CONTACT = (
    "id=csvContact:fId",
    "roid=rdeCsv:fRoid",
    "voice=csvContact:fVoice",
    "voice_ext=csvContact:fVoiceExt",
    "fax=csvContact:fFax",
    "fax_ext=csvContact:fFaxExt",
    "email=csvContact:fEmail",
    "sponsor=rdeCsv:fClID",
)
CONTACT: Final = _table("contact", "contact", Object.CONTACT, "id roid email sponsor", *_CONTACT)
CONTACT_AS_GIVEN: Final = _table(
    "contactAsGiven",
    "contact",
    Object.CONTACT,
    "id roid email sponsor",
    *_CONTACT,
    'voice_given=rdeCsv:fCustom name="voiceAsGiven"',
    'fax_given=rdeCsv:fCustom name="faxAsGiven"',
)
CONTACT_STATUSES: Final = _table(
    "contactStatuses",
    "contactStatuses",
    Object.CONTACT,
    "id status",
    _ID,
    "status=csvContact:fStatus",
)
_POSTAL = (
    _ID,
    "form=csvContact:fPostalType",
    "name=csvContact:fName",
    "organization=csvContact:fOrg",
    'street1=csvContact:fStreet index="0"',
    'street2=csvContact:fStreet index="1"',
    'street3=csvContact:fStreet index="2"',
)
CONTACT_POSTAL: Final = _table(
    "contactPostal",
    "contactPostal",
    Object.CONTACT,
    "id form name city country",
    *_POSTAL,
    "city=csvContact:fCity",
    "state=csvContact:fSp",
    "postal_code=csvContact:fPc",
    "country=csvContact:fCc",
)
POSTAL_AS_GIVEN: Final = _table(
    "contactPostalAsGiven",
    "contactPostal",
    Object.CONTACT,
    "id form name",
    *_POSTAL,
    'city=csvContact:fCity isRequired="false"',
    "state=csvContact:fSp",
    "postal_code=csvContact:fPc",
    'country=csvContact:fCc isRequired="false"',
    'street4=rdeCsv:fCustom name="street4"',
)

REGISTRAR: Final = _table(
    "registrar",
    "registrar",
    Object.REGISTRAR,
    "id name",
    "id=csvRegistrar:fId",
    'name=csvRegistrar:fName isLoc="false"',
    "iana_id=csvRegistrar:fGurid",
)
REGISTRAR_LOCAL: Final = _table(
    "registrarLocal",
    "registrar",
    Object.REGISTRAR,
    "id name",
    "id=csvRegistrar:fId",
    'name=csvRegistrar:fName isLoc="true"',
    "iana_id=csvRegistrar:fGurid",
)

DOMAIN_DELETES: Final = _table(
    "domainDeletes", "domain", Object.DOMAIN, "name", "name=csvDomain:fName", is_deletes=True
)
CONTACT_DELETES: Final = _table(
    "contactDeletes", "contact", Object.CONTACT, "id", "id=csvContact:fId", is_deletes=True
)

TABLES: Final = (
    DOMAIN_DELETES,
    CONTACT_DELETES,
    DOMAIN,
    DOMAIN_CONTACTS,
    DOMAIN_STATUSES,
    NAME_SERVERS,
    DNSSEC_DS,
    DNSSEC_KEY,
    CONTACT,
    CONTACT_AS_GIVEN,
    CONTACT_STATUSES,
    CONTACT_POSTAL,
    POSTAL_AS_GIVEN,
    REGISTRAR,
    REGISTRAR_LOCAL,
)
"""In the order of the XML."""

BY_STEM: Final = {table.stem: table for table in TABLES}
COUNTED: Final = {
    DOMAIN: Object.DOMAIN,
    CONTACT: Object.CONTACT,
    CONTACT_AS_GIVEN: Object.CONTACT,
    REGISTRAR: Object.REGISTRAR,
    REGISTRAR_LOCAL: Object.REGISTRAR,
}
"""The tables whose every row is an object of its own."""

FILE_NAME: Final = re.compile(r"([A-Za-z]+)-([0-9]{4,7})\.csv", re.ASCII)


def file_name(table: Table, number: int) -> str:
    """The name of a table's file of that number, from 1."""
    return f"{table.stem}-{number:04d}.csv"


def table_of(name: str) -> Table | None:
    """The table that a file of that name belongs to, if any."""
    found = FILE_NAME.fullmatch(name)
    return None if found is None else BY_STEM.get(found[1])


DOMAIN_STATUS_VALUES: Final = frozenset(
    {
        "ok",
        "inactive",
        "clientHold",
        "serverHold",
        *(f"pending{act}" for act in ("Create", "Delete", "Renew", "Transfer", "Update")),
        *(
            f"{side}{act}Prohibited"
            for side in ("client", "server")
            for act in ("Delete", "Renew", "Transfer", "Update")
        ),
    }
)
"""RFC 5731 s2.3."""

GRACE_VALUES: Final = frozenset(
    {
        "pendingRestore",
        *(f"{act}Period" for act in ("add", "autoRenew", "renew", "transfer", "redemption")),
    }
)
"""RFC 3915 s3.1; its pendingDelete is told apart by nothing and counts as RFC 5731's."""
