"""Migration files: their names, their order, and that a released one never changes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

MIGRATIONS = Path(__file__).parents[2] / "proxy" / "store" / "migrations"
SUMS = Path(__file__).with_name("migrations.sha256")
FILES = sorted(MIGRATIONS.iterdir())
NAME = re.compile(r"(?P<number>[0-9]{4})_(pre|post)_[a-z0-9_]+\.sql")


def test_every_file_is_named_and_numbered() -> None:
    """Files are NNNN_pre_name.sql or NNNN_post_name.sql, numbered from 1 without a gap."""
    assert FILES
    numbers = []
    for file in FILES:
        found = NAME.fullmatch(file.name)
        assert found, file.name
        numbers.append(int(found["number"]))
    assert numbers == list(range(1, len(numbers) + 1))


def test_every_file_is_listed_with_its_hash() -> None:
    """The list beside this test holds each file's SHA-256; a released file never changes."""
    lines = [line.split() for line in SUMS.read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in FILES}
    assert found == listed, (
        "a new file is listed with: (cd proxy/store/migrations && sha256sum *.sql) "
        "> tests/arch/migrations.sha256; a released one is never edited"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_file_takes_data_away_unseen(file: Path) -> None:
    """A column or table is dropped only in a post file, when no old program reads it any more."""
    sql = re.sub(r"--.*", "", file.read_text())
    drops = re.search(r"\bDROP\s+(TABLE|COLUMN)\b", sql, re.IGNORECASE)
    assert drops is None or "_post_" in file.name
