"""A vault that loses its state, members who sign what its database comes to, and older backups."""

from __future__ import annotations

import base64
import contextlib
import json
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.errors import ProxyError, Unavailable
from proxy.model.identifiers import RegistrationId
from proxy.run.vault_anchor import Anchors
from proxy.run.vault_answers import Answers
from proxy.run.vault_rounds import Rounds
from proxy.services import check_records
from proxy.store import pool as pools
from proxy.vault import genesis, reanchor, state
from proxy.vault.grants import Caller
from proxy.wire import documents, frames
from tests.support import vault as vaults
from tests.support.decisions import Office
from tests.support.papers import ANNA, BEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator
    from pathlib import Path

    from proxy.model.sealed import ToSeal
    from proxy.wire.frames import Request
    from tests.support.database import Database
    from tests.support.papers import Hand
    from tests.support.vault import Service

PEOPLE = tuple(RegistrationId(uuid4()) for _ in range(3))
REASON = "The disk with the state is gone; there is no backup."


@dataclass(slots=True)
class Site:
    """An installation with a roster, before and after its state is lost."""

    service: Service
    office: Office = field(init=False)
    answers: Answers = field(init=False)
    ends: list[bool] = field(default_factory=list)
    """One for every time the vault wanted to begin anew."""

    def __post_init__(self) -> None:
        """Open the office."""
        self.office = Office(self.service)

    @property
    def directory(self) -> Path:
        """KEYDIR/vault."""
        return self.service.vault.key_dir / genesis.VAULT_DIRECTORY

    @property
    def place(self) -> Path:
        """Where the state belongs."""
        return self.directory / state.DIRECTORY

    def lose(self) -> None:
        """The state is gone, and the vault starts without."""
        self.service.vault.state.close()
        shutil.rmtree(self.place)
        self.start_lost()

    def start_lost(self) -> None:
        """The vault as it starts without a state."""
        service = self.service
        if service.rooms.walls is not None:
            spare = service.vault.directory / f"spare-{uuid4()}"
            state.create(spare, b"spare")
            service.vault.state = state.State(spare, b"spare")  # for the end of the test to close
        service.rooms = replace(service.rooms, walls=None, fault=Unavailable("state_lost"))
        anchors = Anchors(service.rooms, self.directory, lambda: self.ends.append(True))
        self.answers = Answers(anchors.commands())

    def is_lost(self) -> bool:
        """Whether a start would find no state."""
        try:
            reanchor.open_state(self.directory, self.service.vault.ring).close()
        except Unavailable as fault:
            return fault.code == "state_lost"
        return False

    def begin_anew(self) -> None:
        """The vault's process after the one that anchored it."""
        self.service.reopen()
        self.service.rooms = replace(self.service.rooms, fault=None)
        self.service.rounds = Rounds(self.service.rooms)
        self.office.reopen()

    async def ask(self, request: Request, caller: Caller = Caller.OPERATOR) -> dict[str, Any]:
        """The last frame of the lost vault's answer."""
        found: dict[str, Any] = {}
        async for one in self.answers.answer(caller, request):
            found = dict(one)
        return found

    async def propose(self, **facts: Any) -> dict[str, Any]:
        """An anchor's document, with what is told beside."""
        return await self.ask(frames.ProposeAnchor(**{"reason": REASON, **facts}))

    async def submit(self, document: str, *hands: Hand, roster: str = "") -> dict[str, Any]:
        """The document, signed by these."""
        return await self.ask(
            frames.SubmitAnchor(
                document=document,
                signatures=tuple(one.sign(document.encode()).signature for one in hands),
                roster=roster,
            )
        )

    async def anchor(self, **facts: Any) -> dict[str, Any]:
        """The whole ceremony; the vault goes on. The document's facts."""
        document = (await self.propose(**facts))["document"]
        await self.submit(document, ANNA, BEN)
        self.begin_anew()
        found: dict[str, Any] = json.loads(document)
        return found

    async def checkpoint(self) -> str:
        """The newest checkpoint, as a witness keeps it."""
        rows = await self.service.administrate(
            "SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"
        )
        found: str = rows[0]["note"]
        return found


def changed(document: str, **facts: object) -> str:
    """The same document with other facts, in canonical form."""
    return documents.render({**json.loads(document), **facts})


async def back_up(service: Service) -> None:
    """Keep a copy of every table of the database, instead of an earlier one."""
    async with pools.connected(service.database.superuser()) as connection:
        tables = await _tables(connection)
        await connection.execute(
            "CREATE SCHEMA IF NOT EXISTS backup;"
            + "".join(
                f"CREATE TABLE IF NOT EXISTS backup.{table} AS TABLE public.{table} WITH NO DATA;"
                for table in tables
            )
        )
        # Tables without a page are left out: of a hundred, most are empty in a test.
        tables = sorted(
            {*await _filled(connection, "public"), *await _filled(connection, "backup")}
        )
        await connection.execute("".join(_copies(tables, "public", "backup")))


async def restore(service: Service) -> None:
    """Put every table back as it was copied."""
    async with (
        pools.connected(service.database.superuser()) as connection,
        connection.transaction(),
    ):
        await connection.execute("SET LOCAL session_replication_role = replica")
        tables = sorted(
            {*await _filled(connection, "public"), *await _filled(connection, "backup")}
        )
        await connection.execute("".join(_copies(tables, "backup", "public")))


async def tamper(service: Service, statement: str, *arguments: object) -> None:
    """Change rows as a superuser can who turns triggers off."""
    async with (
        pools.connected(service.database.superuser()) as connection,
        connection.transaction(),
    ):
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(statement, *arguments)


def _copies(tables: list[str], origin: str, target: str) -> Iterator[str]:
    for table in tables:  # names out of the catalogue
        yield f"DELETE FROM {target}.{table};"  # noqa: S608 - as above
        yield f"INSERT INTO {target}.{table} SELECT * FROM {origin}.{table};"  # noqa: S608 - as above


async def _tables(connection: pools.Connection) -> list[str]:
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind = 'r' AND relname <> 'schema_migration' ORDER BY relname"
    )
    return [row["relname"] for row in rows]


async def _filled(connection: pools.Connection, schema: str) -> list[str]:
    rows = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace"
        " AND relkind = 'r' AND relname <> 'schema_migration' AND pg_relation_size(oid) > 0",
        schema,
    )
    return [row["relname"] for row in rows]


@contextlib.asynccontextmanager
async def site(directory: Path, database: Database) -> AsyncIterator[Site]:
    """Three registrations, one of them erased, a roster in force; all acts are in the ledger."""
    async with vaults.service(directory, database) as service:
        made = Site(service)
        await made.office.found()
        items = [vaults.to_seal(mark=f"mark{place}", person=PEOPLE[place]) for place in range(3)]
        await service.enrol(*items)
        await service.rounds.adopt()
        await service.end(items[-1], "lapsed")
        await service.rounds.shred()
        await service.rounds.sequence()
        yield made


def item(place: int) -> ToSeal:
    """One of the registrations."""
    return vaults.to_seal(person=PEOPLE[place])


async def code(work: Awaitable[object]) -> str:
    """The code that work is refused with."""
    with pytest.raises(ProxyError) as refusal:
        await work
    return refusal.value.code


async def faults(site: Site) -> dict[str, int]:
    """What the operator's full check finds."""
    rooms = site.service.rooms
    looks = check_records.check_all(site.service.pool, rooms.open_walls().examiner, rooms.turn)
    looked, found = [step async for step in looks][-1]
    return {"looked": looked, **found}


async def roots(site: Site) -> dict[int, bytes]:
    """The root of every checkpoint in the database, by size."""
    rows = await site.service.administrate("SELECT size, note FROM ledger_checkpoint")
    return {row["size"]: base64.b64decode(row["note"].splitlines()[2]) for row in rows}
