"""`privacyproxy roster`: the ceremonies of those who decide, from the first roster on.

`init` and `propose` write a document out of the team's own file; every member signs it where their
key is; `submit` hands document and signatures to the vault. `show` and `verify` are for anybody.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proxy.errors import InvalidInput, Refused
from proxy.hosting import flags
from proxy.hosting.directory import DEMO_NAME
from proxy.hosting.process import SystemClock
from proxy.model import approval_key
from proxy.run import approvers_desk, drafting
from proxy.run.approvers_desk import ApiDesk, Stood, Trust
from proxy.run.cli import approve as approve_command
from proxy.run.cli import asking, keys, papers
from proxy.vault import approve, chain, sshsig, statements
from proxy.wire import documents, frames, plain_words, roster_document
from proxy.wire.frames import Signature

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from proxy.model.roster import Roster
    from proxy.settings import Settings
    from proxy.vault.chain import Link

NAME = "roster"
HELP = "who may decide: make, sign, submit, show and verify rosters"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `roster`."""
    actions = flags.add_actions(parser)
    init = flags.add_action(actions, "init", "write the first roster")
    init.add_argument("draft", metavar="TEAM.toml", type=Path, nargs="?", help="the team's file")
    init.add_argument("--example", action="store_true", help="print a team's file to begin with")
    init.add_argument("--deployment", metavar="HEX", help="instead of asking the running vault")
    init.add_argument("--out", type=Path, default=Path("roster-1.json"), help="the document")
    propose = flags.add_action(actions, "propose", "write the next roster")
    propose.add_argument("draft", metavar="TEAM.toml", type=Path, help="the team's file, edited")
    propose.add_argument("--from", dest="before", metavar="FILE", type=Path,
                         help="the roster in force, if no vault runs here")  # fmt: skip
    propose.add_argument("--out", type=Path, help="the document; roster-N.json if not said")
    sign = flags.add_action(actions, "sign", "sign a roster with your key")
    sign.add_argument("file", metavar="FILE", type=Path, help="the document")
    sign.add_argument("--key", metavar="FILE", type=Path, required=True, help="your key")
    sign.add_argument("--from", dest="before", metavar="FILE", type=Path,
                      help="the roster before it, to show what changes")  # fmt: skip
    sign.add_argument("--yes", action="store_true", help="do not ask")
    submit = flags.add_action(actions, "submit", "hand a signed roster to the vault")
    papers.add_submitted(submit)
    for name, sentence in (
        ("show", "the roster in force, and the one that waits"),
        ("verify", "check every roster from the first, or from one you know"),
    ):
        action = flags.add_action(actions, name, sentence)
        action.add_argument("--api", metavar="URL", help="ask an API, not the vault beside")
        if name == "verify":
            action.add_argument("--known", metavar="FILE", type=Path, help="a roster you know")
    stop = flags.add_action(actions, "object", "say no to what waits")
    approve_command.add_approver(stop)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 done; raises what it was refused with."""
    match arguments.action:
        case "init":
            return _init(arguments, settings)
        case "propose":
            return _propose(arguments, settings)
        case "sign":
            return _sign(arguments)
        case "submit":
            return _submit(arguments, settings)
        case "show":
            return _show(arguments, settings)
        case "verify":
            return _verify(arguments, settings)
        case _:
            return _object(arguments)


def in_force(path: Path) -> tuple[Roster, str]:
    """The roster in force by the running vault, and its digest; Refused when there is none."""
    standing, links = _from_vault(path)
    current = standing.current
    if current is None:
        raise Refused("roster_none", "There is no roster yet: `privacyproxy roster init`.")
    return roster_document.parse(_document(links, current.sha256)), current.sha256


def _init(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.example:
        print(drafting.EXAMPLE, end="")
        return 0
    if arguments.draft is None:
        raise InvalidInput("draft", "Name the team's file; --example prints one to begin with.")
    deployment = arguments.deployment
    if deployment is None:
        standing, _ = _from_vault(keys.socket_path(settings.data_dir))
        if standing.current is not None:
            raise Refused("roster_exists", "There is a roster already: `roster propose`.")
        deployment = str(standing.deployment)
    is_demo = (settings.data_dir / DEMO_NAME).exists()
    made = drafting.first(arguments.draft, deployment, SystemClock().now(), is_demo=is_demo)
    return _write(made, None, arguments.out, as_json=arguments.json)


def _propose(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.before is None:
        before, sha256 = in_force(keys.socket_path(settings.data_dir))
    else:
        document = papers.text(arguments.before)
        before, sha256 = roster_document.parse(document), documents.digest(document)
    made = drafting.successor(arguments.draft, before, sha256, SystemClock().now())
    out = arguments.out or Path(f"roster-{made.version}.json")
    return _write(made, before, out, as_json=arguments.json)


def _write(made: Roster, before: Roster | None, out: Path, *, as_json: bool) -> int:
    document = roster_document.render(made)
    sha256 = documents.digest(document)
    out.write_text(document, "utf-8")
    if as_json:
        print(json.dumps({"file": str(out), "version": made.version, "sha256": sha256}))
        return 0
    _print_roster(made, sha256, before, to=sys.stdout)
    print(f"Written to {out}. Everybody who signs does so where their key is:")
    print(f"  privacyproxy roster sign {out} --key FILE")
    print("Then, beside the vault, with all signature files next to the document:")
    print(f"  privacyproxy roster submit {out}")
    return 0


def _print_roster(one: Roster, sha256: str, before: Roster | None, *, to: Any) -> None:
    for line in plain_words.roster(one, sha256):
        print(line, file=to)
    for line in () if before is None else plain_words.difference(before, one):
        print(f"  changes     {line}", file=to)


def _sign(arguments: argparse.Namespace) -> int:
    document = papers.text(arguments.file)
    made = roster_document.parse(document)
    before = (
        None if arguments.before is None else roster_document.parse(papers.text(arguments.before))
    )
    _print_roster(made, documents.digest(document), before, to=sys.stderr)
    key = approve.public_key(arguments.key)
    known = before is None or any(key.id == one.id for each in before.people for one in each.keys)
    if not known and not any(key.id == one.id for each in made.people for one in each.keys):
        raise Refused("signature_stranger", f"Neither roster knows the key {key.id}.")
    asking.confirm("Sign this roster?", "yes", is_given=arguments.yes)
    out = papers.sign(arguments.file, document, arguments.key)
    print(json.dumps({"file": str(out)}) if arguments.json else f"Signature written to {out}.")
    return 0


def _submit(arguments: argparse.Namespace, settings: Settings) -> int:
    document = papers.text(arguments.file)
    made = roster_document.parse(document)
    path = keys.socket_path(settings.data_dir)
    standing, links = _from_vault(path)
    rosters = [made]
    current = standing.current
    # A copy that the database lost is put back by submitting the file again.
    if current is not None and current.sha256 != documents.digest(document):
        rosters.append(roster_document.parse(_document(links, current.sha256)))
    signed = tuple(_signature(one, rosters) for one in papers.signatures(arguments))
    answer = keys.last(keys.ask(path, frames.SubmitRoster(document=document, signatures=signed)))
    return _tell(msgspec.convert(answer, Stood), as_json=arguments.json)


def _signature(file: Path, rosters: Iterable[Roster]) -> Signature:
    """A signature file, and whose it is by the key inside."""
    armored = papers.text(file)
    key = approval_key.parse_public_blob(sshsig.parse(armored).public)
    for roster in rosters:
        for person in roster.people:
            if any(one.id == key.id for one in person.keys):
                return Signature(person=person.person, key=key.id, signature=armored)
    raise Refused("signature_stranger", f"{file} is of a key that the rosters do not know.")


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    standing, links = _standing(arguments.api, settings)
    if arguments.json:
        print(msgspec.json.encode(standing).decode())
        return 0
    current, waiting = standing.current, standing.waiting
    if current is None:
        print(f"Installation {standing.deployment} has no roster: `roster init`.")
        return 0
    before = roster_document.parse(_document(links, current.sha256))
    _print_roster(before, current.sha256, None, to=sys.stdout)
    if waiting is not None:
        print(f"From {waiting.effective_at[:16]} UTC, by {waiting.route}, unless stopped:")
        after = roster_document.parse(_document(links, waiting.sha256))
        _print_roster(after, waiting.sha256, before, to=sys.stdout)
    return 0


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    standing, links = _standing(arguments.api, settings)
    current = standing.current
    if current is None:
        raise Refused("roster_none", "There is no roster to verify.")
    known = ""
    if arguments.known is not None:
        document = papers.text(arguments.known)
        known = documents.digest(document)
        links = (*links, chain.Link(document=document, evidence=chain.Evidence()))
    steps = chain.verify(links, current.sha256, known=known)
    if arguments.json:
        print(json.dumps([{"version": one.roster.version, "sha256": one.sha256,
                           "route": one.route} for one in steps]))  # fmt: skip
        return 0
    for one in steps:
        print(f"roster {one.roster.version}  {one.sha256}  {one.route}")
    first = "the roster you know" if known else "the first roster, which is believed as it stands"
    print(f"All {len(steps)} follow from {first}. Compare the newest digest with a member.")
    return 0


def _object(arguments: argparse.Namespace) -> int:
    desk = ApiDesk(arguments.api)
    standing, links = desk.rosters()
    if standing.waiting is None or standing.current is None:
        raise Refused("roster_not_waiting", "No roster waits.")
    sha256 = standing.waiting.sha256
    before = approve_command.believe(
        _document(links, standing.current.sha256), desk, Trust(arguments.trust), arguments
    )
    after = roster_document.parse(_document(links, sha256))
    _print_roster(after, sha256, before, to=sys.stderr)
    key = approve.public_key(arguments.key)
    person = next(
        (one.person for one in before.members if any(key.id == mine.id for mine in one.keys)), None
    )
    if person is None:
        raise Refused("objection_stranger", "Only members of the roster in force may object.")
    asking.confirm("Object to this roster?", "stop", is_given=arguments.yes)
    message = statements.objection(bytes.fromhex(sha256))
    signature = approve.sign(message, arguments.key, asking.passphrase)
    stood = desk.object_to_roster(sha256, Signature(person=person, key=key.id, signature=signature))
    return _tell(stood, as_json=arguments.json)


def _tell(stood: Stood, *, as_json: bool) -> int:
    current, waiting = stood.current, stood.waiting
    if as_json:
        print(msgspec.json.encode({"current": current, "waiting": waiting}).decode())
        return 0
    if current is not None:
        print(f"Roster {current.version} is in force: {current.sha256}")
    if waiting is None:
        print("No roster waits.")
    else:
        print(
            f"Roster {waiting.version} waits until {waiting.effective_at[:16]} UTC:"
            f" {waiting.sha256}"
        )
    return 0


def _standing(api: str | None, settings: Settings) -> tuple[Stood, tuple[Link, ...]]:
    if api is not None:
        return ApiDesk(api).rosters()
    return _from_vault(keys.socket_path(settings.data_dir))


def _from_vault(path: Path) -> tuple[Stood, tuple[Link, ...]]:
    links: list[Link] = []
    after = 0
    while True:
        answer: Any = keys.last(keys.ask(path, frames.ShowRoster(after=after)))
        rows = answer["rosters"]
        if not rows:
            return msgspec.convert(answer, Stood), tuple(links)
        links += approvers_desk.links_of(rows)
        after = approvers_desk.last_version(rows, after)


def _document(links: Iterable[Link], sha256: str) -> str:
    for one in links:
        if documents.digest(one.document) == sha256:
            return one.document
    raise Refused("roster_missing", f"The service does not show the roster {sha256}.")
