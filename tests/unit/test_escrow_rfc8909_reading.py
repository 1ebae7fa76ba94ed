from __future__ import annotations

import io
import tarfile
from datetime import timedelta

import pytest

from escrow.formats import rfc8909, rfc8909_reading, rfc8909_xml, tar_stream
from escrow.model import Options
from proxy.errors import InvalidInput
from proxy.model.contact import ContactSet
from proxy.model.identifiers import Role
from tests.support import escrow_archives as archives
from tests.support import escrow_rows

ROWS = escrow_rows.rows(3)
FILES = archives.unpacked(archives.full(ROWS))
DOCUMENT = list(FILES)[-1]


def spoiled(name: str, old: bytes, new: bytes, *, is_sealed: bool = False) -> bytes:
    """An archive with one file changed; `is_sealed`: with a checksum that fits again."""
    assert old in FILES[name]
    files = FILES | {name: FILES[name].replace(old, new, 1)}
    if is_sealed:
        was, is_now = (rfc8909.checksum("SHA256", one[name]).encode() for one in (FILES, files))
        files[DOCUMENT] = files[DOCUMENT].replace(was, is_now)
    return archives.packed(files)


def without(name: str) -> bytes:
    """An archive without one of its files."""
    return archives.packed({key: value for key, value in FILES.items() if key != name})


def odd(name: str = "x-0001.csv", kind: bytes = tarfile.REGTYPE, **fields: object) -> bytes:
    """An archive of one member as others may write it, in the form that it needs."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT) as tar:
        member = tarfile.TarInfo(name)
        member.type = kind
        for key, value in fields.items():
            setattr(member, key, value)
        tar.addfile(member, io.BytesIO(b""))
    return archive.getvalue()


def pax(**headers: str) -> bytes:
    """An archive with an extended header."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo("domain-0001.csv")
        member.pax_headers = headers
        tar.addfile(member)
    return archive.getvalue()


def huge() -> bytes:
    """A header that claims 8 GiB, and nothing behind it."""
    member = tarfile.TarInfo("domain-0001.csv")
    member.size = 0o77777777777
    return member.tobuf(tarfile.USTAR_FORMAT)


def code_of(archive: bytes) -> tuple[str, str]:
    """How a deposit is refused."""
    with pytest.raises(InvalidInput) as refusal:
        archives.read(archive)
    return refusal.value.code, refusal.value.detail


def test_what_was_written_is_read() -> None:
    """Through a pipe that gives a little at a time; also when others packed the archive."""
    report, people = archives.read(archives.full(ROWS))
    assert report == archives.read(archives.packed(FILES))[0]
    row = ROWS[1]
    assert people[f"{row.registration.reference}-R"] == escrow_rows.person(
        "mark1", language=None, verified_at=None, verified_method=None
    )


WHOLE = archives.packed(FILES)
HOSTILE = {
    "parent folder": (archives.packed({"../domain-0001.csv": b""}), "no plain file name"),
    "absolute": (archives.packed({"/etc/domain-0001.csv": b""}), "no plain file name"),
    "folder": (archives.packed({"a/domain-0001.csv": b""}), "no plain file name"),
    "hidden": (archives.packed({".hidden.csv": b""}), "no plain file name"),
    "symbolic link": (odd(kind=tarfile.SYMTYPE, linkname="/etc/passwd"), "other than plain files"),
    "hard link": (odd(kind=tarfile.LNKTYPE, linkname="x-0001.csv"), "other than plain files"),
    "directory": (odd(kind=tarfile.DIRTYPE), "other than plain files"),
    "device": (odd(kind=tarfile.CHRTYPE), "other than plain files"),
    "pipe": (odd(kind=tarfile.FIFOTYPE), "other than plain files"),
    "sparse": (odd(kind=tarfile.GNUTYPE_SPARSE), "other than plain files"),
    "older form": (odd().replace(b"ustar", b"\0\0\0\0\0"), "damaged"),
    "long name": (odd("x" * 200), "other than plain files"),
    "extended size": (pax(size="99999999999"), "other than plain files"),
    "extended path": (pax(path="../../x"), "other than plain files"),
    "huge": (huge(), "larger than"),
    "empty": (b"", "without an end mark"),
    "noise": (b"\xff" * 512, "a header is damaged"),
    "cut in a file": (WHOLE[:1000], "cut short"),
    "cut between files": (WHOLE[:1024], "without an end mark"),
    "one block of zeros": (WHOLE[:1024] + bytes(512), "its end is damaged"),
    "more at the end": (WHOLE + bytes(10_240), "its end is damaged"),
    "something at the end": (WHOLE[:-1] + b"x", "its end is damaged"),
    "unknown file": (archives.packed({"unknown-0001.csv": b""}), "is no file of a deposit"),
    "no document": (without(DOCUMENT), "document is missing"),
    "document first": (archives.packed({DOCUMENT: FILES[DOCUMENT], **FILES}), "follows"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_archives_are_refused(case: str) -> None:
    """Links, paths, devices, extended headers and claimed sizes do nothing at all."""
    archive, words = HOSTILE[case]
    code, detail = code_of(archive)
    assert code == "deposit_archive"
    assert words in detail


def test_file_that_is_there_twice_is_refused() -> None:
    """Which of them would hold?"""
    member = tarfile.TarInfo("domain-0001.csv").tobuf(tarfile.USTAR_FORMAT)
    assert "twice" in code_of(member + member)[1]


def test_size_is_refused_before_it_is_read() -> None:
    """A claimed size asks for no memory: nothing after the header is read."""
    pipe = archives.Pipe(huge() + bytes(10_240), at_most=512)
    with pytest.raises(InvalidInput):
        list(tar_stream.members(pipe))  # type: ignore[arg-type]  # all that is used of a file
    assert pipe.read(1 << 20) == bytes(512)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<rde:deposit", b'<!DOCTYPE d [<!ENTITY e "x">]><rde:deposit'),
        (b"<rde:deposit", b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><rde:deposit'),
        (b"QH-0007</", b"<!-- -->QH-0007</"),
        (b"QH-0007</", b"&e;</"),
        (b"QH-0007</", b"\xff</"),
        (b"QH-0007</", b"</"),
        (b'type="FULL"', b'type="HALF"'),
        (b'type="FULL"', b'type="DIFF"'),
        (b'resend="0"', b'prevId="ABC" resend="0"'),
        (b'resend="0"', b'resend="-1"'),
        (b' id="', b' id="-'),
        (b":30:00Z</", b":30:00+01:00</"),
        (b":30:00Z</", b":99:00Z</"),
        (b"<rde:version>1.0", b"<rde:version>2.0"),
        (b"csvHost-1.0", b"csvHost-2.0"),
        (b"<rdeCsv:fRoid/>", b""),
        (b'name="contact"', b'name="host"'),
        (b'cksumAlg="SHA256"', b'cksumAlg="MD5"'),
        (b"rdeHeader:ppsp>", b"rdeHeader:tld>"),
        (b"<rde:contents>", b"<rde:deletes/><rde:contents>"),
        (b"<csvDomain:contents>", b"<csvHost:contents>"),
        (b"csvDomain-1.0</rde:objURI>", b"csvHost-1.0</rde:objURI>"),
    ],
)
def test_documents_that_say_something_else_are_refused(old: bytes, new: bytes) -> None:
    """No document type, no foreign encoding, no other structure than ours."""
    assert old in FILES[DOCUMENT]
    with pytest.raises(InvalidInput) as refusal:
        rfc8909_xml.parse(FILES[DOCUMENT].replace(old, new))
    assert refusal.value.code == "deposit_document"


def test_document_in_utf_16_is_refused() -> None:
    """An entity can not hide behind an encoding."""
    hidden = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE d [<!ENTITY e "x">]><d>&e;</d>'
    for codec in ("utf-16", "utf-16-le", "utf-32"):
        with pytest.raises(InvalidInput):
            rfc8909_xml.parse(hidden.encode(codec))


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("contact", b"mark0@", b"\xff@", "deposit_table"),
        ("contact", b"mark0@", b'"@', "deposit_table"),
        ("domain", b"iana-9999", b"", "deposit_table"),
        ("domain", b"\n", b",\n", "deposit_table"),
        ("domain", b"0-R,", b"0-A,", "deposit_links"),
        ("domain", b"iana-9999", b"iana-1", "deposit_links"),
        ("domain", b"name000001", b"name000000", "deposit_links"),
        ("domainContacts", b"0-T,", b"0-B,", "deposit_links"),
        ("domainStatuses", b"name", b"game", "deposit_links"),
        ("contact", b"000001-R", b"000000-R", "deposit_links"),
        ("contactPostal", b"0-R,", b"9-R,", "deposit_links"),
        ("contactStatuses", b"0-R,", b"9-R,", "deposit_links"),
    ],
)
def test_tables_that_do_not_fit_together_are_refused(
    name: str, old: bytes, new: bytes, code: str
) -> None:
    """Also when every checksum is right: text, columns, and what names what."""
    found, detail = code_of(spoiled(f"{name}-0001.csv", old, new, is_sealed=True))
    assert found == code
    assert "mark" not in detail


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b'csvDomain-1.0">3<', b'csvDomain-1.0">4<', "deposit_counts"),
        (b'csvContact-1.0">6<', b'csvContact-1.0">5<', "deposit_counts"),
        (b">2026-03-01T", b">2026-03-02T", "deposit_watermark"),
    ],
)
def test_headers_that_are_not_true_are_refused(old: bytes, new: bytes, code: str) -> None:
    """Totals that are not there, and a watermark in the future."""
    assert code_of(spoiled(DOCUMENT, old, new))[0] == code


@pytest.mark.parametrize("checksum", ["SHA256", "CRC32"])
def test_files_that_are_not_as_written_are_refused(checksum: str) -> None:
    """Changed, missing, or not named by the document; both checksums of the RFC are known."""
    options = Options(provider_id="QH-0007", checksum=checksum)
    files = archives.unpacked(archives.full(ROWS, options))
    archives.read(archives.packed(files))
    email = files["contact-0001.csv"].replace(b"mark0@", b"mark9@")
    for wrong in (
        files | {"contact-0001.csv": email},
        {name: one for name, one in files.items() if name != "contactStatuses-0001.csv"},
        {"domain-0002.csv": b"", **files},
    ):
        assert code_of(archives.packed(wrong))[0] == "deposit_checksum"


def test_watermark_of_this_very_moment_is_no_future() -> None:
    """The clock may stand where the snapshot was taken, not before."""
    archive = io.BytesIO(archives.full(ROWS))
    early = escrow_rows.WATERMARK - timedelta(seconds=1)
    rfc8909_reading.read(archive, now=escrow_rows.WATERMARK)
    archive.seek(0)
    with pytest.raises(InvalidInput):
        rfc8909_reading.read(archive, now=early)


def test_missing_contact_is_named_by_its_id() -> None:
    """Faults name nothing that was not made by us."""
    lost = spoiled("domain-0001.csv", b"0-R,", b"0-A,", is_sealed=True)
    assert "(77K3V9Q000000-A)" in code_of(lost)[1]
    strange = spoiled("domain-0001.csv", b"77K3V9Q000000-R,", b"Jo Doe,", is_sealed=True)
    assert "Jo" not in code_of(strange)[1]


def test_weak_data_comes_back_as_it_was_given() -> None:
    """What needs tables of its own is read from them."""
    weak = escrow_rows.person(
        phone="044 555 01 00",
        street=("a", "b", "c", "d"),
        city=None,
        language=None,
        verified_at=None,
        verified_method=None,
    )
    row = escrow_rows.row(1, ContactSet(given={Role.REGISTRANT: weak}, same_as={}))
    _, people = archives.read(archives.full([row]))
    assert people == {f"{row.registration.reference}-R": weak}
