"""The rules of EPP statuses that every adapter goes by. Pure.

Source: RFC 5731 s2.3 (who sets what, which exclude each other), RFC 3915 s3.1 (grace periods).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.model import registrar

if TYPE_CHECKING:
    from proxy.model.registrar import Lock, Observed

HOLD: Final = registrar.HOLD
OK: Final = "ok"
PENDING_UPDATE: Final = "pendingUpdate"

SERVER_LOCKS: Final = frozenset(
    {"serverTransferProhibited", "serverUpdateProhibited", "serverDeleteProhibited"}
)
"""What a registry sets on a URS provider's word. A registry lock that a holder bought looks the
same; the adapter could not change such a name either, and a person finds out which it is."""

_ACTIONS: Final = ("Create", "Delete", "Renew", "Transfer", "Update")
_FORBIDS_UPDATE: Final = frozenset(
    {
        "serverUpdateProhibited",
        "pendingCreate",
        "pendingDelete",
        "pendingRenew",
        "pendingTransfer",
        "redemptionPeriod",
        "pendingRestore",
    }
)


def may_set(status: str) -> bool:
    """Whether a client may add or remove `status`: the others are the server's."""
    return status.startswith("client")


def is_disputed(observed: Observed) -> bool:
    """Whether what is seen says that a provider has the name locked."""
    return observed.is_disputed is True or observed.statuses >= SERVER_LOCKS


def forbids_update(statuses: frozenset[str]) -> bool:
    """Whether a status forbids any update of ours, and is not ours to lift."""
    return bool(statuses & _FORBIDS_UPDATE)


def clash(statuses: frozenset[str]) -> bool:
    """Whether two of `statuses` exclude each other."""
    pending = {f"pending{action}" for action in _ACTIONS} & statuses
    return (
        (OK in statuses and len(statuses) > 1)
        or len(pending) > 1
        or any(
            f"pending{action}" in statuses and f"{side}{action}Prohibited" in statuses
            for action in _ACTIONS
            for side in ("client", "server")
        )
    )


def settled(statuses: frozenset[str]) -> frozenset[str]:
    """`statuses` with `ok` as a server keeps it: there when nothing else is, and only then."""
    others = statuses - {OK}
    return others or frozenset({OK})


def own(locks: frozenset[Lock], before: frozenset[str]) -> frozenset[str]:
    """Those of `locks` that did not stand before we set them: what we may take off again."""
    return frozenset(lock.value for lock in locks) - before
