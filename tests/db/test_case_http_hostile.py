"""One session of staff in the wrong hands: what it could spoil, learn, or break by odd values."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.db.test_case_http import propose
from tests.support import case_http
from tests.support.case_http import NOBODY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_http import Desk
    from tests.support.database import Database

pytestmark = pytest.mark.db


@pytest.fixture
async def desk(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """The staff API."""
    async with case_http.serving(tmp_path, database, monkeypatch) as made:
        yield made


EDGES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+00:00",
)


async def test_moments_at_the_ends_of_time_are_refused(desk: Desk) -> None:
    """A moment that UTC has no word for is a wrong moment, never a bug of ours."""
    case = await desk.open()
    seen = []
    for edge in EDGES:
        quoted = edge.replace("+", "%2B")
        seen += [
            await desk.post("intake", "/staff/cases", desk.request(received_at=edge)),
            await desk.post("intake", "/staff/cases", desk.request(event_date=edge)),
            await desk.post(
                "intake", "/staff/cases",
                desk.request(received_at=edge, event_date=desk.house.now.isoformat()),
            ),
            await desk.get("handler", f"/staff/cases?before={quoted},{NOBODY}"),
            await desk.post(
                "handler", f"/staff/cases/{case}/deadlines/complete/pause",
                {"reason": "clarification", "ends_by": edge},
            ),
            await desk.post(
                "handler", f"/staff/cases/{case}/deadlines/complete/extend",
                {"reason": "asked", "amount": 1, "noticed_at": edge},
            ),
            await propose(desk, case, not_before=edge),
            await propose(desk, case, kind="gag", until=edge),
        ]  # fmt: skip
    assert all(one.status < 500 and one.status != 201 for one in seen), seen


@pytest.mark.parametrize("odd", ["%00", "%ED%A0%80", "%FF"])
async def test_characters_in_paths_that_no_table_holds_are_refused(desk: Desk, odd: str) -> None:
    """NUL and what is no text, in queries and in places of a path."""
    case = await desk.open()
    seen = {}
    for path in (
        f"/staff/cases?state={odd}", f"/staff/cases?type={odd}", f"/staff/cases?handler={odd}",
        f"/staff/cases?before={odd}", f"/staff/tasks?role={odd}",
        f"/staff/cases/{case}/documents/{odd}", f"/staff/cases/{odd}",
    ):  # fmt: skip
        seen[path] = await desk.get("handler", path)
    for path, body in (
        (f"/staff/cases/{case}/acts/{odd}", {}),
        (f"/staff/cases/{case}/deadlines/{odd}/pause",
         {"reason": "clarification", "ends_by": "2026-11-05T00:00:00Z"}),
        (f"/staff/cases/{case}/deadlines/{odd}/extend",
         {"reason": "asked", "amount": 1, "noticed_at": "2026-11-01T00:00:00Z"}),
    ):  # fmt: skip
        seen[path] = await desk.post("handler", path, body)
    assert all(one.status < 500 for one in seen.values()), seen


@pytest.mark.parametrize("odd", [rb"\u0000", rb"\ud800", rb"\udfff", rb"\u202e", rb"\uffff"])
async def test_characters_in_bodies_that_no_table_holds_are_refused(desk: Desk, odd: bytes) -> None:
    """NUL and halves of pairs, wherever a text goes."""
    case = await desk.open()
    paper = await desk.write("legal", case)
    to = {"name": "x", "identity": paper, "delete_by": "2026-12-01"}
    order = {
        "kind": "deactivate", "basis": "contract_breach", "reason": "x", "reasons": paper,
        "releaser": "releaser", "fields": ["registrant.name"],
    }  # fmt: skip
    await desk.watch.catch_up()
    answers = []
    for changes in (
        {"channel": "@@"}, {"country": "@@"}, {"items": ["@@"]}, {"requester_class": "@@"},
        {"fields": ["@@"]}, {"domain": "@@.example"}, {"type": "@@"}, {"id": "@@"},
        {"requester": {"name": "@@", "email": "a@b.example", "language": "de"}},
    ):  # fmt: skip
        whole = put(desk.request(**changes), odd)
        answers.append(await desk.post("intake", "/staff/cases", whole))
    for path, body in (
        ("acts/acknowledge", {"facts": {"@@": "@@"}}),
        ("acts/place_hold", {"facts": {"reasons": "@@"}}),
        ("handler", {"person": "@@"}), ("conflict", {"person": "@@"}),
        ("orders", {**order, "reason": "@@"}), ("orders", {**order, "releaser": "@@"}),
        ("orders", {**order, "reasons": "@@"}), ("orders", {**order, "instrument": "@@"}),
        ("orders", {**order, "kind": "publish", "fields": ["@@"]}),
        ("orders", {**order, "kind": "disclose", "to": {**to, "name": "@@"}}),
        ("orders", {**order, "kind": "disclose", "to": {**to, "openpgp": "@@"}}),
        ("orders", {**order, "kind": "disclose", "to": {**to, "delete_by": "@@"}}),
        ("texts", {"kind": "letter", "text": "@@"}), ("texts", {"kind": "@@", "text": "x"}),
    ):  # fmt: skip
        answers.append(await desk.post("legal", f"/staff/cases/{case}/{path}", put(body, odd)))
    assert all(one.status < 500 for one in answers), answers


def put(body: object, odd: bytes) -> bytes:
    """A body with odd octets in the place of its mark."""
    return json.dumps(body).encode().replace(b"@@", odd)


async def test_a_conflict_is_declared_once(desk: Desk) -> None:
    """Said again it changes nothing: else one session voids everybody's votes for ever."""
    case = await desk.open()
    path = f"/staff/cases/{case}/conflict"
    assert (await desk.post("auditor", path, {"person": "auditor"})).status == 200
    before = await desk.rows(case)
    assert (await desk.post("auditor", path, {"person": "auditor"})).status == 200
    assert await desk.rows(case) == before


async def test_the_same_handler_again_changes_nothing(desk: Desk) -> None:
    """Nothing is appended where nothing is new."""
    case = await desk.open()
    await desk.token("handler")
    path = f"/staff/cases/{case}/handler"
    assert (await desk.post("handler", path, {"person": "handler"})).status == 200
    before = await desk.rows(case)
    assert (await desk.post("handler", path, {"person": "handler"})).status == 200
    assert await desk.rows(case) == before


async def test_who_keeps_away_sees_no_order(desk: Desk) -> None:
    """Whoever declared a conflict reads no order of the case, and no list names it."""
    case = await desk.open()
    await desk.act("legal", case, "place_hold", reasons=await desk.write("legal", case))
    made = await propose(desk, case)
    path = f"/staff/orders/{made.body['order']}"
    assert (await desk.get("auditor", path)).status == 200
    await desk.post("auditor", f"/staff/cases/{case}/conflict", {"person": "auditor"})
    hidden = await desk.get("auditor", path)
    never = await desk.get("auditor", f"/staff/orders/{NOBODY}")
    assert (hidden.status, hidden.body) == (never.status, never.body)


@pytest.mark.parametrize("edge", EDGES)
async def test_facts_at_the_ends_of_time_are_refused(desk: Desk, edge: str) -> None:
    """No clock can count from there: a fact is refused, and the case is what it was."""
    case = await desk.open(type="law_enforcement", items=[], log_as_it_came=True)
    paper = await desk.write("legal", case)
    before = await desk.rows(case)
    bad = []
    for act, facts in (
        ("note_process", {"paper": paper, "return_date": edge}),
        ("verify_requester", {"level": "2", "until": edge, "number_from": "independent",
                              "taker": "intake", "proof": paper}),
        ("preserve", {"until": edge, "reasons": paper}),
    ):  # fmt: skip
        for who in ("legal", "verifier"):
            answer = await desk.act(who, case, act, **facts)
            bad.append((act, who, answer.status, answer.code, answer.body.get("detail")))
    assert await desk.rows(case) == before, bad
    assert all(status < 500 for _, _, status, _, _ in bad), bad


async def test_octets_that_are_no_text_name_no_session(desk: Desk) -> None:
    """A header may hold any octet; what the vault is asked for is text."""
    bad = []
    token = "a" * 43
    for head in (
        b"GET /my/case HTTP/1.1", b"GET /my/data HTTP/1.1", b"GET /my/claim HTTP/1.1",
        b"POST /my/step-up HTTP/1.1", f"POST /n/{token} HTTP/1.1".encode(),
        b"GET /my/package HTTP/1.1", b"GET /package HTTP/1.1", b"GET /staff/cases HTTP/1.1",
        b"GET /staff/orders/%ED%A0%80 HTTP/1.1", b"GET /staff/orders/\xff HTTP/1.1",
    ):  # fmt: skip
        for header in (
            b"Authorization: Bearer \xff\xfe", b"Authorization: Bearer \xed\xa0\x80",
            b"Cookie: session=\xff\xfe; __Host-session=\xff",
            b"Accept-Language: \xff", b"Content-Type: \xff/\xfe",
        ):  # fmt: skip
            status = await raw(desk, head, header)
            if status >= 500:
                bad.append((head, header, status))
    assert not bad, bad


async def raw(desk: Desk, head: bytes, header: bytes) -> int:
    """The status of an answer to octets as they are."""
    host, _, port = desk.web.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        length = b"Content-Length: 0\r\n" if head.startswith(b"POST") else b""
        writer.write(head + b"\r\nHost: x\r\nConnection: close\r\n" + length + header + b"\r\n\r\n")
        line = await reader.readline()
    finally:
        writer.close()
    return int(line.split()[1])
