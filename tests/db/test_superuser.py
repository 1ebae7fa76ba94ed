"""A database superuser before an approved order: table by table, each way to bend its rows.

What an order needs of the database is refused when it was touched; what the vault keeps itself is
not asked of the database at all. Holds, gags, packages and records have tests of their own
(test_case_attacks, test_packages_released, test_vault_attacks), as has the ledger
(test_ledger_attacks) and what a registrar is asked for (test_effect_attacks).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from proxy.model.order import OrderKind
from proxy.vault.grants import Caller
from proxy.wire import frames
from tests.support import case_sites as sites
from tests.support.case_orders import CHRIS
from tests.support.decisions import code

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_sites import Site
    from tests.support.database import Database

pytestmark = pytest.mark.db

CARRIED_OUT = ""  # the database's word is not asked for
STATEMENTS = {
    ("order", "edited"): (
        "UPDATE approval_order SET document = replace(document, 'Ada', 'Eve')", "order_forged",
    ),
    ("order", "deleted"): ("DELETE FROM approval_order", "order_missing"),
    ("order", "other nonce"): (
        "UPDATE approval_order SET nonce = decode(repeat('00', 32), 'hex')", CARRIED_OUT,
    ),
    ("order", "never expires"): (
        "UPDATE approval_order SET expires_at = expires_at + interval '9 years'", CARRIED_OUT,
    ),
    ("votes", "edited"): (
        "UPDATE approval_vote SET signature = signature || '{\"signature\": \"x\"}'",
        "approvals_lacking",
    ),
    ("votes", "deleted"): ("DELETE FROM approval_vote WHERE person = 'anna'", "approvals_lacking"),
    ("votes", "forged"): (
        "UPDATE approval_vote SET person = 'dora' WHERE person = 'anna'", "approvals_lacking",
    ),
    ("roster", "edited"): ("UPDATE roster SET document = '{}'", CARRIED_OUT),
    ("roster", "deleted"): ("DELETE FROM roster", CARRIED_OUT),
    ("events", "edited"): ("UPDATE case_event SET actor = 'eve' WHERE seq = 2", "case_forged"),
    ("events", "deleted"): ("DELETE FROM case_event WHERE seq = 4", "case_forged"),
    ("events", "rolled back"): ("DELETE FROM case_event WHERE seq > 5", "case_rolled_back"),
    ("events", "forged"): (
        ("INSERT INTO case_event SELECT case_id, seq + 1, gen_random_uuid(), previous, hash, actor,"
        " role, act, facts, at, false FROM case_event WHERE seq = 7"), "case_forged",
    ),
    ("case", "of another name"): ("UPDATE case_file SET domain = 'other.example'", CARRIED_OUT),
    ("case", "closed"): ("UPDATE case_file SET state = 'closed'", CARRIED_OUT),
}  # fmt: skip


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A vault, its roster, a registration and a case of it."""
    async with sites.site(tmp_path, database) as made:
        yield made


async def overwrite(site: Site, statement: str) -> None:
    """Run it with every trigger and foreign key out of the way."""
    await site.service.administrate(
        f"DO $do$ BEGIN SET LOCAL session_replication_role = replica; {statement}; END $do$"
    )


@pytest.mark.parametrize("attack", list(STATEMENTS), ids=" ".join)
async def test_touched_rows_are_refused_or_not_asked(site: Site, attack: tuple[str, str]) -> None:
    """Nothing is disclosed by rows that somebody changed after the votes."""
    order = await site.approved(OrderKind.DISCLOSE)
    statement, reason = STATEMENTS[attack]
    await overwrite(site, statement)
    if reason == CARRIED_OUT:
        await site.carry_out(order)
        assert await code(site.carry_out(order)) == "order_used"
    else:
        assert await code(site.carry_out(order)) == reason
        assert site.shelf.asked == 0


@pytest.mark.parametrize("attack", list(STATEMENTS), ids=" ".join)
async def test_no_rows_undo_a_veto(site: Site, attack: tuple[str, str]) -> None:
    """An order that its officer stopped stays stopped, whatever becomes of the rows."""
    order = await site.approved(OrderKind.DISCLOSE)
    sha256 = (await site.office.show(order))["sha256"]
    said = frames.ObjectToOrder(order=str(order.id), signature=CHRIS.no(sha256))
    await site.office.ask(said, Caller.API)
    await overwrite(site, STATEMENTS[attack][0])
    assert await code(site.carry_out(order)) != ""
    assert site.shelf.asked == 0
