"""A whole vault for tests, on real files and a real database: keys, state, sealer, rooms."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from proxy.metrics import Registry
from proxy.model.contact import Contact, ContactSet
from proxy.model.identifiers import RegistrationId, Role, TenantId
from proxy.model.sealed import ToSeal
from proxy.run.ledger_rounds import LedgerTrust
from proxy.run.vault import SESSION, _walls
from proxy.run.vault_rounds import Rooms, Rounds, Walls
from proxy.services.shred import Terms
from proxy.store import pool as pools
from proxy.vault import genesis, keyring, seal, state, upkeep

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from proxy.model.sealed import IntakeKey, SealedBatch
    from proxy.store.pool import Pool
    from tests.support.database import Database

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
TENANT = TenantId(UUID("01890000-0000-7000-8000-000000000001"))


@dataclass(slots=True)
class StillClock:
    """A clock that a test sets."""

    moment: datetime = START

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.moment


def contacts(mark: str = "marlene") -> ContactSet:
    """Two written contacts and two references; `mark` stands in every field."""
    return ContactSet(
        given={
            Role.REGISTRANT: Contact(
                name=f"{mark} Größe",
                organization=f"{mark} & Söhne",
                street=(f"{mark} Weg 1", "Hof 2"),
                city=f"{mark}stadt",
                state="ZH",
                postal_code="8001",
                country="CH",
                phone="+41.445550100",
                email=f"{mark}@registrant.example",
                language="de",
                verified_at=START,
                verified_method="email",
            ),
            Role.TECH: Contact(name=f"{mark} Tech", email=f"{mark}@tech.example"),
        },
        same_as={Role.ADMIN: Role.REGISTRANT, Role.BILLING: Role.TECH},
    )


@dataclass(slots=True)
class Vault:
    """Keys and state in `directory`, and an API host's sealer beside them."""

    directory: Path
    clock: StillClock
    ring: keyring.Keyring = field(init=False)
    state: state.State = field(init=False)
    walls: Walls = field(init=False)
    intake: IntakeKey = field(init=False)

    @property
    def key_dir(self) -> Path:
        """KEYDIR."""
        return self.directory / "keys"

    @property
    def data_dir(self) -> Path:
        """DATA."""
        return self.directory / "data"

    def make(self) -> None:
        """First start, or any later one."""
        self.key_dir.mkdir(exist_ok=True)
        self.data_dir.mkdir(exist_ok=True)
        genesis.initialise(self.key_dir, self.data_dir, now=self.clock.now())
        self.open()

    def open(self) -> None:
        """Open keys and state, as the vault process does."""
        vault = self.key_dir / genesis.VAULT_DIRECTORY
        self.ring = keyring.open_keyring(vault)
        self.state = state.State(vault / state.DIRECTORY, self.ring.file.state_id)
        self.walls = _walls(self.ring, self.state, self.clock)
        self.intake = upkeep.current_intake(self.ring, self.clock.now(), secrets.token_bytes)

    def sealer(self) -> seal.IntakeSealer:
        """An API host's sealer."""
        return seal.IntakeSealer(
            keys=seal.load_api_keys(self.key_dir / "api" / "api.json"),
            pin=seal.load_pin(self.data_dir / "vault.pub"),
            current=lambda: self.intake,
            clock=self.clock,
            random=secrets.token_bytes,
        )

    def rooms(self, pool: Pool) -> Rooms:
        """What the vault process holds."""
        return Rooms(
            pool=pool,
            keyring=self.ring,
            walls=self.walls,
            fault=None,
            clock=self.clock,
            metrics=Registry(),
            terms=TERMS,
            ledger_interval_s=10,
            is_demo=False,
            random=secrets.token_bytes,
            ledger_trust=LedgerTrust(has_batch=True),
        )


TERMS = Terms(
    retention=timedelta(days=540), superseded=timedelta(days=540), backup_cycle=timedelta(days=35)
)


@contextlib.contextmanager
def opened(directory: Path) -> Iterator[Vault]:
    """A vault with fresh keys in `directory`; its state is closed at the end."""
    vault = Vault(directory, StillClock())
    vault.make()
    try:
        yield vault
    finally:
        vault.state.close()


def to_seal(
    version: int = 1, mark: str = "marlene", person: RegistrationId | None = None
) -> ToSeal:
    """A registration's contacts on their way to the sealer."""
    return ToSeal(
        tenant_id=TENANT,
        registration_id=RegistrationId(uuid4()) if person is None else person,
        version=version,
        contacts=contacts(mark),
    )


@dataclass(slots=True)
class Service:
    """A vault with its database: rows are written as the API writes them."""

    vault: Vault
    database: Database
    pool: Pool
    rounds: Rounds
    rooms: Rooms

    async def administrate(self, statement: str, *arguments: object) -> list[pools.Record]:
        """Run a statement as the database's superuser: the attacker of these tests."""
        async with pools.connected(self.database.superuser()) as connection:
            return await connection.fetch(statement, *arguments)

    async def enrol(self, *items: ToSeal, state: str = "active") -> SealedBatch:
        """Registrations with their sealed records, committed as the API does it."""
        batch = self.vault.sealer().seal(items)
        async with (
            pools.connected(self.database.superuser()) as connection,
            connection.transaction(),
        ):
            for item in items:
                await connection.execute(
                    """INSERT INTO registration (tenant_id, id, domain, state, revision,
                           declared, reference, alias, record_version, contacts_mac, enrolled_at,
                           changed_at) VALUES ($1, $2, $3, $4, 1, '{}', 'r', $5, $6, $7, $8, $8)
                           ON CONFLICT (tenant_id, id) DO UPDATE
                           SET record_version = excluded.record_version""",
                    item.tenant_id,
                    item.registration_id,
                    f"{item.registration_id}.example",
                    state,
                    str(item.registration_id),
                    item.version,
                    bytes(32),
                    START,
                )
            await self.submit(connection, batch)
        return batch

    async def submit(self, connection: pools.Connection, batch: SealedBatch) -> None:
        """The rows of a submission."""
        one = batch.submission
        await connection.execute(
            """INSERT INTO submission
               (tenant_id, id, intake_key_id, encapsulation, signer_id, signature)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            one.tenant_id,
            one.id,
            one.intake_key_id,
            one.encapsulation,
            one.signer_id,
            one.signature,
        )
        await connection.executemany(
            """INSERT INTO sealed_record
               (tenant_id, registration_id, class, version, submission_id, record, wrapped_dek)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            [
                (
                    row.name.tenant_id,
                    row.name.registration_id,
                    row.name.record_class,
                    row.name.version,
                    one.id,
                    row.record,
                    row.wrapped_dek,
                )
                for row in batch.records
            ],
        )

    async def end(self, item: ToSeal, reason: str, at: datetime = START) -> None:
        """The registration ended."""
        await self.administrate(
            """UPDATE registration SET state = 'ended', ended_at = $3, end_reason = $4
               WHERE tenant_id = $1 AND id = $2""",
            item.tenant_id,
            item.registration_id,
            at,
            reason,
        )

    async def later(self, **delta: float) -> None:
        """So much later; the ledger had its batches meanwhile."""
        self.vault.clock.moment += timedelta(**delta)
        await self.rounds.sequence()

    def reopen(self) -> None:
        """The vault process died and is started again on the same keys, state and database."""
        self.vault.state.close()
        self.vault.open()
        self.rooms = replace(
            self.rooms,
            keyring=self.vault.ring,
            walls=self.vault.walls,
            ledger_trust=LedgerTrust(has_batch=True),
        )
        self.rounds = Rounds(self.rooms)


@contextlib.asynccontextmanager
async def service(directory: Path, database: Database) -> AsyncIterator[Service]:
    """A vault that has published its intake key in `database`."""
    with opened(directory) as vault:
        pool = await pools.open_pool(database.access("vault"), max_size=4, session=SESSION)
        rooms = vault.rooms(pool)
        rounds = Rounds(rooms)
        await rounds.prepare()
        async with pools.connected(database.superuser()) as connection:
            await connection.execute(
                "INSERT INTO tenant (id, name, created_at) VALUES ($1, 'Test', $2)"
                " ON CONFLICT DO NOTHING",
                TENANT,
                START,
            )
        made = Service(vault, database, pool, rounds, rooms)
        try:
            yield made
        finally:
            await pool.close()
