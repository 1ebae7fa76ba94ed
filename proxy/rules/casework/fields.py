"""Which data of a customer there is, by name, and of what class each field is. Pure.

A field that does not stand here does not exist for a disclosure. Billing and identity papers are
not held by this service at all: their classes stand in the rules so that no later field of them
can slip through. Source: casework s6.3; N03, N09.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model.case import Basis, FieldClass
from proxy.model.identifiers import Role

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_CONTACT: Final = (
    "name", "organization", "street", "city", "state", "postal_code", "country",
    "phone", "phone_ext", "fax", "fax_ext", "email",
)  # fmt: skip

DESIGNATED: Final = "designated"
"""Before the fields of a contact whom the registrant named for this case: a lawyer, for one."""

FIELD_CLASSES: Final[Mapping[str, FieldClass]] = {
    **{f"{role}.{name}": FieldClass.PUBLIC_EQUIV for role in Role for name in _CONTACT},
    **{f"{DESIGNATED}.{name}": FieldClass.DESIGNATED_CONTACT for name in _CONTACT},
}
"""Contact fields by role, for one `registrant.email`: what a public directory would show."""

_PROCESS_ONLY: Final = frozenset({FieldClass.FINANCIAL, FieldClass.ACCOUNT})
_NEVER: Final = frozenset({FieldClass.ID_EVIDENCE, FieldClass.CASE_INTERNAL})


def permitted(classes: Collection[FieldClass], basis: Basis | None) -> frozenset[str]:
    """The fields that may be given on a ground, out of the classes that a type of case allows."""
    allowed = set(classes) - _NEVER
    if basis is not Basis.LEGAL_PROCESS:
        allowed -= _PROCESS_ONLY
    return frozenset(name for name, one in FIELD_CLASSES.items() if one in allowed)


def is_partial(given: Collection[str], asked: Collection[str]) -> bool:
    """Whether less is given than was asked for: an outcome that is derived, never chosen."""
    return not set(asked) <= set(given)
