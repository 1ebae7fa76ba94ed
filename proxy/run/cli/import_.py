"""`privacyproxy import FILE.ndjson --registrar ID`: enrol a file through the service's own API.

Resumable: the operation's id is kept under the data directory beside a digest of the file, so that
the same command goes on where an earlier one stopped. Needs a running service. The API key comes
from a file, or is made for this one import with the operator's database login and revoked after.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from proxy.client import calling, uploading
from proxy.errors import InvalidInput, Unavailable
from proxy.hosting import directory
from proxy.hosting.process import SystemClock
from proxy.model import identifiers
from proxy.model.identifiers import Scope
from proxy.run import enrolling

if TYPE_CHECKING:
    import argparse

    from proxy.apps.api.import_answers import OperationAnswer
    from proxy.settings import Settings

NAME = "import"
HELP = "enrol registrations from an NDJSON file"
_STATE_DIRECTORY: Final = "imports"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument("file", type=Path, metavar="FILE", help="one registration a line")
    parser.add_argument("--registrar", type=UUID, required=True, metavar="ID", help="whose names")
    parser.add_argument(
        "--api-key-file",
        type=Path,
        metavar="FILE",
        help="a key to use instead of a short-lived one",
    )
    parser.add_argument("--api-url", metavar="URL", help="a service on another machine")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when every line was taken, 1 when the import or any line failed."""
    file: Path = arguments.file
    try:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise InvalidInput("file", f"{file} can not be read: {error.strerror}.") from None
    url = arguments.api_url or directory.running(settings.data_dir).get("api")
    if not isinstance(url, str):
        raise Unavailable("api", f"No service runs on {settings.data_dir}; start it with `up`.")
    state = _state_path(settings, arguments.registrar, digest)
    operation = asyncio.run(_import(arguments, settings, url, state, file.stat().st_size))
    state.unlink(missing_ok=True)
    _tell(operation, as_json=arguments.json)
    return 0 if operation.state == "succeeded" and not operation.failed else 1


def _state_path(settings: Settings, registrar: UUID, digest: str) -> Path:
    folder = settings.data_dir / _STATE_DIRECTORY
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable("data_dir", f"{folder} can not be made: {error.strerror}.") from None
    return folder / f"{registrar}-{digest[:32]}.json"


def _operation_id(state: Path) -> UUID:
    """The operation an earlier run began for the same file, or a new one."""
    try:
        return UUID(json.loads(state.read_text("utf-8"))["operation"])
    except (OSError, ValueError, KeyError, TypeError):
        made = identifiers.uuid7(SystemClock().now(), secrets.token_bytes(10))
        state.write_text(json.dumps({"operation": str(made)}) + "\n", "utf-8")
        return made


async def _import(
    arguments: argparse.Namespace, settings: Settings, url: str, state: Path, octets: int
) -> OperationAnswer:
    file: Path = arguments.file
    columns = (TextColumn("import"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    console = Console(file=sys.stderr)
    with Progress(*columns, console=console, disable=arguments.json) as progress:
        task = progress.add_task("import", total=octets)

        async def send(key: str) -> OperationAnswer:
            return await uploading.upload(
                uploading.Upload(
                    api_url=url,
                    api_key=key,
                    file=file,
                    registrar=arguments.registrar,
                    operation_id=_operation_id(state),
                    progress=lambda sent: progress.update(task, completed=sent),
                )
            )

        if arguments.api_key_file is not None:
            return await send(calling.read_key(arguments.api_key_file))
        clock = SystemClock()
        scopes = frozenset({Scope.IMPORTS_WRITE})
        key_id, key = await enrolling.add_key(settings, arguments.registrar, scopes, clock.now())
        try:
            return await send(key)
        finally:
            await enrolling.revoke_key(settings, key_id, clock.now())


def _tell(operation: OperationAnswer, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(operation).decode())
        return
    absent = operation.absent
    print(f"{operation.state}: {operation.done} lines, {operation.failed} failed", end="")
    print("" if absent is None else f"; {absent} live names are not in the file")
    if operation.failed:
        print(f"see GET {operation.errors_url}")
