"""Find what is published under a name: one resolver behind WHOIS and RDAP (promise 1).

Holds the decoded profiles of the snapshot's present generation. A profile whose body has not
changed stays the very same object from one generation to the next, so an app may keep what it
prepared from it under the object's identity (`Prepared`). Must reach nothing but the snapshot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from proxy.errors import InvalidInput, Unavailable
from proxy.wire import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from proxy.model.identifiers import ProfileId, TenantId
    from proxy.model.public_record import Profile, PublicRecord
    from proxy.ports import PublishedNames

Made = TypeVar("Made")
_NOT_READ: Final = -1  # no generation has this number


class LookUp:
    """Names to records and profiles, as far as the snapshot knows."""

    def __init__(self, names: PublishedNames) -> None:
        """Answer from `names`; nothing is read before the first question."""
        self._names = names
        self._generation = _NOT_READ
        self._profiles: dict[tuple[TenantId, ProfileId], Profile] = {}
        self._bodies: dict[tuple[TenantId, ProfileId], bytes] = {}

    def find(self, name: bytes) -> tuple[PublicRecord, Profile] | None:
        """The record under a lower-case A-label name and its profile; None when there is none.

        Raises Unavailable without a snapshot, and for a value that can not be read: "not found"
        would be a lie in both cases.
        """
        value = self._names.get(name)
        if value is None:
            return None
        try:
            record = published.decode_record(value)
        except InvalidInput:
            raise Unavailable("snapshot") from None
        if self._names.profiles_generation() != self._generation:
            self._read_profiles()
        profile = self._profiles.get((record.tenant_id, record.profile))
        if profile is None:
            raise Unavailable("snapshot")
        return record, profile

    def profiles(self) -> Iterable[Profile]:
        """Every published profile; raises Unavailable without a snapshot."""
        self._names.as_of()  # looks at the newest commit, which `profiles_generation` need not
        if self._names.profiles_generation() != self._generation:
            self._read_profiles()
        return tuple(self._profiles.values())

    def as_of(self) -> datetime:
        """The moment up to which answers are current; raises Unavailable without a snapshot."""
        return self._names.as_of()

    def _read_profiles(self) -> None:
        bodies = dict(self._names.profile_bodies())
        kept: dict[tuple[TenantId, ProfileId], Profile] = {}
        for key, body in bodies.items():
            if self._bodies.get(key) == body and key in self._profiles:
                kept[key] = self._profiles[key]
                continue
            try:
                kept[key] = published.decode_profile(body)
            except InvalidInput:
                continue  # its names are unavailable; those of other tenants are not
        self._profiles, self._bodies = kept, bodies
        self._generation = self._names.profiles_generation()


class Prepared(Generic[Made]):
    """What an app makes once per profile, such as its templates; made anew when it changes."""

    def __init__(self, make: Callable[[Profile], Made]) -> None:
        """Use `make` for a profile not seen before."""
        self._make = make
        self._made: dict[int, tuple[Profile, Made]] = {}

    def of(self, profile: Profile) -> Made:
        """The thing made from this very profile object."""
        found = self._made.get(id(profile))
        if found is None:
            self._forget_former(profile)
            found = self._made[id(profile)] = (profile, self._make(profile))
        return found[1]

    def _forget_former(self, profile: Profile) -> None:
        # A former body of the same profile is never asked for again.
        for key, (held, _) in tuple(self._made.items()):
            if (held.tenant_id, held.id) == (profile.tenant_id, profile.id):
                del self._made[key]
