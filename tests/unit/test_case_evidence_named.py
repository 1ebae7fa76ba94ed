"""A party names what they handed in, and nobody else's papers."""

from __future__ import annotations

import pytest

from proxy.rules.casework import deciding
from tests.support import claim_walks
from tests.support.case_walks import REGISTRANT, Walk


def handed_in(walk: Walk, person: str, role: str) -> str:
    """Evidence that somebody handed in."""
    found = walk.id()
    walk.tell("evidence_added", person, role, evidence=found, kind="proof", sha256="ab" * 32)
    return found


@pytest.mark.parametrize(
    ("person", "role", "is_theirs"),
    [
        ("registrant", "registrant", True),
        ("requester", "requester", False),
        ("hans", "handler", False),
    ],
)
def test_a_registrant_names_their_own_papers(person: str, role: str, *, is_theirs: bool) -> None:
    """A proof of contact that the complainant or staff handed in is no proof of theirs."""
    walk = claim_walks.awaiting()
    evidence = handed_in(walk, person, role)
    found = deciding.decide(
        walk.case, walk.type, REGISTRANT, "object", {"reasons": evidence}, walk.now
    )
    assert isinstance(found, deciding.Allowed) is is_theirs
    if isinstance(found, deciding.NotAllowed):
        assert [(one.pointer, one.code) for one in found.faults] == [("/reasons", "fact_wrong")]
