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
    " proposes.",
    "order_window": "An order lives longer than no time and no longer than seven days.",
    "order_agent_changed": "The agent is not what the order says it replaces: make a new order.",
    "order_changes_nothing": "The order changes nothing.",
    "order_field_limit": "The roster does not let such an order change all of these fields.",
    "order_result": "The order would make a roster that can not be: too many agents, or too long.",
    "order_expired": "The order has expired: make a new one.",
    "order_early": "The order may not be carried out yet.",
    "order_stopped": "A member objected to this order, or the vault was anchored anew: it is over.",
    "order_used": "This order was carried out: an order is used once.",
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
    "detached_lacking": "nobody has voted for it with a key on a machine of their own",
}
