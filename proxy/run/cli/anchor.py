"""`privacyproxy anchor`: the ceremony for the day when the vault's state is lost.

`propose` asks the vault what the database comes to and writes a document; members compare it with
what they know, and sign it where their keys are; `submit` hands both to the vault, which looks at
the database once more. Needs a roster that was in force.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from proxy.errors import InvalidInput, Refused
from proxy.hosting import flags
from proxy.rules import reasons
from proxy.run import approvers_desk
from proxy.run.approvers_desk import Trust
from proxy.run.cli import asking, keys, papers
from proxy.vault import approve, checkpoint, note
from proxy.wire import anchor_document, documents, frames, plain_words, roster_document

if TYPE_CHECKING:
    import argparse

    from proxy.model.anchor import Anchor
    from proxy.settings import Settings
    from proxy.wire.frames import Answer, Request

NAME = "anchor"
HELP = "go on without the vault's state, by members' signatures"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `anchor`."""
    actions = flags.add_actions(parser)
    propose = flags.add_action(actions, "propose", "write what the database comes to")
    propose.add_argument("--reason", required=True, help="what members read before they sign")
    propose.add_argument("--checkpoint", metavar="FILE", type=Path,
                         help="a witness's or an older checkpoint that must be led to")  # fmt: skip
    propose.add_argument("--accept-loss", action="store_true",
                         help="go on though the ledger does not lead to it")  # fmt: skip
    propose.add_argument("--out", type=Path, default=Path("anchor.json"), help="the document")
    sign = flags.add_action(actions, "sign", "read an anchor in words and sign it with your key")
    sign.add_argument("file", metavar="FILE", type=Path, help="the document")
    sign.add_argument("--key", metavar="FILE", type=Path, required=True, help="your key")
    sign.add_argument("--roster", metavar="SHA256",
                      help="the roster's digest, as other members told it to you")  # fmt: skip
    sign.add_argument("--trust", metavar="FILE", type=Path,
                      default=approvers_desk.default_trust_file(),
                      help="where this machine keeps which rosters it has seen")  # fmt: skip
    sign.add_argument("--checkpoint", metavar="FILE", type=Path,
                      help="a checkpoint that you know, to compare with")  # fmt: skip
    sign.add_argument("--yes", action="store_true", help="do not ask")
    submit = flags.add_action(actions, "submit", "hand a signed anchor to the vault")
    papers.add_submitted(submit)
    for one in (propose, submit):
        one.add_argument("--roster", metavar="FILE", type=Path,
                         help="the roster's file, if the database has it no more")  # fmt: skip


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 done; raises what it was refused with."""
    match arguments.action:
        case "propose":
            return _propose(arguments, settings)
        case "sign":
            return _sign(arguments)
        case _:
            return _submit(arguments, settings)


def _propose(arguments: argparse.Namespace, settings: Settings) -> int:
    request = frames.ProposeAnchor(
        reason=arguments.reason,
        roster=_text(arguments.roster),
        checkpoint=_text(arguments.checkpoint),
        accept_loss=arguments.accept_loss,
    )
    answer: Any = _follow(keys.socket_path(settings.data_dir), request)
    document, sha256 = str(answer["document"]), str(answer["sha256"])
    arguments.out.write_text(document, "utf-8")
    if arguments.json:
        facts = {name: value for name, value in answer.items() if name not in {"done", "document"}}
        print(json.dumps({"file": str(arguments.out), **facts}))
        return 0
    for line in plain_words.anchor(anchor_document.parse(document), sha256):
        print(line)
    for code, count in sorted(answer["reasons"].items()):
        print(f"              {code}: {count}")
    for one in answer["later_rosters"]:
        print(
            f"The database also has a roster {one['version']}, {one['sha256']}. If it was in force"
            " already, keys.json is older than the state was: put a newer one back first."
            " Otherwise it was waiting, or stopped, and must be proposed anew."
        )
    print(f"Written to {arguments.out}; {answer['needed']} members must sign it.")
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    document = _text(arguments.file)
    anchor, sha256 = anchor_document.parse(document), documents.digest(document)
    for line in plain_words.anchor(anchor, sha256):
        print(line, file=sys.stderr)
    key = approve.public_key(arguments.key)
    _believe(anchor, key.id, arguments)
    if arguments.checkpoint is not None:
        _compare(anchor, _text(arguments.checkpoint))
    asking.confirm("Sign this anchor?", "yes", is_given=arguments.yes)
    out = papers.sign(arguments.file, document, arguments.key)
    print(json.dumps({"file": str(out)}) if arguments.json else f"Signature written to {out}.")
    return 0


def _believe(anchor: Anchor, key_id: str, arguments: argparse.Namespace) -> None:
    """Return when the roster is the one that this machine saw last, or was told; else Refused."""
    known = next(iter(Trust(arguments.trust).known(anchor.deployment)), None)
    if known is not None and documents.digest(known) == anchor.roster:
        members = roster_document.parse(known).members
        if not any(one.id == key_id for each in members for one in each.keys):
            raise Refused("signature_stranger", f"The roster has no member with the key {key_id}.")
        return
    if known is not None and roster_document.parse(known).version >= anchor.roster_version:
        raise Refused(
            "anchor_roster", "This machine has seen a later or another roster than the anchor's."
        )
    if arguments.roster is not None:
        if arguments.roster.lower() != anchor.roster:
            raise Refused("anchor_roster", "The anchor is under another roster than you named.")
        return
    print("This machine has not seen that roster.", file=sys.stderr)
    # --yes is no answer to this: a program that knows the digest says it with --roster.
    asking.confirm(
        "Compare its digest with another member, not through the service.",
        anchor.roster[:8],
        is_given=False,
        otherwise="say --roster SHA256, as another member told it to you",
    )


def _compare(anchor: Anchor, signed: str) -> None:
    """Refused when a checkpoint that the member knows is larger, or of another tree.

    Whether a smaller one is led to, the vault can tell (`propose --checkpoint`), and afterwards
    anybody (`ledger verify`).
    """
    try:
        seen = checkpoint.parse(note.parse(signed).text)
    except InvalidInput:
        raise InvalidInput("anchor_checkpoint", "The file is no checkpoint.") from None
    if anchor.has_lost_ledger:
        return
    found = anchor.found
    if seen.size > found.ledger_size:
        raise _refused("anchor_ledger_behind")
    if seen.size == found.ledger_size and seen.root.hex() != found.ledger_root:
        raise _refused("anchor_ledger_other")


def _submit(arguments: argparse.Namespace, settings: Settings) -> int:
    request = frames.SubmitAnchor(
        document=_text(arguments.file),
        signatures=tuple(papers.text(one) for one in papers.signatures(arguments)),
        roster=_text(arguments.roster),
    )
    answer = _follow(keys.socket_path(settings.data_dir), request)
    if arguments.json:
        print(json.dumps({"sha256": answer["sha256"], "entry": answer["entry"]}))
    else:
        print("The vault has a state again and starts anew; `doctor --everything` looks it over.")
    return 0


def _follow(path: Path, request: Request) -> Answer:
    """The final frame; progress goes to the terminal."""
    answer: Answer = {}
    with Console(stderr=True).status("The vault looks at the database") as shown:
        for answer in keys.ask(path, request):
            if not answer["done"]:
                shown.update(
                    f"{answer['erasures']} erasures, {answer['records']} records,"
                    f" {answer['leaves']} leaves; {answer['left_out']} left out"
                )
    return answer


def _text(file: Path | None) -> str:
    """A file's text; nothing for no file."""
    return "" if file is None else papers.text(file)


def _refused(code: str) -> Refused:
    return Refused(code, reasons.SENTENCES[code])
