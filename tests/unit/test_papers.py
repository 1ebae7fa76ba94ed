"""Rosters and orders as documents: one text each, and nothing else is read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from proxy.errors import InvalidInput
from proxy.model.order import OrderId
from proxy.wire import order_document, roster_document
from tests.support import papers

ROSTER = roster_document.render(papers.roster())
ORDER = order_document.render(
    papers.order(papers.roster(), papers.MADE_AT, id=OrderId(UUID("ab" * 16)))
)


def changed(document: str, path: str, value: object) -> str:
    """The document with another value at a path, rendered canonically again."""
    facts = json.loads(document)
    *way, last = path.split("/")
    place: Any = facts
    for step in way:
        place = place[int(step) if step.isdecimal() else step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(facts, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def test_documents_are_read_back() -> None:
    """What was rendered is read as the same facts."""
    assert roster_document.parse(ROSTER) == papers.roster()
    assert order_document.render(order_document.parse(ORDER)) == ORDER
    passkeys = papers.roster(
        members=(
            papers.member(papers.ANNA, papers.passkey_hand("anna")),
            papers.member(papers.BEN),
        )
    )
    assert roster_document.parse(roster_document.render(passkeys)) == passkeys


@pytest.mark.parametrize(
    "other",
    [papers.reordered(ROSTER), ROSTER + "\n", " " + ROSTER, ROSTER.replace(":", ": ", 1)],
    ids=["members", "end", "start", "space"],
)
def test_another_text_for_the_same_facts_is_refused(other: str) -> None:
    """A signature is over octets: there is one text for every roster."""
    with pytest.raises(InvalidInput) as refusal:
        roster_document.parse(other)
    assert refusal.value.code == "document_not_canonical"


def test_a_member_twice_is_refused() -> None:
    """JSON that says two things under one name says nothing."""
    with pytest.raises(InvalidInput):
        roster_document.parse(ROSTER.replace('"approvals":2,', '"approvals":2,"approvals":3,', 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("v", 2),
        ("type", "privacyproxy order"),
        ("more", True),
        ("deployment", "0" * 31),
        ("version", 0),
        ("version", 1.5),
        ("previous", "A" * 64),
        ("made_at", "2026-11-01T00:00:00+00:00"),
        ("made_at", "2026-02-30T00:00:00Z"),
        ("made_at", "2026-11-01T00:00:60Z"),
        ("demo", None),
        ("demo", "false"),
        ("members/0/person", "Anna"),
        ("members/0/person", "operator"),
        ("members/0/roles", ["king"]),
        ("members/0/roles", ["legal", "decider"]),
        ("members/0/keys", []),
        ("members/0/keys/0/kind", "ssh-rsa"),
        ("members/0/keys/0/public", "AAAA"),
        ("members/0/keys/0/credential", ""),
        ("members", list(reversed(json.loads(ROSTER)["members"]))),
        ("rules/0/kind", "open everything"),
        ("rules/0/voters", ["decider", "decider"]),
        ("rules", [*json.loads(ROSTER)["rules"], *json.loads(ROSTER)["rules"]]),
        ("relying_party/0/origins", []),
        ("relying_party/0/origins", ["https://approvals.example/\u001b[2J"]),
        ("relying_party/0/id", "approvals\u202e.example"),
        ("members/0/person", "anna\n"),
        ("agents/0/host_key", "ssh-ed25519 AAAAAAAAAAAAAAAAAAAA\n"),
        ("deployment", "0" * 32 + "\n"),
        ("agents/0/port", 0),
        ("agents/0/openpgp", "a1" * 20),
        ("agents/0/host", "host name.example"),
        ("agents/0/host", "sftp.escrow.example;id"),
        ("agents/0/deposits_per_day", 0),
        ("order", "d" * 63),
    ],
)
def test_a_damaged_roster_is_refused(path: str, value: object) -> None:
    """Another shape, an unknown member, a list out of order: all are one refusal."""
    document = changed(ROSTER, path, value)
    assert document != ROSTER
    with pytest.raises(InvalidInput) as refusal:
        roster_document.parse(document)
    assert refusal.value.code in {"document_malformed", "key_malformed", "agent_malformed",
                                  "key_kind", "document_not_canonical"}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "disclose"),
        ("id", json.loads(ORDER)["id"].upper()),
        ("id", "1"),
        ("reason", ""),
        ("reason", "x" * 501),
        ("reason", "harmless\u001b[2J"),
        ("reason", "\u202egnitset"),
        ("proposer", ""),
        ("expires_at", "tomorrow"),
        ("agent_id", "another-agent"),
        ("agent", [*json.loads(ORDER)["agent"], *json.loads(ORDER)["agent"]]),
        ("more", 1),
    ],
)
def test_a_damaged_order_is_refused(path: str, value: object) -> None:
    """The same for orders; nothing in a reason may move the cursor of who reads it."""
    document = changed(ORDER, path, value)
    assert document != ORDER
    with pytest.raises(InvalidInput) as refusal:
        order_document.parse(document)
    assert refusal.value.code in {"document_malformed", "agent_malformed"}


def test_lists_are_rendered_in_one_order() -> None:
    """However a roster was put together, its text is one."""
    turned = replace(
        papers.roster(), members=tuple(reversed(papers.roster().members)),
        holders=tuple(reversed(papers.roster().holders)),
    )  # fmt: skip
    assert roster_document.render(turned) == ROSTER
