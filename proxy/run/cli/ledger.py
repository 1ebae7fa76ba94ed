"""`privacyproxy ledger show|copy|verify|prove|witness|anchor`: the public ledger, from outside.

All but `prove` need no service of ours on this machine: an address, a directory of files. What is
wrong is said as `code: sentence` on standard error, with exit code 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import secrets
import signal
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from proxy.errors import InvalidInput, NotFound, ProxyError, Unavailable
from proxy.hosting import directory
from proxy.hosting.process import SystemClock
from proxy.run import anchoring, ledger_copy, ledger_remote, ledger_verify, witnessing
from proxy.run.cli import keys
from proxy.run.cli.plain import plain
from proxy.vault import checkpoint, files, receipt, verifier
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from proxy.settings import Settings
    from proxy.vault.verifier import VerifierKey

NAME = "ledger"
HELP = "show, copy, verify or witness the public ledger"
INTERVAL_S = 60.0
_FILE_LIMIT_OCTETS = 65_536


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions of `ledger`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = actions.add_parser("show", help="the newest checkpoint and its witnesses")
    copy = actions.add_parser("copy", help="make or grow a copy as static files, checked")
    verify = actions.add_parser("verify", help="verify a copy, offline")
    prove = actions.add_parser("prove", help="the receipt of an entry, from the running vault")
    witness = actions.add_parser("witness", help="watch a ledger and cosign what it shows")
    anchor = actions.add_parser("anchor", help="have a copy's checkpoint time-stamped (RFC 3161)")
    for one in (show, copy, witness):
        one.add_argument("--url", metavar="URL", help="the ledger, such as https://HOST/ledger")
    for one in (copy, witness, anchor):
        one.add_argument("--dir", type=Path, required=True, metavar="DIR", help="where files lie")
    for one in (copy, verify, witness):
        one.add_argument(
            "--key", metavar="VKEY", help="the ledger's verifier key, or a file that holds it"
        )
    _configure_verify(verify)
    copy.add_argument(
        "--most",
        type=int,
        default=ledger_copy.MOST_LEAVES,
        metavar="LEAVES",
        help="new leaves that one run fetches at most (default %(default)s)",
    )
    prove.add_argument("entry", metavar="ENTRY", help="the id of the entry")
    prove.add_argument("--out", type=Path, metavar="FILE", help="where to; standard output else")
    _configure_witness(witness)
    anchor.add_argument("--url", required=True, metavar="TSA", help="the authority's address")
    anchor.add_argument("--tsa-cert", type=Path, metavar="PEM", help="verify the stamp at once")
    for one in (show, copy, verify, prove, witness, anchor):
        # Taken before and after the action alike; a default would undo what stood before.
        for flag in ("--data-dir", "--key-dir"):
            one.add_argument(flag, metavar="DIR", default=argparse.SUPPRESS, help="as for `up`")
        one.add_argument("--config", metavar="FILE", type=Path, default=argparse.SUPPRESS)
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _configure_verify(verify: argparse.ArgumentParser) -> None:
    verify.add_argument("directory", type=Path, metavar="DIR", help="a copy")
    several = {
        "--checkpoint": "an older checkpoint of this ledger, bare or cosigned",
        "--witness": "a file with verifier keys of witnesses: each must have cosigned",
        "--receipt": "a receipt that the copy must bear out",
        "--anchor": "a time stamp over a checkpoint",
    }
    for flag, sentence in several.items():
        verify.add_argument(
            flag, type=Path, action="append", default=[], metavar="FILE", help=sentence
        )
    verify.add_argument("--tsa-cert", type=Path, metavar="PEM", help="whom --anchor believes")


def _configure_witness(witness: argparse.ArgumentParser) -> None:
    witness.add_argument("--name", metavar="NAME", help="the witness's name, at its first start")
    witness.add_argument(
        "--interval", type=float, default=INTERVAL_S, metavar="S", help="seconds between looks"
    )
    witness.add_argument(
        "--once",
        action="store_true",
        help="one look; exit 1 when anything is wrong. Without it the witness goes on, says what"
        " is wrong at every look, and exits 1 once stopped if the ledger forked or shrank",
    )
    witness.add_argument("--post", action="store_true", help="hand cosignatures to the ledger")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when all is well; 1 with the reason's code and sentence when not."""
    actions: dict[str, Callable[[argparse.Namespace, Settings], int]] = {
        "show": _show,
        "copy": _copy,
        "verify": _verify,
        "prove": _prove,
        "witness": _witness,
        "anchor": _anchor,
    }
    try:
        return actions[arguments.action](arguments, settings)
    except ProxyError as error:
        _say_failure(error, as_json=arguments.json)
        return 1


def _say_failure(error: ProxyError, *, as_json: bool) -> None:
    sentence = ledger_verify.sentence(error)
    if as_json:
        print(json.dumps({"failed": error.code, "detail": sentence}), flush=True)
    else:
        print(plain(f"{error.code}: {sentence}"), file=sys.stderr, flush=True)


def _url(arguments: argparse.Namespace, settings: Settings) -> str:
    """The ledger's address: as given, or that of the service that runs here."""
    if arguments.url is not None:
        return str(arguments.url)
    web = directory.running(settings.data_dir).get("web")
    if not isinstance(web, str):
        raise Unavailable("web", f"No service runs on {settings.data_dir}; give --url.")
    return f"{web}/ledger"


def _key(text: str) -> VerifierKey:
    """A verifier key, written out or in a file."""
    try:
        return verifier.parse(text)
    except InvalidInput:
        content = _read(Path(text))
    try:
        return verifier.parse(content.decode(errors="replace").strip())
    except InvalidInput:
        raise InvalidInput("verifier_key", f"{text} holds no verifier key.") from None


def _read(path: Path) -> bytes:
    try:
        content = files.read(path, _FILE_LIMIT_OCTETS)
    except OSError:
        content = None
    if content is None:
        raise NotFound("file", f"{path} can not be read.")
    return content


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    async def ask() -> tuple[str, str, str]:
        async with ledger_remote.opened(_url(arguments, settings)) as remote:
            return await remote.checkpoint(), await remote.key(), await remote.witnesses()

    signed, key, witnesses = asyncio.run(ask())
    log = verifier.parse(key)
    seen = checkpoint.opened(signed, log)
    facts = ledger_verify.shown(signed, log, witnesses, SystemClock().now())
    if arguments.json:
        print(json.dumps(facts))
        return 0
    print(f"{seen.size} leaves, root {seen.root.hex()}")
    print(plain(f"signed by {key}, as the ledger itself says"))
    for name, at in cast("dict[str, str | None]", facts["witnesses"]).items():
        when = "has not cosigned this one" if at is None else f"cosigned at {at}"
        print(plain(f"{name}: {when}"))
    return 0


def _copy(arguments: argparse.Namespace, settings: Settings) -> int:
    key = None if arguments.key is None else _key(arguments.key)
    copy = ledger_copy.Copy(arguments.dir)

    async def work(progress: Callable[[int, int], None]) -> ledger_copy.Copied:
        async with ledger_remote.opened(_url(arguments, settings)) as remote:
            return await ledger_copy.grow(remote, copy, key, progress, most=arguments.most)

    with _bar("copy", is_quiet=arguments.json) as progress:
        done = asyncio.run(work(progress))
    if arguments.json:
        facts = {"size": done.size, "old_size": done.old_size, "fetched": done.fetched}
        print(json.dumps(facts))
    else:
        print(f"{done.size} leaves, {done.size - done.old_size} of them new; every one checked.")
    return 0


def _verify(arguments: argparse.Namespace, _settings: Settings) -> int:
    question = ledger_verify.Question(
        directory=arguments.directory,
        key=None if arguments.key is None else _key(arguments.key),
        older=tuple(arguments.checkpoint),
        witnesses=tuple(arguments.witness),
        receipts=tuple(arguments.receipt),
        anchors=tuple(arguments.anchor),
        tsa_certificates=arguments.tsa_cert,
    )
    with _bar("verify", is_quiet=arguments.json) as progress:
        report = ledger_verify.verify(question, SystemClock().now(), progress)
    if arguments.json:
        facts = {
            "size": report.size,
            "root": report.root.hex(),
            "proved": report.proved,
            "not_proved": report.not_proved,
        }
        print(json.dumps(facts))
        return 0
    print("Proved:")
    for one in report.proved:
        print(plain(f"  {one}"))
    print("Not proved:")
    for one in report.not_proved:
        print(plain(f"  {one}"))
    return 0


def _prove(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        entry = str(uuid.UUID(arguments.entry))
    except ValueError:
        raise InvalidInput("entry_id", "An entry's id is a UUID.") from None
    path = keys.socket_path(settings.data_dir)
    answer = keys.last(keys.ask(path, frames.Prove(entry=entry)))
    content = receipt.render(receipt.parse(json.dumps(answer["receipt"]).encode()))
    if arguments.out is None:
        sys.stdout.write(content.decode())
    else:
        files.write(arguments.out, content)
        print(f"{arguments.out}: what happened, and that it is in the ledger. Give it to who asks.")
    return 0


def _witness(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.key is None:
        raise InvalidInput("verifier_key", "--key is needed: whom to watch.")
    if not arguments.interval > 0:
        raise InvalidInput("interval", "--interval takes seconds above 0.")
    log, url = _key(arguments.key), _url(arguments, settings)
    is_made = witnessing.ready(arguments.dir, arguments.name, secrets.token_bytes)
    own = verifier.render(witnessing.own_key(arguments.dir, log))
    print(plain(f"witness {'made' if is_made else 'is'} {own}"), flush=True)
    watch = _Watch(arguments, log, url)
    asyncio.run(watch.look() if arguments.once else _until_stopped(watch))
    return int(watch.has_misbehaved)


async def _until_stopped(watch: _Watch) -> None:
    """Watch until SIGINT or SIGTERM."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stopping.set)
    await watch.go_on(stopping)


class _Watch:
    """Looks, again and again."""

    def __init__(self, arguments: argparse.Namespace, log: VerifierKey, url: str) -> None:
        self._arguments = arguments
        self._log = log
        self._url = url
        self._clock = SystemClock()
        self.has_misbehaved = False

    async def look(self) -> None:
        """One look."""
        async with ledger_remote.opened(self._url) as remote:
            found = await witnessing.look(
                remote, self._arguments.dir, self._log, self._clock.now(), post=self._arguments.post
            )
        facts = {"cosigned": found.size, "new": found.is_new}
        said = f"cosigned {found.size} leaves{'' if found.is_new else ', as before'}"
        print(json.dumps(facts) if self._arguments.json else said, flush=True)

    async def go_on(self, stopping: asyncio.Event) -> None:
        """Look until told to stop; what is wrong is said at every look."""
        while not stopping.is_set():
            try:
                await self.look()
            except ProxyError as error:
                self.has_misbehaved |= error.code in witnessing.MISBEHAVIOUR
                _say_failure(error, as_json=self._arguments.json)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self._arguments.interval)


def _anchor(arguments: argparse.Namespace, _settings: Settings) -> int:
    certificates = None if arguments.tsa_cert is None else _read(arguments.tsa_cert)
    copy = ledger_copy.Copy(arguments.dir)
    done = asyncio.run(anchoring.stamp(copy, arguments.url, certificates))
    at = None if done.at is None else done.at.isoformat()
    if arguments.json:
        print(json.dumps({"size": done.size, "file": str(done.path), "at": at}))
    else:
        checked = "not verified; give --tsa-cert" if at is None else f"it existed by {at}"
        print(f"{done.path}: the checkpoint of {done.size} leaves; {checked}.")
    return 0


@contextlib.contextmanager
def _bar(what: str, *, is_quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A progress bar over leaves, on standard error."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=is_quiet) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
