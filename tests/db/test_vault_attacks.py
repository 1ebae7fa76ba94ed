"""What a database superuser can do to rows, and what it gets: a refusal and an alarm."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy.errors import Refused
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import RecordName
from proxy.services import sequence_ledger
from proxy.store import pool as pools
from proxy.store import sealed
from proxy.vault import unseal
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.sealed import ToSeal
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A vault and its database."""
    async with vaults.service(tmp_path, database) as made:
        yield made


def named(item: ToSeal, version: int = 1, of: RecordClass = RecordClass.IDENTITY) -> RecordName:
    """A record's name."""
    return RecordName(
        tenant_id=item.tenant_id,
        registration_id=item.registration_id,
        record_class=of,
        version=version,
    )


async def opened(service: Service, name: RecordName, *, newest: bool = True) -> str:
    """What opening `name` out of the table as it is comes to."""
    async with service.pool.acquire() as connection:
        rows = await sealed.find_records(connection, [name])
    if not rows:
        return "no_row"
    opener = unseal.Opener(service.vault.ring, service.vault.state)
    try:
        return opener.open(name, rows[0], newest=newest).decode()
    except Refused as refusal:
        return refusal.code


async def enrolled(service: Service, count: int = 2) -> list[ToSeal]:
    """Adopted registrations."""
    items = [vaults.to_seal(mark=f"mark{place}") for place in range(count)]
    await service.enrol(*items)
    await service.rounds.adopt()
    return items


async def test_an_honest_row_opens(service: Service) -> None:
    """Without an attack there is a person to read: the refusals below are worth something."""
    one, _ = await enrolled(service)
    assert "mark0 Größe" in await opened(service, named(one))


async def test_swapped_rows_are_refused(service: Service) -> None:
    """Record and key of another registration under this one's name do not open."""
    one, other = await enrolled(service)
    await service.administrate(
        """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
           FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id = $2
           AND a.class = b.class""",
        one.registration_id,
        other.registration_id,
    )
    assert await opened(service, named(one)) == "record_forged"


async def test_a_swapped_wrapped_key_is_refused(service: Service) -> None:
    """A wrapped key of another record unwraps, and fails the commitment."""
    one, other = await enrolled(service)
    await service.administrate(
        """UPDATE sealed_record a SET wrapped_dek = b.wrapped_dek FROM sealed_record b
           WHERE a.registration_id = $1 AND b.registration_id = $2 AND a.class = b.class""",
        one.registration_id,
        other.registration_id,
    )
    assert await opened(service, named(one)) == "record_key"


async def test_a_wrong_epoch_is_refused(service: Service) -> None:
    """Another epoch's number beside the wrapped key does not unwrap, nor does an invented one."""
    one, other = await enrolled(service)
    await service.rounds.begin_rotation(is_compromised=False)
    await service.administrate("UPDATE sealed_record SET kek_epoch = 2 WHERE registration_id = $1",
                               one.registration_id)  # fmt: skip
    await service.administrate("UPDATE sealed_record SET kek_epoch = 9 WHERE registration_id = $1",
                               other.registration_id)  # fmt: skip
    assert await opened(service, named(one)) == "unwrap"
    assert await opened(service, named(other)) == "epoch_unknown"


async def test_an_older_version_played_back_is_refused(service: Service) -> None:
    """The former contacts do not open under the present version, nor as the newest of their own."""
    first = vaults.to_seal(mark="former")
    await service.enrol(first)
    await service.rounds.adopt()
    person = first.registration_id
    await service.enrol(vaults.to_seal(version=2, mark="present", person=person))
    await service.rounds.adopt()
    assert "present" in await opened(service, named(first, 2))
    assert "former" in await opened(service, named(first, 1), newest=False)
    assert await opened(service, named(first, 1)) == "record_rolled_back"
    await service.administrate(
        """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
           FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id = $1
           AND a.class = b.class AND a.version = 2 AND b.version = 1""",
        person,
    )
    assert await opened(service, named(first, 2)) == "record_forged"


async def test_a_deleted_row_is_missed(service: Service) -> None:
    """The preflight counts records that the vault adopted and the table lacks."""
    one, _ = await enrolled(service)
    await service.administrate("DELETE FROM sealed_record WHERE registration_id = $1",
                               one.registration_id)  # fmt: skip
    rooms = service.rooms
    assert rooms.open_walls().examiner.missing([], None, is_last=True) == 4
    async with service.pool.acquire() as connection:
        rows = await sealed.page(connection, None, 10)
    names = [row.name for row in rows]
    assert rooms.open_walls().examiner.missing(names, None, is_last=True) == 2


async def test_an_invented_submission_is_not_adopted(service: Service) -> None:
    """Rows of a submission that no API host signed fail, are named, and do not stop others."""
    good, bad = vaults.to_seal(), vaults.to_seal()
    await service.enrol(bad)
    await service.administrate("UPDATE submission SET encapsulation = encapsulation || 'x'")
    await service.enrol(good)
    with structlog.testing.capture_logs() as logs:
        await service.rounds.adopt()
    assert "mark" not in str(logs)
    assert {(one["registration_id"], one["reason"]) for one in logs} == {
        (str(bad.registration_id), "signature")
    }
    assert "marlene" in await opened(service, named(good))
    assert await opened(service, named(bad)) == "record_unknown"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE submission SET signer_id = 'api-nobody'", "signer_unknown"),
        ("UPDATE submission SET signature = $1", "signature"),
        ("DELETE FROM submission", "submission_missing"),
        ("UPDATE sealed_record SET record = record || 'x'", "intake_wrap"),
        ("UPDATE sealed_record SET record = 'x'", "intake_wrap"),
        ("UPDATE sealed_record SET wrapped_dek = 'x'", "intake_wrap"),
        ("UPDATE sealed_record SET version = 7", "intake_wrap"),
    ],
)
async def test_a_changed_submission_fails_with_its_reason(
    service: Service, change: str, reason: str
) -> None:
    """Whatever is changed before adoption, the row fails with a reason and waits for a person."""
    await service.enrol(vaults.to_seal())
    await service.administrate(change, *((bytes(64),) if "$1" in change else ()))
    await service.rounds.adopt()
    await service.rounds.adopt()
    rows = await service.administrate("SELECT DISTINCT failed, kek_epoch FROM sealed_record")
    assert [tuple(row) for row in rows] == [(reason, None)]
    assert service.rooms.metrics.counter("vault_adoption_failed_total").value == 2


async def test_the_operator_has_failed_adoptions_tried_again(service: Service) -> None:
    """A row that was mended is adopted after `keys retry`, and not before."""
    await service.enrol(vaults.to_seal())
    rows = await service.administrate("SELECT signature FROM submission")
    await service.administrate("UPDATE submission SET signature = 'x'")
    await service.rounds.adopt()
    await service.administrate("UPDATE submission SET signature = $1", rows[0]["signature"])
    await service.rounds.adopt()
    async with service.pool.acquire() as connection:
        assert await sealed.count_waiting(connection) == (0, 2)
        assert await sealed.retry_failed(connection) == 2
    await service.rounds.adopt()
    async with service.pool.acquire() as connection:
        assert await sealed.count_waiting(connection) == (0, 0)


async def test_a_version_is_adopted_once(service: Service) -> None:
    """A second, honestly sealed record under a version that is known is refused as forged."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.rounds.adopt()
    await service.administrate("DELETE FROM sealed_record")
    await service.enrol(item)
    await service.rounds.adopt()
    rows = await service.administrate("SELECT DISTINCT failed FROM sealed_record")
    assert [row["failed"] for row in rows] == ["record_forged"]


async def test_a_ledger_that_was_rolled_back_is_not_extended(service: Service) -> None:
    """Leaves or checkpoints taken away, or added: the vault signs nothing more."""
    await service.rounds.sequence()
    await service.rounds.sequence()
    for change in (
        "DELETE FROM ledger_leaf WHERE index = 31",
        "DELETE FROM ledger_checkpoint WHERE size = 32",
        "INSERT INTO ledger_leaf VALUES (32, decode(repeat('00', 32), 'hex'))",
    ):
        async with pools.connected(service.database.superuser()) as connection:
            undo = connection.transaction()
            await undo.start()
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(change)
            with pytest.raises(Refused) as refusal:
                await sequence_ledger.sequence(
                    Borrowed(connection),  # type: ignore[arg-type] # lends what a pool would
                    service.vault.walls.ledger,
                    now=vaults.START,
                    unfit=lambda _: None,
                )
            assert refusal.value.code == "ledger_disagrees"
            await undo.rollback()
    await service.rounds.sequence()


async def test_forged_leaves_in_the_way_of_a_batch_are_refused(service: Service) -> None:
    """Rows that lie where a signed batch belongs stop it; the batch waits unharmed."""
    ledger = service.vault.walls.ledger
    batch = ledger.prepare([], vaults.START)
    await service.administrate(
        "INSERT INTO ledger_leaf SELECT i, decode(repeat('00', 32), 'hex')"
        " FROM generate_series(0, 3) AS i"
    )
    with pytest.raises(Refused) as refusal:
        await sequence_ledger.sequence(service.pool, ledger, now=vaults.START, unfit=lambda _: None)
    assert refusal.value.code == "ledger_disagrees"
    assert ledger.prepared() == batch


async def test_shredded_data_put_back_stays_shut(service: Service) -> None:
    """A row restored by hand after its erasure is refused, and shredded again at the next start."""
    item = vaults.to_seal()
    await service.enrol(item)
    await service.rounds.adopt()
    copies = await service.administrate("SELECT class, record, wrapped_dek FROM sealed_record")
    await service.end(item, "left_service", vaults.START - timedelta(days=540))
    await service.rounds.shred()
    for copy in copies:
        await service.administrate(
            "UPDATE sealed_record SET record = $2, wrapped_dek = $3 WHERE class = $1",
            *tuple(copy),
        )
    assert await opened(service, named(item)) == "record_erased"
    service.reopen()
    await service.rounds.prepare()
    assert await opened(service, named(item)) == "no_row"


class Borrowed:
    """A pool of the one connection whose transaction holds an attack."""

    def __init__(self, connection: pools.Connection) -> None:
        self._connection = connection

    def acquire(self) -> Borrowed:
        """Itself, as a context."""
        return self

    async def __aenter__(self) -> pools.Connection:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        return None
