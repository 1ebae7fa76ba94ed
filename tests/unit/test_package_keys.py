"""The package key: made once, carried along, certified for signing alone; its public half shown."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from proxy.errors import Refused, Unavailable
from proxy.vault import genesis, keyfile, keyring, package_keys
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


def certificate(vault: Vault) -> x509.Certificate:
    """What is published."""
    return x509.load_pem_x509_certificate((vault.data_dir / "package.pem").read_bytes())


def keys_path(vault: Vault) -> Path:
    """The key file."""
    return vault.key_dir / "vault" / genesis.KEYS_NAME


def test_the_certificate_allows_signatures_alone(vault: Vault) -> None:
    """It is no authority, encrypts nothing, and lives longer than what it signed is kept."""
    found = certificate(vault)
    usage = found.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment) == (True, True)
    assert not usage.key_cert_sign
    assert not usage.key_encipherment
    assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert found.not_valid_before_utc < vaults.START
    assert found.not_valid_after_utc - vaults.START >= package_keys.VALIDITY
    found.verify_directly_issued_by(found)


def test_the_secret_half_lies_wrapped_in_the_key_file_alone(vault: Vault) -> None:
    """No file of either directory holds the scalar in the clear."""
    scalar = keyring.unwrap(vault.ring._root.key, vault.ring.file.package or b"")
    public = ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1()).public_key()
    assert certificate(vault).public_key() == public
    for path in (*vault.key_dir.rglob("*"), *vault.data_dir.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            assert scalar not in content
            assert scalar.hex().encode() not in content


def test_an_older_installation_gets_a_key_at_its_next_start(vault: Vault) -> None:
    """Keys of before packages are good keys; the start after makes what is missing, once."""
    older = msgspec.structs.replace(vault.ring.file, package=None, package_certificate=None)
    keys_path(vault).write_bytes(keyfile.render(older))
    (vault.data_dir / "package.pem").unlink()
    with pytest.raises(Unavailable) as fault:
        keyring.open_keyring(vault.key_dir / "vault").sign_package(b"manifest")
    assert fault.value.code == "package_key"
    genesis.initialise(vault.key_dir, vault.data_dir, now=vaults.START)
    first = (vault.data_dir / "package.pem").read_bytes()
    genesis.initialise(vault.key_dir, vault.data_dir, now=vaults.START)
    assert (vault.data_dir / "package.pem").read_bytes() == first
    assert keyring.open_keyring(vault.key_dir / "vault").sign_package(b"manifest")


def test_a_published_certificate_that_was_exchanged_is_put_right(vault: Vault) -> None:
    """What lies in the data directory is made anew from the key directory at every start."""
    (vault.data_dir / "package.pem").write_bytes(b"another's")
    genesis.initialise(vault.key_dir, vault.data_dir, now=vaults.START)
    assert certificate(vault).public_bytes(Encoding.PEM) == package_keys.pem(
        vault.ring.file.package_certificate or b""
    )


def test_a_new_root_keeps_key_certificate_and_pass_phrases(vault: Vault) -> None:
    """Changing the root re-wraps the package key, and what waits under a pass-phrase opens."""
    before = vault.ring.file.package
    wrapped = vault.ring.wrap_pass_phrase(b"p" * 16, b"pass".ljust(64))
    vault.ring.change_root(secrets.token_bytes)
    again = keyring.open_keyring(vault.key_dir / "vault")
    assert again.file.package != before
    assert again.sign_package(b"manifest")
    assert again.unwrap_pass_phrase(b"p" * 16, wrapped).strip() == b"pass"
    with pytest.raises(Refused):
        again.unwrap_pass_phrase(b"q" * 16, wrapped)


def test_a_scalar_is_below_the_order() -> None:
    """Draws that are no key of the curve are drawn again."""
    draws = iter([bytes(32), b"\xff" * 32, b"\x01" * 32])
    assert package_keys.new_key(lambda _octets: next(draws)) == b"\x01" * 32
