"""Deposits as the escrow process asks for them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from proxy.model.identifiers import RecordClass
from proxy.vault import deposits, primitives, unseal
from proxy.vault.deposits import Asked
from proxy.wire import frames
from tests.support import openings as support
from tests.support import vault as vaults
from tests.support.openings import AGENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proxy.model.sealed import SealedRecord, ToSeal
    from tests.support.vault import Service


def name(row: SealedRecord) -> str:
    """How a batch names a row."""
    return deposits.render_name(Asked(name=row.name, record_sha256=primitives.sha256(row.record)))


def begin(rows: Sequence[SealedRecord], **changes: Any) -> frames.BeginDeposit:
    """The announcement of these rows."""
    announced = frames.BeginDeposit(
        run=str(uuid4()),
        tenant=str(vaults.TENANT),
        agent=AGENT.id,
        fingerprint=AGENT.openpgp,
        records=len(rows),
        root=deposits.root_of([primitives.sha256(one.record) for one in rows]).hex(),
    )
    return msgspec.structs.replace(announced, **changes)


def batch(begun: frames.BeginDeposit, rows: Sequence[SealedRecord]) -> frames.DepositKeys:
    """A batch of these rows."""
    return frames.DepositKeys(run=begun.run, names=tuple(name(one) for one in rows))


def end(begun: frames.BeginDeposit) -> frames.EndDeposit:
    """The end of the run."""
    return frames.EndDeposit(run=begun.run)


async def enrolled(service: Service, count: int = 3) -> tuple[list[ToSeal], list[SealedRecord]]:
    """Registrations and their identity rows, both in key order."""
    items = [vaults.to_seal(mark=f"mark{place}") for place in range(count)]
    items.sort(key=lambda one: one.registration_id)
    await support.enrol(service, *items)
    return items, await support.rows(service, RecordClass.IDENTITY)


def reasons(answer: dict[str, Any]) -> list[str]:
    """The reason in each place, "" for a key."""
    return [one.get("refused", "") for one in answer["keys"]]


def plaintexts(answer: dict[str, Any], rows: Sequence[SealedRecord]) -> list[str]:
    """What the escrow process makes of an answer and the rows."""
    return [
        unseal.open_record(base64.b64decode(one["key"]), row.name, row.record).decode()
        for one, row in zip(answer["keys"], rows, strict=True)
    ]
