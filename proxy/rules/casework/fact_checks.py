"""Whether a fact of an act is of the kind that its table asks for. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from uuid import UUID

from proxy.model.case_type import FactKind
from proxy.model.staff import parse_person
from proxy.rules.casework import fields, folding

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from proxy.model.case import Fact
    from proxy.model.case_state import Case
    from proxy.model.case_type import FactType

NUMBER_MOST: Final = 1_000_000
"""Of a number in an act; bounds what arithmetic and pages have to bear."""

LIST_MOST: Final = 200
"""Of a list's entries; there are fewer fields than that, and of objections enough."""

FIRST_YEAR: Final = 1980
LAST_YEAR: Final = 2199
"""Of a moment in an act; papers are younger than domain names, and nobody's word binds longer."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def is_right(wanted_type: FactType, fact: Fact, case: Case) -> bool:
    """Whether the fact is one of that type, in this case."""
    if isinstance(fact, bool):
        return wanted_type.kind is FactKind.FLAG
    if isinstance(fact, int):
        return wanted_type.kind is FactKind.NUMBER and 0 <= fact <= NUMBER_MOST
    if isinstance(fact, str):
        return _is_text_right(wanted_type, fact, case)
    return len(set(fact)) == len(fact) <= LIST_MOST and _is_list_right(wanted_type, fact, case)


_WANTED: Final[Mapping[FactKind, str]] = {
    FactKind.CODE: "one of {choices}",
    FactKind.CODES: "some of {choices}",
    FactKind.FLAG: "true or false",
    FactKind.NUMBER: f"a whole number up to {NUMBER_MOST}",
    FactKind.MOMENT: f"a moment with its offset (RFC 3339), {FIRST_YEAR} to {LAST_YEAR}",
    FactKind.EVIDENCE: "the id of evidence of this case",
    FactKind.EVIDENCES: "a list of ids of evidence of this case",
    FactKind.FIELDS: "a list of names of fields",
    FactKind.PERSON: "a handle of staff",
    FactKind.DIGEST: "a SHA-256 in hex",
}


def wanted(one: FactType) -> str:
    """What a fact should be, in words."""
    return _WANTED[one.kind].format(choices=", ".join(one.choices))


def _is_text_right(one: FactType, fact: str, case: Case) -> bool:
    match one.kind:
        case FactKind.CODE:
            return fact in one.choices
        case FactKind.MOMENT:
            return _is_moment(fact)
        case FactKind.EVIDENCE:
            return _is_evidence(fact, case)
        case FactKind.PERSON:
            return parse_person(fact) is not None
        case FactKind.DIGEST:
            return _DIGEST.fullmatch(fact) is not None
        case _:
            return False


def _is_list_right(one: FactType, fact: tuple[str, ...], case: Case) -> bool:
    if one.kind is FactKind.EVIDENCES:
        return all(_is_evidence(each, case) for each in fact)
    if not fact:
        return False
    choices: Collection[str] = ()
    if one.kind is FactKind.CODES:
        choices = one.choices
    elif one.kind is FactKind.FIELDS:
        choices = fields.FIELD_CLASSES
    return all(each in choices for each in fact)


def _is_moment(fact: str) -> bool:
    """Whether it is a moment of our time: what lies at the ends of time no clock can count from."""
    try:
        return FIRST_YEAR <= folding.moment(fact).year <= LAST_YEAR
    except ValueError:
        return False


def _is_evidence(fact: str, case: Case) -> bool:
    """Whether it is the id of evidence of this case, as ids are written."""
    try:
        found = UUID(fact)
    except ValueError:
        return False
    return str(found) == fact and found in case.evidence
