"""Rules of what must not be done: under a UDRP lock, against a status, to a name of others."""

from __future__ import annotations

import gc
import inspect
from typing import TYPE_CHECKING

from proxy.model.contact import Contact
from proxy.model.registrar import Declined, Lock, Outcome, Reason
from tests.adapters import bench as on
from tests.adapters.bench import Bench, Entry, Trouble

if TYPE_CHECKING:
    from proxy.model.registrar import Effect

SERVER_LOCKS = frozenset(
    {"serverTransferProhibited", "serverUpdateProhibited", "serverDeleteProhibited"}
)
BARRING = (
    "serverUpdateProhibited",
    "pendingDelete",
    "pendingTransfer",
    "pendingRenew",
    "redemptionPeriod",
)


async def _refused(bench: Bench, act: on.Act, asked: Effect, reason: Reason) -> None:
    """Ask, and see the reason and that nothing changed."""
    before = (bench.sight(), bench.updates())
    answer = await act.ask(bench.registrar(), asked)
    assert on.is_refusal(answer, reason), f"{act.name}: {answer}"
    assert (bench.sight(), bench.updates()) == before, act.name


async def our_case_of_a_udrp_lock_is_enough(bench: Bench) -> None:
    """Nothing is held, masked, restored or unlocked where our own cases say so."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        if act.is_barred:
            bench.plant(act.start)
            asked = on.effect(number, act.start, is_locked=True)
            await _refused(bench, act, asked, Reason.LOCKED_UDRP)


async def the_registrars_word_of_a_udrp_lock_is_enough(bench: Bench) -> None:
    """The same where the registrar says so and our cases know nothing of it."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        if act.is_barred:
            bench.plant(act.start)
            bench.dispute(is_open=True)
            asked = on.effect(number, act.start)
            await _refused(bench, act, asked, Reason.LOCKED_UDRP)


async def three_server_locks_read_as_a_urs_lock(bench: Bench) -> None:
    """The same where the registry has the name locked on its side."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        if act.is_barred:
            bench.plant(act.start | SERVER_LOCKS)
            asked = on.effect(number, act.start | SERVER_LOCKS)
            await _refused(bench, act, asked, Reason.LOCKED_UDRP)


async def a_udrp_lock_lets_the_name_resolve_and_be_locked(bench: Bench) -> None:
    """A hold can be taken back and locks set under it, and it can be read."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        if not act.is_barred:
            bench.plant(act.start)
            asked = on.effect(number, act.start, is_locked=True)
            assert on.stands(await act.ask(bench.registrar(), asked))
            assert bench.sight() == act.outcome()
    assert not isinstance(await bench.registrar().read(on.NAME), Declined)


async def under_a_udrp_lock_no_lock_is_lifted(bench: Bench) -> None:
    """Not even for a moment, to take a hold back or to set another lock."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        bench.plant(act.start | on.UPDATE)
        asked = on.effect(number, act.start | on.UPDATE, is_locked=True)
        await _refused(bench, act, asked, Reason.LOCKED_UDRP)


async def a_udrp_lock_between_two_steps_stops_the_second(bench: Bench) -> None:
    """The update lock was lifted, then the case began: it is set again, nothing else."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        if act.is_barred:
            bench.plant(act.start | on.UPDATE)
            start = bench.sight()
            bench.meet(Trouble.KILLED)
            seen = act.start | on.UPDATE
            try:
                await act.ask(bench.registrar(), on.effect(number, seen))
            except on.Killed:
                assert Lock.UPDATE.value not in bench.sight().statuses
            repeated = on.effect(number, seen, is_locked=True)
            answer = await act.ask(bench.registrar(), repeated)
            assert on.is_refusal(answer, Reason.LOCKED_UDRP)
            assert bench.sight() == start


async def an_unlock_stopped_half_way_is_none(bench: Bench) -> None:
    """The update lock came off first, then the case began: all locks stand as they did."""
    locks = frozenset({Lock.TRANSFER, Lock.UPDATE})
    present = frozenset(lock.value for lock in locks)
    bench.plant(present)
    bench.meet(None, Trouble.UNREACHABLE)
    asked = on.effect(1, present)
    answer = await bench.registrar().unlock(asked, locks, on.OK)
    assert on.is_refusal(answer, Reason.UNREACHABLE)
    asked = on.effect(1, present, is_locked=True)
    answer = await bench.registrar().unlock(asked, locks, on.OK)
    assert on.is_refusal(answer, Reason.LOCKED_UDRP)
    assert bench.sight().statuses == present


async def statuses_of_the_registry_forbid_changes(bench: Bench) -> None:
    """What the registry's own statuses forbid is refused; we lift none of them."""
    number = 0
    for act in on.acts_for(bench.traits):
        for status in BARRING:
            number += 1
            present = act.start | {status}
            if status in {"pendingDelete", "pendingTransfer"} and present & {*Lock}:
                continue  # the two exclude each other (RFC 5731 s2.3)
            bench.plant(present)
            await _refused(bench, act, on.effect(number, present), Reason.PROHIBITED)


async def a_name_of_others_is_refused(bench: Bench) -> None:
    """A name that another registrar sponsors is neither shown nor changed."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        bench.plant(act.start, is_ours=False)
        await _refused(bench, act, on.effect(number, act.start), Reason.NOT_OURS)
    assert await bench.registrar().read(on.NAME) == Declined(reason=Reason.NOT_OURS)


async def a_lock_nobody_saw_is_not_lifted(bench: Bench) -> None:
    """An update lock that is not in `seen` would be forgotten by a crash: read it first."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        bench.plant(act.start | on.UPDATE)
        await _refused(bench, act, on.effect(number, act.start), Reason.STALE)


async def a_hold_that_went_since_it_was_seen_is_not_replaced(bench: Bench) -> None:
    """Ours would be taken for the one seen, and left when it is taken back."""
    bench.plant(on.NONE)
    await _refused(bench, on.HOLDING, on.effect(1, on.HOLD), Reason.STALE)


async def what_a_registrar_has_not_is_unsupported(bench: Bench) -> None:
    """Where no contacts are held, masking says so and sends nothing."""
    bench.plant(on.NONE)
    for number, act in enumerate((on.MASKING, on.RESTORING)):
        answer = await act.ask(bench.registrar(), on.effect(number))
        expected = (
            on.stands(answer)
            if bench.traits.holds_contacts
            else on.is_refusal(answer, Reason.UNSUPPORTED)
        )
        assert expected


async def no_person_is_kept_or_told(bench: Bench) -> None:
    """After a restore nothing refers to the contact, and neither answer nor sight prints it."""
    bench.plant(on.NONE)
    person = Contact(name="Canary Kept", city="C", country="NO", email="canary@kept.example")
    registrar = bench.registrar()
    before = len([one for one in gc.get_referrers(person) if not inspect.isframe(one)])
    answer = await registrar.restore(on.effect(1), on.MASKED_ROLES, person)
    gc.collect()
    kept = [one for one in gc.get_referrers(person) if not inspect.isframe(one)]
    assert len(kept) == before
    seen = await registrar.read(on.NAME)
    assert answer.outcome is Outcome.APPLIED
    assert "anary" not in f"{answer}{answer!r}{seen}{seen!r}"


RULES = (
    Entry(our_case_of_a_udrp_lock_is_enough, frozenset()),
    Entry(the_registrars_word_of_a_udrp_lock_is_enough, frozenset({"knows_disputes"})),
    Entry(three_server_locks_read_as_a_urs_lock, frozenset()),
    Entry(a_udrp_lock_lets_the_name_resolve_and_be_locked, frozenset()),
    Entry(under_a_udrp_lock_no_lock_is_lifted, frozenset()),
    Entry(a_udrp_lock_between_two_steps_stops_the_second, frozenset()),
    Entry(an_unlock_stopped_half_way_is_none, frozenset()),
    Entry(statuses_of_the_registry_forbid_changes, frozenset()),
    Entry(a_name_of_others_is_refused, frozenset()),
    Entry(a_lock_nobody_saw_is_not_lifted, frozenset()),
    Entry(a_hold_that_went_since_it_was_seen_is_not_replaced, frozenset()),
    Entry(what_a_registrar_has_not_is_unsupported, frozenset()),
    Entry(no_person_is_kept_or_told, frozenset({"holds_contacts"})),
)
