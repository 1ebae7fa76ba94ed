"""What KEYDIR/vault/keys.json holds: every key of the vault, wrapped by the root (AES-KW).

Parses and renders; opens nothing. Public halves, times and epochs stand in the clear beside the
wrapped keys. Source: FORMAT.md, Key file.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from proxy.errors import Unavailable
from proxy.model.identifiers import RecordClass

FILE_LIMIT_OCTETS = 4 << 20  # some thousand epochs; protects the parser's memory
API_SIGNER = "api-"  # how the ids of intake hosts begin: it says what they may seal
WEB_SIGNER = "web-"


class Secret(StrEnum):
    """The single keys of the vault, beside epochs and intake keys."""

    VAULT = "vault"  # Ed25519: signs intake keys
    LEDGER = "ledger"  # Ed25519: signs checkpoints
    BLIND = "blind"  # root of the blind-index keys, one per tenant and field
    SALT = "salt"  # root of the ledger's subject secrets


class Epoch(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A key-encryption key of one class. `emptied_at`: when its last record had moved on."""

    record_class: RecordClass
    epoch: int
    created_at: datetime
    wrapped: bytes | None  # None once destroyed
    emptied_at: datetime | None = None


class Intake(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An intake key pair; the private half wrapped, the public half signed."""

    id: int
    public_key: bytes
    not_before: datetime
    not_after: datetime
    signature: bytes
    wrapped: bytes


class KeyFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole file. `root_check` and `state_id` tie it to its root key and its state."""

    v: int
    root_check: bytes
    state_id: bytes
    vault_public: bytes
    ledger_public: bytes
    secrets: dict[Secret, bytes]
    signers: dict[str, bytes]
    epochs: tuple[Epoch, ...] = ()
    intake: tuple[Intake, ...] = ()
    relay_public: bytes | None = None  # X25519; files of before the relay have none
    package: bytes | None = None  # P-256, wrapped; files of before packages have none
    package_certificate: bytes | None = None  # X.509, DER
    roster: str = ""  # SHA-256 of the roster last known to be in force, "" before genesis
    roster_version: int = 0


_DECODER = msgspec.json.Decoder(KeyFile)


def parse(content: bytes) -> KeyFile:
    """The key file; Unavailable `key_file` when it is damaged."""
    try:
        found = _DECODER.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unavailable("key_file", "The vault's key file keys.json is damaged.") from None
    if found.v != 1 or set(found.secrets) != set(Secret):
        raise Unavailable("key_file", "The vault's key file keys.json is of another version.")
    return found


def render(keys: KeyFile) -> bytes:
    """The file's bytes: indented JSON, so that an operator can read ages and epochs."""
    return msgspec.json.format(msgspec.json.encode(keys), indent=1) + b"\n"
