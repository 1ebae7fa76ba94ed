"""Whom deposits are encrypted to: sound, living certificates, merged when renewed."""

from __future__ import annotations

import dataclasses
import stat
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pysequoia
import pytest

from escrow import certificates, envelope
from escrow.keys import RENEW_BEFORE, VALID, KeyDirectory
from proxy.errors import InvalidInput, NotFound, Refused
from tests.support import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclasses.dataclass
class SetClock:
    """A clock that shows what it is told."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> SetClock:
    """The real time, until a test moves it."""
    return SetClock(openpgp.real_now())


@pytest.fixture
def ring(tmp_path: Path, clock: SetClock) -> KeyDirectory:
    """An empty key directory."""
    return KeyDirectory(tmp_path / "escrow", clock)


@pytest.mark.parametrize("profile", [openpgp.RFC4880, openpgp.RFC9580])
def test_a_certificate_is_stored_by_its_fingerprint(
    ring: KeyDirectory, profile: pysequoia.Profile
) -> None:
    """Versions 4 and 6 alike come back as they were added, armoured or not."""
    secret = openpgp.key(profile)
    armoured = str(secret.extract_certificate()).encode()
    fingerprint = ring.add_certificate(armoured)
    assert fingerprint == secret.extract_certificate().fingerprint.upper()
    assert ring.certificate(fingerprint) == openpgp.public(secret)


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (openpgp.expired, "escrow_recipient_expired"),
        (openpgp.revoked, "escrow_recipient_revoked"),
        (openpgp.without_encryption, "escrow_recipient_no_encryption_key"),
        (bytes, "escrow_recipient_secret_key"),
        (lambda _secret: b"no certificate", "escrow_recipient_malformed"),
        (lambda secret: openpgp.public(secret)[:-20], "escrow_recipient_malformed"),
        (lambda secret: openpgp.public(secret) * 2, "escrow_recipient_malformed"),
        (lambda _secret: b"", "escrow_recipient_malformed"),
        (lambda _secret: bytes(1 << 21), "escrow_recipient_malformed"),
    ],
    ids=[
        *("expired", "revoked", "no-encryption-key", "secret-key", "garbage"),
        *("cut", "two", "empty", "too-long"),
    ],
)
def test_a_certificate_of_no_use_is_refused(
    ring: KeyDirectory, make: Callable[[pysequoia.Tsk], bytes], code: str, tmp_path: Path
) -> None:
    """Each way in which a recipient would not do has its code, and nothing is stored."""
    with pytest.raises(Refused) as refused:
        ring.add_certificate(make(openpgp.key()))
    assert refused.value.code == code
    assert "backtrace" not in refused.value.detail
    assert not list((tmp_path / "escrow").rglob("*.pgp"))


def test_a_secret_key_in_armour_is_recognised(ring: KeyDirectory) -> None:
    """Armour does not hide it."""
    with pytest.raises(Refused) as refused:
        ring.add_certificate(str(openpgp.key()).encode())
    assert refused.value.code == "escrow_recipient_secret_key"


def test_a_certificate_ends_while_it_lies_here(ring: KeyDirectory, clock: SetClock) -> None:
    """Usable until its end, and shown as what it is afterwards."""
    fingerprint = ring.add_certificate(openpgp.until(openpgp.key(), clock.at + timedelta(days=10)))
    clock.at += timedelta(days=9)
    assert ring.certificate(fingerprint)
    clock.at += timedelta(days=2)
    with pytest.raises(Refused) as refused:
        ring.certificate(fingerprint)
    assert refused.value.code == "escrow_recipient_expired"
    assert [one.fault for one in ring.expiries()] == ["escrow_recipient_expired"]


def test_a_revocation_is_kept(ring: KeyDirectory) -> None:
    """An update that revokes is refused as a recipient, and so is the key from then on."""
    secret = openpgp.key()
    fingerprint = ring.add_certificate(openpgp.public(secret))
    with pytest.raises(Refused) as refused:
        ring.add_certificate(openpgp.revoked(secret))
    assert refused.value.code == "escrow_recipient_revoked"
    with pytest.raises(Refused) as refused:
        ring.certificate(fingerprint)
    assert refused.value.code == "escrow_recipient_revoked"
    assert [one.fault for one in ring.expiries()] == ["escrow_recipient_revoked"]


def test_only_the_roster_s_fingerprint_is_answered(ring: KeyDirectory, tmp_path: Path) -> None:
    """A file under another key's name is no answer, nor is a path."""
    ours, theirs = (ring.add_certificate(openpgp.public(openpgp.key())) for _ in range(2))
    agents = tmp_path / "escrow" / "agents"
    (agents / f"{theirs}.pgp").replace(agents / f"{ours}.pgp")
    for fingerprint, error in (
        (ours, Refused),
        (theirs, NotFound),
        ("../signing", InvalidInput),
        (ours.lower(), InvalidInput),
    ):
        with pytest.raises(error):
            ring.certificate(fingerprint)


def test_our_key_is_made_once_and_private(ring: KeyDirectory, tmp_path: Path) -> None:
    """The first need makes it; files are their owner's alone."""
    key = ring.signing_key()
    assert ring.signing_key() == key
    assert ring.ssh_key() == ring.ssh_key()
    assert ring.ssh_public_key().startswith("ssh-ed25519 ")
    for path in (tmp_path / "escrow").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_our_key_is_version_4_and_ends(ring: KeyDirectory, clock: SetClock) -> None:
    """GnuPG 2.2 knows it; its end is the one we chose, and the status shows it."""
    assert len(ring.signer()) == 40
    (expiry,) = ring.expiries()
    assert (expiry.name, expiry.fingerprint, expiry.fault) == ("signing", ring.signer(), "")
    assert expiry.expires_at is not None
    assert abs(expiry.expires_at - clock.at - VALID) < timedelta(seconds=2)


def test_our_key_is_renewed_in_time(ring: KeyDirectory, clock: SetClock, tmp_path: Path) -> None:
    """In its last year the same key gets a later end, and still signs; before that it stays."""
    ring.signing_key()
    # Signed a minute ago: of two ends signed in the same second either may count.
    old = pysequoia.Tsk.generate(
        user_id="Old", validity_seconds=int((RENEW_BEFORE - timedelta(days=1)).total_seconds())
    )
    (tmp_path / "escrow" / "signing.pgp").write_bytes(bytes(old))
    renewed = ring.signing_key()
    assert ring.signer() == old.extract_certificate().fingerprint.upper()
    assert envelope.sign(b"manifest", renewed).startswith(b"-----BEGIN PGP SIGNATURE-----")
    (expiry,) = ring.expiries()
    assert expiry.expires_at is not None
    assert abs(expiry.expires_at - clock.at - VALID) < timedelta(seconds=2)
    assert ring.signing_key() == renewed


def test_no_subkey_of_ours_ends_by_itself(ring: KeyDirectory) -> None:
    """Renewal moves the primary key's end only, so a subkey's own end would stop us."""
    found = certificates.parse(ring.signing_certificate())
    primary = pysequoia.Cert.from_bytes(ring.signing_certificate()).expiration
    assert found.expires_at == primary


def test_a_damaged_key_says_what_to_do(ring: KeyDirectory, tmp_path: Path) -> None:
    """A signing key that is no key is not replaced behind the operator's back."""
    ring.signing_key()
    (tmp_path / "escrow" / "signing.pgp").write_bytes(b"rubbish")
    with pytest.raises(Refused) as refused:
        ring.signing_key()
    assert refused.value.code == "escrow_signing_key"
    with pytest.raises(Refused) as refused:
        envelope.sign(b"manifest", b"rubbish")
    assert refused.value.code == "escrow_signing_key"
