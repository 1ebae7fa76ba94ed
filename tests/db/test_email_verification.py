"""A registrant's own address: asked once, answered once, told once; and what must not be asked."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from typing_extensions import override

from proxy.errors import NotFound, Refused
from proxy.model.identifiers import ResellerId
from proxy.model.notice import Handing, Sent
from tests.support import openings, verifying
from tests.support.api import body
from tests.support.notices import FakeMail
from tests.support.verifying import EMAIL, of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.notice import MailAddress
    from tests.support.api import Api
    from tests.support.verifying import House

pytestmark = pytest.mark.db


@pytest_asyncio.fixture
async def house(api: Api) -> AsyncIterator[House]:
    """A registrar whose profile asks for verifications."""
    async with verifying.house(api) as made:
        yield made


async def test_an_address_is_asked_and_confirmed(house: House) -> None:
    """One letter, to whom the vault says; its link confirms; the registrar hears of it."""
    await house.api.put(body())
    (sent,) = await house.turn()
    assert (sent.email, sent.notice.template) == (EMAIL, "n17_verify_email")
    asked = await house.standing()
    assert (asked["state"], asked["verified_at"]) == ("asked", None)
    due, at = (datetime.fromisoformat(asked[one]) for one in ("due_at", "asked_at"))
    assert (due - at).days == 15
    assert await house.told() == []
    await house.later(days=2)
    assert await house.turn() == []
    await house.click(sent)
    now = await house.standing()
    assert (now["state"], now["reason"]) == ("verified", "link")
    assert now["verified_at"] == "2026-11-03T12:00:00Z"
    assert await house.told() == [("verified", "kaveri.example", "link")]
    await house.later(days=20)
    assert await house.turn() == []
    assert len(await house.told()) == 1
    with pytest.raises(NotFound, match="token_unknown"):
        await house.click(sent)


async def test_a_registrar_that_does_it_itself_has_nothing_sent(api: Api) -> None:
    """By default: no row, no letter, nothing in the status; an import of many sends nothing."""
    async with verifying.house(api) as house:
        await api.rows("UPDATE profile SET body = body - 'email_verification'")
        await api.put(body())
        await api.load([of(f"n{number}.example") for number in range(5)])
        assert await house.turn() == []
        assert await api.rows("SELECT 1 FROM email_verification") == []
        assert await house.standing() is None


async def test_the_registrars_own_word_ends_it(house: House) -> None:
    """With the enrolment nothing is sent; later it ends what was overdue, and no event is made."""
    word = {"at": "2026-10-01T00:00:00Z", "method": "phone"}
    await house.api.put(of("kaveri.example", verified=word))
    assert await house.turn() == []
    assert (await house.standing())["state"] == "by_registrar"
    await house.api.put(of("two.example"))
    await house.turn()
    await house.later(days=16)
    await house.turn()
    assert (await house.standing("two.example"))["state"] == "overdue"
    await house.api.put(of("two.example", verified=word))
    assert len(await house.turn()) == 0
    assert (await house.standing("two.example"))["state"] == "by_registrar"
    assert await house.told() == [("unverified", "two.example", "overdue")]


async def test_one_person_gets_one_letter_for_many_names(house: House) -> None:
    """In an import; once the address is confirmed all its names are, and new ones at once."""
    await house.api.load([of(f"n{number}.example", EMAIL.upper()) for number in range(9)])
    await house.api.put(of("kaveri.example"))
    (sent,) = await house.turn()
    await house.later(hours=13)
    assert await house.turn() == []
    await house.click(sent)
    await house.later(hours=13)
    assert await house.turn() == []
    assert {row["state"] for row in await house.api.rows("SELECT state FROM email_verification")} \
        == {"verified"}  # fmt: skip
    await house.api.put(of("new.example"))
    assert await house.turn() == []
    assert (await house.standing("new.example"))["reason"] == "earlier"
    assert len(house.mail.sent) == 1


async def test_another_registrar_learns_nothing_of_it(house: House) -> None:
    """The same person there is asked there: no tenant's knowledge is another's."""
    await house.api.put(body())
    (sent,) = await house.turn()
    await house.click(sent)
    other = await house.api.other_tenant()
    await house.turn_on(other)
    await other.put(of("other.example"))
    (theirs,) = await house.turn()
    assert theirs.email == EMAIL
    assert (await house.standing("other.example", other))["state"] == "asked"
    reply = await other.call("GET", "/v1/registrations/kaveri.example/status")
    assert reply.status == 404


async def test_a_changed_address_is_asked_anew(house: House) -> None:
    """The old link confirms nothing then; the time runs from the change; so also back again."""
    await house.api.put(body())
    (old,) = await house.turn()
    await house.later(days=3)
    await house.api.put(of("kaveri.example", "new@people.example", language=None))
    (new,) = await house.turn()
    assert new.email == "new@people.example"
    with pytest.raises(Refused, match="letter_over"):
        await house.click(old)
    asked = await house.standing()
    assert (asked["state"], asked["asked_at"]) == ("asked", "2026-11-04T12:00:00Z")
    await house.click(new)
    assert (await house.standing())["state"] == "verified"
    await house.later(days=1)
    await house.api.put(body())
    (again,) = await house.turn()
    assert again.email == EMAIL


async def test_other_contacts_need_no_new_answer(house: House) -> None:
    """A new telephone number under a confirmed address is confirmed, without a letter."""
    await house.api.put(body())
    (sent,) = await house.turn()
    await house.click(sent)
    await house.later(days=1)
    await house.api.put(of("kaveri.example", phone="+91.4455550199"))
    assert await house.turn() == []
    assert (await house.standing())["reason"] == "earlier"


async def test_a_reminder_and_an_end_that_is_told_once(house: House) -> None:
    """On day ten and day fifteen, to the second; no name changes; a late answer still counts."""
    await house.api.put(body())
    (first,) = await house.turn()
    await house.later(days=10, seconds=-1)
    assert await house.turn() == []
    await house.later(seconds=1)
    (reminder,) = await house.turn()
    assert reminder.notice.template == "n17_verify_email_reminder"
    await house.later(days=5, seconds=-1)
    assert await house.turn() == []
    assert (await house.standing())["state"] == "asked"
    await house.later(seconds=1)
    before = await house.api.rows("SELECT state, revision, declared FROM registration")
    for _ in range(3):
        assert await house.turn() == []
        await house.later(days=1)
    assert (await house.standing())["state"] == "overdue"
    assert await house.told() == [("unverified", "kaveri.example", "overdue")]
    assert await house.api.rows("SELECT state, revision, declared FROM registration") == before
    await house.click(reminder)
    assert (await house.standing())["state"] == "verified"
    assert [kind for kind, _, _ in await house.told()] == ["unverified", "verified"]
    assert first.token != reminder.token


async def test_an_address_that_does_not_exist_is_told_at_once(house: House) -> None:
    """With the mail host's own code; a route's silence says nothing of an address."""
    house.mail.ends = [Sent(handing=Handing.PERMANENT, reason="smtp_550", reply=550)]
    await house.api.put(body())
    await house.turn()
    assert (await house.standing())["state"] == "undeliverable"
    assert await house.told() == [("undeliverable", "kaveri.example", "smtp_550")]
    await house.api.put(of("two.example", "two@people.example"))
    (sent,) = await house.turn()
    await house.api.rows(
        "UPDATE notice SET state = 'bounced', bounced_at = $2, reason = 'unproven' WHERE id = $1",
        sent.notice.id, house.api.service.vault.clock.now(),
    )  # fmt: skip
    await house.turn()
    assert (await house.standing("two.example"))["state"] == "asked"
    await house.click(sent)
    assert (await house.standing("two.example"))["state"] == "verified"


async def test_our_own_address_is_never_written_to(house: House) -> None:
    """A mask that was fed back to us: taken with a warning, sealed, not asked, told."""
    other = await house.api.other_tenant()
    await house.api.rows(
        """UPDATE profile SET body = jsonb_set(body, '{relay_domain}', '"masks.other.example"')
           WHERE tenant_id = $1""",
        other.tenant,
    )
    reply = await house.api.put(of("kaveri.example", "0abc@MASK.example.net"))
    assert reply.status == 201
    assert "our_address" in {one["code"] for one in reply.json["warnings"]}
    await house.api.put(of("two.example", "0abc@masks.other.example"))
    assert await house.turn() == []
    for name in ("kaveri.example", "two.example"):
        assert (await house.standing(name))["state"] == "ours"
    assert [one[0] for one in await house.told()] == ["unverified", "unverified"]
    assert {one[2] for one in await house.told()} == {"our_address"}


async def test_a_claim_or_a_reservation_waits_until_it_is_a_name(house: House) -> None:
    """Nobody is asked for a name that is not there, or is another's; then the time begins."""
    await house.api.put(body())
    other = await house.api.other_tenant()
    await house.turn_on(other)
    claim = await other.put(body())
    assert claim.json["state"] == "claimed"
    reserved = of("soon.example") | {"created_at": None, "registry_domain_id": None}
    assert (await house.api.put(reserved)).json["state"] == "reserved"
    assert len(await house.turn()) == 1
    await house.later(days=1)
    await house.api.call("DELETE", "/v1/registrations/kaveri.example?reason=error")
    assert len(await house.turn()) == 1
    assert (await house.standing(api=other))["asked_at"] == "2026-11-02T12:00:00Z"
    await house.api.put(of("soon.example", "soon@people.example"))
    assert [one.email for one in await house.turn()] == ["soon@people.example"]


async def test_what_ended_is_asked_no_more(house: House) -> None:
    """A letter that waited is withheld, and nothing of it stays in the status."""
    await house.api.put(body())
    await house.look()
    await house.api.call("DELETE", "/v1/registrations/kaveri.example?reason=registry_deleted")
    assert await house.turn() == []
    (row,) = await house.api.rows("SELECT state, reason FROM notice")
    assert tuple(row) == ("withheld", "letter_over")
    assert await house.api.rows("SELECT 1 FROM email_verification") == []


async def test_a_profile_that_stops_asking_ends_what_is_open(house: House) -> None:
    """Nothing more is sent, and nothing is told."""
    await house.api.put(body())
    await house.turn()
    await house.api.rows("UPDATE profile SET body = body - 'email_verification'")
    await house.later(days=16)
    assert await house.turn() == []
    assert await house.standing() is None
    assert await house.told() == []


async def test_a_reseller_sees_its_own_names_address_alone(house: House) -> None:
    """In the status and in the events; another's name is as if it were not there."""
    mine, theirs = ResellerId("webworks"), ResellerId("other")
    await house.api.rows(
        "INSERT INTO reseller (tenant_id, name, created_at) SELECT $1, n, now()"
        " FROM unnest($2::text[]) n", house.api.tenant, [mine, theirs],
    )  # fmt: skip
    await house.api.put(of("kaveri.example") | {"reseller": mine})
    (sent,) = await house.turn()
    await house.click(sent)
    path = "/v1/registrations/kaveri.example/status"
    own, other = [await house.api.register(reseller=one) for one in (mine, theirs)]
    assert (await house.api.call("GET", path, key=own)).json["email_verification"]["state"] \
        == "verified"  # fmt: skip
    assert (await house.api.call("GET", path, key=other)).status == 404
    (row,) = await house.api.rows("SELECT reseller FROM event WHERE kind LIKE '%email_verified'")
    assert row["reseller"] == mine


async def test_a_relay_that_dies_in_between_writes_once_more(house: House) -> None:
    """Under the same letter, to the same person; either link is good, and then both are used."""
    await house.api.put(body())
    await house.api.service.rounds.adopt()
    await house.look()

    class Died(BaseException):
        pass

    class Dead(FakeMail):
        @override
        async def send(self, message: bytes, *, to: MailAddress, return_path: str) -> Sent:
            raise Died

    real, house.mail = house.mail, Dead()
    with pytest.raises(Died):
        await house.turn()
    house.mail = real
    await house.later(minutes=11)
    (again,) = await house.turn()
    first = house.sent[0]
    assert (first.notice.id, first.email) == (again.notice.id, again.email)
    assert again.notice.attempt == 2
    await house.click(first)
    with pytest.raises(NotFound, match="token_unknown"):
        await house.click(again)
    assert (await house.standing())["state"] == "verified"


async def test_a_vault_that_forgot_asks_again(house: House) -> None:
    """What is kept of mailboxes is a convenience: without it a person is asked once more."""
    await house.api.put(body())
    (sent,) = await house.turn()
    await house.click(sent)
    environment, table = house.api.service.vault.state.table(b"mailboxes")
    with environment.begin(write=True, db=table) as transaction:
        transaction.drop(table, delete=False)
    await house.api.put(of("two.example"))
    assert len(await house.turn()) == 1


async def test_the_worker_alone_can_not_have_anybody_written_to(house: House) -> None:
    """A letter without a row that waits for it, or of another version, gets no address."""
    await house.api.put(body())
    await house.look()
    await house.api.rows("UPDATE email_verification SET state = 'overdue', settled_at = now()")
    assert await house.turn() == []
    (row,) = await house.api.rows("SELECT state, reason FROM notice")
    assert tuple(row) == ("withheld", "letter_over")


async def test_no_address_stands_anywhere_outside_the_vault(house: House) -> None:
    """Neither in rows nor in the vault's own state; nor a token."""
    await house.api.put(of("kaveri.example", "zqcanary@people.example"))
    (sent,) = await house.turn()
    await house.click(sent)
    for table in ("notice", "email_verification", "event", "ledger_entry"):
        rows = await house.api.rows(f"SELECT t::text AS text FROM {table} t")  # noqa: S608 - of ours
        assert rows
        assert not any("zqcanary" in row["text"] for row in rows)
    assert openings.holds(house.api.service, "zqcanary", sent.token) == []
