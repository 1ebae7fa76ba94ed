"""Law enforcement on the whole service: preservation, a gag, emergency (casework s8 d)."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support import case_service as services
from tests.support import case_steps as steps
from tests.support import running

if TYPE_CHECKING:
    from tests.support.case_service import Site

pytestmark = [
    pytest.mark.db,
    pytest.mark.xdist_group("cases"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="moves clocks by LD_PRELOAD"),
]
ITEMS = (
    "authority", "official_channel", "offence", "legal_basis", "fields", "signature", "process",
    "gag",
)  # fmt: skip
FIELDS = "fields=registrant.name,registrant.email"
SOUND = ("authority=yes", "power_over_us=yes", "signed=yes", "not_overbroad=yes")


def silence(site: Site, case: str, paper: str, until: str) -> None:
    """Two people gag the case until then, by a court's paper."""
    order = steps.approved(
        site, case, "gag", ("dave", "luis"), "--basis", "legal_process",
        "--instrument", paper, "--until", until,
    )  # fmt: skip
    site.staff("rita", "carry-out", order)
    for _ in running.until(40):
        if "gag" in site.staff("lena", "show", case)["overlays"]:
            return
    pytest.fail("no gag lies over the case")


def lift(site: Site, case: str, paper: str) -> None:
    """Two people lift it, and somebody is to tell the registrant."""
    words = ("--basis", "legal_process", "--instrument", paper)
    order = steps.approved(site, case, "lift_gag", ("dave", "luis"), *words)
    site.staff("rita", "carry-out", order)
    for _ in running.until(40):
        if "late_notice" in tasks(site, case):
            break
    assert tasks(site, case).count("late_notice") == 1


def tasks(site: Site, case: str) -> list[str]:
    """What is to be done in the case, by kind."""
    return [one["kind"] for one in site.staff("lena", "show", case)["tasks"]]


def test_process_under_a_gag_and_the_late_notice(case_site: Site) -> None:
    """Preserved, reviewed, voted on, given in silence; when the gag ends the registrant is told."""
    site, domain = case_site, "under-gag.example"
    contacts = services.enrol(site, domain)
    mail = contacts["registrant"]["email"]
    case = steps.open_case(site, "law_enforcement", domain, *ITEMS, requester_class="police")
    site.act("ida", case, "ask_preservation", f"paper={site.text('paper')}")
    until = (site.now + timedelta(days=30)).isoformat()
    site.act("lena", case, "preserve", f"until={until}", steps.reasons(site))
    steps.verify(site, case)
    gag, warrant = steps.paper(site, case), steps.paper(site, case)
    silence(site, case, gag, until)
    letters = len(site.mailbox.to(mail))
    site.act("hans", case, "take_to_review", f"paper={site.text('paper')}")
    site.act(
        "lena", case, "find_valid", "instrument=warrant", f"paper={warrant}", *SOUND,
        FIELDS, steps.reasons(site),
    )  # fmt: skip
    site.act("pia", case, "screen", "verdict=clear", steps.reasons(site))
    site.act(
        "dora", case, "propose_disclosure", FIELDS, "basis=legal_process", "recipient=authority",
        "named_by_instrument=yes", steps.reasons(site),
    )  # fmt: skip
    assert "can not do tell_registrant" in site.refused("hans", "act", case, "tell_registrant")
    site.act("lena", case, "skip_notice", steps.reasons(site))
    told = steps.give(site, case, "legal_process", warrant)
    assert steps.values(told) == steps.asked_of(contacts)
    assert len(site.mailbox.to(mail)) == letters  # nothing under the gag
    assert "can not do close_released" in site.refused("hans", "act", case, "close_released")

    steps.due(site, case, "gag_review", 29)
    assert tasks(site, case).count("check_gag") == 1  # its time is over: people look, no more
    assert "can not do tell_late" in site.refused("lena", "act", case, "tell_late")
    site.act("lena", case, "review_gag", "verdict=lift", steps.reasons(site))
    assert len(site.mailbox.to(mail)) == letters
    lift(site, case, gag)
    site.act("lena", case, "tell_late")
    for _ in running.until(30):
        if len(site.mailbox.to(mail)) > letters:
            break
    assert len(site.mailbox.to(mail)) == letters + 1
    assert site.act("hans", case, "close_released")["outcome"] == "disclose_private"
    site.end(case)


def test_an_emergency_takes_a_call_back_a_pair_and_a_look_afterwards(case_site: Site) -> None:
    """Nobody alone; an hour; one recipient; then somebody uninvolved reviews it."""
    site, domain = case_site, "in-danger.example"
    contacts = services.enrol(site, domain)
    case = steps.open_case(site, "law_enforcement", domain, *ITEMS[:6], requester_class="police")
    site.act("ida", case, "claim_emergency", "danger=life", f"incident={site.text('incident')}")
    proven = (
        "verify_requester", "level=2", f"until={(site.now + timedelta(days=9)).isoformat()}",
        f"proof={site.text('identity')}",
    )  # fmt: skip
    for how in (("number_from=request", "taker=ida"), ("number_from=independent", "taker=vera")):
        assert "found independently of the request" in site.refused(
            "vera", "act", case, *proven, *how
        )
    steps.verify(site, case)
    found = (FIELDS, "basis=emergency", "imminent=yes", "necessary=yes", steps.reasons(site))
    site.act("olga", case, "find_emergency", *found)
    assert "find_emergency" in site.refused(
        "olga", "act", case, "propose_urgent", *found, "recipient=authority"
    )
    site.act("otto", case, "propose_urgent", *found, "recipient=authority")
    told = steps.give_urgently(site, case)
    assert steps.values(told) == steps.asked_of(contacts)
    shown = site.wait(case, "released_urgently")
    assert {"review_emergency", "tell_registrant"} <= {one["kind"] for one in shown["tasks"]}
    assert "can not do close_urgent" in site.refused("luis", "act", case, "close_urgent")
    site.act("luis", case, "review_emergency", "verdict=justified", steps.reasons(site))
    site.act("pia", case, "tell_delayed")
    steps.due(site, case, "process", 2)
    shown = site.act("luis", case, "close_urgent", steps.reasons(site))
    assert shown["outcome"] == "disclose_private"
    site.end(case)
