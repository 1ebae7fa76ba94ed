"""What the relay gets for a letter: one address and one link, sealed to its key; or a code."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from typing_extensions import override

from proxy.errors import Refused
from proxy.model.case import NoticeId
from proxy.model.identifiers import RecordClass, TenantId
from proxy.model.letter import PURPOSES, AboutRegistration, LetterKind, QueuedLetter
from proxy.run import vault_letters
from proxy.store import notices
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from proxy.vault import grants, relay
from proxy.vault.grants import Budget, Grant
from proxy.vault.openings import VaultOpenings
from proxy.wire import frames
from tests.support import openings
from tests.support import vault as vaults
from tests.support.openings import ask, code, entries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from proxy.model.letter import Letter
    from proxy.model.link import Link
    from proxy.model.sealed import ToSeal
    from proxy.run.vault_openings import Openings
    from proxy.run.vault_rounds import Walls
    from proxy.store.pool import Connection
    from proxy.vault.relay import Address
    from tests.support.database import Database
    from tests.support.vault import Service

pytestmark = pytest.mark.db

KIND = LetterKind.EMAIL_VERIFICATION


class Recorded(vault_letters.Kind):
    """A kind that keeps what it is asked, and says no where a test wants it."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.refuses: dict[str, Refused] = {}

    @override
    async def check(self, connection: Connection, walls: Walls, letter: Letter) -> None:
        self._at("check")

    @override
    async def look(
        self, connection: Connection, walls: Walls, letter: Letter, address: Address
    ) -> None:
        self._at("look")

    @override
    def gave(self, walls: Walls, letter: Letter, address: Address, now: datetime) -> None:
        self._at("gave")

    @override
    async def do(self, connection: Connection, walls: Walls, link: Link, now: datetime) -> None:
        self._at(f"do {link.subject}")

    def _at(self, moment: str) -> None:
        self.seen.append(moment)
        refusal = self.refuses.get(moment.partition(" ")[0])
        if refusal is not None:
            raise refusal


@dataclass(slots=True)
class Desk:
    """A vault with one registration, a kind of letter, and the relay's and the web's part."""

    service: Service
    item: ToSeal
    kind: Recorded = field(default_factory=Recorded)

    def room(self, *kinds: LetterKind) -> Openings:
        """The vault's answers."""
        return openings.openings(self.service, letters=dict.fromkeys(kinds or (KIND,), self.kind))

    async def queue(
        self, item: ToSeal | None = None, kind: LetterKind = KIND, subject: str = "1"
    ) -> frames.Letter:
        """A letter in the outbox, as the worker puts it there, and how the relay asks for it."""
        one = item or self.item
        about = AboutRegistration(
            tenant_id=one.tenant_id, registration_id=one.registration_id, kind=kind
        )
        letter = QueuedLetter(
            id=NoticeId(uuid4()), about=about, template="n17_test",
            domain="kaveri-silk.example", subject=subject,
        )  # fmt: skip
        access = self.service.database.access(LoginRole.WORKER)
        async with pools.connected(access) as connection:
            await notices.queue_letters(connection, [letter], vaults.START)
        return frames.Letter(
            tenant=str(one.tenant_id), registration=str(one.registration_id), kind=kind.value,
            notice=str(letter.id),
        )  # fmt: skip

    async def sent(self, asked: frames.Letter) -> relay.Addressed:
        """What the relay makes of the vault's answer."""
        answer = await ask(self.room(), asked)
        assert set(answer) == {"done", "sealed"}
        return self.opened(asked, answer)

    def opened(self, asked: frames.Letter, answer: dict[str, Any]) -> relay.Addressed:
        """The blob, opened under a letter's name."""
        private = relay.load_key(self.service.vault.key_dir / "relay" / "relay.json")
        return relay.open_letter(
            private, base64.b64decode(answer["sealed"]), tenant=asked.tenant,
            registration=asked.registration, notice=asked.notice,
        )  # fmt: skip

    async def refused(self, asked: frames.Request) -> str:
        """The code of a refusal."""
        return await code(self.room(), asked)


@pytest.fixture
async def desk(tmp_path: Path, database: Database) -> AsyncIterator[Desk]:
    """A vault with one adopted registration."""
    async with vaults.service(tmp_path, database) as service:
        item = vaults.to_seal()
        await openings.enrol(service, item)
        yield Desk(service, item)


async def test_a_letter_gets_the_newest_address_and_a_link(desk: Desk) -> None:
    """Its kind is asked before the opening, after it, and told when the address leaves."""
    found = await desk.sent(await desk.queue())
    assert (found.email, found.language) == ("marlene@registrant.example", "de")
    assert len(found.token) == 43
    assert desk.kind.seen == ["check", "look", "gave"]
    await openings.enrol(desk.service, vaults.to_seal(2, "nadja", desk.item.registration_id))
    assert (await desk.sent(await desk.queue())).email == "nadja@registrant.example"


async def test_the_blob_is_for_its_registration_and_letter(desk: Desk) -> None:
    """Under another letter's or registration's name it does not open, nor as a case's notice."""
    asked = await desk.queue()
    answer = await ask(desk.room(), asked)
    whole = {name: getattr(asked, name) for name in asked.__struct_fields__}
    for name in ("tenant", "registration", "notice"):
        with pytest.raises(Refused, match="relay_blob"):
            desk.opened(frames.Letter(**(whole | {name: "x"})), answer)
    private = relay.load_key(desk.service.vault.key_dir / "relay" / "relay.json")
    blob = base64.b64decode(answer["sealed"])
    with pytest.raises(Refused, match="relay_blob"):
        relay.open_notice(private, blob, case=asked.registration, notice=asked.notice)


@pytest.mark.parametrize("name", ["tenant", "registration", "kind", "notice"])
async def test_the_relay_can_not_ask_for_another_letter(desk: Desk, name: str) -> None:
    """What a letter is about is its row's, never the relay's own idea."""
    asked = await desk.queue()
    other = "publication" if name == "kind" else str(uuid4())
    whole = {one: getattr(asked, one) for one in asked.__struct_fields__}
    assert await desk.refused(frames.Letter(**(whole | {name: other}))) == "letter_unknown"
    assert desk.kind.seen == []
    wrong = frames.Letter(**(whole | {"notice": "X"}))
    assert await desk.refused(wrong) == "notice_malformed"


async def test_a_kind_without_a_reason_gets_no_address(desk: Desk) -> None:
    """One that the vault does not have; one that says no before or after the opening."""
    asked = await desk.queue(kind=LetterKind.PUBLICATION)
    assert await desk.refused(asked) == "letter_unknown"
    asked = await desk.queue()
    desk.kind.refuses["check"] = Refused("letter_over")
    assert await desk.refused(asked) == "letter_over"
    assert not [one for one in entries(desk.service) if one["kind"] == "opened"]
    desk.kind.refuses = {"look": Refused("address_verified")}
    assert await desk.refused(asked) == "address_verified"
    assert "gave" not in desk.kind.seen


async def test_what_ended_is_written_to_no_more(desk: Desk) -> None:
    """Nor what is reserved only, nor who was erased."""
    asked = await desk.queue()
    for state in ("reserved", "claimed"):
        await desk.service.administrate("UPDATE registration SET state = $1", state)
        assert await desk.refused(asked) == "letter_over"
    await desk.service.end(desk.item, "registry_deleted")
    assert await desk.refused(asked) == "letter_over"
    await desk.service.administrate(
        "UPDATE registration SET state = 'active', ended_at = NULL, end_reason = NULL"
    )
    name = openings.named(desk.item, RecordClass.IDENTITY)
    desk.service.vault.state.begin_erasures([(name, vaults.START)])
    assert await desk.refused(asked) == "notice_nobody"


async def test_the_entry_comes_before_the_opening(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Subject is whose record is opened; neither address nor token stands in the state."""
    asked = await desk.queue()

    def fail(*_: object) -> None:
        raise Refused("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(VaultOpenings, "address", fail)
        assert await desk.refused(asked) == "stopped"
    found = await desk.sent(asked)
    first, second = (one for one in entries(desk.service) if one["kind"] == "opened")
    assert first["subject"] == second["subject"] == str(desk.item.registration_id)
    assert first["facts"]["grant"] == "letter"
    assert (first["facts"]["notice"], first["facts"]["purpose"]) == (asked.notice, "verify")
    assert openings.holds(desk.service, found.email, found.token) == []


async def test_budgets(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a registration in a day, of one letter in an hour, of persons in an hour."""
    monkeypatch.setattr(grants, "LETTERS_OF_REGISTRATION", Budget(most=2, hours=24))
    several = [await desk.queue() for _ in range(3)]
    await desk.sent(several[0])
    await desk.sent(several[1])
    await desk.sent(several[0])
    assert await desk.refused(several[2]) == "budget"
    monkeypatch.setattr(grants, "REPEATS_OF_LETTER", Budget(most=3))
    await desk.sent(several[0])
    assert await desk.refused(several[0]) == "budget"
    other = vaults.to_seal(mark="nadja")
    await openings.enrol(desk.service, other)
    monkeypatch.setitem(grants.BUDGETS, Grant.LETTER, Budget(most=1))
    assert await desk.refused(await desk.queue(other)) == "budget"


async def test_one_registrars_letters_leave_those_of_others_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused for its tenant's budget takes nothing of the one of all."""
    monkeypatch.setattr(grants, "LETTERS_OF_TENANT", Budget(most=1))
    monkeypatch.setitem(grants.BUDGETS, Grant.LETTER, Budget(most=2))
    mine = [vaults.to_seal(mark="nadja"), vaults.to_seal(mark="amaru")]
    other = dataclasses.replace(vaults.to_seal(mark="nadja"), tenant_id=TenantId(uuid4()))
    await desk.service.administrate(
        "INSERT INTO tenant (id, name, created_at) VALUES ($1, 'Another', now())", other.tenant_id
    )
    await openings.enrol(desk.service, *mine, other)
    await desk.sent(await desk.queue())
    for one in mine:
        assert await desk.refused(await desk.queue(one)) == "budget"
    await desk.sent(await desk.queue(other))
    await desk.service.later(hours=1)
    await desk.sent(await desk.queue(mine[0]))


async def test_a_link_does_its_deed_once(desk: Desk) -> None:
    """By the button that said so; it names whose letter it was, and gives no session."""
    asked = await desk.queue(subject="17")
    token, again = (await desk.sent(asked)).token, (await desk.sent(asked)).token
    desk.kind.seen.clear()
    room = desk.room()
    for deed in ("", "object"):
        assert await code(room, frames.UseToken(token=token, deed=deed)) == "token_unknown"
    assert desk.kind.seen == []
    done = await ask(room, frames.UseToken(token=token, deed="verify"))
    assert done == {
        "done": True, "purpose": "verify", "party": "registrant", "notice": asked.notice,
        "tenant": asked.tenant, "registration": asked.registration, "subject": "17",
    }  # fmt: skip
    assert desk.kind.seen == ["do 17"]
    for used in (token, again):
        assert await code(room, frames.UseToken(token=used, deed="verify")) == "token_unknown"


async def test_a_deed_that_is_refused_leaves_the_link(desk: Desk) -> None:
    """So a crash between deed and use is no loss: it is done again."""
    token = (await desk.sent(await desk.queue())).token
    desk.kind.refuses["do"] = Refused("letter_over")
    asked = frames.UseToken(token=token, deed="verify")
    assert await desk.refused(asked) == "letter_over"
    desk.kind.refuses.clear()
    await ask(desk.room(), asked)
    assert [one for one in desk.kind.seen if one.startswith("do")] == ["do 1", "do 1"]


async def test_a_letters_link_opens_no_page_of_a_case(desk: Desk) -> None:
    """And dies with its time."""
    token = (await desk.sent(await desk.queue())).token
    assert await desk.refused(frames.ShowSession(session=token)) == "session_unknown"
    assert await desk.refused(frames.ShowOwn(session=token)) == "session_unknown"
    desk.service.vault.clock.moment += timedelta(days=30)
    assert await desk.refused(frames.UseToken(token=token, deed="verify")) == "token_unknown"


async def test_a_letters_row_is_of_one_thing(desk: Desk) -> None:
    """Of a case or of a registration, to a registrant; it does not change and does not go."""
    await desk.queue()
    wrong = [
        "UPDATE notice SET kind = 'publication'",
        "UPDATE notice SET registration_id = gen_random_uuid()",
        "UPDATE notice SET case_id = gen_random_uuid()",
        "DELETE FROM notice",
        """INSERT INTO notice (id, template, to_party, facts, queued_at, not_before, try_after)
           VALUES (gen_random_uuid(), 'n1', 'registrant', '{}', now(), now(), now())""",
        """INSERT INTO notice (id, tenant_id, registration_id, kind, template, to_party, facts,
             queued_at, not_before, try_after) VALUES (gen_random_uuid(), gen_random_uuid(),
             gen_random_uuid(), 'x', 'n1', 'requester', '{}', now(), now(), now())""",
    ]
    for statement in wrong:
        with pytest.raises(Exception, match=r"stays|notice_about"):
            await desk.service.administrate(statement)


def test_every_kind_has_a_deed_of_its_own() -> None:
    """A link's purpose says of which kind it is."""
    assert set(PURPOSES) == set(LetterKind)
    assert len(set(PURPOSES.values())) == len(PURPOSES)
