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
    root_key,
    seal_evidence,
    state,
)
from proxy.vault.keyfile import Epoch, KeyFile, Secret
from proxy.vault.root_key import Provider, Wanted

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

VAULT_DIRECTORY = "vault"
API_DIRECTORY = "api"
RELAY_DIRECTORY = "relay"
WEB_DIRECTORY = "web"
KEYS_NAME = "keys.json"
API_KEYS_NAME = "api.json"
RELAY_KEY_NAME = "relay.json"
WEB_KEYS_NAME = "web.json"
PIN_NAME = "vault.pub"
LEDGER_KEY_NAME = "ledger.vkey"
PACKAGE_KEY_NAME = "package.pem"
_PIN_WORD = "privacyproxy-vault-ed25519"
_LIMIT_OCTETS = 4096
_PUBLIC_FILE = 0o644


def initialise(
    key_dir: Path, data_dir: Path, *, now: datetime, wanted: Wanted | None = None
) -> None:
    """Make what is missing of a first start, check what is there; Unavailable says what is wrong.

    Both directories exist. Refuses to make new keys for a data directory that has a vault.pub:
    its records were sealed for keys that must be put back, not replaced. `wanted` says how the
    root key is to be kept, openly by default; one that is kept otherwise is refused, not changed.
    """
    wanted = wanted or Wanted()
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
        _create(vault, api, now, wanted)
    keys = _load(vault)
    root = _root(vault, keys, wanted).key
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


def examine(key_dir: Path, data_dir: Path, phrase: str | None = None) -> str | None:
    """What is wrong with the key directory, in one sentence that says what to do; None if nothing.

    Reads only. Needs to run as a user who may read the key directory. Without its pass phrase a
    wrapped root is known by its check value alone.
    """
    vault = key_dir / VAULT_DIRECTORY
    try:
        keys = _load(vault)
        found = root_key.fitting(vault, keys.root_check)
        if phrase is not None or found[0].provider is Provider.FILE:
            root_key.read(vault, keys.root_check, phrase, repair=False)
        _check_pin(data_dir, keys)
    except ProxyError as fault:
        return fault.detail
    except PermissionError:
        return f"{vault} can not be read by this user: run as the user that started the service."
    for name in (root_key.NAME, KEYS_NAME):
        if (vault / name).stat().st_mode & 0o077:
            return f"{vault / name} can be read by others: chmod 600 it."
    return None


def root_provider(key_dir: Path) -> Provider | None:
    """How the root's file keeps it at this moment; None without a file that says so.

    Of a change that was cut short the new file may be the only one.
    """
    vault = key_dir / VAULT_DIRECTORY
    kept = root_key.parse(vault / root_key.NAME) or root_key.parse(vault / root_key.NEXT_NAME)
    return None if kept is None else kept.provider


def kept_otherwise(key_dir: Path, kept: Provider) -> str:
    """What to say when the root is not kept as the setting wants it."""
    is_open = kept is Provider.FILE
    how, other = ("lies open", "passphrase") if is_open else ("is wrapped", "file")
    return (
        f"The root key in {key_dir / VAULT_DIRECTORY / root_key.NAME} {how}, but root_provider is"
        f' "{other}": stop the service and run `privacyproxy keys rewrap`, or set it back.'
    )


def rewrap(key_dir: Path, phrase: str | None, wanted: Wanted) -> Provider:
    """Keep the same root as wanted from now on, opened with `phrase`; how it was kept before.

    Nothing may run meanwhile. Crash-safe: until the new file has taken the old one's place, each
    of the two opens with its own phrase.
    """
    vault = key_dir / VAULT_DIRECTORY
    root = root_key.read(vault, _load(vault).root_check, phrase)
    root_key.place_next(vault, root_key.kept_as(root, wanted, secrets.token_bytes))
    root_key.finish_change(vault)
    return root.provider


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


def _root(vault: Path, keys: KeyFile, wanted: Wanted) -> root_key.Root:
    found = root_key.read(vault, keys.root_check, wanted.phrase)
    _check_provider(vault, found.provider, wanted)
    return found


def _check_provider(vault: Path, kept: Provider, wanted: Wanted) -> None:
    """Return when a root is kept as wanted: neither wrapping nor unwrapping happens unasked."""
    if kept is wanted.provider:
        return
    raise Unavailable("root_provider", kept_otherwise(vault.parent, kept))


def _create(vault: Path, api: Path, now: datetime, wanted: Wanted) -> None:
    kept = root_key.parse(vault / root_key.NAME)
    if kept is None:
        made = root_key.new(wanted, secrets.token_bytes)
        files.write(vault / root_key.NAME, root_key.render(made))
    else:  # of a first start that was cut short, or brought by the operator
        _check_provider(vault, kept.provider, wanted)
        made = kept.open(wanted.phrase)
    root = made.key
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
        root_check=root_key.check_of(root),
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
