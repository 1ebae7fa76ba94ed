"""The escrow program: `privacyproxy escrow ACTION`, and the service's escrow process.

Each action is a module `escrow.cli.<action>` with `configure(parser)` and
`run(arguments, settings) -> int`, imported only when it is asked for. `serve` is for the supervisor
alone. Settings are read here and handed down. Exit codes: 0 done, 1 failed with a reason, 2 wrong
use.
"""

from __future__ import annotations

import argparse
import gc
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from escrow.opening import Unsealing
from proxy import logs
from proxy import settings as settings_module
from proxy.errors import InvalidInput
from proxy.hosting import commands, flags, isolation
from proxy.vault import unseal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from proxy.settings import Settings

NAME = "escrow"
SERVE = "serve"

ACTIONS: Mapping[str, str] = {
    "deposit": "make, send and settle deposits now",
    "status": "how every stream stands, and what needs somebody",
    "keys": "our keys for agents, their certificates, the recovery key",
    "portfolio": "declare the names that a registrar sponsors",
    "verify": "check a deposit's signature, hashes, form and counts",
    "restore": "rebuild an empty service from recovery deposits",
    "drill": "restore into a scratch database and compare with the live vault",
}
"""Every action with its help, in the order of `--help`; each is a case of `_action` too."""


class Action(Protocol):
    """What an action's module offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the action's own arguments."""
        ...

    def run(
        self, arguments: argparse.Namespace, settings: Settings, unsealing: Unsealing[Any]
    ) -> int:
        """The exit code; `unsealing` opens records with keys that the vault or the drill gives."""
        ...


def main(arguments: Sequence[str]) -> int:
    """The exit code of one command line; 2 comes from argparse as SystemExit."""
    given = _parser(arguments).parse_args(arguments)

    def act() -> int:
        if given.action == SERVE:
            return _serve(given.boot)
        given_flags = {name: getattr(given, name) for name in ("data_dir", "key_dir")}
        settings = settings_module.from_environment(given.config, given_flags)
        logs.configure(format_name=settings.log_format, level="warning")
        # Told to end, it tidies up as when interrupted.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        isolation.hide_memory()  # plaintext and keys pass through a command as well
        module: Action = given.module
        _settle()
        return module.run(given, settings, _unsealing())

    return commands.guarded(NAME, act)


def _serve(boot: int) -> int:
    """The life of the escrow process; it learns its settings from its supervisor."""
    from escrow import serve  # noqa: PLC0415 - the process's code, which no action loads
    from proxy.hosting import child  # noqa: PLC0415 - as well

    _settle()
    return child.main(boot, partial(serve.serve, unseal=unseal.open_record), role=NAME)


def _settle() -> None:
    """What is loaded now stays: while rows pass by the million, no collection looks at it again.

    Measured: a tenth of a deposit's time went there.
    """
    gc.freeze()


def _unsealing() -> Unsealing[Any]:
    return Unsealing(
        decapsulate=unseal.decapsulate,
        unwrap_intake=unseal.unwrap_intake,
        open_record=unseal.open_record,
    )


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"privacyproxy {NAME}",
        description="Make, send, verify and restore deposits.",
        allow_abbrev=False,
    )
    flags.add_shared(parser)
    actions = flags.add_actions(parser)
    serving = actions.add_parser(SERVE, allow_abbrev=False)  # no help: no command for people
    serving.add_argument(
        "--boot", type=int, required=True, help="set by a supervisor: its descriptor"
    )
    for name, sentence in ACTIONS.items():
        sub = flags.add_action(actions, name, sentence)
        if name not in arguments:
            continue  # not asked for: its module stays unread
        module = _action(name)
        sub.set_defaults(module=module)
        module.configure(sub)
    return parser


def _action(name: str) -> Action:
    """The module of an action; static imports, so that walls and types see them."""
    match name:
        case "deposit":
            from escrow.cli import deposit  # noqa: PLC0415 - one action's code at a time

            return deposit
        case "status":
            from escrow.cli import status  # noqa: PLC0415 - one action's code at a time

            return status
        case "keys":
            from escrow.cli import keys  # noqa: PLC0415 - one action's code at a time

            return keys
        case "portfolio":
            from escrow.cli import portfolio  # noqa: PLC0415 - one action's code at a time

            return portfolio
        case "verify":
            from escrow.cli import verify  # noqa: PLC0415 - one action's code at a time

            return verify
        case "restore":
            from escrow.cli import restore  # noqa: PLC0415 - one action's code at a time

            return restore
        case "drill":
            from escrow.cli import drill  # noqa: PLC0415 - one action's code at a time

            return drill
        case _:
            raise InvalidInput("action", "There is no such action.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
