"""The package key: what signs disclosure packages, P-256 with a certificate of its own.

Recipients are lawyers and authorities, so signatures are of the kind that their programs check:
CMS (RFC 5652) with ECDSA over P-256 (RFC 5754), under an X.509 certificate (RFC 5280) that nobody
but ourselves vouches for. Its public half lies in the data directory, to be published.
Source: vault.md, Keys; FORMAT.md, Package.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SCALAR_OCTETS: Final = 32
VALIDITY: Final = timedelta(days=3650)
"""Longer than any delete-by date; a lawyer who looks later still finds the signature sound."""

_BACKDATED: Final = timedelta(days=1)  # for recipients whose clocks are behind ours
_COMMON_NAME: Final = "Disclosure packages"
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SERIAL_OCTETS: Final = 16


def new_key(random: Callable[[int], bytes]) -> bytes:
    """A private scalar, 32 octets, uniform below the order of P-256 (FIPS 186-5 A.2.2)."""
    while True:
        found = random(SCALAR_OCTETS)
        if 0 < int.from_bytes(found) < _ORDER:
            return found


def certify(scalar: bytes, deployment: str, now: datetime, random: Callable[[int], bytes]) -> bytes:
    """The self-signed certificate of a key, DER; it may sign, and nothing else.

    Its subject names the installation by its id: no two installations' certificates are alike.
    """
    key = _private(scalar)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, _COMMON_NAME),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, deployment),
        ]
    )
    start = now.replace(microsecond=0)
    public = key.public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(int.from_bytes(random(_SERIAL_OCTETS)) | 1)
        .not_valid_before(start - _BACKDATED)
        .not_valid_after(start + VALIDITY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.DER)


def sign_detached(scalar: bytes, certificate: bytes, content: bytes) -> bytes:
    """A detached CMS signature over `content`, DER, with the certificate inside.

    Deterministic in nothing: ECDSA's nonce is OpenSSL's, drawn anew and so never repeated; the
    signing time is the system's. What is signed is always a document that names itself (a manifest,
    or a PDF file that begins as one), so neither passes for the other. Hides nothing.
    """
    return (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(content)
        .add_signer(x509.load_der_x509_certificate(certificate), _private(scalar), hashes.SHA256())
        .sign(
            serialization.Encoding.DER,
            [
                pkcs7.PKCS7Options.Binary,
                pkcs7.PKCS7Options.DetachedSignature,
                pkcs7.PKCS7Options.NoCapabilities,
            ],
        )
    )


def pem(certificate: bytes) -> bytes:
    """A certificate as recipients load it."""
    found = x509.load_der_x509_certificate(certificate)
    return found.public_bytes(serialization.Encoding.PEM)


def _private(scalar: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(scalar), ec.SECP256R1())


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
