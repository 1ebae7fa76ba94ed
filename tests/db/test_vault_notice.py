"""What the relay gets for a notice: one address and one link, sealed to its key; or a code."""

from __future__ import annotations

import dataclasses
import json
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.errors import Refused
from proxy.model.contact import ContactSet
from proxy.model.identifiers import RecordClass, Role
from proxy.run import vault_notice
from proxy.store import pool as pools
from proxy.vault import casebook, grants, relay, seal, seal_evidence, submissions
from proxy.vault.grants import Budget, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import frames
from tests.support import cases as support
from tests.support import openings
from tests.support import vault as vaults
from tests.support.openings import ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cases import Opened
    from tests.support.database import Database

pytestmark = pytest.mark.db

CONTACT = {
    "v": 1,
    "name": "Carla Klage",
    "organization": "Marken GmbH",
    "email": "carla@marken.example",
    "language": "fr",
}


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case with its vault."""
    async with vaults.service(tmp_path, database) as service:
        yield await support.opened(service)


async def sent(case: Opened, asked: frames.Notice) -> relay.Addressed:
    """What the relay makes of the vault's answer."""
    answer = await ask(openings.openings(case.service), asked)
    assert set(answer) == {"done", "sealed"}
    return case.addressed(asked, answer)


async def refused(case: Opened, asked: frames.Notice) -> str:
    """The code of a refusal."""
    return await code(openings.openings(case.service), asked)


async def contact(case: Opened, kind: str = "requester_contact", **changes: object) -> None:
    """What the requester leaves, adopted."""
    text = json.dumps(CONTACT | changes)
    await case.add(text.encode(), kind=kind, media_type="application/json")
    await case.service.rounds.adopt()


async def test_the_registrants_address_comes_with_a_link(case: Opened) -> None:
    """Address and language of the registration that the first event names, newest `reach`."""
    found = await sent(case, await case.queue(purpose="answer"))
    assert (found.email, found.language) == ("marlene@registrant.example", "de")
    assert len(found.token) == 43
    await openings.enrol(case.service, vaults.to_seal(2, "nadja", case.item.registration_id))
    assert (await sent(case, await case.queue())).email == "nadja@registrant.example"


async def test_without_a_purpose_there_is_no_link(case: Opened) -> None:
    """And the blob is as long as one with it."""
    room = openings.openings(case.service)
    asked = [await case.queue(), await case.queue(purpose="acknowledge")]
    answers = [await ask(room, one) for one in asked]
    assert case.addressed(asked[0], answers[0]).token == ""
    assert len({len(one["sealed"]) for one in answers}) == 1


async def test_the_requesters_address_is_what_they_left_last(case: Opened) -> None:
    """Sealed evidence of its kind; the chain says which is the newest."""
    asked = await case.queue("requester", "request")
    assert await refused(case, asked) == "notice_no_address"
    await contact(case)
    await contact(case, kind="letter", email="wrong@marken.example")
    found = await sent(case, asked)
    assert (found.email, found.language) == ("carla@marken.example", "fr")
    await contact(case, email="newer@marken.example", language="")
    found = await sent(case, asked)
    assert (found.email, found.language) == ("newer@marken.example", None)


async def test_the_blob_is_for_its_case_and_notice(case: Opened) -> None:
    """Under another notice's or case's name it does not open, nor as a mail's."""
    asked = await case.queue()
    answer = await ask(openings.openings(case.service), asked)
    for wrong in (
        frames.Notice(case=asked.case, notice="x", to=asked.to),
        frames.Notice(case="x", notice=asked.notice, to=asked.to),
    ):
        with pytest.raises(Refused, match="relay_blob"):
            case.addressed(wrong, answer)


async def test_a_gag_keeps_the_registrants_address(case: Opened) -> None:
    """By the vault's own state or by the chain; the requester is told, and others' cases too."""
    book = casebook.CaseBook(case.service.vault.state)
    asked, other = await case.queue(), await support.opened(case.service)
    await contact(case)
    book.set_gag(case.id, None)
    assert await refused(case, asked) == "notice_gagged"
    await sent(case, await case.queue("requester"))
    await sent(other, await other.queue())
    book.set_gag(case.id, vaults.START - timedelta(seconds=1))
    await sent(case, asked)
    await case.tell("overlay_set", overlay="gag", until="2026-11-01T00:00:00+00:00")
    assert await refused(case, asked) == "notice_gagged"
    await case.tell("overlay_cleared", overlay="gag")
    await sent(case, asked)
    await case.tell("seal_order_came", sets=("gag",))
    assert await refused(case, asked) == "notice_gagged"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"case": str(uuid4())}, "case_unknown"),
        ({"notice": str(uuid4())}, "notice_unknown"),
        ({"to": "requester"}, "notice_unknown"),
        ({"purpose": "step_up"}, "notice_unknown"),
        ({"subject": "a"}, "notice_unknown"),
        ({"to": "staff"}, "notice_malformed"),
        ({"case": "x"}, "notice_malformed"),
        ({"notice": "X"}, "notice_malformed"),
    ],
)
async def test_the_relay_can_not_ask_for_another_notice(
    case: Opened, changes: dict[str, str], expected: str
) -> None:
    """Party and purpose are the row's and the chain's, never the relay's own idea."""
    asked = await case.queue(purpose="answer")
    whole = {name: getattr(asked, name) for name in asked.__struct_fields__}
    assert await refused(case, frames.Notice(**(whole | changes))) == expected


async def test_a_row_without_an_event_sends_nothing(case: Opened) -> None:
    """Who can write the outbox alone learns no address; nor one who redirects a row."""
    asked = await case.queue()
    whole = {name: getattr(asked, name) for name in asked.__struct_fields__}
    notice = uuid4()
    await case.service.administrate(
        """INSERT INTO notice (id, case_id, template, to_party, facts, queued_at, not_before,
             try_after) VALUES ($1, $2, 'demand', 'registrant', '{}', $3, $3, $3)""",
        notice,
        case.id,
        vaults.START,
    )
    forged = frames.Notice(**(whole | {"notice": str(notice)}))
    assert await refused(case, forged) == "notice_unknown"
    await contact(case)
    async with pools.connected(case.service.database.superuser()) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("UPDATE notice SET to_party = 'requester', purpose = 'request'")
    redirected = frames.Notice(**(whole | {"to": "requester", "purpose": "request"}))
    assert await refused(case, redirected) == "notice_unknown"


@pytest.mark.parametrize(
    ("to", "purpose", "subject"),
    [
        ("registrant", "package", "p"),
        ("registrant", "request", ""),
        ("requester", "answer", ""),
        ("requester", "package", ""),
        ("requester", "request", "p"),
        ("registrant", "everything", ""),
    ],
)
async def test_a_party_gets_its_own_links_only(
    case: Opened, to: str, purpose: str, subject: str
) -> None:
    """By the table of links."""
    assert await refused(case, await case.queue(to, purpose, subject)) == "notice_purpose"


async def test_a_closed_case_has_a_last_word(case: Opened) -> None:
    """For thirty days; after that nobody is written to."""
    asked = await case.queue()
    await case.tell("close", is_open=False)
    await sent(case, asked)
    await case.service.later(days=30, seconds=1)
    assert await refused(case, asked) == "case_closed"


async def test_the_entry_comes_before_the_opening(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subject is the person whose record is opened; the address stands nowhere in the state."""
    asked = await case.queue(purpose="answer")

    def fail(*_: object) -> None:
        raise Refused("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(VaultOpenings, "address", fail)
        assert await refused(case, asked) == "stopped"
    found = await sent(case, asked)
    first, second = (one for one in entries(case.service) if one["kind"] == "opened")
    assert first["subject"] == second["subject"] == str(case.item.registration_id)
    assert first["facts"]["grant"] == "notice"
    assert first["facts"]["notice"] == asked.notice
    assert openings.holds(case.service, found.email, found.token) == []


async def test_budgets(case: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a case in a day, of one notice in an hour, of persons in an hour."""
    monkeypatch.setattr(grants, "NOTICES_OF_CASE", Budget(most=2, hours=24))
    several = [await case.queue() for _ in range(3)]
    await sent(case, several[0])
    await sent(case, several[1])
    await sent(case, several[0])
    assert await refused(case, several[2]) == "budget"
    monkeypatch.setattr(vault_notice, "REPEATS_OF_NOTICE", Budget(most=3))
    await sent(case, several[0])
    assert await refused(case, several[0]) == "budget"
    other = await support.opened(case.service)
    monkeypatch.setitem(grants.BUDGETS, Grant.NOTICE, Budget(most=1))
    assert await refused(other, await other.queue()) == "budget"


async def test_nobody_and_no_address(case: Opened) -> None:
    """Codes by which the relay knows that mail will never reach."""
    asked = await case.queue()
    names = [(openings.named(case.item, RecordClass.IDENTITY), vaults.START)]
    other = await support.opened(
        case.service,
        dataclasses.replace(
            vaults.to_seal(),
            contacts=ContactSet(given={Role.TECH: vaults.contacts().given[Role.TECH]}, same_as={}),
        ),
    )
    assert await refused(other, await other.queue()) == "notice_no_address"
    case.service.vault.walls.forgetter.begin(names)
    assert await refused(case, asked) == "notice_nobody"


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (
            """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
               FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id <> $1
               AND a.class = b.class""",
            "record_forged",
        ),
        ("DELETE FROM sealed_record WHERE registration_id = $1", "record_missing"),
        (
            """UPDATE case_event SET facts = jsonb_set(facts, '{registration}', to_jsonb((
                 SELECT id::text FROM registration WHERE id <> $1))) WHERE seq = 1""",
            "case_forged",
        ),
    ],
)
async def test_a_superuser_can_not_have_another_address_told(
    case: Opened, attack: str, expected: str
) -> None:
    """Records swapped or gone, and a case pointed at somebody else, are refused with an alarm."""
    await openings.enrol(case.service, vaults.to_seal(mark="nadja"))
    asked = await case.queue()
    await sent(case, asked)
    async with pools.connected(case.service.database.superuser()) as connection:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(attack, case.item.registration_id)
    assert await refused(case, asked) == expected
    assert openings.alarms(case.service) == 1


async def test_a_contact_must_be_one(case: Opened) -> None:
    """What can not be read, is too long, or whose row was redirected, sends nothing."""
    asked = await case.queue("requester")
    await contact(case, more="a" * 5000)
    assert await refused(case, asked) == "evidence_forged"
    await contact(case, more="a")
    assert await refused(case, asked) == "notice_no_address"
    await contact(case, email="")
    assert await refused(case, asked) == "notice_no_address"


async def test_a_web_process_that_fell_can_not_change_an_address(case: Opened) -> None:
    """A person's record sealed with the web role's key is not adopted: its key seals evidence."""
    asked = await case.queue()
    web = seal_evidence.load_keys(case.service.vault.key_dir / "web" / "web.json")
    stolen = seal.IntakeSealer(
        keys=seal.ApiKeys(signer_id=web.signer_id, signing_key=web.signing_key, mac_key=bytes(32)),
        pin=submissions.load_pin(case.service.vault.data_dir / "vault.pub"),
        current=lambda: case.service.vault.intake,
        clock=case.service.vault.clock,
        random=secrets.token_bytes,
    )
    batch = stolen.seal([vaults.to_seal(2, "thief", case.item.registration_id)])
    async with pools.connected(case.service.database.superuser()) as connection:
        await case.service.submit(connection, batch)
    await case.service.rounds.adopt()
    rows = await case.service.administrate(
        "SELECT DISTINCT failed FROM sealed_record WHERE version = 2"
    )
    assert [one["failed"] for one in rows] == ["signer_class"]
    assert (await sent(case, asked)).email == "marlene@registrant.example"
