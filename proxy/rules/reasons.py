"""What refusals of rosters and orders say to people: one sentence a code, one clause a lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # rosters
    "roster_not_genesis": "The first roster has version 1 and nothing before it.",
    "roster_demo": "A demo's roster is for demos: make one without --demo.",
    "roster_delay": "Delays are 48 hours at the least (recovery: 7 days) and 30 days at the most.",
    "roster_too_small": "A roster has two members with a key of their own at the least.",
    "roster_person_twice": "A person stands twice in the roster.",
    "roster_key_shared": "A key stands twice in the roster: every key is one person's.",
    "roster_floor": "Two people at the least stand behind everything; no number may be below 2.",
    "roster_below_matrix": "A rule asks for fewer people, or fewer roles among them, than orders of"
    " its kind need at the least.",
    "roster_unworkable": "The members could never satisfy one of the rules, or sign a successor.",
    "roster_recovery": "Recovery needs two keepers at the least, and no more than there are.",
    "roster_possession": "Every new key must sign the roster, to show that its owner has it.",
    "roster_deployment": "The roster is of another installation.",
    "roster_version": "The roster's version does not follow the one in force.",
    "roster_previous": "The roster does not follow the one in force: propose it anew.",
    "roster_time": "The roster is dated before the one in force.",
    "roster_agents": "Escrow agents change by an order, not by a roster.",
    "roster_order": "Only an order makes a roster that names one.",
    "roster_signatures": "Too few signatures: two members whom it does not concern must sign, or"
    " the keepers of recovery keys.",
    "roster_stopped": "This roster was stopped by an objection: make another one.",
    # orders and votes
    "order_deployment": "The order is of another installation.",
    "order_roster": "The order was made under another roster than the one in force: make a new"
    " one.",
    "order_kind_without_rule": "The roster has no rule for orders of this kind.",
    "order_person": "Proposer, handler and releaser are members of the roster, or the operator"
    " proposes; an order of a case is proposed by a person.",
    "order_window": "An order lives longer than no time and no longer than its kind may: seven days"
    " for an agent, 72 hours for a case, 60 minutes in an emergency. In a case it ends within"
    " seven days from now.",
    "order_agent_changed": "The agent is not what the order says it replaces: make a new order.",
    "order_changes_nothing": "The order changes nothing.",
    "order_key_changed": "The registrar's key is not what the order says it replaces: make a new"
    " order.",
    "order_key_unsound": "The registrar's key is one under which anybody could sign, or to which"
    " nothing can be sealed.",
    "key_not_enrolled": "No key that a registrar has, or waits for, comes from this order.",
    "order_field_limit": "The roster does not let such an order change all of these fields.",
    "order_result": "The order would make a roster that can not be: too many agents, or too long.",
    "order_expired": "The order has expired: make a new one.",
    "order_early": "The order may not be carried out yet.",
    "order_not_awaited": "The case is not where this is carried out: look at `case show`, and do"
    " first what leads there (`seal`, `deactivate`).",
    "order_stopped": "A member objected to this order, or the vault was anchored anew: it is over.",
    "order_used": "This order was carried out: an order is used once.",
    "order_case_type": "The order is of a type of case that this vault does not know.",
    "order_case": "The order does not say of its case what the case's own events say.",
    "order_name": "The order's name is not the case's in both forms.",
    "order_case_closed": "The case is closed.",
    "order_event_unknown": "The order names an event that its case does not have.",
    "order_event_passed": "Something that matters has happened since in the case: make a new"
    " order.",
    "order_handler": "The order names another handler than its case has.",
    "order_basis": "Cases of this type, or orders of this kind, do not rest on this ground.",
    "order_outcome": "Cases of this type never come to this.",
    "order_overlays": "The order does not say what lies over its case: make a new one.",
    "order_stay": "A court has stayed the case: nothing is released before it decides.",
    "order_minor": "The registrant may be a child: its data goes to a court or an authority, or to"
    " those who avert a danger, and to nobody else.",
    "order_udrp_lock": "The name is under a UDRP or URS lock: it has to keep resolving.",
    "order_vetoed": "The data protection officer has said no in this case: an order that overrides"
    " that says so, and needs counsel and a director.",
    "order_no_veto": "The order overrides a veto, and there is none that stands against it.",
    "order_overrides_veto": "This order overrides the officer's veto: counsel and a director answer"
    " for it, and another veto does not stop it.",
    "order_gag_none": "No gag lies over the case.",
    "order_gag_end": "The gag would be over before it begins.",
    "order_hold_none": "The case holds nothing.",
    "order_reasons": "The order's reasons do not lie as evidence in its case.",
    "order_instrument": "The paper that the order rests on does not lie as evidence in its case:"
    " name it as its instrument.",
    "order_recipient": "The proof of who the recipient is, or their certificate, does not lie as"
    " evidence in the case.",
    "order_fields": "The order gives fields that were not asked for, or that cases of this type do"
    " not give on this ground.",
    "order_records": "The order names a record that is not the newest of its kind, or not as it is:"
    " make a new order.",
    "order_releaser": "A disclosure has a releaser, who is a member of that role.",
    "order_requester": "The requester is not verified, or not for as long as the order holds.",
    "order_call_back": "In an emergency somebody other than who took the request calls back, at a"
    " number from elsewhere.",
    "order_assurances": "Both assurances are valid: nothing is disclosed or deactivated for this"
    " claim.",
    "order_breach": "No two people have found a breach after the time for the assurances was over.",
    "vote_own_case": "Who handled, verified, investigated or proposed in the case, or declared a"
    " conflict, does not vote on its orders.",
    "vote_stranger": "Only members of the roster in force vote.",
    "vote_own_order": "Nobody votes on an order of their own.",
    "vote_role": "The roster lets people of other roles vote on this.",
    # anchors
    "anchor_not_lost": "The vault has its state: there is nothing to anchor.",
    "anchor_deployment": "The anchor is of another installation.",
    "anchor_roster": "The anchor is made under another roster than the one that the vault's key"
    " file remembers: propose it anew.",
    "anchor_expired": "An anchor holds for 72 hours after it was made: propose it anew.",
    "anchor_signatures": "Too few signatures: as many members must sign as sign a roster, two at"
    " the least.",
    "anchor_ledger_changed": "The database's ledger is not the one that was signed: find out who"
    " wrote to it, then propose the anchor anew.",
    "anchor_erasures_changed": "The database's erasures are not those that were signed: find out"
    " who wrote to it, then propose the anchor anew.",
    "anchor_records_changed": "The database's records are not those that were signed: find out who"
    " wrote to it, then propose the anchor anew.",
    "anchor_ledger": "The database's leaves do not come to its newest checkpoint, or the checkpoint"
    " is not of this vault: restore the newest backup of the database.",
    "anchor_ledger_behind": "The database's ledger is shorter than the checkpoint given: restore a"
    " newer backup of the database. If there is none, --accept-loss says so in the document.",
    "anchor_ledger_other": "The database's ledger does not lead to the checkpoint given: leaves"
    " were changed, or an earlier loss was accepted. --accept-loss says so in the document.",
    "anchor_checkpoint": "The file is no checkpoint of this installation's ledger.",
}

LACKS: Mapping[str, str] = {
    "order_kind_without_rule": "the roster has no rule for it",
    "approvals_lacking": "too few people have voted for it",
    "role_lacking": "somebody of a role that it needs has not voted for it",
    "clearance_lacking": "the data protection officer has not cleared it",
    "detached_lacking": "nobody has voted for it with a key on a machine of their own",
}
