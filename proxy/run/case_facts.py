"""Facts of an act as people write them on a command line, and how they are written. Pure.

An act's facts come from the service as `name kind choices`, with a ? where one may be absent. What
is wrong is told all at once, before anything is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EVIDENCES: Final = "evidences"
EVIDENCE: Final = frozenset({"evidence", EVIDENCES})
_LISTS: Final = frozenset({"codes", "fields", EVIDENCES})
_TRUTHS: Final = {"yes": True, "true": True, "no": False, "false": False}
SHAPES: Final[Mapping[str, str]] = {
    "digest": "SHA256", "evidence": "@FILE", EVIDENCES: "@FILE,...", "fields": "FIELD,...",
    "flag": "yes|no", "moment": "MOMENT", "number": "N", "person": "HANDLE",
}  # fmt: skip
"""How a fact is written, by its kind; others by their choices."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fact that an act takes."""

    name: str
    kind: str
    choices: tuple[str, ...]
    is_required: bool


def wanted(known: Sequence[str]) -> tuple[Wanted, ...]:
    """The facts of an act, as the service tells them."""
    found = []
    for text in known:
        name, kind, *choices = text.split(" ")
        known_choices = tuple("|".join(choices).split("|")) if choices else ()
        bare = name.removesuffix("?")
        found.append(Wanted(bare, kind, known_choices, is_required=bare == name))
    return tuple(found)


def usage(one: Wanted) -> str:
    """How a fact is written, in brackets where it may be left out."""
    shape = SHAPES.get(one.kind) or "|".join(one.choices) or one.kind.upper()
    text = f"{one.name}={shape}" + (",..." if one.kind == "codes" else "")
    return text if one.is_required else f"[{text}]"


def parse(known: Sequence[str], given: Sequence[str]) -> dict[str, tuple[Wanted, object]]:
    """Every fact with its value, evidence still as it was written; InvalidInput `facts`.

    Lists are written with commas.
    """
    there = {one.name: one for one in wanted(known)}
    said = dict(_pair(one) for one in given)
    faults = [f"there is no fact {name}" for name in said if name not in there]
    faults += [
        f"{usage(one)} is missing" for one in there.values()
        if one.is_required and one.name not in said
    ]  # fmt: skip
    for name, text in said.items():
        if name in there:
            faults += _faults(there[name], text)
    if faults:
        raise InvalidInput("facts", f"{'; '.join(faults)}.")
    return {name: (there[name], _value(there[name], text)) for name, text in said.items()}


def _faults(one: Wanted, text: str) -> Iterator[str]:
    if one.kind == "flag" and text not in _TRUTHS:
        yield f"{one.name} is yes or no"
    elif one.kind == "number" and not (text.isascii() and text.isdecimal()):
        yield f"{one.name} is a number"
    elif one.kind == "moment" and not _is_moment(text):
        yield f"{one.name} is a moment with its zone, as 2026-12-01T17:00:00+01:00"
    elif one.choices and not set(_listed(one, text)) <= set(one.choices):
        yield f"{one.name} is {'some' if one.kind in _LISTS else 'one'} of {', '.join(one.choices)}"


def _value(one: Wanted, text: str) -> object:
    match one.kind:
        case "flag":
            return _TRUTHS[text]
        case "number":
            return int(text)
        case _ if one.kind in _LISTS:
            return _listed(one, text)
        case _:
            return text


def _listed(one: Wanted, text: str) -> list[str]:
    return [part for part in text.split(",") if part] if one.kind in _LISTS else [text]


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise InvalidInput("facts", f"{text}: a fact is given as name=value.")
    return name, value
