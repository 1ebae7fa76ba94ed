"""Moving records to a newer epoch: implements ports.Rewrapper.

Re-wrapping is one operation whatever the cause: the DEK is unwrapped and wrapped again, record
bytes stay. After a compromise the record is encrypted anew as well, under a fresh DEK: then the
state accepts old and new bytes until the database is known to hold the new ones.
Source: vault.md, Keys; FORMAT.md, Rotation.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.errors import Refused
from proxy.model import identifiers
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import NotAdopted, Rewrapped, Rotation
from proxy.vault import primitives, record, seal, unseal
from proxy.vault.state import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from proxy.model.sealed import RecordName, SealedRecord
    from proxy.vault.keyfile import Epoch
    from proxy.vault.keyring import Keyring
    from proxy.vault.state import State


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """A Rotation as the state keeps it."""

    id: UUID
    is_compromised: bool
    target_epoch: int
    started_at: datetime
    total: int
    done: int
    unreadable: int


_DECODER = msgspec.json.Decoder(_Kept)


class VaultRewrapper:
    """Re-wraps and re-encrypts with the vault's keys."""

    def __init__(self, keyring: Keyring, state: State, random: Callable[[int], bytes]) -> None:
        self._keyring = keyring
        self._state = state
        self._random = random
        self._opener = unseal.Opener(keyring, state)

    def begin(self, now: datetime, *, total: int, is_compromised: bool) -> Rotation:
        """New epochs for every class, and the rotation that moves `total` records to them.

        Conflict-free: the caller asks `rotation` first. Epochs are durable before the rotation
        is; a crash between leaves epochs that the next rotation supersedes.
        """
        self._keyring.begin_epochs(tuple(RecordClass), now, self._random)
        return self.catch_up(now, total=total, is_compromised=is_compromised)

    def catch_up(self, now: datetime, *, total: int, is_compromised: bool = False) -> Rotation:
        """A rotation to the newest epochs as they are; durable in the state."""
        rotation = Rotation(
            id=identifiers.uuid7(now, self._random(10)),
            is_compromised=is_compromised,
            target_epoch=self.target_epoch(),
            started_at=now,
            total=total,
        )
        self.note_progress(rotation)
        return rotation

    def target_epoch(self) -> int:
        """The newest epoch, which all classes share: they begin together."""
        return self._keyring.epoch_of(RecordClass.IDENTITY).epoch

    def rotation(self) -> Rotation | None:
        """The rotation under way, as the state remembers it."""
        content = self._state.slot(Slot.ROTATION)
        if content is None:
            return None
        return Rotation(**msgspec.structs.asdict(_DECODER.decode(content)))

    def note_progress(self, rotation: Rotation | None) -> None:
        """Remember a rotation, or that there is none."""
        content = None if rotation is None else msgspec.json.encode(dataclasses.asdict(rotation))
        self._state.set_slot(Slot.ROTATION, content)

    def rewrap(
        self, records: Sequence[SealedRecord], rotation: Rotation
    ) -> tuple[Rewrapped | NotAdopted, ...]:
        """Every record under the target epoch; those that do not open, with the reason.

        A record whose bytes disagree with the state is left alone: it is not ours.
        """
        moved = tuple(self._move(one, rotation) for one in records)
        self._state.begin_change(
            [
                (one.name, primitives.sha256(one.record))
                for one in moved
                if isinstance(one, Rewrapped) and one.record is not None
            ]
        )
        return moved

    def settle(self, changed: Sequence[RecordName], dropped: Sequence[RecordName]) -> None:
        """Make the new bytes of `changed` the only true ones, the old ones of `dropped`."""
        self._state.finish_change(changed, dropped)

    def unsettled(self, limit: int) -> list[tuple[RecordName, bytes]]:
        """Changes that a crash left open."""
        return self._state.changes(limit)

    def _move(self, row: SealedRecord, rotation: Rotation) -> Rewrapped | NotAdopted:
        if row.kek_epoch is None:
            return NotAdopted(name=row.name, reason="not_adopted")
        try:
            dek = self._opener.dek(row.name, row)
            unseal.check_key(dek, row.name, row.record)  # a swapped wrapping must not be renewed
            data = None
            if rotation.is_compromised:
                plaintext = unseal.open_record(dek, row.name, row.record)
                dek = self._random(primitives.KEY_OCTETS)
                data = seal.seal_record(
                    dek,
                    self._random(primitives.NONCE_OCTETS),
                    record.render_header(row.name, record.SEALED_BY_VAULT),
                    plaintext,
                )
        except Refused as fault:
            return NotAdopted(name=row.name, reason=fault.code)
        target = rotation.target_epoch
        return Rewrapped(
            name=row.name,
            from_epoch=row.kek_epoch,
            kek_epoch=target,
            wrapped_dek=self._keyring.wrap_dek(row.name.record_class, target, dek),
            record=data,
        )


def is_due(newest: Epoch, now: datetime, age: timedelta) -> bool:
    """Whether the monthly epoch has come."""
    return now - newest.created_at >= age


def marked_or_destroyed(
    epoch: Epoch, *, newest: int, in_use: bool, now: datetime, backup_cycle: timedelta
) -> Epoch:
    """An epoch as it should stand: empty since when, and destroyed once no backup needs it.

    Living records beat the clock: an epoch that is in use again is not empty.
    """
    if epoch.epoch == newest or in_use or epoch.wrapped is None:
        return epoch if epoch.emptied_at is None or epoch.wrapped is None else _refilled(epoch)
    if epoch.emptied_at is None:
        return msgspec.structs.replace(epoch, emptied_at=now.replace(microsecond=0))
    if now - epoch.emptied_at >= backup_cycle:
        return msgspec.structs.replace(epoch, wrapped=None)
    return epoch


def _refilled(epoch: Epoch) -> Epoch:
    return msgspec.structs.replace(epoch, emptied_at=None)
