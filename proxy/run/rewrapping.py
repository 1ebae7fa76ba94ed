"""`keys rewrap`: the same root key under another pass phrase, wrapped, or open again.

Works on the files while nothing runs, and holds the data directory meanwhile, so that no vault
can start in between. Killed at any point it leaves a root that the old phrase opens, or the new.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from proxy.errors import Unavailable
from proxy.hosting import directory
from proxy.run import root_phrase
from proxy.vault import genesis
from proxy.vault.root_key import Provider, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proxy.settings import Settings

_OLD = "Pass phrase of the root key: "
_NEW = "New pass phrase of the root key: "
_OPEN = "The root key lies open in its file."
_WRAPPED = "The root key is wrapped with the pass phrase."


def rewrap(settings: Settings, new_phrase: Path | None) -> str:
    """Keep the root as the settings say from now on; the sentence that says how it is kept.

    `new_phrase` is the file of a new pass phrase, for a root that has one already. Raises Conflict
    while a vault runs, Unavailable for a wrong phrase, InvalidInput for a weak one.
    """
    holds = list(_held(settings.data_dir))
    try:
        kept = genesis.root_provider(settings.key_dir)
        if kept is None:
            raise Unavailable(
                "root_missing", f"{settings.key_dir} has no root key that can be read."
            )
        return _rewrapped(settings, kept, new_phrase)
    except OSError as error:
        raise Unavailable(
            "root_files",
            f"The key files can not be changed: {error.strerror}; run as their owner.",
        ) from None
    finally:
        for descriptor in holds:
            os.close(descriptor)


def _rewrapped(settings: Settings, kept: Provider, new_phrase: Path | None) -> str:
    provider = Provider(settings.root_provider)
    if kept is Provider.FILE and new_phrase is not None:
        raise Unavailable(
            "root_passphrase_new", "The root key has no pass phrase that could be changed."
        )
    if kept is Provider.FILE:
        if provider is Provider.FILE:
            return f"{_OPEN} Nothing was changed."
        wanted = root_phrase.wanted(settings, is_new=True)
        genesis.rewrap(settings.key_dir, None, wanted)
        return _WRAPPED
    old = root_phrase.given(settings) or root_phrase.ask(_OLD, twice=False)
    if provider is Provider.FILE:
        genesis.rewrap(settings.key_dir, old, Wanted())
        return _OPEN
    if new_phrase is None:
        new = root_phrase.ask(_NEW, twice=True)
    else:
        new = root_phrase.from_file(settings, new_phrase)
    genesis.rewrap(settings.key_dir, old, Wanted(provider=provider, phrase=new))
    return _WRAPPED


def _held(data_dir: Path) -> Iterator[int]:
    for name in ("up", "vault"):
        hold = directory.hold(data_dir, name)
        yield hold.own
        yield hold.inherited
