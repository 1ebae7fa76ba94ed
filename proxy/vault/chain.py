"""Whether rosters follow one another from one that is known: checked by strangers, offline.

Verify-only: holds no key and no state. Each step is judged by the very rules the vault has:
signatures of members or keepers, or an order with its votes. What a chain can not show is that its
newest roster is the newest there is. Source: vault.md, Roster; FORMAT.md, Rosters and orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import msgspec

from proxy.errors import InvalidInput, Refused
from proxy.model.order import ChangeAgent, Voter
from proxy.model.roster import Person
from proxy.rules import approvals, orders, succession
from proxy.rules.succession import NotEntitled, Route
from proxy.vault import signatures, statements
from proxy.wire import documents, order_document, roster_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import Roster

LONGEST = 10_000  # rosters in a chain; bounds a walk over what a stranger says


class Paper(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A signature as evidence holds it."""

    person: str
    key: str
    signature: str


class Evidence(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What entitles a roster: signatures under it, or an order, its nonce and its votes."""

    signatures: tuple[Paper, ...] = ()
    order: str = ""
    nonce: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""
    votes: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One roster with what entitles it."""

    document: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A roster of a chain that holds."""

    roster: Roster
    sha256: str
    route: Route


def parse_evidence(facts: object) -> Evidence:
    """Evidence out of JSON; InvalidInput `evidence_malformed`."""
    try:
        return msgspec.convert(facts, Evidence)
    except msgspec.ValidationError:
        raise InvalidInput("evidence_malformed", "A roster's evidence is damaged.") from None


def verify(links: Sequence[Link], newest: str, *, known: str = "") -> tuple[Step, ...]:
    """The chain up to the roster of digest `newest`, oldest first; Refused says where it breaks.

    It begins after the roster of digest `known`, whose document must be among `links`, or, without
    one, at genesis, which is then believed as it stands: compare its digest with the members'.
    """
    by_digest = {documents.digest(one.document): one for one in links}
    way = _way(by_digest, newest, known)
    steps: list[Step] = []
    for sha256 in way:
        link, roster = by_digest[sha256], _parsed(by_digest[sha256])
        if not steps:
            route = Route.GENESIS
            if sha256 != known:
                _check_genesis(roster, link)
        else:
            route = _check_step(steps[-1], roster, link)
        steps.append(Step(roster=roster, sha256=sha256, route=route))
    return tuple(steps)


def _way(by_digest: Mapping[str, Link], newest: str, known: str) -> list[str]:
    """Digests from the one that is known, or from genesis, to the newest."""
    way: list[str] = []
    sha256 = newest
    while sha256 in by_digest and len(way) <= min(len(by_digest), LONGEST):
        way.append(sha256)
        previous = _parsed(by_digest[sha256]).previous
        if sha256 == known or (not known and not previous):
            return way[::-1]
        sha256 = previous
    where = "the one known here" if known else "a first one"
    raise Refused("roster_unchained", f"The rosters do not lead from {where} to {newest}.")


def _parsed(link: Link) -> Roster:
    return roster_document.parse(link.document)


def _check_genesis(roster: Roster, link: Link) -> None:
    pairs = _signers((roster,), link)
    fault = succession.genesis(roster, frozenset(key for _, key in pairs), is_demo=True)
    if fault is not None:
        raise Refused(fault, f"Roster {roster.version} is not one that could be the first.")


def _check_step(before: Step, roster: Roster, link: Link) -> Route:
    if roster.order:
        _check_order(before, roster, link)
        found = succession.by_order(before.roster, before.sha256, roster, frozenset())
    else:
        pairs = _signers((roster, before.roster), link)
        found = succession.successor(before.roster, before.sha256, roster, pairs)
    if isinstance(found, NotEntitled):
        raise Refused(found.code, f"Roster {roster.version} may not follow the one before it.")
    return found.route


def _check_order(before: Step, roster: Roster, link: Link) -> None:
    """An order, voted for under the roster before, that makes exactly this one."""
    document, evidence = link.evidence.order, link.evidence
    if documents.digest(document) != roster.order:
        raise Refused("order_forged", f"Roster {roster.version} names another order than it has.")
    order = order_document.parse(document)
    change = order.subject
    if not isinstance(change, ChangeAgent):
        raise Refused("roster_order", f"Roster {roster.version} is not what its order makes.")
    replaces = roster_document.agent_digest(before.roster.agent(change.agent_id))
    fault = orders.fault(order, before.roster, before.sha256) or orders.agent_fault(
        order, change, before.roster, replaces
    )
    if fault is not None:
        raise Refused(fault, f"The order of roster {roster.version} does not fit.")
    if orders.changed_roster(order, roster.order, before.roster, roster.made_at) != roster:
        raise Refused("roster_order", f"Roster {roster.version} is not what its order makes.")
    message = statements.approval(bytes.fromhex(roster.order), bytes.fromhex(evidence.nonce))
    voters = []
    for vote in evidence.votes:
        key = _key(before.roster, vote)
        signatures.verify(key, vote.signature, message, relying_party=before.roster.relying_party)
        voters.append(Voter(person=Person(vote.person), is_detached=key.is_detached))
    lacking = approvals.lacking(before.roster, order, voters)
    if lacking:
        raise Refused(lacking[0], f"The order of roster {roster.version} lacks votes.")


def _signers(rosters: tuple[Roster, ...], link: Link) -> frozenset[tuple[Person, str]]:
    for person in rosters[0].people:
        for key in person.keys:
            signatures.may_load(key)
    pairs = set()
    for paper in link.evidence.signatures:
        key = _key_in(rosters, paper)
        signatures.verify(key, paper.signature, link.document.encode(), relying_party=None)
        pairs.add((Person(paper.person), key.id))
    return frozenset(pairs)


def _key_in(rosters: tuple[Roster, ...], paper: Paper) -> ApprovalKey:
    for roster in rosters:
        for key in roster.keys_of(paper.person):
            if key.id == paper.key:
                return key
    raise Refused("signature_stranger", "A signature is of nobody whom the rosters know.")


def _key(roster: Roster, paper: Paper) -> ApprovalKey:
    return _key_in((roster,), paper)
