"""Restoring from recovery deposits: everybody comes back as they were, or nothing is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from proxy.model.deposit import Account, Kind
from proxy.model.identifiers import EndReason, State
from proxy.vault import persons
from proxy.wire import published
from tests.support import escrow_restoring, escrow_rows
from tests.support import vault as vaults
from tests.support.escrow_restoring import (
    LATER,
    deposit_id,
    expected_value,
    full,
    gone,
    head,
    lines,
    occupy,
    people,
    restore,
    various,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A new installation: a vault with keys of its own, and no registrar of the deposit."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def test_every_field_comes_back(service: Service) -> None:
    """Registrations have the ids, states, times, aliases and published values they had."""
    rows = various()
    counts = await restore(service, full(rows))
    assert (counts.registrations, counts.expected, counts.superseded) == (9, 9, 0)
    kept = await service.administrate(
        """SELECT r.*, declared::text AS said, s.value, s.pos, s.domain IS NOT NULL AS is_shown
           FROM registration r LEFT JOIN published s ON s.registration_id = r.id
           WHERE r.tenant_id = $1 ORDER BY r.id""",
        escrow_rows.TENANT,
    )
    for found, row in zip(kept, rows, strict=True):
        one = row.registration
        assert (UUID(int=found["id"].int), found["domain"]) == (one.id, one.declared.domain)
        assert (found["state"], found["revision"]) == (one.state, one.revision)
        assert (found["reference"], found["alias"]) == (one.reference, one.alias)
        assert (found["record_version"], found["hold"]) == (row.record_version, row.hold)
        assert (found["enrolled_at"], found["changed_at"]) == (one.enrolled_at, row.changed_at)
        assert (found["lapses_at"], found["ended_at"]) == (row.lapses_at, one.ended_at)
        assert (found["end_reason"], found["value"]) == (one.end_reason, expected_value(row))
        assert found["is_shown"] == (one.state in {State.ACTIVE, State.ENDING})
        assert found["pos"] is None  # the journal gives it one
    former = await service.administrate("SELECT alias, accepted_until FROM former_alias ORDER BY 1")
    assert [tuple(one) for one in former] == list(rows[7].former_aliases)


async def test_the_registrar_comes_back(service: Service) -> None:
    """Name, accreditations, profiles and keys are there; of a key the hash alone."""
    await restore(service, full(escrow_rows.rows(1)))
    tenant = await service.administrate(
        "SELECT name, created_at FROM tenant WHERE id = $1", escrow_rows.TENANT
    )
    assert tuple(tenant[0]) == ("Blue Heron Registrar Ltd", escrow_rows.WATERMARK)
    profile = await service.administrate("SELECT body, pos FROM published_profile")
    assert published.decode_profile(profile[0]["body"].encode()) == escrow_rows.profile()
    key = (await service.administrate("SELECT * FROM api_key"))[0]
    assert (key["id"], key["secret_sha256"]) == (
        escrow_restoring.KEY.id,
        escrow_restoring.KEY.secret_sha256,
    )
    assert (tuple(key["scopes"]), key["revoked_at"]) == (escrow_restoring.KEY.scopes, None)


async def test_the_new_vault_opens_the_same_octets(service: Service) -> None:
    """Adopted by a vault with other keys, every record opens to the very plaintext it had."""
    rows = various()
    await restore(service, full(rows))
    assert await people(service) == {row.registration.id: row.identity for row in rows}
    assert await service.administrate("SELECT 1 FROM sealed_record WHERE failed IS NOT NULL") == []
    assert await service.administrate("SELECT 1 FROM submission") == []


async def test_octets_that_we_would_write_otherwise_stay(service: Service) -> None:
    """A plaintext in another spelling is not rendered anew: it opens as it was given."""
    row = escrow_rows.row(0)
    spelled = persons.pad(row.identity.rstrip().replace(b'":"', b'" : "'))
    assert persons.parse_identity(spelled) == row.contacts
    assert spelled != row.identity
    await restore(service, full([replace(row, identity=spelled)]))
    assert await people(service) == {row.registration.id: spelled}


async def test_a_put_of_the_same_person_changes_nothing(service: Service) -> None:
    """The fingerprint is the new installation's own: equal contacts are found to be equal."""
    row = escrow_rows.row(0)
    await restore(service, full([row]))
    kept = await service.administrate("SELECT contacts_mac FROM registration")
    mac = service.vault.sealer().fingerprint(escrow_rows.TENANT, row.registration.id, row.contacts)
    assert kept[0]["contacts_mac"] == mac


async def test_the_ledger_learns_of_it(service: Service) -> None:
    """One entry with counts and deposit ids, of a kind that the vault takes from others."""
    await restore(service, full(escrow_rows.rows(2)))
    await service.later(seconds=10)
    rows = await service.administrate("SELECT * FROM ledger_entry WHERE kind = 'deposit_restored'")
    assert [(row["subject"], row["tenant_id"]) for row in rows] == [
        (str(deposit_id(1)), escrow_rows.TENANT)
    ]
    assert rows[0]["leaf_index"] is not None


async def test_later_deposits_replace_and_delete(service: Service) -> None:
    """The newest word on each registration counts, whatever order its deposit has lines in."""
    first, second, third, fourth = escrow_rows.rows(4)
    moved = escrow_rows.row(
        1, escrow_rows.people("new"), record_version=5, registered={"revision": 2}
    )
    moved_again = escrow_rows.row(
        1, escrow_rows.people("newer"), record_version=8, registered={"revision": 3}
    )
    # the name of `third`, which is gone, by another registration with a smaller id
    heir = escrow_rows.row(
        0,
        registered={"id": UUID(int=first.registration.id.int - 1), "alias": "k3v9xheir0001"},
        declared={"domain": third.registration.declared.domain},
    )
    counts = await restore(
        service,
        lines(head(1), [first, second, third, fourth]),
        lines(head(2, Kind.DIFF, on=1), [moved], [gone(fourth)]),
        lines(head(3, Kind.DIFF, on=2, total=4), [heir, moved_again, fourth], [gone(third)]),
    )
    assert (counts.registrations, counts.expected, counts.superseded) == (4, 4, 4)
    assert counts.watermark == head(3).watermark
    assert await people(service) == {
        row.registration.id: row.identity for row in (heir, first, moved_again, fourth)
    }
    shown = await service.administrate("SELECT domain, registration_id FROM published")
    assert {row["domain"]: UUID(int=row["registration_id"].int) for row in shown} == {
        row.registration.declared.domain: row.registration.id
        for row in (heir, first, moved_again, fourth)
    }


async def test_a_name_that_passed_on_has_its_last_holder(service: Service) -> None:
    """An ended registration and its successor come from a later deposit, in any order of ids."""
    old = escrow_rows.row(5)
    ended = escrow_rows.row(
        5, registered={"state": State.ENDED, "ended_at": LATER, "end_reason": EndReason.REPLACED}
    )
    heir = escrow_rows.row(2, declared={"domain": old.registration.declared.domain})
    await restore(
        service, lines(head(1), [old]), lines(head(2, Kind.INCR, on=1, total=2), [heir, ended])
    )
    shown = await service.administrate("SELECT registration_id FROM published")
    assert [UUID(int=row["registration_id"].int) for row in shown] == [heir.registration.id]
    states = await service.administrate(
        "SELECT state FROM registration WHERE tenant_id = $1 ORDER BY id", escrow_rows.TENANT
    )
    assert [row["state"] for row in states] == ["active", "ended"]


async def test_an_incremental_deposit_stands_for_those_before_it(service: Service) -> None:
    """What builds on the full deposit may follow it directly, or with others in between."""
    full_one = lines(head(1), escrow_rows.rows(3))
    third = lines(head(3, Kind.INCR, on=1, total=3), [])
    second = lines(head(2, Kind.DIFF, on=1, total=3), [])
    counts = await restore(service, full_one, second, third)
    assert (counts.deposits, counts.registrations) == (3, 3)


async def test_a_claim_does_not_speak_for_the_name(service: Service) -> None:
    """A name that another registrar speaks for comes back as the claim that it was."""
    row = escrow_rows.row(0, registered={"state": State.CLAIMED})
    await occupy(service, domain=row.registration.declared.domain)
    assert (await restore(service, full([row]))).registrations == 1


async def test_a_tombstone_of_another_registrar_gives_way(service: Service) -> None:
    """A name that was somebody else's and ended is published anew, for the journal to stamp."""
    row = escrow_rows.row(0)
    await service.administrate(
        "INSERT INTO published (domain, tenant_id, registration_id, value, pos)"
        " VALUES ($1, $2, $3, NULL, 5)",
        row.registration.declared.domain,
        vaults.TENANT,
        UUID(int=99),
    )
    await restore(service, full([row]))
    shown = await service.administrate("SELECT registration_id, value, pos FROM published")
    assert [tuple(one) for one in shown] == [
        (row.registration.id, expected_value(row), None),
    ]


async def test_profiles_and_keys_are_the_newest_deposits(service: Service) -> None:
    """The registrar is restored as the newest deposit has it."""
    renamed = Account(
        name="Blue Heron Names Ltd",
        created_at=escrow_rows.WATERMARK,
        profiles=(escrow_rows.profile(revision=4),),
        accreditations=(escrow_rows.BLUE_HERON, escrow_rows.GREY_SEAL),
        keys=(),
    )
    newest = head(2, Kind.DIFF, on=1, total=2, account=renamed)
    counts = await restore(service, full(escrow_rows.rows(2)), lines(newest, []))
    assert (counts.accreditations, counts.keys) == (2, 0)
    rows = await service.administrate("SELECT revision FROM published_profile")
    assert [row["revision"] for row in rows] == [4]
