"""`privacyproxy escrow verify MANIFEST`: signature, hashes, form and counts of a deposit.

For us and for agents: it needs the deposit, the key it is encrypted to, and the certificate of who
signed it; no service and no database. `--receipt` writes what the agent answers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escrow import desk, receipts, verifying
from escrow.cli import reading
from escrow.verifying import Outcome
from proxy.errors import InvalidInput
from proxy.hosting.process import SystemClock

if TYPE_CHECKING:
    import argparse

    from escrow.opening import Unsealing
    from escrow.verifying import Report
    from proxy.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's own arguments."""
    parser.add_argument("manifest", type=Path, metavar="MANIFEST", help="the deposit's manifest")
    parser.add_argument(
        "--receipt", type=Path, metavar="FILE", help="write a receipt, to be signed and sent back"
    )
    reading.add_arguments(parser)


def run(arguments: argparse.Namespace, settings: Settings, _unsealing: Unsealing[Any]) -> int:
    """0 when the deposit is whole, 1 when it is not."""
    reader = reading.reader(arguments, own_certificate(arguments, settings))
    deposit = reading.load(arguments.manifest, reader.signer)
    now = SystemClock().now()
    report = verifying.verify(
        deposit.manifest,
        deposit.paths(),
        lambda path: reader.open_plain(path, is_gzip=reading.is_gzip(path.name)),
        now=now,
    )
    if arguments.receipt is not None:
        reasons = [one.code for one in report.faults]
        try:
            arguments.receipt.write_bytes(receipts.render(deposit.manifest, reasons, now))
        except OSError as error:
            raise InvalidInput(
                "receipt", f"{arguments.receipt} can not be written: {error.strerror}."
            ) from None
    _tell(report, as_json=arguments.json)
    return 0 if report.outcome is Outcome.WHOLE else 1


def own_certificate(arguments: argparse.Namespace, settings: Settings) -> bytes | None:
    """Our own signing certificate, unless another one is named or we have none."""
    # Neither made nor renewed: whoever reads a deposit may be another user than the key's owner.
    if arguments.signer is not None:
        return None
    return desk.keys(settings.key_dir).stored_certificate()


def _tell(report: Report, *, as_json: bool) -> None:
    faults = [
        {"code": one.code, "sentence": one.sentence, "file": one.file} for one in report.faults
    ]
    if as_json:
        told = {
            "outcome": report.outcome.value,
            "format": None if report.format is None else report.format.value,
            "files": report.files,
            "registrations": report.registrations,
            "contacts": report.contacts,
            "faults": faults,
        }
        print(json.dumps(told))
        return
    print(f"{report.outcome.value}: {report.registrations} registrations in {report.files} files")
    for one in faults:
        print(f"{one['file'] or 'deposit'}: {one['sentence']}")
