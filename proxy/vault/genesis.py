"""Makes the vault's files once, and says in one sentence when they do not belong together.

Runs before processes start (`up`), so that every role finds its keys; idempotent; a crash at any
point is mended by the next run, because keys.json is written last and counts as "done".
KEYDIR/vault belongs to the vault, KEYDIR/api to the API, and so web and relay; nothing secret lies
in the data directory, which gets the public halves alone.
Source: vault.md, Keys; FORMAT.md, Key file.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import ProxyError, Unavailable
from proxy.model.identifiers import RecordClass
from proxy.vault import (
    files,
    keyfile,
    note,
    package_keys,
    primitives,
    relay,
    seal_evidence,
    state,
)
from proxy.vault.keyfile import Epoch, KeyFile, Secret

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

VAULT_DIRECTORY = "vault"
API_DIRECTORY = "api"
RELAY_DIRECTORY = "relay"
WEB_DIRECTORY = "web"
ROOT_NAME = "root.key"
NEXT_ROOT_NAME = "root.key.next"
KEYS_NAME = "keys.json"
API_KEYS_NAME = "api.json"
RELAY_KEY_NAME = "relay.json"
WEB_KEYS_NAME = "web.json"
PIN_NAME = "vault.pub"
LEDGER_KEY_NAME = "ledger.vkey"
PACKAGE_KEY_NAME = "package.pem"
_PIN_WORD = "privacyproxy-vault-ed25519"
_ROOT_WORD = "privacyproxy-root-v1"
_LIMIT_OCTETS = 4096
_PUBLIC_FILE = 0o644


def initialise(key_dir: Path, data_dir: Path, *, now: datetime) -> None:
    """Make what is missing of a first start, check what is there; Unavailable says what is wrong.

    Both directories exist. Refuses to make new keys for a data directory that has a vault.pub:
    its records were sealed for keys that must be put back, not replaced.
    """
    vault, api = key_dir / VAULT_DIRECTORY, key_dir / API_DIRECTORY
    files.make_directory(vault)
    files.make_directory(api)
    if not (vault / KEYS_NAME).exists():
        if (data_dir / PIN_NAME).exists():
            raise Unavailable(
                "keys_missing",
                f"{data_dir} was sealed by a vault whose keys are not in {vault}:"
                " put the key directory back from its backup.",
            )
        _create(vault, api, now)
    keys = _load(vault)
    root = read_root(vault, keys)
    _check_pin(data_dir, keys)
    if keys.package is None or keys.package_certificate is None:
        keys = _enrol_package(vault, root, keys, now)
    if keys.relay_public is None:
        keys = _enrol_relay(vault, key_dir / RELAY_DIRECTORY, keys)
    if not any(one.startswith(keyfile.WEB_SIGNER) for one in keys.signers):
        _enrol_web(vault, key_dir / WEB_DIRECTORY, keys)
    files.write(
        data_dir / PIN_NAME, f"{_PIN_WORD} {keys.vault_public.hex()}\n".encode(), _PUBLIC_FILE
    )
    files.write(
        data_dir / LEDGER_KEY_NAME,
        f"{note.verifier_key(keys.ledger_public)}\n".encode(),
        _PUBLIC_FILE,
    )
    if keys.package_certificate is not None:
        public = package_keys.pem(keys.package_certificate)
        files.write(data_dir / PACKAGE_KEY_NAME, public, _PUBLIC_FILE)


def examine(key_dir: Path, data_dir: Path) -> str | None:
    """What is wrong with the key directory, in one sentence that says what to do; None if nothing.

    Reads only. Needs to run as a user who may read the key directory.
    """
    vault = key_dir / VAULT_DIRECTORY
    try:
        keys = _load(vault)
        read_root(vault, keys, repair=False)
        _check_pin(data_dir, keys)
    except ProxyError as fault:
        return fault.detail
    except PermissionError:
        return f"{vault} can not be read by this user: run as the user that started the service."
    for name in (ROOT_NAME, KEYS_NAME):
        if (vault / name).stat().st_mode & 0o077:
            return f"{vault / name} can be read by others: chmod 600 it."
    return None


def root_check(root: bytes) -> bytes:
    """What tells one root key from another without giving it away: 8 octets of an HMAC."""
    return primitives.mac(root, b"pp-root-check-v1")[:8]


def read_root(vault: Path, keys: KeyFile, *, repair: bool = True) -> bytes:
    """The root that keys.json names; finishes a root change that a crash cut short."""
    for name in (ROOT_NAME, NEXT_ROOT_NAME):
        root = _parse_root(vault / name)
        if root is not None and primitives.is_equal(root_check(root), keys.root_check):
            if repair:
                finish_root_change(vault, keep_next=name == NEXT_ROOT_NAME)
            return root
    if not (vault / ROOT_NAME).exists():
        raise Unavailable(
            "root_missing", f"The root key {vault / ROOT_NAME} is missing: put it back."
        )
    raise Unavailable(
        "root_foreign",
        f"{vault / ROOT_NAME} is not the root key of this vault, whose check value is"
        f" {keys.root_check.hex()}: put the right file back.",
    )


def place_next_root(vault: Path, root: bytes) -> None:
    """First step of a root change: the new root, durable beside the old one."""
    files.write(vault / NEXT_ROOT_NAME, _render_root(root))


def finish_root_change(vault: Path, *, keep_next: bool = True) -> None:
    """Last step: the new root takes the old one's place, or an unused new one goes."""
    following = vault / NEXT_ROOT_NAME
    if not following.exists():
        return
    if not keep_next:
        files.destroy(following)
        return
    content = files.read(following, _LIMIT_OCTETS) or b""
    files.destroy(vault / ROOT_NAME)
    files.write(vault / ROOT_NAME, content)
    files.destroy(following)


def new_epoch(
    root: bytes, record_class: RecordClass, epoch: int, now: datetime, kek: bytes
) -> Epoch:
    """A KEK of a class as keys.json keeps it."""
    return Epoch(
        record_class=record_class,
        epoch=epoch,
        created_at=now.replace(microsecond=0),
        wrapped=primitives.wrap(root, kek),
    )


def _create(vault: Path, api: Path, now: datetime) -> None:
    root = _parse_root(vault / ROOT_NAME)
    if root is None:
        root = secrets.token_bytes(primitives.KEY_OCTETS)
        files.write(vault / ROOT_NAME, _render_root(root))
    seeds = {name: secrets.token_bytes(primitives.KEY_OCTETS) for name in Secret}
    signing_key = secrets.token_bytes(primitives.KEY_OCTETS)
    signer = primitives.ed25519_public(signing_key)
    signer_id = _signer_id(keyfile.API_SIGNER, signer)
    api_file = {
        "signer_id": signer_id,
        "signing_key": signing_key,
        "mac_key": secrets.token_bytes(primitives.KEY_OCTETS),
    }
    files.write(api / API_KEYS_NAME, msgspec.json.encode(api_file))
    keys = KeyFile(
        v=1,
        root_check=root_check(root),
        state_id=secrets.token_bytes(16),
        vault_public=primitives.ed25519_public(seeds[Secret.VAULT]),
        ledger_public=primitives.ed25519_public(seeds[Secret.LEDGER]),
        secrets={name: primitives.wrap(root, seed) for name, seed in seeds.items()},
        signers={signer_id: signer},
        epochs=tuple(
            new_epoch(root, one, 1, now, secrets.token_bytes(primitives.KEY_OCTETS))
            for one in RecordClass
        ),
    )
    state.create(vault / state.DIRECTORY, keys.state_id)
    files.write(vault / KEYS_NAME, keyfile.render(keys))


def _enrol_package(vault: Path, root: bytes, keys: KeyFile, now: datetime) -> KeyFile:
    """Make the key that signs packages, and its certificate: both at once, or neither."""
    scalar = package_keys.new_key(secrets.token_bytes)
    deployment = keys.state_id.hex()
    changed = msgspec.structs.replace(
        keys,
        package=primitives.wrap(root, scalar),
        package_certificate=package_keys.certify(scalar, deployment, now, secrets.token_bytes),
    )
    files.write(vault / KEYS_NAME, keyfile.render(changed))
    return changed


def _enrol_relay(vault: Path, directory: Path, keys: KeyFile) -> KeyFile:
    """Make the relay's key pair; its public half in keys.json comes last and counts as done.

    Once it is there the private half is the relay's affair: it may have moved to another host.
    """
    files.make_directory(directory)
    path = directory / RELAY_KEY_NAME
    if not path.exists():
        files.write(path, relay.render_key(secrets.token_bytes(primitives.KEY_OCTETS)))
    public = primitives.x25519_public(relay.load_key(path))
    changed = msgspec.structs.replace(keys, relay_public=public)
    files.write(vault / KEYS_NAME, keyfile.render(changed))
    return changed


def _enrol_web(vault: Path, directory: Path, keys: KeyFile) -> None:
    """Make the web role's signing key; its public half in keys.json comes last, as the relay's."""
    files.make_directory(directory)
    path = directory / WEB_KEYS_NAME
    if not path.exists():
        seed = secrets.token_bytes(primitives.KEY_OCTETS)
        signer_id = _signer_id(keyfile.WEB_SIGNER, primitives.ed25519_public(seed))
        made = seal_evidence.WebKeys(signer_id=signer_id, signing_key=seed)
        files.write(path, seal_evidence.render_keys(made))
    found = seal_evidence.load_keys(path)
    public = primitives.ed25519_public(found.signing_key)
    # Its name is not taken from the file: it says what the key may sign (vault.adoption).
    if found.signer_id != _signer_id(keyfile.WEB_SIGNER, public):
        raise Unavailable("web_keys", f"The web role's key file {path} is damaged.")
    signers = {**keys.signers, found.signer_id: public}
    files.write(vault / KEYS_NAME, keyfile.render(msgspec.structs.replace(keys, signers=signers)))


def _signer_id(prefix: str, public: bytes) -> str:
    return f"{prefix}{primitives.sha256(public)[:8].hex()}"


def _load(vault: Path) -> KeyFile:
    content = files.read(vault / KEYS_NAME, keyfile.FILE_LIMIT_OCTETS)
    if content is None:
        raise Unavailable(
            "keys_missing",
            f"There is no {vault / KEYS_NAME}: run `privacyproxy up` once, or put"
            " the key directory back.",
        )
    return keyfile.parse(content)


def _check_pin(data_dir: Path, keys: KeyFile) -> None:
    text = (files.read(data_dir / PIN_NAME, _LIMIT_OCTETS) or b"").decode("ascii", "replace")
    if text and text.split() != [_PIN_WORD, keys.vault_public.hex()]:
        raise Unavailable(
            "keys_foreign",
            f"The key directory is not the one that {data_dir} was sealed with: give the right"
            " one with --key-dir.",
        )


def _render_root(root: bytes) -> bytes:
    return f"{_ROOT_WORD} {root.hex()}\n".encode()


def _parse_root(path: Path) -> bytes | None:
    content = files.read(path, _LIMIT_OCTETS)
    words = (content or b"").decode("ascii", "replace").split()
    if len(words) != 2 or words[0] != _ROOT_WORD:  # noqa: PLR2004 - the word and the key
        return None
    try:
        root = bytes.fromhex(words[1])
    except ValueError:
        return None
    return root if len(root) == primitives.KEY_OCTETS else None
