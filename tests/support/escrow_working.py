"""Escrow at work beside a real vault and database: streams, an agent's directory, an agent's key.

Everything is real but the wire to the vault, which is called directly, and the clock.
"""

from __future__ import annotations

import contextlib
import io
import json
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from escrow import collecting, desk, envelope, manifests, verifying
from escrow.formats import recovery
from escrow.model import DIRECTORY_HOST, FormatName, Schedule, Whose
from escrow.steps import Steps
from proxy.model.roster import AgentId
from proxy.store import deposits, pool
from proxy.vault import unseal
from proxy.wire import frames
from tests.support import escrow_restoring, escrow_rows, openings, openpgp
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    import pysequoia

    from escrow.model import Manifest, Stream, Underlying
    from escrow.steps import Desk
    from proxy.model.deposit import Deposit, Kind
    from proxy.model.roster import Agent
    from tests.support.database import Database
    from tests.support.vault import Service


@dataclass(slots=True)
class Office:
    """Where deposits are made."""

    service: Service
    folder: Path
    key: pysequoia.Tsk
    roster: openings.Desk
    stream: Stream

    @property
    def inbox(self) -> Path:
        """The agent's directory."""
        return self.folder / "inbox"

    @property
    def outbox(self) -> Path:
        """Ours."""
        return self.service.vault.data_dir / "escrow" / "outbox"

    def agent(self, key: pysequoia.Tsk) -> Agent:
        """The agent with that key; the service knows the certificate."""
        ring = desk.keys(self.service.vault.key_dir)
        fingerprint = ring.add_certificate(openpgp.public(key))
        return replace(
            openings.AGENT,
            id=AgentId("agent-one"),
            openpgp=fingerprint,
            host=DIRECTORY_HOST,
            deposits_per_day=1000,
        )

    def change_agent(self, key: pysequoia.Tsk) -> None:
        """What an order that was carried out does."""
        self.key = key
        self.roster.agents = {"agent-one": self.agent(key)}

    async def ask(self, request: frames.Request) -> dict[str, Any]:
        """The vault's answer, as over its socket; who agents are is the test's to say."""
        if isinstance(request, frames.ShowAgent):
            one = self.roster.agents[request.agent]
            return {
                "openpgp": one.openpgp,
                "host": one.host,
                "port": one.port,
                "host_key": one.host_key,
            }
        return await openings.ask(openings.openings(self.service, self.roster), request)

    def parts(self) -> desk.Parts:
        """What the process or a command brings."""
        return desk.Parts(
            access=self.service.database.access("escrow"),
            ask=self.ask,
            unseal=unseal.open_record,
            clock=self.service.vault.clock,
            draw=secrets.token_bytes,
            data_dir=self.service.vault.data_dir,
            key_dir=self.service.vault.key_dir,
        )

    def desk(self) -> Desk:
        """What the steps work with."""
        return desk.open_desk(self.parts())

    async def advance(self, wanted: Kind | None = None) -> Deposit | None:
        """One step, as the process of the service does it."""
        async with pool.connected(self.service.database.access("escrow")) as connection:
            assert await deposits.lock(connection, self.stream.id)
            return await Steps(self.desk(), self.stream, connection).advance(wanted=wanted)

    async def collect(self) -> tuple[Deposit, ...]:
        """Receipts."""
        async with pool.connected(self.service.database.access("escrow")) as connection:
            return await collecting.collect(self.desk(), self.stream, connection)

    async def whole(self, wanted: Kind | None = None) -> Deposit:
        """A deposit through all its steps."""
        staged = await self.advance(wanted)
        assert staged is not None
        delivered = await self.advance()
        assert delivered is not None, await self.known()
        return (await self.collect())[0]

    async def known(self) -> tuple[Deposit, ...]:
        """The stream's deposits, newest first."""
        async with pool.connected(self.service.database.access("escrow")) as connection:
            return await deposits.list_stream(
                connection, self.stream.tenant_id, self.stream.id, 100
            )

    async def entries(self) -> list[tuple[str, dict[str, Any]]]:
        """What the ledger was told, oldest first: kinds and facts."""
        rows = await self.service.administrate(
            "SELECT kind, facts::text AS facts FROM ledger_entry"
            " WHERE kind LIKE 'deposit%' ORDER BY at, id"
        )
        return [(row["kind"], _json(row["facts"])) for row in rows]

    def delivered(self) -> dict[str, bytes]:
        """What lies at the agent."""
        return {one.name: one.read_bytes() for one in sorted(self.inbox.iterdir())}

    @contextlib.contextmanager
    def opened(self, path: Path) -> Iterator[envelope.Opening]:
        """The plaintext of a file, for the agent."""
        signer = desk.keys(self.service.vault.key_dir).signing_certificate()
        with envelope.opened(
            path, key=bytes(self.key), signer=signer, is_gzip=path.name.endswith(".gz.gpg")
        ) as found:
            yield found

    def plain(self, deposit: Deposit) -> dict[str, bytes]:
        """The plaintexts of a delivered deposit by plain name."""
        found = {}
        for file in self.manifest(deposit).files:
            with self.opened(self.inbox / file.name) as source:
                found[file.plain_name] = io.BufferedReader(source).read()
                source.finish()
        return found

    def manifest(self, deposit: Deposit) -> Manifest:
        """A deposit's manifest."""
        return manifests.parse((deposit.manifest or "").encode())

    def people(self, deposit: Deposit) -> dict[UUID, bytes]:
        """The identities of a recovery deposit by registration."""
        lines = io.BytesIO(b"".join(self.plain(deposit).values())).readlines()
        found = recovery.read(lines)
        return {
            one.id: one.plaintext() for one in found if isinstance(one, recovery.RegistrationLine)
        }

    def faults(self, deposit: Deposit) -> list[str]:
        """What `escrow verify` says against a delivered deposit."""
        manifest = self.manifest(deposit)
        report = verifying.verify(
            manifest,
            {one.name: self.inbox / one.name for one in manifest.files},
            self.opened,
            now=self.service.vault.clock.now(),
        )
        return [one.code for one in report.faults]

    async def replace_contacts(self, row: Underlying, version: int, mark: str) -> None:
        """New contacts of a registration, as its registrar's PUT writes them; not adopted yet."""
        item = vaults.to_seal(version, mark, row.registration.id)
        item = replace(item, tenant_id=escrow_rows.TENANT)
        batch = self.service.vault.sealer().seal([item])
        async with (
            pool.connected(self.service.database.superuser()) as connection,
            connection.transaction(),
        ):
            await connection.execute(
                """UPDATE registration SET record_version = $3, changed_at = $4,
                     revision = revision + 1 WHERE tenant_id = $1 AND id = $2""",
                escrow_rows.TENANT,
                row.registration.id,
                version,
                self.service.vault.clock.now(),
            )
            await connection.execute(
                """UPDATE sealed_record SET superseded_at = $3 WHERE tenant_id = $1
                     AND registration_id = $2 AND superseded_at IS NULL""",
                escrow_rows.TENANT,
                row.registration.id,
                self.service.vault.clock.now(),
            )
            await self.service.submit(connection, batch)


def stream(folder: Path, format_: FormatName = FormatName.RECOVERY, **changes: object) -> Stream:
    """A stream to a directory, every day at two in the night, without a cool-down."""
    own = format_ is FormatName.RECOVERY
    fields: dict[str, object] = {
        "tenant_id": escrow_rows.TENANT,
        "accreditation": "*" if own else escrow_rows.BLUE_HERON.id,
        "whose": Whose.OWN_COPY if own else Whose.REGISTRAR,
        "agent": "agent-one",
        "schedule": Schedule(
            time_zone="UTC",
            full_days=frozenset(range(7)),
            incremental_days=frozenset(),
            hour=2,
            minute=0,
        ),
        "cool_down_s": 0,
        "directory": str(folder / "inbox"),
        "user": "",
        "receipts": "",
        "receipts_directory": str(folder / "reports"),
    }
    return escrow_rows.stream(format_, **(fields | changes))


@contextlib.asynccontextmanager
async def office(
    folder: Path, database: Database, rows: Sequence[Underlying]
) -> AsyncIterator[Office]:
    """An office whose service holds these registrations, adopted."""
    async with vaults.service(folder, database) as service:
        await escrow_restoring.restore(service, escrow_restoring.full(rows))
        await service.rounds.adopt()
        made = Office(
            service=service,
            folder=folder,
            key=openpgp.key(),
            roster=openings.Desk(),
            stream=stream(folder),
        )
        (folder / "keys" / "escrow").mkdir(mode=0o700, exist_ok=True)
        made.inbox.mkdir()
        (folder / "reports").mkdir()
        made.change_agent(made.key)
        yield made


def _json(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found
