"""`privacyproxy escrow portfolio STREAM NAMES.txt`: what the registrar says it sponsors.

A deposit that we make for a registrar is refused unless the names here are those it declared: a
name that we do not know would be missing from what its customers are saved with.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escrow.cli import entering
from escrow.model import EVERY_ACCREDITATION
from proxy.errors import InvalidInput
from proxy.hosting.process import SystemClock
from proxy.model import names
from proxy.store import pool, portfolios
from proxy.store.logins import LoginRole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from escrow.opening import Unsealing
    from proxy.model.identifiers import DomainName
    from proxy.settings import Settings

LINE_LIMIT_OCTETS = 1_024  # a name has 253


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the action's own arguments."""
    parser.add_argument("stream", help="whose registrar and accreditation are meant")
    parser.add_argument("file", type=Path, metavar="NAMES.txt", help="one domain name a line")


def run(arguments: argparse.Namespace, settings: Settings, _unsealing: Unsealing[Any]) -> int:
    """0 when the names are kept in place of those declared before."""
    stream = entering.stream(settings, arguments.stream)
    if stream.accreditation == EVERY_ACCREDITATION:
        raise InvalidInput("portfolio", "A portfolio is of one accreditation.")
    access = entering.login(settings, LoginRole.OPERATOR)

    async def declare() -> int:
        async with pool.connected(access) as connection:
            return await portfolios.declare(
                connection,
                stream.tenant_id,
                stream.accreditation,
                _names(arguments.file),
                SystemClock().now(),
            )

    count = asyncio.run(declare())
    told = {"stream": stream.id, "accreditation": stream.accreditation, "names": count}
    print(
        json.dumps(told)
        if arguments.json
        else f"{count} names are declared for {stream.accreditation}."
    )
    return 0


def _names(file: Path) -> Iterator[DomainName]:
    try:
        with file.open("rb") as source:
            for number, line in enumerate(source, start=1):
                text = line[:LINE_LIMIT_OCTETS].decode("utf-8", "replace").strip()
                if text:
                    yield _name(text, number)
    except OSError as error:
        raise InvalidInput("file", f"{file} can not be read: {error.strerror}.") from None


def _name(text: str, number: int) -> DomainName:
    try:
        return names.parse_domain_name(text)
    except InvalidInput as fault:
        raise InvalidInput("portfolio", f"Line {number}: {fault.detail}") from None
