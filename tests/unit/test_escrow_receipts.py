"""Which reports are receipts, and which deposit they belong to."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escrow import manifests, receipt_xml, receipts
from escrow.formats import rfc8909_xml
from escrow.model import FormatName
from escrow.receipts import Outcome
from proxy.errors import InvalidInput
from proxy.model.deposit import Deposit, Kind
from tests.support import escrow_reports as reports
from tests.support.escrow_reports import DELIVERED_AT, HASHES, NAMES, STAGED_AT, WATERMARK

RESULTS = (
    '<n:results><i:result code="4504"><i:msg>Name of a person</i:msg></i:result>'
    '<i:result code="4502"><i:msg>x</i:msg></i:result><i:result code="4504"/></n:results>'
)


def outcome_of(*contents: bytes, of: Deposit | None = None) -> Outcome | None:
    """What these reports together say of the deposit."""
    found = [receipts.parse(f"r{number}", one) for number, one in enumerate(contents)]
    receipt = receipts.match(reports.deposit() if of is None else of, found)
    return None if receipt is None else receipt.outcome


def ours(outcome: Any = Outcome.VERIFIED, **changes: Any) -> bytes:
    """Our own tool's receipt; `changes` are of the manifest."""
    manifest = dataclasses.replace(reports.manifest(), **changes)
    reasons = () if outcome is Outcome.VERIFIED else ("sha256_differs",)
    return receipts.render(manifest, reasons, DELIVERED_AT)


def code_of(content: bytes) -> str:
    """The code that the report is refused with."""
    with pytest.raises(InvalidInput) as refused:
        receipts.parse("report", content)
    return refused.value.code


# Notifications


@pytest.mark.parametrize(
    ("status", "outcome"), [("DVPN", Outcome.VERIFIED), ("DVFN", Outcome.FAILED)]
)
@pytest.mark.parametrize(
    "of", [rfc8909_xml.deposit_id(reports.ID), str(reports.ID), reports.ID.hex]
)
def test_a_notification_with_the_deposits_id_counts(status: str, outcome: Outcome, of: str) -> None:
    """The agent's word on a deposit by its id, in any of its writings, is taken."""
    assert outcome_of(reports.notification(status, id=of)) is outcome


def test_prefixes_of_namespaces_do_not_count() -> None:
    """A default namespace and other prefixes say the same."""
    text = reports.notification().replace(b"xmlns:n=", b"xmlns=").replace(b"<n:", b"<")
    text = text.replace(b"</n:", b"</").replace(b"<r:", b"<x:").replace(b"</r:", b"</x:")
    text = text.replace(b"xmlns:r=", b"xmlns:x=")
    assert outcome_of(text) is Outcome.VERIFIED


def test_reasons_are_codes_without_the_text_beside_them() -> None:
    """Results come as codes, each once; what is written for people stays away."""
    found = receipts.parse("r", reports.notification("DVFN", results=RESULTS))
    assert found.reasons == ("4504", "4502")
    assert "person" not in repr(found)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": rfc8909_xml.deposit_id(reports.OTHER_ID)},
        {"id": "20260301001"},
        {"kind": "DIFF"},
        {"watermark": "2026-02-28T04:00:07Z"},
        {"watermark": "2026-03-01T04:00:08Z"},
        {"repDate": "2026-02-28"},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", ["DVPN", "DVFN"])
def test_a_notification_of_another_deposit_says_nothing(
    status: str, changes: dict[str, str]
) -> None:
    """Another id, kind, moment or earlier day is another deposit's."""
    assert outcome_of(reports.notification(status, **changes)) is None


def test_a_watermark_in_another_time_zone_is_the_same_moment() -> None:
    """Moments are compared, not texts."""
    text = reports.notification(watermark="2026-03-01T05:00:07.000+01:00")
    assert outcome_of(text) is Outcome.VERIFIED


BY_DAY = {"id": "20260301001", "watermark": "2026-03-01T00:00:00Z"}
CSV = reports.deposit(reports.manifest(FormatName.CSV_2007))


def test_a_format_without_an_id_is_named_by_its_day() -> None:
    """An agent that has only the file's name and its own count verifies, and fails, by them."""
    assert outcome_of(reports.notification(**BY_DAY), of=CSV) is Outcome.VERIFIED
    failed = reports.notification("DVFN", **BY_DAY, domains=0)
    assert outcome_of(failed, of=CSV) is Outcome.FAILED


@pytest.mark.parametrize(
    "changes",
    [
        {"watermark": "2026-02-28T00:00:00Z"},
        {"repDate": "2026-02-28"},
        {"repDate": "2026-03-02"},
        {"kind": "INCR"},
        {"domains": reports.REGISTRATIONS - 1},
        {"domains": None},
        {"reDate": None},
        {"reDate": f"{STAGED_AT - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"},
    ],
    ids=str,
)
def test_a_day_alone_verifies_nothing(changes: dict[str, Any]) -> None:
    """Another day, kind or count, or a time before the deposit was staged: not this one."""
    assert outcome_of(reports.notification(**{**BY_DAY, **changes}), of=CSV) is None


def test_an_incremental_deposit_is_named_by_its_day_too() -> None:
    """INCR and DIFF are one where a format knows no difference."""
    manifest = reports.manifest(FormatName.CSV_2024, kind=Kind.DIFF)
    text = reports.notification(**BY_DAY, kind="INCR")
    assert outcome_of(text, of=reports.deposit(manifest)) is Outcome.VERIFIED


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        (DELIVERED_AT + timedelta(hours=1), Outcome.NOT_RECEIVED),
        (DELIVERED_AT - timedelta(seconds=1), None),
        (None, None),
    ],
)
def test_not_received_counts_only_after_the_delivery(
    at: datetime | None, outcome: Outcome | None
) -> None:
    """An agent that looked before, or does not say when, has not missed what came since."""
    moment = None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"
    assert outcome_of(reports.notification("DRFN", reDate=moment)) is outcome


def test_not_received_of_another_day_says_nothing() -> None:
    """Yesterday's deposit is not today's."""
    assert outcome_of(reports.notification("DRFN", repDate="2026-02-28")) is None


@pytest.mark.parametrize(
    "text",
    [
        b"<a/>",
        b"<n:notification/>",
        reports.notification("DVXX"),
        reports.notification("DVPN").replace(b"rdeNotification-1.0", b"rdeNotification-2.0"),
        reports.notification(id=None),
        reports.notification(id="../x"),
        reports.notification(kind="WHOLE"),
        reports.notification(kind="FULL</r:kind><r:kind>DIFF"),
        reports.notification(watermark="yesterday"),
        reports.notification(watermark="2026-03-01T04:00:07"),
        reports.notification(watermark="2026-13-01T04:00:07Z"),
        reports.notification(watermark="0001-01-01T00:00:00+23:00"),
        reports.notification(repDate=None),
        reports.notification(repDate="2026-02-30"),
        reports.notification(domains="many"),
        reports.notification("DVPN", results="<n:status>DVFN</n:status>"),
        reports.notification()
        .replace(b"<r:report>", b"<r:other>")
        .replace(b"</r:report>", b"</r:other>"),
        reports.notification("DVFN").replace(b">DVFN<", b">DRFN<"),
        reports.notification()[:-20],
        reports.notification().replace(b"Harbour", b"Harbour&undefined;"),
        reports.notification("DVFN", results="<x>" * 12 + "</x>" * 12),
        reports.notification("DVFN", results="<x/>" * 10_000),
        reports.notification().replace(b"UTF-8", b"ISO-8859-1").replace(b"our", b"\xf6r"),
        reports.notification().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        reports.notification("DVPN").replace(b"UTF-8", b"big5").replace(b"our", b"\xa4\xa4"),
    ],
)
def test_what_is_no_notification_is_refused(text: bytes) -> None:
    """A missing, doubled or impossible element is no notification, whatever else is right."""
    with pytest.raises(InvalidInput) as refused:
        receipt_xml.parse(text)
    assert refused.value.code == "receipt_xml"


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE n [<!ENTITY s "DVPN">]>',
        b'<!DOCTYPE n SYSTEM "file:///dev/zero">',
        b"<!DOCTYPE n>",
        b'<!DOCTYPE n [<!ENTITY % p SYSTEM "http://127.0.0.1/"> %p;]>',
    ],
)
def test_a_document_type_is_refused(doctype: bytes) -> None:
    """No entity is defined, nothing outside is asked for."""
    text = reports.notification().replace(b"<n:notification", doctype + b"<n:notification", 1)
    assert code_of(text) == "receipt_xml"


def test_a_bare_report_is_no_receipt() -> None:
    """A report says what was sent; what became of it stands in a notification."""
    text = b'<r:report xmlns:r="urn:ietf:params:xml:ns:rdeReport-1.0"><r:id>x</r:id></r:report>'
    assert code_of(text) == "receipt_xml"


# Our own receipts


@pytest.mark.parametrize("outcome", [Outcome.VERIFIED, Outcome.FAILED])
def test_our_tools_receipt_counts(outcome: Outcome) -> None:
    """Deposit and manifest together name one deposit, for good or ill."""
    assert outcome_of(ours(outcome)) is outcome


def test_our_tools_receipt_says_what_it_was_given() -> None:
    """Reading gives back what rendering was given."""
    found = receipts.parse("r.json", ours(Outcome.FAILED))
    assert found.reasons == ("sha256_differs",)
    assert found.at == DELIVERED_AT
    assert found.deposit == str(reports.ID)
    assert found.manifest_sha256 == manifests.digest(manifests.render(reports.manifest())).hex()


@pytest.mark.parametrize("outcome", [Outcome.VERIFIED, Outcome.FAILED])
@pytest.mark.parametrize("changes", [{"deposit": str(reports.OTHER_ID)}, {"sequence": 2}], ids=str)
def test_our_tools_receipt_for_another_manifest_says_nothing(
    outcome: Outcome, changes: dict[str, Any]
) -> None:
    """Neither the id nor the hash alone is the deposit."""
    assert outcome_of(ours(outcome, **changes)) is None


def test_our_tools_receipt_with_another_id_says_nothing() -> None:
    """The manifest's hash under another deposit's id contradicts itself."""
    text = ours().replace(str(reports.ID).encode(), str(reports.OTHER_ID).encode())
    assert outcome_of(text) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"v":1', b'"v":2'),
        (b'"v":1', b'"v":1,"more":1'),
        (b'"verified"', b'"not_received"'),
        (b"privacyproxy escrow receipt", b"privacyproxy escrow manifest"),
        (b'"reasons":[]', b'"reasons":["Name of a person"]'),
        (b"Z", b""),
        (b"0195506d", b"0195506D"),
        (b"}", b""),
    ],
)
def test_what_is_no_receipt_of_our_tool_is_refused(old: bytes, new: bytes) -> None:
    """A field more, less or other is another document."""
    assert old in ours()
    assert code_of(ours().replace(old, new)) == "receipt_json"


# Lists


@pytest.mark.parametrize(
    "text",
    [
        reports.listing(),
        reports.listing(hashes=[one.upper() for one in HASHES]),
        reports.listing().replace(b"  ", b" *").replace(b"\n", b"\r\n"),
        reports.listing(names=[f"./incoming/{one}" for one in NAMES]),
        b"\xef\xbb\xbf" + reports.listing() + b"\n" + f"{'4d' * 32}  other.gpg\n".encode(),
    ],
    ids=["plain", "upper", "binary", "path", "more"],
)
def test_a_list_of_every_file_counts(text: bytes) -> None:
    """The hashes of all files under their names say that they are whole."""
    assert outcome_of(text) is Outcome.VERIFIED


def test_lists_of_single_files_count_together() -> None:
    """An agent may answer each file by itself; a missing one is missing."""
    one, two = reports.listing().splitlines(keepends=True)
    assert outcome_of(one, two) is Outcome.VERIFIED
    assert outcome_of(one, one) is None


@pytest.mark.parametrize(
    "text",
    [
        reports.listing(hashes=(HASHES[0], "5e" * 32)),
        reports.listing(hashes=HASHES[::-1]),
        reports.listing(names=(NAMES[0], "9999_RDE_2026-02-28_hdl_0.csv.gz.gpg")),
    ],
    ids=["another hash", "exchanged", "another day"],
)
def test_a_list_that_names_other_files_says_nothing(text: bytes) -> None:
    """A name without its hash, or a hash under another name, is not the deposit's file."""
    assert outcome_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n \n",
        b"all is well\n",
        NAMES[0].encode(),
        reports.listing() + b"and more\n",
        reports.listing() + f"{'5e' * 32}  {NAMES[0]}\n".encode(),
        reports.listing().replace(b"  ", b" "),
        reports.listing() + "é".encode(),
        f"{HASHES[0]}  .hidden\n".encode(),
        b"".join(f"{HASHES[0]}  n{number}\n".encode() for number in range(10_001)),
    ],
)
def test_what_is_no_list_is_refused(text: bytes) -> None:
    """One line that is none spoils the list, and so does a name with two hashes."""
    assert code_of(text) == "receipt_list"


def test_a_long_report_is_refused() -> None:
    """A report of more than a mebibyte is none, whatever it holds."""
    assert code_of(b" " * receipts.LIMIT_OCTETS + b"<") == "receipt_too_long"


# All


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_contradicting_reports_count_in_one_order(order: tuple[int, ...]) -> None:
    """Failed before verified before not received, however they come and whenever they were made."""
    late, early = f"{DELIVERED_AT + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}", None
    all_of = [
        reports.notification("DVFN", reDate=early),
        reports.notification("DVPN", reDate=late),
        reports.notification("DRFN", reDate=late),
    ]
    assert outcome_of(*[all_of[one] for one in order]) is Outcome.FAILED
    assert outcome_of(*[all_of[one] for one in order if one]) is Outcome.VERIFIED


def test_of_reports_that_agree_the_newest_is_kept() -> None:
    """Which report stands in the ledger does not depend on the order of the listing."""
    found = [
        receipts.parse("b", ours()),
        receipts.parse("a", reports.notification()),
        receipts.parse("c", reports.notification(reDate=None)),
    ]
    for given in itertools.permutations(found):
        chosen = receipts.match(reports.deposit(), given)
        assert chosen is not None
        assert chosen.name == "a"


def test_a_deposit_that_was_never_staged_has_no_receipt() -> None:
    """Without a manifest there is nothing an agent could have."""
    empty = dataclasses.replace(reports.deposit(), manifest=None)
    assert outcome_of(reports.notification(), ours(), of=empty) is None


def test_a_receipt_keeps_the_reports_own_hash() -> None:
    """What the ledger names is the report's octets, space around it included."""
    plain, spaced = (receipts.parse("r", one) for one in (ours(), b"\n" + ours()))
    assert plain.sha256 != spaced.sha256
    assert dataclasses.replace(plain, sha256=b"") == dataclasses.replace(spaced, sha256=b"")
    assert WATERMARK.tzinfo is UTC
