"""Which profiles an RDAP request is answered for, by the host it names or the address it came to.

* A Host that profiles list (`rdap.host_names`) answers the names of those profiles only.
* Else a listening address that profiles list (`rdap_addresses`, with or without port) does.
* Else, behind no listed name at all, every name is answered under its own profile's base URL: what
  is published is public under any host, and a bare `http://127.0.0.1:4380` must work.
Never decides what is shown of a record; holds no personal data.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from proxy.model.identifiers import DomainName
from proxy.wire import published, rdap_objects, rdap_sheets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from proxy.model.identifiers import ProfileId, TenantId
    from proxy.model.public_record import Profile

RENDERING: Final = b"1"
"""Part of every ETag: raise it when answers change for the same record and profile."""

Key = tuple["TenantId", "ProfileId"]


class Bound:
    """A profile with what its answers need, prepared once."""

    __slots__ = ("base_url", "domain_url", "key", "profile", "salt", "sheets")

    def __init__(self, profile: Profile) -> None:
        """Prepare `profile`."""
        self.profile = profile
        self.key: Key = (profile.tenant_id, profile.id)
        self.sheets = rdap_sheets.Sheets(profile)
        self.base_url = profile.rdap_base_url
        self.domain_url = profile.rdap_base_url + "domain/"
        body = published.encode_profile(profile)
        self.salt = hashlib.blake2b(RENDERING + body, digest_size=16).digest()

    def is_gtld(self, name: DomainName | None) -> bool:
        """Whether answers about `name`, or none in particular, follow the gTLD profile."""
        layout = self.profile.layout_for(name or DomainName("default"))
        return layout.layout == rdap_objects.GTLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The profiles that answer one request."""

    profiles: tuple[Bound, ...]
    allowed: frozenset[Key] | None  # None: records of every profile

    @property
    def sole(self) -> Bound | None:
        """The one profile in question, if it is one."""
        return self.profiles[0] if len(self.profiles) == 1 else None

    def may_answer(self, bound: Bound) -> bool:
        """Whether records of that profile are answered here."""
        return self.allowed is None or bound.key in self.allowed


class Scopes:
    """All profiles of one generation, by host name and by listening address."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        """Prepare them."""
        bound = tuple(Bound(profile) for profile in profiles)
        self._bound = {one.key: one for one in bound}
        self._latest: Bound | None = None
        self._everyone = Scope(profiles=bound, allowed=None)
        self._by_host = _scopes(
            (host.removesuffix(".").lower(), one)
            for one in bound
            for host in one.profile.rdap_host_names
        )
        self._by_address = _scopes(
            (address, one) for one in bound for address in one.profile.rdap_addresses
        )
        paths = {urlsplit(one.base_url).path for one in bound} - {"", "/"}
        self.base_paths = tuple(sorted(paths, key=len, reverse=True))

    def select(self, host: str | None, address: tuple[str, int] | None) -> Scope:
        """The scope of a request: `host` without port, `address` it was accepted at."""
        scope = self._by_host.get(host) if host is not None else None
        if scope is None and address is not None and self._by_address:
            text = f"[{address[0]}]" if ":" in address[0] else address[0]
            scope = self._by_address.get(f"{text}:{address[1]}") or self._by_address.get(address[0])
        return scope or self._everyone

    def bound(self, profile: Profile) -> Bound:
        """The prepared form of `profile`; made anew where it changed under the same id."""
        latest = self._latest
        if latest is not None and profile is latest.profile:  # most edges have one profile
            return latest
        found = self._bound.get((profile.tenant_id, profile.id))
        if found is None or (found.profile is not profile and found.profile != profile):
            found = self._bound[profile.tenant_id, profile.id] = Bound(profile)
        self._latest = found
        return found


def _scopes(pairs: Iterable[tuple[str, Bound]]) -> Mapping[str, Scope]:
    found: dict[str, list[Bound]] = {}
    for name, bound in pairs:
        found.setdefault(name, []).append(bound)
    return {
        name: Scope(profiles=tuple(bounds), allowed=frozenset(one.key for one in bounds))
        for name, bounds in found.items()
    }
