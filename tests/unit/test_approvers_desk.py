"""What a hostile service can say to an approver: nothing that reaches the terminal or the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from proxy.client import refusals
from proxy.errors import InvalidInput, ProxyError
from proxy.run import approvers_desk
from proxy.run.approvers_desk import ApiDesk, Trust
from proxy.wire import documents, order_document, plain_words, roster_document
from tests.support import papers

if TYPE_CHECKING:
    from pathlib import Path

ROSTER = papers.roster()
ORDER = papers.order(ROSTER, papers.MADE_AT, id=papers.order_id(7))
DOCUMENT = order_document.render(ORDER)
TRUE: dict[str, Any] = {
    "document": DOCUMENT,
    "sha256": documents.digest(DOCUMENT),
    "nonce": "5a" * 32,
    "state": "open",
    "approvals": [{"person": "ben", "detached": True}],
    "lacking": ["approvals_lacking"],
    "roster": roster_document.render(ROSTER),
}
ESCAPE = "ben\u001b[2J\u001b[H"


def desk(answer: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> ApiDesk:
    """An API that says so."""
    made = ApiDesk("http://127.0.0.1:1")
    monkeypatch.setattr(ApiDesk, "_call", lambda *_: answer)
    return made


def test_an_honest_order_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order, its nonce, and who has voted."""
    seen = desk(TRUE, monkeypatch).order(str(ORDER.id))
    assert seen.order == ORDER
    assert seen.approvals == ("ben",)
    assert len(seen.nonce) == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"approvals": [{"person": ESCAPE, "detached": True}]},
        {"approvals": ["ben"]},
        {"state": ESCAPE},
        {"nonce": "5a" * 5},
        {"nonce": "5a" * 33},
        {"nonce": 5},
        {"document": DOCUMENT.replace("operator", "anna", 1) + " "},
        {"document": {}},
        {"roster": "{}"},
    ],
    ids=str,
)
def test_a_lying_answer_is_refused(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handles, states and nonces have one form; documents are read as strictly as ever."""
    with pytest.raises(ProxyError):
        desk({**TRUE, **changes}, monkeypatch).order(str(ORDER.id))


def test_another_order_than_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is what was asked for."""
    with pytest.raises(ProxyError, match="order_other"):
        desk(TRUE, monkeypatch).order(str(papers.order_id(5)))


@pytest.mark.parametrize(
    "changes",
    [
        {"deployment": ESCAPE},
        {"waiting": {"sha256": "a" * 64, "version": 2, "route": ESCAPE, "effective_at": "2026"}},
        {
            "waiting": {
                "sha256": "a" * 64, "version": 2, "route": "members", "effective_at": ESCAPE,
            }
        },
        {"current": {"sha256": "a" * 64, "version": "1"}},
        {"rosters": [{"version": 0, "document": "{}", "evidence": {}}]},
        {"rosters": [[]]},
    ],
    ids=str,
)  # fmt: skip
def test_lying_rosters_are_refused(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for what stands; pages that do not get on end."""
    stands: dict[str, Any] = {
        "deployment": "0f" * 16,
        "current": None,
        "waiting": None,
        "rosters": [],
    }
    assert desk(dict(stands), monkeypatch).rosters()[1] == ()
    with pytest.raises(InvalidInput):
        desk({**stands, **changes}, monkeypatch).rosters()


def test_a_row_that_is_no_roster_is_left_out() -> None:
    """One bad row does not hide the others; a gap shows where it matters."""
    good = {"document": TRUE["roster"], "evidence": {"signatures": []}}
    links = approvers_desk.links_of([None, {"document": 1}, {**good, "evidence": {"x": 1}}, good])
    assert [one.document for one in links] == [TRUE["roster"]]


def test_a_strangers_sentence_can_not_move_the_cursor() -> None:
    """Escapes, line ends and direction marks of an error become question marks."""
    assert refusals.printable("a\u001b[2J\nb\u202ec") == "a?[2J?b?c"


def test_trust_keeps_the_one_before(tmp_path: Path) -> None:
    """The newest roster and the one it followed from, across machines' restarts."""
    file = tmp_path / "deep" / "rosters.json"
    trust = Trust(file)
    assert trust.known("d") == ()
    trust.keep("d", "first", None)
    trust.keep("d", "second", "first")
    assert Trust(file).known("d") == ("second", "first")
    file.write_text(json.dumps({"d": "second"}))
    with pytest.raises(InvalidInput, match="trust"):
        Trust(file)


def test_a_reason_has_a_margin_and_pushes_no_lines() -> None:
    """Nothing that a proposer writes can look like a line of the program's own."""
    long = papers.order(ROSTER, papers.MADE_AT, reason="word " * 40 + "expires never")
    lines = list(plain_words.order(long, "a" * 64, ROSTER))
    assert [one for one in lines if "word" in one and "| word" not in one] == []
    assert [one for one in lines if one.startswith("  expires")] == [
        "  expires     2026-11-04 00:00 UTC"
    ]
    for reason in ("Moved.  expires", " led", "trailed "):
        with pytest.raises(InvalidInput):
            order_document.parse(
                order_document.render(papers.order(ROSTER, papers.MADE_AT, reason=reason))
            )


def test_everything_that_a_roster_holds_is_said() -> None:
    """Keys of hosts, limits of agents, and credentials of passkeys are shown to who signs."""
    passkey = papers.passkey_hand("anna").public
    agent = ROSTER.agents[0]
    text = "\n".join(plain_words.roster(ROSTER, "a" * 64))
    assert agent.host_key in text
    assert f"{agent.deposits_per_day} deposits" in text
    with_passkey = papers.roster(
        members=(papers.member(papers.ANNA, papers.passkey_hand("anna")), *ROSTER.members[1:])
    )
    said = "\n".join(plain_words.difference(ROSTER, with_passkey))
    assert passkey.credential in said
