"""Links out of notices at the vault: used once, under no gag; what a session shows of oneself."""

from __future__ import annotations

import base64
import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Refused
from proxy.model.identifiers import RecordClass, Role
from proxy.rules import masks
from proxy.store import pool as pools
from proxy.vault import casebook, grants
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

    from proxy.model.contact import ContactSet
    from tests.support.cases import Opened
    from tests.support.database import Database

pytestmark = pytest.mark.db

DAY = timedelta(days=1)


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case with its vault."""
    async with vaults.service(tmp_path, database) as service:
        yield await support.opened(service)


async def link(case: Opened, to: str = "registrant", purpose: str = "answer") -> str:
    """The token that a notice brings to its reader."""
    asked = await case.queue(to, purpose)
    answer = await ask(openings.openings(case.service), asked)
    return case.addressed(asked, answer).token


async def used(case: Opened, token: str, session: str = "") -> dict[str, Any]:
    """What a token gives."""
    room = openings.openings(case.service)
    return await ask(room, frames.UseToken(token=token, session=session))


async def refused(case: Opened, request: frames.Request) -> str:
    """The code of a refusal."""
    return await code(openings.openings(case.service), request)


async def signed_in(case: Opened) -> str:
    """The registrant's session."""
    session: str = (await used(case, await link(case)))["session"]
    return session


def shown(case: Opened) -> list[dict[str, Any]]:
    """The ledger entries of what registrants were shown."""
    found = entries(case.service)
    return [one for one in found if one["facts"].get("grant") == "registrant"]


def version(at: datetime) -> int:
    """The version of a record of that moment (FORMAT.md, Record)."""
    return int((at - datetime(2026, 1, 1, tzinfo=UTC)).total_seconds())


async def renew(case: Opened, at: datetime, contacts: ContactSet | None = None) -> None:
    """The registrar declares contacts anew."""
    item = vaults.to_seal(version(at), "marlene", case.item.registration_id)
    if contacts is not None:
        item = dataclasses.replace(item, contacts=contacts)
    await openings.enrol(case.service, item)


def moved(email: str) -> ContactSet:
    """The same person under another address."""
    whole = vaults.contacts()
    person = dataclasses.replace(whole.given[Role.REGISTRANT], email=email)
    return dataclasses.replace(whole, given={**whole.given, Role.REGISTRANT: person})


async def test_a_link_gives_a_session_once(case: Opened) -> None:
    """The answer says whose it is and until when; the token is then unknown."""
    token = await link(case)
    answer = await used(case, token)
    session = answer.pop("session")
    assert answer.pop("until") == (vaults.START + timedelta(minutes=60)).isoformat()
    assert answer.pop("notice")
    assert answer == {
        "done": True, "purpose": "answer", "party": "registrant", "case": str(case.id),
        "subject": "", "level": "link",
    }  # fmt: skip
    told = await ask(openings.openings(case.service), frames.ShowSession(session=session))
    assert (told["case"], told["party"]) == (str(case.id), "registrant")
    assert await refused(case, frames.UseToken(token=token)) == "token_unknown"


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "x" * 101])
async def test_whatever_else_is_sent_is_unknown(case: Opened, token: str) -> None:
    """One answer for all of it."""
    assert await refused(case, frames.UseToken(token=token)) == "token_unknown"
    assert await refused(case, frames.ShowSession(session=token)) == "session_unknown"
    assert await refused(case, frames.ShowOwn(session=token)) == "session_unknown"


async def test_a_step_up_raises_the_session_beside_it(case: Opened) -> None:
    """And nothing without one."""
    session = await signed_in(case)
    token = await link(case, purpose="step_up")
    assert await refused(case, frames.UseToken(token=token)) == "session_unknown"
    answer = await used(case, token, session)
    assert (answer["session"], answer["level"]) == (session, "step_up")
    await case.service.later(minutes=30)
    told = await ask(openings.openings(case.service), frames.ShowSession(session=session))
    assert told["level"] == "link"


async def test_under_a_gag_a_registrants_link_never_was(case: Opened) -> None:
    """By state or chain; the same answers as for nonsense, the requester's goes on."""
    session, token = await signed_in(case), await link(case)
    theirs = case.queue("requester", "request")
    await case.add(
        b'{"v":1,"name":"C","email":"c@marken.example"}',
        kind="requester_contact",
        media_type="application/json",
    )
    await case.service.rounds.adopt()
    asked = await theirs
    answer = await ask(openings.openings(case.service), asked)
    await case.tell("overlay_set", overlay="gag", until="")
    for _ in range(2):
        assert await refused(case, frames.UseToken(token=token)) == "token_unknown"
        assert await refused(case, frames.ShowSession(session=session)) == "session_unknown"
        assert await refused(case, frames.ShowOwn(session=session)) == "session_unknown"
        await case.tell("overlay_cleared", overlay="gag")
        casebook.CaseBook(case.service.vault.state).set_gag(case.id, None)
    await used(case, case.addressed(asked, answer).token)
    casebook.CaseBook(case.service.vault.state).lift_gag(case.id)
    await used(case, token)


async def test_a_registrant_sees_their_own_masked(case: Opened) -> None:
    """A first character and stars of one length; the country whole; an entry before."""
    session = await signed_in(case)
    answer = await ask(openings.openings(case.service), frames.ShowOwn(session=session))
    assert answer["contacts"] == {
        "registrant": {
            "name": "m*****", "organization": "m*****", "street": "m*****", "city": "m*****",
            "state": "Z*****", "postal_code": "8*****", "country": "CH", "phone": "+*****",
            "email": "m*****",
        },
        "tech": {"name": "m*****", "email": "m*****"},
    }  # fmt: skip
    (entry,) = shown(case)
    assert (entry["kind"], entry["subject"]) == ("opened", str(case.item.registration_id))


async def test_the_entry_is_there_if_the_opening_fails(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes first."""
    session = await signed_in(case)

    def fail(*_: object) -> None:
        raise Refused("stopped")

    monkeypatch.setattr(VaultOpenings, "contacts", fail)
    assert await refused(case, frames.ShowOwn(session=session)) == "stopped"
    assert len(shown(case)) == 1


async def test_other_links_show_nobodys_data(case: Opened) -> None:
    """Neither one that acknowledges, nor any of the requester's."""
    session = (await used(case, await link(case, purpose="acknowledge")))["session"]
    assert await refused(case, frames.ShowOwn(session=session)) == "session_purpose"


@pytest.mark.parametrize(
    ("age", "email", "expected"),
    [
        (14 * DAY, "thief@elsewhere.example", "own_waits"),
        (15 * DAY + timedelta(seconds=1), "thief@elsewhere.example", ""),
        (1 * DAY, "marlene@registrant.example", ""),
    ],
)
async def test_a_new_address_waits_to_see_older_data(
    case: Opened, age: timedelta, email: str, expected: str
) -> None:
    """Fifteen days after the address was exchanged; other changes wait for nothing."""
    await renew(case, vaults.START - age, moved(email))
    session = await signed_in(case)
    request = frames.ShowOwn(session=session)
    if expected:
        assert await refused(case, request) == expected
    else:
        await ask(openings.openings(case.service), request)


async def test_an_address_that_went_and_came_back_waits_too(case: Opened) -> None:
    """Every address of the fifteen days counts, and the one before."""
    await renew(case, vaults.START - 3 * DAY, moved("thief@elsewhere.example"))
    await renew(case, vaults.START - 2 * DAY)
    assert await refused(case, frames.ShowOwn(session=await signed_in(case))) == "own_waits"


async def test_persons_have_a_budget(case: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who looks twice counts once; more than the budget do not look."""
    other = await support.opened(case.service)
    monkeypatch.setitem(grants.BUDGETS, Grant.REGISTRANT, Budget(most=1))
    session = await signed_in(case)
    for _ in range(2):
        await ask(openings.openings(case.service), frames.ShowOwn(session=session))
    assert await refused(other, frames.ShowOwn(session=await signed_in(other))) == "budget"


async def test_a_superuser_can_not_show_another_person(case: Opened) -> None:
    """A record exchanged is an alarm; an erased one is nobody's."""
    await openings.enrol(case.service, vaults.to_seal(mark="nadja"))
    session = await signed_in(case)
    async with pools.connected(case.service.database.superuser()) as connection:
        await connection.execute(
            """UPDATE sealed_record a SET record = b.record, wrapped_dek = b.wrapped_dek
               FROM sealed_record b WHERE a.registration_id = $1 AND b.registration_id <> $1
               AND a.class = b.class""",
            case.item.registration_id,
        )
    assert await refused(case, frames.ShowOwn(session=session)) == "record_forged"
    assert openings.alarms(case.service) == 1
    name = openings.named(case.item, RecordClass.IDENTITY)
    case.service.vault.walls.forgetter.begin([(name, vaults.START)])
    assert await refused(case, frames.ShowOwn(session=session)) == "own_nobody"


async def claimed(case: Opened, content: bytes = b"You infringe.", kind: str = "claim") -> None:
    """A file of the complainant's, named by the demand."""
    made = await case.add(content, kind=kind)
    await case.service.rounds.adopt()
    await case.tell("demand", claim=str(made.id), text="0" * 64, text_version=1)


async def test_a_registrant_reads_the_claim(case: Opened) -> None:
    """As it was handed in, with an entry that says so; nothing before it was passed on."""
    session = await signed_in(case)
    assert await refused(case, frames.ShowClaim(session=session)) == "claim_none"
    await claimed(case)
    room = openings.openings(case.service)
    answer = await ask(room, frames.ShowClaim(session=session))
    assert base64.b64decode(answer["content"]) == b"You infringe."
    assert [one["kind"] for one in shown(case)] == ["evidence_read"]


async def test_no_other_file_is_shown_as_a_claim(case: Opened) -> None:
    """Whatever an event names: only what was sealed as a claim, and by a link to answer it."""
    session = await signed_in(case)
    await claimed(case, kind="identity")
    assert await refused(case, frames.ShowClaim(session=session)) == "claim_none"
    assert shown(case) == []
    await claimed(case)
    other = (await used(case, await link(case, purpose="acknowledge")))["session"]
    assert await refused(case, frames.ShowClaim(session=other)) == "session_purpose"


async def test_a_file_under_another_kind_in_the_database_is_refused(case: Opened) -> None:
    """A forged kind in event and row does not turn a paper of somebody's into a claim."""
    session = await signed_in(case)
    made = await case.add(b"A passport.", kind="identity")
    await case.service.rounds.adopt()
    await case.service.administrate("UPDATE evidence SET kind = 'claim' WHERE id = $1", made.id)
    await case.tell("evidence_added", evidence=str(made.id), kind="claim", sha256=made.sha256)
    await case.tell("demand", claim=str(made.id), text="0" * 64, text_version=1)
    assert await refused(case, frames.ShowClaim(session=session)) == "claim_none"


def test_a_mask_tells_no_length() -> None:
    """Of one character or of many."""
    assert masks.mask("é") == "é*****"
    assert len(masks.mask("a")) == len(masks.mask("a" * 90))
