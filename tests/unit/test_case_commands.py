"""Commands and routes of staff: none without the other; and what people are told."""

from __future__ import annotations

import argparse
import io
import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

import pytest
from typing_extensions import override

from proxy.apps import approvals, case_orders, case_reading, cases, staff_access
from proxy.errors import InvalidInput, Unavailable
from proxy.model.case import CaseTypeId
from proxy.run import case_types, staff_desk
from proxy.run.cli import case, case_acts, case_arguments, case_words, main, sign_in, staff
from proxy.wire import plain_words
from tests.support import case_orders as orders
from tests.support import papers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ID: Final = "018f0000-0000-7000-8000-0000000000aa"
NOW: Final = datetime(2026, 11, 2, 12, tzinfo=UTC)
OPTION: Final = {"act": "acknowledge", "says": "Confirm it.", "to": "", "facts": []}
CASE: Final[Mapping[str, Any]] = {
    "id": ID, "type": "third_party_claim", "title": "A claim", "domain": "a.example",
    "event_date": "2026-11-01T00:00:00+00:00", "state": "received", "says": "It came in.",
    "is_open": True, "outcome": "", "handler": "", "overlays": [], "seq": 5,
    "missing": ["claim"], "fields_asked": ["registrant.name"],
    "options": [
        OPTION,
        *[{**OPTION, "act": one} for one in ("find_trigger", "stay", "claim_emergency")],
        {"act": "redirect", "says": "Tell who else is competent.", "to": "closed",
         "facts": ["whom code court|police", "reasons evidence", "more? flag"]},
    ],
    "not_yet": [{"act": "find_breach", "lacks": ["Not all is assessed.", "It is not due."]}],
    "deadlines": [
        {"name": "acknowledge", "round": 1, "whose": "our duty", "is_due": False, "is_over": False,
         "due_at": "2026-11-04T23:00:00+00:00", "paused_until": None, "then": ["late:director"]},
        {"name": "complete", "round": 1, "whose": "their window", "is_due": True, "is_over": False,
         "due_at": "2026-11-01T23:00:00+00:00", "paused_until": None, "then": ["lapse"]},
        {"name": "verify", "round": 1, "whose": "our duty", "is_due": False, "is_over": False,
         "due_at": "2026-11-09T23:00:00+00:00", "paused_until": "2026-11-08T00:00:00+00:00",
         "then": []},
        {"name": "old", "round": 1, "whose": "our duty", "is_due": False, "is_over": True,
         "due_at": "2026-10-01T23:00:00+00:00", "paused_until": None, "then": []},
    ],
    "tasks": [], "notices": [],
    "evidence": [{"id": ID, "kind": "letter\x1b[2J", "media_type": "text/plain", "octets": 3,
                  "sha256": "0" * 64, "by": "ida", "at": "2026-11-01T00:00:00+00:00"}],
    "events": [{"seq": 1, "at": "2026-11-01T00:00:00+00:00", "actor": "ida", "role": "intake",
                "act": "open", "facts": {"fields": ["registrant.name"], "material": True}}],
}  # fmt: skip


class Desk(staff_desk.WebDesk):
    """Stands for the web role: keeps what it is asked, answers with a case."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "x" * 43)
        self.asked: list[tuple[str, str]] = []

    @override
    def call(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        """Whatever is asked."""
        del body
        self.asked.append((method, path.partition("?")[0]))
        return {
            **CASE, "cases": [], "person": "ida", "roles": ["intake"], "level": "key",
            "ends_at": "2026-11-02T20:00:00+00:00", "order": ID, "sha256": "0" * 64, "holds": True,
            "kind": "deactivate", "evidence": CASE["evidence"], "code": "c", "expires_at": "e",
            "sealed": "AAAA",
        }  # fmt: skip

    @override
    async def stream(self, path: str, body: object) -> Any:
        """No parts."""
        del body
        self.asked.append(("POST", path))
        yield {"error": "conflicted"}

    @override
    def signed(self, *_: object) -> dict[str, Any]:
        """A document that somebody signed."""
        return {"document": "{}", "person": "ida", "key": "k", "signature": "s"}

    @override
    def deployment(self) -> Any:
        """Of which service."""
        return "0f" * 16


WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "list": (), "tasks": (), "open": ("FILE",), "show": (ID,), "can": (ID,), "history": (ID,),
    "deadlines": (ID,), "evidence": (ID,), "text": (ID, "indemnity"), "assign": (ID, "hans"),
    "conflict": (ID, "hans"), "act": (ID, "acknowledge"), "find": (ID, "trigger"),
    "overlay": (ID, "stay", "on"), "emergency": (ID,), "file": (ID, "letter", "FILE"),
    "write": (ID, "letter"), "read": (ID, ID, "--key", "k", "--reason", "r", "--out", "OUT"),
    "match": (ID, "email", "--value-file", "FILE", "--key", "k", "--reason", "r"),
    "pause": (ID, "complete", "--why", "clarification", "--ends-by", "2026-11-09T00:00:00Z"),
    "resume": (ID, "complete", "--why", "clarification"),
    "extend": (ID, "complete", "--why", "x", "--amount", "1", "--noticed-at", "2026-11-01"),
    "propose": (ID, "deactivate", "--basis", "b", "--reason", "r", "--reasons", ID),
    "order": (ID, "--json"), "vote": (ID, "--key", "k"), "veto": (ID, "--key", "k"),
    "carry-out": (ID,), "release": (ID,), "pass-phrase": (ID, "--key", "k"), "receipt": (ID, ID),
}  # fmt: skip
STAFF: Final = (
    ("whoami",), ("sign-out",), ("suspend", "ida", "--signed-in"), ("recover", "ida"),
    ("recover", "--approve", ID),
)  # fmt: skip


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Desk:
    """The web role, for every command."""
    made = Desk()
    (tmp_path / "FILE").write_text('{"type": "x"}')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(staff_desk, "open_session", lambda _: made)
    monkeypatch.setattr("sys.stdin", mock.Mock(read=lambda: "A letter came."))

    async def ask(_url: str, method: str, path: str, *_: object, **__: object) -> dict[str, Any]:
        made.asked.append((method, "/approvals" + path))
        raise Unavailable("web")

    monkeypatch.setattr("proxy.run.approvers_desk.ask", ask)
    return made


def routes() -> Iterator[tuple[str, str]]:
    """Every route below /staff."""
    for room in (cases, case_orders, case_reading, staff_access):
        yield from ((one.method, one.path) for one in room.routes(mock.Mock()))


def matched(method: str, path: str) -> set[tuple[str, str]]:
    """The routes that take a call."""
    return {
        (one, known) for one, known in routes()
        if one == method and re.fullmatch(re.sub(r"{[a-z]+}", "[^/]+", known), path)
    }  # fmt: skip


def test_every_action_has_words_here() -> None:
    """The table below is whole: a new action is tested."""
    assert WORDS.keys() == case_arguments.ACTIONS.keys()


def test_every_route_of_staff_has_a_command_and_every_command_a_route(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the service can do for staff, a person can do from a terminal."""
    reached: set[tuple[str, str]] = set()
    for name, words in WORDS.items():
        desk.asked.clear()
        main.main(["case", name, *words])
        assert "this is a bug" not in capsys.readouterr().err, name
        assert desk.asked, name
        for method, path in desk.asked:
            if path.startswith("/approvals"):
                known = {
                    one.path for one in approvals.routes("/approvals", mock.Mock(), mock.Mock())
                }
                assert path == f"/approvals/orders/{ID}", name
                assert "/approvals/orders/{id}" in known
                continue
            found = matched(method, path)
            assert found, (name, method, path)
            reached |= found
    for words in STAFF:
        main.main(["staff", *words])
    for words in (("--enrol",), ("--change-password",)):
        signs_in(*words)
    for method, path in desk.asked:
        reached |= matched(method, path)
    assert set(routes()) - reached == SIGNING_IN


SIGNING_IN: Final = {
    ("POST", "/staff/sign-in"), ("POST", "/staff/sign-in/second"), ("POST", "/staff/enrol"),
    ("POST", "/staff/password"),
}  # fmt: skip
"""Routes of `privacyproxy sign-in`, which tests/db/test_staff_http.py walks."""


def signs_in(*words: str) -> None:
    """`sign-in` knows the words."""
    parser = argparse.ArgumentParser()
    sign_in.configure(parser)
    parser.parse_args(["--web", "u", "--person", "ida", "--key", "k", *words])


@pytest.mark.parametrize("name", sorted(WORDS))
def test_answers_are_json_for_programs_and_words_for_people(
    name: str, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """--json prints one object; without it nothing is JSON, and nothing moves the cursor."""
    if name in {"vote", "veto", "read", "pass-phrase", "order"}:
        return  # they check what they are answered; tests/flows has them
    assert main.main(["case", name, *WORDS[name], "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out), dict)
    assert main.main(["case", name, *WORDS[name]]) == 0
    said = capsys.readouterr().out
    assert said
    assert "\x1b" not in said
    assert not said.startswith("{")
    assert desk.asked


def test_help_says_how_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """Every action has a sentence; those with words of their own have an example."""
    for name in WORDS:
        with pytest.raises(SystemExit) as ended:
            main.main(["case", name, "--help"])
        assert ended.value.code == 0
        assert case_arguments.ACTIONS[name][0] in " ".join(capsys.readouterr().out.split())


def test_names_of_acts_are_those_of_tables() -> None:
    """Overlays, findings and emergencies lead to acts that some table has."""
    known = {act.id for one in case_types.load().values() for act in one.acts}
    for name, switches in case_acts.OVERLAYS.items():
        for switch in (case_acts.ON, case_acts.OFF):
            if switch in switches:
                assert case_acts.overlay(ID, name, switch) in known
            else:
                with pytest.raises(InvalidInput, match="overlay"):
                    case_acts.overlay(ID, name, switch)
    assert case_acts.EMERGENCY in known
    assert case_acts.finding("trigger") == case_acts.finding("find_trigger") == "find_trigger"


def test_a_page_says_what_a_lawyer_asks() -> None:
    """Until when, how long that is, what then, what can be done and how it is written."""
    said = "\n".join(case_words.page(CASE, NOW, with_events=True))
    for line in (
        "acknowledge  our duty      2026-11-04 23:00 UTC  in 2 days",
        "due 13 hours ago", "paused until 2026-11-08 00:00 UTC", "missing: claim",
        "redirect -> closed", "whom=court|police reasons=@FILE [more=yes|no]",
        "fields=registrant.name", "Not now (`case can CASE ACT` says why):\n  find_breach",
    ):  # fmt: skip
        assert line in said, line
    assert "2026-10-01" not in said
    assert "\x1b" not in said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-02T12:00:30+00:00", "now"),
        ("2026-11-02T12:01:00+00:00", "in 1 minute"),
        ("2026-11-02T14:59:00+00:00", "in 2 hours"),
        ("2026-11-01T11:00:00+00:00", "1 day ago"),
        ("2027-11-02T12:00:00+00:00", "in 365 days"),
    ],
)
def test_how_far_a_moment_is(moment: str, said: str) -> None:
    """In the largest unit of which there is a whole one."""
    assert case_words.until(moment, NOW) == said


def test_an_act_that_can_not_be_says_which_can(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence with the acts that there are; nothing was posted."""
    for words in (("act", ID, "fly"), ("can", ID, "fly"), ("find", ID, "gold")):
        assert main.main(["case", *words]) == 1
        assert "acknowledge" in capsys.readouterr().err
    for words in (("act", ID, "find_breach"), ("can", ID, "find_breach"), ("find", ID, "breach")):
        assert main.main(["case", *words]) == 1
        assert "Not all is assessed. It is not due. You can:" in capsys.readouterr().err
    assert main.main(["case", "act", ID, "redirect", "whom=court", "mood=bad"]) == 1
    said = capsys.readouterr().err
    assert "reasons=@FILE is missing" in said
    assert "mood" in said
    assert {method for method, _ in desk.asked} == {"GET"}


def test_a_case_that_perhaps_was_opened_is_opened_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """When the service goes away meanwhile, the id to try again with is told."""

    def away(*_: object) -> dict[str, Any]:
        raise Unavailable("web", "It does not answer.")

    monkeypatch.setattr(desk, "call", away)
    assert main.main(["case", "open", "FILE"]) == 1
    assert re.search(r"--id [0-9a-f-]{36}", capsys.readouterr().err)


def test_commands_are_what_they_say() -> None:
    """Modules of the two commands hold what the table of commands says."""
    assert main.COMMANDS[case.NAME] == case.HELP
    assert main.COMMANDS[staff.NAME] == staff.HELP


def test_the_example_of_a_request_can_be_taken_as_it_is() -> None:
    """What `case open --help` shows holds everything that a claim has to hold."""
    shown = case_arguments._REQUEST.split("{", 1)[1].rsplit("}}", 1)[0]
    request = json.loads("{" + shown + "}}")
    claim = case_types.load()[CaseTypeId(request["type"])]
    assert set(request["items"]) == {one.id for one in claim.items if one.is_required}


def test_a_value_is_asked_for_only_where_somebody_can_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without a terminal the option is named; nothing was sent."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    key = tmp_path / "key"
    assert main.main(["case", "match", ID, "email", "--key", str(key), "--reason", "Claim."]) == 1
    assert "--value-file FILE" in capsys.readouterr().err
    assert desk.asked == []


def test_an_order_that_ran_out_is_not_open() -> None:
    """Voters and releasers read whether it can be carried out now, later, or never."""
    order = papers.order(papers.roster(), NOW)
    stands = partial(plain_words.standing, order, is_enough=True)
    before, at, after = (order.not_before - timedelta(hours=1), order.not_before, order.expires_at)
    assert stands("open", now=before).startswith("approved: it can be carried out from ")
    assert stands("open", now=at) == "approved: it can be carried out"
    assert plain_words.standing(order, "open", is_enough=False, now=at) == "open"
    assert stands("open", now=after).startswith("expired")
    assert stands("stopped", now=after) == "stopped"


def test_a_roster_says_who_clears_an_order_beside_those_who_approve() -> None:
    """A signer reads the floor too, and that fields are given, not changed."""
    said = "\n".join(plain_words.roster(papers.roster(**orders.FACTS), "0" * 64))
    assert "order       disclose: 2 of" in said
    assert "among them decider and legal; beside them dpo" in said
    assert "may give " in said
    assert "may change nothing" not in said
