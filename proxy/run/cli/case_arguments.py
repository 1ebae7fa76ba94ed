"""The arguments of `privacyproxy case`: its actions, and the words that each takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.hosting import flags
from proxy.run import staff_desk
from proxy.run.cli import approve, case_acts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REQUEST: Final = """\
The request as JSON:
  {"type": "third_party_claim", "domain": "a.example", "received_at": "2026-11-02T09:00:00Z",
   "channel": "letter", "country": "DE", "requester_class": "company",
   "fields": ["registrant.name"],
   "items": ["threat", "aimed_at_us", "anonymity", "claim", "authority", "contact_route",
             "good_faith", "use_undertaking"],
   "requester": {"name": "...", "email": "...", "organization": "", "language": "de"}}
`items` are what the letter holds, of what its type asks for; what is missing is listed. A letter
that can not be mended: "log_as_it_came": true.
"""
_RECIPIENT: Final = """\
Who gets a package, as JSON for --to; papers are ids of evidence, or files that are handed in:
  {"name": "...", "organization": "", "identity": "@passport.pdf", "delete_by": "2027-05-01",
   "openpgp": "FINGERPRINT", "certificate": "@key.asc"}
Without openpgp and certificate the package is under a pass-phrase, read out by its releaser.
Example:
  privacyproxy case propose CASE disclose --basis contract_breach --reason "No assurances came." \\
    --reasons @reasons.txt --field registrant.name --releaser rita --to recipient.json
"""
_EXAMPLES: Final[Mapping[str, str]] = {
    "open": _REQUEST,
    "propose": _RECIPIENT,
    "act": """\
Examples:
  privacyproxy case act CASE acknowledge
  privacyproxy case act CASE redirect whom=court reasons=@reasons.txt
`privacyproxy case can CASE ACT` says how an act's facts are written.
""",
    "overlay": """\
Examples:
  privacyproxy case overlay CASE safety on kind=stalking reasons=@reasons.txt
  privacyproxy case overlay CASE stay off ruling=@ruling.pdf verdict=quashed
""",
    "find": "Example:\n  privacyproxy case find CASE trigger threat=yes ... reasons=@reasons.txt\n",
    "emergency": "Example:\n  privacyproxy case emergency CASE danger=life incident=@call.txt\n",
    "file": "Example:\n  privacyproxy case file CASE letter scan.pdf\n",
    "extend": """\
Example:
  privacyproxy case extend CASE assurances --amount 5 --why ill --noticed-at 2026-11-20T10:00:00Z
""",
    "pause": """\
Example:
  privacyproxy case pause CASE complete --why clarification --ends-by 2026-11-20T10:00:00Z
""",
    "vote": "Example:\n  privacyproxy case vote ORDER --key ~/.ssh/id_ed25519\n",
    "read": """\
Example:
  privacyproxy case read CASE EVIDENCE --key KEY --reason "The claim is weighed." --out claim.pdf
""",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `case`."""
    actions = flags.add_actions(parser)
    for name, (sentence, words) in ACTIONS.items():
        made = flags.add_action(actions, name, sentence)
        made.add_argument(
            "--session", metavar="FILE", type=Path, default=staff_desk.default_session_file(),
            help="your session",
        )  # fmt: skip
        for word in words:
            WORDS[word](made)
        made.epilog = _EXAMPLES.get(name)
        made.formatter_class = argparse.RawDescriptionHelpFormatter


WORDS: Final[Mapping[str, Callable[[argparse.ArgumentParser], object]]] = {
    "case": lambda one: one.add_argument("case", metavar="CASE", help="the case's id"),
    "order": lambda one: one.add_argument("order", metavar="ORDER", help="the order's id"),
    "package": lambda one: one.add_argument("package", metavar="PACKAGE", help="its id"),
    "evidence": lambda one: one.add_argument("evidence", metavar="EVIDENCE", help="its id"),
    "person": lambda one: one.add_argument("person", metavar="HANDLE", help="whom"),
    "deadline": lambda one: one.add_argument("deadline", metavar="PERIOD", help="its name"),
    "events": lambda one: one.add_argument("--events", action="store_true", help="every step"),
    "list": lambda one: (
        [
            one.add_argument(f"--{name}", metavar=name.upper(), default="", help=f"of this {name}")
            for name in ("state", "type", "handler")
        ]
        + [one.add_argument("--before", metavar="PLACE", default="", help="touched_at,id to go on")]
    ),
    "role": lambda one: one.add_argument("--role", metavar="ROLE", default="", help="whose"),
    "request": lambda one: [
        one.add_argument(
            "request", metavar="FILE", type=Path, help="the request as JSON; - is standard input"
        ),
        one.add_argument(
            "--id", metavar="UUID", default="", help="of the case: sent twice, it is opened once"
        ),
    ],
    "act": lambda one: one.add_argument("act", metavar="ACT", help="as `case can` lists it"),
    "act?": lambda one: one.add_argument("act", metavar="ACT", nargs="?", default=""),
    "finding": lambda one: one.add_argument("finding", metavar="FINDING", help="as trigger"),
    "overlay": lambda one: [
        one.add_argument("overlay", choices=sorted(case_acts.OVERLAYS), help="what lies over it"),
        one.add_argument("switch", choices=(case_acts.ON, case_acts.OFF)),
    ],
    "facts": lambda one: [
        one.add_argument(
            "facts",
            metavar="NAME=VALUE",
            nargs="*",
            help="its facts; lists with commas; NAME=@FILE hands the file in as evidence",
        ),
        one.add_argument("--seq", metavar="N", type=int, help="refuse if the case went on since"),
    ],
    "signer": approve.add_signer,
    "kind": lambda one: one.add_argument("kind", metavar="KIND", help="what it is, a short word"),
    "file": lambda one: [
        one.add_argument("file", metavar="FILE", type=Path, help="what to hand in"),
        one.add_argument("--media-type", metavar="TYPE", default="", help="as application/pdf"),
    ],
    "document": lambda one: [
        one.add_argument("document", metavar="TEXT", help="indemnity or contact_confirmation"),
        one.add_argument("--language", metavar="TAG", default="", help="as de; en without"),
    ],
    "why": lambda one: one.add_argument("--why", metavar="REASON", required=True, help="why"),
    "ends_by": lambda one: one.add_argument("--ends-by", metavar="MOMENT", required=True),
    "extension": lambda one: [
        one.add_argument("--amount", metavar="N", type=int, required=True, help="of its unit"),
        one.add_argument(
            "--noticed-at", metavar="MOMENT", required=True, help="when those concerned were told"
        ),
    ],
    "proposal": lambda one: [
        one.add_argument("kind", metavar="KIND", help="as disclose, deactivate, lift_hold, gag"),
        one.add_argument("--basis", metavar="BASIS", required=True, help="the ground"),
        one.add_argument("--reason", metavar="TEXT", required=True, help="a line that voters read"),
        one.add_argument("--reasons", metavar="ID|@FILE", required=True, help="in full, evidence"),
        one.add_argument("--instrument", metavar="ID|@FILE", default="", help="court order, gag"),
        one.add_argument("--field", metavar="FIELD", action="append", help="what is disclosed"),
        one.add_argument("--releaser", metavar="HANDLE", default="", help="who releases it"),
        one.add_argument("--not-before", metavar="MOMENT", default="", help="not carried out yet"),
        one.add_argument("--until", metavar="MOMENT", default="", help="of a gag"),
        one.add_argument("--to", metavar="FILE", type=Path, help="the recipient as JSON"),
        one.add_argument("--override-veto", action="store_true", help="as counsel and director"),
    ],
    "key": lambda one: one.add_argument(
        "--key", metavar="FILE", type=Path, required=True, help="your key of the roster"
    ),
    "reason": lambda one: one.add_argument("--reason", metavar="TEXT", required=True, help="why"),
    "out": lambda one: one.add_argument("--out", metavar="FILE", type=Path, required=True),
    "value": lambda one: [
        one.add_argument("field_name", metavar="FIELD", help="email, phone or name"),
        one.add_argument("--value-file", metavar="FILE", type=Path, help="for programs"),
    ],
}

ACTIONS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "list": ("open cases, those touched last first", ("list",)),
    "tasks": ("what is to be done, the most urgent first", ("role",)),
    "open": ("open a case for a request", ("request",)),
    "show": ("a case, and what you can do in it", ("case", "events")),
    "can": ("what you can do in a case, and how it is written", ("case", "act?")),
    "history": ("what was done in a case, and by whom", ("case",)),
    "deadlines": ("a case's periods: until when, whose, and what then", ("case",)),
    "evidence": ("the files of a case", ("case",)),
    "text": ("a text that somebody signs, with its SHA-256", ("case", "document")),
    "assign": ("give a case to a handler", ("case", "person")),
    "conflict": ("keep somebody away from a case, yourself among others", ("case", "person")),
    "act": ("do an act", ("case", "act", "facts")),
    "find": ("do the act of a finding", ("case", "finding", "facts")),
    "overlay": ("put an overlay on a case, or lift it", ("case", "overlay", "facts")),
    "emergency": ("take down that somebody is in danger now", ("case", "facts")),
    "file": ("hand a file in as evidence", ("case", "kind", "file")),
    "write": ("hand in what standard input says, as evidence", ("case", "kind")),
    "read": ("read a file of a case", ("case", "evidence", "key", "reason", "out")),
    "match": ("ask whether the registrant holds a value", ("case", "value", "key", "reason")),
    "pause": ("let a period stand still", ("case", "deadline", "why", "ends_by")),
    "resume": ("let it run on", ("case", "deadline", "why")),
    "extend": ("give a period more time", ("case", "deadline", "why", "extension")),
    "propose": ("propose an order, on which others vote", ("case", "proposal")),
    "order": ("an order in words, and where it stands", ("order",)),
    "vote": ("read an order and vote for it with your own key", ("order", "signer")),
    "veto": ("stop an order with your own key", ("order", "signer")),
    "carry-out": ("have an order with its votes carried out", ("order",)),
    "release": ("send a package's link to its recipient", ("package",)),
    "pass-phrase": ("a package's pass-phrase, to be read out; once", ("package", "key")),
    "receipt": ("note a recipient's receipt that lies in the case", ("package", "evidence")),
}
