"""Rules of changes that go well: what they come to, and that they can be taken back."""

from __future__ import annotations

from proxy.model.identifiers import Role
from proxy.model.registrar import Lock, Observed, Outcome
from tests.adapters import bench as on
from tests.adapters.bench import Bench, Entry

BEFORE = (
    frozenset[str](),
    frozenset({"clientTransferProhibited"}),
    frozenset({"clientUpdateProhibited"}),
    frozenset({"clientTransferProhibited", "clientUpdateProhibited", "clientDeleteProhibited"}),
    frozenset({"serverTransferProhibited", "clientRenewProhibited", "autoRenewPeriod"}),
)
"""Statuses that a name may well have when we come."""


async def read_shows_what_stands(bench: Bench) -> None:
    """`read` shows every status, contact and handle, and changes nothing."""
    bench.plant(frozenset({"clientTransferProhibited", "addPeriod"}))
    found = await bench.registrar().read(on.NAME)
    assert isinstance(found, Observed)
    assert found.domain == on.NAME
    assert found.statuses == {"clientTransferProhibited", "addPeriod"}
    assert found.expires_at is None or found.expires_at.tzinfo is not None
    if bench.traits.holds_contacts:
        assert {role: one.contact for role, one in found.contacts.items()} == bench.sight().contacts
    if bench.traits.has_handles:
        assert {one.handle for one in found.contacts.values()} == {on.OLD}
    assert bench.updates() == 0


async def every_act_does_what_it_says_and_no_more(bench: Bench) -> None:
    """Each operation, on a name with any statuses, comes to its end and touches nothing else."""
    number = 0
    for act in on.acts_for(bench.traits):
        for before in BEFORE:
            number += 1
            others = before - act.start - act.end
            bench.plant(act.start | others)
            asked = on.effect(number, act.start | others)
            assert (await act.ask(bench.registrar(), asked)).outcome is Outcome.APPLIED
            assert bench.sight() == act.outcome(others)


async def what_stands_is_not_done_again(bench: Bench) -> None:
    """Asking under another id for what stands already sends nothing."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        bench.plant(act.start)
        await on.until_final(bench, act, on.effect(2 * number, act.start))
        done, sight = bench.updates(), bench.sight()
        again = await act.ask(bench.registrar(), on.effect(2 * number + 1, act.end))
        assert again.outcome is Outcome.ALREADY
        assert (bench.updates(), bench.sight()) == (done, sight)


async def a_hold_taken_back_leaves_the_statuses_before_it(bench: Bench) -> None:
    """hold, then unhold by an adapter that knows nothing of it, is as if nothing had been."""
    for number, before in enumerate((*BEFORE, on.HOLD, on.HOLD | on.UPDATE)):
        bench.plant(before)
        start = bench.sight()
        assert on.stands(await bench.registrar().hold(on.effect(2 * number, before)))
        assert bench.sight().statuses == (before | on.HOLD)
        asked = on.effect(2 * number + 1, before | on.HOLD)
        assert on.stands(await bench.registrar().unhold(asked, before))
        assert bench.sight() == start


async def a_lock_taken_back_leaves_the_statuses_before_it(bench: Bench) -> None:
    """lock, then unlock, of any locks, is as if nothing had been."""
    number = 0
    for before in BEFORE:
        for locks in (frozenset(Lock), frozenset({Lock.UPDATE}), frozenset({Lock.TRANSFER})):
            bench.plant(before)
            start = bench.sight()
            number += 2
            assert on.stands(await bench.registrar().lock(on.effect(number, before), locks))
            locked = bench.sight().statuses
            assert locked == before | {lock.value for lock in locks}
            asked = on.effect(number + 1, locked)
            assert on.stands(await bench.registrar().unlock(asked, locks, before))
            assert bench.sight() == start


async def what_others_set_meanwhile_stays(bench: Bench) -> None:
    """A status that the registrar sets during our hold is there after it."""
    bench.plant(on.NONE)
    await bench.registrar().hold(on.effect(1))
    theirs = frozenset({"clientTransferProhibited", "serverRenewProhibited"})
    bench.touch(add=theirs)
    await bench.registrar().unhold(on.effect(2, on.HOLD | theirs), on.OK)
    assert bench.sight().statuses == theirs


async def the_contact_that_was_there_can_be_put_back(bench: Bench) -> None:
    """A mask taken back by handle leaves the registrar's own contact object in every role."""
    bench.plant(on.UPDATE)
    start = bench.sight()
    await on.until_final(bench, on.MASKING, on.effect(1, on.UPDATE))
    answer = await bench.registrar().restore(on.effect(2, on.UPDATE), on.MASKED_ROLES, on.OLD)
    assert on.stands(answer)
    assert bench.sight() == start


async def roles_are_masked_one_after_the_other(bench: Bench) -> None:
    """A mask for a role more leaves those that have it, and is no second command for them."""
    bench.plant(on.NONE)
    await on.until_final(bench, on.MASKING, on.effect(1))
    everyone = frozenset(Role)
    answer = await bench.registrar().apply_mask(on.effect(2), everyone, on.MASK)
    assert answer.outcome is Outcome.APPLIED
    assert set(bench.sight().contacts.values()) == {on.MASK_SHOWN}


RULES = (
    Entry(read_shows_what_stands, frozenset()),
    Entry(every_act_does_what_it_says_and_no_more, frozenset()),
    Entry(what_stands_is_not_done_again, frozenset()),
    Entry(a_hold_taken_back_leaves_the_statuses_before_it, frozenset()),
    Entry(a_lock_taken_back_leaves_the_statuses_before_it, frozenset()),
    Entry(what_others_set_meanwhile_stays, frozenset()),
    Entry(the_contact_that_was_there_can_be_put_back, frozenset({"has_handles"})),
    Entry(roles_are_masked_one_after_the_other, frozenset({"holds_contacts"})),
)
