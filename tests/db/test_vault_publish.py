"""What an instruction to publish gets of the vault: nothing for 72 hours, then its fields alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.errors import Refused
from proxy.model.identifiers import DomainName
from proxy.rules import publishing as rules
from proxy.vault import casebook, grants
from proxy.vault.grants import Budget, Caller, Grant
from proxy.vault.publications import Publications
from proxy.wire import frames
from tests.support import openings as support
from tests.support import publishing
from tests.support import vault as vaults
from tests.support.cases import Opened
from tests.support.openings import ask, code, entries
from tests.support.publishing import FIELDS, THEIRS, consent, signed, their_customer
from tests.support.registrar_keys import OTHER, REGISTRAR

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.publishing import Site

pytestmark = pytest.mark.db

DELAY_S = rules.DELAY.total_seconds()
SHOWN = [
    [
        "registrant",
        [
            ["email", ["marlene@registrant.example"]],
            ["name", ["marlene Größe"]],
            ["street", ["marlene Weg 1", "Hof 2"]],
        ],
    ]
]


@pytest.fixture
async def site(tmp_path: Path, database: Database) -> AsyncIterator[Site]:
    """A registrar with a key in force and one customer in mode `published`."""
    async with publishing.opened(tmp_path, database) as made:
        yield made


async def test_fields_are_given_72_hours_after_the_address(site: Site) -> None:
    """Not before the letter, nor a second too early; then what was named, and no other field."""
    one = await site.instruct()
    await site.service.later(hours=100)
    assert await site.publish(one) == {"done": True, "standing": "waiting", "not_before": ""}
    await site.write_to(one)
    await site.service.later(seconds=DELAY_S - 1)
    early = await site.publish(one)
    assert (early["standing"], set(early)) == ("waiting", {"done", "standing", "not_before"})
    await site.service.later(seconds=1)
    found = await site.publish(one)
    assert (found["standing"], found["contacts"], found["left_out"]) == ("published", SHOWN, [])
    assert await site.publish(one) == found  # a worker that died asks again


async def test_each_letter_starts_the_time_anew(site: Site) -> None:
    """A relay that could not hand it over asks again: the 72 hours run from the last address."""
    one = await site.instruct()
    await site.write_to(one)
    await site.service.later(hours=70)
    await site.write_to(one)
    await site.service.later(hours=71)
    assert (await site.publish(one))["standing"] == "waiting"
    await site.service.later(hours=1)
    assert (await site.publish(one))["standing"] == "published"


async def test_every_step_has_a_leaf_and_no_person(site: Site) -> None:
    """Instructed, opened, ended: ids, names of fields and digests, durable first."""
    one = await site.instruct()
    await site.write_to(one)
    await site.service.later(seconds=DELAY_S)
    await site.publish(one)
    assert await site.end(one, "withdrawn") == "withdrawn"
    found = [one for one in entries(site.service) if one["kind"].startswith("publication")]
    facts = {one["kind"]: one["facts"] for one in found}
    assert set(facts) == {"publication_opened", "publication_ended"}
    assert {one["subject"] for one in found} == {str(site.item.registration_id)}
    assert facts["publication_opened"]["fields"] == ",".join(FIELDS)
    assert facts["publication_ended"]["standing"] == "withdrawn"
    assert "marlene" not in str(found)
    assert support.holds(site.service, "marlene@registrant.example") == []
    two = await site.instruct()
    kinds = [found["kind"] for found in entries(site.service)]
    assert kinds.count("publication_instructed") == 1  # the first one is in a batch by now
    assert two != one


async def test_whoever_did_not_sign_gets_one_refusal(site: Site) -> None:
    """No key, another's key, a changed document, no base64: the same words, and nothing is kept."""
    theirs = await their_customer(site)
    good = signed(site.instruction())
    bad = [
        signed(site.instruction(), OTHER),
        signed(site.instruction(), THEIRS),
        signed(site.instruction(theirs), REGISTRAR),
        signed(site.instruction(tenant_id=uuid4())),
        frames.Instruct(document=good.document, signature=""),
        frames.Instruct(document=good.document, signature=signed(site.instruction()).signature),
        # the same key's read-back signature is none of an instruction
        frames.Instruct(document=good.document, signature=REGISTRAR.sign(good.document)),
    ]
    told = set()
    for request in bad:
        refusal = await support.refusal(site.room, request)
        told.add((type(refusal).__name__, refusal.code, refusal.detail))
    assert len(told) == 1
    assert {one[:2] for one in told} == {("Refused", "publish_key")}
    assert not [one for one in entries(site.service) if one["kind"] == "publication_instructed"]
    await ask(site.room, good)


async def test_what_is_not_as_it_was_seen_is_refused(site: Site) -> None:
    """Another's registration, none, another name, revision, mode, time or installation."""
    theirs = await their_customer(site)
    now = site.service.vault.clock.moment
    for changes, reason in (
        ({"item": theirs, "tenant_id": vaults.TENANT}, "not_found"),
        ({"registration_id": uuid4()}, "not_found"),
        ({"domain": DomainName("other.example")}, "not_found"),
        ({"revision": 2}, "registration_changed"),
        ({"at": now - timedelta(minutes=6)}, "publish_time"),
        ({"at": now + timedelta(minutes=6)}, "publish_time"),
        ({"deployment": "00" * 16}, "publish_deployment"),
    ):
        assert await code(site.room, signed(site.instruction(**changes))) == reason
    for mode in ("redacted", "privacy", "proxy"):
        await site.declare(mode)
        assert await code(site.room, signed(site.instruction())) == "mode_not_published"
    await site.declare()
    newer = vaults.to_seal(2, "newer", site.item.registration_id)
    await site.service.enrol(newer)
    assert await code(site.room, signed(site.instruction())) == "contacts_early"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"given_at": vaults.START + timedelta(days=400)}, "consent_future"),
        ({"given_at": vaults.START - timedelta(days=400)}, "consent_old"),
    ],
)
async def test_a_consent_must_be_of_the_last_year(
    site: Site, changes: dict[str, object], reason: str
) -> None:
    """One that is too old or not given yet spoils the whole instruction."""
    consents = (consent(FIELDS[0]), consent(FIELDS[1], **changes))
    assert await code(site.room, signed(site.instruction(consents=consents))) == reason


async def test_the_same_document_is_taken_once(site: Site) -> None:
    """Again while it waits, it is answered again and its time goes on; afterwards it is refused."""
    request = signed(site.instruction())
    first = await ask(site.room, request)
    kept = Publications(site.service.vault.state).find(vaults.TENANT, site.item.registration_id)
    assert kept is not None
    await site.write_to(kept.id)  # type: ignore[arg-type] # an id as the state keeps it
    assert await ask(site.room, request) == first
    site.service.reopen()
    again = Publications(site.service.vault.state).find(vaults.TENANT, site.item.registration_id)
    assert again is not None
    assert again.addressed_at is not None
    await site.end(kept.id, "withdrawn")
    assert await code(site.room, request) == "publish_repeated"


async def test_a_newer_instruction_replaces_the_one_before(site: Site) -> None:
    """The older one is over, whatever its letter said; the newer has its own letter and time."""
    older = await site.instruct()
    await site.write_to(older)
    await site.service.later(hours=80)
    newer = await site.instruct()
    assert (await site.publish(older))["standing"] == ""
    assert (await site.publish(newer))["not_before"] == ""


async def test_no_of_the_registrant_ends_it_before_and_after(site: Site) -> None:
    """By the letter's link; it is told to the worker until taken; the same consents are void."""
    for is_late in (False, True):
        given = site.service.vault.clock.moment
        consents = tuple(consent(one, given_at=given) for one in FIELDS)
        one = await site.instruct(consents=consents)
        token = (await site.write_to(one)).token
        if is_late:
            await site.service.later(seconds=DELAY_S)
            assert (await site.publish(one))["standing"] == "published"
        await ask(site.room, frames.UseToken(token=token, deed="object"))
        await site.service.later(seconds=DELAY_S)
        found = await site.publish(one)
        assert (found["standing"], "contacts" in found) == ("objected", False)
        told = (await ask(site.room, frames.ShowObjections()))["objections"]
        assert [each["instruction"] for each in told] == [str(one)]
        await ask(site.room, site.ended(one, "objected"), caller=Caller.WORKER)
        assert (await ask(site.room, frames.ShowObjections()))["objections"] == []
        refused = signed(site.instruction(consents=consents))
        assert await code(site.room, refused) == "consent_objected"


async def test_a_letter_goes_out_for_what_waits_alone(site: Site) -> None:
    """Not for one that is over, nor to the address of somebody else than agreed."""
    one = await site.instruct()
    await site.end(one, "withdrawn")
    with pytest.raises(Refused, match="letter_over"):
        await site.write_to(one)
    two = await site.instruct()
    await support.enrol(site.service, vaults.to_seal(2, "newer", site.item.registration_id))
    with pytest.raises(Refused, match="letter_over"):
        await site.write_to(two)
    for subject in (uuid4(), "none"):
        with pytest.raises(Refused, match="letter_over"):
            await site.write_to(subject)  # type: ignore[arg-type] # what a forged row may hold


async def test_nobody_says_no_or_yes_for_the_registrant(site: Site) -> None:
    """API and worker end instructions, but not as the registrant."""
    one = await site.instruct()
    assert await code(site.room, site.ended(one, "objected")) == "not_granted"
    for standing in ("waiting", "published", "nonsense"):
        assert await code(site.room, site.ended(one, standing)) == "publication_end"


async def test_a_no_is_to_whatever_is_open_of_the_same_person(site: Site) -> None:
    """By an older letter too."""
    token, newer = (await site.write_to(await site.instruct())).token, await site.instruct()
    await ask(site.room, frames.UseToken(token=token, deed="object"))
    assert (await site.publish(newer))["standing"] == "objected"


async def test_who_held_a_name_before_says_nothing_of_it(site: Site) -> None:
    """A link that came before the present contacts ends no instruction about these."""
    former = (await site.write_to(await site.instruct())).token
    later = 40_000_000  # seconds since 2026
    await support.enrol(site.service, vaults.to_seal(later, "newer", site.item.registration_id))
    newer = await site.instruct()
    assert await code(site.room, frames.UseToken(token=former, deed="object")) == "letter_over"
    assert (await site.publish(newer))["standing"] == "waiting"


@pytest.mark.parametrize("change", ["contacts", "mode", "ended", "claimed"])
async def test_what_changed_meanwhile_is_not_published(site: Site, change: str) -> None:
    """Other contacts, mode or speaker than were agreed to: it is over, also if they come back."""
    one = await site.instruct()
    await site.write_to(one)
    if change == "contacts":
        newer = vaults.to_seal(2, "newer", site.item.registration_id)
        await support.enrol(site.service, newer)
    await site.service.later(seconds=DELAY_S)
    match change:
        case "contacts":
            pass
        case "mode":
            await site.declare("redacted")
        case "ended":
            await site.service.end(site.item, "transferred_out")
        case _:
            await site.service.administrate("UPDATE registration SET state = 'claimed'")
    found = await site.publish(one)
    assert (found["standing"], "contacts" in found) == ("changed", False)
    await site.declare()
    assert (await site.publish(one))["standing"] == "changed"


async def test_rows_of_the_database_decide_nothing(site: Site) -> None:
    """Moved times, forged versions and made up letters publish nothing, and change no clock."""
    one = await site.instruct()
    newer = vaults.to_seal(2, "newer", site.item.registration_id)
    await site.write_to(one)
    await support.enrol(site.service, newer)
    await site.service.administrate("UPDATE registration SET record_version = 1")
    await site.service.administrate(
        "UPDATE notice SET state = 'delivered', delivered_at = $1, handed_at = $1, attempts = 1,"
        " try_after = NULL, message_id = 'x'",
        vaults.START,
    )
    assert (await site.publish(one))["standing"] == "waiting"
    await site.service.later(seconds=DELAY_S)
    assert (await site.publish(one))["standing"] == "changed"


async def test_the_worker_gets_what_it_names_and_no_more(site: Site) -> None:
    """Another name, another's instruction, one that never was: where it stands, no field."""
    theirs = await their_customer(site)
    one = await site.instruct()
    await site.write_to(one)
    await site.service.later(seconds=DELAY_S)
    for item, instruction in ((theirs, one), (site.item, uuid4())):
        assert await site.publish(instruction, item) == {"done": True, "standing": ""}
    bad = frames.Publish(tenant="x", registration="y", instruction="z")
    assert await code(site.room, bad) == "publication_malformed"


async def test_a_case_that_holds_stops_it_unseen(site: Site) -> None:
    """Held, it waits as if its time had not come; released, it is published."""
    one = await site.instruct()
    await site.write_to(one)
    await site.service.later(seconds=DELAY_S)
    case = uuid4()
    hold = (site.item.tenant_id, site.item.registration_id, case)
    book = casebook.CaseBook(site.service.vault.state)
    book.place_hold(*hold, site.service.vault.clock.moment)  # type: ignore[arg-type] # a case's id
    held = await site.publish(one)
    assert (held["standing"], "contacts" in held) == ("waiting", False)
    book.lift_hold(*hold)  # type: ignore[arg-type] # a case's id
    assert (await site.publish(one))["standing"] == "published"


@pytest.mark.parametrize("overlay", ["safety", "minor"])
async def test_an_open_case_that_protects_a_person_stops_it_unseen(
    site: Site, overlay: str
) -> None:
    """As long as the overlay lies over it; another overlay, or another's case, stops nothing."""
    one = await site.instruct()
    await site.write_to(one)
    other = vaults.to_seal()
    await support.enrol(site.service, other)
    theirs, case = Opened(site.service, other), Opened(site.service, site.item)
    for one_case, set_overlay in ((theirs, overlay), (case, "stay")):
        await one_case.open()
        await one_case.tell("overlay_set", overlay=set_overlay, until="", evidence="")
    await site.service.later(seconds=DELAY_S)
    await case.tell("overlay_set", overlay=overlay, until="", evidence="")
    held = await site.publish(one)
    assert (held["standing"], "contacts" in held) == ("waiting", False)
    await case.tell("overlay_cleared", overlay=overlay)
    assert (await site.publish(one))["standing"] == "published"


async def test_one_that_nobody_carries_out_lapses(site: Site) -> None:
    """After 30 days without its letter an instruction is over."""
    one = await site.instruct()
    await site.service.later(days=31)
    assert (await site.publish(one))["standing"] == "lapsed"


async def test_free_text_that_looks_personal_is_left_out(site: Site) -> None:
    """A number in a name's field is told and not shown, unless its consent knows of it."""
    item = vaults.to_seal(mark="id 123456789")
    await support.enrol(site.service, item)
    await site.declare(item=item)
    for confirmed, left_out in ((False, ["registrant.name"]), (True, [])):
        consents = (
            consent("registrant.country"),
            consent("registrant.name", confirmed=confirmed),
            consent("registrant.phone"),
        )
        one = await site.instruct(item, consents=consents)
        await site.write_to(one, item)
        await site.service.later(seconds=DELAY_S)
        found = await site.publish(one, item)
        assert found["left_out"] == left_out
        shown = {field for _, fields in found["contacts"] for field, _ in fields}
        assert ("name" in shown) is confirmed
        assert "phone" in shown


async def test_budgets_hold_for_each_registrar_and_for_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many instructions and publications a day, in the vault's own state."""
    theirs = await their_customer(site)
    monkeypatch.setitem(grants.BUDGETS, Grant.INSTRUCT, Budget(most=2, hours=24))
    monkeypatch.setitem(grants.BUDGETS, Grant.PUBLISH, Budget(most=1, hours=24))
    monkeypatch.setattr(grants, "PUBLISHED_IN_ALL", Budget(most=1, hours=24))
    monkeypatch.setattr(grants, "REPEATS_OF_PUBLICATION", Budget(most=3, hours=24))
    await site.instruct()
    one = await site.instruct()
    assert await code(site.room, signed(site.instruction())) == "budget"
    other = site.instruction(theirs)
    await ask(site.room, signed(other, THEIRS))
    await site.write_to(one)
    await site.write_to(other.id, theirs)
    await site.service.later(seconds=DELAY_S)
    for _ in range(3):
        assert (await site.publish(one))["standing"] == "published"
    asked = frames.Publish(
        tenant=str(site.item.tenant_id),
        registration=str(site.item.registration_id),
        instruction=str(one),
    )
    assert await code(site.room, asked) == "budget"
    asked = frames.Publish(
        tenant=str(theirs.tenant_id),
        registration=str(theirs.registration_id),
        instruction=str(other.id),
    )
    assert await code(site.room, asked) == "budget"
