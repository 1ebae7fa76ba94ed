"""After a restore the registrar finds its names as they were: the same API, the same mask."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from escrow import restore as restores
from escrow.formats.recovery import Recovery
from escrow.model import FormatName, Underlying, Whose
from escrow.staging import scope_of
from proxy.model.deposit import Account, KeptKey, Kind
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import RecordName
from proxy.store import deposited
from proxy.vault import persons, unseal
from tests.support import api as apis
from tests.support import escrow_rows, verifying
from tests.support import vault as vaults
from tests.support.api import body
from tests.support.escrow_rows import Folder

if TYPE_CHECKING:
    from pathlib import Path

    from escrow.model import Stream
    from proxy.model.deposit import Depositable
    from tests.support.api import Api
    from tests.support.database import Server

pytestmark = pytest.mark.db

NAMES = ("proxy.example", "privacy.example", "redacted.example", "gone.example")


async def enrol(api: Api) -> None:
    """Names in each mode, one that ended, and one that is reserved."""
    for name in NAMES:
        mode = name.partition(".")[0]
        made = await api.put(body(name, mode=mode if mode != "gone" else "proxy"))
        assert made.status == 201
    ended = await api.call("DELETE", f"/v1/registrations/{NAMES[3]}?reason=transferred_out")
    assert ended.status == 202
    made = await api.put(body("reserved.example", created_at=None, registry_domain_id=None))
    assert made.status == 201
    await api.service.rounds.adopt()


async def plaintext(api: Api, row: Depositable) -> bytes:
    """What the vault's deposit grant would have opened."""
    found = await api.rows(
        "SELECT wrapped_dek, kek_epoch FROM sealed_record"
        " WHERE registration_id = $1 AND class = 'identity' AND version = $2",
        row.registration.id,
        row.record_version,
    )
    name = RecordName(
        tenant_id=api.tenant,
        registration_id=row.registration.id,
        record_class=RecordClass.IDENTITY,
        version=row.record_version,
    )
    ring = api.service.vault.ring
    dek = ring.unwrap_dek(RecordClass.IDENTITY, found[0]["kek_epoch"], found[0]["wrapped_dek"])
    return unseal.open_record(dek, name, row.record)


async def deposit(api: Api, stream: Stream) -> list[bytes]:
    """The lines of a recovery deposit of what the API enrolled."""
    async with deposited.snapshot(api.service.database.access("escrow")) as snapshot:
        account = await snapshot.tenant(api.tenant)
        rows = [row async for batch in snapshot.rows(scope_of(stream, None)) for row in batch]
    profiles = {one.id: one for one in account.profiles}
    accreditations = {one.id: one for one in account.accreditations}
    underlying = []
    for row in rows:
        identity = await plaintext(api, row)
        declared = row.registration.declared
        underlying.append(
            Underlying(
                registration=row.registration,
                record_version=row.record_version,
                changed_at=row.changed_at,
                lapses_at=row.lapses_at,
                hold=row.hold,
                profile=profiles[declared.profile],
                accreditation=accreditations[declared.accreditation],
                contacts=persons.parse_identity(identity),
                identity=identity,
                declared=row.declared,
                former_aliases=row.former_aliases,
            )
        )
    head = escrow_rows.head(
        FormatName.RECOVERY,
        stream=stream,
        kind=Kind.FULL,
        registrations=len(rows),
        account=Account(
            name=account.name,
            created_at=account.created_at,
            profiles=account.profiles,
            accreditations=account.accreditations,
            keys=tuple(
                KeptKey(
                    id=one.id,
                    secret_sha256=one.secret_sha256,
                    scopes=one.scopes,
                    reseller=one.reseller,
                    created_at=one.created_at,
                )
                for one in account.keys
            ),
        ),
    )
    folder = Folder()
    writer = Recovery().writer(head, folder.open_file)
    writer.add(underlying)
    writer.finish()
    return io.BytesIO(b"".join(folder.contents().values())).readlines()


async def answers(api: Api, key: str) -> dict[str, object]:
    """What the API says of every name, and how the list and a repeated PUT come out."""
    found: dict[str, object] = {}
    for name in (*NAMES[:3], "reserved.example"):
        reply = await api.call("GET", f"/v1/registrations/{name}", key=key)
        assert reply.status == 200
        found[name] = {
            member: value
            for member, value in reply.json.items()
            if member not in {"adopted", "published", "status"}  # how far vault and journal are
        }
    return found


async def published(api: Api) -> list[tuple[object, ...]]:
    """Everything that edges get to see."""
    rows = await api.rows(
        "SELECT domain, registration_id, value FROM published WHERE value IS NOT NULL ORDER BY 1"
    )
    profiles = await api.rows(
        "SELECT id, body::text FROM published_profile WHERE tenant_id = $1", api.tenant
    )
    return [tuple(row) for row in (*rows, *profiles)]


async def test_the_registrar_sees_no_difference(
    tmp_path: Path, api: Api, postgresql: Server
) -> None:
    """The old key works, the API, the mask and the edges are as before; nobody is written to."""
    await enrol(api)
    await api.rows(verifying.SERVICE, api.tenant)
    stream = escrow_rows.stream(
        FormatName.RECOVERY, tenant_id=api.tenant, accreditation="*", whose=Whose.OWN_COPY
    )
    lines = await deposit(api, stream)
    database = postgresql.create()
    (tmp_path / "new").mkdir()
    try:
        async with apis.serving(tmp_path / "new", database) as new:
            vault = new.service.vault
            sealer = await restores.open_sealer(
                database.access("owner"),
                api_keys=vault.key_dir / "api" / "api.json",
                pin=vault.data_dir / "vault.pub",
                clock=vault.clock,
                random=secrets.token_bytes,
            )
            counts = await restores.restore(
                [lines],
                database.access("owner"),
                sealer=sealer,
                now=vaults.START,
                random=secrets.token_bytes,
            )
            assert counts.registrations == counts.expected == 5
            new.tenant, new.key = api.tenant, api.key
            await new.service.rounds.adopt()
            assert await answers(new, api.key) == await answers(api, api.key)
            assert await published(new) == await published(api)
            assert len(await published(new)) == 4
            assert await new.rows("SELECT 1 FROM email_verification") == []
            assert await new.rows("SELECT 1 FROM notice") == []
            again = await new.put(body(NAMES[0], mode="proxy"))
            assert again.status == 200
            assert again.json["revision"] == 1  # the same person: nothing to write
            moved = await new.put(body(NAMES[1], mode="proxy"))
            assert moved.json["revision"] == 2
            ids = await new.rows("SELECT id FROM registration WHERE domain = $1", NAMES[1])
            assert UUID(moved.json["id"]) == ids[0]["id"]
    finally:
        postgresql.drop(database)
