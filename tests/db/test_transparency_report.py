"""`report transparency` on a real database: what the ledger says, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.rules.casework.report import Table
from proxy.services import report
from proxy.store import pool
from tests.support import case_rows, claim_walks
from tests.support.case_walks import HANS, START

if TYPE_CHECKING:
    from tests.support.database import Database

pytestmark = pytest.mark.db


async def test_a_walked_case_is_reported_by_its_ledger(prepared: Database) -> None:
    """One case alone is a total without names; rows of the case itself are not read."""
    walk = claim_walks.breached()
    walk.act(HANS, "reply_interim") if "reply_interim" in walk.options(HANS) else None
    await case_rows.keep(prepared, walk)
    begins, ends = walk.events[0].at - timedelta(days=1), walk.now + timedelta(days=1)
    async with pool.connected(prepared.superuser()) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("DELETE FROM case_event")
    async with pool.connected(prepared.access("operator")) as connection:
        found = await report.report(connection, begins, ends)
        before = await report.report(connection, begins - timedelta(days=9), begins)
    assert found.report.movement["received"] == 1
    assert found.report.tables["received_by_type"] == Table(cells={}, merged=1, total=1)
    assert found.checkpoint == ""
    assert sum(before.report.movement.values()) == 0


async def test_a_report_names_the_ledgers_newest_checkpoint(prepared: Database) -> None:
    """Origin, size and root: what a verifier of the public ledger looks for."""
    note = "privacyproxy.example/ledger\n42\ncm9vdA==\n\n\u2014 key sig\n"
    async with pool.connected(prepared.superuser()) as connection:
        await connection.execute(
            "INSERT INTO ledger_checkpoint (size, note, at) VALUES (42, $1, $2)", note, START
        )
    async with pool.connected(prepared.access("operator")) as connection:
        found = await report.report(connection, START, START + timedelta(days=1))
    assert found.checkpoint == "privacyproxy.example/ledger 42 cm9vdA=="


def test_a_step_is_read_as_it_was_written() -> None:
    """Lists become tuples; `closed` is no fact of the act."""
    at = START
    one = report.step(json.dumps({"act": "x", "fields": ["a"], "closed": True}), at)
    assert (one.act, one.facts["fields"], one.is_closed) == ("x", ("a",), True)
