"""Verifying a deposit after the fact: what is wrong with its files is told, file by file."""

from __future__ import annotations

import contextlib
import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from escrow import verifying
from escrow.formats import registry
from escrow.model import File, FormatName, Manifest, Options
from escrow.verifying import Outcome, Report
from proxy.errors import Refused
from proxy.model.deposit import Kind
from tests.support import escrow_restoring, escrow_rows
from tests.support.escrow_rows import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = escrow_rows.WATERMARK + timedelta(days=400)
SEAL = b"sealed:"  # stands for encryption: what is inside is none of this module's business
FORMATS = list(FormatName)


class Opened(io.BytesIO):
    """A file's plaintext; `finish` refuses where the signature does not hold."""

    is_signed = True

    def finish(self) -> str:
        """The signer."""
        if not self.is_signed:
            raise Refused("escrow_signature")
        return "AB" * 20


@contextlib.contextmanager
def open_plain(path: Path) -> Iterator[Opened]:
    """What decrypts."""
    sealed = path.read_bytes()
    made = Opened(sealed.removeprefix(SEAL))
    made.is_signed = sealed.startswith(SEAL)
    yield made


def make(directory: Path, format_: FormatName, kind: Kind = Kind.FULL) -> Manifest:
    """A deposit of nine registrations on disk, and its manifest."""
    rows = escrow_rows.rows(9)
    is_full = kind is Kind.FULL
    options = Options(part_octets=4_000) if format_ is not FormatName.RFC8909 else Options()
    head = escrow_rows.head(
        format_,
        options=options,
        kind=kind,
        previous=None if is_full else escrow_restoring.deposit_id(9),
        registrations=len(rows),
        account=escrow_restoring.CATALOGUE,
    )
    folder = Folder()
    writer = registry.FORMATS[format_].writer(head, folder.open_file)
    writer.add(rows)
    if not is_full:
        writer.remove([escrow_restoring.gone(escrow_rows.row(70))])
    tally = writer.finish()
    files = []
    for name, content in folder.contents().items():
        sealed = SEAL + content
        (directory / f"{name}.gz.gpg").write_bytes(sealed)
        files.append(
            File(
                name=f"{name}.gz.gpg",
                plain_name=name,
                plain_octets=len(content),
                plain_sha256=hashlib.sha256(content).hexdigest(),
                octets=len(sealed),
                sha256=hashlib.sha256(sealed).hexdigest(),
            )
        )
    stream = head.stream
    return Manifest(
        deposit=str(head.id),
        stream=stream.id,
        tenant=str(stream.tenant_id),
        accreditation=stream.accreditation,
        whose=stream.whose,
        format=format_,
        kind=kind,
        watermark=head.watermark,
        sequence=1,
        resend=0,
        previous="",
        agent="harbour-escrow",
        recipients=("AB" * 20,),
        signer="AB" * 20,
        registrations=tally.domains,
        total=tally.domains,
        contacts=tally.contacts,
        deletes=tally.deletes,
        files=tuple(files),
    )


def verify(directory: Path, manifest: Manifest | None) -> Report:
    """The report of what lies in the directory."""
    files = {path.name: path for path in directory.iterdir()}
    return verifying.verify(manifest, files, open_plain, now=NOW)


def codes(report: Report) -> list[str]:
    """The faults' codes."""
    return [one.code for one in report.faults]


def reseal(directory: Path, manifest: Manifest, place: int, content: bytes) -> Manifest:
    """The manifest of another plaintext under a good seal: whoever has our keys made it."""
    file = manifest.files[place]
    sealed = SEAL + content
    (directory / file.name).write_bytes(sealed)
    changed = replace(
        file,
        octets=len(sealed),
        sha256=hashlib.sha256(sealed).hexdigest(),
        plain_octets=len(content),
        plain_sha256=hashlib.sha256(content).hexdigest(),
    )
    files = (*manifest.files[:place], changed, *manifest.files[place + 1 :])
    return replace(manifest, files=files)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("kind", [Kind.FULL, Kind.DIFF])
def test_a_good_deposit_is_whole(tmp_path: Path, format_: FormatName, kind: Kind) -> None:
    """Every format, with its manifest and without: no fault, and the counts of the writer."""
    manifest = make(tmp_path, format_, kind)
    report = verify(tmp_path, manifest)
    assert report.faults == ()
    assert report.outcome is Outcome.WHOLE
    assert (report.registrations, report.contacts) == (9, manifest.contacts)
    if format_ in {FormatName.RECOVERY, FormatName.RFC8909}:
        assert report.deletes == (0 if kind is Kind.FULL else 1)
    assert verify(tmp_path, None) == report


@pytest.mark.parametrize("format_", FORMATS)
def test_any_octet_on_disk_counts(tmp_path: Path, format_: FormatName) -> None:
    """A flipped bit and a cut file are told by name, and nothing of the deposit is read."""
    manifest = make(tmp_path, format_)
    name = manifest.files[-1].name
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    report = verify(tmp_path, manifest)
    assert [(one.code, one.file) for one in report.faults] == [("deposit_file_hash", name)]
    assert report.registrations is None
    (tmp_path / name).write_bytes(content[:-1])
    assert codes(verify(tmp_path, manifest)) == ["deposit_file_size"]
    (tmp_path / name).unlink()
    assert codes(verify(tmp_path, manifest)) == ["deposit_file_missing"]


def test_a_file_too_many_is_told(tmp_path: Path) -> None:
    """What the manifest does not name does not belong to the deposit."""
    manifest = make(tmp_path, FormatName.RECOVERY)
    (tmp_path / "more.ndjson.gpg").write_bytes(b"")
    report = verify(tmp_path, manifest)
    assert [(one.code, one.file) for one in report.faults] == [
        ("deposit_file_unknown", "more.ndjson.gpg")
    ]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_signature_that_does_not_hold_is_a_fault(tmp_path: Path, format_: FormatName) -> None:
    """The decrypting side's word at the end of a file counts, whatever the file holds."""
    make(tmp_path, format_)
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes().removeprefix(SEAL))
    report = verify(tmp_path, None)
    assert codes(report) == ["escrow_signature"]
    assert report.outcome is Outcome.FAULTY


@pytest.mark.parametrize("format_", FORMATS)
def test_a_plaintext_that_is_cut_is_a_fault(tmp_path: Path, format_: FormatName) -> None:
    """A well sealed file whose plaintext lacks its end is no deposit of its format."""
    manifest = make(tmp_path, format_)
    place = 0
    content = (tmp_path / manifest.files[place].name).read_bytes().removeprefix(SEAL)
    manifest = reseal(tmp_path, manifest, place, content[: len(content) * 2 // 3])
    report = verify(tmp_path, manifest)
    assert report.outcome is Outcome.FAULTY
    assert len(report.faults) == 1
    assert all("mark" not in one.sentence for one in report.faults)


def test_the_plaintext_must_be_what_was_written(tmp_path: Path) -> None:
    """Files that are sound but not those the manifest was made of have another plaintext."""
    manifest = make(tmp_path, FormatName.RECOVERY)
    file = replace(manifest.files[0], plain_sha256="0" * 64)
    report = verify(tmp_path, replace(manifest, files=(file, *manifest.files[1:])))
    assert [(one.code, one.file) for one in report.faults] == [("deposit_plain_hash", file.name)]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("registrations", 10, "deposit_registrations"),
        ("contacts", 10, "deposit_contacts"),
        ("deletes", 3, "deposit_deletes"),
        ("kind", Kind.INCR, "deposit_kind"),
        ("watermark", NOW, "deposit_watermark"),
        ("deposit", "another", "deposit_id"),
    ],
)
def test_the_manifest_must_say_what_is_inside(
    tmp_path: Path, field: str, value: object, code: str
) -> None:
    """A manifest of other counts, kind, time or id is not this deposit's."""
    manifest = make(tmp_path, FormatName.RECOVERY)
    changed = replace(manifest, **{field: value})  # type: ignore[arg-type]  # a field of it
    assert codes(verify(tmp_path, changed)) == [code]


def test_other_files_are_of_no_format(tmp_path: Path) -> None:
    """Without a manifest the names say which format it is; names of none are a fault."""
    (tmp_path / "a_b.csv.gpg").write_bytes(SEAL)
    assert codes(verify(tmp_path, None)) == ["deposit_format"]
    (tmp_path / "a_b.csv.gpg").unlink()
    assert codes(verify(tmp_path, None)) == ["deposit_format"]
