"""How a command of ours ends: its exit code, and one sentence for each thing that can go wrong.

Exit codes: 0 done, 1 failed with a reason, 2 wrong use.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from proxy import logs
from proxy.errors import InvalidInput, ProxyError

if TYPE_CHECKING:
    from collections.abc import Callable


def guarded(name: str, action: Callable[[], int]) -> int:
    """The exit code of `action`; what it raises is told on standard error, without values."""
    try:
        return action()
    except InvalidInput as error:
        _say(name, error.detail)
        return 2 if error.code == "invalid_settings" or error.code.startswith("config_") else 1
    except ProxyError as error:
        _say(name, error.detail)
        return 1
    except KeyboardInterrupt:
        _say(name, "interrupted")
        return 1
    except BrokenPipeError:
        return 1
    except Exception as error:  # noqa: BLE001 - a bug; its text may hold what nobody should read
        where = "; ".join(logs.places(error, most=3))
        _say(name, f"this is a bug, please report it: {type(error).__name__} at {where}")
        return 1


def _say(name: str, sentence: str) -> None:
    print(f"privacyproxy {name}: {sentence}", file=sys.stderr)
