"""`privacyproxy keys status|rotate|retry|rewrap`: the vault's keys.

The first three ask the running vault over the operator's Unix socket, hold no key and read none. A
rotation goes on in the vault when this command is interrupted; the same command shows its progress
again. `rewrap` changes how the root key's file keeps it, while nothing runs.
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from proxy.errors import Unavailable
from proxy.hosting import directory, vault_calls
from proxy.wire import frames

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from proxy.settings import Settings
    from proxy.wire.frames import Answer, Request

NAME = "keys"
HELP = "show or rotate the vault's keys"
SOCKET_NAME = "vault.operator"
ANSWER_WAIT_S = 120.0  # between two frames; a batch of a rotation takes well under a second
_DAY_S = 86_400
_ROOTS = {"file": "open in its file", "passphrase": "wrapped with a pass phrase"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `keys`."""
    parser.add_argument(
        "action",
        choices=("status", "rotate", "retry", "rewrap"),
        help="status: epochs, ages, counts; rotate: new epochs, every record re-wrapped while"
        " serving; retry: try failed adoptions again; rewrap: with the service stopped, keep the"
        " root key as the setting root_provider says, or under another pass phrase",
    )
    parser.add_argument(
        "--compromised",
        action="store_true",
        help="rotate: encrypt every record anew, because keys may have been seen",
    )
    parser.add_argument(
        "--new-root", action="store_true", help="rotate: replace the root key as well"
    )
    parser.add_argument(
        "--new-passphrase-file",
        type=Path,
        metavar="FILE",
        help="rewrap: holds the pass phrase to change to; without it you are asked",
    )


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 done, 1 when records could not be moved; raises Unavailable when no vault runs."""
    if arguments.action == "rewrap":
        from proxy.run import rewrapping  # noqa: PLC0415 - the one action that touches key files

        print(rewrapping.rewrap(settings, arguments.new_passphrase_file))
        return 0
    path = socket_path(settings.data_dir)
    match arguments.action:
        case "status":
            return _status(path, as_json=arguments.json)
        case "rotate":
            request = frames.Rotate(compromised=arguments.compromised, new_root=arguments.new_root)
            return _rotate(path, request, as_json=arguments.json)
        case _:
            answer = last(ask(path, frames.Retry()))
            print(json.dumps({"retried": answer["retried"]}))
            return 0


def socket_path(data_dir: Path) -> Path:
    """Where the running vault listens for the operator; Unavailable when nothing runs."""
    run_dir = directory.running(data_dir).get("run_dir")
    if not isinstance(run_dir, str):
        raise Unavailable("vault", f"No service runs on {data_dir}; start it with `up`.")
    return Path(run_dir) / SOCKET_NAME


def ask(path: Path, request: Request) -> Iterator[Answer]:
    """The frames of the vault's answer.

    Raises what the vault refused with, Unavailable when it does not answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(ANSWER_WAIT_S)
        try:
            connection.connect(str(path))
            connection.sendall(frames.render(request))
            while True:
                length = frames.length(
                    _exactly(connection, frames.LENGTH_OCTETS), frames.ANSWER_LIMIT_OCTETS
                )
                answer = frames.parse_answer(_exactly(connection, length))
                if "error" in answer:
                    raise vault_calls.fault(
                        {"detail": f"The vault says {answer['error']}.", **_told(answer)}
                    )
                yield answer
                if answer.get("done") is True:
                    return
        except OSError:
            raise Unavailable(
                "vault", f"The vault does not answer on {path}; is the service running as you?"
            ) from None


def _told(answer: Answer) -> Answer:
    return {name: value for name, value in answer.items() if value != ""}


def last(answers: Iterator[Answer]) -> Answer:
    """The final frame."""
    answer: Answer = {}
    for answer in answers:  # noqa: B007 - only the last one counts
        pass
    return answer


def _exactly(connection: socket.socket, octets: int) -> bytes:
    received = b""
    while len(received) < octets:
        part = connection.recv(octets - len(received))
        if not part:
            raise ConnectionError
        received += part
    return received


def _status(path: Path, *, as_json: bool) -> int:
    answer = last(ask(path, frames.Status()))
    if as_json:
        print(json.dumps({name: value for name, value in answer.items() if name != "done"}))
        return 0
    console = Console()
    if answer["state"] != "ready":
        console.print(f"[bold red]State lost.[/] {answer['state_detail']}")
    console.print(f"Root key: {_ROOTS[str(answer['root_provider'])]}")
    epochs = Table(title="Key epochs")
    for name in ("class", "epoch", "age", "records", "remark"):
        epochs.add_column(name, justify="right" if name in {"epoch", "age", "records"} else "left")
    for one in _rows(answer["epochs"]):
        remark = "destroyed" if one["destroyed"] else "empty" if one["emptied_at"] else ""
        days = f"{int(cast('int', one['age_s'])) // _DAY_S} d"
        epochs.add_row(str(one["class"]), str(one["epoch"]), days, str(one["records"]), remark)
    console.print(epochs)
    intake = Table(title="Intake keys")
    for name in ("id", "age", "seals until"):
        intake.add_column(name)
    for one in _rows(answer["intake_keys"]):
        hours = f"{int(cast('int', one['age_s'])) // 3600} h"
        intake.add_row(str(one["id"]), hours, str(one["not_after"]))
    console.print(intake)
    adoption = cast("Mapping[str, int]", answer["adoption"])
    console.print(f"Adoption: {adoption['waiting']} waiting, {adoption['failed']} failed.")
    console.print(f"Ledger: {answer['ledger_size']} leaves. {answer['ledger_fault']}".strip())
    console.print(f"Rotation: {_sentence(answer['rotation'])}")
    return 0


def _rotate(path: Path, request: frames.Rotate, *, as_json: bool) -> int:
    answers = ask(path, request)
    if as_json:
        final: Answer = {}
        for final in answers:
            print(json.dumps(final), flush=True)
        return _exit_code(final)
    bar = Progress(
        TextColumn("re-encrypting" if request.compromised else "re-wrapping"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    final = {}
    with bar:
        task = bar.add_task("rotation", total=None)
        for final in answers:
            progress = cast("Mapping[str, int]", final["rotation"])
            bar.update(task, total=progress["total"], completed=progress["done"])
    print(f"Rotation finished: {_sentence(final['rotation'])}", file=sys.stdout)
    return _exit_code(final)


def _exit_code(final: Answer) -> int:
    progress = cast("Mapping[str, int]", final["rotation"])
    return 1 if progress["unreadable"] else 0


def _sentence(rotation: object) -> str:
    if rotation is None:
        return "none under way."
    one = cast("Mapping[str, int]", rotation)
    said = f"{one['done']} of {one['total']} records under epoch {one['target_epoch']}"
    return f"{said}, {one['unreadable']} unreadable." if one["unreadable"] else f"{said}."


def _rows(value: object) -> Sequence[Mapping[str, object]]:
    return cast("Sequence[Mapping[str, object]]", value)
