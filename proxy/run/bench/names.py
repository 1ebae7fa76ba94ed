"""A snapshot of many invented names for benchmarks of the edge, written straight into LMDB.

Quick (about 5 us a name) because nothing is registered: records of ordinary shape, in key order,
in one transaction without fsync. Holds no person: masks only.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

import lmdb

from proxy.model.identifiers import AccreditationId, DomainName, Mode, ProfileId, Role, TenantId
from proxy.model.public_record import Accreditation, Layout, Profile, PublicContact, PublicRecord
from proxy.model.registration import Dnssec, DsRecord, Nameserver
from proxy.snapshot import layout
from proxy.wire import published

if TYPE_CHECKING:
    from pathlib import Path

COUNT: Final = 1_000_000  # names in the snapshot (table of goals)
_TENANT: Final = TenantId(UUID(int=1))
_PROFILE: Final = ProfileId("bench")
_ACCREDITATION: Final = AccreditationId("iana-9999")
_CREATED: Final = datetime(2021, 6, 1, 8, tzinfo=UTC)
_STATUSES: Final = (
    ("clientTransferProhibited",),
    ("clientTransferProhibited", "clientUpdateProhibited"),
    ("clientHold",),
)
_UNSIGNED: Final = Dnssec()
_SIGNED: Final = Dnssec(ds=(DsRecord(key_tag=1, algorithm=13, digest_type=2, digest="AB" * 32),))
_REDACTED_ROLES: Final = (Role.REGISTRANT, Role.ADMIN, Role.TECH)


def name(number: int) -> bytes:
    """The name with that number; names of rising numbers rise."""
    return b"name-%07d.example" % number


def profile() -> Profile:
    """A profile whose answers are about 2 kB long: three roles published."""
    return Profile(
        tenant_id=_TENANT,
        id=_PROFILE,
        revision=1,
        trust="declared",
        tld_tables={"default": Layout(layout="gtld", proxy="allowed", contacts="thick")},
        affiliated=True,
        mask=PublicContact(
            name="Privacy Customer {reference}",
            organization="Quiet Harbour Privacy AS",
            street=("PO Box 12",),
            city="Moss",
            state="Viken",
            postal_code="1501",
            country="NO",
            phone="+47.5555550100",
            phone_ext=None,
            fax=None,
            email=None,
            contact_uri=None,
        ),
        published_roles=_REDACTED_ROLES,
        relay_domain=DomainName("mask.example.net"),
        whois_host="whois.registrar.example",
        whois_notice=("Access is rate limited.", "Terms: https://registrar.example/terms"),
        rdap_base_url="https://rdap.registrar.example/",
        rdap_terms_url="https://registrar.example/terms",
        rdap_host_names=("rdap.registrar.example",),
        rdap_addresses=(),
        rdap_objects=frozenset(),
        abuse_email="abuse@registrar.example",
        abuse_phone="+1.5555550100",
        registrar_url="https://registrar.example",
        contact_form_base="https://privacy.example/contact/",
        accreditations={
            _ACCREDITATION: Accreditation(
                id=_ACCREDITATION, registrar_name="Blue Heron Registrar Ltd", iana_id=9999
            )
        },
    )


def record(number: int) -> PublicRecord:
    """The record under `name(number)`; neighbours differ in every value and in some shapes."""
    created_at = _CREATED + timedelta(seconds=number * 61)
    expires_at = created_at.replace(year=2031)
    return PublicRecord(
        domain=DomainName(name(number).decode()),
        tenant_id=_TENANT,
        profile=_PROFILE,
        accreditation=_ACCREDITATION,
        mode=Mode.PROXY,
        reference=f"REF{number:010d}",
        alias=f"alias{number:08d}",
        created_at=created_at,
        updated_at=created_at + timedelta(days=90),
        registry_expires_at=expires_at,
        registrar_expires_at=expires_at,
        registry_domain_id=f"D{number}-EXAMPLE",
        statuses=_STATUSES[number % len(_STATUSES)],
        nameservers=tuple(
            Nameserver(name=DomainName(f"ns{each}.hosting-{number % 97}.example"))
            for each in range(1, 3 + number % 3)
        ),
        dnssec=_SIGNED if number % 3 == 0 else _UNSIGNED,
    )


def fill(directory: Path, *, count: int, as_of: datetime) -> None:
    """Write a snapshot of `count` names that `snapshot.reader.Snapshot(directory)` opens."""
    generation = directory / f"{layout.GENERATION_PREFIX}1"
    generation.mkdir(parents=True)
    environment = lmdb.open(
        str(generation),
        map_size=layout.MAP_OCTETS,
        max_dbs=layout.DATABASES,
        max_readers=layout.MAX_READERS,
        sync=False,
        metasync=False,
        writemap=False,
    )
    records = environment.open_db(layout.RECORDS)
    profiles = environment.open_db(layout.PROFILES)
    meta = environment.open_db(layout.META)
    made = profile()
    with environment.begin(write=True) as writing:
        rows = ((name(each), published.encode_record(record(each))) for each in range(count))
        writing.cursor(records).putmulti(rows, append=True)
        writing.put(
            layout.profile_key(made.tenant_id, made.id), published.encode_profile(made), db=profiles
        )
        newest = layout.Meta(1, count, as_of, 1)
        writing.put(layout.META_KEY, layout.encode_meta(newest), db=meta)
    environment.sync(True)  # noqa: FBT003 - force
    environment.close()
    (directory / layout.CURRENT).symlink_to(generation.name)
