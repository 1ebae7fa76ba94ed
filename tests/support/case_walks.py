"""Cases that are walked by the rules alone: events in memory, what services would add beside them.

A walk does what services.casework does with an act (its event, deadlines, tasks, notices, then acts
of the system that have become possible), without a database. Deadlines fall due when a test says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.case import FIRST_PREVIOUS, Actor, ActorKind, CaseId, Event
from proxy.model.case_state import OPEN
from proxy.model.order import OrderKind
from proxy.model.roster import StaffRole
from proxy.rules.casework import deciding, folding
from proxy.rules.casework.deciding import Allowed, NotAllowed

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import CaseType

START: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)

REGISTRANT: Final = Actor(kind=ActorKind.REGISTRANT)
STEPPED_UP: Final = Actor(kind=ActorKind.REGISTRANT, is_stepped_up=True)
REQUESTER: Final = Actor(kind=ActorKind.REQUESTER)
TIMER: Final = Actor(kind=ActorKind.TIMER)
SYSTEM: Final = Actor(kind=ActorKind.SYSTEM)


def staff(person: str, *roles: StaffRole) -> Actor:
    """Somebody of staff."""
    return Actor(kind=ActorKind.STAFF, person=person, roles=frozenset(roles))


IDA: Final = staff("ida", StaffRole.INTAKE)
HANS: Final = staff("hans", StaffRole.HANDLER)
HEDI: Final = staff("hedi", StaffRole.HANDLER)
VERA: Final = staff("vera", StaffRole.VERIFIER)
LENA: Final = staff("lena", StaffRole.LEGAL)
LUIS: Final = staff("luis", StaffRole.LEGAL)
DORA: Final = staff("dora", StaffRole.DECIDER)
DAVE: Final = staff("dave", StaffRole.DECIDER)
PIA: Final = staff("pia", StaffRole.DPO)
RITA: Final = staff("rita", StaffRole.RELEASER)
OTTO: Final = staff("otto", StaffRole.ON_CALL)
OLGA: Final = staff("olga", StaffRole.ON_CALL)
MAX: Final = staff("max", StaffRole.DIRECTOR)
EVERYBODY: Final = (
    IDA, HANS, HEDI, VERA, LENA, LUIS, DORA, DAVE, PIA, RITA, OTTO, OLGA, MAX,
    REGISTRANT, STEPPED_UP, REQUESTER,
)  # fmt: skip

FIELDS: Final = ("registrant.email", "registrant.name")


@dataclass(slots=True)
class Walk:
    """A case on its way; `case` is the fold of `events` at every moment."""

    type: CaseType
    case: Case
    events: list[Event] = field(default_factory=list)
    now: datetime = START
    withheld: list[str] = field(default_factory=list)
    _number: int = 0

    # Acts.

    def decide(self, actor: Actor, act_id: str, **facts: Fact) -> Allowed | NotAllowed:
        """What the rules say of an act now."""
        return deciding.decide(self.case, self.type, actor, act_id, facts, self.now)

    def act(self, actor: Actor, act_id: str, **facts: Fact) -> Walk:
        """The act is done, and what follows; it has to be allowed."""
        found = self.decide(actor, act_id, **facts)
        assert isinstance(found, Allowed), (self.case.state, act_id, found)
        self._carry(actor, found)
        self._follow()
        return self

    def refused(self, actor: Actor, act_id: str, **facts: Fact) -> NotAllowed:
        """Why an act is not allowed; it must not be."""
        found = self.decide(actor, act_id, **facts)
        assert isinstance(found, NotAllowed), (self.case.state, act_id)
        return found

    def options(self, actor: Actor) -> frozenset[str]:
        """What the actor could do now, by id."""
        found = deciding.options(self.case, self.type, actor, self.now)
        return frozenset(one.id for one in found)

    # What machines tell.

    def tell(
        self, act: str, actor: str = "system", as_role: str = "system", /, **facts: Fact
    ) -> Event:
        """One more event, whatever it says."""
        self.now += timedelta(seconds=1)
        newest = self.events[-1]
        event = Event(
            case_id=newest.case_id,
            seq=newest.seq + 1,
            id=UUID(self.id()),
            previous=newest.digest(),
            actor=actor,
            role=as_role,
            act=act,
            facts=facts,
            at=self.now,
        )
        self.events.append(event)
        self.case = folding.follow(self.case, event)
        return event

    def id(self) -> str:
        """Another id, the same in every run."""
        self._number += 1
        return str(UUID(int=self._number))

    def evidence(self, kind: str = "reasons") -> str:
        """The id of evidence that was just added."""
        found = self.id()
        self.tell("evidence_added", evidence=found, kind=kind, sha256=f"{self._number:064x}")
        return found

    def assign(self, actor: Actor = HANS) -> Walk:
        """Somebody handles the case."""
        self.tell("handler_assigned", "max", "director", person=actor.person)
        return self

    def deliver(self, template: str, how: str = "exchanger") -> Walk:
        """The newest such notice arrived."""
        self.tell("notice_delivered", notice=self._notice(template), how=how)
        self._follow()
        return self

    def bounce(self, template: str) -> Walk:
        """The newest such notice came back."""
        self.tell("notice_bounced", notice=self._notice(template), reason="5.1.1")
        self._follow()
        return self

    def due(self, deadline: str) -> Walk:
        """A deadline that runs falls due, and the timer does what its type says."""
        state = self.case.deadlines[deadline]
        assert not state.is_ended
        assert not state.is_due
        self.now = max(self.now, state.due_at)
        self.tell("deadline_due", "timer", "timer", deadline=deadline, round=state.round)
        plan = self.type.deadlines[deadline].plan
        for task in plan.escalates:
            kind, _, role = task.partition(":")
            self.tell("task_opened", "timer", "timer", task=self.id(), kind=kind, role=role)
        if plan.at_end:
            self.act(TIMER, plan.at_end)
        return self

    def order(self, kind: OrderKind = OrderKind.DISCLOSE, proposer: str = "dora") -> str:
        """An order that was proposed, by its id."""
        found = self.id()
        self.tell(
            "order_proposed", proposer, "decider", order=found, kind=kind.value, sha256="0" * 64
        )
        return found

    def approved(self, kind: OrderKind = OrderKind.DISCLOSE) -> str:
        """An order that has its votes."""
        found = self.order(kind)
        self.tell("order_approved", order=found)
        self._follow()
        return found

    def carried_out(self, order: str) -> Walk:
        """The vault carried an order out."""
        self.tell("order_carried_out", order=order)
        self._follow()
        return self

    def sealed(self, order: str) -> Walk:
        """The vault carried a disclosure out, and the releaser sent the package's link."""
        package = self.id()
        self.tell("order_carried_out", order=order)
        self.tell("package_sealed", order=order, package=package, sha256="0" * 64)
        self._follow()
        self.tell("package_released", "rita", "releaser", package=package, order=order)
        self._follow()
        return self

    def told(self, act: str, **facts: Fact) -> Walk:
        """A machine tells something, and what follows is done."""
        self.tell(act, **facts)
        self._follow()
        return self

    # Inside.

    def _notice(self, template: str) -> str:
        several = [id_ for id_, one in self.case.notices.items() if one.template == template]
        return str(several[-1])

    def _carry(self, actor: Actor, allowed: Allowed) -> None:
        is_staff = actor.kind is ActorKind.STAFF
        who = actor.person if is_staff else actor.kind.value
        act = allowed.act
        self.tell(act.id, who, allowed.role, **allowed.facts)
        is_over = allowed.to in self.type.ends
        running = [
            name
            for name, one in self.case.deadlines.items()
            if not one.is_ended
            and not one.is_due
            and ((is_over and name not in self.type.outlives) or name in act.ends)
        ]
        for name in running:
            number = self.case.deadlines[name].round
            self.tell("deadline_ended", who, allowed.role, deadline=name, round=number)
        for name in () if is_over else act.starts:
            self._start(name)
        for task, one in tuple(self.case.tasks.items()):
            if (is_over and one.kind not in self.type.outlives) or one.kind in act.done:
                self.tell("task_done", who, allowed.role, task=task, kind=one.kind)
        for new in act.tasks:
            self.tell(
                "task_opened", who, allowed.role, task=self.id(), kind=new.kind, role=new.role
            )
        for send in allowed.sends:
            self.tell("notice_queued", notice=self.id(), template=send.template, to=send.to)
        self.withheld += [one.template for one in allowed.withheld]

    def _start(self, name: str) -> None:
        former = self.case.deadlines.get(name)
        if former is not None and not former.is_ended and not former.is_due:
            self.tell("deadline_ended", deadline=name, round=former.round)
        number = 1 if former is None else former.round + 1
        due_at = (self.now + timedelta(days=10)).isoformat()
        self.tell("deadline_set", deadline=name, round=number, due_at=due_at)

    def _follow(self) -> None:
        done: set[str] = set()
        for _ in range(16):
            for one in self.type.acts:
                if one.id in done or ActorKind.SYSTEM.value not in one.by:
                    continue
                if not self.type.is_time(one, self.case.state):
                    continue
                found = self.decide(SYSTEM, one.id)
                if isinstance(found, Allowed):
                    done.add(one.id)
                    self._carry(SYSTEM, found)
                    break
            else:
                return


def opened(
    case_type: CaseType,
    *,
    fields: tuple[str, ...] = FIELDS,
    items: tuple[str, ...] | None = None,
) -> Walk:
    """A case that just came in, with every item that its type requires unless `items` says else."""
    required = tuple(one.id for one in case_type.items if one.is_required)
    event = Event(
        case_id=CaseId(UUID(int=1 << 64)),
        seq=1,
        id=UUID(int=2 << 64),
        previous=FIRST_PREVIOUS,
        actor="ida",
        role="intake",
        act=OPEN,
        facts={
            "type": case_type.id,
            "tenant": str(UUID(int=3 << 64)),
            "registration": str(UUID(int=4 << 64)),
            "domain": "name.example",
            "event_date": START.isoformat(),
            "channel": "letter",
            "fields": fields,
            "items": required if items is None else items,
            "country": "IN",
            "requester_class": "company",
            "state": case_type.first,
        },
        at=START,
    )
    walk = Walk(type=case_type, case=folding.fold([event]), events=[event])
    for name in case_type.starts:
        walk._start(name)
    return walk


def proof(walk: Walk, taker: str = "ida", days: int = 365) -> dict[str, Fact]:
    """Facts of a good verification."""
    return {
        "level": "2",
        "until": (walk.now + timedelta(days=days)).isoformat(),
        "number_from": "independent",
        "taker": taker,
        "proof": walk.evidence("identity"),
    }


def admitted(walk: Walk) -> Walk:
    """A case whose request is complete and whose requester is proven: it stands at `triage`."""
    walk.act(IDA, "acknowledge").assign()
    walk.act(HANS, "find_complete")
    return walk.act(VERA, "verify_requester", **proof(walk))
