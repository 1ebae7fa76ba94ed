"""Recovery deposits as lines, and a vault to restore them into. Everything in them is invented."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from escrow import restore as restores
from escrow.formats.recovery import Recovery
from escrow.model import Catalogue, FormatName, Key
from proxy.model.deposit import DepositId, Gone, Kind
from proxy.model.identifiers import RecordClass, RegistrationId
from proxy.model.sealed import RecordName, SealedRecord
from proxy.vault import unseal
from tests.support import escrow_rows
from tests.support import vault as vaults
from tests.support.escrow_rows import Folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from escrow.model import Head, Underlying
    from escrow.restore import Counts
    from tests.support.database import Database
    from tests.support.vault import Service

KEY = Key(
    id="k0123456789",
    secret_sha256=hashlib.sha256(b"invented").digest(),
    scopes=("imports:write", "registrations:read"),
    reseller=None,
    created_at=escrow_rows.WATERMARK,
)
CATALOGUE = Catalogue(
    tenant_name="Blue Heron Registrar Ltd",
    created_at=escrow_rows.WATERMARK,
    profiles=(escrow_rows.profile(),),
    accreditations=(escrow_rows.BLUE_HERON,),
    keys=(KEY,),
)


def deposit_id(number: int) -> DepositId:
    """The id of the deposit of that number."""
    return DepositId(UUID(int=0x01890000_0000_7000_8000_00000000D000 + number))


def head(
    number: int,
    kind: Kind = Kind.FULL,
    *,
    on: int | None = None,
    registrations: int = 0,
    total: int | None = None,
    catalogue: Catalogue = CATALOGUE,
) -> Head:
    """The head of the deposit of that number, made so many days after the first one."""
    made = escrow_rows.head(
        FormatName.RECOVERY,
        id=deposit_id(number),
        kind=kind,
        watermark=escrow_rows.WATERMARK + timedelta(days=number),
        previous=None if on is None else deposit_id(on),
        registrations=registrations,
        catalogue=catalogue,
    )
    return made if total is None else replace(made, total=total)


def lines(head: Head, rows: Sequence[Underlying], gone: Sequence[Gone] = ()) -> list[bytes]:
    """The lines of a deposit, each with its LF."""
    folder = Folder()
    writer = Recovery().writer(replace(head, registrations=len(rows)), folder.open_file)
    writer.add(rows)
    writer.remove(gone)
    writer.finish()
    return b"".join(folder.contents().values()).splitlines(keepends=True)


def gone(row: Underlying) -> Gone:
    """The row as a later deposit takes it away."""
    one = row.registration
    return Gone(domain=one.declared.domain, registration_id=one.id, reference=one.reference)


async def restore(
    service: Service, *sources: Iterable[bytes], database: Database | None = None
) -> Counts:
    """A restore into the service's installation, as the command does it."""
    access = (database or service.database).access("owner")
    vault = service.vault
    sealer = await restores.open_sealer(
        access,
        api_keys=vault.key_dir / "api" / "api.json",
        pin=vault.data_dir / "vault.pub",
        clock=vault.clock,
        random=secrets.token_bytes,
    )
    return await restores.restore(
        sources, access, sealer=sealer, now=vaults.START, random=secrets.token_bytes
    )


async def people(service: Service) -> dict[RegistrationId, bytes]:
    """The identity record of every restored registration, as the vault opens it once adopted."""
    await service.rounds.adopt()
    opener = unseal.Opener(service.vault.ring, service.vault.state)
    found = {}
    for row in await service.administrate(
        "SELECT registration_id, version, record, wrapped_dek, kek_epoch FROM sealed_record"
        " WHERE tenant_id = $1 AND class = 'identity'",
        escrow_rows.TENANT,
    ):
        name = RecordName(
            tenant_id=escrow_rows.TENANT,
            registration_id=RegistrationId(UUID(int=row["registration_id"].int)),
            record_class=RecordClass.IDENTITY,
            version=row["version"],
        )
        kept = SealedRecord(
            name=name,
            record=row["record"],
            wrapped_dek=row["wrapped_dek"],
            kek_epoch=row["kek_epoch"],
        )
        found[name.registration_id] = opener.open(name, kept, newest=True)
    return found
