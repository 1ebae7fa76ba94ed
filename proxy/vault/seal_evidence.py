"""Write-only intake of evidence: implements outer_ports.EvidenceSealer for the web role.

It can not open what it has sealed. Its key signs submissions of evidence and of nothing else: the
vault takes no person's data from it (vault.adoption). Must import neither unseal nor keyring.
Source: FORMAT.md, Intake and Evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import override

from proxy.errors import Unavailable
from proxy.vault import evidence, files, primitives, submissions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from proxy import ports
    from proxy.model.evidence import ToSealPieces
    from proxy.model.sealed import IntakeKey, SealedBatch


class _WebFile(msgspec.Struct, forbid_unknown_fields=True):
    signer_id: str
    signing_key: bytes

    @override
    def __repr__(self) -> str:
        """Never the key."""
        return "<_WebFile>"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebKeys:
    """What a web host holds: an Ed25519 signing seed. It opens nothing."""

    signer_id: str
    signing_key: bytes = field(repr=False)


def render_keys(keys: WebKeys) -> bytes:
    """The bytes of web.json."""
    return msgspec.json.encode(_WebFile(signer_id=keys.signer_id, signing_key=keys.signing_key))


def load_keys(path: Path) -> WebKeys:
    """The keys in KEYDIR/web/web.json; Unavailable `web_keys` when absent or damaged."""
    try:
        content = files.read(path, submissions.FILE_LIMIT_OCTETS)
        found = msgspec.json.decode(content or b"", type=_WebFile)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        raise Unavailable("web_keys", f"The web role's key file {path} can not be read.") from None
    if len(found.signing_key) != primitives.KEY_OCTETS:
        raise Unavailable("web_keys", f"The web role's key file {path} is damaged.")
    return WebKeys(signer_id=found.signer_id, signing_key=found.signing_key)


class EvidenceSealer:
    """Seals pieces of files with the newest intake key that the pinned vault signed."""

    def __init__(
        self,
        *,
        keys: WebKeys,
        pin: bytes,
        current: Callable[[], IntakeKey | None],
        clock: ports.Clock,
        random: Callable[[int], bytes],
    ) -> None:
        """`current` gives the newest row of intake_key as last read; `random(n)` n octets."""
        self._submitter = submissions.Submitter(
            signer_id=keys.signer_id,
            signing_key=keys.signing_key,
            pin=pin,
            current=current,
            clock=clock,
            random=random,
        )

    def seal(self, given: ToSealPieces) -> SealedBatch:
        """One submission, a record for every piece; Unavailable without a valid intake key."""
        plain = (
            (
                evidence.record_name(given.tenant_id, given.case_id, given.version + place),
                evidence.render(one),
            )
            for place, one in enumerate(given.pieces)
        )
        return self._submitter.submit(given.tenant_id, plain)
