"""How much memory a process has for itself (Linux: proc(5), smaps)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_HEADER: Final = re.compile(r"[0-9a-f]+-[0-9a-f]+ ")


def private_octets(pid: int, *, beside: Path) -> int:
    """Octets only this process has in memory, except those of files below `beside`.

    A page of a shared file counts as private while no second process has touched it, so the
    snapshot's pages have to be left out by name.
    """
    total = 0
    is_counted = True
    for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8").splitlines():
        if _HEADER.match(line):
            is_counted = str(beside) not in line
        elif is_counted and line.startswith(("Private_Clean:", "Private_Dirty:")):
            total += int(line.split()[1]) * 1024
    return total
