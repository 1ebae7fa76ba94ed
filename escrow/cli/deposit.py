"""`privacyproxy escrow deposit [STREAM]`: make, send and settle a deposit now.

Without a stream it does what is due, and looks for receipts, as the service does by itself.
`--dry-run` makes the files, checks them and throws them away: nothing is sent and no row written,
but the vault's leaf says that records were opened.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import sys
from typing import TYPE_CHECKING, Any

from escrow import chain, collecting, desk, staging
from escrow.cli import entering
from escrow.cli.progress import bar
from escrow.opening import find_agent
from escrow.steps import Steps
from proxy.errors import Conflict, InvalidInput, ProxyError
from proxy.model.deposit import Deposit, Kind, Step
from proxy.model.identifiers import uuid7
from proxy.store import deposits, pool
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import argparse

    from escrow.model import Manifest, Stream
    from escrow.opening import Unsealing
    from proxy.settings import Settings
    from proxy.store.pool import Connection


_GOOD = frozenset({Step.DELIVERED.value, Step.VERIFIED.value, "dry run"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's own arguments."""
    parser.add_argument("stream", nargs="?", help="make a deposit of this stream now")
    parser.add_argument("--incremental", action="store_true", help="what changed, not all")
    parser.add_argument(
        "--dry-run", action="store_true", help="make and check it, send and keep nothing"
    )


def run(arguments: argparse.Namespace, settings: Settings, unsealing: Unsealing[Any]) -> int:
    """0 when every deposit was made and sent; 1 when one was not."""
    access = entering.login(settings, LoginRole.ESCROW)
    if arguments.dry_run and arguments.incremental:
        raise InvalidInput("dry_run", "A dry run makes a full deposit; leave --incremental out.")
    if arguments.stream is None:
        chosen = entering.streams(settings)
        wanted = None
    else:
        chosen = (entering.stream(settings, arguments.stream),)
        wanted = Kind.DIFF if arguments.incremental else Kind.FULL
    entering.become_escrow(settings)
    with bar("registrations", hidden=arguments.json) as progress:
        parts = entering.parts(settings, access, unsealing.open_record, progress)
        work = _dry(parts, chosen) if arguments.dry_run else _make(parts, chosen, wanted)
        told = asyncio.run(work)
    for one in told:
        print(json.dumps(one) if arguments.json else _sentence(one))
    return 0 if all(one["step"] in _GOOD for one in told) else 1


async def _make(
    parts: desk.Parts, chosen: tuple[Stream, ...], wanted: Kind | None
) -> list[dict[str, object]]:
    """What was done to every stream; one that fails does not keep the others from theirs."""
    told: list[dict[str, object]] = []
    for stream in chosen:
        try:
            async with pool.connected(parts.access) as connection:
                told += [_facts(one) for one in await _carry(parts, stream, connection, wanted)]
        except ProxyError as fault:
            told.append(_failure(stream, fault))
    return told


async def _carry(
    parts: desk.Parts, stream: Stream, connection: Connection, wanted: Kind | None
) -> list[Deposit]:
    """What became of the stream's deposits: the one that was made, and those a receipt came for."""
    if not await deposits.lock(connection, stream.id):
        raise Conflict(
            "escrow_busy", f"The service works on {stream.id} just now; see `escrow status`."
        )
    opened = desk.open_desk(parts)
    one = Steps(opened, stream, connection)
    deposit = await one.advance(wanted=wanted)
    while deposit is not None and deposit.step is Step.STAGED:
        deposit = await one.advance(wanted=wanted) or deposit
    settled = await collecting.collect(opened, stream, connection)
    if deposit is None or any(one.id == deposit.id for one in settled):
        return list(settled)
    return [deposit, *settled]


async def _dry(parts: desk.Parts, chosen: tuple[Stream, ...]) -> list[dict[str, object]]:
    told = []
    for stream in chosen:
        opened = desk.open_desk(parts)
        agent = await find_agent(parts.ask, stream.agent)
        now = parts.clock.now()
        deposit = chain.following(
            stream,
            slot=now,
            base=chain.Base(kind=Kind.FULL),
            earlier=(),
            resend=0,
            deposit_id=uuid7(now, secrets.token_bytes(10)),
            now=now,
        )
        place = opened.outbox / f"dry-{deposit.id}"
        try:
            staged = await staging.stage(
                await opened.bench(agent),
                staging.Order(
                    stream=stream,
                    deposit=deposit,
                    agent=agent,
                    directory=place,
                    run=uuid7(now, secrets.token_bytes(10)),
                ),
            )
        finally:
            shutil.rmtree(place, ignore_errors=True)
        told.append(_of_manifest(staged.manifest))
    return told


def _failure(stream: Stream, fault: ProxyError) -> dict[str, object]:
    print(f"privacyproxy escrow: {stream.id}: {fault.detail}", file=sys.stderr)
    return {
        "stream": stream.id,
        "deposit": None,
        "kind": None,
        "step": "failed",
        "registrations": None,
        "files": [],
        "manifest_sha256": None,
        "reason": fault.code,
    }


def _facts(deposit: Deposit) -> dict[str, object]:
    manifest = json.loads(deposit.manifest or "{}")
    return {
        "stream": deposit.stream,
        "deposit": str(deposit.id),
        "kind": deposit.kind.value,
        "step": deposit.step.value,
        "registrations": manifest.get("registrations"),
        "files": [one["name"] for one in manifest.get("files", ())],
        "manifest_sha256": None
        if deposit.manifest_sha256 is None
        else deposit.manifest_sha256.hex(),
        "reason": deposit.reason,
    }


def _of_manifest(manifest: Manifest) -> dict[str, object]:
    return {
        "stream": manifest.stream,
        "deposit": None,
        "kind": manifest.kind.value,
        "step": "dry run",
        "registrations": manifest.registrations,
        "files": [one.name for one in manifest.files],
        "manifest_sha256": None,
        "reason": "",
    }


def _sentence(told: dict[str, object]) -> str:
    if told["step"] == "failed":
        return f"{told['stream']}: nothing was done: {told['reason']}"
    files = told["files"]
    count = len(files) if isinstance(files, list) else 0
    return (
        f"{told['stream']}: {told['kind']} deposit of {told['registrations']} registrations in "
        f"{count} files: {told['step']}"
    )
