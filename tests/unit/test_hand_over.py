"""Giving a role its directory: by descriptor, and only what has one name."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from proxy.hosting import isolation

if TYPE_CHECKING:
    from pathlib import Path

ROLE = 59_999


NAMED = """
import getpass
from proxy.hosting import isolation
isolation.drop(59_999)
print(getpass.getuser())
"""


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
def test_a_user_that_is_a_number_has_a_name_for_libraries() -> None:
    """Asyncssh asks for the name of the user, and would fail where there is none."""
    done = subprocess.run(
        [sys.executable, "-c", NAMED], env={}, capture_output=True, text=True, check=False
    )
    assert done.stdout == "privacyproxy-59999\n", done.stderr


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root on Linux")
def test_only_what_lies_in_the_directory_alone_is_given_away(tmp_path: Path) -> None:
    """Files and folders change hands; what a link or a second name leads to does not."""
    outside = tmp_path / "outside"
    outside.write_text("root's")
    directory = tmp_path / "role"
    inner = directory / "inner"
    inner.mkdir(parents=True)
    (inner / "own").write_text("the role's")
    (inner / "second-name").hardlink_to(outside)
    (inner / "link").symlink_to(outside)
    isolation.hand_over(directory, ROLE)
    given = {path.name for path in (directory, inner, inner / "own") if path.stat().st_uid == ROLE}
    assert given == {"role", "inner", "own"}
    assert outside.stat().st_uid == 0
