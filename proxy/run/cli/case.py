"""`privacyproxy case`: handle cases from one's own machine, over the staff API.

Every action needs a session (`privacyproxy sign-in`). What somebody may do is decided by the
type of the case, on the service; `case can` lists it. Votes are signed here, with a key that never
leaves this machine.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from proxy.errors import InvalidInput, Unavailable
from proxy.hosting.process import SystemClock
from proxy.model.evidence import CERTIFICATE_KIND
from proxy.rules import reasons
from proxy.run import staff_desk
from proxy.run.approvers_desk import ApiDesk
from proxy.run.case_desk import CaseDesk, Key, not_now
from proxy.run.cli import approve, asking, case_acts, case_arguments, case_words
from proxy.run.cli.plain import plain
from proxy.wire import documents, order_document, plain_words, roster_document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from proxy.settings import Settings

NAME = "case"
HELP = "handle cases: list, open, look, act, hand in files, propose, vote, release, read"
_LIST: Final = ("id", "type", "domain", "state", "handler", "touched_at")
_TASKS: Final = ("case", "kind", "role", "due_at", "domain", "state")
_FILES: Final = ("id", "kind", "media_type", "octets", "by", "at")
_PAGE: Final = 200  # rows of a list, as the service gives them


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `case`."""
    case_arguments.configure(parser)


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """0 when it was done; raises what it was refused with."""
    web, clock = staff_desk.open_session(arguments.session), SystemClock()
    if arguments.action in _VOTES:
        arguments.object = arguments.action == "veto"
        return approve.decide(ApiDesk(web.url, _APPROVALS), arguments)
    desk = CaseDesk(web, clock)
    try:
        answer = _DEEDS[arguments.action](desk, arguments)
    except InvalidInput as refusal:
        for fault in refusal.faults:
            print(f"  {fault.pointer} {fault.detail}".rstrip(), file=sys.stderr)
        raise
    if arguments.json:
        print(json.dumps(answer))
        return 0
    for line in _WORDS.get(arguments.action, _plainly)(arguments, answer, clock.now()):
        print(line)
    return 0


def _list(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    asked = {name: getattr(given, name) for name in ("state", "type", "handler", "before")}
    return desk.get("/staff/cases" + _query(asked))


def _tasks(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.get("/staff/tasks" + _query({"role": given.role}))


def _show(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.get(f"/staff/cases/{given.case}")


def _can(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    shown = desk.get(f"/staff/cases/{given.case}")
    if given.act and given.act not in {one["act"] for one in shown["options"]}:
        raise not_now(given.act, shown)
    return shown


def _open(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    body = _json(given.request)
    if not isinstance(body, dict):
        raise InvalidInput("file", f"{given.request} holds no JSON object.")
    body["id"] = given.id or body.get("id") or str(uuid4())
    try:
        return desk.post("/staff/cases", body)
    except Unavailable as away:
        again = f"{away.detail} Run it again with --id {body['id']}, so that it opens one case."
        raise Unavailable(away.code, again) from None


def _act(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.act(given.case, given.act, given.facts, given.seq)


def _find(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    given.act = case_acts.finding(given.finding)
    return _act(desk, given)


def _overlay(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    given.act = case_acts.overlay(given.case, given.overlay, given.switch)
    return _act(desk, given)


def _emergency(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    given.act = case_acts.EMERGENCY
    return _act(desk, given)


def _assign(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.post(f"/staff/cases/{given.case}/handler", {"person": given.person})


def _conflict(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.post(f"/staff/cases/{given.case}/conflict", {"person": given.person})


def _file(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.hand_in(given.case, given.kind, given.file, given.media_type)


def _write(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    text = sys.stdin.read()
    return desk.post(f"/staff/cases/{given.case}/texts", {"kind": given.kind, "text": text})


def _pause(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    body = {"reason": given.why, "ends_by": given.ends_by}
    return desk.post(f"/staff/cases/{given.case}/deadlines/{given.deadline}/pause", body)


def _resume(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    path = f"/staff/cases/{given.case}/deadlines/{given.deadline}/resume"
    return desk.post(path, {"reason": given.why})


def _extend(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    body = {"reason": given.why, "amount": given.amount, "noticed_at": given.noticed_at}
    return desk.post(f"/staff/cases/{given.case}/deadlines/{given.deadline}/extend", body)


def _text(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    path = f"/staff/cases/{given.case}/documents/{given.document}"
    return desk.get(path + _query({"language": given.language}))


def _propose(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    body: dict[str, Any] = {
        "kind": given.kind.replace("_", " "),
        "basis": given.basis,
        "reason": given.reason,
        "reasons": desk.evidence(given.case, "reasons", given.reasons),
        "fields": given.field or [],
        "releaser": given.releaser,
        "not_before": given.not_before,
        "until": given.until,
        "overrides_veto": given.override_veto,
    }
    if given.instrument:
        body["instrument"] = desk.evidence(given.case, "instrument", given.instrument)
    if given.to is not None:
        body["to"] = _recipient(desk, given.case, _json(given.to))
    return desk.post(f"/staff/cases/{given.case}/orders", body)


def _recipient(desk: CaseDesk, case: str, to: Any) -> Any:
    """The recipient with their papers handed in, where these are named as @FILE."""
    if not isinstance(to, dict):
        raise InvalidInput("file", "--to takes a file with a JSON object.")
    for name, kind in (("identity", "identity"), ("certificate", CERTIFICATE_KIND)):
        if str(to.get(name, "")).startswith("@"):
            to[name] = desk.evidence(case, kind, to[name])
    return to


def _order(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.get(f"/staff/orders/{given.order}")


def _order_words(given: argparse.Namespace, answer: Mapping[str, Any], now: datetime) -> list[str]:
    """The order as its voters read it, and where it stands."""
    del given
    order = order_document.parse(answer["document"])
    under = roster_document.parse(answer["roster"])
    people = ", ".join(one["person"] for one in answer["approvals"])
    lines = list(plain_words.order(order, documents.digest(answer["document"]), under))
    is_enough = not answer["lacking"]
    stands = plain_words.standing(order, answer["state"], is_enough=is_enough, now=now)
    lines += [
        f"  state       {plain(stands)}",
        f"  votes       {plain(people or 'none yet')}",
    ]
    return lines + [
        f"  lacks       {reasons.LACKS.get(one, plain(one))}" for one in answer["lacking"]
    ]


def _carry_out(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.post(f"/staff/orders/{given.order}/carry-out")


def _release(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.post(f"/staff/packages/{given.package}/release")


def _receipt(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.post(f"/staff/packages/{given.package}/receipt", {"evidence": given.evidence})


def _read(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    header = desk.read(given.case, given.evidence, given.reason, _key(given), given.out)
    return {"media_type": header.media_type, "name": header.name, "kind": header.kind}


def _match(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    file = given.value_file
    value = file.read_text("utf-8").strip() if file else asking.line("Value: ", "--value-file FILE")
    return {"holds": desk.holds(given.case, (given.field_name, value), given.reason, _key(given))}


def _pass_phrase(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return {"pass_phrase": desk.pass_phrase(given.package, _key(given))}


def _key(given: argparse.Namespace) -> Key:
    return Key(file=given.key, passphrase=asking.passphrase)


def _json(file: Path) -> Any:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        return json.loads(text)
    except (OSError, ValueError):
        raise InvalidInput("file", f"{file} can not be read as JSON.") from None


def _query(asked: Mapping[str, str]) -> str:
    from urllib.parse import urlencode  # noqa: PLC0415 - lists alone need it

    said = {name: value for name, value in asked.items() if value}
    return f"?{urlencode(said)}" if said else ""


def _listed(_given: object, answer: Mapping[str, Any], _now: object) -> list[str]:
    rows = answer["cases"]
    more = []
    if len(rows) == _PAGE:
        more = [f"More: --before {plain(rows[-1]['touched_at'])},{plain(rows[-1]['id'])}"]
    return [*case_words.table(rows, _LIST), *more]


def _proposed(_given: object, answer: Mapping[str, Any], _now: object) -> list[str]:
    order = plain(answer["order"])
    return [
        f"Order {order} is open for votes, under the digest {plain(answer['sha256'])}.",
        f"Voters read it and vote with: privacyproxy case vote {order} --key FILE",
    ]


def _carried_out(_given: object, answer: Mapping[str, Any], _now: object) -> list[str]:
    package = answer.get("package")
    if package:
        made = plain(str(package["id"]))
        return [f"Carried out. Its releaser sends it with: privacyproxy case release {made}"]
    return [f"Carried out: {plain(str(answer.get('kind', '')))}. The case goes on within moments."]


def _plainly(_given: object, answer: Mapping[str, Any], _now: object) -> list[str]:
    return [
        plain(line) for name, value in answer.items() for line in f"{name}: {value}".splitlines()
    ]


_APPROVALS: Final = "/approvals"  # where the web role shows orders to voters
_VOTES: Final = frozenset({"vote", "veto"})
_DEEDS: Final[Mapping[str, Callable[[CaseDesk, argparse.Namespace], dict[str, Any]]]] = {
    "list": _list, "tasks": _tasks, "show": _show, "can": _can, "history": _show,
    "deadlines": _show, "evidence": _show, "open": _open, "act": _act, "find": _find,
    "overlay": _overlay, "emergency": _emergency, "assign": _assign, "conflict": _conflict,
    "file": _file, "write": _write, "pause": _pause, "resume": _resume, "extend": _extend,
    "text": _text, "propose": _propose, "order": _order, "carry-out": _carry_out,
    "release": _release, "receipt": _receipt, "read": _read, "match": _match,
    "pass-phrase": _pass_phrase,
}  # fmt: skip


def _done(given: argparse.Namespace, answer: Mapping[str, Any], now: datetime) -> Iterator[str]:
    return case_words.done(answer, getattr(given, "act", given.action), now)


_WORDS: Final[
    Mapping[str, Callable[[argparse.Namespace, Mapping[str, Any], datetime], Iterable[str]]]
] = {
    **dict.fromkeys(
        ("act", "find", "overlay", "emergency", "assign", "pause", "resume", "extend"), _done
    ),
    **dict.fromkeys(
        ("show", "open"),
        lambda given, answer, now: case_words.page(
            answer, now, with_events=getattr(given, "events", False)
        ),
    ),
    "list": _listed,
    "tasks": lambda _, answer, __: case_words.table(answer["tasks"], _TASKS),
    "can": lambda given, answer, _: case_words.options(answer, given.act),
    "history": lambda _, answer, __: case_words.history(answer),
    "deadlines": lambda _, answer, now: case_words.periods(answer, now),
    "evidence": lambda _, answer, __: case_words.table(answer["evidence"], _FILES),
    "propose": _proposed,
    "order": _order_words,
    "carry-out": _carried_out,
}
"""What people are told of an answer, by action; of others every member by its name."""
