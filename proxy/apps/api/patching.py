"""From a merge patch to the registration that it leaves. Source: RFC 7396; contract, PATCH.

The patch is merged with what is declared, and the whole is read as a PUT is: every fault at once.
Persons are not there to be merged. Contacts that a patch names are therefore the whole set, each of
them whole; without any they stay as they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from proxy.apps.api import answers, reading
from proxy.apps.api.bodies import DeclaredBody
from proxy.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from proxy.model.enrolment import Enrolment, Tenant
    from proxy.store.registrations import Kept

MEDIA_TYPE: Final = "application/merge-patch+json"

NOT_PATCHED: Final = frozenset({"replaces", "domain"})
"""Another registration, or another name, is never a change of this one."""

_KEPT: Final = frozenset(DeclaredBody.model_fields) - {"replaces", "holder_change", "confirmed"}


def parse(body: bytes, kept: Kept, tenant: Tenant) -> Enrolment:
    """The registration as the patch leaves it; InvalidInput with every fault."""
    return patched(reading.parse_json(body), kept, tenant)


def patched(patch: dict[str, Any], kept: Kept, tenant: Tenant) -> Enrolment:
    """The same for a patch that was read."""
    faults = [
        Fault(pointer=f"/{name}", code="not_patched", detail="A patch does not change this.")
        for name in sorted(NOT_PATCHED & patch.keys())
    ]
    if "contacts" in patch and patch["contacts"] is None:
        detail = "A registration without persons is none."
        faults.append(Fault(pointer="/contacts", code="required", detail=detail))
    if faults:
        raise InvalidInput("invalid_body", "The body has faults; all are listed.", tuple(faults))
    whole = json.loads(msgspec.json.encode(answers.registration_full(kept, tenant)))
    present = {name: whole[name] for name in _KEPT if whole[name] is not None}
    merged = merge(present, {name: patch[name] for name in patch if name in _KEPT})
    # Persons are no part of what is merged; a member that there is none of is refused by its name.
    merged |= {name: patch[name] for name in patch if name not in _KEPT}
    if merged.get("holder_change", ...) is None:  # nothing of it is kept that null could take away
        del merged["holder_change"]
    if merged.get("confirmed", ...) is None:  # taken away; of a patch that is silent it stays
        merged["confirmed"] = []
    return reading.parse_patched(merged, tenant, domain=kept.registration.declared.domain)


def merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """`target` with `patch` merged into it (RFC 7396 s2)."""
    merged = dict(target)
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            below = merged.get(name)
            merged[name] = merge(below if isinstance(below, dict) else {}, value)
        else:
            merged[name] = value
    return merged
