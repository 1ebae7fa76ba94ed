"""The deposit document: what it says, rendered and parsed.

The document has no personal data: it names files, their columns and checksums, and counts objects.
Parsing takes a stranger's octets: it refuses a document type, comments and CDATA before any XML
parser sees them, so that no entity is ever defined.
Source: RFC 8909 s5, s6; RFC 9022 s4.6.2, s5.9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from escrow.formats import rfc8909_rows, rfc8909_tables
from escrow.formats.rfc8909_tables import NAMESPACES, TABLES, Object
from proxy.errors import InvalidInput
from proxy.model.deposit import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from escrow.formats.rfc8909_tables import Table
    from proxy.model.deposit import DepositId

DOCUMENT_LIMIT_OCTETS: Final = 8 << 20  # some 40,000 files; protects memory: XML grows tenfold
_ID_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUV"  # base32hex: ids sort as they were made
_ID_LENGTH: Final = 13  # RFC 8909 depositIdType: 1 to 13 word characters
_RANDOM_BITS: Final = 5 * _ID_LENGTH - 48
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,13}", re.ASCII)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A CSV file of the archive."""

    table: Table
    name: str
    checksum: str  # hex
    algorithm: str  # "SHA256" | "CRC32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What the document says."""

    id: str
    kind: Kind
    previous: str  # "" in a full deposit
    resend: int
    watermark: datetime
    repository: tuple[str, str]  # ("ppsp" | "registrar", its id)
    totals: Mapping[Object, int]
    files: tuple[DataFile, ...]


def deposit_id(of: DepositId) -> str:
    """The id of a deposit in 13 characters: its milliseconds, then 17 of its random bits.

    A function of our own id alone, so that a deposit can name the one before it.
    """
    value = of.int >> 80 << _RANDOM_BITS | of.int & (1 << _RANDOM_BITS) - 1
    return "".join(_ID_DIGITS[value >> 5 * place & 31] for place in reversed(range(_ID_LENGTH)))


def render(document: Document) -> bytes:
    """The document's octets; the same document gives the same."""
    return "\n".join(_lines(document)).encode()


def _lines(document: Document) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<rde:deposit"
    for prefix, uri in NAMESPACES.items():
        yield f"    xmlns:{prefix}={quoteattr(uri)}"
    previous = f" prevId={quoteattr(document.previous)}" if document.previous else ""
    yield (
        f"    type={quoteattr(document.kind.upper())} id={quoteattr(document.id)}{previous}"
        f' resend="{document.resend}">'
    )
    yield f"  <rde:watermark>{rfc8909_rows.moment(document.watermark)}</rde:watermark>"
    yield "  <rde:rdeMenu>"
    yield "    <rde:version>1.0</rde:version>"
    for of in Object:
        yield f"    <rde:objURI>{NAMESPACES[of]}</rde:objURI>"
    yield "  </rde:rdeMenu>"
    deletes = [*_section(document.files, is_deletes=True)]
    if deletes:
        yield from ("  <rde:deletes>", *deletes, "  </rde:deletes>")
    yield "  <rde:contents>"
    yield "    <rdeHeader:header>"
    element, repository = document.repository
    yield f"      <rdeHeader:{element}>{escape(repository)}</rdeHeader:{element}>"
    for of, total in document.totals.items():
        yield f'      <rdeHeader:count uri="{NAMESPACES[of]}">{total}</rdeHeader:count>'
    yield "    </rdeHeader:header>"
    yield from _section(document.files, is_deletes=False)
    yield "  </rde:contents>"
    yield "</rde:deposit>"
    yield ""


def _section(files: Sequence[DataFile], *, is_deletes: bool) -> Iterator[str]:
    verb = "deletes" if is_deletes else "contents"
    for of in Object:
        tables = [one for one in TABLES if one.object is of and one.is_deletes is is_deletes]
        lines = [line for table in tables for line in _csv(table, files)]
        if lines:
            yield from (f"    <{of}:{verb}>", *lines, f"    </{of}:{verb}>")


def _csv(table: Table, files: Sequence[DataFile]) -> Iterator[str]:
    """A table; nothing where it has no file, since the schema wants one at least."""
    own = [one for one in files if one.table is table]
    if not own:
        return
    yield f'      <rdeCsv:csv name="{table.name}" sep=",">'
    yield "        <rdeCsv:fields>"
    for _, element in table.fields:
        yield f"          <{element}/>"
    yield "        </rdeCsv:fields>"
    yield "        <rdeCsv:files>"
    for one in own:
        algorithm = "" if one.algorithm == "CRC32" else f' cksumAlg="{one.algorithm}"'
        yield (
            f'          <rdeCsv:file cksum="{one.checksum}"{algorithm}>'
            f"{escape(one.name)}</rdeCsv:file>"
        )
    yield "        </rdeCsv:files>"
    yield "      </rdeCsv:csv>"


# Parsing


def parse(octets: bytes) -> Document:
    """The document of a deposit of ours. InvalidInput `deposit_document`."""
    root = _tree(octets)
    if root.tag != _tag("rde:deposit"):
        raise _malformed("its root is no deposit")
    kind = {one.upper(): one for one in Kind}.get(root.get("type", ""))
    if kind is None:
        raise _malformed("its type is none of FULL, INCR and DIFF")
    previous = root.get("prevId", "")
    if bool(previous) is (kind is Kind.FULL) and kind is not Kind.INCR:
        raise _malformed("a DIFF names the deposit before it and a FULL does not")
    parts = [*root]
    deletes = parts.pop(2) if _tags(parts[2:3]) == [_tag("rde:deletes")] else None
    if _tags(parts) != [_tag(f"rde:{one}") for one in ("watermark", "rdeMenu", "contents")]:
        raise _malformed("its parts are not watermark, rdeMenu, deletes and contents")
    if deletes is not None and kind is Kind.FULL:
        raise _malformed("a full deposit takes nothing away")
    watermark, menu, contents = parts
    header = contents[0] if len(contents) else None
    if header is None or header.tag != _tag("rdeHeader:header") or not len(header):
        raise _malformed("it has no header")
    totals = dict(_count(one) for one in header[1:])
    if _menu(menu) != sorted(NAMESPACES[one] for one in totals):
        raise _malformed("its menu and its counts do not name the same objects")
    return Document(
        id=_matched(_ID, root.get("id", ""), "its id"),
        kind=kind,
        previous=_matched(_ID, previous, "its prevId") if previous else "",
        resend=_number(root.get("resend", "0"), "its resend"),
        watermark=_watermark(watermark),
        repository=_repository(header[0]),
        totals=totals,
        files=(*_files(deletes or (), is_deletes=True), *_files(contents[1:], is_deletes=False)),
    )


def _tree(octets: bytes) -> ET.Element:
    if len(octets) > DOCUMENT_LIMIT_OCTETS:
        raise _malformed("it is too large")
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    if "<!" in text:
        raise _malformed("it has a document type, a comment or CDATA")
    try:
        # Safe: without "<!" there is no DTD, hence no entity but the five of XML itself; the text
        # is decoded already, so no encoding declaration can hide one.
        return ET.fromstring(text)  # noqa: S314 - see above
    except ET.ParseError:
        raise _malformed("it is not well-formed XML") from None


def _files(elements: Sequence[ET.Element], *, is_deletes: bool) -> Iterator[DataFile]:
    verb = "deletes" if is_deletes else "contents"
    objects = {_tag(f"{of}:{verb}"): of for of in Object}
    for element in elements:
        of = objects.get(element.tag)
        if of is None:
            raise _malformed("it holds objects of a kind that is not ours")
        for csv in element:
            yield from _files_of(csv, of, is_deletes=is_deletes)


def _files_of(csv: ET.Element, of: Object, *, is_deletes: bool) -> Iterator[DataFile]:
    wanted = [_tag("rdeCsv:fields"), _tag("rdeCsv:files")]
    if csv.tag != _tag("rdeCsv:csv") or _tags(csv) != wanted or csv.get("sep", ",") != ",":
        raise _malformed("a table is not made of fields and files")
    fields = [_element(one) for one in csv[0]]
    for file in csv[1]:
        name = (file.text or "").strip()
        table = rfc8909_tables.table_of(name)
        if (
            table is None
            or (table.object, table.is_deletes, table.name) != (of, is_deletes, csv.get("name"))
            or fields != [element for _, element in table.fields]
        ):
            raise _malformed("a table is none that we write")
        algorithm = file.get("cksumAlg", "CRC32")
        checksum = file.get("cksum", "")
        if algorithm not in {"CRC32", "SHA256"} or not checksum or file.get("compression"):
            raise _malformed("a file has no checksum that we know")
        yield DataFile(table=table, name=name, checksum=checksum, algorithm=algorithm)


def _element(field: ET.Element) -> str:
    """A field as the tables write it, so that both can be compared."""
    attributes = "".join(f' {key}="{value}"' for key, value in sorted(field.items()))
    return f"{_qualified(field.tag)}{attributes}"


def _count(element: ET.Element) -> tuple[Object, int]:
    of = {NAMESPACES[one]: one for one in Object}.get(element.get("uri", ""))
    if element.tag != _tag("rdeHeader:count") or of is None or len(element.keys()) != 1:
        raise _malformed("it counts something that is not ours")
    return of, _number((element.text or "").strip(), "a count")


def _menu(menu: ET.Element) -> list[str]:
    texts = [(one.text or "").strip() for one in menu]
    wanted = [_tag("rde:version")] + [_tag("rde:objURI")] * (len(menu) - 1)
    if _tags(menu) != wanted or texts[0] != "1.0":
        raise _malformed("its rdeMenu is not of version 1.0")
    return sorted(texts[1:])


def _repository(element: ET.Element) -> tuple[str, str]:
    name = _qualified(element.tag).removeprefix("rdeHeader:")
    text = (element.text or "").strip()
    if name not in {"ppsp", "registrar"} or not text:
        raise _malformed("its header names neither a provider nor a registrar")
    return name, text


def _watermark(element: ET.Element) -> datetime:
    text = _matched(_MOMENT, (element.text or "").strip(), "its watermark")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _malformed("its watermark") from None


def _number(text: str, place: str) -> int:
    return int(_matched(re.compile(r"[0-9]{1,12}", re.ASCII), text, place))


def _matched(pattern: re.Pattern[str], text: str, place: str) -> str:
    if pattern.fullmatch(text) is None:
        raise _malformed(place)
    return text


def _tag(qualified: str) -> str:
    prefix, _, local = qualified.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def _qualified(tag: str) -> str:
    uri, _, local = tag.removeprefix("{").partition("}")
    prefix = {known: prefix for prefix, known in NAMESPACES.items()}.get(uri, "?")
    return f"{prefix}:{local}"


def _tags(elements: Sequence[ET.Element] | ET.Element) -> list[str]:
    return [one.tag for one in elements]


def _malformed(place: str) -> InvalidInput:
    return InvalidInput("deposit_document", f"The deposit document can not be read: {place}.")
