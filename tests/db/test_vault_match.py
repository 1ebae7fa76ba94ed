"""Whether a registrant holds a value: yes or no, to members, in an open case, and noted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.model.roster import StaffRole
from proxy.vault import grants
from proxy.vault.grants import Budget, Grant
from tests.support import cases as support
from tests.support import openings
from tests.support import vault as vaults
from tests.support.openings import Desk, ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cases import Opened
    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case with its vault."""
    async with vaults.service(tmp_path, database) as service:
        yield await support.opened(service)


async def refused(case: Opened, person: str = "anna", **given: Any) -> str:
    """The code of a refusal."""
    room = openings.openings(case.service)
    return await code(room, support.comparing(case.match(**given), person))


@pytest.mark.parametrize(
    ("field", "value", "is_held"),
    [
        ("email", "MARLENE@registrant.example", True),
        ("phone", "+41 44 555 01 00", True),
        ("name", "marlene  GRÖSSE", True),
        ("organization", "marlene & söhne", True),
        ("email", "somebody@registrant.example", False),
        ("name", "marlene@registrant.example", False),
    ],
)
async def test_yes_or_no_and_nothing_else(
    case: Opened, field: str, value: str, is_held: bool
) -> None:
    """However it is written; the answer holds no value, nor the entry the answer."""
    room = openings.openings(case.service)
    answer = await ask(room, support.comparing(case.match(field, value)))
    assert answer == {"done": True, "holds": is_held}
    (entry,) = [one for one in entries(case.service) if one["kind"] == "matched"]
    assert entry["subject"] == str(case.item.registration_id)
    assert (entry["facts"]["person"], entry["facts"]["case"]) == ("anna", str(case.id))
    assert not {"value", "holds"} & set(entry["facts"])
    assert openings.holds(case.service, value) == []


async def test_the_newest_contacts_are_asked(case: Opened) -> None:
    """What a person replaced is theirs no more."""
    newer = vaults.to_seal(2, "nadja", case.item.registration_id)
    await openings.enrol(case.service, newer)
    room = openings.openings(case.service)
    for value, is_held in [("marlene", False), ("nadja", True)]:
        prepared = case.match("email", f"{value}@registrant.example")
        assert (await ask(room, support.comparing(prepared)))["holds"] is is_held


async def test_only_the_cases_own_registration_is_asked(case: Opened) -> None:
    """Another person, of another registration, is not told of."""
    await openings.enrol(case.service, vaults.to_seal(mark="nadja"))
    prepared = case.match("email", "nadja@registrant.example")
    answer = await ask(openings.openings(case.service), support.comparing(prepared))
    assert answer["holds"] is False


async def test_refusals(case: Opened) -> None:
    """Time, roles, conflict, an empty value, a closed case; none is an opening."""
    desk = Desk()
    await ask(openings.openings(case.service, desk), support.comparing(case.match()))
    ((_, roles),) = desk.asked
    assert StaffRole.DECIDER not in roles
    assert StaffRole.AUDITOR not in roles
    late = vaults.START - timedelta(minutes=6)
    assert await refused(case, now=late) == "paper_time"
    assert await refused(case, field="name", value="...") == "match_value"
    asked = support.comparing(case.match())
    room = openings.openings(case.service)
    await ask(room, asked)
    assert await code(room, asked) == "paper_repeated"
    false = support.comparing(replace(case.match(), message=bytes(32)))
    assert await code(room, false) == "signature"
    await case.tell("conflict_declared", person="ben")
    assert await refused(case, "ben") == "conflicted"
    await case.tell("close", is_open=False)
    assert await refused(case) == "case_closed"
    assert len([one for one in entries(case.service) if one["kind"] == "matched"]) == 2


async def test_the_same_guess_again_is_a_guess(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's budget and everybody's end a search by trying."""
    monkeypatch.setitem(grants.BUDGETS, Grant.MATCH, Budget(most=2, hours=24))
    monkeypatch.setattr(grants, "MATCHES_IN_ALL", Budget(most=3, hours=24))
    room = openings.openings(case.service)
    for person in ("anna", "anna", "ben"):
        await ask(room, support.comparing(case.match(), person))
    assert await refused(case) == "budget"
    assert await refused(case, "ben") == "budget"


async def test_the_record_counts_and_not_the_index(case: Opened) -> None:
    """Forged tokens accuse nobody; a record put back or taken away is an alarm."""
    await case.service.administrate("DELETE FROM blind_index")
    room = openings.openings(case.service)
    assert (await ask(room, support.comparing(case.match())))["holds"] is True
    await openings.enrol(case.service, vaults.to_seal(2, "nadja", case.item.registration_id))
    await case.service.administrate(
        """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
           FROM sealed_record b WHERE a.class = 'identity' AND b.class = 'identity'
           AND a.version = 2 AND b.version = 1"""
    )
    assert await refused(case) == "record_forged"
    await case.service.administrate("DELETE FROM sealed_record WHERE class = 'identity'")
    assert await refused(case) == "record_missing"
    assert openings.alarms(case.service) == 2
