"""Laws of evidence: any file comes back whole, and no rearrangement of its pieces passes for it."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proxy.errors import InvalidInput, Refused
from proxy.model.case import CaseId, EvidenceId
from proxy.model.evidence import MOST_PIECES, PIECE_OCTETS, Header, Piece
from proxy.model.identifiers import TenantId
from proxy.rules import evidence_types
from proxy.vault import evidence, persons, primitives, reading, record, seal, statements, unseal

if TYPE_CHECKING:
    from collections.abc import Sequence

TENANT = TenantId(UUID(int=1))
NAMES = st.text(st.characters(codec="utf-8"), max_size=200)
HEADERS = st.builds(
    Header, kind=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    media_type=st.sampled_from(sorted(evidence_types.ALLOWED)), name=NAMES,
)  # fmt: skip
IDS = st.uuids()
# Few lengths, so that pieces of many sizes come up without writing megabytes.
FILES = st.builds(
    lambda head, pieces: head + bytes(pieces * PIECE_OCTETS),
    st.binary(min_size=1, max_size=300),
    st.integers(0, 3),
)


def cut(file: bytes, evidence_id: EvidenceId, header: Header) -> list[Piece]:
    """The pieces of a file."""
    several = [file[place : place + PIECE_OCTETS] for place in range(0, len(file), PIECE_OCTETS)]
    return [
        Piece(
            evidence_id=evidence_id,
            index=index,
            is_last=index == len(several) - 1,
            header=header if index == 0 else None,
            data=data,
        )
        for index, data in enumerate(several)
    ]


@given(FILES, IDS, HEADERS, st.binary(min_size=32, max_size=32))
@settings(deadline=None)
def test_a_file_comes_back_from_its_records(
    file: bytes, some: UUID, header: Header, dek: bytes
) -> None:
    """Sealed, opened, parsed and joined it is the same; each piece is in its place."""
    evidence_id = EvidenceId(some)
    pieces = cut(file, evidence_id, header)
    found = []
    for index, piece in enumerate(pieces):
        name = evidence.record_name(TENANT, CaseId(some), 5 + index)
        data = seal.seal_record(
            dek, bytes(12), record.render_header(name, 1), evidence.render(piece)
        )
        again = evidence.parse(unseal.open_record(dek, name, data))
        assert again == piece
        evidence.check(again, evidence_id, index, len(pieces))
        found.append(again.data)
    assert b"".join(found) == file


@given(FILES, FILES, IDS, IDS, st.data())
@settings(deadline=None)
def test_no_other_row_of_pieces_passes(
    file: bytes, second: bytes, one: UUID, other: UUID, data: st.DataObject
) -> None:
    """Whatever pieces of two files are put in a row: only the file itself checks."""
    assume(one != other)
    header = Header(kind="letter", media_type="text/plain")
    true = cut(file, EvidenceId(one), header)
    pool = [*true, *cut(second, EvidenceId(other), header)]
    row = data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=len(pool)))
    if row != true:
        with pytest.raises(Refused, match="evidence_forged"):
            check_all(row, EvidenceId(one))
    check_all(true, EvidenceId(one))


def check_all(row: Sequence[Piece], evidence_id: EvidenceId) -> None:
    """As the vault looks at what it opened."""
    for index, piece in enumerate(row):
        evidence.check(piece, evidence_id, index, len(row))


@given(st.binary(max_size=400))
def test_the_parser_never_falls_over(octets: bytes) -> None:
    """Whatever the octets, the answer is a piece that renders to them, or a refusal."""
    label = b"pp-evidence-v1\0"
    for one in (octets, label + octets):
        try:
            piece = evidence.parse(one)
        except InvalidInput:
            continue
        assert one.startswith(evidence.render(piece)[:40])


@given(FILES, IDS, HEADERS, st.data())
@settings(deadline=None)
def test_what_parses_is_canonical(
    file: bytes, some: UUID, header: Header, data: st.DataObject
) -> None:
    """A plaintext that was changed anywhere is refused, or is another piece; never the same."""
    piece = data.draw(st.sampled_from(cut(file, EvidenceId(some), header)))
    plain = persons.pad(evidence.render(piece))
    place = data.draw(st.integers(0, len(plain) - 1))
    changed = plain[:place] + bytes([plain[place] ^ 1]) + plain[place + 1 :]
    try:
        assert evidence.parse(changed) != piece
    except InvalidInput:
        return


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": b""},
        {"data": bytes(PIECE_OCTETS + 1)},
        {"is_last": False},
        {"index": MOST_PIECES, "header": None},
        {"index": -1, "header": None},
        {"index": 1},
        {"header": None},
        {"header": Header(kind="a", media_type="b", name="c" * 5000)},
    ],
)
def test_what_is_no_piece_is_not_rendered(wrong: dict[str, object]) -> None:
    """A bug of ours is not sealed."""
    whole = Piece(
        evidence_id=EvidenceId(UUID(int=1)),
        index=0,
        is_last=True,
        header=Header(kind="a", media_type="b"),
        data=b"a",
    )
    with pytest.raises(ValueError, match="piece"):
        evidence.render(dataclasses.replace(whole, **wrong))  # type: ignore[arg-type] # on purpose


@given(st.lists(st.binary(max_size=50), min_size=1, max_size=6), st.data())
@settings(deadline=None)
def test_a_reader_takes_parts_in_their_order_alone(
    several: list[bytes], data: st.DataObject
) -> None:
    """Any other sequence of the sealed parts is refused before its end."""
    private, document = bytes(range(32)), '{"a":"reading"}'
    public, digest = primitives.x25519_public(private), hashlib.sha256(document.encode()).digest()
    plain = [b'{"kind":"a","media_type":"b","name":"c"}', *several]
    sealed = [
        primitives.seal_to(
            public, one, statements.read_part(digest, place, is_last=place == len(several))
        )
        for place, one in enumerate(plain)
    ]
    sha256 = hashlib.sha256(b"".join(several)).hexdigest()
    opening = reading.Parts(private, document)
    assert b"".join(map(opening.take, sealed)) == b"".join(several)
    assert opening.finish(sha256).name == "c"
    order = data.draw(st.lists(st.sampled_from(range(len(sealed))), max_size=8))
    if order != list(range(len(sealed))):
        with pytest.raises(Refused):
            take_all(reading.Parts(private, document), [sealed[one] for one in order], sha256)


def take_all(opening: reading.Parts, sealed: Sequence[bytes], sha256: str) -> None:
    """Open these parts to the end."""
    for one in sealed:
        opening.take(one)
    opening.finish(sha256)


@given(st.binary(max_size=600), st.sampled_from(sorted(evidence_types.ALLOWED)), st.integers(1, 7))
def test_a_text_is_judged_alike_however_it_is_cut(octets: bytes, kind: str, step: int) -> None:
    """Chunks say nothing about a file."""
    whole, cut_up = evidence_types.Text(kind), evidence_types.Text(kind)
    once = whole.may_hold(octets) and whole.may_hold(b"", is_end=True)
    pieces = [octets[place : place + step] for place in range(0, len(octets), step)]
    assert once == (all(map(cut_up.may_hold, pieces)) and cut_up.may_hold(b"", is_end=True))


@given(st.binary(max_size=64))
def test_no_other_type_begins_as_anything(head: bytes) -> None:
    """Types that are not allowed are never taken, and no head is of two binary types."""
    assert not evidence_types.begins_as("text/html", head)
    binary = ("application/pdf", "image/png", "image/jpeg")
    assert sum(evidence_types.begins_as(one, head) for one in binary) <= 1
