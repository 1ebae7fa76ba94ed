"""What a history of two tenants and one name comes to, by a page of plain Python."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from proxy.model.sponsor import NOT_ASKED, Missed, Seen, Way

if TYPE_CHECKING:
    from proxy.model.identifiers import DomainName

IANA = {"a": 9999, "b": 7777, "nobody": 1234}
DAY = timedelta(days=1)
RETENTION = 2 * DAY


@dataclass(slots=True)
class Hold:
    """What a tenant has of the name."""

    id: str
    state: str
    since: datetime
    handle: str
    shown: datetime | None = None


@dataclass(slots=True)
class Oracle:
    """Who holds the name how, what was seen, and what became of whom."""

    holds: dict[str, Hold] = field(default_factory=dict)
    seen: tuple[str, str, datetime, datetime] | None = None  # whom, handle, first, last
    ended: dict[str, datetime] = field(default_factory=dict)  # registrations no longer held
    erased: set[str] = field(default_factory=set)  # of which nobody reads a person again

    def drop(self, tenant: str, now: datetime) -> None:
        """A tenant holds the name no more."""
        self.ended[self.holds.pop(tenant).id] = now

    def forget(self, now: datetime) -> None:
        """The vault's round: who ended long enough ago is erased."""
        self.erased |= {one for one, at in self.ended.items() if at + RETENTION <= now}

    def copied(self) -> Oracle:
        """What a copy of the database has."""
        return copy.deepcopy(self)

    def restored(self, kept: Oracle) -> Oracle:
        """The copy is put back: everything is as it was then, but who was erased stays erased."""
        again = kept.copied()
        again.erased |= self.erased
        return again

    def speaker(self) -> str | None:
        """Who speaks."""
        return next((t for t, h in self.holds.items() if h.state in {"active", "ending"}), None)

    def rank(self, tenant: str, now: datetime) -> int:
        """5 the registry says so, 4 DNS does, 2 nothing known, 1 the registry denies it, 0 long."""
        hold = self.holds[tenant]
        if self.seen is not None and hold.since <= self.seen[3] and now - self.seen[3] <= 7 * DAY:
            whom, handle, first, last = self.seen
            if handle != hold.handle:
                return 1
            if whom == tenant:
                return 5
            return 0 if last - max(first, hold.since) >= 3 * DAY else 1
        if hold.shown is not None and hold.since <= hold.shown and now - hold.shown <= 7 * DAY:
            return 4
        return 2

    def settle(self, now: datetime) -> None:
        """The better right takes the name from the worse one; nobody's name goes to whoever may."""
        speaker = self.speaker()
        sits = 0 if speaker is None else self.rank(speaker, now)
        least = 2 if sits == 0 else max(4, sits + 1)
        ready = [
            (-self.rank(t, now), h.since, t)
            for t, h in self.holds.items()
            if h.state == "claimed" and self.rank(t, now) >= least
        ]
        if speaker is not None and (ready or sits == 0):
            self.drop(speaker, now)
        if ready:
            self.holds[min(ready)[2]].state = "active"

    def begins(self, tenant: str) -> str:
        """The state of what a tenant enrols."""
        return "active" if self.speaker() in {None, tenant} else "claimed"


class Outside:
    """The registry and DNS, as the history has them."""

    def __init__(self) -> None:
        self.says: tuple[str, str] | None = None
        self.texts: set[str] = set()

    async def look(self, domain: DomainName, marks: Any) -> Seen | Missed:
        """What the registry says."""
        assert domain
        assert len(marks) in {0, 2}
        if self.says is None:
            return Missed(reason=NOT_ASKED)
        whom, handle = self.says
        return Seen(iana_id=IANA[whom], way=Way.RDAP, registry_domain_id=handle)

    async def shows(self, domain: DomainName, token: str) -> bool | None:
        """What stands in DNS."""
        assert domain
        return token in self.texts
