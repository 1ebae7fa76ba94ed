"""What a deadline of a case never outlasts: a moment that somebody said, or an overlay's end."""

from __future__ import annotations

from datetime import timedelta

from proxy.rules.casework import standing
from tests.support.case_orders import NOW, Chain

ENDS = NOW + timedelta(days=30)


def test_the_end_of_an_overlay_bounds_while_it_is_to_come() -> None:
    """Afterwards it bounds nothing; one without an end, or none at all, never did."""
    one = Chain().open()
    for said, bound in ((None, None), ("", None), (ENDS.isoformat(), ENDS)):
        if said is not None:
            one.tell("overlay_set", overlay="gag", until=said, evidence="")
        case = one.known().case
        assert standing.ceiling(case, "end_of_gag", {}, NOW) == bound
        assert standing.ceiling(case, "end_of_hold", {}, NOW) is None
        assert standing.ceiling(case, "end_of_gag", {}, ENDS) is None


def test_a_moment_that_was_said_bounds_as_it_is() -> None:
    """Of the act just done, or of the newest one that said it."""
    case = Chain().open().known().case
    said = {"return_date": NOW.isoformat()}
    assert standing.ceiling(case, "return_date", said, ENDS) == NOW
    assert standing.ceiling(case, "return_date", {}, NOW) is None
