"""What must hold of every case, by the numbers of the specification, and which tests would fail.

A table and no proof: it keeps a test that is renamed or dropped from leaving a hole behind. Numbers
are those of the list of 48 invariants that the case engine was built to.
"""

from __future__ import annotations

from pathlib import Path

import pytest

DEEDS = "unit/test_case_indemnity_deeds"
TESTS = Path(__file__).parents[1]

PROVEN: dict[int, tuple[str, ...]] = {
    1: ("unit/test_approvals:two_people_are_enough", "unit/test_approval_matrix:the_matrix"),
    2: (
        "unit/test_approval_matrix:who_worked_on_a_case_counts_for_nothing",
        "db/test_packages_built:the_recipient_alone_reads_the_approved_fields",
    ),
    3: (
        "unit/test_approvals:one_person_counts_once",
        "db/test_case_orders:votes_of_people_whose_work_it_is_are_refused",
    ),
    4: ("db/test_case_orders:votes_are_void_once_something_matters",),
    5: (
        "db/test_case_orders:an_approval_expires_and_an_emergency_sooner",
        "db/test_case_orders:a_vote_is_for_one_order_of_one_case_and_scope",
    ),
    6: ("db/test_case_orders:a_veto_stays_and_is_overridden_by_two_others",),
    7: ("property/test_case_histories:whatever_happens_deeds_are_peoples",),
    8: (
        "db/test_case_orders:racing_hands_carry_out_once",
        "db/test_packages_released:two_hands_at_once_get_one_package",
    ),
    9: (
        "unit/test_case_indemnity_deeds:only_what_was_asked_is_given",
        "db/test_packages_built:the_recipient_alone_reads_the_approved_fields",
    ),
    10: (
        "unit/test_case_orders:a_type_limits_classes_of_fields",
        "unit/test_case_orders:an_instrument_names_what_is_given",
    ),
    11: ("unit/test_approval_matrix:the_matrix",),
    12: (
        "db/test_packages_released:a_package_leaves_no_value_in_any_table",
        "flows/test_case_indemnity:a_default_ends_in_deactivation_and_in_disclosure",
    ),
    13: (
        "db/test_package_pages:no_other_link_leads_to_a_package",
        "db/test_packages_released:a_package_is_given_once",
    ),
    14: ("flows/test_canaries:no_person_leaves_the_vault",),
    15: ("db/test_packages_released:released_means_one_row_one_event_one_notice",),
    16: (
        "db/test_case_attacks:rows_that_were_changed_freeze_their_case",
        "db/test_superuser:touched_rows_are_refused_or_not_asked",
    ),
    17: ("flows/test_canaries:no_person_leaves_the_vault",),
    18: ("property/test_transparency_report:totals_reconcile",),
    19: ("property/test_transparency_report:a_case_under_a_gag_changes_nothing_but_its_band",),
    20: (
        "property/test_clock:due_grows_with_the_amount",
        "property/test_clock:due_grows_with_the_start",
        "property/test_clock:business_days_agree_with_a_list_of_them",
    ),
    21: ("property/test_clock:hours_are_exactly_the_seconds_that_pass",),
    22: (
        "property/test_clock:days_end_with_a_local_day_and_on_a_day_that_counts",
        "property/test_clock:a_window_is_never_shorter_than_the_same_duty",
    ),
    23: ("unit/test_clock:a_month_later_as_one_walks_it_for_every_day_of_16_years",),
    24: ("unit/test_clock:the_servers_zone_changes_nothing",),
    25: (
        "db/test_deadlines:every_action_is_taken_once_in_its_turn",
        "db/test_deadlines:what_is_due_longest_is_acted_on_first",
        "db/test_deadline_changes:an_outage_lengthens_a_window_and_no_duty",
    ),
    26: (
        "unit/test_clock_changes:pauses_have_reasons_and_limits",
        "unit/test_clock_changes:an_emergency_has_no_pauses",
        "property/test_clock:a_pause_in_pieces_is_the_same_pause",
        "db/test_deadline_changes:an_extension_comes_before_the_end",
    ),
    27: ("property/test_clock:a_newer_calendar_never_moves_a_duty_later_by_itself",),
    28: ("db/test_deadline_changes:a_clock_that_jumps_fires_nothing_at_first",),
    29: (
        "unit/test_case_indemnity_path:no_breach_before_the_window_is_over",
        "unit/test_case_indemnity_path:no_window_without_proof_of_delivery",
        "unit/test_case_indemnity_path:a_breach_takes_two_people",
        "unit/test_case_orders:a_breach_is_found_by_two_after_the_window",
    ),
    30: (f"{DEEDS}:good_assurances_make_breach_disclosure_and_deactivation_unreachable",),
    31: (
        "unit/test_case_indemnity_path:an_indemnity_needs_the_right_text_and_signer",
        "unit/test_case_indemnity_path:a_proof_of_contact_has_to_be_of_this_complainant",
    ),
    32: ("unit/test_case_indemnity_deeds:a_decision_names_every_objection",),
    33: ("unit/test_case_indemnity_deeds:votes_for_one_deed_do_nothing_for_the_other",),
    34: (
        "unit/test_case_indemnity_deeds:a_name_under_a_udrp_lock_keeps_resolving",
        "db/test_effects:a_udrp_lock_that_came_meanwhile_stops_a_hold",
    ),
    35: (
        "db/test_notices:a_gagged_notice_is_withheld_and_told_to_nobody",
        "db/test_vault_links:under_a_gag_a_registrants_link_never_was",
        "flows/test_case_law_enforcement:process_under_a_gag_and_the_late_notice",
    ),
    36: (
        "db/test_case_attacks:a_hold_beats_erasure_whatever_rows_say",
        "db/test_case_attacks:the_union_of_holds_counts",
    ),
    37: (
        "db/test_vault_shredding:a_restored_database_forgets_again",
        "db/test_case_attacks:a_hold_takes_back_an_erasure_that_was_begun",
    ),
    38: ("unit/test_approval_matrix:the_matrix",),
    39: (
        "unit/test_case_indemnity_deeds:no_private_disclosure_of_a_child",
        "unit/test_case_orders:a_minor_is_disclosed_to_no_private_party",
    ),
    40: (
        "unit/test_case_indemnity_deeds:a_stay_holds_everything_until_the_court_decides",
        "unit/test_case_orders:a_stay_holds_back_releases",
    ),
    41: (
        "unit/test_case_indemnity_deeds:an_unverified_requester_gets_nothing",
        "unit/test_case_orders:nobody_unproven_gets_anything",
    ),
    42: ("unit/test_case_orders:an_emergency_is_called_back_by_somebody_else",),
    43: (
        "property/test_names:names_are_stored_in_one_form",
        "db/test_case_orders:a_hold_is_of_the_cases_own_registration",
    ),
    44: ("db/test_case_attacks:a_round_that_was_cut_short_is_gone_on_with",),
    45: (
        "db/test_notices:a_storm_of_bounces_changes_a_case_once",
        "db/test_notices:a_report_of_a_notice_that_was_never_sent_is_nothing",
    ),
    46: ("unit/test_case_indemnity_path:a_name_taken_out_can_be_put_back_by_fresh_people",),
}
LATER = {
    47: "removal by resellers is a type of case that is not there yet",
    48: "there are no fees: nothing that decides or counts could read one",
}


def test_every_number_has_its_place() -> None:
    """48 of them, each once."""
    assert sorted((*PROVEN, *LATER)) == list(range(1, 49))


@pytest.mark.parametrize("number", sorted(PROVEN))
def test_the_tests_are_there(number: int) -> None:
    """Every test that is named exists."""
    for named in PROVEN[number]:
        file, _, name = named.partition(":")
        assert f"def test_{name}(" in (TESTS / f"{file}.py").read_text("utf-8"), named
