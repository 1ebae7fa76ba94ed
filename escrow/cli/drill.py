"""`privacyproxy escrow drill STREAM MANIFEST…`: does the last deposit restore everybody?

Restores into a scratch database that is gone afterwards, and compares person by person with the
live vault, which notes that it was asked. Prints counts; ids only of what is wrong.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escrow import drill as drilling
from escrow import manifests, preflight, staging
from escrow.cli import entering, reading
from escrow.cli.progress import bar
from escrow.cli.restore import opened
from escrow.cli.verify import own_certificate
from escrow.opening import DepositRun, are_erased, find_agent
from escrow.recording import Records
from proxy.errors import InvalidInput
from proxy.model.deposit import DepositId
from proxy.model.identifiers import canonical_uuid, uuid7
from proxy.store import deposited, deposits, pool
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator

    from escrow.desk import Parts
    from escrow.drill import Live, Report
    from escrow.model import Manifest, Stream
    from escrow.opening import Unsealing
    from proxy.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's own arguments."""
    parser.add_argument("stream", help="the stream whose deposits these are")
    parser.add_argument(
        "manifests", type=Path, nargs="+", metavar="MANIFEST", help="oldest first, a full one"
    )
    reading.add_arguments(parser)


def run(arguments: argparse.Namespace, settings: Settings, unsealing: Unsealing[Any]) -> int:
    """0 when every person comes back as they are, 1 when one does not."""
    access = entering.login(settings, LoginRole.ESCROW)
    stream = entering.stream(settings, arguments.stream)
    reader = reading.reader(arguments, own_certificate(arguments, settings))
    entering.become_escrow(settings)
    given = [reading.load(path, reader.signer) for path in arguments.manifests]
    newest = given[-1]
    check_stream(newest.manifest, stream)
    parts = entering.parts(settings, access, unsealing.open_record)
    live = LiveVault(parts=parts, stream=stream)

    async def work() -> Report:
        report = await drilling.drill(
            sources,
            live.people(),
            unsealing,
            are_erased=partial(are_erased, parts.ask, stream.tenant_id),
            clock=parts.clock,
            random=secrets.token_bytes,
            progress=progress,
        )
        await _note(parts, stream, newest, report)
        return report

    with (
        opened(given, reader) as sources,
        bar("restored", hidden=arguments.json) as progress,
    ):
        report = asyncio.run(work())
    _tell(report, as_json=arguments.json)
    return 0 if report.is_good else 1


def check_stream(manifest: Manifest, stream: Stream) -> None:
    """Return when the plan's stream is still what it was: else others would be compared."""
    if manifest.stream != stream.id:
        raise InvalidInput("stream", f"These are deposits of {manifest.stream}.")
    of = (manifest.tenant, manifest.accreditation, manifest.whose)
    if of != (str(stream.tenant_id), stream.accreditation, stream.whose):
        raise InvalidInput(
            "stream",
            f"{stream.id} was of registrar {manifest.tenant}, accreditation "
            f"{manifest.accreditation}, when this deposit was made; the plan says otherwise now.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVault:
    """The live vault's people, opened under a run of their own."""

    parts: Parts
    stream: Stream

    async def people(self) -> AsyncIterator[Live]:
        """Everybody in the stream's scope, in order of the registrations' ids."""
        parts, scope = self.parts, staging.scope_of(self.stream, None)
        agent = await find_agent(parts.ask, self.stream.agent)
        run = DepositRun(
            parts.ask,
            parts.unseal,
            run=uuid7(parts.clock.now(), secrets.token_bytes(10)),
            tenant_id=self.stream.tenant_id,
        )
        known = await preflight.count_people(parts.ask, self.stream)
        async with deposited.snapshot(parts.access) as snapshot:
            await preflight.check_people(snapshot, parts.ask, self.stream, scope, known)
            records, root = await staging.root_of(snapshot, scope)
            if not records:
                return
            await run.begin(agent, records=records, root=root)
            async for batch in run.opened(snapshot.rows(scope)):
                for row, plaintext in zip(batch.rows, batch.plaintexts, strict=True):
                    yield drilling.Live(
                        registration_id=row.registration.id,
                        record_version=row.record_version,
                        enrolled_at=row.registration.enrolled_at,
                        plaintext=plaintext,
                    )
            await run.end()


async def _note(parts: Parts, stream: Stream, newest: reading.Deposit, report: Report) -> None:
    """The row of this very deposit and the ledger learn of the drill, if there is such a row."""
    deposit_id = canonical_uuid(newest.manifest.deposit)
    if deposit_id is None:
        return
    async with pool.connected(parts.access) as connection:
        records = Records(stream=stream, connection=connection, clock=parts.clock, draw=parts.draw)
        found = await deposits.find(connection, stream.tenant_id, DepositId(deposit_id))
        if found is None or found.manifest_sha256 != manifests.digest(newest.text):
            return
        facts = {
            "same": report.same,
            "different": report.different,
            "missing": report.missing,
            "changed_since": report.changed_since,
            "lost": report.lost,
        }
        drilled = replace(found, drilled_at=parts.clock.now()) if report.is_good else found
        await records.advance(found, drilled, "deposit_drilled", facts)


def _tell(report: Report, *, as_json: bool) -> None:
    told = {
        "restored": report.restored.registrations,
        "expected": report.restored.expected,
        "same": report.same,
        "different": report.different,
        "missing": report.missing,
        "changed_since": report.changed_since,
        "enrolled_since": report.enrolled_since,
        "gone_since": report.gone_since,
        "lost": report.lost,
        "is_good": report.is_good,
        "different_ids": report.different_ids,
        "missing_ids": report.missing_ids,
        "lost_ids": report.lost_ids,
    }
    if as_json:
        print(json.dumps(told))
        return
    print(
        f"{report.restored.registrations} registrations were restored; {report.same} people are "
        f"the same as in the vault, {report.changed_since} changed since, "
        f"{report.enrolled_since} came and {report.gone_since} went since."
    )
    if report.is_good:
        print("Everybody there was comes back.")
        return
    print("\n".join(_faults(report)))


def _faults(report: Report) -> list[str]:
    """A sentence for each thing that is wrong."""
    counts = report.restored
    told = [
        f"{count} {what}: {', '.join(ids)}."
        for count, what, ids in (
            (report.different, "are different", report.different_ids),
            (report.missing, "are missing", report.missing_ids),
            (
                report.lost,
                "are in the deposits and not in the database, and the vault has not erased them",
                report.lost_ids,
            ),
        )
        if count
    ]
    if counts.registrations != counts.expected:
        told.append(f"There were {counts.expected} registrations: not all of them were restored.")
    if not report.same + report.changed_since:
        told.append("Nobody could be compared.")
    return told
