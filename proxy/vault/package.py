"""What a disclosure package holds, and how its parts become one file. Pure but for signing.

`disclosure.json` is what counts: canonical, every value as it is stored. `disclosure.pdf` says the
same for people, `manifest.json` names both by digest, and the package key signs PDF and manifest.
Names of files, of the archive, and what surrounds the values hold none of the person's.
Source: casework s7.6; vault.md, Package; FORMAT.md, Package.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import rfc8785

from proxy.errors import Refused
from proxy.model.order import CaseSubject, Disclosure
from proxy.rules import use_terms
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from proxy.model.order import Order
    from proxy.vault.package_fields import Selected

JSON_NAME: Final = "disclosure.json"
PDF_NAME: Final = "disclosure.pdf"
README_NAME: Final = "readme.txt"
MANIFEST_NAME: Final = "manifest.json"
SIGNATURE_NAME: Final = "manifest.json.p7s"
CERTIFICATE_NAME: Final = "package.pem"
LIMIT_OCTETS: Final = 4 << 20  # of a finished package; a common one has a tenth of a megabyte
COPY_OCTETS: Final = 10  # 80 random bits: no two copies share a mark, nobody guesses one
PASS_PHRASE_OCTETS: Final = 16  # 128 bits
_PADDED_OCTETS: Final = 16_384  # hides the length of a name from who sees the ciphertext's
_END_OCTETS: Final = 22  # of an archive, in front of its comment
_MOST_COMMENT: Final = 65_535
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip file knows: no time of ours
_ALPHABET: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)  # Crockford's base 32: no I, L, O or U to be misheard or misread

_README: Final = """\
This archive was made for one recipient and one case. Read it as follows.

  disclosure.json    the data, exactly as stored (UTF-8, RFC 8785)
  disclosure.pdf     the same for people; it bears our signature
  manifest.json      SHA-256 of each file, the order, the recipient
  manifest.json.p7s  our signature over manifest.json (CMS, detached, DER)
  package.pem        the certificate of the key that signed

To check the manifest:

  openssl cms -verify -binary -inform DER -in manifest.json.p7s \\
    -content manifest.json -CAfile package.pem -out /dev/null
  sha256sum disclosure.json disclosure.pdf

Take package.pem from this archive only for comparison: ask us for it on a way that
you know. By the delete-by date destroy the data and every copy.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What makes one copy of a package: its id, its copy's mark, when, and how to reach us."""

    package_id: UUID
    copy_id: str
    made_at: datetime
    contact: str
    approvals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of a package in their order; contents are hidden."""

    by_name: Mapping[str, bytes] = field(repr=False)


def grouped(octets: bytes) -> str:
    """Random octets in groups of four characters, to be read out on the telephone.

    All bits are kept: 16 octets give 26 characters, 128 bits.
    """
    text = base64.b32encode(octets).rstrip(b"=").decode().translate(_ALPHABET)
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def disclosure(
    order: Order, order_sha256: str, selected: Sequence[Selected], mark: Mark
) -> Mapping[str, object]:
    """What is disclosed, with all that a recipient must know of it; the PDF shows the same.

    Refused `package_order` for an order that discloses nothing, `terms_unknown`, and `field_other`
    when what was selected is not exactly what was approved.
    """
    subject, deed = parts(order)
    terms = use_terms.TERMS.get(deed.terms)
    if terms is None:
        raise Refused("terms_unknown", "The order names terms of use that are none of ours.")
    if tuple(one.name for one in selected) != deed.fields:
        raise Refused("field_other", "These are not the fields that were approved.")
    return {
        "type": "privacyproxy disclosure",
        "v": 1,
        "package": str(mark.package_id),
        "copy": mark.copy_id,
        "made_at": documents.moment_text(mark.made_at.replace(microsecond=0)),
        "case": str(subject.case),
        "case_type": subject.case_type,
        "order": {"id": str(order.id), "sha256": order_sha256, "approvals": mark.approvals},
        "recipient": recipient(deed),
        "domain": {"ascii": subject.domain, "unicode": subject.unicode_name},
        "event_date": documents.moment_text(subject.event_date.replace(microsecond=0)),
        "basis": subject.basis.value,
        "instrument": subject.instrument,
        "fields": [{"name": one.name, "value": _plain(one)} for one in selected],
        "purpose": use_terms.PURPOSES[subject.basis],
        "terms": {"sha256": deed.terms, "text": list(terms)},
        "delete_by": deed.delete_by,
        "accuracy": use_terms.ACCURACY,
        "contact": mark.contact,
    }


def parts(order: Order) -> tuple[CaseSubject, Disclosure]:
    """The case and the deed of an order that discloses; Refused `package_order` for any other."""
    subject = order.subject
    if not isinstance(subject, CaseSubject) or not isinstance(subject.deed, Disclosure):
        raise Refused("package_order", "This order discloses nothing to anybody.")
    return subject, subject.deed


def canonical(facts: Mapping[str, object]) -> bytes:
    """RFC 8785: strings keep every character, so that a value read back is the one stored."""
    return rfc8785.dumps(facts)  # type: ignore[arg-type]  # its recursive type is private


def signed_files(
    facts: Mapping[str, object],
    pdf: bytes,
    *,
    certificate: bytes,
    sign: Callable[[bytes], bytes],
) -> Files:
    """All files, with the manifest and its signature; `certificate` is in PEM."""
    made = {
        JSON_NAME: canonical(facts),
        PDF_NAME: pdf,
        README_NAME: _README.encode(),
        CERTIFICATE_NAME: certificate,
    }
    manifest = canonical(
        {
            "type": "privacyproxy package",
            "v": 1,
            "package": facts["package"],
            "copy": facts["copy"],
            "case": facts["case"],
            "order": facts["order"],
            "recipient": facts["recipient"],
            "made_at": facts["made_at"],
            "delete_by": facts["delete_by"],
            "files": {name: hashlib.sha256(octets).hexdigest() for name, octets in made.items()},
        }
    )
    return Files(by_name={**made, MANIFEST_NAME: manifest, SIGNATURE_NAME: sign(manifest)})


def archived(files: Files) -> bytes:
    """The files as one zip archive, of a length that tells little of what is in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, octets in files.by_name.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system, info.external_attr = 3, 0o600 << 16
            archive.writestr(info, octets)
        buffer.flush()
        size = sum(
            # Local header 30, central 46, both with the name (APPNOTE s4.3.7, s4.3.12).
            30 + 46 + 2 * len(name.encode()) + len(octets)
            for name, octets in files.by_name.items()
        )
        archive.comment = b" " * min(-(size + _END_OCTETS) % _PADDED_OCTETS, _MOST_COMMENT)
    return buffer.getvalue()


def spliced(pdf: bytes, start: int, end: int, sign: Callable[[bytes], bytes]) -> bytes:
    """A PDF file with the signature in the gap that was left for it between `start` and `end`.

    What is signed is everything but the gap (ISO 32000-1 s12.8.1); Refused `package_pdf` for a
    gap that is not empty or is too small.
    """
    gap = pdf[start:end]
    if (
        not 0 < start < end < len(pdf)
        or not gap.startswith(b"<")
        or not gap.endswith(b">")
        or gap[1:-1].strip(b"0")
    ):
        raise Refused("package_pdf", "The document has no place for a signature.")
    signature = sign(pdf[:start] + pdf[end:]).hex().encode()
    if len(signature) > len(gap) - 2:
        raise Refused("package_pdf", "The signature does not fit the document.")
    return pdf[: start + 1] + signature.ljust(len(gap) - 2, b"0") + pdf[end - 1 :]


def recipient(deed: Disclosure) -> Mapping[str, object]:
    """Who gets a package, as it stands in it."""
    one = deed.recipient
    return {"name": one.name, "organization": one.organization, "openpgp": one.openpgp}


def _plain(one: Selected) -> object:
    return list(one.value) if isinstance(one.value, tuple) else one.value
