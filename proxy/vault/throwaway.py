"""The keys of a vault that lives as long as one drill, in memory alone. Opens nothing itself.

A drill restores people into a scratch database; sealed for these keys, what lies there can be read
by nobody once the process that holds them has ended. The private halves are in no file; Python can
not promise that memory is wiped. Source: vault.md, Write-only intake; FORMAT.md, Intake.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from proxy.errors import Refused
from proxy.model.sealed import IntakeKey
from proxy.vault import primitives, statements
from proxy.vault.seal import ApiKeys, IntakeSealer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from proxy.ports import Clock

LIFETIME: Final = timedelta(days=7)  # of the intake key; a drill of any size takes hours at most
_KEY_ID: Final = 1
_SIGNER_ID: Final = "drill"


class Throwaway:
    """An intake key pair, the key that signs it, and an intake host's keys, all of them new."""

    def __init__(self, now: datetime, random: Callable[[int], bytes]) -> None:
        """`random(n)` gives n octets that nobody else knows."""
        vault_seed, signing_key, mac_key, self._intake_private = (
            random(primitives.KEY_OCTETS) for _ in range(4)
        )
        public_key = primitives.x25519_public(self._intake_private)
        not_before = now.replace(microsecond=0)
        not_after = not_before + LIFETIME
        self.intake = IntakeKey(
            id=_KEY_ID,
            public_key=public_key,
            not_before=not_before,
            not_after=not_after,
            signature=primitives.sign(
                vault_seed, statements.intake_key(_KEY_ID, public_key, not_before, not_after)
            ),
        )
        self._pin = primitives.ed25519_public(vault_seed)
        self._keys = ApiKeys(signer_id=_SIGNER_ID, signing_key=signing_key, mac_key=mac_key)
        self._signers = {_SIGNER_ID: primitives.ed25519_public(signing_key)}
        self._random = random

    @property
    def signers(self) -> Mapping[str, bytes]:
        """The public key of the one intake host."""
        return self._signers

    def intake_private(self, key_id: int) -> bytes:
        """The private half of the intake key; Refused `intake_key_unknown`."""
        if key_id != _KEY_ID:
            raise Refused("intake_key_unknown")
        return self._intake_private

    def sealer(self, clock: Clock) -> IntakeSealer:
        """What seals for these keys."""
        return IntakeSealer(
            keys=self._keys,
            pin=self._pin,
            current=lambda: self.intake,
            clock=clock,
            random=self._random,
        )
