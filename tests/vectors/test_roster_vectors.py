"""Rosters and orders are pinned: what members have signed stays the very octets, and is read.

The manifest is of digests that rosters, orders and votes name. Those of `every-registrar` were made
by the program that knew no registrars of agents. None of these files is ever made anew.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from proxy.model.identifiers import TenantId
from proxy.model.order import ChangeAgent, OrderId, OrderKind
from proxy.rules import orders
from proxy.wire import documents, order_document, roster_document
from tests.support import papers, registrar_keys

FOLDER = Path(__file__).with_name("rosters")
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))
REGISTRARS = frozenset(
    TenantId(UUID(f"01890000-0000-7000-8000-00000000000{place}")) for place in (1, 2)
)
OLD_RULE = replace(papers.AGENT_RULE, fields=orders.NEW_AGENT_FIELDS)
EVERY = papers.roster(rules=(OLD_RULE,))
TWO = papers.roster(agents=(replace(papers.AGENT, registrars=REGISTRARS),))
ORDER_ID = OrderId(UUID("ab" * 16))
NARROWED = ChangeAgent(
    agent_id=papers.AGENT.id,
    agent=replace(papers.AGENT, registrars=REGISTRARS),
    replaces=roster_document.agent_digest(papers.AGENT),
)
RENDERED = {
    "roster-every-registrar.json": roster_document.render(EVERY),
    "order-every-registrar.json": papers.text(papers.order(EVERY, papers.MADE_AT, id=ORDER_ID)),
    "order-registrar-key.json": papers.text(
        papers.order(
            EVERY,
            papers.MADE_AT,
            id=ORDER_ID,
            kind=OrderKind.REGISTRAR_KEY,
            subject=registrar_keys.change(registrar_keys.REGISTRAR.key),
        )
    ),
    "roster-two-registrars.json": roster_document.render(TWO),
    "order-two-registrars.json": papers.text(
        papers.order(EVERY, papers.MADE_AT, id=ORDER_ID, subject=NARROWED)
    ),
}


def test_manifest_names_every_vector() -> None:
    """The digests that were signed are those of the files, and there is no other file."""
    lines = [f"{documents.digest((FOLDER / name).read_text())}  {name}\n" for name in NAMES]
    assert (FOLDER / "MANIFEST").read_text() == "".join(lines)
    assert sorted(RENDERED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_signed_document_is_read_and_rendered_as_it_was(name: str) -> None:
    """Reading and rendering gives the octets; so do the facts themselves."""
    text = (FOLDER / name).read_text()
    if name.startswith("roster"):
        assert roster_document.render(roster_document.parse(text)) == text
    else:
        assert order_document.render(order_document.parse(text)) == text
    assert RENDERED[name] == text


def test_an_agent_of_every_registrar_has_the_digest_it_had() -> None:
    """Orders name what they replace by it."""
    agent = roster_document.parse((FOLDER / "roster-every-registrar.json").read_text()).agents[0]
    assert agent.registrars == frozenset()
    facts = (
        b'{"deposits_per_day":4,"host":"sftp.escrow.example",'
        b'"host_key":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ","id":"harbour-escrow",'
        b'"openpgp":"A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1","port":22}'
    )
    assert roster_document.agent_digest(agent) == hashlib.sha256(facts).hexdigest()
