"""Others open and believe our packages: GnuPG, OpenSSL, pyhanko; and nothing hostile gets one."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import secrets
import subprocess
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import cms  # type: ignore[import-untyped]  # a part of pyhanko's
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    SignatureCoverageLevel,
    async_validate_detached_cms,
    async_validate_pdf_signature,
)
from pyhanko_certvalidator import ValidationContext

from proxy.errors import ProxyError, Refused
from proxy.run import package_process
from proxy.vault import package, package_fields, package_keys
from tests.support import gnupg, openpgp
from tests.support import packages as support
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.gnupg import Gpg
    from tests.support.vault import Vault

pytestmark = pytest.mark.peer

ARCHIVE = b"PK" + secrets.token_bytes(100_000)


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    """GnuPG in a home that is short, private and gone afterwards."""
    if gnupg.find_gpg() is None:
        pytest.skip("no gpg program (Debian: apt-get install gnupg)")
    with gnupg.home(tmp_path_factory.mktemp("gnupg")) as made:
        yield made


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A vault that has a package key."""
    made = vaults.Vault(tmp_path_factory.mktemp("vault"), vaults.StillClock(openpgp.real_now()))
    made.make()
    yield made
    made.state.close()


@pytest.fixture(scope="module")
def archive(vault: Vault) -> bytes:
    """A whole package, not encrypted yet."""
    order = support.order()
    _, deed = package.parts(order)
    selected = package_fields.select(vaults.contacts(), deed.fields)
    facts = package.disclosure(order, support.SHA256, selected, support.MARK)
    rendered = package_process.render(package.canonical(facts))
    sign = vault.ring.sign_package
    pdf = package.spliced(rendered.octets, rendered.start, rendered.end, sign)
    certificate = package_keys.pem(vault.ring.file.package_certificate or b"")
    return package.archived(package.signed_files(facts, pdf, certificate=certificate, sign=sign))


def unpacked(archive: bytes, directory: Path) -> None:
    """The files, as a recipient has them."""
    zipfile.ZipFile(io.BytesIO(archive)).extractall(directory)


def certificate(directory: Path) -> Any:
    """The certificate in a package."""
    return load_cert_from_pemder(str(directory / "package.pem"))  # type: ignore[no-untyped-call]  # pyhanko's


def openssl(directory: Path) -> int:
    """What `openssl cms -verify` says of the manifest, as the readme has it."""
    return subprocess.run(
        [
            *("openssl", "cms", "-verify", "-binary", "-inform", "DER"),
            *("-in", "manifest.json.p7s", "-content", "manifest.json"),
            *("-CAfile", "package.pem", "-out", "/dev/null"),
        ],
        cwd=directory,
        capture_output=True,
        check=False,
    ).returncode


@pytest.mark.parametrize("algorithms", [("ed25519", "cv25519"), ("rsa3072", "rsa3072")])
def test_gnupg_opens_what_is_sealed_to_its_key(
    gpg: Gpg, tmp_path: Path, algorithms: tuple[str, str]
) -> None:
    """The recipient's own program gives the archive back, byte for byte."""
    fingerprint = gpg.make(f"Recipient {algorithms[0]}", *algorithms)
    sealed = package_process.seal(ARCHIVE, gpg.export(fingerprint), fingerprint, openpgp.real_now())
    path = tmp_path / "package.zip.gpg"
    path.write_bytes(sealed)
    plain, words = gpg.decrypt(path)
    assert plain == ARCHIVE
    assert "DECRYPTION_OKAY" in words


def test_gnupg_opens_what_is_locked(gpg: Gpg, tmp_path: Path) -> None:
    """The pass-phrase that was read out opens it; another one, or one letter less, does not."""
    pass_phrase = package.grouped(secrets.token_bytes(package.PASS_PHRASE_OCTETS))
    path = tmp_path / "package.zip.gpg"
    path.write_bytes(package_process.lock(ARCHIVE, pass_phrase))
    assert gpg.run("--passphrase", pass_phrase, "--decrypt", str(path)).stdout == ARCHIVE
    assert gpg.run("--passphrase", pass_phrase[:-1], "--decrypt", str(path)).stdout != ARCHIVE


def test_openssl_believes_the_manifest(archive: bytes, tmp_path: Path) -> None:
    """The command in the readme verifies it, and no longer when a byte has changed."""
    unpacked(archive, tmp_path)
    assert openssl(tmp_path) == 0
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    assert manifest["order"]["sha256"] == support.SHA256
    (tmp_path / "manifest.json").write_bytes(json.dumps(manifest).encode())
    assert openssl(tmp_path) != 0


def test_openssl_does_not_believe_another_installation(
    archive: bytes, tmp_path: Path, vault: Vault
) -> None:
    """A signature under another key's certificate is no signature of ours."""
    unpacked(archive, tmp_path)
    assert (tmp_path / "package.pem").read_bytes() == (vault.data_dir / "package.pem").read_bytes()
    key = package_keys.new_key(secrets.token_bytes)
    other = package_keys.certify(key, "00" * 16, openpgp.real_now(), secrets.token_bytes)
    (tmp_path / "package.pem").write_bytes(package_keys.pem(other))
    assert openssl(tmp_path) != 0


def test_pyhanko_believes_pdf_and_manifest(archive: bytes, tmp_path: Path) -> None:
    """The signature covers the whole document, is intact, and is of the key that we publish."""
    unpacked(archive, tmp_path)
    root = certificate(tmp_path)
    context = ValidationContext(trust_roots=[root])
    with (tmp_path / "disclosure.pdf").open("rb") as file:
        (signature,) = PdfFileReader(file).embedded_signatures
        status = asyncio.run(async_validate_pdf_signature(signature, context))
    assert status.valid
    assert status.intact
    assert status.trusted
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    signed = PdfFileReader(io.BytesIO((tmp_path / "disclosure.pdf").read_bytes()))
    assert signed.embedded_signatures[0].field_name == "Signature"
    altered = bytearray((tmp_path / "disclosure.pdf").read_bytes())
    altered[altered.index(b"stream") + 40] ^= 1
    (broken,) = PdfFileReader(io.BytesIO(bytes(altered))).embedded_signatures
    assert not asyncio.run(async_validate_pdf_signature(broken, context)).intact


def test_a_person_can_check_the_manifest_with_pyhanko(archive: bytes, tmp_path: Path) -> None:
    """The detached signature is plain CMS for a second implementation too."""
    unpacked(archive, tmp_path)
    info = cms.ContentInfo.load((tmp_path / "manifest.json.p7s").read_bytes())
    root = certificate(tmp_path)
    status = asyncio.run(
        async_validate_detached_cms(
            (tmp_path / "manifest.json").read_bytes(),
            info["content"],
            signer_validation_context=ValidationContext(trust_roots=[root]),
        )
    )
    assert status.bottom_line


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (openpgp.expired, "recipient_expired"),
        (openpgp.revoked, "recipient_revoked"),
        (openpgp.without_encryption, "recipient_no_encryption_key"),
        (bytes, "recipient_secret_key"),
    ],
)
def test_a_certificate_of_no_use_gets_nothing(make: Callable[..., bytes], code: str) -> None:
    """Expired, revoked, for signatures alone, or with its secret: each has a code of its own."""
    secret = openpgp.key()
    fingerprint = secret.extract_certificate().fingerprint.upper()
    with pytest.raises(Refused) as refusal:
        package_process.seal(ARCHIVE, make(secret), fingerprint, openpgp.real_now())
    assert refusal.value.code == code


def test_another_key_than_the_approved_gets_nothing() -> None:
    """The whole fingerprint counts; another sound certificate in its place is refused."""
    one, other = openpgp.key(), openpgp.key()
    fingerprint = one.extract_certificate().fingerprint.upper()
    for approved, given in (
        (fingerprint, openpgp.public(other)),
        (fingerprint[-16:], openpgp.public(one)),
        (fingerprint.lower(), openpgp.public(one)),
        ("", openpgp.public(one)),
    ):
        with pytest.raises(Refused) as refusal:
            package_process.seal(ARCHIVE, given, approved, openpgp.real_now())
        assert refusal.value.code == "recipient_other_key"


def test_time_is_the_vaults_not_the_childs() -> None:
    """A certificate that ends before the package is made is refused, whatever the hour here."""
    now = openpgp.real_now()
    secret = openpgp.key()
    ends = openpgp.until(secret, now + timedelta(days=1))
    fingerprint = secret.extract_certificate().fingerprint.upper()
    assert package_process.seal(ARCHIVE, ends, fingerprint, now)
    with pytest.raises(Refused) as refusal:
        package_process.seal(ARCHIVE, ends, fingerprint, now + timedelta(days=2))
    assert refusal.value.code == "recipient_expired"


def bomb() -> bytes:
    """Compressed packets, one in the other, that would come to gigabytes."""
    import zlib  # noqa: PLC0415 - of this one

    body = bytes(64 << 20)
    for _ in range(2):
        packed = b"\x02" + zlib.compress(body, 9)
        body = b"\xc8\xff" + len(packed).to_bytes(4) + packed
    return body


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"\x00" * 100,
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + b"A" * 5_000,
        secrets.token_bytes(100_000),
        b"\xc6\xff\xff\xff\xff\xff" + bytes(1_000),  # a key packet that claims four gigabytes
        b"\xc6\x01\x04" * 50_000,
        bomb(),
        bytes(1_100_000),
    ],
    ids=["empty", "zeros", "armour", "noise", "length", "many", "bomb", "long"],
)
def test_hostile_certificates_end_in_a_code(hostile: bytes) -> None:
    """Whatever the bytes, the vault's process gets a code, in time, and never ciphertext."""
    with pytest.raises(ProxyError) as refusal:
        package_process.seal(ARCHIVE, hostile, "AB" * 20, openpgp.real_now())
    assert refusal.value.code in {"recipient_malformed", "package_child"}


def test_two_certificates_are_not_one() -> None:
    """A second key behind the approved one is not encrypted to."""
    one, other = openpgp.key(), openpgp.key()
    both = openpgp.public(one) + openpgp.public(other)
    fingerprint = one.extract_certificate().fingerprint.upper()
    with pytest.raises(Refused) as refusal:
        package_process.seal(ARCHIVE, both, fingerprint, openpgp.real_now())
    assert refusal.value.code == "recipient_malformed"
