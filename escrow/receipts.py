"""An agent's answer to a deposit: three ways to write it, and which deposit it belongs to.

Pure. Whoever calls has checked the agent's signature, or the plan says that there is none. A report
is one of: a notification in XML (escrow.receipt_xml), our own receipt as JSON, which an agent makes
with our tool, or a list of SHA-256 hashes and names of the encrypted files, as sha256sum prints it.

Which deposit a report speaks of is decided by what only that deposit has: its id, its manifest's
hash, or its files' hashes. Where a format gives the agent no id to repeat, a notification may name
it by its day (`_is_by_day`). Nothing is verified by a name alone: names return.

Reports that contradict: failed, then verified, then not received, whatever their order. A deposit
wrongly held for broken costs one more deposit; one wrongly held for whole may cost the people in
it. An agent that says "not received" looked too early when it verified it too. Times do not decide:
they are the agent's, and not every report has one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from escrow import manifests, receipt_xml
from escrow.formats import rfc8909_xml
from escrow.model import FormatName
from proxy.errors import InvalidInput
from proxy.model.deposit import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from escrow.model import Manifest
    from proxy.model.deposit import Deposit

LIMIT_OCTETS: Final = 1 << 20  # of a report; protects the reader's memory
TYPE: Final = "privacyproxy escrow receipt"
LISTED_AT_MOST: Final = 10_000  # files in a list

_WITHOUT_ID: Final = frozenset({FormatName.CSV_2007, FormatName.CSV_2024})
_LINE: Final = re.compile(r"([0-9a-fA-F]{64}) [ *](?:.*[/\\])?([A-Za-z0-9][A-Za-z0-9._-]{0,199})")


class Outcome(StrEnum):
    """What an agent says of a deposit."""

    VERIFIED = "verified"
    FAILED = "failed"
    NOT_RECEIVED = "not_received"


_PRECEDENCE: Final = (Outcome.FAILED, Outcome.VERIFIED, Outcome.NOT_RECEIVED)
_STATUSES: Final = {
    "DVPN": Outcome.VERIFIED,
    "DVFN": Outcome.FAILED,
    "DRFN": Outcome.NOT_RECEIVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A report as read; whatever it does not say is empty or None."""

    name: str  # of the report, at the agent
    sha256: bytes  # of the report
    outcome: Outcome
    deposit: str = ""  # id, as the agent writes it
    manifest_sha256: str = ""  # hex
    kind: Kind | None = None
    watermark: datetime | None = None
    day: date | None = None
    domains: int | None = None
    at: datetime | None = None  # by the agent's clock
    files: frozenset[tuple[str, str]] = frozenset()  # name and SHA-256 in hex of encrypted files
    reasons: tuple[str, ...] = ()  # codes


class _Json(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["privacyproxy escrow receipt"]
    v: Literal[1]
    deposit: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
    manifest_sha256: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    outcome: Literal["verified", "failed"]
    reasons: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z")], ...],
        msgspec.Meta(max_length=100),
    ]
    at: Annotated[datetime, msgspec.Meta(tz=True)]


_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(_Json, strict=True).decode


def render(manifest: Manifest, reasons: Sequence[str], at: datetime) -> bytes:
    """Our own receipt for a deposit, one line of JSON; without reasons against it, verified."""
    return _encode(
        _Json(
            type=TYPE,
            v=1,
            deposit=manifest.deposit,
            manifest_sha256=manifests.digest(manifests.render(manifest)).hex(),
            outcome="failed" if reasons else "verified",
            reasons=tuple(reasons),
            at=at,
        )
    )


def parse(name: str, content: bytes) -> Receipt:
    """The report called `name` at the agent; InvalidInput `receipt_…` for what is none.

    What it is is told by its first character, as agents' file names say nothing.
    """
    if len(content) > LIMIT_OCTETS:
        raise InvalidInput("receipt_too_long", "A report longer than 1 MiB is none.")
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")
    digest = hashlib.sha256(content).digest()
    match text[:1]:
        case b"<":
            return _of_xml(name, digest, receipt_xml.parse(text))
        case b"{":
            return _of_json(name, digest, text)
        case _:
            return _of_list(name, digest, text)


def match(deposit: Deposit, receipts: Iterable[Receipt]) -> Receipt | None:
    """What the agent says of the deposit; None when no report speaks of it for certain."""
    if deposit.manifest is None:
        return None  # never staged: there is nothing an agent could have
    manifest = manifests.parse(deposit.manifest.encode())
    given = tuple(receipts)
    found = [one for one in given if not one.files and _speaks_of(one, deposit, manifest)]
    found += _complete([one for one in given if one.files], manifest)
    for outcome in _PRECEDENCE:
        same = [one for one in found if one.outcome is outcome]
        if same:
            return max(same, key=_newest)
    return None


def _newest(receipt: Receipt) -> tuple[datetime, str]:
    return receipt.at or datetime.min.replace(tzinfo=UTC), receipt.name


def _of_xml(name: str, digest: bytes, found: receipt_xml.Notification) -> Receipt:
    report = found.report
    return Receipt(
        name=name,
        sha256=digest,
        outcome=_STATUSES[found.status],
        deposit="" if report is None else report.id,
        kind=None if report is None else Kind(report.kind.lower()),
        watermark=None if report is None else report.watermark,
        day=found.day,
        domains=None if report is None else report.domains,
        at=found.at,
        reasons=found.reasons,
    )


def _of_json(name: str, digest: bytes, text: bytes) -> Receipt:
    try:
        found = _decode(text)
        at = found.at.astimezone(UTC)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, OverflowError):
        raise InvalidInput("receipt_json", "This is no receipt as our tool makes them.") from None
    return Receipt(
        name=name,
        sha256=digest,
        outcome=Outcome(found.outcome),
        deposit=found.deposit,
        manifest_sha256=found.manifest_sha256,
        at=at,
        reasons=found.reasons,
    )


def _of_list(name: str, digest: bytes, text: bytes) -> Receipt:
    malformed = InvalidInput(
        "receipt_list", "This is no list of SHA-256 hashes and names, nor another kind of report."
    )
    try:
        lines = [one for one in text.decode("ascii").splitlines() if one.strip()]
    except UnicodeDecodeError:
        raise malformed from None
    found: dict[str, str] = {}
    for line in lines[: LISTED_AT_MOST + 1]:
        parts = _LINE.fullmatch(line)
        # One name with two hashes says nothing of either.
        if parts is None or found.setdefault(parts[2], parts[1].lower()) != parts[1].lower():
            raise malformed
    if not 0 < len(lines) <= LISTED_AT_MOST:
        raise malformed
    return Receipt(
        name=name, sha256=digest, outcome=Outcome.VERIFIED, files=frozenset(found.items())
    )


def _complete(lists: Sequence[Receipt], manifest: Manifest) -> list[Receipt]:
    """The lists that together name every file with its hash; none when one is missing.

    Some agents answer each file by a list of its own; a hash is the file's, whoever lists it. A
    list with our name and another hash is of a deposit whose names returned: it says nothing.
    """
    wanted = {(one.name, one.sha256) for one in manifest.files}
    used = [one for one in lists if one.files & wanted]
    named = frozenset().union(*(one.files for one in used))
    return used if wanted and wanted <= named else []


def _speaks_of(receipt: Receipt, deposit: Deposit, manifest: Manifest) -> bool:
    if receipt.manifest_sha256:
        digest = deposit.manifest_sha256
        return (
            receipt.deposit == str(deposit.id)
            and digest is not None
            and receipt.manifest_sha256 == digest.hex()
        )
    if receipt.deposit in {str(deposit.id), deposit.id.hex, rfc8909_xml.deposit_id(deposit.id)}:
        return _is_consistent(receipt, deposit)
    return _is_by_day(receipt, deposit, manifest)


def _is_consistent(receipt: Receipt, deposit: Deposit) -> bool:
    """Whether a notification with the deposit's id says nothing else that is of another deposit."""
    return (
        receipt.kind is deposit.kind
        and receipt.watermark == deposit.watermark
        and receipt.day is not None
        and deposit.watermark is not None
        and receipt.day >= deposit.watermark.date()
    )


def _is_by_day(receipt: Receipt, deposit: Deposit, manifest: Manifest) -> bool:
    """Whether a notification that can not know our id means this deposit.

    The registrar formats carry no id: an agent makes one up and takes the watermark's day from the
    file's name. It must be that day and kind, the agent must have had it after it was staged, which
    leaves out reports of an earlier attempt on that day, and who says "verified" must have counted
    what is in it. "Not received" has no id in any format; it must be later than our delivery.
    """
    watermark, staged_at, at = deposit.watermark, deposit.staged_at, receipt.at
    if watermark is None or staged_at is None or at is None or receipt.day != watermark.date():
        return False
    if receipt.outcome is Outcome.NOT_RECEIVED:
        return deposit.delivered_at is not None and at > deposit.delivered_at
    if manifest.format not in _WITHOUT_ID or at < staged_at:
        return False
    full = receipt.kind is Kind.FULL
    if receipt.watermark is None or receipt.watermark.date() != watermark.date():
        return False
    counted = receipt.outcome is Outcome.FAILED or receipt.domains == manifest.registrations
    return full is (deposit.kind is Kind.FULL) and counted
