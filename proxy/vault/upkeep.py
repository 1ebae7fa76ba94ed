"""What time does to keys: intake keys renewed daily, epochs monthly, old ones destroyed.

Decides on the keyring alone; what the database must confirm is handed in.
Source: vault.md, Keys and Shredding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.model.identifiers import RecordClass
from proxy.vault import keyring as keyrings
from proxy.vault import rotation

if TYPE_CHECKING:
    from collections.abc import Callable, Container
    from datetime import datetime, timedelta

    from proxy.model.sealed import IntakeKey
    from proxy.vault.keyring import Keyring


def current_intake(keyring: Keyring, now: datetime, random: Callable[[int], bytes]) -> IntakeKey:
    """The intake key to publish; a new one when the newest is a day old."""
    newest = keyring.newest_intake()
    if newest is None or now - newest.not_before >= keyrings.INTAKE_RENEWAL:
        return keyring.renew_intake(now, random)
    return newest


def is_epoch_due(keyring: Keyring, now: datetime) -> bool:
    """Whether the newest epoch is a month old."""
    newest = keyring.epoch_of(RecordClass.IDENTITY)
    return rotation.is_due(newest, now, keyrings.EPOCH_AGE)


def expired_intake(keyring: Keyring, now: datetime, backup_cycle: timedelta) -> list[int]:
    """Intake keys whose last backup is gone; to be destroyed once no submission needs them."""
    return [one.id for one in keyring.file.intake if one.not_after + backup_cycle <= now]


def living_epochs(keyring: Keyring) -> list[tuple[RecordClass, int]]:
    """The epochs that still have a key."""
    return [(one.record_class, one.epoch) for one in keyring.file.epochs if one.wrapped is not None]


def age_epochs(
    keyring: Keyring,
    in_use: Container[tuple[RecordClass, int]],
    now: datetime,
    backup_cycle: timedelta,
) -> None:
    """Mark epochs that no living record uses, destroy those whose backups are gone."""
    keyring.change_epochs(
        lambda one: rotation.marked_or_destroyed(
            one,
            newest=keyring.epoch_of(one.record_class).epoch,
            in_use=(one.record_class, one.epoch) in in_use,
            now=now,
            backup_cycle=backup_cycle,
        )
    )
