"""`privacyproxy approve ORDER`: read an order in words, and vote for it with one's own key.

Made for the approver's own machine: needs this program, the API's address and the key. It shows
what it signs, computed here; what the service claims counts for nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from proxy.errors import ProxyError, Refused
from proxy.model.order import ChangeRegistrarKey, OrderState
from proxy.rules import approvals, reasons
from proxy.run import approvers_desk
from proxy.run.approvers_desk import ApiDesk, Trust
from proxy.run.cli import asking
from proxy.vault import approve, chain, statements
from proxy.wire import documents, plain_words, roster_document
from proxy.wire.frames import Signature

if TYPE_CHECKING:
    import argparse

    from proxy.model.roster import Roster
    from proxy.run.approvers_desk import Seen, Tally
    from proxy.settings import Settings

NAME = "approve"
HELP = "read an order in words and vote for it with your own key"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `approve`."""
    parser.add_argument("order", metavar="ORDER", help="the order's id")
    add_approver(parser)
    parser.add_argument(
        "--object", action="store_true", help="stop the order instead of voting for it"
    )
    parser.add_argument(
        "--revoke-key", action="store_true",
        help="end the key that this order, carried out, gave a registrar",
    )  # fmt: skip


def add_approver(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command that signs for an approver."""
    parser.add_argument("--api", metavar="URL", required=True, help="the registrar API's address")
    add_signer(parser)


def add_signer(parser: argparse.ArgumentParser) -> None:
    """Add what signing takes, wherever the paper is shown."""
    parser.add_argument(
        "--key", metavar="FILE", type=Path, required=True,
        help="your key: a private key file, or the .pub of one in an agent or security key",
    )  # fmt: skip
    parser.add_argument(
        "--roster", metavar="SHA256",
        help="the digest of the roster, as other members told it to you: for the first time",
    )  # fmt: skip
    parser.add_argument(
        "--trust", metavar="FILE", type=Path, default=approvers_desk.default_trust_file(),
        help="where this machine keeps which rosters it has seen",
    )  # fmt: skip
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """0 when the vote was taken; raises what it was refused with."""
    desk = ApiDesk(arguments.api)
    return _revoke(desk, arguments) if arguments.revoke_key else decide(desk, arguments)


def decide(desk: ApiDesk, arguments: argparse.Namespace) -> int:
    """The same, at whichever door of the service the order is shown."""
    trust = Trust(arguments.trust)
    seen = desk.order(arguments.order)
    if documents.digest(seen.roster_document) != seen.order.roster:
        raise Refused(
            "order_roster", "The order was made under another roster than the one in force."
        )
    believe(seen.roster_document, desk, trust, arguments)
    if seen.order.deployment != seen.roster.deployment:
        raise Refused("order_deployment", reasons.SENTENCES["order_deployment"])
    if seen.state != OrderState.OPEN:
        code = "order_stopped" if seen.state == OrderState.STOPPED else "order_used"
        raise Refused(code, reasons.SENTENCES[code])
    person, key_id = who(seen, arguments.key)
    for line in plain_words.order(seen.order, seen.sha256, seen.roster):
        print(line, file=sys.stderr)
    print(f"  votes       {', '.join(seen.approvals) or 'none yet'}", file=sys.stderr)
    print(f"You are {person}, with {key_id}.", file=sys.stderr)
    if arguments.object:
        return _object(seen, desk, arguments, person, key_id)
    barred = approvals.may_vote(seen.roster, seen.order, person)
    if barred is not None:
        raise Refused(barred, reasons.SENTENCES[barred])
    asking.confirm("Vote for this order?", "yes", is_given=arguments.yes)
    message = statements.approval(bytes.fromhex(seen.sha256), seen.nonce)
    signature = approve.sign(message, arguments.key, asking.passphrase)
    answer = desk.vote(
        str(seen.order.id), Signature(person=person, key=key_id, signature=signature)
    )
    _tell(answer, as_json=arguments.json)
    return 0


def believe(shown: str, desk: ApiDesk, trust: Trust, arguments: argparse.Namespace) -> Roster:
    """The roster of a document, when it is one to believe, and remember it; Refused if not.

    The first time its digest must be given, or the person asked; later it must be the one seen
    last, or follow from it, or from the one before, when the last one was stopped.
    """
    roster, sha256 = roster_document.parse(shown), documents.digest(shown)
    known = trust.known(roster.deployment)
    if not known:
        _meet(roster, sha256, arguments)
        trust.keep(roster.deployment, shown, None)
    elif shown != known[0]:
        before = _leading(known, sha256, desk)
        print("The roster has changed since this machine saw it last:", file=sys.stderr)
        for line in plain_words.difference(roster_document.parse(known[0]), roster):
            print(f"  {line}", file=sys.stderr)
        asking.confirm("Is that so?", "yes", is_given=arguments.yes)
        trust.keep(roster.deployment, shown, before)
    return roster


def _leading(known: tuple[str, ...], sha256: str, desk: ApiDesk) -> str:
    """The known roster from which the one of digest `sha256` follows; Refused if none does."""
    _, links = desk.rosters()
    refusal: ProxyError | None = None
    for document in known:
        link = chain.Link(document=document, evidence=chain.Evidence())
        try:
            chain.verify((*links, link), sha256, known=documents.digest(document))
        except ProxyError as fault:
            refusal = refusal or fault
        else:
            return document
    raise refusal or Refused("roster_unchained")


def _meet(roster: Roster, sha256: str, arguments: argparse.Namespace) -> None:
    if arguments.roster is not None:
        if arguments.roster.lower() != sha256:
            raise Refused("roster_other", "The service shows another roster than you named.")
        return
    print("This machine has never seen this installation's roster:", file=sys.stderr)
    for line in plain_words.roster(roster, sha256):
        print(line, file=sys.stderr)
    # --yes is no answer to this: a program that knows the digest says it with --roster.
    asking.confirm(
        "Compare the digest with another member, not through the service.",
        sha256[:8],
        is_given=False,
        otherwise="say --roster SHA256, as another member told it to you",
    )


def who(seen: Seen, key_file: Path) -> tuple[str, str]:
    """The member whose key this is, and the key's id; Refused when the roster knows it not."""
    key = approve.public_key(key_file)
    for member in seen.roster.members:
        if any(one.id == key.id for one in member.keys):
            return member.person, key.id
    raise Refused("signature_stranger", f"The roster has no member with the key {key.id}.")


def _object(
    seen: Seen, desk: ApiDesk, arguments: argparse.Namespace, person: str, key_id: str
) -> int:
    asking.confirm("Stop this order?", "stop", is_given=arguments.yes)
    message = statements.objection(bytes.fromhex(seen.sha256))
    signature = approve.sign(message, arguments.key, asking.passphrase)
    desk.object_to_order(
        str(seen.order.id), Signature(person=person, key=key_id, signature=signature)
    )
    print(json.dumps({"state": "stopped"}) if arguments.json else "The order is stopped.")
    return 0


def _revoke(desk: ApiDesk, arguments: argparse.Namespace) -> int:
    """End a registrar's key. The order may be of an older roster than the one in force."""
    seen = desk.order(arguments.order)
    roster = believe(seen.roster_document, desk, Trust(arguments.trust), arguments)
    if not isinstance(seen.order.subject, ChangeRegistrarKey) or (
        seen.order.deployment != roster.deployment
    ):
        raise Refused("key_not_enrolled", reasons.SENTENCES["key_not_enrolled"])
    person, key_id = who(seen, arguments.key)
    for line in plain_words.order(seen.order, seen.sha256, seen.roster):
        print(line, file=sys.stderr)
    asking.confirm("End the key that this order gave?", "end", is_given=arguments.yes)
    message = statements.key_revocation(bytes.fromhex(seen.sha256))
    signature = approve.sign(message, arguments.key, asking.passphrase)
    desk.revoke_key(str(seen.order.id), Signature(person=person, key=key_id, signature=signature))
    print(json.dumps({"state": "revoked"}) if arguments.json else "The key is one no more.")
    return 0


def _tell(tally: Tally, *, as_json: bool) -> None:
    people = [one.person for one in tally.approvals]
    if as_json:
        print(json.dumps({"approvals": people, "lacking": tally.lacking}))
        return
    print(f"Your vote is taken; so far: {', '.join(people)}.")
    if tally.lacking:
        lacks = "; ".join(reasons.LACKS.get(one, one) for one in tally.lacking)
        print(f"Not enough yet: {lacks}.")
    else:
        print("Enough: it can be carried out.")
