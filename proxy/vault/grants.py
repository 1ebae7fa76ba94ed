"""Who may have what of the vault: one table, default deny, and budgets. No other way in.

Source: vault.md, Grants. Every request on a socket needs a grant; the table says which calling
role has it. What a grant wants proved beside the caller is checked where it is carried out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.vault.state import State


class Caller(StrEnum):
    """Processes that have a socket of their own at the vault."""

    OPERATOR = "operator"
    WORKER = "worker"
    API = "api"
    WEB = "web"
    RELAY = "relay"
    ESCROW = "escrow"


class Grant(StrEnum):
    """What is asked for; of an opening also its purpose in budgets, metrics and the ledger."""

    MANAGE = "manage"  # keys, adoption, numbers: opens nothing
    PROVE = "prove"  # the proof of a ledger entry
    CHECK = "check"  # doctor: a sample of records opens; counts only
    PREFLIGHT = "preflight"  # doctor --everything: every record opens; counts only
    READ = "read"  # rosters, orders, nonces: what approvers must see
    SUBMIT = "submit"  # a roster or an order, to be signed or voted on by others
    VOTE = "vote"  # a signature, checked here
    CARRY_OUT = "carry_out"  # what an order says, once its votes allow it
    RELAY = "relay"  # one address, sealed to the relay, for one message
    SEARCH = "search"  # registrations that share a value; never the value
    DEPOSIT = "deposit"  # data keys for an escrow deposit
    PROPOSE = "propose"  # an order, to be voted on by others
    HOLD = "hold"  # nothing of a registration is erased any more
    EVIDENCE = "evidence"  # a file of a case, sealed to the member of staff who signed for it
    MATCH = "match"  # whether one registration's contacts hold a value; never the value
    NOTICE = "notice"  # one address of a case, sealed to the relay, for one notice
    LETTER = "letter"  # one address of a registration, sealed to the relay, for one letter
    REGISTRANT = "registrant"  # a token out of a notice, and what its session may see
    READ_BACK = "read_back"  # contacts of a registrar's own customer, sealed to its key
    FIND = "find"  # which of a registrar's own names hold a value, for who signed with its key
    INSTRUCT = "instruct"  # fields to be published later, by their registrar's signature
    WITHDRAW = "withdraw"  # an end of a publication: it shows nothing
    PUBLISH = "publish"  # the fields of one name that its instruction publishes, in the open
    RELEASE = "release"  # the pass-phrase of a package, for its releaser


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most `most` distinct persons, or runs where nobody's data can leave, in `hours`."""

    most: int
    hours: int = 1


# role x grant: what is not here is denied.
GRANTS: dict[Caller, frozenset[Grant]] = {
    Caller.OPERATOR: frozenset(
        {
            Grant.MANAGE, Grant.PROVE, Grant.CHECK, Grant.PREFLIGHT,
            Grant.READ, Grant.SUBMIT, Grant.PROPOSE, Grant.CARRY_OUT,
        }
    ),
    Caller.WORKER: frozenset(
        {Grant.READ, Grant.CARRY_OUT, Grant.HOLD, Grant.WITHDRAW, Grant.PUBLISH}
    ),
    Caller.API: frozenset(
        {
            Grant.READ, Grant.VOTE, Grant.READ_BACK, Grant.FIND, Grant.INSTRUCT, Grant.WITHDRAW,
        }
    ),
    Caller.WEB: frozenset(
        {
            Grant.READ, Grant.VOTE, Grant.SEARCH, Grant.PROPOSE, Grant.CARRY_OUT, Grant.HOLD,
            Grant.EVIDENCE, Grant.MATCH, Grant.REGISTRANT, Grant.RELEASE,
        }
    ),
    Caller.RELAY: frozenset({Grant.RELAY, Grant.NOTICE, Grant.LETTER}),
    Caller.ESCROW: frozenset({Grant.DEPOSIT}),
}  # fmt: skip

BUDGETS = {
    # A sample of 200 records a run, a handful of runs an hour: far below what a thief would want.
    Grant.CHECK: Budget(most=2000),
    # Counting persons would make a check of everything impossible; it returns numbers alone.
    Grant.PREFLIGHT: Budget(most=6),
    # Persons written to in an hour: a busy day of a million names; a theft of all takes weeks.
    Grant.RELAY: Budget(most=3000),
    # Searches of one member of staff in a day; SEARCHES_IN_ALL limits all of them together.
    Grant.SEARCH: Budget(most=50, hours=24),
    # Deposits to all agents in a day; the roster limits each agent's own.
    Grant.DEPOSIT: Budget(most=100, hours=24),
    # Files that one member of staff reads in a day; EVIDENCE_IN_ALL limits all of them together.
    Grant.EVIDENCE: Budget(most=300, hours=24),
    # Matches of one member of staff in a day: each is a guess at a hidden person.
    Grant.MATCH: Budget(most=40, hours=24),
    # Persons to whom a notice goes in an hour: far more than a desk opens cases.
    Grant.NOTICE: Budget(most=1000),
    # Persons to whom a letter goes in an hour; LETTERS_OF_TENANT limits each registrar's own.
    Grant.LETTER: Budget(most=4000),
    # Registrants who look at their own data in an hour.
    Grant.REGISTRANT: Budget(most=1000),
    # Answers to one registrar in an hour, READ_BACKS_OF_DAY in a day: a support desk at work. Who
    # steals its key needs years for a million names.
    Grant.READ_BACK: Budget(most=60),
    # Searches of one registrar in an hour, FINDS_OF_DAY in a day; a page of hits is one. Requests
    # of people come singly; a list of addresses that somebody wants tried does not get far.
    Grant.FIND: Budget(most=60),
    # Publications of one registrar in a day; PUBLISHED_IN_ALL limits all of them together.
    Grant.PUBLISH: Budget(most=200, hours=24),
    # Instructions of one registrar in a day: those that end before their time as well.
    Grant.INSTRUCT: Budget(most=400, hours=24),
    # Pass-phrases of packages told in a day: most recipients have a key of their own.
    Grant.RELEASE: Budget(most=50, hours=24),
}
PUBLISHED_IN_ALL = Budget(most=2000, hours=24)
# Publications in a day that were carried out before, once a registration: their fields were public,
# and a restored database has them all taken off and asked for again.
SHOWN_AGAIN = Budget(most=20_000, hours=24)
# The same publication again in a day: a worker that died before it had written what it got.
REPEATS_OF_PUBLICATION = Budget(most=20, hours=24)
READ_BACKS_OF_DAY = Budget(most=300, hours=24)
READ_BACKS_IN_ALL = Budget(most=2000)  # in an hour, to all registrars
FINDS_OF_DAY = Budget(most=300, hours=24)
FINDS_IN_ALL = Budget(most=2000)  # in an hour, of all registrars
EVIDENCE_IN_ALL = Budget(most=3000, hours=24)
MATCHES_IN_ALL = Budget(most=400, hours=24)
# Notices of one case in a day: a flood at one person stops there.
NOTICES_OF_CASE = Budget(most=40, hours=24)
# Persons to whom letters of one tenant go in an hour: the new customers of a busy day. A registrar
# that imports all it has uses up its own and leaves the others theirs.
LETTERS_OF_TENANT = Budget(most=1000)
# Letters about one registration in a day, whatever their kinds.
LETTERS_OF_REGISTRATION = Budget(most=6, hours=24)
# Letters to one mailbox of a tenant's customers in a day: a person is not flooded through names.
LETTERS_TO_MAILBOX = Budget(most=3, hours=24)
# The same letter again in an hour: a relay that can not hand over asks every other minute.
REPEATS_OF_LETTER = Budget(most=40)
# Messages to one alias in an hour: a busy correspondence; a flood at one person stops there.
MESSAGES_OF_ALIAS = Budget(most=60)
# The same message to one alias again in an hour: a relay that lost an answer, not one that tries.
REPEATS_OF_MESSAGE = Budget(most=5)
# Requests in an hour that find a record not adopted or a row missing; each is an alarm.
UNREADY = Budget(most=300)
# Aliases in an hour behind which there is nobody: more is somebody who tries them out.
ALIASES_OF_NOBODY = Budget(most=3000)
# Searches of all staff in a day: ten people at work.
SEARCHES_IN_ALL = Budget(most=500, hours=24)


def may(caller: Caller, grant: Grant) -> bool:
    """Whether the table has the pair."""
    return grant in GRANTS[caller]


def spend(state: State, grant: Grant, whom: bytes, now: datetime) -> bool:
    """Whether one more person (or run) fits the budget; counted durably when it does."""
    return spend_from(state, grant, BUDGETS[grant], whom, now)


def spend_from(
    state: State, purpose: str, budget: Budget, whom: bytes, now: datetime, *, each: str = ""
) -> bool:
    """The same for a budget of its own name; with `each`, one for every such alias or person."""
    part = hashlib.sha256(each.encode()).digest()[:16] if each else b""
    return state.budgets.spend(purpose, now, whom, budget.most, hours=budget.hours, each=part)
