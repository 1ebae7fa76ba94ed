"""A court's order and a private civil subpoena on the whole service (casework s8 e)."""

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
ITEMS = ("instrument", "court", "docket", "party", "service", "fields")
SOUND = ("court_exists=yes", "has_power=yes", "served=yes", "looked_up=yes", "signed=yes")
FIELDS = "fields=registrant.name,registrant.email"


@pytest.mark.parametrize("instrument", ["court_order", "civil_subpoena"])
def test_an_instrument_gets_what_it_names_after_the_time_to_quash(
    case_site: Site, instrument: str
) -> None:
    """Validated, told to the registrant, waited for, voted on; nothing that it does not name."""
    site, domain = case_site, f"{instrument.replace('_', '-')}.example"
    contacts = services.enrol(site, domain)
    case = steps.open_case(site, "court_order", domain, *ITEMS)
    site.act("hans", case, "find_complete")
    steps.verify(site, case)
    paper = steps.paper(site, case)
    site.act(
        "lena", case, "find_valid", f"instrument={instrument}", f"paper={paper}", *SOUND, FIELDS,
        steps.reasons(site),
    )  # fmt: skip
    site.act("hans", case, "notify")
    site.enter(site.mailbox.wait(contacts["registrant"]["email"], "an order to give data"))
    site.wait(case, "objecting")
    assert "can not do take_to_decision" in site.refused("hans", "act", case, "take_to_decision")
    steps.due(site, case, "quash", 14)
    site.act("hans", case, "take_to_decision")
    more = "fields=registrant.name,registrant.phone"
    deciding = ("basis=legal_process", "recipient=court", "named_by_instrument=yes")
    assert "fields" in site.refused(
        "dora", "act", case, "propose_disclosure", more, *deciding, steps.reasons(site)
    )
    site.act("dora", case, "propose_disclosure", FIELDS, *deciding, steps.reasons(site))
    site.act("hans", case, "tell_registrant")
    steps.due(site, case, "pre_release", 3)
    told = steps.give(site, case, "legal_process", paper)
    assert steps.values(told) == steps.asked_of(contacts)
    assert site.act("hans", case, "close_released")["outcome"] == "disclose_private"
    site.end(case)
