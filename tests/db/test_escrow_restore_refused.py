"""What stops a restore: it is told by code and id, and no row of any table is left behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from proxy.errors import Conflict, InvalidInput, ProxyError, Refused
from proxy.model.deposit import Kind
from proxy.model.identifiers import DomainName, EndReason
from proxy.vault import persons
from tests.support import escrow_rows
from tests.support import vault as vaults
from tests.support.escrow_restoring import LATER, full, head, left, lines, occupy, restore, various

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from escrow.model import Underlying
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db


@pytest.fixture
async def service(tmp_path: Path, database: Database) -> AsyncIterator[Service]:
    """A new installation: a vault with keys of its own, and no registrar of the deposit."""
    async with vaults.service(tmp_path, database) as made:
        yield made


async def test_a_known_registrar_is_not_restored(service: Service) -> None:
    """A second restore is refused and changes nothing."""
    await restore(service, full(escrow_rows.rows(2)))
    before = await left(service)
    with pytest.raises(Refused) as refused:
        await restore(service, full(escrow_rows.rows(3)))
    assert refused.value.code == "restore_not_empty"
    assert await left(service) == before


def cut(deposit: list[bytes]) -> Iterator[bytes]:
    """Without its last line."""
    return iter(deposit[:-1])


def altered(deposit: list[bytes]) -> Iterator[bytes]:
    """With another person in one line, as good a line as it was."""
    return (line.replace(b"mark1 Weg", b"mark1 Way") for line in deposit)


def badly_signed(deposit: list[bytes]) -> Iterator[bytes]:
    """Whole, and then the decrypting side says that the signature does not hold."""
    yield from deposit
    raise Refused("escrow_signature")


def surplus(deposit: list[bytes]) -> Iterator[bytes]:
    """With a line behind the last one."""
    return iter([*deposit, deposit[1]])


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (cut, "deposit_incomplete"),
        (altered, "deposit_incomplete"),
        (surplus, "deposit_incomplete"),
        (badly_signed, "escrow_signature"),
    ],
)
async def test_what_is_found_at_the_very_end_undoes_all(
    service: Service, damage: object, code: str
) -> None:
    """A deposit that proves unsound behind its last line leaves no row of any table behind."""
    deposit = full(escrow_rows.rows(1200))  # several batches are written before
    with pytest.raises(ProxyError) as refused:
        await restore(service, damage(deposit))  # type: ignore[operator]  # one of those above
    assert refused.value.code == code
    assert await left(service) == {}
    assert (
        await service.administrate("SELECT 1 FROM ledger_entry WHERE tenant_id IS NOT NULL") == []
    )


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [(1, Kind.DIFF, 0)],
        [(2, Kind.FULL, None), (1, Kind.DIFF, 2)],
        [(1, Kind.FULL, None), (3, Kind.DIFF, 2)],
        [(1, Kind.FULL, None), (2, Kind.DIFF, 1), (3, Kind.INCR, 2)],
        [(1, Kind.FULL, None), (2, Kind.FULL, None)],
    ],
    ids=["nothing", "no-full", "older", "left-out", "not-on-the-full", "two-full"],
)
async def test_deposits_must_build_on_one_another(
    service: Service, chain: list[tuple[int, Kind, int | None]]
) -> None:
    """A chain that is not whole, or in another order, is refused before anything is written."""
    sources = [lines(head(number, kind, on=on), escrow_rows.rows(1)) for number, kind, on in chain]
    with pytest.raises(ProxyError) as refused:
        await restore(service, *sources)
    assert refused.value.code == ("restore_order" if chain else "restore_nothing")
    assert await left(service) == {}


@pytest.mark.parametrize(
    ("field", "code"), [("domain", "restore_name_taken"), ("alias", "restore_alias_taken")]
)
async def test_what_another_registrar_has_is_told_by_id(
    service: Service, field: str, code: str
) -> None:
    """A name that is spoken for, or a taken alias, stops the restore and names the registration."""
    rows = escrow_rows.rows(3)
    one = rows[1].registration
    await occupy(service, **{field: one.declared.domain if field == "domain" else one.alias})
    with pytest.raises(Conflict) as refused:
        await restore(service, full(rows))
    assert refused.value.code == code
    assert str(one.id) in refused.value.detail
    assert one.declared.domain not in refused.value.detail
    assert await left(service) == {}


async def test_a_former_alias_of_another_registrar_is_told(service: Service) -> None:
    """A former alias is taken as well: mail to it would reach the wrong person."""
    await service.administrate(
        "INSERT INTO former_alias (alias, tenant_id, registration_id, accepted_until)"
        " VALUES ('k3v9xformer1', $1, $2, $3)",
        vaults.TENANT,
        UUID(int=99),
        LATER,
    )
    with pytest.raises(Conflict) as refused:
        await restore(service, full(various()))
    assert refused.value.code == "restore_alias_taken"
    assert await left(service) == {}


def bad_rows() -> dict[str, list[Underlying]]:
    """Rows that no deposit of ours holds."""
    zero, one = escrow_rows.rows(2)
    return {
        "order": [one, zero],
        "twice": [zero, zero],
        "two-live": [
            zero,
            escrow_rows.row(1, declared={"domain": zero.registration.declared.domain}),
        ],
        "no-person": [replace(zero, identity=persons.pad(b'{"v":1}'))],
        "no-padding": [replace(zero, identity=zero.identity + b" ")],
        "no-profile": [escrow_rows.row(0, declared={"profile": "other"})],
        "declared": [replace(zero, declared='{"domain":"name000000.example"}')],
        "other-name": [
            replace(
                zero,
                registration=replace(
                    zero.registration,
                    declared=replace(
                        zero.registration.declared, domain=DomainName("other.example")
                    ),
                ),
            )
        ],
        "end": [escrow_rows.row(0, registered={"end_reason": EndReason.ERROR})],
        "version": [replace(zero, record_version=2**31)],
        "nul": [escrow_rows.row(0, registered={"reference": "a\x00b"})],
    }


BAD_ROWS = {
    "order": "deposit_malformed",
    "twice": "deposit_malformed",
    "two-live": "restore_name_taken",
    "no-person": "deposit_malformed",
    "no-padding": "deposit_malformed",
    "no-profile": "deposit_malformed",
    "declared": "deposit_malformed",
    "other-name": "deposit_malformed",
    "end": "restore_unfit",
    "version": "restore_unfit",
    "nul": "restore_unfit",
}


@pytest.mark.parametrize("name", list(BAD_ROWS))
async def test_a_deposit_that_contradicts_itself_is_refused(service: Service, name: str) -> None:
    """Rows that can not have been ours stop the restore with an error of ours, without a value."""
    rows = bad_rows()[name]
    with pytest.raises((InvalidInput, Conflict)) as refused:
        await restore(service, full(rows))
    assert refused.value.code == BAD_ROWS[name]
    assert "example" not in refused.value.detail
    assert await left(service) == {}
