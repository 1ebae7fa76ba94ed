"""The plan: the TOML file in which an operator schedules deposits, read into streams.

One `[[stream]]` a schedule; plan.example.toml beside this file shows every key. All faults are told
at once, each with its place. The plan says what is deposited, when and where at the agent; who the
agent is, its host and its key, stand in the roster and never here.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Final, cast

from escrow import plan_values
from escrow.model import EVERY_ACCREDITATION, FormatName, Options, Schedule, Stream, Whose
from proxy.errors import Fault, InvalidInput
from proxy.model.deposit import Kind, StreamId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILE_LIMIT_OCTETS: Final = 1_048_576  # some thousand streams
_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,47}", re.ASCII)
_AGENT: Final = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)  # as the roster's ids
_ACCREDITATION: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}|\*", re.ASCII)
_COOL_DOWN_MOST_S: Final = 86_400  # longer, and a daily deposit never leaves
_RECEIPT_MOST_S: Final = 14 * 86_400  # longer, and nobody would learn of a lost deposit in time
_PART_LEAST: Final = 1_000_000  # smaller parts are thousands of files
_PART_MOST: Final = 2**40
_PROVIDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
_ROID_SUFFIX: Final = re.compile(r"[A-Za-z0-9_]{1,8}", re.ASCII)  # RFC 5730 roidType

_CSV: Final = frozenset({FormatName.CSV_2007, FormatName.CSV_2024})
_EVERY: Final = frozenset(FormatName)
_OPTION_FORMATS: Final[Mapping[str, frozenset[FormatName]]] = {
    "underlying_only": _CSV,
    "billing": _CSV,
    "ascii_only": frozenset({FormatName.CSV_2024}),
    "compression": _EVERY,
    "part_octets": _EVERY - {FormatName.RFC8909},
    "incremental": frozenset({FormatName.RFC8909}),
    "provider_id": frozenset({FormatName.RFC8909}),
    "roid_suffix": frozenset({FormatName.RFC8909}),
    "checksum": frozenset({FormatName.RFC8909}),
    "with_manifest": _EVERY,
}
"""Which formats look at an option: set for another one, it would mislead whoever reads the plan."""


def read(path: Path) -> tuple[Stream, ...]:
    """The streams of the file; InvalidInput `escrow_plan`, with every fault."""
    try:
        with path.open("rb") as source:
            content = source.read(FILE_LIMIT_OCTETS + 1)
    except OSError as error:
        raise InvalidInput("escrow_plan", f"{path} can not be read: {error.strerror}.") from None
    if len(content) > FILE_LIMIT_OCTETS:
        raise InvalidInput("escrow_plan", f"{path} is longer than {FILE_LIMIT_OCTETS} octets.")
    try:
        return parse(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidInput("escrow_plan", f"{path} is not UTF-8.") from None


def parse(text: str) -> tuple[Stream, ...]:
    """The streams that `text` holds; InvalidInput `escrow_plan`, with every fault."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput("escrow_plan", f"The plan is not TOML: {error}.") from None
    faults: list[Fault] = []
    unknown = sorted(table.keys() - {"stream"})
    faults += [_fault(f"/{name}", "unknown_setting", "no such setting") for name in unknown]
    entries = table.get("stream")
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        faults.append(_fault("/stream", "missing_setting", "needs at least one [[stream]]"))
        entries = []
    found = [_stream(_Table(one, f"/stream/{place}", faults)) for place, one in enumerate(entries)]
    _check_ids(entries, faults)
    _check_receipts(entries, faults)
    if faults:
        told = "; ".join(f"{one.pointer.lstrip('/')}: {one.detail}" for one in faults)
        raise InvalidInput("escrow_plan", told, tuple(faults))
    return tuple(one for one in found if one is not None)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the file and its place there; what is wrong with it goes to `faults`."""

    values: dict[str, object]
    pointer: str
    faults: list[Fault]
    taken: set[str] = field(default_factory=set)

    def take(self, name: str, parse_: Callable[[object], object], default: object = None) -> object:
        """The parsed value; `default` where there is none, and None for a fault."""
        self.taken.add(name)
        if name not in self.values:
            if default is None:
                self.tell(name, "missing_setting", "is needed")
            return default
        try:
            return parse_(self.values[name])
        except InvalidInput as fault:
            self.tell(name, "invalid_setting", fault.detail)
            return None

    def tell(self, name: str, code: str, detail: str) -> None:
        """A fault of the value of that name."""
        self.faults.append(_fault(f"{self.pointer}/{name}", code, detail))

    def tell_unknown(self) -> None:
        """A fault for every name that nobody took."""
        for name in sorted(self.values.keys() - self.taken):
            self.tell(name, "unknown_setting", "no such setting")


def _stream(table: _Table) -> Stream | None:
    """The stream, or None when its table has faults."""
    before = len(table.faults)
    format_ = cast("FormatName | None", table.take("format", plan_values.one_of(FormatName)))
    whose = cast("Whose | None", table.take("whose", plan_values.one_of(Whose)))
    values: dict[str, object] = {
        "id": table.take(
            "id", plan_values.matching(_ID, "a lower-case letter, then up to 47 more, or digits")
        ),
        "tenant_id": table.take("registrar", plan_values.tenant),
        "accreditation": table.take(
            "accreditation", plan_values.matching(_ACCREDITATION, "an accreditation's id, or *")
        ),
        "whose": whose,
        "format": format_,
        "agent": table.take("agent", plan_values.matching(_AGENT, "an agent's id in the roster")),
        "schedule": _schedule(table),
        "options": _options(table, format_, whose),
        "cool_down_s": table.take("cool_down", plan_values.duration(0, _COOL_DOWN_MOST_S), 7_200),
        "receipt_within_s": table.take(
            "receipt_within", plan_values.duration(60, _RECEIPT_MOST_S), 86_400
        ),
        "directory": table.take("directory", plan_values.path),
        "user": table.take("user", plan_values.text, ""),
        "receipts": table.take("receipts", plan_values.glob, ""),
        "receipts_directory": table.take("receipts_directory", plan_values.path, ""),
        "unsigned_receipts": table.take("unsigned_receipts", plan_values.flag, default=False),
    }
    table.tell_unknown()
    _check_purpose(table, format_, whose, values["accreditation"])
    if len(table.faults) > before:
        return None
    values["id"] = StreamId(str(values["id"]))
    return Stream(**values)  # type: ignore[arg-type]  # each value came from its field's parser


def _schedule(table: _Table) -> Schedule | None:
    full = cast("tuple[frozenset[int], int, int] | None", table.take("full", plan_values.full))
    incremental = cast(
        "frozenset[int] | None", table.take("incremental", plan_values.incremental, frozenset())
    )
    zone = cast("str | None", table.take("time_zone", plan_values.zone, "UTC"))
    if full is None or incremental is None or zone is None:
        return None
    days, hour, minute = full
    if incremental <= days and incremental:
        table.tell("incremental", "invalid_setting", "every one of these days has a full deposit")
    return Schedule(
        time_zone=zone,
        full_days=days,
        incremental_days=incremental - days,
        hour=hour,
        minute=minute,
    )


def _options(table: _Table, format_: FormatName | None, whose: Whose | None) -> Options | None:
    table.taken.add("options")
    given = table.values.get("options", {})
    if not isinstance(given, dict):
        table.tell("options", "invalid_setting", "expected a table [stream.options]")
        return None
    options = _Table(given, f"{table.pointer}/options", table.faults)
    values = {
        one.name: options.take(one.name, _OPTION_PARSERS[one.name], one.default)
        for one in fields(Options)
    }
    options.tell_unknown()
    if format_ is not None:
        for name in sorted(given.keys() & _OPTION_FORMATS.keys()):
            if format_ not in _OPTION_FORMATS[name]:
                options.tell(name, "unused_setting", f"means nothing in format {format_.value}")
        if format_ is FormatName.RFC8909 and values["provider_id"] == "":
            options.tell("provider_id", "missing_setting", "is needed in format rfc8909")
    is_underlying = whose is Whose.REGISTRAR and format_ in _CSV
    if whose is not None and given.get("underlying_only", is_underlying) != is_underlying:
        options.tell("underlying_only", "invalid_setting", f"whose = {whose.value} says otherwise")
    if None in values.values():
        return None
    values["underlying_only"] = is_underlying
    return Options(**values)  # type: ignore[arg-type]  # each value came from its field's parser


def _check_purpose(
    table: _Table, format_: FormatName | None, whose: Whose | None, accreditation: object
) -> None:
    """What a deposit is for decides its format, and whose names it may hold."""
    is_recovery = format_ is FormatName.RECOVERY
    if format_ is not None and whose is not None and is_recovery != (whose is Whose.OWN_COPY):
        table.tell(
            "format", "invalid_setting", "an own-copy is in format recovery, and nothing else is"
        )
    if accreditation == EVERY_ACCREDITATION and format_ is not None and not is_recovery:
        table.tell("accreditation", "invalid_setting", "only format recovery takes *")


def _check_ids(entries: list[dict[str, object]], faults: list[Fault]) -> None:
    seen: set[object] = set()
    for place, one in enumerate(entries):
        name = one.get("id")
        if isinstance(name, str) and name in seen:
            faults.append(_fault(f"/stream/{place}/id", "duplicate", "another stream has this id"))
        elif isinstance(name, str):
            seen.add(name)


def _check_receipts(entries: list[dict[str, object]], faults: list[Fault]) -> None:
    """Notices about CSV deposits name the day alone: two streams' could be taken for each other."""
    seen: set[tuple[object, ...]] = set()
    for place, one in enumerate(entries):
        if one.get("format") not in _CSV or not one.get("receipts"):
            continue
        where = (one.get("agent"), one.get("receipts_directory", ""), one.get("receipts"))
        if where in seen:
            detail = "another stream's reports look the same; ask the agent for names that differ"
            faults.append(_fault(f"/stream/{place}/receipts", "ambiguous", detail))
        seen.add(where)


def _fault(pointer: str, code: str, detail: str) -> Fault:
    return Fault(pointer=pointer, code=code, detail=detail)


_OPTION_PARSERS: Final[Mapping[str, Callable[[object], object]]] = {
    "underlying_only": plan_values.flag,
    "billing": plan_values.choice("person", "mask"),
    "ascii_only": plan_values.flag,
    "compression": plan_values.choice("gzip", "none"),
    "part_octets": plan_values.whole(_PART_LEAST, _PART_MOST),
    "incremental": lambda value: Kind(plan_values.choice("diff", "incr")(value)),
    "provider_id": plan_values.matching(
        _PROVIDER, "letters, digits, dots, hyphens and underscores, 64 at most"
    ),
    "roid_suffix": plan_values.matching(_ROID_SUFFIX, "1 to 8 letters, digits or underscores"),
    "checksum": plan_values.choice("SHA256", "CRC32"),
    "with_manifest": plan_values.flag,
}
