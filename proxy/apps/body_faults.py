"""Every fault of a JSON body at once, by what its shape says: what is missing, unknown or wrong.

A decoder stops at the first fault; who fills in a request wants the whole list. Sentences are made
of the shape alone and repeat no value. Source: RFC 9457; RFC 6901.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from proxy.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

_WHERE: Final = re.compile(r" - at `\$.*`\Z", re.DOTALL)
_OWN_WORDS: Final = re.compile(r"(Expected|Object missing|Object contains) .*", re.DOTALL)
_NAME_CHARACTERS: Final = 64  # of a member that nobody knows: it is the sender's own


def faults(shape: type[msgspec.Struct], given: object, at: str = "") -> tuple[Fault, ...]:
    """The faults of a decoded body, in the order of its shape; none for one that is right."""
    if not isinstance(given, dict):
        return (Fault(pointer=at, code="type", detail="An object is expected."),)
    return tuple(_faults(shape, given, at))


def _faults(shape: type[msgspec.Struct], given: dict[str, Any], at: str) -> Iterator[Fault]:
    known = msgspec.structs.fields(shape)
    names = {one.encode_name for one in known}
    for name in given.keys() - names:
        pointer = f"{at}/{_escaped(name[:_NAME_CHARACTERS])}"
        yield Fault(pointer=pointer, code="unknown", detail="There is no such member here.")
    for one in known:
        pointer = f"{at}/{one.encode_name}"
        if one.encode_name in given:
            yield from _value_faults(one.type, given[one.encode_name], pointer)
        elif one.required:
            yield Fault(pointer=pointer, code="missing", detail="This is needed.")


def _value_faults(kind: Any, value: object, pointer: str) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as refusal:
        shape = _shape(kind)
        if shape is not None and isinstance(value, dict):
            yield from _faults(shape, value, pointer)
        else:
            yield Fault(pointer=pointer, code="invalid", detail=_sentence(kind, str(refusal)))


def _sentence(kind: Any, said: str) -> str:
    """What is expected; of msgspec's sentences only those that hold no value."""
    values = _choices(kind)
    if values:
        return f"Expected one of: {', '.join(values)}."
    said = _WHERE.sub("", said)
    return f"{said}." if _OWN_WORDS.fullmatch(said) else "This is not as it should be."


def _choices(kind: Any) -> tuple[str, ...]:
    bare = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(bare, type) and issubclass(bare, Enum):
        return tuple(str(one.value) for one in bare)
    return ()


def _shape(kind: Any) -> type[msgspec.Struct] | None:
    """The struct that a member is, or may be."""
    options = get_args(kind) if get_origin(kind) in {Union, type(int | str)} else (kind,)
    for one in options:
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
