"""The worker's key, from which the secrets of webhooks are derived: made once, at its first start.

Who loses it has to give every registrar a new secret; a copy belongs with the other keys'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.errors import Unavailable
from proxy.vault import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DIRECTORY: Final = "worker"
NAME: Final = "webhook.key"
_WORD: Final = "privacyproxy-webhook-v1"
_OCTETS: Final = 32
_LIMIT_OCTETS: Final = 1024


def ensure(key_dir: Path, random: Callable[[int], bytes]) -> bytes:
    """The key; made where there is none."""
    folder = key_dir / DIRECTORY
    files.make_directory(folder)
    if not (folder / NAME).exists():
        files.write(folder / NAME, f"{_WORD} {random(_OCTETS).hex()}\n".encode())
    return read(key_dir)


def read(key_dir: Path) -> bytes:
    """The key; raises Unavailable `webhook_key`."""
    path = key_dir / DIRECTORY / NAME
    try:
        content = files.read(path, _LIMIT_OCTETS)
    except PermissionError:
        raise Unavailable(
            "webhook_key", f"{path} can not be read by this user: run as who started the service."
        ) from None
    if content is None:
        raise Unavailable(
            "webhook_key", f"There is no {path}: start the service once, or put it back."
        )
    word, _, text = content.decode("ascii", "replace").strip().partition(" ")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if word != _WORD or len(key) != _OCTETS:
        raise Unavailable("webhook_key", f"{path} is damaged: put it back from its backup.")
    return key
