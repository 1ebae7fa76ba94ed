"""From the line of a WHOIS client to the bytes of its answer: limit, look-up, rendering, counting.

No sockets and no awaiting: one call, one answer, whatever the line holds. Must not do: log or count
by anything a client chose, or keep a client's address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, assert_never

import structlog

from proxy import logs
from proxy.errors import InvalidInput, ProxyError
from proxy.wire import whois_layout, whois_query, whois_replies
from proxy.wire.whois_query import DomainQuery, HelpQuery, NameserverQuery, RegistrarQuery
from proxy.wire.whois_sheets import Sheets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from proxy.apps.throttle import Throttle
    from proxy.metrics import Counter, Registry
    from proxy.model.public_record import Profile, PublicRecord

_log = structlog.get_logger()

MIN_NAME_OCTETS: Final = 3  # `a.b`
MAX_NAME_OCTETS: Final = 253  # RFC 1035 s2.3.4
_MAX_PROFILES: Final = 10_000  # prepared; far more than tenants on one edge


class Finder(Protocol):
    """What WHOIS needs of services.look_up."""

    def find(self, name: bytes) -> tuple[PublicRecord, Profile] | None:
        """The record under a lower-case A-label name, and its profile; raises Unavailable."""
        ...

    def profiles(self) -> Iterable[Profile]:
        """Every profile; raises Unavailable."""
        ...

    def as_of(self) -> datetime:
        """The moment up to which answers are current; raises Unavailable."""
        ...


class Responder:
    """Answers lines; one per process."""

    def __init__(
        self,
        finder: Finder,
        throttle: Throttle,
        metrics: Registry,
        new_reference: Callable[[], str],
        limit_text: str | None = None,
    ) -> None:
        """Answer from `finder` under `throttle`; `new_reference` names bugs in the log.

        `limit_text` says in help how often a client may ask, in words.
        """
        self._finder = finder
        self._throttle = throttle
        self._metrics = metrics
        self._new_reference = new_reference
        self._help = whois_replies.help_lines(limit_text)
        self._sheets: dict[int, Sheets] = {}
        self._as_of: datetime | None = None
        self._as_of_text = ""
        self._replies: dict[str, bytes] = {}
        self._found = self._counter("domain", "found")
        self._limits_hit = metrics.counter("limits_hit", protocol="whois")
        self.refresh()

    def refresh(self) -> None:
        """Read the age of the data anew: to be called a few times a second.

        Not once per query: it would cost as much as the look-up, and a moment up to which the
        data is known to be current stays true when it is read a little late.
        """
        try:
            as_of = self._finder.as_of()
        except ProxyError:
            as_of = None
        if as_of != self._as_of:
            self._as_of = as_of
            self._as_of_text = "" if as_of is None else whois_layout.moment_text(as_of)
            self._replies.clear()

    def answer(self, line: bytes, client: str, now_ns: int) -> bytes:
        """The whole answer to `line` of the client at `client`; never raises an Exception."""
        try:
            if self._throttle.allow(client, now_ns):
                self._limits_hit.value += 1
                return self._refuse("any", "rate_limited")
            # A line that is a published name to the letter needs no parsing: names are stored in
            # their one form, so parse_query would come to the same name (a test proves it).
            name = line[:-2] if line.endswith(b"\r\n") else line
            if self._as_of is not None and MIN_NAME_OCTETS <= len(name) <= MAX_NAME_OCTETS:
                found = self._finder.find(name)
                if found is not None:
                    self._found.value += 1
                    return self._render(found[0], found[1], self._as_of)
            return self._answer_parsed(line)
        except ProxyError as error:
            return self._refuse("any", error.code)
        except Exception as error:  # noqa: BLE001 - a bug answers with one fixed sentence
            _log.error(
                "whois_bug",
                reference=self._new_reference(),
                error=type(error).__name__,
                places=logs.places(error),
            )
            return self._refuse("any", "internal")

    def refuse(self, code: str) -> bytes:
        """The reply for a connection that can not be served."""
        return self._refuse("any", code)

    def _answer_parsed(self, line: bytes) -> bytes:
        try:
            query = whois_query.parse_query(line)
        except InvalidInput as error:
            return self._refuse("bad", error.code)
        if self._as_of is None:
            self.refresh()
        as_of = self._as_of
        if as_of is None:
            return self._refuse("any", "snapshot")
        match query:
            case DomainQuery():
                return self._domain(query, as_of)
            case HelpQuery():
                self._counter("help", "found").value += 1
                return whois_replies.render(*self._help, as_of=as_of)
            case RegistrarQuery():
                return self._registrar(query, as_of)
            case NameserverQuery():
                return self._nameserver(query, as_of)
            case _:
                assert_never(query)

    def _domain(self, query: DomainQuery, as_of: datetime) -> bytes:
        found = self._finder.find(query.name.encode())
        if found is None:
            return self._refuse("domain", "not_found")
        self._found.value += 1
        return self._render(found[0], found[1], as_of)

    def _registrar(self, query: RegistrarQuery, as_of: datetime) -> bytes:
        """By profile: those that offer RDAP entity look-ups offer this as well."""
        wanted = query.text.casefold()
        offering = [each for each in self._finder.profiles() if "entity" in each.rdap_objects]
        for profile in offering:
            for accreditation in profile.accreditations.values():
                if wanted in {accreditation.registrar_name.casefold(), str(accreditation.iana_id)}:
                    self._counter("registrar", "found").value += 1
                    return whois_replies.render_registrar(profile, accreditation, as_of)
        return self._refuse("registrar", "not_found" if offering else "not_offered")

    def _nameserver(self, query: NameserverQuery, as_of: datetime) -> bytes:
        """By profile. Known are hosts below a published name that lists them itself."""
        labels = query.host.split(".") if ":" not in query.host else []
        for first in range(1, len(labels) - 1):
            found = self._finder.find(".".join(labels[first:]).encode())
            if found is None or "nameserver" not in found[1].rdap_objects:
                continue
            record, profile = found
            for nameserver in record.nameservers:
                if nameserver.name == query.host:
                    self._counter("nameserver", "found").value += 1
                    registrar, _ = whois_layout.registrar_lines(profile, record)
                    return whois_replies.render_nameserver(profile, nameserver, registrar, as_of)
        is_offered = any("nameserver" in each.rdap_objects for each in self._finder.profiles())
        return self._refuse("nameserver", "not_found" if is_offered else "not_offered")

    def _render(self, record: PublicRecord, profile: Profile, as_of: datetime) -> bytes:
        sheets = self._sheets.get(id(profile))
        if sheets is None:
            # By identity, because a profile's fields can not be hashed; Sheets holds the profile,
            # so that its id is not given to another one. New profiles replace the old.
            if len(self._sheets) >= _MAX_PROFILES:
                self._sheets.clear()
            sheets = self._sheets[id(profile)] = Sheets(profile)
        return sheets.render(record, as_of, self._as_of_text)

    def _refuse(self, kind: str, code: str) -> bytes:
        self._counter(kind, code if code in whois_replies.CODES else "unavailable").value += 1
        reply = self._replies.get(code)
        if reply is None:
            reply = self._replies[code] = whois_replies.render_error(code, self._as_of)
        return reply

    def _counter(self, kind: str, result: str) -> Counter:
        return self._metrics.counter("whois_queries", kind=kind, result=result)
