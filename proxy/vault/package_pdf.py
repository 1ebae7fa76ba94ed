"""The disclosure as a PDF document for people, with a gap for the signature. Holds no key.

Runs in the keyless child process alone: reportlab and pyhanko are more code than the vault shall
hold. Text is drawn character by character, never interpreted: no markup, no links, no scripts, no
attachments. A character that the font lacks, or that would change how others look (controls,
combining marks, right-to-left letters), is shown by its code in a grey box: nobody takes a wrong
picture of a name for the name. Document data (title and so on) hold no value of the person's.
Source: ISO 32000-1 s12.8; casework s7.6; FORMAT.md, Package.
"""

from __future__ import annotations

import io
import re
import unicodedata
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import cms_embedder, pdf_byterange
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FONT: Final = "DejaVuSans"
SIGNATURE_FIELD: Final = "Signature"
SIGNATURE_OCTETS: Final = 8_192  # a signature with its certificate has about 1,100
_WIDTH, _HEIGHT = A4
_LEFT: Final = 56.0
_LABELS: Final = 120.0  # width of the column of labels
_TOP: Final = _HEIGHT - 64.0
_BOTTOM: Final = 72.0
_SIZE: Final = 9.5
_LEADING: Final = 14.0
_SMALL: Final = 7.0
# Of the bidirectional classes those that read from the right, and those that turn others round.
_TURNED: Final = frozenset({"R", "AL", "AN", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI",
                            "FSI", "PDI", "BN"})  # fmt: skip
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me", "Mc"})
_NOTE: Final = (
    "A grey box holds the code of a character that can not be shown here. The exact value stands in"
    " disclosure.json, which counts."
)

_MODIFIED: Final = re.compile(rb"/ModDate \(D:[0-9]{14}")
_NO_TIME: Final = b"/ModDate (D:20000101000000"

Piece = tuple[str, bool]
"""Text as it is drawn, and whether it is a character's code."""


def render(facts: Mapping[str, Any]) -> tuple[bytes, int, int]:
    """The document and the gap for its signature: from `<` to behind `>`; the same each time."""
    page = _Pages(str(facts["copy"]), str(facts["case"]))
    page.heading("Disclosure of registration data")
    page.paragraph(
        f"Confidential. Made for one recipient. Copy {facts['copy']}. Use only under the terms"
        " below."
    )
    _parties(page, facts)
    page.heading("Data disclosed")
    for one in facts["fields"]:
        page.row(str(one["name"]), _shown(one["value"]))
    page.heading("Purpose and terms of use")
    page.paragraph(str(facts["purpose"]))
    for one in facts["terms"]["text"]:
        page.paragraph(str(one))
    page.row("Delete by", [str(facts["delete_by"])])
    page.heading("Accuracy, errors, misuse")
    page.paragraph(str(facts["accuracy"]))
    page.row("Contact", [str(facts["contact"])])
    if page.has_codes:
        page.paragraph(_NOTE)
    return _with_gap(page.finish())


def prepare() -> None:
    """Load what would else be loaded from files on the way: from now on none is opened."""
    _font()
    _with_gap(_Pages("", "").finish())


def _parties(page: _Pages, facts: Mapping[str, Any]) -> None:
    recipient, domain, order = facts["recipient"], facts["domain"], facts["order"]
    names = [str(domain["ascii"])]
    if domain["unicode"] != domain["ascii"]:
        names.append(str(domain["unicode"]))
    rows: list[tuple[str, list[str]]] = [
        ("Recipient", [one for one in (recipient["name"], recipient["organization"]) if one]),
        ("Encrypted to", [recipient["openpgp"] or "a pass-phrase, told by telephone"]),
        ("Domain name", names),
        ("As of", [facts["event_date"]]),
        ("Case", [f"{facts['case']} ({facts['case_type']})"]),
        ("Legal basis", [str(facts["basis"]).replace("_", " ")]),
        ("Instrument", [facts["instrument"]] if facts["instrument"] else []),
        ("Order", [order["id"], f"SHA-256 {order['sha256']}", f"{order['approvals']} approvals"]),
        ("Package", [facts["package"], f"made {facts['made_at']}"]),
    ]
    for label, lines in rows:
        if lines:
            page.row(label, lines)


def _shown(value: object) -> list[str]:
    if value is None:
        return ["(nothing held)"]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def pieces(text: str) -> list[Piece]:
    """The text, character by character, as it is drawn."""
    known = _font().face.charToGlyph
    return [
        (f"[U+{ord(one):04X}]", True) if _is_unsafe(one, known) else (one, False) for one in text
    ]


def _is_unsafe(one: str, known: Mapping[int, int]) -> bool:
    return (
        ord(one) not in known
        or unicodedata.category(one) in _UNSEEN
        or unicodedata.bidirectional(one) in _TURNED
        or (unicodedata.category(one) == "Zs" and one != " ")
    )


def _font() -> TTFont:
    if FONT not in pdfmetrics.getRegisteredFontNames():
        octets = resources.files("proxy.vault").joinpath("fonts", f"{FONT}.ttf").read_bytes()
        pdfmetrics.registerFont(TTFont(FONT, io.BytesIO(octets)))
    return pdfmetrics.getFont(FONT)


def _width(text: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, FONT, size))


def wrapped(text: str, width: float, size: float = _SIZE) -> list[list[Piece]]:
    """Lines that fit, broken at spaces where there are any; nothing is left out or hyphenated."""
    lines: list[list[Piece]] = [[]]
    used, last_space = 0.0, -1
    for piece in pieces(text):
        wide = _width(piece[0], size)
        while used + wide > width and lines[-1]:  # what is carried on may leave no place either
            carried = lines[-1][last_space + 1 :] if last_space >= 0 else []
            if last_space >= 0:
                del lines[-1][last_space + 1 :]
            lines.append(carried)
            used, last_space = sum(_width(one, size) for one, _ in carried), -1
        lines[-1].append(piece)
        used += wide
        if piece == (" ", False):
            last_space = len(lines[-1]) - 1
    return lines


class _Pages:
    """A document that grows downwards; every page bears the copy's mark."""

    def __init__(self, copy: str, case: str) -> None:
        self._buffer = io.BytesIO()
        # invariant: no time and no random id, so that the same facts give the same document.
        self._canvas = Canvas(self._buffer, pagesize=A4, invariant=1, pageCompression=0)
        self._canvas.setTitle("Disclosure package")
        self._canvas.setAuthor("")
        self._canvas.setSubject("")
        self._canvas.setCreator("privacyproxy")
        self._copy, self._case = copy, case
        self._number = 0
        self._y = 0.0
        self.has_codes = False
        _font()
        self._begin()

    def heading(self, text: str) -> None:
        """A line that begins a part, never the last of a page."""
        self._need(4 * _LEADING)
        self._y -= _LEADING
        self._line([(text, False)], _LEFT, 13.0)
        self._y -= 4.0

    def paragraph(self, text: str) -> None:
        """Text over the whole width."""
        for line in wrapped(text, _WIDTH - 2 * _LEFT):
            self._line(line, _LEFT)
        self._y -= 4.0

    def row(self, label: str, texts: Sequence[str]) -> None:
        """A label and one or several lines beside it."""
        lines = [line for one in texts for line in wrapped(str(one), _WIDTH - 2 * _LEFT - _LABELS)]
        self._need(_LEADING)
        self._canvas.setFillGray(0.35)
        self._draw([(label, False)], _LEFT, self._y, _SIZE)
        for line in lines:
            self._line(line, _LEFT + _LABELS)

    def finish(self) -> bytes:
        """The document."""
        self._canvas.showPage()
        self._canvas.save()
        return self._buffer.getvalue()

    def _line(self, line: Sequence[Piece], x: float, size: float = _SIZE) -> None:
        self._need(_LEADING)
        self._canvas.setFillGray(0.0)
        self._draw(line, x, self._y, size)
        self._y -= _LEADING if size == _SIZE else size + 5.0

    def _draw(self, line: Sequence[Piece], x: float, y: float, size: float) -> None:
        place = x
        for text, is_code in _runs(line):
            wide = _width(text, size)
            if is_code:
                self.has_codes = True
                self._canvas.setFillGray(0.82)
                self._canvas.rect(place, y - 2.5, wide, size + 2.5, stroke=0, fill=1)
                self._canvas.setFillGray(0.0)
            self._canvas.setFont(FONT, size)
            self._canvas.drawString(place, y, text)
            place += wide

    def _need(self, room: float) -> None:
        if self._y - room < _BOTTOM:
            self._canvas.showPage()
            self._begin()

    def _begin(self) -> None:
        self._number += 1
        canvas = self._canvas
        canvas.saveState()
        canvas.setFillGray(0.93)
        canvas.setFont(FONT, 30)
        canvas.translate(_WIDTH / 2, _HEIGHT / 2)
        canvas.rotate(52)
        canvas.drawCentredString(0, 0, self._copy)
        canvas.restoreState()
        canvas.setFillGray(0.35)
        canvas.setFont(FONT, _SMALL)
        canvas.drawString(_LEFT, 44, f"Copy {self._copy}   Case {self._case}")
        canvas.drawRightString(_WIDTH - _LEFT, 44, f"Page {self._number}")
        self._y = _TOP


def _runs(line: Sequence[Piece]) -> list[Piece]:
    """Neighbours of one kind together; every code stands alone."""
    found: list[Piece] = []
    for text, is_code in line:
        if found and not is_code and not found[-1][1]:
            found[-1] = (found[-1][0] + text, False)
        else:
            found.append((text, is_code))
    return found


def _with_gap(document: bytes) -> tuple[bytes, int, int]:
    """The document with an empty signature over all of it (adbe.pkcs7.detached)."""
    writer = IncrementalPdfFileWriter(io.BytesIO(document))
    steps = cms_embedder.PdfCMSEmbedder().write_cms(SIGNATURE_FIELD, writer)
    next(steps)
    placeholder = pdf_byterange.SignatureObject(bytes_reserved=SIGNATURE_OCTETS)
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder))
    prepared, output = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256"))
    octets: bytes = output.getvalue()
    added = octets[len(document) :]
    # What pyhanko added has half an id drawn by chance, and the time; nothing is signed yet.
    ours, drawn = (one.hex().encode() for one in writer.document_id)
    added = _MODIFIED.sub(_NO_TIME, added.replace(b"<" + drawn + b">", b"<" + ours + b">"))
    return document + added, prepared.reserved_region_start, prepared.reserved_region_end
