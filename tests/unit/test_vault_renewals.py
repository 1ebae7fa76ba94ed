"""When contacts were renewed: what is noted, how long, and what an older state knows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.model.identifiers import RecordClass
from proxy.model.sealed import RecordName
from proxy.vault import deposits, renewals
from proxy.vault.state import Disagreement
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from tests.support.vault import Vault

HASH = bytes(32)
LONG_AGO = vaults.START - timedelta(days=9999)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


def name(version: int = 1, of: RecordClass = RecordClass.IDENTITY) -> RecordName:
    """A record of a registration of its own."""
    item = vaults.to_seal()
    return RecordName(
        tenant_id=item.tenant_id,
        registration_id=item.registration_id,
        record_class=of,
        version=version,
    )


def anchor(vault: Vault, *names: RecordName, at: datetime | None = vaults.START) -> None:
    """These were adopted at that time."""
    vault.state.anchor([(one, HASH) for one in names], adopted_at=at)


def is_current(vault: Vault, of: RecordName, since: datetime | None) -> bool:
    """Whether the version is the newest, or was at that time."""
    found = vault.state.disagreement(of, HASH, newest=True, since=since)
    assert found in {None, Disagreement.ROLLED_BACK}
    return found is None


def remembered(vault: Vault) -> int:
    """How many entries the table has."""
    table = vault.state._tables[b"renewed"]
    with vault.state._environment.begin(db=table) as transaction:
        return int(transaction.stat(table)["entries"])


def test_a_run_and_what_it_looks_back_to_are_remembered() -> None:
    """No run under way asks for a renewal that may be forgotten."""
    assert deposits.LONGEST + deposits.SNAPSHOT_AGE < renewals.REMEMBERED


def test_only_renewals_of_contacts_are_noted(vault: Vault) -> None:
    """First versions and other classes cost nothing."""
    anchor(vault, name(1), name(2, RecordClass.REACH), name(2, RecordClass.EVIDENCE))
    assert remembered(vault) == 0
    anchor(vault, name(2))
    assert remembered(vault) == 1


def test_a_version_was_the_newest_until_the_next_was_adopted(vault: Vault) -> None:
    """To the second, whatever the neighbours are; without a time the newest alone counts."""
    first, second, third = (name() for _ in range(3))
    anchor(vault, first, second, third, at=LONG_AGO)
    anchor(vault, replace(second, version=2))
    for one in (first, third, replace(second, version=2)):
        assert is_current(vault, one, None)
    assert not is_current(vault, second, None)
    assert is_current(vault, second, vaults.START)
    assert is_current(vault, second, vaults.START - timedelta(days=1))
    assert not is_current(vault, second, vaults.START + timedelta(seconds=1))


def test_the_first_adoption_counts(vault: Vault) -> None:
    """The same record adopted again keeps its time, also once that is forgotten."""
    old = name()
    anchor(vault, old, replace(old, version=2))
    later = vaults.START + timedelta(hours=1)
    anchor(vault, replace(old, version=2), at=later)
    assert not is_current(vault, old, later)
    assert vault.state.renewals.forget(vaults.START + timedelta(days=9)) == 1
    anchor(vault, replace(old, version=2), at=later)
    assert remembered(vault) == 0
    assert not is_current(vault, old, LONG_AGO)


def test_a_state_built_anew_knows_no_renewals(vault: Vault) -> None:
    """Who anchors what a database holds can not tell when it came: long ago, for all it knows."""
    old = name()
    anchor(vault, old, replace(old, version=2), at=None)
    assert not is_current(vault, old, LONG_AGO)


def test_a_state_of_before_gets_the_table(vault: Vault) -> None:
    """One made without it opens; what was superseded in it stays superseded."""
    old = name()
    anchor(vault, old, replace(old, version=2))
    with vault.state._environment.begin(write=True) as transaction:
        transaction.drop(vault.state._tables[b"renewed"], delete=True)
    vault.state.close()
    vault.open()
    assert not is_current(vault, old, LONG_AGO)
    anchor(vault, replace(old, version=3))
    assert is_current(vault, replace(old, version=2), vaults.START)


def test_what_is_over_is_forgotten_in_pages(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call looks at so many entries and goes on behind them, round and round."""
    monkeypatch.setattr(renewals, "PAGE", 2)
    table, now = vault.state.renewals, vaults.START + renewals.REMEMBERED
    assert table.forget(now) == 0
    names = sorted((name(2) for _ in range(5)), key=lambda one: one.registration_id)
    anchor(vault, *names[::2], at=vaults.START - timedelta(seconds=1))
    anchor(vault, *names[1::2])
    assert [table.forget(now) for _ in range(3)] == [1, 1, 1]
    assert remembered(vault) == 2
    assert [table.forget(now) for _ in range(3)] == [0, 0, 0]
    later = now + timedelta(seconds=1)
    assert sorted(table.forget(later) for _ in range(2)) == [0, 2]
    assert remembered(vault) == 0
