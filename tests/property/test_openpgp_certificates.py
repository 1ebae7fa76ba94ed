"""Whatever is sent as a certificate: facts about one sound one, or a refusal; nothing else."""

from __future__ import annotations

import pysequoia
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.errors import Refused
from proxy.run import package_child
from proxy.vault import openpgp_certificates as certificates
from tests.support import openpgp

SECRET = openpgp.key()
PUBLIC = openpgp.public(SECRET)
PLAIN = b"plain"
FINGERPRINT = SECRET.extract_certificate().fingerprint.upper()


def opened(octets: bytes) -> bytes | None:
    """What the owner of SECRET reads of something that is encrypted to the certificate."""
    cert = pysequoia.Cert.from_bytes(octets)
    message = pysequoia.encrypt(PLAIN, recipients=[cert], armor=False)
    return pysequoia.decrypt(message, decryptor=SECRET.decryptor()).bytes


def told(data: bytes) -> certificates.Certificate | str:
    """The facts, or the code of the refusal."""
    try:
        return certificates.examine(
            certificates.load(data, package_child._FAULTS), package_child._FAULTS
        )
    except Refused as refusal:
        return refusal.code


@given(st.binary(max_size=2_000))
def test_noise_is_refused(data: bytes) -> None:
    """Octets of no certificate end in a code, whatever Sequoia raises or panics."""
    assert isinstance(told(data), str)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, len(PUBLIC) - 1), st.integers(1, 255)), max_size=4))
def test_a_damaged_certificate_is_never_another_ones(changes: list[tuple[int, int]]) -> None:
    """Flipped octets give a refusal, another fingerprint, or what the owner's key alone opens."""
    data = bytearray(PUBLIC)
    for place, mask in changes:
        data[place] ^= mask
    found = told(bytes(data))
    if isinstance(found, str):
        assert found in {
            "recipient_malformed",
            "recipient_no_encryption_key",
            "recipient_secret_key",
        }
    elif found.fingerprint == FINGERPRINT:
        assert opened(found.octets) == PLAIN


@given(st.integers(0, len(PUBLIC) - 1))
def test_a_certificate_cut_short_gives_no_other_key(length: int) -> None:
    """What is left of it is refused, or is encrypted to so that its owner's key opens it."""
    found = told(PUBLIC[:length])
    if not isinstance(found, str):
        assert opened(found.octets) == PLAIN


def test_the_whole_one_is_good() -> None:
    """Without damage its facts are told."""
    found = told(PUBLIC)
    assert not isinstance(found, str)
    assert (found.fingerprint, found.is_revoked) == (FINGERPRINT, False)


@pytest.mark.parametrize("make", [openpgp.expired, openpgp.revoked])
def test_expiry_and_revocation_are_facts(make: object) -> None:
    """Both are told; who uses the certificate decides."""
    assert callable(make)
    found = told(make(SECRET))
    assert not isinstance(found, str)
    assert found.is_revoked or found.expires_at is not None
