"""Which roster may follow which, by whose signatures, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from proxy.model.roster import Person, StaffRole
from proxy.rules import succession
from proxy.rules.succession import Entitled, NotEntitled, Route
from tests.support import papers
from tests.support.papers import AGENT, AGENT_RULE, ANNA, BEN, CHRIS, SAFES

if TYPE_CHECKING:
    from proxy.model.roster import Roster
    from tests.support.papers import Hand

FIRST = papers.roster()
DORA = papers.hand("dora")
FOUR = (papers.member(ANNA), papers.member(BEN), papers.member(CHRIS), papers.member(DORA))
EVERYBODY = frozenset(one.public.id for one in (ANNA, BEN, CHRIS, *SAFES))


def outcome(new: Roster, *hands: Hand, before: Roster = FIRST) -> Entitled | NotEntitled:
    """What becomes of a successor that these have signed."""
    pairs = frozenset((Person(one.person), one.public.id) for one in hands)
    return succession.successor(before, papers.sha256(before), new, pairs)


def refused(new: Roster, *hands: Hand, before: Roster = FIRST) -> str:
    """Why a successor is refused."""
    found = outcome(new, *hands, before=before)
    assert isinstance(found, NotEntitled)
    return found.code


def test_a_genesis_is_signed_by_everybody_in_it() -> None:
    """Every member and every keeper shows that they have their key."""
    assert succession.genesis(FIRST, EVERYBODY, is_demo=False) is None
    for key in EVERYBODY:
        assert succession.genesis(FIRST, EVERYBODY - {key}, is_demo=False) == "roster_possession"


@pytest.mark.parametrize(
    "changes", [{"version": 2}, {"previous": "a" * 64}, {"order": "b" * 64}], ids=str
)
def test_a_genesis_follows_nothing(changes: dict[str, Any]) -> None:
    """The first roster names none before it."""
    first = papers.roster(**changes)
    assert succession.genesis(first, EVERYBODY, is_demo=False) == "roster_not_genesis"


def test_short_delays_are_for_demos() -> None:
    """A demo's roster may be quick, but only a demo takes it; no other may."""
    quick = papers.roster(is_demo=True, delay_s=1, recovery_delay_s=1)
    assert succession.genesis(quick, EVERYBODY, is_demo=True) is None
    assert succession.genesis(quick, EVERYBODY, is_demo=False) == "roster_demo"
    posing = replace(quick, is_demo=False)
    assert succession.genesis(posing, EVERYBODY, is_demo=True) == "roster_delay"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"delay_s": 172_799}, "roster_delay"),
        ({"delay_s": 2_592_001}, "roster_delay"),
        ({"recovery_delay_s": 604_799}, "roster_delay"),
        ({"members": (papers.member(ANNA),)}, "roster_too_small"),
        (
            {"members": (papers.member(ANNA), papers.member(papers.passkey_hand("ben")))},
            "roster_too_small",
        ),
        ({"members": (*FIRST.members, papers.member(ANNA))}, "roster_person_twice"),
        (
            {
                "members": (
                    *FIRST.members,
                    replace(papers.member(ANNA), person=Person("anna-again")),
                )
            },
            "roster_key_shared",
        ),
        ({"approvals": 1}, "roster_floor"),
        ({"rules": (replace(AGENT_RULE, approvals=1),)}, "roster_floor"),
        ({"approvals": 4}, "roster_unworkable"),
        ({"rules": (replace(AGENT_RULE, approvals=4),)}, "roster_unworkable"),
        ({"recovery_approvals": 1}, "roster_recovery"),
        ({"recovery_approvals": 4}, "roster_recovery"),
    ],
)
def test_an_unsound_roster_has_its_reason(changes: dict[str, Any], code: str) -> None:
    """Whatever would let one person decide, or nobody, is refused by name."""
    assert succession.unsound(papers.roster(**changes)) == code


def test_two_members_make_a_successor_after_the_delay() -> None:
    """Members other than the subject sign, the newcomer shows the key."""
    new = papers.successor(FIRST, members=FOUR)
    assert outcome(new, ANNA, BEN, DORA) == Entitled(
        route=Route.MEMBERS, delay_s=172_800, signers=frozenset({Person("anna"), Person("ben")})
    )
    assert refused(new, ANNA, DORA) == "roster_signatures"
    assert refused(new, ANNA, BEN) == "roster_possession"


def test_the_delay_is_that_of_the_roster_in_force() -> None:
    """A successor can not shorten its own waiting."""
    slow = papers.roster(delay_s=500_000)
    found = outcome(papers.successor(slow, delay_s=172_800), ANNA, BEN, before=slow)
    assert isinstance(found, Entitled)
    assert found.delay_s == 500_000


def test_a_subject_does_not_count() -> None:
    """Who goes, or gets another key or role, has no say among the two."""
    gone = papers.successor(FIRST, members=(papers.member(ANNA), papers.member(BEN)))
    assert refused(gone, ANNA, CHRIS) == "roster_signatures"
    assert isinstance(outcome(gone, ANNA, BEN), Entitled)
    key = papers.hand("chris", "second")
    moved = papers.successor(
        FIRST, members=(papers.member(ANNA), papers.member(BEN), papers.member(key))
    )
    assert refused(moved, CHRIS, key, ANNA) == "roster_signatures"
    assert isinstance(outcome(moved, ANNA, BEN, key), Entitled)
    promoted = papers.successor(
        FIRST,
        members=(
            papers.member(ANNA, roles={StaffRole.DECIDER, StaffRole.DIRECTOR}),
            papers.member(BEN),
            papers.member(CHRIS),
        ),
    )
    assert refused(promoted, ANNA, BEN) == "roster_signatures"
    assert isinstance(outcome(promoted, BEN, CHRIS), Entitled)


def test_a_roster_may_want_more_signatures() -> None:
    """The number of the roster in force holds for its successor."""
    strict = papers.roster(approvals=3)
    new = papers.successor(strict, approvals=2)
    assert refused(new, ANNA, BEN, before=strict) == "roster_signatures"
    assert isinstance(outcome(new, ANNA, BEN, CHRIS, before=strict), Entitled)


def test_recovery_keys_replace_a_team_that_is_gone() -> None:
    """Two keepers are enough, and wait longer."""
    team = tuple(papers.hand(one) for one in ("erik", "frida"))
    new = papers.successor(FIRST, members=tuple(papers.member(one) for one in team))
    assert refused(new, SAFES[0], *team) == "roster_signatures"
    assert refused(new, SAFES[0], ANNA, *team) == "roster_signatures"
    found = outcome(new, SAFES[0], SAFES[2], *team)
    assert isinstance(found, Entitled)
    assert (found.route, found.delay_s) == (Route.RECOVERY, 604_800)


def test_keys_of_the_successor_alone_entitle_nothing() -> None:
    """A stranger's new members can not sign themselves in."""
    team = tuple(papers.hand(one) for one in ("anna", "ben"))
    posing = [replace(one, key=papers.hand(one.person, "forged").key) for one in team]
    new = papers.successor(FIRST, members=tuple(papers.member(one) for one in posing))
    assert refused(new, *posing) == "roster_signatures"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"deployment": "1" * 32}, "roster_deployment"),
        ({"version": 3}, "roster_version"),
        ({"version": 1}, "roster_version"),
        ({"previous": "a" * 64}, "roster_previous"),
        ({"is_demo": True}, "roster_demo"),
        ({"made_at": papers.MADE_AT - timedelta(seconds=1)}, "roster_time"),
        ({"agents": ()}, "roster_agents"),
        ({"agents": (replace(AGENT, host="evil.example"),)}, "roster_agents"),
        ({"order": "c" * 64}, "roster_order"),
        ({"delay_s": 1}, "roster_delay"),
    ],
)
def test_what_does_not_follow_is_refused(changes: dict[str, Any], code: str) -> None:
    """However well signed, a successor of something else, or one that does too much."""
    assert refused(papers.successor(FIRST, **changes), ANNA, BEN, CHRIS, *SAFES) == code


def test_an_order_changes_agents_and_nothing_else() -> None:
    """The order's route lets nothing else pass along."""
    moved = (replace(AGENT, host="new.escrow.example"),)
    new = papers.successor(FIRST, agents=moved, order="d" * 64)
    digest = papers.sha256(FIRST)
    found = succession.by_order(FIRST, digest, new, frozenset())
    assert isinstance(found, Entitled)
    assert (found.route, found.delay_s) == (Route.ORDER, 172_800)
    along: tuple[dict[str, Any], ...] = (
        {"approvals": 3},
        {"members": FOUR},
        {"relying_party": None},
    )
    for changes in along:
        also = replace(new, **changes)
        assert succession.by_order(FIRST, digest, also, frozenset()) == NotEntitled(
            code="roster_order"
        )
    bare = replace(new, order="")
    assert succession.by_order(FIRST, digest, bare, frozenset()) == NotEntitled(code="roster_order")


def is_stopped(new: Roster, route: Route, signers: str, objectors: str) -> bool:
    """Whether these objections stop a roster."""
    return succession.is_stopped(
        FIRST,
        new,
        route,
        frozenset(Person(one) for one in signers.split()),
        frozenset(Person(one) for one in objectors.split()),
    )


def test_one_member_stops_a_successor() -> None:
    """Anybody whom it does not concern, also one of its signers who thought again."""
    new = papers.successor(FIRST, members=FOUR)
    assert not is_stopped(new, Route.MEMBERS, "anna ben", "")
    assert is_stopped(new, Route.MEMBERS, "anna ben", "chris")
    assert is_stopped(new, Route.MEMBERS, "anna ben", "ben")
    assert is_stopped(new, Route.ORDER, "anna ben", "chris")
    assert not is_stopped(new, Route.MEMBERS, "anna ben", "mallory safe-one")


def test_a_leaver_is_outvoted_by_all_the_others() -> None:
    """Somebody who is to go stops it, unless every other member signed."""
    three = papers.successor(FIRST, members=(papers.member(ANNA), papers.member(BEN)))
    assert not is_stopped(three, Route.MEMBERS, "anna ben", "chris")
    assert is_stopped(three, Route.MEMBERS, "anna", "chris")


def test_recovery_gives_way_to_two_members() -> None:
    """One member alone, who may be the reason for it, can not hold a recovery up."""
    new = papers.successor(FIRST, members=(papers.member(ANNA), papers.member(DORA)))
    assert not is_stopped(new, Route.RECOVERY, "safe-one safe-two", "chris")
    assert is_stopped(new, Route.RECOVERY, "safe-one safe-two", "chris ben")


def test_a_key_that_only_the_new_roster_knows_consents_to_nothing() -> None:
    """Two who enrol keys of their own making under others' names do not speak for those others."""
    posing = papers.hand("chris", "made by anna")
    new = papers.successor(
        FIRST, members=(papers.member(ANNA), papers.member(BEN), papers.member(CHRIS, posing))
    )
    found = outcome(new, ANNA, BEN, posing)
    assert isinstance(found, Entitled)
    assert found.signers == {"anna", "ben"}
