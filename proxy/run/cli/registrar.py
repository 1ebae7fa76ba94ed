"""`privacyproxy registrar add NAME --iana-id N`: a tenant, its profile and its first API key."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.run import enrolling

if TYPE_CHECKING:
    import argparse

    from proxy.settings import Settings

NAME = "registrar"
HELP = "add a registrar and its API key"
_MAX_NAME: Final = 255


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `registrar`."""
    add = flags.add_action(flags.add_actions(parser), "add", "add a registrar")
    add.add_argument("name", metavar="NAME", help="the registrar's name as answers show it")
    add.add_argument("--iana-id", type=int, required=True, metavar="N", help="its IANA id")
    add.add_argument("--profile", type=Path, metavar="FILE", help="its profile.json")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0, with `id` and `api_key` as JSON on standard output; 1 for a faulty profile."""
    name: str = arguments.name.strip()
    if not 0 < len(name) <= _MAX_NAME or not name.isprintable():
        raise InvalidInput("name", f"NAME takes 1 to {_MAX_NAME} printable characters.")
    if not 0 < arguments.iana_id < 2**31:
        raise InvalidInput("iana_id", "--iana-id takes a whole number above 0.")
    try:
        profile = None if arguments.profile is None else arguments.profile.read_bytes()
    except OSError as error:
        raise InvalidInput("profile", f"The profile can not be read: {error.strerror}.") from None
    now = SystemClock().now()
    try:
        added = asyncio.run(
            enrolling.add_registrar(settings, name, arguments.iana_id, profile, now)
        )
    except InvalidInput as refusal:
        for fault in refusal.faults:
            print(f"  {fault.pointer or '/'}: {fault.detail}", file=sys.stderr)
        raise
    if profile is None:
        print(
            "Without --profile this registrar's answers show invented contacts and hosts: "
            "for trying out only.",
            file=sys.stderr,
        )
    print(json.dumps({"id": str(added.id), "api_key": added.api_key}))
    return 0
