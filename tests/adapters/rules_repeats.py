"""Rules of what goes wrong on the way: nothing is done twice, nothing half, nothing forgotten."""

from __future__ import annotations

from proxy.model.registrar import Outcome, Reason
from tests.adapters import bench as on
from tests.adapters.bench import Bench, Entry, Trouble

EITHER = (frozenset[str](), on.UPDATE)
"""Without and with the update lock: one step, or two."""

UNDONE = {
    Trouble.UNREACHABLE: Reason.UNREACHABLE,
    Trouble.RATE_LIMITED: Reason.RATE_LIMITED,
    Trouble.BAD_CREDENTIAL: Reason.BAD_CREDENTIAL,
}


async def a_command_that_did_not_pass_changed_nothing(bench: Bench) -> None:
    """Unreachable, rate limited or a bad credential: the reason is told, the name is as it was."""
    number = 0
    for act in on.acts_for(bench.traits):
        for trouble, reason in UNDONE.items():
            number += 1
            bench.plant(act.start)
            start = bench.sight()
            bench.meet(trouble)
            asked = on.effect(number, act.start)
            assert on.is_refusal(await act.ask(bench.registrar(), asked), reason)
            assert bench.sight() == start
            assert on.stands(await on.until_final(bench, act, asked))
            assert bench.sight() == act.outcome()


async def a_rate_limit_says_how_long(bench: Bench) -> None:
    """The seconds to wait come along where the other side names them."""
    bench.plant(on.NONE)
    bench.meet(Trouble.RATE_LIMITED)
    answer = await bench.registrar().hold(on.effect(1))
    assert answer.declined is not None
    assert answer.declined.retry_after_s is not None
    assert answer.declined.retry_after_s > 0
    assert not answer.is_final


async def a_lost_answer_is_no_success(bench: Bench) -> None:
    """Nobody says that it stands who has not heard so, and the repeat does not do it again."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        bench.plant(act.start)
        bench.meet(Trouble.ANSWER_LOST)
        done = bench.updates()
        asked = on.effect(number, act.start)
        first = await act.ask(bench.registrar(), asked)
        assert on.is_refusal(first, Reason.UNREACHABLE)
        assert (await act.ask(bench.registrar(), asked)).outcome is Outcome.ALREADY
        assert bench.updates() == done + 1
        assert bench.sight() == act.outcome()


async def trouble_at_any_step_leaves_nothing_half_done(bench: Bench) -> None:
    """Killed, cut off or left pending at the first or second command: repeats come to the end."""
    troubles = (
        Trouble.KILLED,
        Trouble.ANSWER_LOST,
        Trouble.UNREACHABLE,
        Trouble.RATE_LIMITED,
        Trouble.PENDING,
    )
    number = 0
    for act in on.acts_for(bench.traits):
        for others in EITHER:
            for trouble in troubles:
                for place in range(2):
                    number += 1
                    bench.plant(act.start | others)
                    bench.meet(*[None] * place, trouble)
                    asked = on.effect(number, act.start | others)
                    assert on.stands(await on.until_final(bench, act, asked))
                    assert bench.sight() == act.outcome(others)
                    bench.meet()


async def what_is_pending_is_not_sent_again(bench: Bench) -> None:
    """While the registry is at work every repeat says so, and sends nothing."""
    for number, act in enumerate(on.acts_for(bench.traits)):
        bench.plant(act.start)
        bench.meet(Trouble.PENDING)
        done = bench.updates()
        asked = on.effect(number, act.start)
        for _ in range(3):
            answer = await act.ask(bench.registrar(), asked)
            assert answer.outcome is Outcome.PENDING
            assert not answer.is_final
        assert bench.updates() == done + 1
        bench.finish(is_granted=True)
        assert on.stands(await act.ask(bench.registrar(), asked))
        assert bench.updates() == done + 1
        assert bench.sight() == act.outcome()


async def a_pending_change_denied_is_refused(bench: Bench) -> None:
    """What the registry denies in the end is refused, and the update lock stands again."""
    number = 0
    for act in on.acts_for(bench.traits):
        for others in EITHER:
            number += 1
            bench.plant(act.start | others)
            start = bench.sight()
            bench.meet(*[None] * len(others), Trouble.PENDING)
            asked = on.effect(number, act.start | others)
            assert (await act.ask(bench.registrar(), asked)).outcome is Outcome.PENDING
            bench.finish(is_granted=False)
            answer = await act.ask(bench.registrar(), asked)
            assert on.is_refusal(answer, Reason.REJECTED)
            assert bench.sight() == start


async def the_update_lock_stands_after_a_refusal(bench: Bench) -> None:
    """A contact that the registry does not take leaves the name locked as it was."""
    bench.plant(on.UPDATE)
    start = bench.sight()
    asked = on.effect(1, on.UPDATE)
    answer = await bench.registrar().apply_mask(asked, on.MASKED_ROLES, on.UNFIT)
    assert on.is_refusal(answer, Reason.REJECTED)
    assert bench.sight() == start


async def a_late_repeat_undoes_nothing(bench: Bench) -> None:
    """An effect repeated after it was taken back is not carried out a second time."""
    for number, others in enumerate(EITHER):
        bench.plant(others)
        start = bench.sight()
        hold = on.effect(2 * number, others)
        await bench.registrar().hold(hold)
        await bench.registrar().unhold(on.effect(2 * number + 1, others | on.HOLD), others)
        assert (await bench.registrar().hold(hold)).outcome is Outcome.ALREADY
        assert bench.sight() == start


RULES = (
    Entry(a_command_that_did_not_pass_changed_nothing, frozenset()),
    Entry(a_rate_limit_says_how_long, frozenset()),
    Entry(a_lost_answer_is_no_success, frozenset()),
    Entry(trouble_at_any_step_leaves_nothing_half_done, frozenset()),
    Entry(what_is_pending_is_not_sent_again, frozenset({"may_leave_pending"})),
    Entry(a_pending_change_denied_is_refused, frozenset({"may_leave_pending", "remembers_keys"})),
    Entry(the_update_lock_stands_after_a_refusal, frozenset({"holds_contacts"})),
    Entry(a_late_repeat_undoes_nothing, frozenset({"remembers_keys"})),
)
