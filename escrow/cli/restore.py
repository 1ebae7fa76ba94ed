"""`privacyproxy escrow restore MANIFEST…`: an empty service, rebuilt from recovery deposits.

One full deposit, then those that build on it, oldest first. The service must have run once, so that
there are keys to seal with, and must not know the registrar. All or nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escrow import restore as restoring
from escrow.cli import entering, reading
from escrow.cli.progress import bar
from escrow.cli.verify import own_certificate
from escrow.model import FormatName
from proxy import settings as settings_module
from proxy.errors import Refused
from proxy.hosting.process import SystemClock
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from escrow.opening import Unsealing
    from escrow.restore import Counts
    from proxy.settings import Settings

API_KEYS = Path("api") / "api.json"  # in the key directory
PIN = "vault.pub"  # in the data directory


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's own arguments."""
    parser.add_argument(
        "manifests", type=Path, nargs="+", metavar="MANIFEST", help="oldest first, a full one"
    )
    parser.add_argument(
        "--into",
        metavar="URL",
        help="the database of the service; by default the one of --data-dir",
    )
    reading.add_arguments(parser)


def run(arguments: argparse.Namespace, settings: Settings, _unsealing: Unsealing[Any]) -> int:
    """0 when everybody is back, 1 when the deposits hold fewer than there were."""
    if arguments.into is not None:  # by way of the setting's own check: no password in it
        given = settings_module.dump(settings) | {"database_url": arguments.into}
        settings = settings_module.load(given)
    access = entering.login(settings, LoginRole.OWNER)
    reader = reading.reader(arguments, own_certificate(arguments, settings))
    given_deposits = [reading.load(path, reader.signer) for path in arguments.manifests]
    clock = SystemClock()

    async def work(
        sources: Sequence[Iterator[bytes]], progress: Callable[[int, int], None]
    ) -> Counts:
        sealer = await restoring.open_sealer(
            access,
            api_keys=settings.key_dir / API_KEYS,
            pin=settings.data_dir / PIN,
            clock=clock,
            random=secrets.token_bytes,
        )
        return await restoring.restore(
            sources,
            access,
            sealer=sealer,
            now=clock.now(),
            random=secrets.token_bytes,
            progress=progress,
        )

    with (
        opened(given_deposits, reader) as sources,
        bar("restored", hidden=arguments.json) as progress,
    ):
        counts = asyncio.run(work(sources, progress))
    _tell(counts, as_json=arguments.json)
    return 0 if counts.registrations == counts.expected else 1


@contextlib.contextmanager
def opened(
    deposits: Sequence[reading.Deposit], reader: reading.Reader
) -> Iterator[tuple[Iterator[bytes], ...]]:
    """The lines of each deposit, decrypted as they are read; all is closed with the block.

    Refused `restore_format`, or `deposit_file` for a file that is not the manifest's: names are
    no proof, as an older deposit's file is signed by us as well.
    """
    for one in deposits:
        if one.manifest.format is not FormatName.RECOVERY:
            raise Refused(
                "restore_format",
                f"The deposit of {one.manifest.stream} is in an agent's format, which has lost "
                "fields; a restore needs recovery deposits.",
            )
        one.check_files()
    with contextlib.ExitStack() as stack:
        yield tuple(
            stack.enter_context(contextlib.closing(reading.lines(one, reader))) for one in deposits
        )


def _tell(counts: Counts, *, as_json: bool) -> None:
    told = {
        "registrar": str(counts.tenant_id),
        "watermark": f"{counts.watermark:%Y-%m-%dT%H:%M:%SZ}",
        "deposits": counts.deposits,
        "registrations": counts.registrations,
        "expected": counts.expected,
    }
    if as_json:
        print(json.dumps(told))
        return
    print(
        f"{counts.registrations} registrations of registrar {counts.tenant_id} are back as they "
        f"were on {told['watermark']}; the vault takes their contacts over within minutes."
    )
    if counts.registrations != counts.expected:
        print(
            f"There were {counts.expected}: the deposits do not hold all of them. Look for a later "
            "or another one.",
            file=sys.stderr,
        )
