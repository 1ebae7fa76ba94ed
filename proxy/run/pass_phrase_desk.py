"""How a releaser gets a package's pass-phrase on their own machine: a document, a key, an answer.

The key lives as long as one asking; what is signed is computed here from the document.
Source: vault.md, Package.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from proxy.vault import pass_phrase, primitives, statements
from proxy.wire import pass_phrase_document
from proxy.wire.pass_phrase_document import Asked

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from proxy.model.roster import DeploymentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A document to be signed: `message` is what an approval key signs."""

    document: str
    message: bytes
    private_key: bytes = field(repr=False)


def prepare(
    deployment: DeploymentId,
    package: UUID,
    *,
    now: datetime,
    random: Callable[[int], bytes],
) -> Prepared:
    """The document for one asking, with a key of its own."""
    private_key = random(primitives.KEY_OCTETS)
    document = pass_phrase_document.render(
        Asked(
            deployment=deployment,
            id=UUID(bytes=random(16), version=4),
            package=package,
            key=primitives.x25519_public(private_key),
            at=now.replace(microsecond=0),
        )
    )
    message = statements.pass_phrase(primitives.sha256(document.encode()))
    return Prepared(document=document, message=message, private_key=private_key)


def receive(prepared: Prepared, sealed: bytes) -> str:
    """The pass-phrase, to be read out and written down nowhere; Refused `pass_phrase_sealed`."""
    return pass_phrase.open_sealed(prepared.private_key, prepared.document, sealed)
