"""The document by which a releaser asks for a package's pass-phrase. Pure.

Signed with a key of the roster; holds for one package, once, around one moment, and names the key
of the releaser's own machine to which the answer is sealed. Source: vault.md, Package; FORMAT.md,
Package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from proxy.errors import InvalidInput
from proxy.model import identifiers
from proxy.model.roster import DeploymentId
from proxy.wire import documents

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

_DEPLOYMENT = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{64}")


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    type: Literal["privacyproxy pass-phrase"]
    v: Literal[1]
    deployment: str
    id: str
    package: str
    key: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A pass-phrase that a releaser asks for: sealed to `key`, X25519, of their own machine."""

    deployment: DeploymentId
    id: UUID
    package: UUID
    key: bytes
    at: datetime


def render(asked: Asked) -> str:
    """The document to be signed."""
    return documents.render(
        {
            "type": "privacyproxy pass-phrase",
            "v": 1,
            "deployment": asked.deployment,
            "id": str(asked.id),
            "package": str(asked.package),
            "key": asked.key.hex(),
            "at": documents.moment_text(asked.at),
        }
    )


def parse(document: str) -> Asked:
    """What is asked; InvalidInput `document_malformed` or `document_not_canonical`."""
    found = documents.parse(document, _Document)
    own, package = (identifiers.canonical_uuid(one) for one in (found.id, found.package))
    if (
        own is None
        or package is None
        or not _DEPLOYMENT.fullmatch(found.deployment)
        or not _KEY.fullmatch(found.key)
    ):
        raise InvalidInput("document_malformed", "The document is damaged or of another kind.")
    return Asked(
        deployment=DeploymentId(found.deployment),
        id=own,
        package=package,
        key=bytes.fromhex(found.key),
        at=documents.moment(found.at),
    )
