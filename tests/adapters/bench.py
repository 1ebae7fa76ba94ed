"""What the rules of the conformance suite stand on: a registrar to try, and what is asked of it.

An adapter's test file gives a Bench; tests/adapters/conformance.py holds the rules.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from proxy.model.contact import Contact
from proxy.model.identifiers import DomainName, Role
from proxy.model.public_record import PublicContact
from proxy.model.registrar import (
    Answer,
    ContactHandle,
    Effect,
    EffectId,
    Lock,
    Outcome,
    Reason,
    ShownContact,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from proxy.ports import Registrar

NAME = DomainName("quiet-harbour.example")
OLD = ContactHandle("OLD-41")
"""The contact object that the registrar made for the person, before us. It stays there."""

PERSON = ShownContact(
    name="Canary Person",
    street=("1 Canary Street",),
    city="Canaryville",
    country="NO",
    phone="+47.55550199",
    email="canary@person.example",
)
MASK = PublicContact(
    name="Domain Shield Desk 77-K3V9",
    organization="Quiet Harbour Privacy AS",
    street=("PO Box 12",),
    city="Moss",
    state=None,
    postal_code="1501",
    country="NO",
    phone="+47.5555550100",
    phone_ext=None,
    fax=None,
    email="k3v9x2pq7@mask.example",
    contact_uri=None,
)
UNFIT = replace(MASK, name=None, city=None, email=None)
"""A mask that a registry does not take: its required fields are missing."""

OK = frozenset({"ok"})
UPDATE = frozenset({Lock.UPDATE.value})
HOLD = frozenset({"clientHold"})
NONE: frozenset[str] = frozenset()


class Killed(BaseException):
    """The process died: no adapter catches it."""


class Trouble(StrEnum):
    """What the bench can have happen to a changing command."""

    UNREACHABLE = "unreachable"  # it does not arrive
    ANSWER_LOST = "answer_lost"  # it is carried out
    RATE_LIMITED = "rate_limited"
    BAD_CREDENTIAL = "bad_credential"
    PENDING = "pending"
    KILLED = "killed"  # it is carried out; `Killed` is raised in the adapter


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What the other side can do; a rule that needs more is skipped."""

    holds_contacts: bool = True
    has_handles: bool = True
    remembers_keys: bool = True
    knows_disputes: bool = True
    may_leave_pending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """The name looked at past the adapter."""

    statuses: frozenset[str]
    contacts: Mapping[Role, ShownContact]


class Bench(Protocol):
    """A registrar to try an adapter on, with one name, NAME, whose roles all are PERSON by OLD."""

    traits: Traits

    def registrar(self) -> Registrar:
        """A new adapter, as after a restart."""
        ...

    def plant(self, statuses: frozenset[str], *, is_ours: bool = True) -> None:
        """Make NAME anew."""
        ...

    def sight(self) -> Sight:
        """What stands there."""
        ...

    def updates(self) -> int:
        """How many changing commands were carried out or left pending, since ever."""
        ...

    def meet(self, *troubles: Trouble | None) -> None:
        """What happens to the next changing commands, one each; None is nothing."""
        ...

    def touch(self, *, add: frozenset[str] = NONE, remove: frozenset[str] = NONE) -> None:
        """Statuses changed by the registrar or registry itself."""
        ...

    def dispute(self, *, is_open: bool) -> None:
        """A provider's case on NAME begins or ends, as the registrar knows it."""
        ...

    def finish(self, *, is_granted: bool) -> None:
        """What becomes of the command that is pending."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One operation as the rules ask for it, and what it comes to."""

    name: str
    ask: Callable[[Registrar, Effect], Awaitable[Answer]]
    start: frozenset[str] = NONE
    end: frozenset[str] = NONE
    roles: frozenset[Role] = frozenset()
    becomes: ShownContact = PERSON
    is_barred: bool = True  # under a UDRP lock

    def outcome(self, others: frozenset[str] = NONE) -> Sight:
        """What stands after it, where `others` stood from the start."""
        contacts = {role: self.becomes if role in self.roles else PERSON for role in Role}
        return Sight(statuses=(self.end | others) or OK, contacts=contacts)


MASKED_ROLES = frozenset({Role.REGISTRANT, Role.ADMIN})
MASK_SHOWN = ShownContact(
    name=MASK.name,
    organization=MASK.organization,
    street=MASK.street,
    city=MASK.city,
    postal_code=MASK.postal_code,
    country=MASK.country,
    phone=MASK.phone,
    email=MASK.email,
)
SEALED = Contact(
    name="Canary Sealed",
    street=("2 Canary Street",),
    city="Canaryville",
    country="NO",
    email="canary@sealed.example",
)
SEALED_SHOWN = ShownContact(
    name=SEALED.name,
    street=SEALED.street,
    city=SEALED.city,
    country=SEALED.country,
    email=SEALED.email,
)
_TWO_LOCKS = frozenset({Lock.TRANSFER, Lock.DELETE})
_TRANSFER = frozenset({Lock.TRANSFER.value})
_DELETE = frozenset({Lock.DELETE.value})

MASKING = Act(
    name="apply_mask",
    ask=lambda registrar, effect: registrar.apply_mask(effect, MASKED_ROLES, MASK),
    roles=MASKED_ROLES,
    becomes=MASK_SHOWN,
)
RESTORING = Act(
    name="restore",
    ask=lambda registrar, effect: registrar.restore(effect, frozenset({Role.ADMIN}), SEALED),
    roles=frozenset({Role.ADMIN}),
    becomes=SEALED_SHOWN,
)
HOLDING = Act(name="hold", ask=lambda registrar, effect: registrar.hold(effect), end=HOLD)
UNHOLDING = Act(
    name="unhold",
    ask=lambda registrar, effect: registrar.unhold(effect, OK),
    start=HOLD,
    is_barred=False,
)
LOCKING = Act(
    name="lock",
    ask=lambda registrar, effect: registrar.lock(effect, _TWO_LOCKS),
    start=_DELETE,
    end=_DELETE | _TRANSFER,
    is_barred=False,
)
UNLOCKING = Act(
    name="unlock",
    ask=lambda registrar, effect: registrar.unlock(effect, _TWO_LOCKS, _DELETE),
    start=_DELETE | _TRANSFER,
    end=_DELETE,
)
ACTS = (MASKING, RESTORING, HOLDING, UNHOLDING, LOCKING, UNLOCKING)


class Rule(Protocol):
    """One rule of the suite."""

    __name__: str

    async def __call__(self, bench: Bench) -> None:
        """Return where the adapter keeps it."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule with the names of the traits it needs."""

    rule: Rule
    needs: frozenset[str]

    def is_for(self, traits: Traits) -> bool:
        """Whether a registrar of these traits has what the rule needs."""
        return all(getattr(traits, need) for need in self.needs)


def acts_for(traits: Traits) -> tuple[Act, ...]:
    """The operations that a registrar of these traits has."""
    return tuple(act for act in ACTS if traits.holds_contacts or not act.roles)


def effect(number: int, seen: frozenset[str] = NONE, *, is_locked: bool = False) -> Effect:
    """An effect on NAME with an id of its own."""
    return Effect(
        id=EffectId(UUID(int=number)), domain=NAME, seen=seen or OK, is_under_udrp_lock=is_locked
    )


async def until_final(bench: Bench, act: Act, asked: Effect, *, times: int = 6) -> Answer:
    """The final answer to `asked`, repeated by a new adapter each time, as a caller would."""
    for _ in range(times):
        try:
            answer = await act.ask(bench.registrar(), asked)
        except Killed:
            continue
        assert answer.effect_id == asked.id
        if answer.is_final:
            return answer
        if answer.outcome is Outcome.PENDING:
            bench.finish(is_granted=True)
    raise AssertionError(f"{act.name} comes to no end")


def stands(answer: Answer) -> bool:
    """Whether the answer says that the effect stands, and names no reason against it."""
    return answer.outcome in {Outcome.APPLIED, Outcome.ALREADY} and answer.declined is None


def is_refusal(answer: Answer, reason: Reason) -> bool:
    """Whether the answer is a refusal for `reason`."""
    return (
        answer.outcome is Outcome.REFUSED
        and answer.declined is not None
        and answer.declined.reason is reason
    )
