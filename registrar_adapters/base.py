"""What all adapters share: when a change may be made, in which steps, and how it is repeated.

Flow: look → nothing missing: it stands → else one step → look again. An adapter has no memory: a
repeat looks and does what is still missing, so a crash between any two lines costs nothing but a
look. Must not keep the contact it is handed, nor say anything of it in an answer or an error.

The update lock (RFC 5731 s2.3): a name with clientUpdateProhibited takes no update but its removal.
So the adapter lifts it, makes the change and sets it again in the same command. Whatever happens
between, `Effect.seen` says that the lock is owed, and no final answer is given before it stands.

Under a UDRP lock no contact changes, no name is held, and no lock is lifted, not for a moment
either. Taking a hold back stays possible where no lock is in the way: the name shall resolve then.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, assert_never

from proxy.model.contact import Contact
from proxy.model.identifiers import Role
from proxy.model.registrar import (
    Answer,
    Declined,
    Lock,
    Outcome,
    Reason,
    ShownContact,
)
from registrar_adapters import statuses

if TYPE_CHECKING:
    from proxy.model.identifiers import DomainName
    from proxy.model.public_record import PublicContact
    from proxy.model.registrar import ContactHandle, Effect, EffectId, Observed

_STEPS: Final = 6
"""Looks in one call at most: two steps are the longest way, the rest is for others' changes."""


class Sent(StrEnum):
    """What became of a command that was not declined."""

    DONE = "done"
    PENDING = "pending"
    REPLAYED = "replayed"  # the other side knows the key: done before, not done again
    MOVED = "moved"  # the name is not at the revision given any more; nothing was done


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One command: all of it or nothing. `key` is the effect's id on its main step alone."""

    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    item: ShownContact | ContactHandle | None = None
    key: EffectId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an effect comes to, and whether a UDRP lock forbids it."""

    change: Change
    is_barred: bool


class Adapter(ABC):
    """A Registrar over two primitives. Subclasses say what theirs can do, and do it."""

    contact_roles: ClassVar[frozenset[Role]] = frozenset(Role)
    """The contacts that the other side holds; none at a registry with minimum data."""

    settable: ClassVar[frozenset[str]] = frozenset({statuses.HOLD, *Lock})
    """The statuses that the other side lets us set."""

    @abstractmethod
    async def _look(self, domain: DomainName) -> Observed | Declined:
        """What stands there now; NOT_OURS where the name is not ours to change."""

    @abstractmethod
    async def _change(
        self, domain: DomainName, change: Change, revision: str | None
    ) -> Sent | Declined:
        """Send one command. UNREACHABLE whenever it is not known whether it was carried out."""

    async def read(self, domain: DomainName) -> Observed | Declined:
        """What is shown of `domain` now."""
        return await self._look(domain)

    async def apply_mask(
        self, effect: Effect, roles: frozenset[Role], mask: PublicContact
    ) -> Answer:
        """`mask` acts in `roles`."""
        change = Change(roles=roles, item=of_mask(mask), key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=True))

    async def restore(
        self, effect: Effect, roles: frozenset[Role], item: Contact | ContactHandle
    ) -> Answer:
        """The person given, or the contact object named, acts in `roles`."""
        shown = of_person(item) if isinstance(item, Contact) else item
        change = Change(roles=roles, item=shown, key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=True))

    async def hold(self, effect: Effect) -> Answer:
        """The name stops resolving."""
        change = Change(add=frozenset({statuses.HOLD}), key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=True))

    async def unhold(self, effect: Effect, before: frozenset[str]) -> Answer:
        """Take a hold back, unless it stood `before` ours."""
        change = Change(remove=frozenset({statuses.HOLD}) - before, key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=False))

    async def lock(self, effect: Effect, locks: frozenset[Lock]) -> Answer:
        """All of `locks` are set."""
        change = Change(add=frozenset(lock.value for lock in locks), key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=False))

    async def unlock(
        self, effect: Effect, locks: frozenset[Lock], before: frozenset[str]
    ) -> Answer:
        """Take a lock back, but for what stood `before` it."""
        change = Change(remove=statuses.own(locks, before), key=effect.id)
        return await self._carry_out(effect, Wanted(change=change, is_barred=True))

    def _supports(self, change: Change) -> bool:
        """Whether the other side has what `change` asks for."""
        return change.add | change.remove <= self.settable and change.roles <= self.contact_roles

    async def _carry_out(self, effect: Effect, wanted: Wanted) -> Answer:
        """Step by step until it stands, waits or is declined."""
        if not self._supports(wanted.change):
            return _refused(effect, Declined(reason=Reason.UNSUPPORTED))
        for _ in range(_STEPS):
            now = await self._look(effect.domain)
            if isinstance(now, Declined):
                return _refused(effect, now)
            answer = await self._advance(effect, wanted, now)
            if answer is not None:
                return answer
        return _refused(effect, Declined(reason=Reason.CONTENDED))

    async def _advance(self, effect: Effect, wanted: Wanted, now: Observed) -> Answer | None:
        """One step; the answer once there is one."""
        step = next_step(now, effect, wanted)
        if isinstance(step, Answer):
            removed = wanted.change.remove if step.declined is None else frozenset[str]()
            return await self._end(effect, now, step, removed)
        sent = await self._change(effect.domain, step, now.revision)
        if isinstance(sent, Declined):
            return await self._end(effect, now, _refused(effect, sent))
        match sent:
            case Sent.PENDING:
                return _answer(effect, Outcome.PENDING)
            case Sent.REPLAYED:
                return await self._end(effect, now, _answer(effect, Outcome.ALREADY))
            case Sent.MOVED:
                return None
            case Sent.DONE:
                return None if step.key is None else _answer(effect, Outcome.APPLIED)
            case _:
                assert_never(sent)

    async def _end(
        self,
        effect: Effect,
        now: Observed,
        answer: Answer,
        removed: frozenset[str] = frozenset(),
    ) -> Answer:
        """`answer`, once the update lock that an attempt lifted stands again.

        `removed` is what the effect took off where it stands; one that was declined, or was taken
        back since, took off nothing. What may still change is answered instead where the lock can
        not be set right now. A registry that will not have it back (a status of its own forbids
        it) does not keep the answer.
        """
        if not answer.is_final or not is_lock_owed(now.statuses, effect, removed):
            return answer
        if statuses.PENDING_UPDATE in now.statuses:
            return _answer(effect, Outcome.PENDING)
        relock = Change(add=frozenset({Lock.UPDATE.value}))
        sent = await self._change(effect.domain, relock, now.revision)
        if sent is Sent.PENDING:
            return _answer(effect, Outcome.PENDING)
        if sent is Sent.MOVED:
            return _refused(effect, Declined(reason=Reason.CONTENDED))
        if isinstance(sent, Declined) and sent.reason.may_pass:
            return _refused(effect, sent)
        return answer


def next_step(now: Observed, effect: Effect, wanted: Wanted) -> Change | Answer:
    """The command to send next, or the answer where none is due."""
    missing = still_missing(now, wanted.change)
    if missing is None:
        return _answer(effect, Outcome.ALREADY)
    # Before any no: what is under way may be this effect, and a no would be its last word.
    if statuses.PENDING_UPDATE in now.statuses:
        return _answer(effect, Outcome.PENDING)
    declined = _objection(now, effect, wanted, missing)
    if declined is not None:
        return _refused(effect, Declined(reason=declined))
    if _needs_lift(now.statuses, missing):
        return Change(remove=frozenset({Lock.UPDATE.value}))
    owed = (
        {Lock.UPDATE.value} if is_lock_owed(now.statuses, effect, wanted.change.remove) else set()
    )
    return Change(
        add=missing.add | owed,
        remove=missing.remove,
        roles=missing.roles,
        item=missing.item,
        key=missing.key,
    )


def still_missing(now: Observed, change: Change) -> Change | None:
    """What of `change` does not stand yet; None when all of it does."""
    roles = frozenset(role for role in change.roles if not _acts(now, role, change.item))
    add, remove = change.add - now.statuses, change.remove & now.statuses
    if not (roles or add or remove):
        return None
    item = change.item if roles else None
    return Change(add=add, remove=remove, roles=roles, item=item, key=change.key)


def is_lock_owed(shown: frozenset[str], effect: Effect, removed: frozenset[str]) -> bool:
    """Whether the update lock stood before the effect, does not now, and is not `removed` by it."""
    lock = Lock.UPDATE.value
    return lock in effect.seen and lock not in shown | removed


def of_mask(mask: PublicContact) -> ShownContact:
    """How a registrar shows `mask`. A contact form's address has no place there and is left out."""
    return ShownContact(
        name=mask.name,
        organization=mask.organization,
        street=mask.street,
        city=mask.city,
        state=mask.state,
        postal_code=mask.postal_code,
        country=mask.country,
        phone=mask.phone,
        phone_ext=mask.phone_ext,
        fax=mask.fax,
        email=mask.email,
    )


def of_person(contact: Contact) -> ShownContact:
    """How a registrar shows a person whose data it is given back."""
    return ShownContact(
        name=contact.name,
        organization=contact.organization,
        street=contact.street,
        city=contact.city,
        state=contact.state,
        postal_code=contact.postal_code,
        country=contact.country,
        phone=contact.phone,
        phone_ext=contact.phone_ext,
        fax=contact.fax,
        fax_ext=contact.fax_ext,
        email=contact.email,
    )


def _acts(now: Observed, role: Role, item: ShownContact | ContactHandle | None) -> bool:
    standing = now.contacts.get(role)
    if standing is None:
        return False
    return (standing.contact if isinstance(item, ShownContact) else standing.handle) == item


def _objection(now: Observed, effect: Effect, wanted: Wanted, missing: Change) -> Reason | None:
    """Why what is missing may not be done; None where it may."""
    lifts = _needs_lift(now.statuses, missing)
    is_locked = effect.is_under_udrp_lock or statuses.is_disputed(now)
    if is_locked and (wanted.is_barred or lifts):
        return Reason.LOCKED_UDRP
    if statuses.forbids_update(now.statuses):
        return Reason.PROHIBITED
    if missing.add & effect.seen - {Lock.UPDATE.value}:
        return Reason.STALE  # somebody took it off since: ours would pass for theirs, and stay
    if lifts and Lock.UPDATE.value not in effect.seen:
        return Reason.STALE  # a lock of which, after a crash, nobody would know that it is owed
    return None


def _needs_lift(shown: frozenset[str], missing: Change) -> bool:
    """Whether the update lock is in the way: it is there, and more is asked than to take it off."""
    lock = Lock.UPDATE.value
    return lock in shown and not (
        missing.remove == {lock} and not missing.add and not missing.roles
    )


def _answer(effect: Effect, outcome: Outcome) -> Answer:
    return Answer(effect_id=effect.id, outcome=outcome)


def _refused(effect: Effect, declined: Declined) -> Answer:
    return Answer(effect_id=effect.id, outcome=Outcome.REFUSED, declined=declined)
