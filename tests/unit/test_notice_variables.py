"""What a notice says of a case comes from where its template looks, and from nowhere else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import Refused
from proxy.run import case_types
from proxy.services.casework import notice_facts
from proxy.services.keep_deadlines import moment_text
from tests.support import claim_walks
from tests.support.case_walks import DORA, LENA, REGISTRANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact
    from tests.support.case_walks import Walk

TEMPLATES = case_types.templates()


def said(walk: Walk, template: str, **facts: Fact) -> Mapping[str, Fact]:
    """The facts of a notice that an act with these facts sends now."""
    wants = TEMPLATES[template].wants
    return notice_facts.of(walk.case, walk.type, wants, facts, constants={})


def test_a_reminder_names_the_deadline_that_it_is_about() -> None:
    """Whatever other period was begun or moved since then, and however much sooner it ends."""
    walk = claim_walks.awaiting()
    due = moment_text(walk.case.deadlines["assurances"].due_at)
    soon = walk.now + timedelta(days=1)
    walk.tell("deadline_set", deadline="counsel", round=9, due_at=moment_text(soon))
    for template in ("n5_final_reminder", "n6_extended", "n6_no_more_time"):
        assert said(walk, template)["due"] == due
        assert said(walk, template)["due_utc"] == due
    later = walk.case.deadlines["assurances"].due_at + timedelta(days=10)
    walk.tell("deadline_moved", deadline="assurances", round=1, due_at=moment_text(later))
    assert said(walk, "n6_extended")["due"] == moment_text(later)


def test_a_notice_of_reconsideration_tells_that_verdict_alone() -> None:
    """A verdict of another act that comes between judging and agreeing is another matter."""
    walk = claim_walks.proposed()
    walk.act(REGISTRANT, "ask_reconsideration", reasons=walk.evidence())
    walk.tell("judge_reconsideration", "dave", "decider", verdict="uphold")
    walk.tell("review_gag", "lena", "legal", verdict="holds")
    assert said(walk, "n13_reconsidered_registrant")["verdict"] == "uphold"


def test_a_notice_of_disclosure_tells_what_was_sealed_and_why() -> None:
    """Neither what was asked, nor what a correction or another disclosure named later."""
    walk = claim_walks.proposed()
    sealed = ("registrant.name",)
    walk.tell("package_sealed", order="o", package="p", fields=sealed)
    walk.tell("tell_correction", "hans", "handler", fields=("registrant.phone",))
    walk.tell("tell_incident", "pia", "dpo", fields=("registrant.city",), recipient="other")
    found = said(walk, "n9_disclosed")
    proposal = walk.case.done["propose_disclosure"][-1].facts
    assert found["fields"] == sealed
    assert (found["recipient"], found["basis"]) == (proposal["recipient"], proposal["basis"])


def test_a_notice_before_a_release_tells_what_is_proposed() -> None:
    """A registrant who agrees to other fields meanwhile does not change what they are told."""
    walk = claim_walks.proposed()
    walk.tell("agree", "registrant", "registrant", fields=("registrant.country",))
    proposal = walk.case.done["propose_disclosure"][-1].facts
    assert said(walk, "n8_prerelease")["fields"] == proposal["fields"]


def test_what_the_act_says_itself_goes_first() -> None:
    """A reason for a refusal is that refusal's."""
    walk = claim_walks.awaiting()
    walk.tell("deadline_set", deadline="reconsider", round=1, due_at=moment_text(walk.now))
    assert said(walk, "n7_refused", primary="fishing")["primary"] == "fishing"


@pytest.mark.parametrize("template", ["n9_disclosed", "n13_reconsidered_registrant", "n3_notice"])
def test_what_is_not_known_stops_the_act(template: str) -> None:
    """A notice with a gap is not queued; a name that is no source is no source."""
    walk = claim_walks.demanded()
    walk.tell("note", "hans", "handler", verdict="uphold", fields=("registrant.name",))
    if template == "n3_notice":
        assert said(walk, template)["fields"] == walk.case.fields_asked
        return
    with pytest.raises(Refused) as refused:
        said(walk, template)
    assert refused.value.code == "notice_variable"


def test_no_breach_and_breach_say_who_decided_nothing() -> None:
    """Domain and case come with every notice, and nothing that was not wanted."""
    walk = claim_walks.breached()
    walk.act(DORA, "propose_disclosure", **claim_walks.disclosure(walk))
    walk.tell("x", LENA.person, "legal", primary="fishing", basis="emergency")
    assert set(said(walk, "n8_breach")) == {"domain", "case"}
