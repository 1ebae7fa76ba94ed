"""Small private files that survive a power cut: whole or absent, readable by their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


def make_directory(path: Path, mode: int = PRIVATE_DIRECTORY) -> None:
    """Create `path` with `mode` unless it is there; its parent's entry is fsynced."""
    if path.is_dir():
        return
    path.mkdir(mode=mode)
    path.chmod(mode)  # whatever the umask
    _sync_directory(path.parent)


def write(path: Path, content: bytes, mode: int = PRIVATE_FILE) -> None:
    """Put `content` at `path`: temporary file, fsync, rename, fsync of the directory.

    A crash leaves the old file or the new one, never a part; the owner of a replaced file stays.
    """
    temporary = _temporary(path)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        if os.geteuid() == 0 and path.exists():
            owner = path.lstat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    temporary.replace(path)
    _sync_directory(path.parent)


def move(source: Path, target: Path) -> None:
    """Give `source` the name `target` in the same directory, durably, and all at once.

    A directory in the way must be empty. What is inside `source` was fsynced by who wrote it; its
    own entries are fsynced here.
    """
    if source.is_dir():
        _sync_directory(source)
    source.replace(target)
    _sync_directory(target.parent)


def read(path: Path, limit_octets: int) -> bytes | None:
    """The content of `path`, None when it is absent; longer files are cut at the limit."""
    try:
        with Path(path).open("rb") as file:
            return file.read(limit_octets)
    except FileNotFoundError:
        return None


def destroy(path: Path) -> None:
    """Overwrite and remove `path`; what the disk or a snapshot keeps is beyond our reach."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    _sync_directory(path.parent)


def sweep(path: Path) -> None:
    """Destroy what a `write` to `path` that was cut short has left beside it."""
    destroy(_temporary(path))


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
