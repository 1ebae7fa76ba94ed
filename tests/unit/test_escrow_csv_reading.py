"""What the reader of the format of 2007, and so of both formats' files, refuses."""

from __future__ import annotations

import hashlib
import io
import re
from typing import TYPE_CHECKING

import pytest

from escrow.formats import csv2007, csv_parts, csv_text
from escrow.formats.csv2007 import Csv2007
from proxy.errors import InvalidInput
from tests.support import escrow_rows as support

if TYPE_CHECKING:
    from escrow.model import Underlying

NAMES = "9999_RDE_2026-03-01_full_0.csv"
HANDLES = "9999_RDE_2026-03-01_hdl_0.csv"
HASHES = "9999_RDE_2026-03-01_hash_0.csv"
EXTRA = b'"77K3V9Q000000-R","other","","","","","","","",""\r\n'


def written(*rows: Underlying) -> dict[str, bytes]:
    """The files of a deposit of these rows."""
    folder, _ = support.deposit(Csv2007(), support.head(), rows)
    return folder.contents()


def streams(files: dict[str, bytes]) -> dict[str, io.BytesIO]:
    """Files to be read."""
    return {name: io.BytesIO(content) for name, content in files.items()}


def rehashed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files as somebody would send them who changed one and hashed it anew."""
    lines = [
        f"{hashlib.sha256(content).hexdigest()}  {name}\n"
        for name, content in files.items()
        if "_hash_" not in name
    ]
    return files | {HASHES: "".join(lines).encode()}


def refused(files: dict[str, bytes]) -> str:
    """The code that reading is refused with."""
    with pytest.raises(InvalidInput) as refusal:
        list(csv2007.read(streams(files)))
    return refusal.value.code


def test_a_changed_file_is_refused() -> None:
    """One octet changed in any data file."""
    files = written(support.row())
    for name in (NAMES, HANDLES):
        changed = files | {name: files[name].replace(b".example", b".exbmple", 1)}
        assert changed[name] != files[name]
        assert refused(changed) == "csv_hash"


def test_missing_and_foreign_files_are_refused() -> None:
    """Every file that belongs to the deposit, and no other."""
    files = written(*support.rows(3))
    for name in files:
        assert refused({one: files[one] for one in files if one != name}) == "csv_files"
    assert refused(files | {"9999_RDE_2026-03-01_full_2.csv": b""}) == "csv_files"
    assert refused(files | {"9999_RDE_2026-03-02_inc_0.csv": b""}) == "csv_files"
    assert refused(files | {"notes.txt": b""}) == "csv_files"
    assert refused(rehashed(files | {"9999_RDE_2026-03-01_map_0.csv": b""})) == "csv_files"
    other_day = {name: files[name] for name in (NAMES, HASHES)}
    other_day["9999_RDE_2026-03-02_hdl_0.csv"] = files[HANDLES]
    assert refused(rehashed(other_day)) == "csv_files"
    assert refused(files | {HASHES: files[HASHES] + b"x\n"}) == "csv_files"
    assert refused(files | {HASHES: files[HASHES] * 2}) == "csv_files"
    assert refused({}) == "csv_files"


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        (NAMES, b'"ns1"', b'"ns"', "csv_malformed"),
        (NAMES, b'"ns1.example.net",', b"", "csv_malformed"),
        (NAMES, b'"\r\n"name', b'"\r\n\r\n"name', "csv_malformed"),
        (NAMES, b'"ns1.example.net"', b'"ns1"x', "csv_malformed"),
        (NAMES, b"ns1.example", b"\xff", "csv_malformed"),
        (NAMES, b'-T"\r\n', b"-T", "csv_malformed"),
        (HANDLES, b'"fax"', b'"x"', "csv_malformed"),
        (HANDLES, b'"ZH",', b"", "csv_malformed"),
        (HANDLES, b"000000-M", b"000001-M", "csv_handle"),
        (HANDLES, b'"77K3V9Q000000-T"', EXTRA + b'"77K3V9Q000000-T"', "csv_handle"),
        (HANDLES, b"000000-T", b"000000-R", "csv_handle"),
        (NAMES, b"000000-M", b"000000-R", "csv_handle"),
    ],
)
def test_what_is_no_deposit_of_ours_is_refused(
    name: str, old: bytes, new: bytes, code: str
) -> None:
    """Other columns, broken rows, handles without a meaning; though every hash is right."""
    files = written(support.row())
    assert old in files[name]
    assert refused(rehashed(files | {name: files[name].replace(old, new)})) == code


def test_a_line_longer_than_any_of_ours_is_refused() -> None:
    """Before it is held whole."""
    files = written(support.row())
    endless = io.BytesIO(b'"",' * csv_parts.LINE_LIMIT_OCTETS)
    with pytest.raises(InvalidInput) as refusal:
        list(csv2007.read(streams(files) | {HANDLES: endless}))
    assert refusal.value.code == "csv_malformed"
    assert endless.tell() == csv_parts.LINE_LIMIT_OCTETS


def test_refusals_do_not_quote_what_they_read() -> None:
    """A message says where, never what."""
    with pytest.raises(InvalidInput) as refusal:
        list(csv_text.records(['"marlene"x\r\n']))
    assert re.search("marlene", refusal.value.detail) is None
    assert refusal.value.__suppress_context__
