"""Which roster is in force: read it, take its successors, hear objections, let time pass.

Believes the vault's own state and signatures; the database gets copies for others to read. Every
change is a ledger entry before it happens. Source: vault.md, Roster.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from proxy.errors import Conflict, Refused
from proxy.model.roster import Person, Waiting
from proxy.rules import reasons, succession
from proxy.rules.succession import NotEntitled, Route
from proxy.store import approvals as store
from proxy.store.approvals import RosterRow
from proxy.wire import documents, roster_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.identifiers import TenantId
    from proxy.model.ledger import LedgerEntry
    from proxy.model.roster import Roster, Standing
    from proxy.ports import Rosters, Signatures
    from proxy.store.pool import Connection
    from proxy.wire.frames import Signature


Facts = Mapping[str, str | int | bool]


class Note(Protocol):
    """How an entry of the vault's own is made."""

    def __call__(
        self, kind: str, facts: Facts, *, subject: str = "", tenant_id: TenantId | None = None
    ) -> object:
        """Keep the entry, durably."""
        ...


class Entry(Protocol):
    """How an entry of the vault's own is worded."""

    def __call__(
        self, kind: str, facts: Facts, *, subject: str = "", tenant_id: TenantId | None = None
    ) -> LedgerEntry:
        """The entry, kept by nobody yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A roster with its digest and document."""

    roster: Roster
    sha256: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What decisions about rosters and orders need.

    `note` makes a ledger entry, durably, of a subject if one is given; `entry` only words it, for
    who keeps it along with something else; `be_seen` raises while no leaf could tell of it.
    """

    rosters: Rosters
    signatures: Signatures
    note: Note
    entry: Entry
    be_seen: Callable[[], object]
    now: datetime
    deployment: str
    is_demo: bool


def current(keeping: Keeping) -> InForce:
    """The roster in force; Conflict `roster_none`."""
    standing = settle(keeping)
    if standing is None:
        raise Conflict("roster_none", "There is no roster yet: `privacyproxy roster init`.")
    return of(standing)


def of(paper: Standing | Waiting) -> InForce:
    """A roster as the vault's own state has it."""
    return InForce(
        roster=roster_document.parse(paper.document), sha256=paper.sha256, document=paper.document
    )


async def load(connection: Connection, sha256: str) -> InForce:
    """The roster of a digest, out of the database: for a vault that has lost its state."""
    document = await store.find_roster(connection, sha256)
    if document is None:
        raise Refused(
            "roster_missing",
            f"The roster {sha256} is not in the database any more: give its file with --roster.",
        )
    if documents.digest(document) != sha256:
        raise Refused(
            "roster_forged", f"The database holds another document in the place of roster {sha256}."
        )
    return InForce(roster=roster_document.parse(document), sha256=sha256, document=document)


def settle(keeping: Keeping) -> Standing | None:
    """What stands now that a roster whose time has come took effect."""
    standing = keeping.rosters.standing()
    coming = standing.waiting if standing else None
    if coming is None or keeping.now < coming.effective_at:
        return standing
    keeping.note("roster_effective", {"version": coming.version, "sha256": coming.sha256})
    keeping.rosters.settle(keeping.now)
    return keeping.rosters.standing()


async def submit(
    connection: Connection, keeping: Keeping, document: str, signed: Sequence[Signature]
) -> Standing | None:
    """Where things stand after a genesis or a successor was taken; Refused says why not.

    The same document again changes nothing.
    """
    roster, sha256 = roster_document.parse(document), documents.digest(document)
    standing = settle(keeping)
    evidence = {
        "signatures": [
            {"person": one.person, "key": one.key, "signature": one.signature} for one in signed
        ]
    }
    if standing is None:
        _check_first(keeping, roster, document, signed)
        keeping.be_seen()
        row = _row(roster.version, document, evidence, keeping.now, keeping.now)
        await store.add_roster(connection, row)
        keeping.note("roster_founded", {"version": roster.version, "sha256": sha256})
        keeping.rosters.found(sha256, document, json.dumps(evidence), keeping.now)
    elif sha256 not in _known(standing):
        if sha256 in standing.stopped:
            raise _refused("roster_stopped")
        before = of(standing)
        pairs = _signers(keeping, (roster, before.roster), document, signed)
        entitled = succession.successor(before.roster, before.sha256, roster, pairs)
        if isinstance(entitled, NotEntitled):
            raise _refused(entitled.code)
        waiting = wait(roster.version, document, evidence, entitled, keeping.now)
        await announce(connection, keeping, waiting, evidence)
        keeping.rosters.announce(waiting, follows=before.sha256)
    return keeping.rosters.standing()


def wait(
    version: int,
    document: str,
    evidence: Mapping[str, object],
    entitled: succession.Entitled,
    now: datetime,
) -> Waiting:
    """A roster that may follow, until its delay is over."""
    return Waiting(
        sha256=documents.digest(document),
        version=version,
        document=document,
        evidence=json.dumps(evidence),
        route=entitled.route,
        signers=tuple(sorted(entitled.signers)),
        objectors=(),
        announced_at=now,
        effective_at=now + timedelta(seconds=entitled.delay_s),
    )


async def announce(
    connection: Connection, keeping: Keeping, waiting: Waiting, evidence: Mapping[str, object]
) -> None:
    """Make a successor known, before it may wait: its document, and an entry of the ledger.

    Conflict `roster_waiting` while another one waits.
    """
    standing = keeping.rosters.standing()
    if standing is not None and standing.waiting is not None:
        raise Conflict("roster_waiting", "Another roster waits: let it take effect, or stop it.")
    keeping.be_seen()
    row = _row(
        waiting.version, waiting.document, evidence, waiting.announced_at, waiting.effective_at
    )
    await store.add_roster(connection, row)
    keeping.note(
        "roster_announced",
        {"version": waiting.version, "sha256": waiting.sha256, "route": waiting.route},
    )


def object_to(keeping: Keeping, sha256: str, signature: Signature) -> Standing | None:
    """Where things stand after a member's objection to the roster that waits.

    Needs nothing of the database: nobody can keep an objection from counting by taking it away.
    """
    standing = settle(keeping)
    if standing is None or standing.waiting is None or standing.waiting.sha256 != sha256:
        raise Conflict("roster_not_waiting", "That roster does not wait (any more).")
    waiting = standing.waiting
    before, after = of(standing).roster, of(waiting).roster
    person = objector(keeping.signatures, before, signature, sha256)
    if person in waiting.objectors:
        return standing
    keeping.note(
        "roster_objection",
        {"version": waiting.version, "sha256": sha256, "person": person},
    )
    keeping.rosters.note_objection(person)
    if succession.is_stopped(
        before,
        after,
        Route(waiting.route),
        frozenset(waiting.signers),
        frozenset((*waiting.objectors, person)),
    ):
        keeping.note("roster_stopped", {"version": waiting.version, "sha256": sha256})
        keeping.rosters.stop()
    return keeping.rosters.standing()


def objector(signatures: Signatures, roster: Roster, signature: Signature, sha256: str) -> Person:
    """The member whose valid no to a paper this is; Refused with the reason."""
    if roster.member(signature.person) is None:
        raise Refused("objection_stranger", "Only members of the roster in force may object.")
    message = signatures.objection(bytes.fromhex(sha256))
    verify(signatures, roster, signature, message)
    return Person(signature.person)


def verify(
    signatures: Signatures, roster: Roster, signature: Signature, message: bytes
) -> ApprovalKey:
    """The key of a person of `roster` that made a signature; Refused with the reason."""
    key = _key(roster, signature)
    if key is None:
        raise Refused("signature_stranger", "The roster knows no such key of this person.")
    signatures.check(key, signature.signature, message, roster.relying_party)
    return key


def _check_first(
    keeping: Keeping, roster: Roster, document: str, signed: Sequence[Signature]
) -> None:
    pairs = _signers(keeping, (roster,), document, signed)
    fault = succession.genesis(roster, frozenset(key for _, key in pairs), is_demo=keeping.is_demo)
    if fault is None and roster.deployment != keeping.deployment:
        fault = "roster_deployment"
    if fault is not None:
        raise _refused(fault)


def _signers(
    keeping: Keeping,
    rosters: tuple[Roster, ...],
    document: str,
    signed: Sequence[Signature],
) -> frozenset[tuple[Person, str]]:
    """Person and key of every signature under a roster; Refused when a single one is wrong.

    `rosters` are the new one and the one before it. A passkey signs no roster: its page could
    show another text than it has signed.
    """
    for person in rosters[0].people:
        for key in person.keys:
            keeping.signatures.may_enrol(key)
    pairs = set()
    for one in signed:
        found = next((key for key in (_key(roster, one) for roster in rosters) if key), None)
        if found is None:
            raise Refused("signature_stranger", "A signature is of nobody whom the roster knows.")
        keeping.signatures.check(found, one.signature, document.encode(), None)
        pairs.add((Person(one.person), found.id))
    return frozenset(pairs)


def _key(roster: Roster, signature: Signature) -> ApprovalKey | None:
    return next((one for one in roster.keys_of(signature.person) if one.id == signature.key), None)


def _row(
    version: int,
    document: str,
    evidence: Mapping[str, object],
    announced_at: datetime,
    effective_at: datetime,
) -> RosterRow:
    return RosterRow(
        sha256=documents.digest(document),
        version=version,
        document=document,
        evidence=evidence,
        announced_at=announced_at,
        effective_at=effective_at,
    )


def _known(standing: Standing) -> frozenset[str]:
    waiting = standing.waiting
    return frozenset({standing.sha256} if waiting is None else {standing.sha256, waiting.sha256})


def _refused(code: str) -> Refused:
    return Refused(code, reasons.SENTENCES.get(code, ""))
