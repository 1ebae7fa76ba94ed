"""Random histories of rosters, orders, votes, objections, time, restarts and a lying database.

The oracle is this page: it knows nothing of documents, keys or signatures, only who said what. At
every step the vault must say yes exactly when the oracle does.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from typing_extensions import override

from proxy.errors import ProxyError
from proxy.model.order import ChangeAgent
from proxy.model.roster import Person
from proxy.vault.grants import Caller
from proxy.wire import frames, roster_document
from tests.support import papers
from tests.support import vault as vaults
from tests.support.decisions import ALL, Office
from tests.support.papers import AGENT, SAFES

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from tests.support.database import Database
    from tests.support.papers import Hand

pytestmark = [pytest.mark.db, pytest.mark.timeout(300)]
NAMES = ("anna", "ben", "chris", "dora")
PEOPLE = st.sampled_from(NAMES)
PASSKEYS = {name: papers.passkey_hand(name) for name in NAMES}
_T = TypeVar("_T")


def members_of(names: frozenset[str]) -> Any:
    """Members with a key and a passkey each."""
    return tuple(papers.member(papers.hand(name), PASSKEYS[name]) for name in sorted(names))


@dataclass(slots=True)
class Said:
    """An order as the oracle knows it."""

    order: Order
    kept: dict[str, Any]
    host: str
    under: int
    expires_at: datetime
    proposer: str
    state: str = "open"
    votes: dict[str, bool] = field(default_factory=dict)  # person -> detached


@dataclass(slots=True)
class Coming:
    """A roster that waits, as the oracle knows it."""

    roster: Roster
    members: frozenset[str]
    host: str
    at: datetime
    is_recovery: bool
    signers: frozenset[str]
    objectors: set[str] = field(default_factory=set)


class History(RuleBasedStateMachine):
    """One vault and its people."""

    directory: Path
    database: Database
    number = 0

    def __init__(self) -> None:
        """A fresh vault whose first roster has three members."""
        super().__init__()
        History.number += 1
        folder = self.directory / str(History.number)
        folder.mkdir()
        self.loop = asyncio.new_event_loop()
        self.stack = contextlib.AsyncExitStack()
        service = self.do(self.stack.enter_async_context(vaults.service(folder, self.database)))
        self.office = Office(service)
        self.do(service.administrate("TRUNCATE roster, approval_order, approval_vote"))
        self.members = frozenset(NAMES[:3])
        self.roster = self.do(self.office.found(members=members_of(self.members)))
        self.host = AGENT.host
        self.made = 0
        self.coming: Coming | None = None
        self.orders: list[Said] = []

    @override
    def teardown(self) -> None:
        """Close the vault."""
        self.do(self.stack.aclose())
        self.loop.close()

    def do(self, work: Coroutine[Any, Any, _T]) -> _T:
        """The result of `work`."""
        return self.loop.run_until_complete(work)

    def says(self, work: Coroutine[Any, Any, object], *, expected: bool) -> bool:
        """Whether the vault agreed to `work`; it must do what the oracle expects."""
        refusal = ""
        try:
            self.do(work)
        except ProxyError as fault:
            refusal = fault.code
        assert (refusal == "") == expected, refusal
        return expected

    @property
    def now(self) -> datetime:
        """The vault's time."""
        return self.office.service.vault.clock.now()

    def moment(self) -> datetime:
        """A time of its own for every document: the same one again would be no news."""
        self.made += 1
        start = max(self.now.replace(microsecond=0), self.roster.made_at)
        return start + timedelta(seconds=self.made)

    def pass_time(self) -> None:
        """Let what waits take effect, as the oracle sees it."""
        if self.coming is not None and self.now >= self.coming.at:
            self.roster, self.members = self.coming.roster, self.coming.members
            self.host, self.coming = self.coming.host, None

    @rule(hours=st.sampled_from([1, 23, 47, 80]))
    def wait(self, hours: int) -> None:
        """Time passes."""
        self.office.wait(hours=hours)
        self.pass_time()

    @rule()
    def restart(self) -> None:
        """The vault dies and starts again."""
        self.office.service.reopen()
        self.office.reopen()

    @rule(
        members=st.frozensets(PEOPLE, min_size=2),
        signers=st.frozensets(PEOPLE),
        safes=st.integers(0, 3),
    )
    def propose_roster(self, members: frozenset[str], signers: frozenset[str], safes: int) -> None:
        """Somebody submits a successor, signed by some."""
        new = papers.successor(self.roster, members=members_of(members), made_at=self.moment())
        hands = [papers.hand(name) for name in sorted(signers & (members | self.members))]
        hands += SAFES[:safes]
        changed = members ^ self.members
        added = members - self.members
        by_members = len((signers & self.members) - changed) >= 2
        is_fine = added <= signers and (by_members or safes >= 2)
        is_fine = is_fine and self.coming is None
        if self.says(self.office.submit(new, *hands), expected=is_fine):
            wait = timedelta(hours=48) if by_members else timedelta(days=7)
            self.coming = Coming(
                roster=new, members=members, host=self.host, at=self.now + wait,
                is_recovery=not by_members, signers=frozenset(signers & self.members),
            )  # fmt: skip

    @precondition(lambda self: self.coming is not None)
    @rule(person=PEOPLE)
    def object_to_roster(self, person: str) -> None:
        """Somebody says no to what waits."""
        coming = self.coming
        assert coming is not None
        digest = papers.sha256(coming.roster)
        request = frames.ObjectToRoster(sha256=digest, signature=papers.hand(person).no(digest))
        if not self.says(self.office.ask(request, Caller.API), expected=person in self.members):
            return
        coming.objectors.add(person)
        changed = coming.members ^ self.members
        if coming.is_recovery:
            is_over = len(coming.objectors) >= 2
        else:
            is_over = any(
                one not in changed or not self.members - {one} <= coming.signers
                for one in coming.objectors
            )
        if is_over:
            self.coming = None

    @rule(host=st.sampled_from(["a.example", "b.example"]), proposer=st.sampled_from(
        ["operator", "anna", "ben"]))  # fmt: skip
    def propose_order(self, host: str, proposer: str) -> None:
        """Somebody proposes to move the agent."""
        before = self.roster.agents[0]
        order = self.office.order(
            self.roster,
            proposer=Person(proposer),
            subject=ChangeAgent(
                agent_id=AGENT.id,
                agent=replace(before, host=host),
                replaces=roster_document.agent_digest(before),
            ),
        )
        is_fine = host != self.host and proposer in {"operator", *self.members}
        kept: dict[str, Any] = {}

        async def propose() -> None:
            kept.update(await self.office.propose(order))

        if self.says(propose(), expected=is_fine):
            self.orders.append(
                Said(
                    order=order, kept=kept, host=host, under=self.roster.version,
                    expires_at=order.expires_at, proposer=proposer,
                )
            )  # fmt: skip

    def is_open(self, said: Said) -> bool:
        """Whether votes count for an order now."""
        return (
            said.state == "open"
            and said.under == self.roster.version
            and self.now < said.expires_at
        )

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), person=PEOPLE, with_passkey=st.booleans())
    def vote(self, data: st.DataObject, person: str, *, with_passkey: bool) -> None:
        """Somebody votes for an order, by key or by passkey."""
        self.cast(data.draw(st.sampled_from(self.orders)), person, with_passkey=with_passkey)

    def cast(self, said: Said, person: str, *, with_passkey: bool) -> None:
        """A vote, as the oracle judges it."""
        hand: Hand = PASSKEYS[person] if with_passkey else papers.hand(person)
        is_fine = self.is_open(said) and person in self.members and person != said.proposer
        if self.says(self.office.vote(said.order, said.kept, hand), expected=is_fine):
            # A passkey's vote takes no place of one from the person's own machine.
            said.votes[person] = said.votes.get(person, False) or not with_passkey

    @precondition(lambda self: self.orders)
    @rule(
        data=st.data(),
        people=st.permutations(NAMES),
        with_passkey=st.tuples(st.booleans(), st.booleans()),
    )
    def vote_and_carry_out(
        self, data: st.DataObject, people: list[str], with_passkey: tuple[bool, bool]
    ) -> None:
        """Two people vote for the same order, and somebody tries what that is worth."""
        said = data.draw(st.sampled_from(self.orders))
        for person, is_passkey in zip(people[:2], with_passkey, strict=True):
            self.cast(said, person, with_passkey=is_passkey)
        self.try_to_carry_out(said)

    @precondition(lambda self: len(self.orders) > 1)
    @rule(data=st.data(), person=PEOPLE)
    def vote_of_another_order(self, data: st.DataObject, person: str) -> None:
        """A signature for one order never counts for another."""
        one, other = data.draw(st.permutations(self.orders))[:2]
        request = frames.Vote(
            order=str(one.order.id),
            signature=papers.hand(person).vote(other.kept["sha256"], other.kept["nonce"]),
        )
        self.says(self.office.ask(request, Caller.API), expected=False)

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), person=PEOPLE)
    def object_to_order(self, data: st.DataObject, person: str) -> None:
        """Somebody stops an order."""
        said = data.draw(st.sampled_from(self.orders))
        request = frames.ObjectToOrder(
            order=str(said.order.id), signature=papers.hand(person).no(said.kept["sha256"])
        )
        is_fine = said.state == "open" and person in self.members
        if self.says(self.office.ask(request, Caller.API), expected=is_fine):
            said.state = "stopped"

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def carry_out(self, data: st.DataObject) -> None:
        """The operator has an order carried out, whether or not it may be."""
        self.try_to_carry_out(data.draw(st.sampled_from(self.orders)))

    def try_to_carry_out(self, said: Said) -> None:
        """What the operator gets, as the oracle judges it."""
        voters = {person for person in said.votes if person in self.members}
        is_fine = (
            self.is_open(said)
            and len(voters) >= 2
            and any(said.votes[person] for person in voters)
            and self.coming is None
        )
        if self.says(self.office.carry_out(said.order), expected=is_fine):
            said.state = "carried out"
            waiting = self.do(self.office.ask(frames.ShowRoster(after=self.roster.version)))
            made = roster_document.parse(waiting["rosters"][-1]["document"])
            self.coming = Coming(
                roster=made, members=self.members, host=said.host,
                at=self.now + timedelta(hours=48), is_recovery=False, signers=frozenset(voters),
            )  # fmt: skip

    @precondition(lambda self: self.orders)
    @rule(data=st.data())
    def lose_votes(self, data: st.DataObject) -> None:
        """A superuser deletes votes: that hinders, and nothing more."""
        said = data.draw(st.sampled_from(self.orders))
        self.do(
            self.office.service.administrate(
                "DELETE FROM approval_vote WHERE order_id = $1", said.order.id
            )
        )
        said.votes.clear()

    @precondition(lambda self: len(self.orders) > 1)
    @rule(data=st.data())
    def move_votes(self, data: st.DataObject) -> None:
        """A superuser copies one order's votes to another: they count for nothing there."""
        one, other = data.draw(st.permutations(self.orders))[:2]
        self.do(
            self.office.service.administrate(
                "INSERT INTO approval_vote SELECT $1, person, signature, voted_at"
                " FROM approval_vote WHERE order_id = $2"
                " ON CONFLICT (order_id, person) DO UPDATE SET signature = excluded.signature",
                one.order.id,
                other.order.id,
            )
        )
        for person in other.votes:
            one.votes.pop(person, None)

    @rule()
    def forge_rosters(self) -> None:
        """A superuser adds rosters of their own: they are not in force."""
        forged = papers.successor(self.roster, members=members_of(frozenset({"dora"})))
        self.do(
            self.office.service.administrate(
                "INSERT INTO roster VALUES (decode($1, 'hex'), $2, $3, '{}', $4, $4)"
                " ON CONFLICT DO NOTHING",
                papers.sha256(forged),
                forged.version,
                roster_document.render(forged),
                vaults.START - timedelta(days=1),
            )
        )

    @invariant()
    def what_is_in_force_is_what_people_decided(self) -> None:
        """The roster and the agent's host are the oracle's."""
        agent = self.do(self.office.approvals.agent(AGENT.id))
        assert agent is not None
        assert agent.host == self.host
        standing = self.office.service.vault.walls.rosters.standing()
        assert standing is not None
        assert standing.sha256 == papers.sha256(self.roster)
        waiting = "" if self.coming is None else papers.sha256(self.coming.roster)
        assert (standing.waiting.sha256 if standing.waiting else "") == waiting


def test_only_what_enough_people_signed_ever_happens(tmp_path: Path, database: Database) -> None:
    """Whatever the order of events, the vault decides as a page of plain Python does."""
    assert len(ALL) == 6

    class Here(History):
        directory = tmp_path

    Here.database = database
    run_machine(Here, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))
