"""A rights holder's request on the whole service, by its doors alone (casework s8 b)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.support import case_service as services
from tests.support import case_steps as steps

if TYPE_CHECKING:
    from tests.support.case_service import Site

pytestmark = [
    pytest.mark.db,
    pytest.mark.xdist_group("cases"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="moves clocks by LD_PRELOAD"),
]
ITEMS = (
    "owner", "authority", "right", "infringement", "relay_tried", "good_faith", "use_undertaking",
    "signature",
)  # fmt: skip
FIELDS = "fields=registrant.name,registrant.email"
WEIGHED = ("necessary=yes", "proportionate=yes", "relay_exhausted=yes")


def test_an_incomplete_request_is_told_what_is_missing(case_site: Site) -> None:
    """The service lists every item that lacks, opens nothing, and writes to nobody."""
    site = case_site
    services.enrol(site, "incomplete.example")
    letters = len(site.mailbox.letters)
    with pytest.raises(AssertionError) as refused:
        steps.open_case(site, "rights_holder_request", "incomplete.example", "owner", "right")
    for item in set(ITEMS) - {"owner", "right"}:
        assert f"/items {item}" in str(refused.value)
    cases = site.staff("ida", "list")["cases"]
    assert "incomplete.example" not in {one["domain"] for one in cases}
    assert len(site.mailbox.letters) == letters


def test_a_request_is_heard_on_both_sides_and_granted(case_site: Site) -> None:
    """The registrant is told and objects; the decision answers that; one recipient reads it."""
    site, domain = case_site, "infringing.example"
    contacts = services.enrol(site, domain)
    case = steps.open_case(site, "rights_holder_request", domain, *ITEMS)
    site.act("hans", case, "find_complete")
    steps.verify(site, case)
    site.act(
        "dora", case, "admit", "kind=mark", FIELDS, "standing=yes", "relay_tried=yes",
        "good_faith=yes", "no_fishing=yes", steps.reasons(site),
    )  # fmt: skip
    site.act("hans", case, "notify", f"claim={site.text('claim')}")
    letter = site.mailbox.wait(contacts["registrant"]["email"], "somebody asks who holds")
    registrant = site.enter(letter)
    site.wait(case, "awaiting")
    objection = registrant.write("reasons", "The mark is not theirs.")
    registrant.act("object", reasons=objection)
    deciding = (
        FIELDS, "basis=legitimate_interest",
        "recipient=requester", *WEIGHED, f"balancing={site.text('balancing')}",
        steps.reasons(site),
    )  # fmt: skip
    assert "objections" in site.refused("dora", "act", case, "propose_disclosure", *deciding)
    site.act("dora", case, "propose_disclosure", *deciding, f"objections={objection}")
    site.act("hans", case, "tell_registrant")
    steps.due(site, case, "pre_release", 3)
    told = steps.give(site, case, "legitimate_interest")
    assert steps.values(told) == steps.asked_of(contacts)
    assert site.act("hans", case, "close_released")["outcome"] == "disclose_private"
    site.end(case)
