"""Rosters that follow one another, checked by somebody who trusts nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.model.order import OrderKind
from proxy.rules import orders
from proxy.vault import chain
from proxy.vault.chain import Evidence, Link, Paper
from proxy.wire import documents, order_document, roster_document
from tests.support import papers, registrar_keys
from tests.support.papers import ANNA, BEN, CHRIS, MADE_AT, SAFES

if TYPE_CHECKING:
    from proxy.model.roster import Roster
    from tests.support.papers import Hand

EVERYBODY = (ANNA, BEN, CHRIS, *SAFES)
DORA = papers.hand("dora")
NONCE = "5a" * 32
FIRST = papers.roster()
SECOND = papers.successor(
    FIRST, members=(papers.member(ANNA), papers.member(BEN), papers.member(DORA))
)
ORDER = papers.order(SECOND, MADE_AT)
ORDER_SHA256 = documents.digest(order_document.render(ORDER))
THIRD = orders.changed_roster(ORDER, ORDER_SHA256, SECOND, MADE_AT + timedelta(hours=1))


def signed(roster: Roster, *hands: Hand) -> Link:
    """A roster with signatures."""
    found = tuple(
        Paper(person=one.person, key=one.key, signature=one.signature)
        for one in papers.signed(roster, *hands)
    )
    return Link(document=roster_document.render(roster), evidence=Evidence(signatures=found))


def ordered(roster: Roster, *hands: Hand, **changes: Any) -> Link:
    """A roster that an order made, with its votes."""
    votes = tuple(one.vote(ORDER_SHA256, changes.get("nonce", NONCE)) for one in hands)
    facts: dict[str, Any] = {
        "order": order_document.render(ORDER),
        "nonce": NONCE,
        "votes": tuple(
            Paper(person=one.person, key=one.key, signature=one.signature) for one in votes
        ),
        **changes,
    }
    return Link(document=roster_document.render(roster), evidence=Evidence(**facts))


GENESIS = signed(FIRST, *EVERYBODY)
JOINED = signed(SECOND, ANNA, BEN, DORA)
MOVED = ordered(THIRD, ANNA, DORA)
WHOLE = (GENESIS, JOINED, MOVED)


def refused(*links: Link, newest: Roster = THIRD, known: str = "") -> str:
    """Why a chain does not hold."""
    with pytest.raises(ProxyError) as refusal:
        chain.verify(links, papers.sha256(newest), known=known)
    return refusal.value.code


def test_a_whole_chain_holds() -> None:
    """From genesis by signatures and by an order, in whatever order the links come."""
    for links in (WHOLE, WHOLE[::-1], (*WHOLE, *WHOLE)):
        steps = chain.verify(links, papers.sha256(THIRD))
        assert [(one.roster.version, one.route) for one in steps] == [
            (1, "genesis"),
            (2, "members"),
            (3, "order"),
        ]


def test_a_chain_may_begin_at_what_is_known() -> None:
    """Nothing before the known roster is needed, and its own evidence is not asked for."""
    bare = Link(document=JOINED.document, evidence=Evidence())
    steps = chain.verify((bare, MOVED), papers.sha256(THIRD), known=papers.sha256(SECOND))
    assert [one.roster.version for one in steps] == [2, 3]
    steps = chain.verify(
        (Link(document=MOVED.document, evidence=Evidence()),),
        papers.sha256(THIRD),
        known=papers.sha256(THIRD),
    )
    assert len(steps) == 1


def test_other_rosters_beside_the_chain_do_not_matter() -> None:
    """What was stopped, or invented, is not on the way."""
    stopped = signed(papers.successor(FIRST, approvals=3), ANNA)
    assert len(chain.verify((*WHOLE, stopped), papers.sha256(THIRD))) == 3


def test_a_gap_is_seen() -> None:
    """A roster that is left out, or a beginning that is not there."""
    assert refused(GENESIS, MOVED) == "roster_unchained"
    assert refused(JOINED, MOVED) == "roster_unchained"
    assert refused() == "roster_unchained"


def test_a_chain_of_others_does_not_lead_from_what_is_known() -> None:
    """A service that shows a wholly other, well signed history is found out."""
    other = papers.roster(made_at=MADE_AT + timedelta(seconds=1))
    links = (signed(other, *EVERYBODY),)
    assert chain.verify(links, papers.sha256(other))
    assert refused(*links, newest=other, known=papers.sha256(FIRST)) == "roster_unchained"


def test_an_older_roster_does_not_follow_a_newer_one() -> None:
    """Who knows the second roster is not shown the first as the newest."""
    assert refused(*WHOLE, newest=FIRST, known=papers.sha256(SECOND)) == "roster_unchained"


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (signed(SECOND, ANNA, DORA), "roster_signatures"),
        (signed(SECOND, ANNA, BEN), "roster_possession"),
        (signed(SECOND), "roster_possession"),
        (signed(SECOND, ANNA, BEN, DORA, papers.STRANGER), "signature_stranger"),
        (replace(JOINED, evidence=GENESIS.evidence), "signature_stranger"),
        (
            replace(
                JOINED,
                evidence=Evidence(
                    signatures=(
                        *JOINED.evidence.signatures[1:],
                        Paper(
                            person="anna",
                            key=ANNA.public.id,
                            signature=JOINED.evidence.signatures[1].signature,
                        ),
                    )
                ),
            ),
            "signature_key",
        ),
    ],
)
def test_a_step_without_its_signatures_is_refused(link: Link, code: str) -> None:
    """Too few, of others, or over another text."""
    assert refused(GENESIS, link, MOVED) in {code, "signature_invalid"}


def test_a_genesis_that_not_everybody_signed_is_refused() -> None:
    """The first roster shows that every key is its owner's."""
    assert refused(signed(FIRST, *EVERYBODY[1:]), JOINED, MOVED) == "roster_possession"


@pytest.mark.parametrize(
    ("link", "code"),
    [
        (ordered(THIRD, ANNA), "approvals_lacking"),
        (ordered(THIRD, ANNA, CHRIS), "signature_stranger"),
        (ordered(THIRD, ANNA, DORA, nonce="00" * 31 + "01"), ""),
        (ordered(THIRD, ANNA, DORA, order="{}"), "order_forged"),
        (ordered(THIRD, ANNA, DORA, votes=()), "approvals_lacking"),
        (signed(THIRD, ANNA, BEN), "order_forged"),
    ],
)
def test_a_step_without_its_votes_is_refused(link: Link, code: str) -> None:
    """The order must be there, be the one named, and have the votes of its time."""
    if not code:  # another nonce is as good, if the votes are over it
        assert chain.verify((GENESIS, JOINED, link), papers.sha256(THIRD))
        changed = replace(link, evidence=replace_nonce(link.evidence))
        assert refused(GENESIS, JOINED, changed) == "signature_invalid"
        return
    assert refused(GENESIS, JOINED, link) == code


def replace_nonce(evidence: Evidence) -> Evidence:
    """The same evidence under another nonce."""
    return Evidence(order=evidence.order, nonce="11" * 32, votes=evidence.votes)


def test_an_order_makes_what_it_says_and_no_more() -> None:
    """Another member slipped in beside the agent is seen."""
    more = replace(
        THIRD,
        members=(*THIRD.members, papers.member(papers.STRANGER)),
    )
    assert refused(GENESIS, JOINED, ordered(more, ANNA, DORA), newest=more) == "roster_order"


@pytest.mark.parametrize(
    "facts",
    [None, [], {"more": 1}, {"nonce": "xyz"}, {"signatures": [{"person": "a"}]}, {"order": 1}],
    ids=str,
)
def test_damaged_evidence_is_refused(facts: object) -> None:
    """Evidence that is none is no error of ours."""
    with pytest.raises(InvalidInput) as refusal:
        chain.parse_evidence(facts)
    assert refusal.value.code == "evidence_malformed"


def test_a_loop_of_rosters_ends() -> None:
    """Whatever strangers claim, the walk is bounded by what they gave."""
    with pytest.raises(Refused):
        chain.verify(WHOLE, "f" * 64)


def test_an_order_for_a_registrars_key_makes_no_roster() -> None:
    """However many vote for it: it says nothing of who decides or which agents there are."""
    roster = papers.successor(FIRST, rules=registrar_keys.RULES)
    order = replace(
        papers.order(roster, MADE_AT, subject=registrar_keys.change(registrar_keys.REGISTRAR.key)),
        kind=OrderKind.REGISTRAR_KEY,
    )
    document = order_document.render(order)
    made = papers.successor(roster, order=documents.digest(document))
    link = ordered(made, ANNA, BEN, CHRIS, order=document)
    assert refused(GENESIS, signed(roster, ANNA, BEN), link, newest=made) == "roster_order"
