"""A registrar with keys of its own, and the orders by which a vault takes them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

from proxy.model.order import ChangeRegistrarKey, OrderKind, RegistrarKey
from proxy.model.roster import Rule, StaffRole
from proxy.vault import upkeep
from proxy.wire import frames, order_document
from tests.support import papers
from tests.support import vault as vaults
from tests.support.papers import ANNA, BEN, CHRIS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.identifiers import TenantId
    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from tests.support.decisions import Office
    from tests.support.papers import Hand

RULE = Rule(
    kind=OrderKind.REGISTRAR_KEY,
    approvals=2,
    voters=frozenset({StaffRole.DECIDER}),
    each=(StaffRole.DECIDER, StaffRole.LEGAL),
    fields=frozenset(),
)
RULES = (papers.AGENT_RULE, RULE)
ENOUGH = (ANNA, BEN, CHRIS)
"""Counsel, who decides, and the officer who clears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrar:
    """The registrar's side, with nothing of ours: as the guide's example does it."""

    mark: str = "registrar"
    tenant_id: TenantId = vaults.TENANT
    _suite: hpke.Suite = field(
        default_factory=lambda: hpke.Suite(
            hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM
        )
    )

    @property
    def _signing(self) -> ed25519.Ed25519PrivateKey:
        seed = hashlib.sha256(f"{self.mark}/signing".encode()).digest()
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed)

    @property
    def _sealing(self) -> x25519.X25519PrivateKey:
        seed = hashlib.sha256(f"{self.mark}/sealing".encode()).digest()
        return x25519.X25519PrivateKey.from_private_bytes(seed)

    @property
    def key(self) -> RegistrarKey:
        """Its public halves."""
        return RegistrarKey(
            signing=self._signing.public_key().public_bytes_raw().hex(),
            sealing=self._sealing.public_key().public_bytes_raw().hex(),
        )

    def sign(self, document: str, label: bytes = b"pp-read-back-v1") -> str:
        """Its signature under a document, in base64; a read-back without another label."""
        digest = hashlib.sha256(document.encode()).digest()
        message = hashlib.sha256(label + digest).digest()
        return base64.b64encode(self.sign_message(message)).decode()

    def sign_message(self, message: bytes) -> bytes:
        """Its signature under a message."""
        return self._signing.sign(message)

    def check(self, document: str, answer: Mapping[str, Any], vault: bytes) -> None:
        """Return when the vault of this public key gave the answer; raises InvalidSignature."""
        digest, sealed = (
            hashlib.sha256(document.encode()).digest(),
            base64.b64decode(answer["sealed"]),
        )
        said = b"pp-read-back-answer-v1\0" + b"".join(
            len(part).to_bytes(4, "big") + part for part in (digest, sealed)
        )
        key = ed25519.Ed25519PublicKey.from_public_bytes(vault)
        key.verify(base64.b64decode(answer["signature"]), said)

    def open(self, document: str, sealed: str) -> dict[str, Any]:
        """What an answer to a document says."""
        digest = hashlib.sha256(document.encode()).digest()
        bound = b"pp-read-back-sealed-v1\0" + len(digest).to_bytes(4, "big") + digest
        found = json.loads(self._suite.decrypt(base64.b64decode(sealed), self._sealing, bound))
        assert isinstance(found, dict)
        return found


REGISTRAR = Registrar()
OTHER = Registrar(mark="another")


def change(
    key: RegistrarKey | None, before: RegistrarKey | None = None, tenant: TenantId = vaults.TENANT
) -> ChangeRegistrarKey:
    """A registrar's key that takes the place of another."""
    return ChangeRegistrarKey(
        tenant_id=tenant, key=key, replaces=order_document.registrar_key_digest(before)
    )


def order(office: Office, under: Roster, subject: ChangeRegistrarKey, **changes: object) -> Order:
    """An order of a registrar's key."""
    made = papers.order(under, office.service.vault.clock.now(), subject=subject)
    return replace(made, id=uuid4(), kind=OrderKind.REGISTRAR_KEY, **changes)  # type: ignore[arg-type] # the test names fields


async def voted(office: Office, one: Order, *hands: Hand) -> Order:
    """The order with these votes; those that are enough, if nobody is named."""
    kept = await office.propose(one)
    for hand in hands or ENOUGH:
        await office.vote(one, kept, hand)
    return one


async def enrol(
    office: Office,
    roster: Roster,
    registrar: Registrar = REGISTRAR,
    before: RegistrarKey | None = None,
) -> Order:
    """A registrar's key, in force: the order was carried out, and the roster's delay is over."""
    subject = change(registrar.key, before, registrar.tenant_id)
    made = await voted(office, order(office, roster, subject))
    await office.carry_out(made)
    await pass_by(office, roster.delay_s)
    return made


async def pass_by(office: Office, seconds: float) -> None:
    """Let time pass in which the ledger had its batches and intake its new keys."""
    service = office.service
    await service.later(seconds=seconds)
    await service.rounds.renew_intake()
    vault = service.vault
    vault.intake = upkeep.current_intake(vault.ring, vault.clock.now(), secrets.token_bytes)


def revocation(of: Order, hand: Hand) -> frames.RevokeKey:
    """A member's end of the key that an order gave."""
    sha256 = hashlib.sha256(order_document.render(of).encode()).digest()
    message = hashlib.sha256(b"pp-registrar-key-revocation-v1" + sha256).digest()
    return frames.RevokeKey(order=str(of.id), signature=hand.sign(message))
