"""What no table of a case type may say: each fault is named, the type refused as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import proxy
from proxy.errors import InvalidInput
from proxy.rules.casework import limits
from proxy.rules.casework.soundness import Known
from proxy.run import case_types
from proxy.wire import case_type_document, limits_document

if TYPE_CHECKING:
    from proxy.model.case_type import CaseType

ADDED: Final = Path(__file__).parents[1] / "support" / "case_type_added"
TABLE: Final = (ADDED / "abuse_report.toml").read_text()
BLOCKS: Final = case_type_document.parse_blocks(
    (Path(proxy.__path__[0]) / "case_types" / "blocks.toml").read_text()
)
KNOWN: Final = Known(
    templates={
        "n3_abuse_warning": "registrant",
        **{name: one.to for name, one in case_types.templates().items()},
    },
    limits=frozenset({"abuse_triage", *case_types.limits()}),
)
ACT: Final = '[[acts]]\nid = "{}"\nsays = ""\nwhen = ["triage"]\n'


def parsed(text: str) -> CaseType:
    """The type that a table says."""
    return case_type_document.parse(text, BLOCKS, KNOWN)


def codes(text: str) -> set[str]:
    """What is wrong with a table."""
    with pytest.raises(InvalidInput) as refusal:
        parsed(text)
    assert refusal.value.code == "case_type_malformed"
    return {one.code for one in refusal.value.faults}


def test_the_table_holds_together() -> None:
    """Before anything is changed in it."""
    assert parsed(TABLE).letter == "j"


CHANGED: Final = (
    ('first = "received"', 'first = "nowhere"', "state_unknown"),
    ('triage = "Somebody looks', 'Triage = "Somebody looks', "name"),
    ('to = "investigating"', 'to = "nowhere"', "state_unknown"),
    ('starts = ["abuse_triage"]', 'starts = ["nothing"]', "deadline_unknown"),
    ('ends = ["abuse_triage"]\ndone = ["triage"]\n', 'ends = ["nothing"]\n', "deadline_unknown"),
    ("may_disclose = []", 'may_disclose = ["case_internal"]', "class_never"),
    ('letter = "j"', 'letter = "j"\noutlives = ["nothing"]', "outlives_nothing"),
    ('letter = "j"', 'letter = "j"\nlapses = ["triage"]', "lapse_no_end"),
    ('by = ["investigator"]\nneeds = ["handler_set"', 'by = ["nobody"]\nneeds = ["handler_set"',
     "role_unknown"),
    ('by = ["investigator"]\nneeds = ["handler_set"', 'by = ["auditor"]\nneeds = ["handler_set"',
     "role_unknown"),
    ('sends = ["n3_abuse_warning"]', 'sends = ["n99_gossip"]', "template_unknown"),
    ('"capture evidence"]', '"state evidence"]', "fact_reserved"),
    ('"capture evidence"]', '"capture evidence", "capture flag"]', "fact_twice"),
    ('"capture evidence"]', '"capture gossip"]', "kind"),
    ('"capture evidence"]', '"capture evidence a|b"]', "choices"),
    ('tasks = ["decide:decider"]', 'tasks = ["decide:nobody"]', "task_malformed"),
    ('"handler_set", "not_role:intake"', '"handler_fed"', "guard_unknown"),
    ('"handler_set", "not_role:intake"', '"handler_set:hans"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"not_role:nobody"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"done:nothing"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"due:nothing"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"verified:high"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"told:gossip"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"settled:nothing"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"finding:find_malicious=innocent"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"order:disclose=voted"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"overlay_absent:fog"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"registrar_did:transfer"', "guard_argument"),
    ('"handler_set", "not_role:intake"', '"flags_under:fog,seen"', "guard_argument"),
    ('"flags_when:kind=phishing,seen_by_two"', '"flags_when:kind,seen_by_two"', "guard_argument"),
    ('"seen_by_two? flag", ', "", "flag_unknown"),
    ('limit = "abuse_triage"', 'limit = "nothing"', "limit_unknown"),
    ("from_receipt = true", 'ceiling = "return_date"', "ceiling_unknown"),
    ("from_receipt = true", "floor_days = 3", "floor_without_ceiling"),
    ('remind = ["50"]', 'remind = ["150"]', "reminder_unknown"),
    ('escalates = ["abuse_late:director"]', 'escalates = ["abuse_late:auditor"]',
     "task_malformed"),
    ('starts = ["abuse_triage"]', "", "deadline_never_set"),
    ('escalates = ["abuse_late:director"]', 'at_end = "refuse"', "timer_act"),
    ('facts = ["primary code @refusals", ', 'facts = ["primary? code @refusals", ',
     "refusal_without_reason"),
    ('outcome = "forward_only"', "", "end_without_outcome"),
    ('outcome = "forward_only"', 'outcome = "deactivate"', "deed_without_order"),
    ('outcome = "forward_only"', 'outcome = "disclose_private"', "deed_without_order"),
    ('outcome = "forward_only"', 'outcome = "publish"', "deed_without_order"),
    ('when = ["investigating"]\nto = "deciding"', 'when = ["deciding"]', "state_unreachable"),
    ('investigating = "The', 'lost = "Nowhere."\ninvestigating = "The', "state_unreachable"),
)  # fmt: skip

ADDED_ACTS: Final = (
    ('by = ["timer"]\nto = "deciding"\n', "timer_decides"),
    ('by = ["timer"]\nto = "closed"\noutcome = "refuse"\n', "timer_decides"),
    ('by = ["timer"]\nsets = ["hold"]\n', "timer_decides"),
    ('by = ["timer"]\norder = "disclose"\n', "timer_decides"),
    ('by = ["timer"]\nfacts = ["reasons evidence"]\n', "timer_decides"),
    ('by = ["timer", "legal"]\n', "timer_shares"),
    ('by = ["system"]\n', "system_repeats"),
    ('by = ["registrant"]\nsets = ["stay"]\n', "overlay_by_party"),
    ('by = ["requester"]\nclears = ["safety"]\n', "overlay_by_party"),
    ('by = ["system"]\neffect = "unhold"\n', "effect_by_wrong_actor"),
    ("by = []\n", "act_never"),
)


@pytest.mark.parametrize(("old", "new", "code"), CHANGED)
def test_what_does_not_hold_together_is_refused(old: str, new: str, code: str) -> None:
    """With the code of the very fault."""
    assert old in TABLE
    assert code in codes(TABLE.replace(old, new, 1))


@pytest.mark.parametrize(("more", "code"), ADDED_ACTS)
def test_an_act_that_must_not_be_is_refused(more: str, code: str) -> None:
    """A timer that decides, a machine that repeats itself, a party that flags."""
    assert code in codes(TABLE + "\n" + ACT.format("do_so") + more)


def test_a_type_gives_on_some_ground() -> None:
    """Or it would give on any."""
    text = TABLE.replace('bases = ["legitimate_interest"]', "bases = []")
    assert "no_basis" in codes(text.replace("basis code @bases", "basis code other"))


@pytest.mark.parametrize(
    ("act", "actor", "other", "code"),
    [
        ("refuse", "decider", "system", "refusal_by_nobody"),
        ("propose_deactivation", "decider", "requester", "order_by_nobody"),
    ],
)
def test_people_refuse_and_ask_for_orders(act: str, actor: str, other: str, code: str) -> None:
    """No machine and no party does."""
    start, own, rest = TABLE.partition(f'id = "{act}"')
    assert code in codes(start + own + rest.replace(f'by = ["{actor}"]', f'by = ["{other}"]', 1))


def test_names_of_the_engine_are_taken() -> None:
    """An act called like one of the machine's would be folded as that."""
    found = codes(TABLE + "\n" + ACT.format("order_carried_out") + 'by = ["legal"]\n')
    assert "act_of_machine" in found


def test_an_act_behind_another_of_its_name_is_never_done() -> None:
    """The first counts in each state."""
    twice = ACT.format("warn").replace("triage", "investigating") + 'by = ["legal"]\n'
    assert "act_hidden" in codes(TABLE + "\n" + twice)


def test_a_state_without_a_way_out_is_refused() -> None:
    """No case waits for ever."""
    text = TABLE.replace("investigating = ", 'cellar = "Down there."\ninvestigating = ')
    lost = ACT.format("go_down") + 'to = "cellar"\nby = ["legal"]\n'
    # What every state has (stay, object, hold) leads nowhere else.
    assert "state_without_end" in codes(text + "\n" + lost)


def test_a_timer_has_its_act_wherever_it_may_run() -> None:
    """And in a case that is over too, where its deadline outlives it."""
    late = ACT.format("abuse_over").replace("triage", "received") + 'by = ["timer"]\n'
    text = TABLE.replace('escalates = ["abuse_late:director"]', 'at_end = "abuse_over"')
    assert "timer_act_missing" in codes(text + "\n" + late)
    everywhere = late.replace('"received"', '"*"')
    assert parsed(text + "\n" + everywhere).letter == "j"
    outliving = text.replace('letter = "j"', 'letter = "j"\noutlives = ["abuse_triage"]')
    assert "timer_act_missing" in codes(outliving + "\n" + everywhere)


def test_all_faults_are_told_at_once() -> None:
    """Whoever writes a table reads them all."""
    text = TABLE.replace('limit = "abuse_triage"', 'limit = "nothing"').replace(
        'sends = ["n3_abuse_warning"]', 'sends = ["n99_gossip"]'
    )
    assert {"limit_unknown", "template_unknown"} <= codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "id =", TABLE + "\ngossip = 1\n[gossip]\n", TABLE.replace("version = 1", 'version = "1"'),
        TABLE.replace('outcome = "forward_only"', 'outcome = "ridicule"'),
        TABLE.replace('"refusal", ', '"refusal", "gossip", '), "#" * 131_073,
        TABLE.replace("from_receipt = true", "floor_days = -1"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused(text: str) -> None:
    """No TOML, members that there are not, values of another kind, blocks that are missing."""
    with pytest.raises(InvalidInput) as refusal:
        parsed(text)
    assert refusal.value.code == "case_type_malformed"


def test_states_and_deadlines_stand_in_one_part() -> None:
    """A type does not redefine what a block says."""
    text = TABLE.replace("investigating = ", 'refused = "Again."\ninvestigating = ')
    assert "twice" in codes(text)


# Limits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(case_types.limits()))
def test_a_limit_is_counted_as_its_source_has_it(name: str) -> None:
    """A duty of ours can only shrink, a window of theirs only grow from where it stands."""
    one = case_types.limits()[name]
    assert limits.fault(one) is None
    assert limits.changed(one, one.least - 1) is None
    assert limits.changed(one, one.most + 1) is None
    changed = limits.changed(one, one.most)
    assert changed is not None
    assert changed.amount >= one.amount or one.direction.value != "their window"


def test_every_limit_is_used_and_every_template_sent() -> None:
    """What stands in a shared file and nowhere else would be kept for nothing."""
    types = case_types.load().values()
    used = {one.limit for each in types for one in each.deadlines.values()}
    assert used == case_types.limits().keys()
    sent = {one.template for each in types for act in each.acts for one in act.sends}
    sent |= {one.plan.reminds for each in types for one in each.deadlines.values()}
    beside = {"n0_step_up_registrant", "n0_step_up_requester", "n10_package"}  # by services
    assert case_types.templates().keys() - beside == sent - {""}


@pytest.mark.parametrize(
    ("own", "pointer"),
    [
        ("[assurances]\namount = 14\n", "/assurances"),
        ("[acknowledge]\namount = 3\n", "/acknowledge"),
        ("[gossip]\namount = 3\n", "/gossip"),
    ],
)
def test_an_operator_stays_within_bounds(own: str, pointer: str) -> None:
    """A window is not cut, a duty not stretched, a limit not invented."""
    with pytest.raises(InvalidInput) as refusal:
        limits_document.merge(case_types.limits(), own)
    assert refusal.value.faults[0].pointer.startswith(pointer)


def test_an_operator_may_be_kinder_and_quicker() -> None:
    """Longer windows, shorter duties."""
    own = "[assurances]\namount = 20\n[acknowledge]\namount = 1\n"
    found = case_types.limits(own)
    assert (found["assurances"].amount, found["acknowledge"].amount) == (20, 1)
