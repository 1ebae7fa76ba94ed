"""From an RDAP request to its answer: throttle, look up, select, render. No sockets.

`Answers.quick` is the path of nearly all requests: a published name in its canonical form. What it
does not know it leaves to `Answers.answer`, which is the definition; a test holds both to the same
bytes. Nothing of a request is repeated but its path, which holds URI characters only.
Source: RFC 7480 s4, s5; RFC 9110 s8.8.1, s13.1.2 (weak tags).
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, assert_never

from proxy.apps import rdap_errors
from proxy.errors import InvalidInput, Unavailable
from proxy.wire import rdap, rdap_notices, rdap_objects, rdap_sheets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from proxy.apps.rdap_scope import Scope, Scopes
    from proxy.model.identifiers import DomainName
    from proxy.model.public_record import Profile, PublicRecord

MIN_GZIP_OCTETS: Final = 512
"""Below it gzip saves no packet."""

_GZIP_LEVEL: Final = 1  # a third of level 6's time, 5 % larger on these bodies
_UNAVAILABLE_RETRY_S: Final = 5
_KNOWN_METHODS: Final = frozenset({"POST", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT"})
_PREFLIGHT: Final = (
    "Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"
    "Access-Control-Allow-Headers: *\r\n"
    "Access-Control-Max-Age: 86400\r\n"
)


class Finder(Protocol):
    """services.look_up.LookUp as far as this app uses it."""

    def find(self, name: bytes) -> tuple[PublicRecord, Profile] | None:
        """The record published under an A-label name, with its profile."""
        ...

    def profiles(self) -> Iterable[Profile]:
        """All published profiles; raises Unavailable without a snapshot."""
        ...

    def as_of(self) -> datetime:
        """The moment up to which what we know is current."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as far as answers depend on it."""

    method: str
    path: str
    scope: Scope
    accepts_gzip: bool
    if_none_match: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer before it becomes octets."""

    status: int
    kind: str  # of query, for metrics
    result: str  # for metrics
    body: bytes
    tag: str | None = None  # opaque, with its quotes
    fields: str = ""  # further header lines
    closes: bool = False


class Answers:
    """Answers requests out of one look-up."""

    def __init__(
        self, finder: Finder, scopes: Scopes, base_url: str, limit_text: str | None
    ) -> None:
        """Answer from `finder`.

        `base_url` stands in answers that belong to no single profile; `limit_text` says how
        often a client may ask, in words.
        """
        self._base_url = base_url
        self._finder = finder
        self._limit_text = limit_text
        self.scopes = scopes
        self.as_of = ""  # of the snapshot, as moment() writes it; kept fresh by the server

    def quick(self, name: bytes, scope: Scope) -> tuple[bytes, str] | None:
        """Body and entity tag for a name in canonical form, or None: `answer` must decide.

        Only a name that stands in the snapshot, octet by octet, is answered here: it is a valid
        one by that. Raises Unavailable.
        """
        found = self._finder.find(name)
        if found is None:
            return None
        record, profile = found
        bound = self.scopes.bound(profile)
        if scope.allowed is not None and bound.key not in scope.allowed:
            return None
        asked = bound.domain_url + record.domain
        body, material = bound.sheets.render(record, asked, self.as_of)
        return body, _tag(bound.salt + material)

    def answer(self, asked: Asked) -> Answer:
        """The answer to any request that could be read."""
        if asked.method == "OPTIONS":
            return Answer(status=204, kind="other", result="found", body=b"", fields=_PREFLIGHT)
        if asked.method not in {"GET", "HEAD"}:
            code = "method" if asked.method in _KNOWN_METHODS else "method_unknown"
            return self.problem(code)
        path = asked.path
        for base_path in self.scopes.base_paths:
            path = rdap.strip_prefix(path, base_path)
        try:
            query = rdap.parse_path(path)
            answer = self._look(query, path, asked.scope)
        except (InvalidInput, Unavailable) as error:
            return self.problem(error.code, scope=asked.scope)
        if answer.tag is not None and (
            answer.tag in asked.if_none_match or asked.if_none_match == ("*",)
        ):
            return _not_modified(answer)
        return _compressed(answer) if asked.accepts_gzip else answer

    def problem(
        self,
        code: str,
        *,
        kind: str = "other",
        scope: Scope | None = None,
        name: DomainName | None = None,
        retry_after_s: int = 0,
    ) -> Answer:
        """The answer for an error code of the table; of any other, the fixed sentence for bugs."""
        found = rdap_errors.PROBLEMS.get(code, rdap_errors.PROBLEMS["internal"])
        sole = scope.sole if scope is not None else None
        body = rdap_notices.error(
            found.status,
            rdap_errors.TITLES[found.status],
            found.description,
            is_gtld=sole is None or sole.is_gtld(name),
        )
        fields = ""
        if found.status == rdap_errors.METHOD_NOT_ALLOWED:
            fields = "Allow: GET, HEAD, OPTIONS\r\n"
        if found.status == rdap_errors.SERVICE_UNAVAILABLE:
            retry_after_s = retry_after_s or _UNAVAILABLE_RETRY_S
        if retry_after_s:
            fields += (
                f"Retry-After: {retry_after_s}\r\nAccess-Control-Expose-Headers: Retry-After\r\n"
            )
        return Answer(
            status=found.status,
            kind=kind,
            result=rdap_errors.RESULTS.get(found.status, "bad_request"),
            body=body,
            fields=fields,
            closes=found.closes,
        )

    def _look(self, query: rdap.Query, path: str, scope: Scope) -> Answer:
        match query:
            case rdap.DomainQuery():
                return self._domain(query.name, path, scope)
            case rdap.NameserverQuery():
                return self._nameserver(query.name, path, scope)
            case rdap.EntityQuery():
                return self._entity(query.handle, path, scope)
            case rdap.HelpQuery():
                return self._help(path, scope)
            case rdap.UnknownQuery():
                return self.problem("path", scope=scope)
            case _:
                assert_never(query)

    def _domain(self, name: DomainName, path: str, scope: Scope) -> Answer:
        found = self._finder.find(name.encode("ascii"))
        bound = self.scopes.bound(found[1]) if found is not None else None
        if found is None or bound is None or not scope.may_answer(bound):
            return self.problem("not_found", kind="domain", scope=scope, name=name)
        asked = bound.base_url + path.removeprefix("/")
        body, material = bound.sheets.render(found[0], asked, self.as_of)
        tag = _tag(bound.salt + material)
        return Answer(status=200, kind="domain", result="found", body=body, tag=tag)

    def _nameserver(self, name: DomainName, path: str, scope: Scope) -> Answer:
        """A host inside a name that we publish and that is delegated to it; no other is ours."""
        if any("nameserver" in one.profile.rdap_objects for one in scope.profiles):
            parent = name.partition(".")[2]
            while "." in parent:
                found = self._finder.find(parent.encode("ascii"))
                if found is not None:
                    bound = self.scopes.bound(found[1])
                    is_offered = "nameserver" in bound.profile.rdap_objects
                    for host in found[0].nameservers:
                        if host.name == name and is_offered and scope.may_answer(bound):
                            asked = bound.base_url + path.removeprefix("/")
                            is_gtld = bound.is_gtld(found[0].domain)
                            return _found(
                                "nameserver",
                                rdap_objects.nameserver(
                                    bound.profile, host, asked, is_gtld=is_gtld
                                ),
                            )
                parent = parent.partition(".")[2]
        return self.problem("not_found", kind="nameserver", scope=scope, name=name)

    def _entity(self, handle: str, path: str, scope: Scope) -> Answer:
        """A registrar by its IANA id; no other entity can be asked for."""
        for bound in scope.profiles:
            if "entity" in bound.profile.rdap_objects:
                for accreditation in bound.profile.accreditations.values():
                    if accreditation.iana_id is not None and str(accreditation.iana_id) == handle:
                        asked = bound.base_url + path.removeprefix("/")
                        return _found(
                            "entity", rdap_objects.entity(bound.profile, accreditation, asked)
                        )
        return self.problem("not_found", kind="entity", scope=scope)

    def _help(self, path: str, scope: Scope) -> Answer:
        bound = scope.sole
        body = rdap_notices.help_answer(
            bound.profile if bound is not None else None,
            (bound.base_url if bound is not None else self._base_url) + path.removeprefix("/"),
            self._limit_text,
            is_gtld=bound is None or bound.is_gtld(None),
        )
        return Answer(status=200, kind="help", result="found", body=body, tag=_tag(body))


def _found(kind: str, tree: rdap_objects.Tree) -> Answer:
    body = rdap_sheets.dump(tree).encode("ascii")
    return Answer(status=200, kind=kind, result="found", body=body, tag=_tag(body))


def _tag(octets: bytes) -> str:
    """A weak tag's opaque part, 72 bits.

    Over record, profile and URL form of a name, not over the snapshot's time.
    """
    return f'"{hashlib.blake2b(octets, digest_size=9).hexdigest()}"'


def _not_modified(answer: Answer) -> Answer:
    return Answer(status=304, kind=answer.kind, result="not_modified", body=b"", tag=answer.tag)


def _compressed(answer: Answer) -> Answer:
    if len(answer.body) < MIN_GZIP_OCTETS:
        return answer
    return Answer(
        status=answer.status,
        kind=answer.kind,
        result=answer.result,
        body=gzip.compress(answer.body, compresslevel=_GZIP_LEVEL, mtime=0),
        tag=answer.tag,
        fields=answer.fields + "Content-Encoding: gzip\r\n",
        closes=answer.closes,
    )
