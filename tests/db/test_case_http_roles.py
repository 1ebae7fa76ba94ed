"""Which role may what at the staff API: the right one is let do it, every other one is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from proxy.model.roster import StaffRole
from tests.support import case_http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.case_http import Desk
    from tests.support.database import Database

pytestmark = pytest.mark.db
EVERYBODY: Final = frozenset(one.value for one in StaffRole)
MOVES: Final = frozenset({"handler", "decider", "legal", "director"})
ENDS: Final = "2026-11-05T12:00:00Z"


@pytest.fixture
async def desk(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Desk]:
    """The staff API."""
    async with case_http.serving(tmp_path, database, monkeypatch) as made:
        yield made


async def barred(
    desk: Desk, method: str, path: str, body: object, allowed: frozenset[str], **headers: str
) -> None:
    """Assert that every other role is refused, and that the case stays as it was."""
    case = path.split("/")[3] if path.startswith("/staff/cases/") else ""
    for role in sorted(EVERYBODY - allowed):
        before = await desk.rows(case) if case else []
        answer = await desk.call(role, method, path, body, **headers)
        assert (answer.status, answer.code) == (403, "staff_role"), (role, path, answer)
        if case:
            assert await desk.rows(case) == before


async def test_everybody_of_staff_reads(desk: Desk) -> None:
    """Lists, tasks, a case and its texts are for every role of casework."""
    case = await desk.open()
    for role in sorted(EVERYBODY):
        for path in ("cases", "tasks", f"cases/{case}", f"cases/{case}/documents/indemnity"):
            answer = await desk.get(role, f"/staff/{path}")
            assert answer.status == 200, (role, path, answer)


async def test_who_opens_a_case(desk: Desk) -> None:
    """Intake and handlers; what others send opens none."""
    for role in ("intake", "handler"):
        assert await desk.open(role)
    await barred(desk, "POST", "/staff/cases", desk.request(), frozenset({"intake", "handler"}))
    assert len((await desk.get("legal", "/staff/cases")).body["cases"]) == 2


async def test_who_gives_a_case_to_whom(desk: Desk) -> None:
    """Those who may give it; to somebody active of staff who handles cases, and to nobody else."""
    case = await desk.open()
    path = f"/staff/cases/{case}/handler"
    allowed = frozenset({"intake", "handler", "decider", "director"})
    await desk.token("handler")
    for role in sorted(allowed):
        answer = await desk.post(role, path, {"person": "handler"})
        assert (answer.status, answer.body.get("handler")) == (200, "handler"), answer
    await barred(desk, "POST", path, {"person": "handler"}, allowed)
    before = await desk.rows(case)
    await desk.house.invite("newcomer", "handler")
    for person, code in (
        ("Erika Mustermann", "person"), ("system", "person"), ("nobody-here", "handler_unfit"),
        ("intake", "handler_unfit"), ("newcomer", "handler_unfit"),
    ):  # fmt: skip
        answer = await desk.post("intake", path, {"person": person})
        assert answer.code == code, (person, answer)
        assert person not in answer.body["detail"]
    assert await desk.rows(case) == before


async def test_who_says_that_somebody_keeps_away(desk: Desk) -> None:
    """Oneself, or counsel, the data protection officer, a director; nobody takes it back."""
    case = await desk.open()
    path = f"/staff/cases/{case}/conflict"
    allowed = frozenset({"legal", "dpo", "director"})
    await barred(desk, "POST", path, {"person": "somebody-else"}, allowed)
    for role in sorted(allowed):
        answer = await desk.post(role, path, {"person": f"friend-of-{role}"})
        assert answer.status == 200, answer
    assert (await desk.post("verifier", path, {"person": "verifier"})).status == 200
    assert (await desk.get("verifier", f"/staff/cases/{case}")).status == 404
    assert (await desk.post("legal", path, {"person": "Erika Mustermann"})).code == "person"
    answer = await desk.post("intake", f"/staff/cases/{case}/handler", {"person": "verifier"})
    assert answer.status == 403


async def test_who_hands_evidence_in(desk: Desk) -> None:
    """Everybody but the auditor, who only reads."""
    case = await desk.open()
    text = {"kind": "letter", "text": "A letter came."}
    for role in sorted(EVERYBODY - {"auditor"}):
        answer = await desk.post(role, f"/staff/cases/{case}/texts", text)
        assert answer.status == 201, (role, answer)
        answer = await desk.call(
            role, "POST", f"/staff/cases/{case}/evidence/letter", b"%PDF-1.7 x",
            Content_Type="application/pdf",
        )  # fmt: skip
        assert answer.status == 201, (role, answer)
    most = EVERYBODY - {"auditor"}
    await barred(desk, "POST", f"/staff/cases/{case}/texts", text, most)
    await barred(
        desk, "POST", f"/staff/cases/{case}/evidence/letter", b"x", most, Content_Type="text/plain"
    )


async def test_who_moves_a_deadline(desk: Desk) -> None:
    """Handler, decider, counsel and director pause, resume and extend; others do not."""
    case = await desk.open(items=[], log_as_it_came=True)
    assert (await desk.act("intake", case, "ask_missing")).status == 200
    path = f"/staff/cases/{case}/deadlines/complete"
    steps = (
        ("pause", {"reason": "clarification", "ends_by": ENDS}),
        ("resume", {"reason": "clarification"}),
        ("extend", {"reason": "asked", "amount": 1, "noticed_at": desk.house.now.isoformat()}),
    )
    for step, body in steps:
        await barred(desk, "POST", f"{path}/{step}", body, MOVES)
    for role in sorted(MOVES):
        for step, body in steps:
            answer = await desk.post(role, f"{path}/{step}", body)
            assert answer.status in {200, 403}, (role, step, answer)
            assert answer.code != "staff_role", (role, step)


async def test_who_proposes(desk: Desk) -> None:
    """Handler, decider and counsel propose; what lacks a ground is refused by the vault."""
    case = await desk.open()
    reasons = await desk.write("legal", case)
    body = {"kind": "deactivate", "basis": "contract_breach", "reason": "x", "reasons": reasons}
    allowed = frozenset({"handler", "decider", "legal"})
    await desk.watch.catch_up()
    await barred(desk, "POST", f"/staff/cases/{case}/orders", body, allowed)
    for role in sorted(allowed):
        answer = await desk.post(role, f"/staff/cases/{case}/orders", body)
        assert answer.code != "staff_role", answer


async def test_who_carries_out_and_receives(desk: Desk) -> None:
    """Releaser, decider and on-call have orders carried out; receipts come by three roles."""
    case = await desk.open()
    evidence = await desk.write("legal", case)
    order, package = (f"/staff/{one}/{case_http.NOBODY}" for one in ("orders", "packages"))
    out = frozenset({"releaser", "decider", "on-call"})
    await barred(desk, "POST", f"{order}/carry-out", None, out)
    receives = frozenset({"intake", "handler", "releaser"})
    await barred(desk, "POST", f"{package}/receipt", {"evidence": evidence}, receives)


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        ("acknowledge", {"intake", "handler"}),
        ("find_complete", {"handler"}),
        ("place_hold", {"legal"}),
        ("flag_safety", {"dpo"}),
        ("flag_minor", {"dpo", "legal", "handler"}),
        ("stay", {"legal"}),
        ("note_udrp_lock", {"intake", "legal"}),
    ],
)
async def test_acts_are_for_the_roles_of_the_table(desk: Desk, act: str, allowed: set[str]) -> None:
    """Every role of the table may do it, none beside them, and a refusal leaves the case alone."""
    cases = {role: await desk.open() for role in sorted(allowed)}
    case = next(iter(cases.values()))
    for role in sorted(EVERYBODY - allowed):
        before = await desk.rows(case)
        answer = await desk.act(role, case, act)
        assert (answer.status, answer.code) == (403, "act_not_yours"), (role, answer)
        assert await desk.rows(case) == before
    for role, own in cases.items():
        shown = await desk.get(role, f"/staff/cases/{own}")
        option = next(one for one in shown.body["options"] if one["act"] == act)
        facts: dict[str, object] = {}
        for text in option["facts"]:
            name, kind, *choices = text.split(" ")
            if kind == "evidence":
                facts[name.removesuffix("?")] = await desk.write(role, own, name.removesuffix("?"))
            elif choices:
                facts[name.removesuffix("?")] = choices[0].split("|")[0]
        answer = await desk.act(role, own, act, **facts)
        assert answer.status == 200, (role, answer)
