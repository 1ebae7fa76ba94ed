"""What goes into an escrow deposit, read at one snapshot of the database; nothing is opened here.

A snapshot is a connection of its own in one REPEATABLE READ, READ ONLY transaction: counts, hashes
and rows come from the same moment, however long the deposit takes. It keeps the server from tidying
up what changes meanwhile, hence the limits below.

What an incremental deposit takes is what changed since the watermark it builds on, less MARGIN: API
hosts stamp `changed_at` by their own clocks when they begin to write, so a row may become visible
after a snapshot although its stamp lies before it. A write is tried five times
(services.register), each time by two statements of 60 s at most (pool.COMMAND_TIMEOUT_S): ten
minutes from stamp to commit, and five are left for clocks that differ. Whatever is deposited twice
thereby is the same, or newer. Source: design.md s4 (Deposit); RFC 8909 s2.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.errors import NotFound, Unavailable
from proxy.model.deposit import Account, Depositable, Gone, KeptKey
from proxy.model.identifiers import AccreditationId, DomainName, RegistrationId
from proxy.model.public_record import Accreditation
from proxy.store import pool, queries, registrations
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from datetime import datetime

    from proxy.model.deposit import Scope
    from proxy.model.identifiers import TenantId
    from proxy.store.pool import Access, Connection, Record

QUERIES: Final = queries.load("deposited")
MARGIN: Final = timedelta(minutes=15)  # see above
SNAPSHOT_S: Final = 3_600  # of a whole snapshot: a million registrations take a few minutes
PAUSE_S: Final = 600  # between two statements: a batch is opened, written and encrypted in a second
ROWS: Final = 1_000  # registrations of a batch: about 2 MB
HASHES: Final = 5_000  # hashes of a batch: some 10 MB are read for them, 0.5 MB travel
NAMED: Final = 1_000  # registrations without a record that are told
WAITING: Final = 100_000  # registrations not adopted that are told
NAMES: Final = 20  # names that a comparison of portfolios gives as examples
_FIRST: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashed:
    """The SHA-256 of a registration's newest identity record."""

    registration_id: RegistrationId
    record_version: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """What a registrar declared against what is here; `declared_at` is None when it never did."""

    declared: int
    declared_at: datetime | None
    missing: int  # declared, and not here
    some_missing: tuple[DomainName, ...]
    undeclared: int  # here, and not declared
    some_undeclared: tuple[DomainName, ...]


class Snapshot:
    """The database as it was when the snapshot was taken. One reader at a time."""

    def __init__(self, connection: Connection) -> None:
        """Read in the transaction that `connection` is in."""
        self._connection = connection

    async def count(self, scope: Scope) -> int:
        """How many registrations are in the scope, with or without a record."""
        with pool.translated():
            return int(await self._connection.fetchval(QUERIES["count"], *_scope(scope)))

    async def hashes(self, scope: Scope) -> AsyncIterator[tuple[Hashed, ...]]:
        """The hashes of the records that `rows` gives, in the same order, 5,000 at a time."""
        async for rows in self._pages("hashes", _scope(scope), HASHES):
            yield tuple(
                Hashed(
                    registration_id=_registration_id(row["id"]),
                    record_version=row["record_version"],
                    sha256=row["sha256"],
                )
                for row in rows
            )

    async def rows(self, scope: Scope) -> AsyncIterator[tuple[Depositable, ...]]:
        """The scope's registrations that have a record, by id, 1,000 at a time."""
        async for rows in self._pages("rows", _scope(scope), ROWS):
            former = await self.former_aliases(scope.tenant_id, [row["id"] for row in rows])
            yield tuple(_depositable(row, scope.tenant_id, former) for row in rows)

    async def without_record(self, scope: Scope) -> tuple[RegistrationId, ...]:
        """Registrations that have no record or a destroyed one; the first 1,000 of them."""
        with pool.translated():
            rows = await self._connection.fetch(QUERIES["without_record"], *_scope(scope), NAMED)
        return tuple(_registration_id(row["id"]) for row in rows)

    async def unadopted(self, scope: Scope) -> tuple[RegistrationId, ...]:
        """Registrations whose record the vault has not adopted; the newest 100,000 of them.

        It adopts the oldest first, so that the others are adopted before these. Whether they still
        wait, `still_unadopted` says: this snapshot will not.
        """
        with pool.translated():
            rows = await self._connection.fetch(QUERIES["unadopted"], *_scope(scope), WAITING)
        return tuple(_registration_id(row["id"]) for row in rows)

    async def gone(self, scope: Scope) -> AsyncIterator[tuple[Gone, ...]]:
        """What may have left the scope since its `since`, by id, 1,000 at a time.

        That is what changed since and is not in it, if it was there by then. It may never have been
        in it: of what a registration was before, the database keeps nothing.
        """
        if scope.since is None:
            return
        arguments = (*_scope(scope), scope.since + MARGIN)
        async for rows in self._pages("gone", arguments, ROWS):
            yield tuple(
                Gone(
                    domain=DomainName(row["domain"]),
                    registration_id=_registration_id(row["id"]),
                    reference=row["reference"],
                )
                for row in rows
            )

    async def other_contacts(self, scope: Scope) -> int | None:
        """As the function of that name, at the snapshot."""
        return await other_contacts(self._connection, scope)

    async def former_aliases(
        self, tenant_id: TenantId, ids: Sequence[UUID]
    ) -> Mapping[UUID, tuple[tuple[str, datetime], ...]]:
        """Former aliases of these registrations, each with the end of its acceptance."""
        found: dict[UUID, tuple[tuple[str, datetime], ...]] = {}
        with pool.translated():
            rows = await self._connection.fetch(
                QUERIES["former_aliases"], tenant_id, list(ids), WAITING
            )
        for row in rows:
            one = (row["alias"], row["accepted_until"])
            found[row["registration_id"]] = (*found.get(row["registration_id"], ()), one)
        return found

    async def portfolio_differences(self, scope: Scope, accreditation: str) -> Differences:
        """The names that a registrar declared against those in the scope, changed or not."""
        arguments = (
            scope.tenant_id,
            accreditation,
            [one.value for one in scope.states],
            scope.with_country_codes,
            NAMES,
        )
        fetchrow = self._connection.fetchrow
        with pool.translated():
            declared = await fetchrow(QUERIES["declared"], scope.tenant_id, accreditation)
            missing = await fetchrow(QUERIES["missing"], *arguments)
            undeclared = await fetchrow(QUERIES["undeclared"], *arguments)
        missing_names, some_missing = _names(missing)
        undeclared_names, some_undeclared = _names(undeclared)
        return Differences(
            declared=0 if declared is None else declared["domains"],
            declared_at=None if declared is None else declared["declared_at"],
            missing=missing_names,
            some_missing=some_missing,
            undeclared=undeclared_names,
            some_undeclared=some_undeclared,
        )

    async def tenant(self, tenant_id: TenantId) -> Account:
        """The registrar; raises NotFound `tenant_unknown`."""
        fetch = self._connection.fetch
        with pool.translated():
            account = await self._connection.fetchrow(QUERIES["tenant"], tenant_id)
            profiles = await fetch(QUERIES["profiles"], tenant_id)
            accreditations = await fetch(QUERIES["accreditations"], tenant_id)
            keys = await fetch(QUERIES["keys"], tenant_id)
        if account is None:
            raise NotFound("tenant_unknown", "There is no registrar of that id.")
        return Account(
            name=account["name"],
            created_at=account["created_at"],
            profiles=tuple(published.decode_profile(row["body"].encode()) for row in profiles),
            accreditations=tuple(
                Accreditation(
                    id=AccreditationId(row["id"]),
                    registrar_name=row["registrar_name"],
                    iana_id=row["iana_id"],
                )
                for row in accreditations
            ),
            keys=tuple(
                KeptKey(**(dict(row) | {"scopes": tuple(sorted(row["scopes"]))})) for row in keys
            ),
        )

    async def is_current(
        self, tenant_id: TenantId, named: Sequence[tuple[UUID, int]]
    ) -> tuple[bool, ...]:
        """For each registration and record version, whether it is here with those contacts."""
        with pool.translated():
            rows = await self._connection.fetch(
                QUERIES["is_current"],
                tenant_id,
                [one for one, _ in named],
                [version for _, version in named],
            )
        return tuple(row["current"] for row in rows)

    async def _pages(
        self, query: str, arguments: Sequence[object], limit: int
    ) -> AsyncIterator[Sequence[Record]]:
        after = _FIRST
        while True:
            with pool.translated():
                rows = await self._connection.fetch(QUERIES[query], *arguments, after, limit)
            if rows:
                yield rows
                after = rows[-1]["id"]
            if len(rows) < limit:
                return


@contextlib.asynccontextmanager
async def snapshot(access: Access) -> AsyncIterator[Snapshot]:
    """A snapshot for the length of the block, an hour at most; raises Unavailable.

    Unavailable `snapshot_timeout` when the hour is over: what is made of it is not finished.
    """
    connection = await pool.connect(access)
    try:
        with pool.translated():
            await connection.transaction(isolation="repeatable_read", readonly=True).start()
            await connection.fetch(
                QUERIES["set_timeouts"],
                _milliseconds(pool.COMMAND_TIMEOUT_S),
                _milliseconds(PAUSE_S),
                _milliseconds(SNAPSHOT_S),
            )
            await connection.execute(QUERIES["plan_by_index"])
        limit = asyncio.timeout(SNAPSHOT_S)
        try:
            async with limit:
                yield Snapshot(connection)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Unavailable("snapshot_timeout", "The deposit took more than an hour.") from None
    finally:
        connection.terminate()  # nothing was written, and the server forgets the snapshot at once


async def still_unadopted(
    connection: Connection, tenant_id: TenantId, ids: Sequence[RegistrationId]
) -> tuple[RegistrationId, ...]:
    """Those of the registrations that still wait for the vault; outside of any snapshot."""
    with pool.translated():
        rows = await connection.fetch(QUERIES["still_unadopted"], tenant_id, list(ids))
    return tuple(_registration_id(row["id"]) for row in rows)


async def other_contacts(connection: Connection, scope: Scope) -> int | None:
    """How many contacts those have who did not change since the scope's `since`.

    None where of somebody it is not known: records that the vault adopted before it counted.
    """
    with pool.translated():
        row = await connection.fetchrow(QUERIES["other_contacts"], *_scope(scope))
    return None if row is None or row["unknown"] else int(row["contacts"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a stream's newest verified deposit holds."""

    tenant_id: TenantId
    accreditation: str | None
    with_country_codes: bool
    watermark: datetime
    unchanged: bool


async def coverage_of_all(connection: Connection, held: Sequence[Held]) -> tuple[int, int]:
    """How many names of any registrar have somebody behind a mask, and how many are covered.

    A name in no stream at all counts as one that is not covered.
    """
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["coverage_of_all"],
            [one.tenant_id for one in held],
            [one.accreditation for one in held],
            [one.with_country_codes for one in held],
            [one.watermark for one in held],
            [one.unchanged for one in held],
        )
    return (0, 0) if row is None else (row["masked"], row["covered"])


async def coverage(
    connection: Connection,
    tenant_id: TenantId,
    *,
    accreditation: str | None,
    with_country_codes: bool,
    watermark: datetime,
    unchanged: bool,
) -> tuple[int, int]:
    """How many live registrations have a person behind a mask, and how many are covered.

    Covered is who was enrolled at or before the watermark of a deposit, with contacts that were not
    replaced after it. A write that was under way at the watermark counts as covered
    for one deposit although it may not be; the next deposit has it.
    """
    with pool.translated():
        row = await connection.fetchrow(
            QUERIES["coverage"],
            tenant_id,
            accreditation,
            with_country_codes,
            watermark,
            unchanged,
        )
    return (0, 0) if row is None else (row["masked"], row["covered"])


def _scope(scope: Scope) -> tuple[object, ...]:
    """The first five arguments of every query of a scope."""
    return (
        scope.tenant_id,
        scope.accreditation,
        [one.value for one in scope.states],
        scope.with_country_codes,
        None if scope.since is None else scope.since - MARGIN,
    )


def _depositable(
    row: Record, tenant_id: TenantId, former: Mapping[UUID, tuple[tuple[str, datetime], ...]]
) -> Depositable:
    return Depositable(
        registration=registrations.registration_of(row, tenant_id),
        record_version=row["record_version"],
        changed_at=row["changed_at"],
        lapses_at=row["lapses_at"],
        hold=row["hold"],
        declared=row["declared"],
        record=row["record"],
        former_aliases=former.get(row["id"], ()),
    )


def _names(row: Record | None) -> tuple[int, tuple[DomainName, ...]]:
    return (0, ()) if row is None else (row["names"], tuple(map(DomainName, row["first"])))


def _registration_id(value: UUID) -> RegistrationId:
    return RegistrationId(UUID(int=value.int))


def _milliseconds(seconds: float) -> str:
    return str(int(seconds * 1000))
