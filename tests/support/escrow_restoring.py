"""Recovery deposits as lines, and a vault to restore them into. Everything in them is invented."""

from __future__ import annotations

import hashlib
import io
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from escrow import restore as restores
from escrow.formats.recovery import Recovery
from escrow.model import FormatName
from proxy.model.deposit import Account, DepositId, Gone, KeptKey, Kind
from proxy.model.identifiers import EndReason, RecordClass, RegistrationId, Role, State
from proxy.model.sealed import RecordName, SealedRecord
from proxy.rules import publication
from proxy.vault import unseal
from proxy.wire import published
from tests.support import escrow_rows
from tests.support import vault as vaults
from tests.support.escrow_rows import Folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from escrow.model import Head, Underlying
    from escrow.restore import Counts
    from tests.support.database import Database
    from tests.support.vault import Service

KEY = KeptKey(
    id="k0123456789",
    secret_sha256=hashlib.sha256(b"invented").digest(),
    scopes=("imports:write", "registrations:read"),
    reseller=None,
    created_at=escrow_rows.WATERMARK,
)
LATER = datetime(2026, 4, 1, tzinfo=UTC)
TABLES = (
    "tenant",
    "accreditation",
    "profile",
    "published_profile",
    "api_key",
    "registration",
    "former_alias",
    "submission",
    "sealed_record",
    "published",
)
CATALOGUE = Account(
    name="Blue Heron Registrar Ltd",
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
    account: Account = CATALOGUE,
) -> Head:
    """The head of the deposit of that number, made so many days after the first one."""
    made = escrow_rows.head(
        FormatName.RECOVERY,
        id=deposit_id(number),
        kind=kind,
        watermark=escrow_rows.WATERMARK + timedelta(days=number),
        previous=None if on is None else deposit_id(on),
        registrations=registrations,
        account=account,
    )
    return made if total is None else replace(made, total=total)


def lines(head: Head, rows: Sequence[Underlying], gone: Sequence[Gone] = ()) -> list[bytes]:
    """The lines of a deposit, each with its LF."""
    folder = Folder()
    writer = Recovery().writer(replace(head, registrations=len(rows)), folder.open_file)
    writer.add(rows)
    writer.remove(gone)
    writer.finish()
    return io.BytesIO(b"".join(folder.contents().values())).readlines()


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


def full(rows: Sequence[Underlying], number: int = 1) -> list[bytes]:
    """A full deposit of these rows."""
    return lines(head(number, registrations=len(rows)), rows)


async def left(service: Service) -> dict[str, int]:
    """Rows of the deposit's registrar by table, none of them named where there are none."""
    found = {}
    for table in TABLES:
        column = "id" if table == "tenant" else "tenant_id"
        rows = await service.administrate(
            f"SELECT count(*) AS n FROM {table} WHERE {column} = $1",  # noqa: S608 - TABLES
            escrow_rows.TENANT,
        )
        if rows[0]["n"]:
            found[table] = rows[0]["n"]
    return found


def expected_value(row: Underlying) -> bytes | None:
    """What was published of a row by the registrar who enrolled it."""
    record = publication.project(row.registration, row.contacts.resolve(Role.REGISTRANT))
    return None if record is None else published.encode_record(record)


def various() -> list[Underlying]:
    """Registrations in every state and mode, with holds, reservations and former aliases."""
    rows = [
        *escrow_rows.rows(3),
        escrow_rows.row(3, registered={"state": State.RESERVED}, lapses_at=LATER),
        escrow_rows.row(4, registered={"state": State.CLAIMED, "revision": 7}),
        escrow_rows.row(
            5,
            registered={"state": State.ENDING, "end_reason": EndReason.LEFT_SERVICE},
            hold=True,
            record_version=9_000_001,
        ),
        escrow_rows.row(
            6,
            registered={
                "state": State.ENDED,
                "ended_at": LATER,
                "end_reason": EndReason.TRANSFERRED_OUT,
            },
        ),
        escrow_rows.row(7, former_aliases=(("k3v9xformer1", LATER), ("k3v9xformer2", LATER))),
    ]
    # the same name once more, by the registration that followed the ended one
    again = escrow_rows.row(8, declared={"domain": rows[6].registration.declared.domain})
    return [*rows, again]


async def occupy(service: Service, *, domain: str = "other.example", alias: str = "other") -> None:
    """Another registrar's registration in the new installation."""
    await service.administrate(
        """INSERT INTO registration (tenant_id, id, domain, state, revision, declared, reference,
             alias, record_version, contacts_mac, enrolled_at, changed_at)
           VALUES ($1, $2, $3, 'active', 1, '{}', 'r', $4, 1, $5, $6, $6)""",
        vaults.TENANT,
        UUID(int=99),
        domain,
        alias,
        bytes(32),
        vaults.START,
    )
