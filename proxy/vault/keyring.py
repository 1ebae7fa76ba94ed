"""The vault's keys in use: opened with the root at start, changed only by writing keys.json anew.

Importable from run.vault and inside the vault only; `genesis` makes and examines the files. Holds
plaintext keys in memory: Python can not promise to wipe them. Nothing here has a repr that shows a
key. Source: vault.md, Keys; FORMAT.md, Key file.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives import keywrap

from proxy.errors import Refused, Unavailable
from proxy.model.sealed import IntakeKey
from proxy.vault import files, genesis, keyfile, package_keys, primitives, root_key, statements
from proxy.vault.keyfile import Epoch, Intake, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from proxy.model.identifiers import RecordClass, TenantId
    from proxy.vault.keyfile import KeyFile
    from proxy.vault.root_key import Provider, Root

INTAKE_RENEWAL = timedelta(days=1)  # a leaked private key opens one day's unadopted intake
INTAKE_VALIDITY = timedelta(days=3)  # intake goes on that long while the vault is down
EPOCH_AGE = timedelta(days=30)  # monthly


def unwrap(kek: bytes, wrapped: bytes) -> bytes:
    """The key inside an AES-KW wrapping; Refused `unwrap` when the KEK is another's."""
    try:
        return keywrap.aes_key_unwrap(kek, wrapped)
    except (keywrap.InvalidUnwrap, ValueError):
        raise Refused("unwrap") from None


class Keyring:
    """All keys, opened. One process, one keyring: the state's lock sees to it."""

    def __init__(self, *, directory: Path, root: Root, keys: KeyFile) -> None:
        self._directory = directory
        self._root = root
        self._file = keys
        self._secrets = {name: unwrap(root.key, wrapped) for name, wrapped in keys.secrets.items()}
        self._keks: dict[tuple[RecordClass, int], bytes] = {}
        self._intake: dict[int, bytes] = {}
        self._blind: dict[tuple[TenantId, str], bytes] = {}
        self._adopt(keys)

    @property
    def file(self) -> KeyFile:
        """The key file as it stands: epochs, ages, public halves."""
        return self._file

    @property
    def root_provider(self) -> Provider:
        """How the root key is kept."""
        return self._root.provider

    @property
    def signers(self) -> Mapping[str, bytes]:
        """Ed25519 public keys of the intake hosts, by signer id."""
        return self._file.signers

    def epoch_of(self, record_class: RecordClass) -> Epoch:
        """The newest epoch of a class: the only one that wraps."""
        return max(
            (one for one in self._file.epochs if one.record_class is record_class),
            key=lambda one: one.epoch,
        )

    def wrap_dek(self, record_class: RecordClass, epoch: int, dek: bytes) -> bytes:
        """A DEK under an epoch's KEK: the one wrapping behind adoption, epochs and rotation."""
        return primitives.wrap(self._kek(record_class, epoch), dek)

    def unwrap_dek(self, record_class: RecordClass, epoch: int, wrapped: bytes) -> bytes:
        """The DEK; Refused `unwrap` (forged or swapped) or `epoch_destroyed`."""
        return unwrap(self._kek(record_class, epoch), wrapped)

    def intake_private(self, key_id: int) -> bytes:
        """The private half of an intake key; Refused `intake_key_unknown` when gone."""
        key = self._intake.get(key_id)
        if key is None:
            raise Refused("intake_key_unknown")
        return key

    def blind_key(self, tenant_id: TenantId, field: str) -> bytes:
        """The blind-index key of one tenant and field, derived from the blind root."""
        key = self._blind.get((tenant_id, field))
        if key is None:
            info = primitives.joined(b"pp-blind-v1", tenant_id.bytes, field.encode())
            key = primitives.derive(self._secrets[Secret.BLIND], info)
            self._blind[tenant_id, field] = key
        return key

    def subject_secret(self, subject: str) -> bytes:
        """The secret behind a ledger subject's salts; giving it away opens that subject alone."""
        info = primitives.joined(b"pp-ledger-subject-v1", subject.encode())
        return primitives.derive(self._secrets[Secret.SALT], info)

    def sign_checkpoint(self, text: bytes) -> bytes:
        """Ed25519 of the ledger key over a checkpoint's text (its own format, C2SP)."""
        return primitives.sign(self._secrets[Secret.LEDGER], text)

    def sign_read_back(self, document_sha256: bytes, sealed: bytes) -> bytes:
        """Ed25519 of the vault's own key, which API hosts pin, under the answer to a registrar."""
        statement = statements.read_back_answer(document_sha256, sealed)
        return primitives.sign(self._secrets[Secret.VAULT], statement)

    def sign_package(self, content: bytes) -> bytes:
        """The package key's detached CMS signature; Unavailable `package_key` without one."""
        keys = self._file
        if keys.package is None or keys.package_certificate is None:
            raise Unavailable("package_key", "The vault has no key for packages: start it anew.")
        scalar = unwrap(self._root.key, keys.package)
        return package_keys.sign_detached(scalar, keys.package_certificate, content)

    def wrap_pass_phrase(self, package: bytes, octets: bytes) -> bytes:
        """A package's pass-phrase as it waits for its releaser in the state.

        Its key is derived from the blind root under a label of its own: it outlives a change of
        root.
        """
        return primitives.wrap(self._pass_phrase_key(package), octets)

    def unwrap_pass_phrase(self, package: bytes, wrapped: bytes) -> bytes:
        """The pass-phrase; Refused `unwrap`."""
        return unwrap(self._pass_phrase_key(package), wrapped)

    def newest_intake(self) -> IntakeKey | None:
        """The public half that API hosts should seal with."""
        newest = max(self._file.intake, key=lambda one: one.id, default=None)
        return None if newest is None else public_half(newest)

    def renew_intake(self, now: datetime, random: Callable[[int], bytes]) -> IntakeKey:
        """A new intake key pair, durable in keys.json before it is returned."""
        private = random(primitives.KEY_OCTETS)
        public = primitives.x25519_public(private)
        start = now.replace(microsecond=0)
        key_id = max((one.id for one in self._file.intake), default=0)
        key_id = max(key_id + 1, int(now.timestamp()))  # never one that a lost file had used
        end = start + INTAKE_VALIDITY
        statement = statements.intake_key(key_id, public, start, end)
        made = Intake(
            id=key_id,
            public_key=public,
            not_before=start,
            not_after=end,
            signature=primitives.sign(self._secrets[Secret.VAULT], statement),
            wrapped=primitives.wrap(self._root.key, private),
        )
        self._store(msgspec.structs.replace(self._file, intake=(*self._file.intake, made)))
        return public_half(made)

    def begin_epochs(
        self, classes: tuple[RecordClass, ...], now: datetime, random: Callable[[int], bytes]
    ) -> None:
        """The next epoch of each class, durable in keys.json."""
        root = self._root.key
        made = tuple(
            genesis.new_epoch(
                root, one, self.epoch_of(one).epoch + 1, now, random(primitives.KEY_OCTETS)
            )
            for one in classes
        )
        self._store(msgspec.structs.replace(self._file, epochs=(*self._file.epochs, *made)))

    def change_epochs(self, change: Callable[[Epoch], Epoch]) -> None:
        """Every epoch through `change`: marks emptied ones, drops the keys of destroyed ones."""
        changed = tuple(change(one) for one in self._file.epochs)
        if changed != self._file.epochs:
            self._store(msgspec.structs.replace(self._file, epochs=changed))

    def destroy_intake(self, ids: frozenset[int]) -> None:
        """Forget intake key pairs; what was sealed for them alone is unreadable from now on."""
        if ids:
            kept = tuple(one for one in self._file.intake if one.id not in ids)
            self._store(msgspec.structs.replace(self._file, intake=kept))

    def note_roster(self, sha256: str, version: int) -> None:
        """Remember which roster is in force, durably; an older one than is known changes nothing.

        Beside the keys, so that who loses the state can still tell the true roster from a forged.
        """
        if version > self._file.roster_version:
            changed = msgspec.structs.replace(self._file, roster=sha256, roster_version=version)
            self._store(changed)

    def change_root(self, random: Callable[[int], bytes]) -> None:
        """A new root: every key in keys.json wrapped anew; records are not touched.

        Crash-safe: the new root lies beside the old one until keys.json has moved to it;
        `root_key.read` picks the one that keys.json names. It is kept as the old one was: under
        the same pass phrase, where there is one.
        """
        following = dataclasses.replace(self._root, key=random(primitives.KEY_OCTETS))
        root = following.key

        def moved(wrapped: bytes) -> bytes:
            return primitives.wrap(root, unwrap(self._root.key, wrapped))

        old = self._file
        changed = msgspec.structs.replace(
            old,
            root_check=root_key.check_of(root),
            secrets={name: moved(wrapped) for name, wrapped in old.secrets.items()},
            epochs=tuple(
                one
                if one.wrapped is None
                else msgspec.structs.replace(one, wrapped=moved(one.wrapped))
                for one in old.epochs
            ),
            intake=tuple(
                msgspec.structs.replace(one, wrapped=moved(one.wrapped)) for one in old.intake
            ),
            package=None if old.package is None else moved(old.package),
        )
        root_key.place_next(self._directory, following)
        # Only what is on disk counts: if this write fails, the old root stays the one in use.
        files.write(self._directory / genesis.KEYS_NAME, keyfile.render(changed))
        self._root = following
        self._adopt(changed)
        root_key.finish_change(self._directory)

    def _pass_phrase_key(self, package: bytes) -> bytes:
        info = primitives.joined(b"pp-pass-phrase-key-v1", package)
        return primitives.derive(self._secrets[Secret.BLIND], info)

    def _kek(self, record_class: RecordClass, epoch: int) -> bytes:
        kek = self._keks.get((record_class, epoch))
        if kek is None:
            raise Refused("epoch_unknown")
        return kek

    def _store(self, changed: KeyFile) -> None:
        files.write(self._directory / genesis.KEYS_NAME, keyfile.render(changed))
        self._adopt(changed)

    def _adopt(self, keys: KeyFile) -> None:
        self._file = keys
        self._keks = {
            (one.record_class, one.epoch): unwrap(self._root.key, one.wrapped)
            for one in keys.epochs
            if one.wrapped is not None
        }
        self._intake = {one.id: unwrap(self._root.key, one.wrapped) for one in keys.intake}


def public_half(key: Intake) -> IntakeKey:
    """What API hosts may know of an intake key pair."""
    return IntakeKey(
        id=key.id,
        public_key=key.public_key,
        not_before=key.not_before,
        not_after=key.not_after,
        signature=key.signature,
    )


def open_keyring(directory: Path, phrase: str | None = None) -> Keyring:
    """The keyring of KEYDIR/vault; Unavailable names the file that is missing or foreign.

    `phrase` is the pass phrase of the root key, where it has one.
    """
    content = files.read(directory / genesis.KEYS_NAME, keyfile.FILE_LIMIT_OCTETS)
    if content is None:
        raise Unavailable("key_file", f"There is no key file {directory / genesis.KEYS_NAME}.")
    keys = keyfile.parse(content)
    root = root_key.read(directory, keys.root_check, phrase)
    try:
        return Keyring(directory=directory, root=root, keys=keys)
    except Refused:
        raise Unavailable("key_file", "The vault's key file keys.json is damaged.") from None
