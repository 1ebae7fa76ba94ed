"""Case types as TOML: read, never written. Pure.

A table is refused as a whole, with every fault named, unless all of it holds together
(rules.casework.soundness). What it may say is closed: guards, overlays, outcomes, roles and kinds
of facts are the engine's own. Acts that types share stand once, in blocks that a type names with
`uses`.

Short forms: a fact is "name kind a|b", with a ? behind the name where it may be absent; choices may
be @items, @bases or @refusals. A guard is "name" or "name:what", a task "kind:role". A notice is
its template: each has one reader. Source: casework s6.5, s7.2, s7.3.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from proxy.errors import Fault, InvalidInput
from proxy.model.case import Basis, CaseTypeId, FieldClass, Outcome, Overlay, Refusal
from proxy.model.case_type import (
    Act,
    CaseType,
    DeadlineType,
    FactKind,
    FactType,
    Item,
    Need,
    NewTask,
    Send,
)
from proxy.model.deadline import Plan
from proxy.model.order import OrderKind
from proxy.model.registrar_effect import CaseEffect
from proxy.rules.casework import soundness

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from proxy.rules.casework.soundness import Known

OCTETS: Final = 131_072
"""Of a table, at most; the longest of ours has a quarter of it."""

_HAS_CHOICES: Final = frozenset({FactKind.CODE, FactKind.CODES})


class _Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    pass


class _Act(_Struct, frozen=True, kw_only=True):
    id: str
    says: str
    when: tuple[str, ...]
    by: tuple[str, ...]
    to: str = ""
    needs: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()
    sets: tuple[Overlay, ...] = ()
    clears: tuple[Overlay, ...] = ()
    outcome: Outcome | None = None
    order: OrderKind | None = None
    effect: CaseEffect | None = None
    material: bool = True


class _Deadline(_Struct, frozen=True, kw_only=True):
    limit: str
    remind: tuple[str, ...] = ()
    sends: str = ""
    at_end: str = ""
    escalates: tuple[str, ...] = ()
    from_receipt: bool = False
    ceiling: str = ""
    floor_days: Annotated[int, msgspec.Meta(ge=0, le=30)] = 0


class Block(_Struct, frozen=True, kw_only=True):
    """Acts, states and deadlines that several types share."""

    states: dict[str, str] = {}
    ends: tuple[str, ...] = ()
    lapses: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    acts: tuple[_Act, ...] = ()
    deadlines: dict[str, _Deadline] = {}
    outlives: tuple[str, ...] = ()


class _Item(_Struct, frozen=True, kw_only=True):
    id: str
    says: str
    required: bool = True


class _Type(_Struct, frozen=True, kw_only=True):
    id: str
    letter: str
    title: str
    source: str
    version: int
    bases: tuple[Basis, ...]
    may_disclose: tuple[FieldClass, ...]
    uses: tuple[str, ...] = ()
    first: str
    starts: tuple[str, ...] = ()
    items: tuple[_Item, ...] = ()
    states: dict[str, str]
    ends: tuple[str, ...] = ()
    lapses: tuple[str, ...] = ()
    acts: tuple[_Act, ...]
    deadlines: dict[str, _Deadline] = {}
    outlives: tuple[str, ...] = ()


def parse_blocks(text: str) -> Mapping[str, Block]:
    """The shared blocks by name; InvalidInput `case_type_malformed`."""
    found: Mapping[str, Block] = _parsed(text, dict[str, Block])
    return found


def parse(text: str, blocks: Mapping[str, Block], known: Known) -> CaseType:
    """The type as its table says it; InvalidInput `case_type_malformed` with every fault."""
    one: _Type = _parsed(text, _Type)
    missing = [name for name in one.uses if name not in blocks]
    if missing:
        raise InvalidInput("case_type_malformed", f"There is no block {', '.join(missing)}.")
    reading = _Reading(one, known)
    found = reading.read([*(blocks[name] for name in one.uses), one])
    faults = (*reading.faults, *(() if reading.faults else soundness.faults(found, known)))
    if faults:
        said = " ".join(f"{fault.pointer}: {fault.detail}" for fault in faults)
        raise InvalidInput("case_type_malformed", f"{one.id}: {said}", faults)
    return found


def _parsed(text: str, shape: Any) -> Any:
    if len(text.encode()) > OCTETS:
        raise InvalidInput("case_type_malformed", f"A table has {OCTETS} octets at most.")
    try:
        return msgspec.convert(tomllib.loads(text), shape)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput("case_type_malformed", f"This is no TOML: {error}.") from None
    except msgspec.ValidationError as error:  # names members and types, no values
        raise InvalidInput("case_type_malformed", f"{error}.") from None


class _Reading:
    """Reads one type's parts; `faults` are those of short forms."""

    def __init__(self, given: _Type, known: Known) -> None:
        self._given = given
        self._known = known
        self.faults: list[Fault] = []
        self._choices: Final[Mapping[str, tuple[str, ...]]] = {
            "@items": tuple(one.id for one in given.items),
            "@bases": tuple(sorted(given.bases)),
            "@refusals": tuple(one.value for one in Refusal),
        }

    def read(self, parts: Sequence[_Type | Block]) -> CaseType:
        """The type, whole."""
        one = self._given
        for name, several in (
            ("states", [name for part in parts for name in part.states]),
            ("deadlines", [name for part in parts for name in part.deadlines]),
        ):
            for twice in sorted({each for each in several if several.count(each) > 1}):
                self._fault(f"/{name}/{twice}", "twice", "It stands in two parts of the table.")
        return CaseType(
            id=CaseTypeId(one.id),
            letter=one.letter,
            title=one.title,
            source=one.source,
            version=one.version,
            bases=frozenset(one.bases),
            may_disclose=frozenset(one.may_disclose),
            items=tuple(Item(id=i.id, says=i.says, is_required=i.required) for i in one.items),
            first=one.first,
            starts=tuple(name for part in parts for name in part.starts),
            states={name: says for part in parts for name, says in part.states.items()},
            ends=frozenset(name for part in parts for name in part.ends),
            lapses=frozenset(name for part in parts for name in part.lapses),
            acts=tuple(self._act(act) for act in self._acts(parts)),
            deadlines={
                name: self._deadline(name, given)
                for part in parts
                for name, given in part.deadlines.items()
            },
            outlives=frozenset(name for part in parts for name in part.outlives),
        )

    def _acts(self, parts: Sequence[_Type | Block]) -> Iterator[_Act]:
        """The acts, the type's own first: they go before a block's of the same name."""
        own: dict[str, set[str]] = {}
        for act in self._given.acts:
            own.setdefault(act.id, set()).update(act.when)
        yield from self._given.acts
        for part in parts:
            if part is not self._given:
                yield from (act for act in part.acts if not set(act.when) <= own.get(act.id, set()))

    def _act(self, given: _Act) -> Act:
        return Act(
            id=given.id,
            says=given.says,
            when=frozenset(given.when),
            by=frozenset(given.by),
            to=given.to,
            needs=tuple(_need(one) for one in given.needs),
            facts=tuple(self._fact(one, given.id) for one in given.facts),
            starts=given.starts,
            ends=given.ends,
            tasks=tuple(_task(one) for one in given.tasks),
            done=given.done,
            sends=tuple(self._send(one) for one in given.sends),
            sets=frozenset(given.sets),
            clears=frozenset(given.clears),
            outcome=given.outcome,
            order=given.order,
            effect=given.effect,
            is_material=given.material,
        )

    def _deadline(self, name: str, given: _Deadline) -> DeadlineType:
        plan = Plan(
            remind=given.remind,
            reminds=given.sends,
            whom=self._send(given.sends).to if given.sends else "",
            at_end=given.at_end,
            escalates=given.escalates,
        )
        return DeadlineType(
            id=name,
            limit=given.limit,
            plan=plan,
            is_from_receipt=given.from_receipt,
            ceiling=given.ceiling,
            floor_days=given.floor_days,
        )

    def _send(self, template: str) -> Send:
        """The notice with its reader; an unknown one has none, which soundness tells."""
        return Send(template=template, to=self._known.templates.get(template, ""))

    def _fact(self, text: str, act: str) -> FactType:
        """A fact's type out of "name kind choices"."""
        name, _, rest = text.partition(" ")
        kind_text, _, listed = rest.partition(" ")
        choices = tuple(
            choice
            for each in (listed.split("|") if listed else ())
            for choice in self._choices.get(each, (each,))
        )
        try:
            kind = FactKind(kind_text)
        except ValueError:
            self._fault(f"/acts/{act}/facts", "kind", f"{text}: no such kind of fact.")
            kind = FactKind.FLAG
        else:
            if bool(choices) != (kind in _HAS_CHOICES):
                self._fault(f"/acts/{act}/facts", "choices", f"{text}: choices are for codes.")
        return FactType(
            name=name.removesuffix("?"),
            kind=kind,
            is_required=not name.endswith("?"),
            choices=choices,
        )

    def _fault(self, pointer: str, code: str, detail: str) -> None:
        self.faults.append(Fault(pointer=pointer, code=code, detail=detail))


def _need(text: str) -> Need:
    guard, _, about = text.partition(":")
    return Need(guard=guard, about=about)


def _task(text: str) -> NewTask:
    kind, _, role = text.partition(":")
    return NewTask(kind=kind, role=role)
