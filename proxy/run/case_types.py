"""The case types, limits and notices that come with the program, read from its own files.

Read once, by whoever composes a process: a table that does not hold together stops the start, with
everything that is wrong with it. An operator's own limits come on top.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from proxy.rules.casework.soundness import Known
from proxy.wire import case_type_document, limits_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import CaseTypeId
    from proxy.model.case_type import CaseType
    from proxy.rules.casework.limits import Limit

_FOLDER: Final = resources.files("proxy").joinpath("case_types")
_SHARED: Final = frozenset({"blocks.toml", "limits.toml", "templates.toml"})
"""Files of the folder that are no type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What is known of a notice's template: its reader, its link, what it wants, what it says."""

    to: str
    link: str
    wants: tuple[str, ...]
    says: str


def load(own_limits: str = "") -> Mapping[CaseTypeId, CaseType]:
    """The types by id; InvalidInput `case_type_malformed` or `limits_malformed`."""
    known = Known(
        templates={name: one.to for name, one in templates().items()},
        limits=frozenset(limits(own_limits)),
    )
    blocks = case_type_document.parse_blocks(_text("blocks.toml"))
    found = (case_type_document.parse(_text(name), blocks, known) for name in files())
    return {one.id: one for one in found}


def limits(own: str = "") -> Mapping[str, Limit]:
    """The limits by name, as an operator's file changes them; InvalidInput `limits_malformed`."""
    return limits_document.merge(limits_document.parse(_text("limits.toml")), own)


def templates() -> Mapping[str, Template]:
    """The notices that tables may send, by name."""
    return {
        name: Template(to=one["to"], link=one["link"], wants=tuple(one["wants"]), says=one["says"])
        for name, one in tomllib.loads(_text("templates.toml")).items()
    }


def files() -> tuple[str, ...]:
    """The names of the types' files, in order."""
    return tuple(
        sorted(
            one.name
            for one in _FOLDER.iterdir()
            if one.name.endswith(".toml") and one.name not in _SHARED
        )
    )


def _text(name: str) -> str:
    return _FOLDER.joinpath(name).read_text("utf-8")
