"""A deposit that waits for its receipt, and reports of agents on it. All invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from escrow import manifests
from escrow.formats import rfc8909_xml
from escrow.model import File, FormatName, Manifest, Whose
from proxy.model.deposit import Deposit, DepositId, Kind, Step, StreamId
from proxy.model.identifiers import TenantId

if TYPE_CHECKING:
    from collections.abc import Sequence

WATERMARK = datetime(2026, 3, 1, 4, 0, 7, tzinfo=UTC)
STAGED_AT = WATERMARK + timedelta(minutes=5)
DELIVERED_AT = WATERMARK + timedelta(minutes=9)
ID = DepositId(UUID("0195506d-7a00-7000-8000-0000000000a7"))
OTHER_ID = DepositId(UUID("0195506d-7a00-7000-8000-0000000000a8"))
TENANT = TenantId(UUID("0195506d-0000-7000-8000-000000000001"))
NAMES = ("9999_RDE_2026-03-01_full_0.csv.gz.gpg", "9999_RDE_2026-03-01_hdl_0.csv.gz.gpg")
HASHES = ("1a" * 32, "2b" * 32)
REGISTRATIONS = 7


def manifest(
    format_: FormatName = FormatName.RFC8909,
    of: DepositId = ID,
    hashes: Sequence[str] = HASHES,
    kind: Kind = Kind.FULL,
) -> Manifest:
    """The manifest of a deposit of two files."""
    return Manifest(
        deposit=str(of),
        stream="daily",
        tenant=str(TENANT),
        accreditation="main",
        whose=Whose.OURS,
        format=format_,
        kind=kind,
        watermark=WATERMARK,
        sequence=3,
        resend=0,
        previous="",
        agent="agent",
        recipients=("AB" * 20,),
        signer="CD" * 20,
        registrations=REGISTRATIONS,
        total=REGISTRATIONS,
        contacts=12,
        deletes=0,
        files=tuple(
            File(
                name=name,
                plain_name=name.removesuffix(".gz.gpg"),
                plain_octets=900,
                plain_sha256="3c" * 32,
                octets=500,
                sha256=sha256,
            )
            for name, sha256 in zip(NAMES, hashes, strict=True)
        ),
    )


def deposit(found: Manifest | None = None) -> Deposit:
    """The deposit of that manifest, delivered."""
    one = manifest() if found is None else found
    text = manifests.render(one)
    return Deposit(
        id=DepositId(UUID(one.deposit)),
        tenant_id=TENANT,
        stream=StreamId(one.stream),
        kind=one.kind,
        slot=WATERMARK,
        sequence=one.sequence,
        resend=one.resend,
        since=None,
        previous=None,
        agent=one.agent,
        made_at=WATERMARK,
        step=Step.DELIVERED,
        watermark=one.watermark,
        manifest=text.decode(),
        manifest_sha256=manifests.digest(text),
        staged_at=STAGED_AT,
        delivered_at=DELIVERED_AT,
    )


def notification(status: str = "DVPN", **changes: Any) -> bytes:
    """A notification; `changes` replace values, None leaves the element out."""
    values: dict[str, Any] = {
        "repDate": f"{WATERMARK:%Y-%m-%d}",
        "reDate": f"{DELIVERED_AT + timedelta(seconds=30):%Y-%m-%dT%H:%M:%S}.0Z",
        "id": rfc8909_xml.deposit_id(ID),
        "kind": "FULL",
        "watermark": f"{WATERMARK:%Y-%m-%dT%H:%M:%SZ}",
        "domains": REGISTRATIONS,
        "results": "",
        **changes,
    }

    def element(prefix: str, name: str) -> str:
        value = values[name]
        return "" if value is None else f"<{prefix}:{name}>{value}</{prefix}:{name}>"

    count = (
        ""
        if values["domains"] is None
        else f'<h:count uri="urn:ietf:params:xml:ns:csvDomain-1.0">{values["domains"]}</h:count>'
    )
    report = (
        f"<r:report>{element('r', 'id')}<r:version>1</r:version><r:resend>0</r:resend>"
        f"{element('r', 'kind')}{element('r', 'watermark')}"
        f"<h:header><h:ppsp>QH-0007</h:ppsp>{count}"
        '<h:count uri="urn:ietf:params:xml:ns:csvContact-1.0">12</h:count></h:header></r:report>'
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<n:notification xmlns:n="urn:ietf:params:xml:ns:rdeNotification-1.0"'
        ' xmlns:r="urn:ietf:params:xml:ns:rdeReport-1.0"'
        ' xmlns:h="urn:ietf:params:xml:ns:rdeHeader-1.0"'
        ' xmlns:i="urn:ietf:params:xml:ns:iirdea-1.0">\n'
        f"<n:deaName>Harbour Escrow</n:deaName><n:version>1</n:version>{element('n', 'repDate')}"
        f"<n:status>{status}</n:status>{values['results']}{element('n', 'reDate')}"
        f"{'' if status == 'DRFN' else report}</n:notification>\n"
    ).encode()


def listing(names: Sequence[str] = NAMES, hashes: Sequence[str] = HASHES) -> bytes:
    """A list as sha256sum prints it."""
    pairs = zip(names, hashes, strict=True)
    return "".join(f"{sha256}  {name}\n" for name, sha256 in pairs).encode()
