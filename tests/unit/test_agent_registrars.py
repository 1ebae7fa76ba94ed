"""The registrars of an escrow agent: in documents, in words, in drafts, in orders."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.errors import InvalidInput
from proxy.model.identifiers import TenantId
from proxy.model.order import ChangeAgent
from proxy.rules import orders
from proxy.run import drafting
from proxy.run.cli import keys
from proxy.run.cli import order as order_command
from proxy.settings import Settings
from proxy.wire import documents, frames, order_document, plain_words, roster_document
from tests.support import papers
from tests.support.papers import AGENT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from proxy.model.roster import Agent, Roster

ONE, TWO, THREE = (
    TenantId(UUID(f"0189000a-0000-7000-8000-00000000000{place}")) for place in (1, 2, 3)
)
OLD_RULE = replace(papers.AGENT_RULE, fields=orders.NEW_AGENT_FIELDS)


def of(*registrars: TenantId) -> Agent:
    """The agent, of these registrars alone."""
    return replace(AGENT, registrars=frozenset(registrars))


def change(before: Agent | None, after: Agent | None) -> ChangeAgent:
    """What an order says that puts one in the place of the other."""
    return ChangeAgent(
        agent_id=AGENT.id, agent=after, replaces=roster_document.agent_digest(before)
    )


def said(before: Agent | None, after: Agent) -> str:
    """An order in words."""
    under = papers.roster(agents=() if before is None else (before,))
    made = papers.order(under, papers.MADE_AT, subject=change(before, after))
    return "\n".join(plain_words.order(made, "a" * 64, under))


def with_registrars(value: object) -> tuple[str, str]:
    """A roster's and an order's document with that in the member, otherwise canonical."""
    roster = papers.roster()
    order = papers.order(roster, papers.MADE_AT)
    made = []
    for text, place in (
        (roster_document.render(roster), "agents"),
        (order_document.render(order), "agent"),
    ):
        facts: Any = json.loads(text)
        facts[place][0]["registrars"] = value
        made.append(documents.render(facts))
    return made[0], made[1]


def test_an_agent_without_registrars_may_get_every_ones_deposits() -> None:
    """As it was before; with some named, those alone."""
    assert AGENT.may_get(ONE)
    assert of(ONE).may_get(ONE)
    assert not of(ONE).may_get(TWO)


def test_documents_hold_them_in_one_order() -> None:
    """Sorted, whatever the order they came in; read back as the same; part of the digest."""
    wanted = [str(ONE), str(TWO), str(THREE)]
    roster = papers.roster(agents=(of(THREE, ONE, TWO),))
    text = roster_document.render(roster)
    assert json.loads(text)["agents"][0]["registrars"] == wanted
    assert roster_document.parse(text) == roster
    order = papers.order(roster, papers.MADE_AT, subject=change(AGENT, of(TWO, ONE)))
    assert order_document.parse(papers.text(order)) == order
    digests = {roster_document.agent_digest(one) for one in (AGENT, of(ONE), of(TWO), of(ONE, TWO))}
    assert len(digests) == 4


def test_a_thousand_are_the_most() -> None:
    """So many fit a document; one more is refused."""
    many = [str(UUID(int=place)) for place in range(1001)]
    roster, order = with_registrars(many[:1000])
    assert len(roster_document.parse(roster).agents[0].registrars) == 1000
    order_document.parse(order)
    for parse, text in zip(
        (roster_document.parse, order_document.parse), with_registrars(many), strict=True
    ):
        with pytest.raises(InvalidInput) as refusal:
            parse(text)
        assert refusal.value.code == "document_malformed"


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        "every",
        [str(ONE), str(ONE)],
        [str(TWO), str(ONE)],
        [str(ONE).upper()],
        [ONE.hex],
        [f"{{{ONE}}}"],
        [f"{ONE}\n"],
        [1],
        [""],
    ],
    ids=str,
)
def test_another_form_of_the_list_is_refused(value: object) -> None:
    """No registrar has one text, absence; some have one, sorted and each once."""
    roster, order = with_registrars(value)
    with pytest.raises(InvalidInput):
        roster_document.parse(roster)
    with pytest.raises(InvalidInput):
        order_document.parse(order)


def test_a_roster_says_whose_deposits_an_agent_gets() -> None:
    """To those who sign it: every registrar's, or those of the ones named."""
    every = "\n".join(plain_words.roster(papers.roster(), "a" * 64))
    assert "  gets the deposits of every registrar\n" in every
    some = "\n".join(plain_words.roster(papers.roster(agents=(of(TWO, ONE),)), "a" * 64))
    assert f"  gets the deposits of 2 registrars: {ONE}, {TWO}\n" in some
    assert "every registrar" not in some


def test_an_order_says_what_becomes_of_the_registrars() -> None:
    """Approvers see the limit come, go and move, and in the end who gets whose people."""
    assert "escrow agent harbour-escrow: gets the deposits of every registrar\n" in said(
        None, AGENT
    )
    assert f"gets the deposits of 1 registrar: {ONE}\n" in said(None, of(ONE))
    narrowed = said(AGENT, of(ONE))
    assert f"gets the deposits of 1 registrar: {ONE} (so far of every registrar)" in narrowed
    assert f"host gets those of 1 registrar: {ONE}\n" in narrowed
    widened = said(of(ONE), AGENT)
    assert f"gets the deposits of every registrar (so far of 1 registrar: {ONE})" in widened
    assert "host gets those of every registrar\n" in widened
    moved = said(of(ONE, TWO), of(TWO, THREE))
    assert f"also gets the deposits of 1 registrar: {THREE}\n" in moved
    assert f"no longer gets the deposits of 1 registrar: {ONE}\n" in moved
    other = said(of(ONE), replace(of(ONE), host="new.escrow.example"))
    assert "deposits of 1" not in other
    assert f"host gets those of 1 registrar: {ONE}\n" in other


def test_a_successors_difference_says_so_too() -> None:
    """On a member's machine, between the roster it has seen and the next."""
    text = "\n".join(plain_words.difference(papers.roster(), papers.roster(agents=(of(ONE),))))
    assert f"1 registrar: {ONE} (so far of every registrar)" in text


def fields(before: Agent | None, after: Agent | None) -> frozenset[str]:
    """What an order changes."""
    roster = papers.roster(agents=() if before is None else (before,))
    return orders.changed_fields(change(before, after), roster)


def test_registrars_are_a_field_that_rules_limit() -> None:
    """A rule from before there were any lets agents of every registrar come and go, as it did."""
    assert fields(AGENT, of(ONE)) == {"registrars"}
    assert fields(of(ONE), AGENT) == {"registrars"}
    assert fields(of(ONE), of(TWO)) == {"registrars"}
    for before, after in ((None, AGENT), (AGENT, None)):
        assert fields(before, after) == orders.NEW_AGENT_FIELDS
    for before, after in ((None, of(ONE)), (of(ONE), None)):
        assert fields(before, after) == orders.AGENT_FIELDS
    for rule, fault in ((OLD_RULE, "order_field_limit"), (papers.AGENT_RULE, None)):
        roster = papers.roster(rules=(rule,), agents=(of(ONE),))
        changing = change(of(ONE), AGENT)
        order = papers.order(roster, papers.MADE_AT, subject=changing)
        replaced = roster_document.agent_digest(of(ONE))
        assert orders.fault(order, roster, papers.sha256(roster)) is None
        assert orders.agent_fault(order, changing, roster, replaced) == fault


def draft(folder: Path, more: str) -> Roster:
    """The first roster of the example's team, with a line more for its agent."""
    for name in ("anna", "ben", "chris", "dora", "emil", "safe-one", "safe-two"):
        key = papers.hand(name).public
        (folder / f"{name}.pub").write_text(f"{key.kind} {key.public}\n")
    before, after = "deposits_per_day = 4\n", f"deposits_per_day = 4\n{more}\n"
    assert before in drafting.EXAMPLE
    file = folder / "team.toml"
    file.write_text(drafting.EXAMPLE.replace(before, after))
    return drafting.first(file, papers.DEPLOYMENT, papers.MADE_AT, is_demo=False)


def test_a_draft_names_them(tmp_path: Path) -> None:
    """In any order, in any case; left out or empty it is every registrar."""
    for more in ("", "registrars = []"):
        assert draft(tmp_path, more).agents[0].registrars == frozenset()
    some = draft(tmp_path, f'registrars = ["{TWO}", "{str(ONE).upper()}", "{TWO}"]')
    assert some.agents[0].registrars == {ONE, TWO}
    assert "registrars" in some.rules[0].fields
    with pytest.raises(InvalidInput) as refusal:
        draft(tmp_path, 'registrars = ["Quiet Harbour"]')
    assert "registrars" in refusal.value.detail


def proposed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: tuple[Agent, ...], *words: str
) -> Agent | None:
    """The agent of the order that the command line sends to the vault."""
    under = papers.roster(agents=before)
    sent: list[str] = []

    def ask(_path: Path, request: frames.SubmitOrder) -> Iterable[dict[str, str]]:
        sent.append(request.document)
        return [{"sha256": documents.digest(request.document)}]

    monkeypatch.setattr(order_command, "in_force", lambda _path: (under, papers.sha256(under)))
    monkeypatch.setattr(keys, "socket_path", lambda folder: folder)
    monkeypatch.setattr(keys, "ask", ask)
    monkeypatch.setattr(keys, "last", lambda answers: next(iter(answers)))
    parser = argparse.ArgumentParser()
    order_command.configure(parser)
    given = [word for one in words for word in ("--set", one)]
    arguments = parser.parse_args(
        ["change-agent", AGENT.id, *given, "--reason", "As agreed.", "--json"]
    )
    assert order_command.run(arguments, Settings(data_dir=tmp_path, key_dir=tmp_path)) == 0
    subject = order_document.parse(sent[0]).subject
    assert isinstance(subject, ChangeAgent)
    return subject.agent


NEW = (
    f"openpgp={AGENT.openpgp}", f"host={AGENT.host}", f"port={AGENT.port}",
    f"host_key={AGENT.host_key}", f"deposits_per_day={AGENT.deposits_per_day}",
)  # fmt: skip


def test_an_order_sets_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With commas; the word `every` takes the limit away; a new agent may do without."""
    assert proposed(monkeypatch, tmp_path, (AGENT,), f"registrars={TWO}, {ONE}") == of(ONE, TWO)
    assert proposed(monkeypatch, tmp_path, (of(ONE),), "registrars=every") == AGENT
    assert proposed(monkeypatch, tmp_path, (of(ONE),), "port=2222") == replace(of(ONE), port=2222)
    assert proposed(monkeypatch, tmp_path, (), *NEW) == AGENT
    assert proposed(monkeypatch, tmp_path, (), *NEW, f"registrars={ONE}") == of(ONE)


@pytest.mark.parametrize("value", ["", " ", ",", "Every", "Quiet Harbour", f"{ONE},"])
def test_a_slip_does_not_widen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    """An empty value, as of a variable that is not set, is refused and not taken for every one."""
    with pytest.raises(InvalidInput) as refusal:
        proposed(monkeypatch, tmp_path, (of(ONE),), f"registrars={value}")
    assert refusal.value.code == "set"
