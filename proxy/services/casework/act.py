"""Act on a case: by staff, by a party, by the timer; then what follows by itself.

Flow: hold the case, fold its events, let the rules decide, do what was allowed, and go on with acts
of the system for as long as one has become possible. One transaction, the caller's or its own.
Refused changes nothing. Source: casework s6.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Conflict, InvalidInput, NotFound, Refused
from proxy.model.case import Actor, ActorKind
from proxy.rules.casework import deciding, folding
from proxy.rules.casework.deciding import NotAllowed
from proxy.services.casework import carry
from proxy.services.casework.carry import Held
from proxy.store import cases as store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import CaseId, Fact
    from proxy.model.case_state import Case
    from proxy.services.casework.office import Turn

SYSTEM: Final = Actor(kind=ActorKind.SYSTEM)
TIMER: Final = Actor(kind=ActorKind.TIMER)
_MOST_STEPS: Final = 16  # acts of the system after one another; a table that turns round is a bug


async def act(
    turn: Turn,
    case_id: CaseId,
    actor: Actor,
    act_id: str,
    facts: Mapping[str, Fact],
    *,
    seq: int | None = None,
) -> Case:
    """The case after the act and what follows from it.

    Refused with the reason of the rules; InvalidInput `facts_wrong` with every fault of the facts;
    Conflict `case_moved` unless the case is where the actor saw it (`seq`); NotFound
    `case_unknown`.
    """
    async with turn.connection.transaction():
        held = await hold(turn, case_id)
        if seq is not None and held.case.seq != seq:
            raise Conflict("case_moved", "The case has changed since you looked: look again.")
        decision = deciding.decide(held.case, held.type, actor, act_id, facts, turn.now)
        if isinstance(decision, NotAllowed):
            if decision.faults:
                raise InvalidInput(decision.code, decision.detail, decision.faults)
            raise Refused(decision.code, decision.detail)
        await carry.carry(turn, held, actor, decision)
        await follow(turn, case_id)
        return (await hold(turn, case_id)).case


async def follow(turn: Turn, case_id: CaseId) -> tuple[str, ...]:
    """Acts of the system that have become possible, done; in the caller's transaction."""
    done: list[str] = []
    for _ in range(_MOST_STEPS):
        held = await hold(turn, case_id)
        found = next(
            (
                decision
                for one in held.type.acts
                if ActorKind.SYSTEM.value in one.by
                and one.id not in done
                and not any(fact.is_required for fact in one.facts)
                and held.type.is_time(one, held.case.state)
                and not isinstance(
                    decision := deciding.decide(held.case, held.type, SYSTEM, one.id, {}, turn.now),
                    NotAllowed,
                )
            ),
            None,
        )
        if found is None:
            break
        await carry.carry(turn, held, SYSTEM, found)
        done.append(found.act.id)
    return tuple(done)


async def hold(turn: Turn, case_id: CaseId) -> Held:
    """The case with its row held until the caller's transaction ends; NotFound `case_unknown`."""
    file = (await store.lock(turn.connection, [case_id])).get(case_id)
    if file is None:
        raise store.unknown()
    case = folding.fold(await store.events(turn.connection, case_id))
    case_type = turn.office.types.get(case.type)
    if case_type is None:
        raise NotFound("case_type_unknown", "This program has no table of this case's type.")
    return Held(file=file, case=case, type=case_type)
