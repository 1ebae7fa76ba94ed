"""`privacyproxy case`: handle cases from one's own machine, over the staff API.

Every action needs a session (`privacyproxy sign-in`). What somebody may do is decided by the case's
type, on the service; `case show` lists it. Votes are given with `privacyproxy approve`.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, Final

from proxy.errors import InvalidInput
from proxy.hosting.process import SystemClock
from proxy.model.evidence import CERTIFICATE_KIND
from proxy.run import staff_desk
from proxy.run.case_desk import CaseDesk, Key
from proxy.run.cli import asking, case_arguments, case_words
from proxy.run.cli.plain import plain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from proxy.settings import Settings

NAME = "case"
HELP = "handle cases: list, open, look, act, hand in files, propose, release, read"
_LIST: Final = ("id", "type", "domain", "state", "handler", "touched_at")
_TASKS: Final = ("case", "kind", "role", "due_at", "domain", "state")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `case`."""
    case_arguments.configure(parser)


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """0 when it was done; raises what it was refused with."""
    desk = CaseDesk(staff_desk.open_session(arguments.session), SystemClock())
    try:
        answer = _DEEDS[arguments.action](desk, arguments)
    except InvalidInput as refusal:
        for fault in refusal.faults:
            print(f"  {fault.pointer} {fault.detail}".rstrip(), file=sys.stderr)
        raise
    if arguments.json:
        print(json.dumps(answer))
        return 0
    for line in _lines(arguments, answer):
        print(line)
    return 0


def _lines(arguments: argparse.Namespace, answer: Mapping[str, Any]) -> list[str]:
    if "cases" in answer:
        return list(case_words.table(answer["cases"], _LIST))
    if "tasks" in answer and "options" not in answer:
        return list(case_words.table(answer["tasks"], _TASKS))
    if "options" in answer:
        return list(case_words.page(answer, with_events=getattr(arguments, "events", False)))
    return [
        plain(line) for name, value in answer.items() for line in f"{name}: {value}".splitlines()
    ]


def _list(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    asked = {name: getattr(given, name) for name in ("state", "type", "handler", "before")}
    return desk.get("/staff/cases" + _query(asked))


def _tasks(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.get("/staff/tasks" + _query({"role": given.role}))


def _show(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.get(f"/staff/cases/{given.case}")


def _open(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.post("/staff/cases", _json(given.request))


def _act(desk: CaseDesk, given: argparse.Namespace) -> dict[str, Any]:
    return desk.act(given.case, given.act, given.facts, given.seq)


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
    value = given.value_file.read_text("utf-8").strip() if given.value_file else input("Value: ")
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


_DEEDS: Final[Mapping[str, Callable[[CaseDesk, argparse.Namespace], dict[str, Any]]]] = {
    "list": _list, "tasks": _tasks, "show": _show, "open": _open, "act": _act, "assign": _assign,
    "conflict": _conflict, "file": _file, "write": _write, "pause": _pause, "resume": _resume,
    "extend": _extend, "text": _text, "propose": _propose, "order": _order, "carry-out": _carry_out,
    "release": _release, "receipt": _receipt, "read": _read, "match": _match,
    "pass-phrase": _pass_phrase,
}  # fmt: skip
