"""The walls as the system sees them in the running service: what each process has mapped and open.

tests/arch looks at imports of a fresh interpreter; this looks at real processes after they have
answered thousands of queries, so that nothing loaded late goes unseen. Linux only.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import running

if TYPE_CHECKING:
    from tests.support.served import Served

pytestmark = [
    pytest.mark.db,
    pytest.mark.xdist_group("asked"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
PROC = Path("/proc")


def mapped(pid: int) -> str:
    """Every file that the process has mapped, libraries first of all."""
    return (PROC / str(pid) / "maps").read_text()


def open_files(pid: int) -> list[str]:
    """Where each of the process's descriptors points."""
    found = []
    for link in (PROC / str(pid) / "fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except OSError:
            continue  # closed meanwhile
    return found


def test_every_role_runs(asked: Served) -> None:
    """Each role of the service has a process of its own below `up`."""
    found = running.roles(asked.service.process.pid)
    assert set(found) == {
        "vault",
        "api",
        "web",
        "worker",
        "relay",
        "escrow",
        "follower",
        "edge",
    }


@pytest.mark.parametrize(
    ("role", "forbidden"),
    [
        ("edge", ("/cryptography/", "/asyncpg/", "/pydantic_core/", "/aiohttp/")),
        ("follower", ("/cryptography/", "/pydantic_core/", "/aiohttp/")),
        ("web", ("/pydantic_core/", "/lmdb/")),
        ("worker", ("/cryptography/", "/pydantic_core/", "/lmdb/")),
        ("vault", ("/pydantic_core/", "/aiohttp/", "/uvloop/")),
        ("escrow", ("/pydantic_core/", "/aiohttp/", "/uvloop/")),
    ],
)
def test_no_process_has_loaded_what_it_may_not(
    asked: Served, role: str, forbidden: tuple[str, ...]
) -> None:
    """After all its work no process holds a library that its role forbids."""
    for pid in running.roles(asked.service.process.pid)[role]:
        libraries = mapped(pid)
        assert "python" in libraries
        assert [name for name in forbidden if name in libraries] == []


def test_edge_has_no_way_to_keys_or_database(asked: Served) -> None:
    """An edge worker has no file of the key directory open, and no socket of PostgreSQL."""
    for pid in running.roles(asked.service.process.pid)["edge"]:
        paths = open_files(pid)
        assert any("snapshot" in path for path in paths)
        assert [path for path in paths if str(asked.service.key_dir) in path] == []
        assert [path for path in paths if "/postgres" in path] == []


def test_web_opens_no_file_of_the_key_directory(asked: Served) -> None:
    """The web role, which the whole world may ask, has no key file open and no snapshot."""
    (pid,) = running.roles(asked.service.process.pid)["web"]
    paths = open_files(pid)
    assert any("socket:" in path for path in paths)
    assert [path for path in paths if str(asked.service.key_dir) in path] == []
    assert [path for path in paths if "snapshot" in path] == []
