"""A registrar's instruction to publish fields of a contact, and where it stands. Frozen facts.

Names of fields, digests and times: never a value of a person. Source: vault.md, Grants (publish).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.identifiers import DomainName, RegistrationId, TenantId
    from proxy.model.roster import DeploymentId

InstructionId = NewType("InstructionId", UUID)


class Method(StrEnum):
    """How a person said yes."""

    WEB_FORM = "web_form"
    EMAIL = "email"
    LETTER = "letter"
    PHONE = "phone"


class Standing(StrEnum):
    """Where an instruction stands."""

    WAITING = "waiting"  # for its letter, and then for its time
    PUBLISHED = "published"
    OBJECTED = "objected"  # the registrant said no
    WITHDRAWN = "withdrawn"  # the registrar took it back
    REPLACED = "replaced"  # by a newer instruction
    UNDELIVERABLE = "undeliverable"  # the registrant could not be told
    CHANGED = "changed"  # contacts, mode or speaker are others now
    TOO_LARGE = "too_large"  # the public record would be
    LAPSED = "lapsed"  # nobody was told for so long that the consent is doubtful


class Deed(StrEnum):
    """What happens to an instruction."""

    ADDRESS = "address"  # the vault gave the relay the address for the letter
    PUBLISH = "publish"
    OBJECT = "object"
    WITHDRAW = "withdraw"
    REPLACE = "replace"
    BOUNCE = "bounce"
    CHANGE = "change"
    OUTGROW = "outgrow"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A person's yes to one field, as their registrar can show it."""

    field: str
    given_at: datetime
    method: Method
    evidence: str  # SHA-256 of what the registrar keeps, in hex
    confirmed: bool  # the value may look like an identifier of a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What a registrar signs: fields as in a disclosure, a consent for each, in their order."""

    deployment: DeploymentId
    id: InstructionId
    tenant_id: TenantId
    registration_id: RegistrationId
    revision: int
    domain: DomainName
    consents: tuple[Consent, ...]
    at: datetime

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields to be shown, in order."""
        return tuple(one.field for one in self.consents)
