"""Our own manifest as it lies in the outbox: believed only with our signature, and of the very row.

Between the steps the row stands in a database and the files on a disk; either may have been changed
by somebody. What is sent, and what is read back, is what we signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from escrow import manifests
from escrow.model import FormatName
from proxy.errors import Refused

if TYPE_CHECKING:
    from escrow.model import Manifest, Stream
    from escrow.steps import Desk
    from proxy.model.deposit import Deposit


def read(desk: Desk, deposit: Deposit) -> tuple[Manifest, bytes, bytes]:
    """The manifest, its text and its signature.

    Refused `escrow_manifest_changed` where the row says something else, `escrow_signature` where it
    was not we who signed.
    """
    place = desk.outbox / str(deposit.id)
    changed = Refused("escrow_manifest_changed", "What was staged is not what the row says.")
    try:
        text = (place / manifests.NAME).read_bytes()
        signature = (place / manifests.SIGNATURE_NAME).read_bytes()
    except FileNotFoundError:
        raise changed from None
    desk.check_own(text, signature)
    found = manifests.parse(text)
    if manifests.digest(text) != deposit.manifest_sha256 or not _is_of(found, deposit):
        raise changed
    return found, text, signature


def is_sent(stream: Stream) -> bool:
    """Whether the agent gets the manifest beside the files."""
    return stream.options.with_manifest or stream.format is FormatName.RECOVERY


def named(manifest: Manifest, text: bytes, signature: bytes) -> tuple[tuple[str, bytes], ...]:
    """Signature and manifest by the names they have at the agent, in the order of sending.

    The manifest is last: whoever finds it finds what it names.
    """
    return (
        (f"{manifest.stem}_{manifests.SIGNATURE_NAME}", signature),
        (f"{manifest.stem}_{manifests.NAME}", text),
    )


def _is_of(manifest: Manifest, deposit: Deposit) -> bool:
    """Whether a manifest is of this row, and names something to send."""
    return bool(manifest.files) and (
        manifest.deposit,
        manifest.stream,
        manifest.tenant,
        manifest.agent,
        manifest.watermark,
        manifest.recipients,
    ) == (
        str(deposit.id),
        deposit.stream,
        str(deposit.tenant_id),
        deposit.agent,
        deposit.watermark,
        (deposit.fingerprint,),
    )
