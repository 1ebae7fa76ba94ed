"""Packages of cases in tests: built, sealed, released, fetched, as the processes do it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import ProxyError
from proxy.model.identifiers import RecordClass
from proxy.model.order import RecordRef
from proxy.model.roster import Person
from proxy.rules import use_terms
from proxy.run.vault_packages import Packaging
from proxy.services import release_package
from proxy.store import pool as pools
from proxy.vault import upkeep
from tests.support import cases, openpgp
from tests.support import openings as opening_support
from tests.support import packages as support
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from uuid import UUID

    import pysequoia

    from proxy.model.order import BuiltPackage, Order
    from tests.support.cases import Opened
    from tests.support.database import Database
    from tests.support.vault import Service

CONTACT = "https://privacy.example"


@contextlib.asynccontextmanager
async def opened(directory: Path, database: Database) -> AsyncIterator[Opened]:
    """A case of an adopted registration, at the real time, by which keys are judged."""
    async with vaults.service(directory, database) as service:
        vault = service.vault
        vault.clock.moment = openpgp.real_now()
        vault.intake = upkeep.current_intake(vault.ring, vault.clock.moment, secrets.token_bytes)
        await service.rounds.prepare()
        yield await cases.opened(service)


async def approved(case: Opened, **deed: Any) -> Order:
    """An order about the case's registration as it stands."""
    (row,) = await opening_support.rows(case.service, RecordClass.IDENTITY)
    record = RecordRef(
        record_class=RecordClass.IDENTITY,
        version=row.name.version,
        sha256=hashlib.sha256(row.record).hexdigest(),
    )
    return support.order(
        {"records": (record,), **deed},
        case=case.id,
        tenant_id=case.item.tenant_id,
        registration_id=case.item.registration_id,
    )


async def to_a_key(case: Opened, secret: pysequoia.Tsk) -> Order:
    """The same, for the holder of a key whose certificate lies as evidence."""
    octets = str(secret.extract_certificate()).encode()
    found = await case.add(
        octets, kind="recipient_certificate", media_type="application/pgp-keys", name="key.asc"
    )
    await case.service.rounds.adopt()
    recipient = dataclasses.replace(
        support.RECIPIENT,
        openpgp=secret.extract_certificate().fingerprint.upper(),
        certificate=str(found.id),
    )
    return await approved(case, recipient=recipient)


async def build(case: Opened, order: Order, **changes: Any) -> BuiltPackage:
    """The package of an order, in a transaction."""
    given: dict[str, Any] = {"approvers": 2, "now": case.service.vault.clock.now()}
    packaging = Packaging(case.service.rooms, contact=CONTACT)
    async with case.service.pool.acquire() as connection, connection.transaction():
        return await packaging.build(connection, order, support.SHA256, **(given | changes))


async def code_of(case: Opened, order: Order) -> str:
    """What an order is refused with."""
    with pytest.raises(ProxyError) as refusal:
        await build(case, order)
    return refusal.value.code


async def sealed(case: Opened, order: Order) -> BuiltPackage:
    """A package whose case knows of it, as when its order was carried out."""
    built = await build(case, order)
    await case.tell(
        "package_sealed",
        order=str(order.id),
        package=str(built.id),
        sha256=built.sha256,
        fields=support.FIELDS,
        copy=built.copy,
    )
    return built


async def content(case: Opened, package_id: UUID) -> bytes:
    """The ciphertext in the table."""
    (row,) = await case.service.administrate(
        "SELECT content FROM disclosure_package WHERE id = $1", package_id
    )
    return bytes(row["content"] or b"")


async def web(case: Opened, step: Any, *given: Any, **named: Any) -> Any:
    """A step of the web role's, in a transaction."""
    now = named.pop("now", case.service.vault.clock.now())
    async with (
        pools.connected(case.service.database.access("web")) as connection,
        connection.transaction(),
    ):
        return await step(connection, *given, now=now, random=secrets.token_bytes, **named)


async def release(case: Opened, built: BuiltPackage, person: str = "rita") -> Any:
    """Its link goes out."""
    return await web(case, release_package.release, built.id, Person(person))


async def collect(case: Opened, built: BuiltPackage, **changes: Any) -> release_package.Collected:
    """Its recipient fetches it."""
    terms = changes.pop("terms", use_terms.NEWEST)
    case_id = changes.pop("case_id", case.id)
    found: release_package.Collected = await web(
        case, release_package.collect, built.id, case_id, terms=terms, **changes
    )
    return found


async def expire(case: Opened, **later: float) -> int:
    """A round of the worker's, so much later."""
    now = case.service.vault.clock.now() + timedelta(**later)
    async with pools.connected(case.service.database.access("worker")) as connection:
        return await release_package.expire(
            connection, now=now, random=secrets.token_bytes, follow=_nothing
        )


async def _nothing(*_: object) -> None:
    """These cases have no table by which they could go on."""


async def acts(case: Opened) -> list[str]:
    """The acts of the case's chain."""
    rows = await case.service.administrate(
        "SELECT act FROM case_event WHERE case_id = $1 ORDER BY seq", case.id
    )
    return [row["act"] for row in rows]


def entries(service: Service, kind: str) -> list[dict[str, Any]]:
    """The vault's own entries of a kind."""
    found = [json.loads(content) for _, content in service.vault.state.entries(10_000)]
    return [one for one in found if one["kind"] == kind]
