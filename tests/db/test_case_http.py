"""What the staff API says to what is sent: all faults at once, one case for one request."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.support import case_http
from tests.support.case_http import NOBODY, SENDER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_http import Answer, Desk
    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest.fixture
async def desk(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """The staff API."""
    async with case_http.serving(tmp_path, database, monkeypatch) as made:
        yield made


async def listed(desk: Desk) -> list[Any]:
    """The cases that there are."""
    found: list[Any] = (await desk.get("legal", "/staff/cases")).body["cases"]
    return found


async def test_a_request_that_lacks_something_is_told_all_of_it(desk: Desk) -> None:
    """The precise list, of the body first, then of what this type of case needs."""
    answer = await desk.post("intake", "/staff/cases", {"type": "third_party_claim"})
    assert (answer.status, answer.code) == (422, "invalid_body")
    assert answer.pointers == [
        "/channel", "/domain", "/fields", "/received_at", "/requester", "/requester_class",
    ]  # fmt: skip
    answer = await desk.post(
        "intake", "/staff/cases",
        desk.request(
            items=["threat", "gossip"], fields=["registrant.shoe_size"],
            received_at="2027-01-01T00:00:00Z", event_date="2027-01-01T00:00:00Z",
        ),
    )  # fmt: skip
    assert (answer.status, answer.code) == (422, "case_request")
    told = [(one["pointer"], one["code"]) for one in answer.body["errors"]]
    assert sorted(told) == sorted(
        [
            ("/items", "unknown_item"), ("/fields", "unknown_field"),
            ("/event_date", "future"), ("/received_at", "future"),
            *[("/items", "missing_item")] * 7,
        ]
    )  # fmt: skip
    missing = {
        one["detail"].split(" ")[0] for one in answer.body["errors"] if "miss" in one["code"]
    }
    assert missing == set(case_http.ITEMS) - {"threat"}
    assert await listed(desk) == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"type": "gossip"}, 422, "case_type_unknown"),
        ({"domain": "nobodys.example"}, 404, "name_unknown"),
        ({"domain": "no name"}, 422, "domain_name"),
        ({"event_date": "2020-01-01T00:00:00Z"}, 404, "name_unknown"),
        ({"received_at": "yesterday"}, 422, "moment"),
        ({"received_at": "2026-11-01T12:00:00"}, 422, "moment"),
        ({"id": "x"}, 422, "id"),
        ({"country": "de"}, 422, "invalid_body"),
        ({"channel": "By Letter"}, 422, "invalid_body"),
        ({"handler": "handler"}, 422, "invalid_body"),
    ],
)
async def test_a_request_that_is_wrong_opens_nothing(
    desk: Desk, changes: dict[str, object], status: int, code: str
) -> None:
    """Each fault has its code; no case is there afterwards, and no file of who asked."""
    answer = await desk.post("intake", "/staff/cases", desk.request(**changes))
    assert (answer.status, answer.code) == (status, code), answer
    assert await listed(desk) == []
    assert await desk.house.rows("SELECT FROM evidence") == []


async def test_a_letter_is_taken_as_it_came(desk: Desk) -> None:
    """What can not be mended is logged, and shows what it lacks."""
    case = await desk.open(items=["threat"], log_as_it_came=True)
    shown = await desk.get("intake", f"/staff/cases/{case}")
    assert set(shown.body["missing"]) == set(case_http.ITEMS) - {"threat"}
    answer = await desk.act("handler", case, "find_complete")
    assert (answer.status, answer.code) == (403, "act_lacks")
    assert all(one in answer.body["detail"] for one in shown.body["missing"])


async def test_a_request_that_is_sent_twice_opens_one_case(desk: Desk) -> None:
    """By the id that its sender chose; one after the other, or both at once."""
    body = desk.request(id=str(uuid4()))
    await desk.token("intake")
    answers = await asyncio.gather(*(desk.post("intake", "/staff/cases", body) for _ in range(4)))
    assert sorted(one.status for one in answers) == [201, 409, 409, 409]
    assert {one.code for one in answers} == {"", "case_exists"}
    assert [one["id"] for one in await listed(desk)] == [body["id"]]
    rows = await desk.house.rows("SELECT FROM evidence")
    assert len(rows) == 1


async def test_an_act_that_is_sent_twice_is_done_once(desk: Desk) -> None:
    """With the event that was seen last, of any number at once one alone is done."""
    case = await desk.open()
    seq = (await desk.get("intake", f"/staff/cases/{case}")).body["seq"]
    path, body = f"/staff/cases/{case}/acts/acknowledge", {"facts": {}, "seq": seq}
    answers = await asyncio.gather(*(desk.post("intake", path, body) for _ in range(4)))
    assert sorted(one.status for one in answers) == [200, 409, 409, 409]
    before = await desk.rows(case)
    again = await desk.post("intake", path)
    assert (again.status, again.code) == (403, "act_lacks")
    assert await desk.rows(case) == before
    notices = (await desk.get("intake", f"/staff/cases/{case}")).body["notices"]
    assert [one["template"] for one in notices] == ["n1_acknowledgement"]


async def test_facts_that_are_wrong_are_all_named(desk: Desk) -> None:
    """Missing, unknown and wrong facts stand in one list; the case stays as it was."""
    case = await desk.open()
    await desk.act("handler", case, "find_complete")
    before = await desk.rows(case)
    answer = await desk.act(
        "verifier", case, "verify_requester", level="9", until="soon", taker="Erika Mustermann",
        proof=NOBODY, mood="bad", state="closed",
    )  # fmt: skip
    assert (answer.status, answer.code) == (422, "facts_wrong")
    assert answer.pointers == [
        "/level", "/mood", "/number_from", "/proof", "/state", "/taker", "/until",
    ]  # fmt: skip
    assert "Mustermann" not in json.dumps(answer.body)
    for act, code in (("fly", "act_unknown"), ("screen", "act_not_now")):
        assert (await desk.act("verifier", case, act)).code == code
    assert await desk.rows(case) == before


async def test_evidence_of_another_case_is_none(desk: Desk) -> None:
    """An act rests on what lies in its own case."""
    case, other = await desk.open(), await desk.open()
    foreign = await desk.write("legal", other)
    before = await desk.rows(case)
    answer = await desk.act("legal", case, "place_hold", reasons=foreign)
    assert (answer.status, answer.pointers) == (422, ["/reasons"])
    answer = await desk.post(
        "legal", f"/staff/cases/{case}/orders",
        {"kind": "deactivate", "basis": "contract_breach", "reason": "x", "reasons": foreign},
    )  # fmt: skip
    assert answer.status in {403, 422}
    assert await desk.rows(case) == before


async def test_uploads_are_what_they_say(desk: Desk) -> None:
    """Wrong kinds, empty and lying files are refused, and nothing of them stays."""
    case = await desk.open()
    before = await desk.rows(case)
    path = f"/staff/cases/{case}/evidence"
    for kind, media_type, content, code in (
        ("letter", "text/html", b"<b>x</b>", "evidence_type"),
        ("letter", "application/pdf", b"MZ no pdf", "evidence_type"),
        ("letter", "text/plain", b"", "evidence_empty"),
        ("letter", "text/plain", b"\x00\x01", "evidence_type"),
        ("Letter!", "text/plain", b"x", "evidence_kind"),
        ("requester_contact", "application/json", b"{}", "evidence_kind"),
        ("letter", "image/png", b"\xff\xd8\xff\xe0 jpeg", "evidence_type"),
    ):
        answer = await desk.call(
            "handler", "POST", f"{path}/{kind}", content, Content_Type=media_type
        )
        assert (answer.status, answer.code) == (422, code), (kind, media_type, answer)
    answer = await desk.post(
        "handler", f"/staff/cases/{case}/texts", {"kind": "requester_contact", "text": "x"}
    )
    assert answer.code == "evidence_kind"
    assert await desk.rows(case) == before
    assert len(await desk.house.rows("SELECT FROM sealed_record WHERE class = 'evidence'")) == 1


async def test_deadlines_move_by_their_rules_alone(desk: Desk) -> None:
    """A pause, a resumption and an extension that the clock allows; every other one is refused."""
    case = await desk.open(items=[], log_as_it_came=True)
    await desk.act("intake", case, "ask_missing")
    path = f"/staff/cases/{case}/deadlines"

    async def refused(name: str, step: str, code: str, **body: object) -> None:
        before = await desk.rows(case)
        answer = await desk.post("handler", f"{path}/{name}/{step}", body)
        assert answer.code == code, answer
        assert await desk.rows(case) == before

    until = "2026-11-05T12:00:00Z"
    await refused("complete", "pause", "pause_reason", reason="holiday", ends_by=until)
    await refused("complete", "pause", "moment", reason="clarification", ends_by="friday")
    await refused("complete", "resume", "invalid_body", why="x")
    assert (
        await desk.post("handler", f"{path}/none/resume", {"reason": "clarification"})
    ).status in {403, 404}
    assert (
        await desk.post(
            "handler", f"{path}/none/extend", {"reason": "x", "amount": 1, "noticed_at": until}
        )
    ).status == 404
    await refused("complete", "extend", "invalid_body", reason="x", amount=0, noticed_at=until)
    noticed = desk.house.now.isoformat()
    desk.pass_(hours=2)  # between the notice and who notes it
    await refused(
        "complete", "extend", "extension_times_wrong", reason="x", amount=1, noticed_at=until
    )
    await refused(
        "complete", "extend", "extension_too_long", reason="x", amount=11, noticed_at=noticed
    )
    due = await ends(desk, case)
    answer = await desk.post(
        "handler", f"{path}/complete/extend", {"reason": "x", "amount": 5, "noticed_at": noticed}
    )
    assert answer.status == 200, answer
    assert await ends(desk, case) - due == timedelta(days=5)
    await refused(
        "complete", "extend", "extension_too_long", reason="x", amount=6, noticed_at=noticed
    )
    desk.pass_(days=20)
    await refused(
        "complete", "extend", "extension_after_due", reason="x", amount=1, noticed_at=noticed
    )


async def ends(desk: Desk, case: str) -> datetime:
    """When the time to complete the request is over."""
    shown = await desk.get("handler", f"/staff/cases/{case}")
    (found,) = (one for one in shown.body["deadlines"] if one["name"] == "complete")
    assert (found["whose"], found["paused_until"]) == ("their window", None)
    return datetime.fromisoformat(found["due_at"])


async def propose(desk: Desk, case: str, who: str = "legal", **changes: object) -> Answer:
    """Propose to end the case's safety hold, or whatever is said."""
    body = {
        "kind": "lift hold",
        "basis": "contract_breach",
        "reason": "Nothing is left to be kept.",
        "reasons": await desk.write("legal", case),
        **changes,
    }
    await desk.watch.catch_up()
    return await desk.post(who, f"/staff/cases/{case}/orders", body)


async def test_proposals_that_can_not_be_leave_nothing(desk: Desk) -> None:
    """Kinds that are none, no recipient, unknown papers: refused before anybody votes."""
    case = await desk.open()
    for changes, status, code in (
        ({"kind": "change agent"}, 422, "order_kind"),
        ({"kind": "secret"}, 422, "invalid_body"),
        ({"kind": "disclose", "fields": ["registrant.name"]}, 422, "order_recipient"),
        ({"reasons": NOBODY}, 422, "evidence_unknown"),
        ({"not_before": "now"}, 422, "moment"),
        ({"kind": "gag", "until": "later"}, 422, "moment"),
        ({"reason": ""}, 422, "invalid_body"),
    ):
        answer = await propose(desk, case, **changes)
        assert (answer.status, answer.code) == (status, code), (changes, answer)
    assert await desk.house.rows("SELECT FROM case_order") == []


async def test_an_order_is_proposed_shown_and_not_carried_out_early(desk: Desk) -> None:
    """Its paper is there for staff; without votes nothing comes of it, however often one asks."""
    case = await desk.open()
    await desk.act("legal", case, "place_hold", reasons=await desk.write("legal", case))
    made = await propose(desk, case)
    assert made.status == 201, made
    path = f"/staff/orders/{made.body['order']}"
    shown = await desk.get("auditor", path)
    assert (shown.status, shown.body["state"], shown.body["approvals"]) == (200, "open", [])
    assert SENDER not in shown.body["document"]
    before = await desk.rows(case)
    for who, status in (("releaser", 403), ("decider", 403), ("handler", 403)):
        answer = await desk.call(who, "POST", f"{path}/carry-out")
        assert answer.status == status, (who, answer)
    assert await desk.rows(case) == before
    assert (await desk.get("auditor", path)).body["state"] == "open"


async def test_documents_that_nobody_signed_are_refused(desk: Desk) -> None:
    """A session alone reads nothing: the vault wants the reader's own signature on the paper."""
    case = await desk.open()
    before = await desk.rows(case)
    for path in ("readings", "matches", "pass-phrases"):
        for document in ("", "{}", "x" * 8_000):
            body = {"document": document, "person": "legal", "key": "SHA256:x", "signature": "x"}
            answer = await desk.post("legal", f"/staff/{path}", body)
            assert answer.status in {403, 422}, (path, answer)
        missing = await desk.post("legal", f"/staff/{path}", {})
        assert missing.pointers == ["/document", "/key", "/person", "/signature"]
    assert await desk.rows(case) == before


async def test_lists_are_asked_precisely(desk: Desk) -> None:
    """By state, type and handler, page by page; a place that is none is told."""
    first, second = await desk.open(), await desk.open()
    await desk.token("handler")
    await desk.post("intake", f"/staff/cases/{first}/handler", {"person": "handler"})
    path = "/staff/cases"

    async def ids(query: str) -> list[str]:
        answer = await desk.get("legal", f"{path}?{query}")
        assert answer.status == 200, answer
        return [one["id"] for one in answer.body["cases"]]

    assert set(await ids("")) == {first, second}
    assert await ids("handler=handler") == [first]
    assert set(await ids("type=third_party_claim&state=received")) == {first, second}
    assert await ids("state=closed") == await ids("type=gossip") == []
    newest = (await desk.get("legal", path)).body["cases"][0]
    assert newest["id"] not in await ids(
        f"before={newest['touched_at']},{newest['id']}".replace("+", "%2B")
    )
    for wrong in ("x", "x,y", f"2026,{first}", f"2026-11-01T00:00:00,{first}"):
        answer = await desk.get("legal", f"{path}?before={wrong}")
        assert (answer.status, answer.code) in {(422, "before"), (422, "moment")}, wrong
