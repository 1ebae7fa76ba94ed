"""An agent's notification in XML, read into the few facts that decide.

Namespaces count, prefixes do not. A document type, an entity, another encoding than UTF-8, a
missing or doubled element, a status that is not one of three: none of these is a notification. Text
meant for people is left where it is, as it may hold personal data. Source: rdeNotification-1.0 and
rdeReport-1.0 (draft-lozano-icann-registry-interfaces s9.2, s9.3; protocols facts s3.6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from xml.parsers import expat  # document types are refused below, and with them entities

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPTH: Final = 12  # the schema needs 4
ELEMENTS: Final = 10_000  # results of a deposit that is full of faults; protects memory
REASONS: Final = 100  # codes of results that are kept

_NS: Final = "urn:ietf:params:xml:ns:"
_NOTIFICATION: Final = f"{_NS}rdeNotification-1.0 "
_REPORT: Final = f"{_NS}rdeReport-1.0 "
_HEADER: Final = f"{_NS}rdeHeader-1.0 "
_RESULT: Final = f"{_NS}iirdea-1.0 result"
_ROOT: Final = (f"{_NOTIFICATION}notification",)
_IN_REPORT: Final = (*_ROOT, f"{_REPORT}report")
_COUNT: Final = (*_IN_REPORT, f"{_HEADER}header", f"{_HEADER}count")
_DOMAINS: Final = frozenset({f"{_NS}rdeDomain-1.0", f"{_NS}csvDomain-1.0"})

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII)
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)
_STATUSES: Final = frozenset({"DVPN", "DVFN", "DRFN"})
_KINDS: Final = frozenset({"FULL", "INCR", "DIFF"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """Which deposit a notification says was received."""

    id: str
    kind: str  # FULL | INCR | DIFF
    watermark: datetime
    domains: int | None  # of all registrars in the header together


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a notification says."""

    status: str  # DVPN | DVFN | DRFN
    day: date  # of the deposit
    at: datetime | None  # when the agent had it, or judged it, or None
    report: Reported | None
    reasons: tuple[str, ...]  # result codes


@dataclass(slots=True)
class _Leaf:
    path: tuple[str, ...]
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)

    @property
    def value(self) -> str:
        return "".join(self.text).strip(" \t\r\n")


def parse(content: bytes) -> Notification:
    """The notification; InvalidInput `receipt_xml` for anything else."""
    leaves = _leaves(content)
    if not leaves or leaves[0].path != _ROOT:
        raise _malformed("its outermost element is no notification")
    status = _one(leaves, (*_ROOT, f"{_NOTIFICATION}status"))
    if status not in _STATUSES:
        raise _malformed("its status is none that exists")
    report = _report(leaves)
    if (report is None) != (status == "DRFN"):
        raise _malformed("a report belongs into it exactly when something was received")
    return Notification(
        status=status,
        day=_day(_one(leaves, (*_ROOT, f"{_NOTIFICATION}repDate"))),
        at=_at(leaves),
        report=report,
        reasons=_reasons(leaves),
    )


def _leaves(content: bytes) -> list[_Leaf]:
    """Every element in document order, with the text directly in it."""
    try:
        # The encoding is ours to say: whatever the document declares, its octets are UTF-8.
        document = content.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("it is not in UTF-8") from None
    parser = expat.ParserCreate("utf-8", " ")
    found: list[_Leaf] = []
    open_ones: list[_Leaf] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(open_ones) == DEPTH or len(found) == ELEMENTS:
            raise _malformed("it is too deep or too long")
        path = (*(open_ones[-1].path if open_ones else ()), name)
        open_ones.append(_Leaf(path, attributes))
        found.append(open_ones[-1])

    def end(_name: str) -> None:
        open_ones.pop()

    def text(data: str) -> None:
        open_ones[-1].text.append(data)

    def refuse(*_: object) -> None:
        raise _malformed("it has a document type")

    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    # Called before anything in a document type is looked at: no entity is ever defined.
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat takes it by position: this is all
    except expat.ExpatError:
        raise _malformed("it is not well-formed") from None
    return found


def _report(leaves: Sequence[_Leaf]) -> Reported | None:
    there = sum(1 for one in leaves if one.path == _IN_REPORT)
    if there == 0:
        return None
    if there > 1:
        raise _malformed("it has more than one report")
    identifier = _one(leaves, (*_IN_REPORT, f"{_REPORT}id"))
    kind = _one(leaves, (*_IN_REPORT, f"{_REPORT}kind"))
    if _ID.fullmatch(identifier) is None or kind not in _KINDS:
        raise _malformed("the id or the kind of its report is none")
    counts = [
        one.value for one in leaves if one.path == _COUNT and one.attributes.get("uri") in _DOMAINS
    ]
    if not all(re.fullmatch(r"[0-9]{1,12}", one, re.ASCII) for one in counts):
        raise _malformed("a count in it is no number")
    return Reported(
        id=identifier,
        kind=kind,
        watermark=_moment(_one(leaves, (*_IN_REPORT, f"{_REPORT}watermark"))),
        domains=sum(map(int, counts)) if counts else None,
    )


def _at(leaves: Sequence[_Leaf]) -> datetime | None:
    """When the agent received it; when it judged it, where the former is not said."""
    for name in ("reDate", "vaDate"):
        path = (*_ROOT, f"{_NOTIFICATION}{name}")
        if any(one.path == path for one in leaves):
            return _moment(_one(leaves, path))
    return None


def _reasons(leaves: Sequence[_Leaf]) -> tuple[str, ...]:
    """Codes of results, each once; what stands beside them is for people."""
    codes = (one.attributes.get("code", "") for one in leaves if one.path[-1] == _RESULT)
    known = [one for one in codes if re.fullmatch(r"[0-9]{1,5}", one, re.ASCII)]
    return tuple(dict.fromkeys(known))[:REASONS]


def _one(leaves: Sequence[_Leaf], path: tuple[str, ...]) -> str:
    found = [one.value for one in leaves if one.path == path]
    if len(found) != 1:
        raise _malformed(f"it needs one {path[-1].partition(' ')[2]}")
    return found[0]


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    try:
        if found is not None:
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    raise _malformed("a day in it is none")


def _moment(text: str) -> datetime:
    try:
        if _MOMENT.fullmatch(text) is not None:
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _malformed("a time in it is none")


def _malformed(why: str) -> InvalidInput:
    return InvalidInput("receipt_xml", f"This is no notification of a deposit: {why}.")
