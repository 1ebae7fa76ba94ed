"""`privacyproxy escrow keys`: our keys for agents, their certificates, and the recovery key.

`show` prints what an agent has to be given; `add` takes an agent's certificate, whose fingerprint
the roster names; `make-recovery` makes the key of the provider's own copy and prints a share for
each holder, once.
"""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from escrow import desk, recovery_key
from escrow.cli import entering
from proxy.errors import InvalidInput, Refused
from proxy.hosting import flags
from proxy.vault import files

if TYPE_CHECKING:
    import argparse

    from escrow.opening import Unsealing
    from proxy.settings import Settings

CERTIFICATE_LIMIT_OCTETS = 1 << 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the things that can be done to keys."""
    doings = parser.add_subparsers(dest="doing", metavar="DOING", required=True)
    show = doings.add_parser("show", help="print what an agent has to be given")
    add = doings.add_parser("add", help="take an agent's OpenPGP certificate")
    add.add_argument("file", type=Path, metavar="FILE", help="the certificate, armoured or binary")
    make = doings.add_parser("make-recovery", help="make the key of the provider's own copy")
    make.add_argument("out", type=Path, metavar="DIR", help="a new directory for both halves")
    make.add_argument("--holders", type=int, default=3, help="who get a share each (3)")
    make.add_argument("--threshold", type=int, default=2, help="how many must come together (2)")
    for one in (show, add, make):
        flags.add_shared(one, is_action=True)


def run(arguments: argparse.Namespace, settings: Settings, _unsealing: Unsealing[Any]) -> int:
    """0 when it is done."""
    match arguments.doing:
        case "add":
            return _add(arguments, settings)
        case "make-recovery":
            return _make_recovery(arguments)
        case _:
            return _show(arguments, settings)


def _show(arguments: argparse.Namespace, settings: Settings) -> int:
    entering.become_escrow(settings)
    ring = desk.keys(settings.key_dir)
    told = {
        "signing_fingerprint": ring.signer(),
        "signing_certificate": ring.signing_certificate().decode("ascii"),
        "ssh_key": ring.ssh_public_key(),
    }
    if arguments.json:
        print(json.dumps(told))
        return 0
    print(f"Our signatures are made with the OpenPGP key {told['signing_fingerprint']}:")
    print(told["signing_certificate"])
    print(f"We log in with the SSH key:\n{told['ssh_key']}")
    return 0


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        with arguments.file.open("rb") as source:
            certificate = source.read(CERTIFICATE_LIMIT_OCTETS + 1)
    except OSError as error:
        raise InvalidInput("file", f"{arguments.file} can not be read: {error.strerror}.") from None
    entering.become_escrow(settings)
    fingerprint = desk.keys(settings.key_dir).add_certificate(certificate)
    print(
        json.dumps({"fingerprint": fingerprint})
        if arguments.json
        else f"{fingerprint} is kept. It is used where the roster names it as an agent's."
    )
    return 0


def _make_recovery(arguments: argparse.Namespace) -> int:
    out: Path = arguments.out
    made = recovery_key.make(arguments.threshold, arguments.holders, secrets.token_bytes)
    try:
        out.mkdir(mode=files.PRIVATE_DIRECTORY)
        files.write(out / "recovery-certificate.asc", made.certificate)
        files.write(out / "recovery-key.asc", made.protected)
    except FileExistsError:
        raise Refused(
            "escrow_recovery", f"{out} is there already; a recovery key is never replaced."
        ) from None
    except OSError as error:
        raise Refused("escrow_recovery", f"{out} can not be made: {error.strerror}.") from None
    if arguments.json:
        print(json.dumps({"directory": str(out), "shares": made.shares}))
        return 0
    print(
        f"{out} holds the certificate, for the roster and `escrow keys add`, and the protected "
        f"key, to be kept with backups: it is of no use without {arguments.threshold} shares.",
        file=sys.stderr,
    )
    print("Give each share to another holder, on paper. They are shown this once.\n")
    for number, share in enumerate(made.shares, start=1):
        print(f"Share {number} of {arguments.holders}:\n{share}\n")
    return 0
