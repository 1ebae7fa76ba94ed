"""An invented registrar in memory: the other side of the reference adapter, for tests and trials.

It keeps the rules of EPP statuses (RFC 5731 s2.3), answers with EPP result codes (RFC 5730 s3),
holds contact objects with handles, may leave an update pending (1001), counts commands, and knows
the keys of commands it carried out. Faults come from a function that is asked at every command.

Not a registry for real names: nothing is stored, and whoever has a credential may do all.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Final

from proxy.model.registrar import ContactHandle, Observed, ShownContact, Standing
from registrar_adapters import statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from proxy.model.identifiers import DomainName, Role
    from proxy.model.registrar import EffectId
    from proxy.ports import Clock
    from registrar_adapters.base import Change

WINDOW: Final = timedelta(seconds=60)
"""Over which commands are counted."""

OUR_PREFIX: Final = "PP-"
"""Of contact objects made for us; one that nobody acts by any more is deleted."""

UPDATE_LOCK: Final = "clientUpdateProhibited"


class Code(IntEnum):
    """The result codes it uses (RFC 5730 s3)."""

    DONE = 1000
    PENDING = 1001
    REQUIRED_MISSING = 2003
    BAD_CREDENTIAL = 2200
    NOT_YOURS = 2201
    UNKNOWN = 2303
    PROHIBITED = 2304
    DENIED = 2306
    FAILED = 2400
    TOO_MANY = 2502


class Fault(StrEnum):
    """What may go wrong with one command."""

    UNREACHABLE = "unreachable"  # it does not arrive
    ANSWER_LOST = "answer_lost"  # it is carried out, and nobody hears so
    FAILED = "failed"  # 2400: not carried out, may be tried again
    TOO_MANY = "too_many"
    BAD_CREDENTIAL = "bad_credential"
    SLOW = "slow"  # 1001: `finish` says what becomes of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A result code with what a client needs to go on."""

    code: Code
    retry_after_s: int | None = None
    is_replayed: bool = False
    is_moved: bool = False


@dataclass(slots=True, kw_only=True)
class Held:
    """A name as the registrar holds it; `ok` is worked out, never kept."""

    sponsor: str
    statuses: frozenset[str]
    contacts: dict[Role, ContactHandle]
    expires_at: datetime
    is_disputed: bool = False
    revision: int = 1
    waiting: Change | None = field(default=None, repr=False)


class ReferenceRegistrar:
    """The system; `credentials` maps each to the client it stands for."""

    def __init__(
        self,
        clock: Clock,
        credentials: Mapping[str, str],
        *,
        fault: Callable[[str], Fault | None] = lambda _command: None,
        most_commands: int | None = None,
    ) -> None:
        """Ask `fault` at every command ("info", "update"); allow `most_commands` a WINDOW."""
        self.names: dict[DomainName, Held] = {}
        self.contacts: dict[ContactHandle, ShownContact] = {}
        self.updates = 0  # carried out or left pending
        self._clock = clock
        self._credentials = credentials
        self._fault = fault
        self._most_commands = most_commands
        self._counted: list[datetime] = []
        self._known: dict[EffectId, Result] = {}

    async def info(self, credential: str, domain: DomainName) -> Observed | Result:
        """The name as it stands, to its sponsor."""
        await asyncio.sleep(0)  # a network is between: others may come first
        fault = self._fault("info")
        refusal = self._admit(fault, credential, domain)
        if refusal is not None:
            return refusal
        if fault is Fault.ANSWER_LOST:
            raise ConnectionResetError
        return self._observed(domain)

    async def update(
        self, credential: str, domain: DomainName, change: Change, revision: str | None
    ) -> Result:
        """Carry out all of `change`, or nothing; once for each key."""
        await asyncio.sleep(0)
        fault = self._fault("update")
        refusal = self._admit(fault, credential, domain)
        if refusal is not None:
            return refusal
        result = self._update(self.names[domain], change, revision, is_slow=fault is Fault.SLOW)
        if fault is Fault.ANSWER_LOST:
            raise ConnectionResetError
        return result

    def add(
        self,
        domain: DomainName,
        held: Held,
        contacts: Mapping[ContactHandle, ShownContact],
    ) -> None:
        """Take a name with its contact objects in."""
        self.names[domain] = held
        self.contacts.update(contacts)

    def touch(
        self, domain: DomainName, *, add: frozenset[str] = frozenset(), remove: frozenset[str]
    ) -> None:
        """The registrar's or registry's own change of statuses, which nothing forbids."""
        held = self.names[domain]
        held.statuses = held.statuses - remove | add
        held.revision += 1

    def dispute(self, domain: DomainName, *, is_open: bool) -> None:
        """A provider's case on the name begins or ends."""
        self.names[domain].is_disputed = is_open
        self.names[domain].revision += 1

    def finish(self, domain: DomainName, *, is_granted: bool) -> None:
        """What becomes of the update that is pending, if one is."""
        held = self.names[domain]
        change, held.waiting = held.waiting, None
        if change is None:
            return
        held.statuses -= {statuses.PENDING_UPDATE}
        if is_granted:
            self._apply(held, change)
        elif change.key is not None:
            self._known[change.key] = Result(code=Code.DENIED)
        held.revision += 1

    def _admit(self, fault: Fault | None, credential: str, domain: DomainName) -> Result | None:
        """Why a command does not even come to the name; None where it does."""
        if fault is Fault.UNREACHABLE:
            raise ConnectionRefusedError
        waiting_s = self._waiting_s(fault)
        if waiting_s is not None:
            return Result(code=Code.TOO_MANY, retry_after_s=waiting_s)
        client = self._credentials.get(credential)
        if fault is Fault.BAD_CREDENTIAL or client is None:
            return Result(code=Code.BAD_CREDENTIAL)
        if fault is Fault.FAILED:
            return Result(code=Code.FAILED)
        held = self.names.get(domain)
        if held is None:
            return Result(code=Code.UNKNOWN)
        return None if held.sponsor == client else Result(code=Code.NOT_YOURS)

    def _waiting_s(self, fault: Fault | None) -> int | None:
        """Seconds until the next command is admitted; None where this one is."""
        now = self._clock.now()
        self._counted = [at for at in self._counted if now - at < WINDOW]
        if fault is Fault.TOO_MANY:
            return int(WINDOW.total_seconds())
        if self._most_commands is not None and len(self._counted) >= self._most_commands:
            return -((now - self._counted[0] - WINDOW) // timedelta(seconds=1))
        self._counted.append(now)
        return None

    def _update(self, held: Held, change: Change, revision: str | None, *, is_slow: bool) -> Result:
        if change.key is not None and change.key in self._known:
            return self._known[change.key]
        if revision is not None and revision != str(held.revision):
            return Result(code=Code.FAILED, is_moved=True)
        code = self._judge(held, change)
        if code is not Code.DONE:
            return Result(code=code)
        if change.key is not None:
            self._known[change.key] = Result(code=Code.DONE, is_replayed=True)
        self.updates += 1
        held.revision += 1
        # What lifts the update lock is never left pending: the two statuses exclude each other.
        if is_slow and UPDATE_LOCK not in held.statuses:
            held.statuses |= {statuses.PENDING_UPDATE}
            held.waiting = change
            return Result(code=Code.PENDING)
        self._apply(held, change)
        return Result(code=Code.DONE)

    def _judge(self, held: Held, change: Change) -> Code:
        """Whether the rules let a client make `change`."""
        is_unlock_alone = change.remove == {UPDATE_LOCK} and not change.add and change.item is None
        if (
            statuses.forbids_update(held.statuses)
            or statuses.PENDING_UPDATE in held.statuses
            or (UPDATE_LOCK in held.statuses and not is_unlock_alone)
        ):
            return Code.PROHIBITED
        asked = change.add | change.remove
        if not all(map(statuses.may_set, asked)) or not change.remove <= held.statuses:
            return Code.DENIED
        if statuses.clash(held.statuses - change.remove | change.add):
            return Code.PROHIBITED
        return self._judge_item(change.item)

    def _judge_item(self, item: ShownContact | ContactHandle | None) -> Code:
        """Whether a registry takes the contact (RFC 5733 s3.2.1: name, city, country, mail)."""
        if isinstance(item, ShownContact):
            is_whole = item.name and item.city and item.country and item.email
            return Code.DONE if is_whole else Code.REQUIRED_MISSING
        return Code.DONE if item is None or item in self.contacts else Code.DENIED

    def _apply(self, held: Held, change: Change) -> None:
        """Make `change`; objects of ours that nobody acts by any more go."""
        held.statuses = held.statuses - change.remove | change.add
        if change.item is None:
            return
        if isinstance(change.item, ShownContact):
            number = 0 if change.key is None else change.key.int
            handle = ContactHandle(f"{OUR_PREFIX}{number % 16**12:012X}")
            self.contacts[handle] = change.item
        else:
            handle = change.item
        held.contacts.update(dict.fromkeys(change.roles, handle))
        linked = {used for name in self.names.values() for used in name.contacts.values()}
        for known in [known for known in self.contacts if known.startswith(OUR_PREFIX)]:
            if known not in linked:
                del self.contacts[known]

    def _observed(self, domain: DomainName) -> Observed:
        held = self.names[domain]
        return Observed(
            domain=domain,
            statuses=statuses.settled(held.statuses),
            contacts={
                role: Standing(handle=handle, contact=self.contacts[handle])
                for role, handle in held.contacts.items()
            },
            expires_at=held.expires_at,
            is_disputed=held.is_disputed,
            revision=str(held.revision),
        )
