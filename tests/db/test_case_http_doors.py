"""The doors of the staff API: without a session, in a wrong way, from another site, for no case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from unittest import mock

import pytest

from proxy.apps import case_orders, case_reading, cases
from tests.support import case_http
from tests.support.case_http import NOBODY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_http import Desk
    from tests.support.database import Database

pytestmark = pytest.mark.db
ROUTES: Final = tuple(
    (one.method, one.path)
    for room in (cases, case_orders, case_reading)
    for one in room.routes(mock.Mock())
)
POSTS: Final = tuple(path for method, path in ROUTES if method == "POST")
WITHOUT_JSON: Final = ("/carry-out", "/release", "/{kind}")
OF_A_CASE: Final = tuple((method, path) for method, path in ROUTES if "{case}" in path)
FILLED: Final = {
    "act": "acknowledge", "kind": "letter", "deadline": "verify", "document": "indemnity",
    "order": NOBODY, "package": NOBODY,
}  # fmt: skip
BODIES: Final = {
    "/handler": {"person": "handler"},
    "/conflict": {"person": "handler"},
    "/texts": {"kind": "letter", "text": "x"},
    "/pause": {"reason": "clarification", "ends_by": "2026-11-05T00:00:00Z"},
    "/resume": {"reason": "clarification"},
    "/extend": {"reason": "asked", "amount": 1, "noticed_at": "2026-11-01T00:00:00Z"},
    "/orders": {"kind": "deactivate", "basis": "contract_breach", "reason": "x", "reasons": NOBODY},
}


@pytest.fixture
async def desk(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """The staff API."""
    async with case_http.serving(tmp_path, database, monkeypatch) as made:
        yield made


def filled(path: str, case: str = NOBODY) -> str:
    """A path with its names filled in."""
    return path.format(case=case, **FILLED)


def body_of(path: str) -> object:
    """A body that a path could take."""
    return next((one for end, one in BODIES.items() if path.endswith(end)), {"facts": {}})


async def test_nobody_gets_in_without_a_session(desk: Desk) -> None:
    """401 on every route, before anything is read; a token that ended is none."""
    token = await desk.token("handler")
    assert (await desk.post("handler", "/staff/sign-out")).status == 200
    for method, path in ROUTES:
        for sent in ("", "Basic abc", f"Bearer {'a' * 43}", f"Bearer {token}"):
            headers = {"Authorization": sent} if sent else {}
            answer = await desk.call("", method, filled(path), b"{", **headers)
            assert (answer.status, answer.code) == (401, "unauthorized"), (method, path, sent)


async def test_an_administrator_handles_no_case(desk: Desk) -> None:
    """Who manages accounts gets 403 on every route."""
    for method, path in ROUTES:
        body = body_of(path) if method == "POST" else None
        answer = await desk.call("administrator", method, filled(path), body)
        assert (answer.status, answer.code) == (403, "staff_no_role"), (method, path)


async def test_another_method_is_none_of_ours(desk: Desk) -> None:
    """405 with the methods that there are; a browser of another site asks in vain."""
    for method, path in ROUTES:
        for wrong in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = await desk.call(
                "handler", wrong, filled(path), Origin="https://evil.example",
                Access_Control_Request_Method=method,
            )  # fmt: skip
            assert (answer.status, answer.code) == (405, "method_not_allowed"), (wrong, path)


async def test_what_a_page_of_another_site_can_send_does_nothing(desk: Desk) -> None:
    """A form's bodies are no JSON of ours, and no browser adds a session by itself."""
    case = await desk.open()
    before = await desk.rows(case)
    for path in POSTS:
        if path.endswith(WITHOUT_JSON):
            continue
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            answer = await desk.call(
                "handler", "POST", filled(path, case), b'{"facts": {}}', Content_Type=kind,
                Origin="https://evil.example", Sec_Fetch_Site="cross-site",
            )  # fmt: skip
            assert (answer.status, answer.code) in {(415, "content_type"), (403, "staff_role")}
        answer = await desk.call(
            "", "POST", filled(path, case), body_of(path), Origin="https://evil.example",
            Cookie=f"session={await desk.token('handler')}",
        )  # fmt: skip
        assert answer.status == 401
    assert await desk.rows(case) == before


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 400, "json"),
        (b"{", 400, "json"),
        (b"\xff\xfe{}", 400, "json"),
        (b"[" * 5_000, 400, "json"),
        (b"[1]", 422, "invalid_body"),
        (b'"x"', 422, "invalid_body"),
        (b'{"marker-of-ada": 1}', 422, "invalid_body"),
        (b'{"facts": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ],
    ids=["empty", "cut", "utf-16", "deep", "list", "text", "unknown", "long"],
)
async def test_bodies_that_are_wrong_change_nothing(
    desk: Desk, content: bytes, status: int, code: str
) -> None:
    """Every route that takes JSON says so; nothing of the case moves."""
    case = await desk.open()
    before = await desk.rows(case)
    for path in POSTS:
        if path.endswith(WITHOUT_JSON):
            continue
        who = "intake" if path in {"/staff/cases", "/staff/packages/{package}/receipt"} else "legal"
        answer = await desk.call(who, "POST", filled(path, case), content)
        assert (answer.status, answer.code) == (status, code), path
    assert await desk.rows(case) == before


async def test_a_case_that_is_hidden_is_one_that_never_was(desk: Desk) -> None:
    """No id, an unknown one and one from which somebody keeps away are answered alike."""
    case = await desk.open()
    said = await desk.post("handler", f"/staff/cases/{case}/conflict", {"person": "handler"})
    assert (said.status, said.body) == (200, {"case": case, "person": "handler"})
    reads = ("/texts", "/evidence/{kind}", "/documents/{document}", "{case}")
    for method, path in OF_A_CASE:
        seen = []
        for one in (NOBODY, "no-id", NOBODY.upper() + "0", case):
            if one == case and not path.endswith(reads):
                continue  # they know of it; that they act in it is refused as such, see below
            body = body_of(path) if method == "POST" else None
            kind = {"Content_Type": "text/plain"} if path.endswith("{kind}") else {}
            seen.append(await desk.call("handler", method, filled(path, one), body, **kind))
        assert {one.status for one in seen} == {404}, (path, seen)
        assert all(one.body == seen[0].body for one in seen), (path, seen)


async def test_who_keeps_away_does_nothing(desk: Desk) -> None:
    """Whoever declared a conflict is refused with that, and the case stays."""
    case = await desk.open()
    await desk.post("handler", f"/staff/cases/{case}/conflict", {"person": "handler"})
    before = await desk.rows(case)
    for path in ("acts/find_complete", "handler", "deadlines/acknowledge/pause", "orders"):
        body = body_of(f"/{path}".replace("acts/find_complete", "x"))
        answer = await desk.post("handler", f"/staff/cases/{case}/{path}", body)
        assert answer.status == 403, (path, answer)
        assert "conflict" in answer.code, path
    assert await desk.rows(case) == before


async def test_ids_of_orders_and_packages_that_are_none(desk: Desk) -> None:
    """What is no id, or nobody's, is told as such; never a bug of ours."""
    for path in ("/staff/orders/{}", "/staff/orders/{}/carry-out"):
        method = "POST" if path.endswith("out") else "GET"
        for one in ("x", NOBODY, "%00", "é" * 9):
            answer = await desk.call("releaser", method, path.format(one))
            assert answer.status in {404, 422}, (path, one, answer)
    for path in ("/staff/packages/{}/release", "/staff/packages/{}/receipt"):
        for one in ("x", NOBODY, "%00"):
            answer = await desk.post("releaser", path.format(one), {"evidence": NOBODY})
            assert answer.status in {404, 422}, (path, one, answer)
