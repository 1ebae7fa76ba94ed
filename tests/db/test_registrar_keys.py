"""By which keys registrars read back: orders and revocations at a vault with its database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from proxy.model.order import RegistrarKey
from proxy.vault import writes
from proxy.vault.grants import Caller
from proxy.vault.registrar_keys import RegistrarKeys
from proxy.wire import documents, frames, order_document, plain_words
from tests.support import papers, registrar_keys
from tests.support import vault as vaults
from tests.support.decisions import Office, code
from tests.support.papers import ANNA, BEN, CHRIS
from tests.support.registrar_keys import OTHER, REGISTRAR, change, order, revocation, voted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.roster import Roster
    from proxy.vault.registrar_keys import KeptKey
    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    """A vault that answers about papers."""
    async with vaults.service(tmp_path, database) as service:
        yield Office(service)


@pytest.fixture
async def roster(office: Office) -> Roster:
    """A roster with a rule for registrars' keys."""
    return await office.found(rules=registrar_keys.RULES)


def in_force(office: Office) -> KeptKey | None:
    """The key of the usual registrar at this moment."""
    vault = office.service.vault
    return RegistrarKeys(vault.state).in_force(vaults.TENANT, vault.clock.now())


async def test_a_key_holds_after_the_delay_and_survives_a_restart(
    office: Office, roster: Roster
) -> None:
    """Carried out, it waits as long as a roster does; then it counts, and the entry tells of it."""
    made = await voted(office, order(office, roster, change(REGISTRAR.key)))
    assert (await office.carry_out(made))["kind"] == "registrar key"
    assert in_force(office) is None
    office.wait(seconds=roster.delay_s - 1)
    assert in_force(office) is None
    office.wait(seconds=1)
    office.service.reopen()
    found = in_force(office)
    assert found is not None
    assert (found.signing, found.sealing) == (REGISTRAR.key.signing, REGISTRAR.key.sealing)
    assert found.order == documents.digest(order_document.render(made))
    assert "order_carried_out" in office.entries()


@pytest.mark.parametrize(
    ("hands", "lack"),
    [
        ((ANNA, BEN), "approvals_lacking"),
        ((ANNA, CHRIS), "approvals_lacking"),
        ((BEN, CHRIS), "approvals_lacking"),
        ((), "approvals_lacking"),
    ],
)
async def test_fewer_people_give_no_key(
    office: Office, roster: Roster, hands: tuple[papers.Hand, ...], lack: str
) -> None:
    """Who decides, counsel, and the officer beside them: without one of them nothing happens."""
    made = order(office, roster, change(REGISTRAR.key))
    kept = await office.propose(made)
    for hand in hands:
        await office.vote(made, kept, hand)
    assert await code(office.carry_out(made)) == lack
    office.wait(seconds=roster.delay_s)
    assert in_force(office) is None


async def test_votes_through_a_web_page_do_not_count(office: Office) -> None:
    """A console that was taken over can not have a key enrolled by members' passkeys."""
    web = papers.passkey_hand("ben")
    members = (papers.member(ANNA), papers.member(BEN, web), papers.member(CHRIS))
    roster = await office.found(rules=registrar_keys.RULES, members=members)
    made = await voted(office, order(office, roster, change(REGISTRAR.key)), ANNA, web, CHRIS)
    assert await code(office.carry_out(made)) == "approvals_lacking"


async def test_a_roster_without_the_rule_gives_no_key(office: Office) -> None:
    """An installation whose members never agreed on it has no read-back."""
    roster = await office.found()
    made = order(office, roster, change(REGISTRAR.key))
    assert await code(office.propose(made)) == "order_kind_without_rule"


LOW_ORDER = RegistrarKey(signing="01" + "00" * 31, sealing=REGISTRAR.key.sealing)


@pytest.mark.parametrize(
    ("key", "before", "reason"),
    [
        (REGISTRAR.key, OTHER.key, "order_key_changed"),
        (None, None, "order_changes_nothing"),
        (LOW_ORDER, None, "order_key_unsound"),
        (replace(REGISTRAR.key, sealing="00" * 32), None, "order_key_unsound"),
        (replace(REGISTRAR.key, signing="ff" * 32), None, "order_key_unsound"),
    ],
)
async def test_orders_that_fit_nothing_are_refused(
    office: Office,
    roster: Roster,
    key: RegistrarKey | None,
    before: RegistrarKey | None,
    reason: str,
) -> None:
    """What was not seen is not replaced, and a key that proves or hides nothing is none."""
    made = order(office, roster, change(key, before))
    assert await code(office.propose(made)) == reason


async def test_a_key_is_replaced_without_a_gap_and_ended_at_once(
    office: Office, roster: Roster
) -> None:
    """The one so far holds until the new one does; an order for none ends both."""
    await registrar_keys.enrol(office, roster)
    made = await voted(office, order(office, roster, change(OTHER.key, REGISTRAR.key)))
    await office.carry_out(made)
    found = in_force(office)
    assert found is not None
    assert found.signing == REGISTRAR.key.signing
    office.wait(seconds=roster.delay_s)
    found = in_force(office)
    assert found is not None
    assert found.signing == OTHER.key.signing
    gone = await voted(office, order(office, roster, change(None, OTHER.key)))
    await office.carry_out(gone)
    assert in_force(office) is None
    assert RegistrarKeys(office.service.vault.state).all(vaults.TENANT) == ()


async def test_one_member_ends_a_key(office: Office, roster: Roster) -> None:
    """By a signature under the order that gave it, over either door; once, and it stays so."""
    made = await registrar_keys.enrol(office, roster)
    assert (await office.ask(revocation(made, CHRIS), Caller.WEB))["state"] == "revoked"
    assert in_force(office) is None
    office.service.reopen()
    office.reopen()
    assert in_force(office) is None
    assert office.entries().count("registrar_key_revoked") == 1
    assert await code(office.ask(revocation(made, CHRIS), Caller.API)) == "key_not_enrolled"


async def test_a_key_that_waits_is_ended_alone(office: Office, roster: Roster) -> None:
    """Who stops what two colleagues did in the night leaves the key that there was."""
    await registrar_keys.enrol(office, roster)
    rogue = await voted(office, order(office, roster, change(OTHER.key, REGISTRAR.key)))
    await office.carry_out(rogue)
    await office.ask(revocation(rogue, BEN), Caller.API)
    office.wait(seconds=roster.delay_s)
    found = in_force(office)
    assert found is not None
    assert found.signing == REGISTRAR.key.signing


async def test_a_replaced_key_does_not_come_back(office: Office, roster: Roster) -> None:
    """With the key in force those before it end as well: perhaps that is why they were replaced."""
    await registrar_keys.enrol(office, roster)
    made = await registrar_keys.enrol(office, roster, OTHER, REGISTRAR.key)
    await office.ask(revocation(made, BEN), Caller.API)
    assert in_force(office) is None


async def test_nobody_else_ends_a_key(office: Office, roster: Roster) -> None:
    """No stranger, no keeper of a recovery key, no other statement, no other order."""
    made = await registrar_keys.enrol(office, roster)
    for hand in (papers.STRANGER, papers.SAFES[0]):
        assert await code(office.ask(revocation(made, hand), Caller.API)) == "revocation_stranger"
    signed = revocation(made, ANNA)
    as_anna = replace(papers.STRANGER, person="anna")
    assert await code(office.ask(revocation(made, as_anna), Caller.API)) == "signature_stranger"
    no = ANNA.no(documents.digest(order_document.render(made)))
    other = await office.approved(roster)
    for asked, reason in (
        (type(signed)(order=signed.order, signature=no), "signature_invalid"),
        (type(signed)(order=str(other.id), signature=signed.signature), "key_not_enrolled"),
    ):
        assert await code(office.ask(asked, Caller.API)) == reason
    assert in_force(office) is not None


async def test_order_key_and_entry_are_one_step(
    office: Office, roster: Roster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vault that dies in the step has done none of it, and the order can be carried out again."""
    made = await voted(office, order(office, roster, change(REGISTRAR.key)))
    write_all, steps = writes.write_all, []
    with monkeypatch.context() as broken:

        def dying(transaction: Any, given: Any) -> None:
            write_all(transaction, given)
            steps.append(len(given))
            if len(steps) > 1:  # the first one sets out on the order
                raise KeyboardInterrupt

        broken.setattr(writes, "write_all", dying)
        with pytest.raises(KeyboardInterrupt):
            await office.carry_out(made)
    assert steps == [1, 2]
    office.service.reopen()
    office.reopen()
    keys = RegistrarKeys(office.service.vault.state)
    assert keys.all(vaults.TENANT) == ()
    assert "order_carried_out" not in office.entries()
    await office.carry_out(made)
    assert len(RegistrarKeys(office.service.vault.state).all(vaults.TENANT)) == 1
    assert await code(office.carry_out(made)) == "order_used"


async def test_one_member_stops_an_order_for_a_key(office: Office, roster: Roster) -> None:
    """Before it is carried out an objection is enough, as with every order."""
    made = order(office, roster, change(REGISTRAR.key))
    kept = await office.propose(made)
    for hand in registrar_keys.ENOUGH:
        await office.vote(made, kept, hand)
    no = CHRIS.no(str(kept["sha256"]))
    await office.ask(frames.ObjectToOrder(order=str(made.id), signature=no), Caller.API)
    assert await code(office.carry_out(made)) == "order_stopped"
    assert await code(office.ask(revocation(made, CHRIS), Caller.API)) == "key_not_enrolled"


async def test_what_was_voted_on_before_the_key_changed_is_void(
    office: Office, roster: Roster
) -> None:
    """Of two approved orders the second does not replace what its voters never saw."""
    first = await voted(office, order(office, roster, change(REGISTRAR.key)))
    second = await voted(office, order(office, roster, change(OTHER.key)))
    await office.carry_out(first)
    assert await code(office.carry_out(second)) == "order_key_changed"


async def test_forged_rows_give_no_key(office: Office, roster: Roster) -> None:
    """No order counts that the vault never received, and none with another key in its place."""
    made = await voted(office, order(office, roster, change(REGISTRAR.key)))
    theirs = order_document.render(replace(made, subject=change(OTHER.key)))
    await office.service.administrate("ALTER TABLE approval_order DISABLE TRIGGER ALL")
    await office.service.administrate(
        "UPDATE approval_order SET document = $1 WHERE id = $2", theirs, made.id
    )
    assert await code(office.carry_out(made)) == "order_forged"
    unseen = order(office, roster, change(OTHER.key))
    await office.service.administrate(
        """INSERT INTO approval_order (id, kind, sha256, document, nonce, received_at, expires_at)
           SELECT $1, kind, sha256, document, nonce, received_at, expires_at FROM approval_order""",
        unseen.id,
    )
    assert await code(office.carry_out(unseen)) == "order_unknown"
    assert RegistrarKeys(office.service.vault.state).all(vaults.TENANT) == ()


async def test_what_members_read_names_keys_and_consequence(office: Office, roster: Roster) -> None:
    """Both keys whole, whose persons they open, and that it waits."""
    made = order(office, roster, change(REGISTRAR.key))
    words = "\n".join(plain_words.order(made, "00" * 32, roster))
    for one in (REGISTRAR.key.signing, REGISTRAR.key.sealing, str(vaults.TENANT), "48 h"):
        assert one in words
    assert "all on machines of their own" in words
