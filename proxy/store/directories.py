"""Directories and small files of our own, made so that a crash leaves the old or the new.

Nothing that exists already has its owner or mode changed.
"""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_WRITABLE_BY_OTHERS = 0o022


def make(path: Path, mode: int, owner: int | None = None, group: int = -1) -> None:
    """Make `path` with `mode`, for `owner`, unless it exists. Parents are made private."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make(path.parent, mode, owner, group)
    path.mkdir(mode=0o700)
    path.chmod(mode)  # the umask may have taken bits away
    if owner is not None:
        os.chown(path, owner, group)
    sync(path.parent)


def remove(path: Path) -> None:
    """Remove a directory that a crash left half made; nothing is fine too."""
    if path.exists():
        shutil.rmtree(path)


def is_private(path: Path, owner: int) -> bool:
    """Whether `path` is a directory of `owner` (no link) that nobody else may write to."""
    try:
        entry = path.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(entry.st_mode)
        and entry.st_uid == owner
        and not entry.st_mode & _WRITABLE_BY_OTHERS
    )


def write_private(path: Path, text: str) -> None:
    """Replace `path` by `text`, readable by its owner alone; durable on return."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.rename(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Make the entries of directory `path` durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
