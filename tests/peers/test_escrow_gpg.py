"""GnuPG opens and believes what we seal, and we believe what GnuPG signs."""

from __future__ import annotations

import gzip
import io
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pysequoia
import pytest

from escrow import certificates, envelope, recovery_key
from escrow.keys import KeyDirectory
from proxy.errors import ProxyError, Refused
from tests.support import gnupg, openpgp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.gnupg import Gpg

pytestmark = pytest.mark.peer

ROWS = b"".join(b'"name%d.example","Person %d","1 Quay, Harbour"\n' % (n, n) for n in range(20_000))


LONG_AGO = "20240101T000000!"  # as gpg's clock is set


@dataclass(slots=True)
class SetClock:
    """A clock that shows what it is told."""

    at: datetime

    def now(self) -> datetime:
        """What it was told."""
        return self.at


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gpg]:
    """GnuPG in a home that is short, private and gone afterwards."""
    if gnupg.find_gpg() is None:
        pytest.skip("no gpg program (Debian: apt-get install gnupg)")
    with gnupg.home(tmp_path_factory.mktemp("gnupg")) as made:
        yield made


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory, gpg: Gpg) -> KeyDirectory:
    """Our keys, the public one known to GnuPG."""
    made = KeyDirectory(tmp_path_factory.mktemp("keys") / "escrow")
    gpg.run("--import", data=made.signing_certificate())
    return made


@pytest.fixture(scope="module", params=[("rsa3072", "rsa3072"), ("ed25519", "cv25519")])
def agent(request: pytest.FixtureRequest, gpg: Gpg, ring: KeyDirectory) -> str:
    """An agent whose key GnuPG made: its fingerprint, its certificate with us."""
    signing, encryption = request.param
    fingerprint = gpg.make(f"agent-{signing}@agent.example", signing, encryption)
    assert ring.add_certificate(gpg.export(fingerprint)) == fingerprint
    return fingerprint


def sealed(path: Path, ring: KeyDirectory, *recipients: bytes) -> None:
    """The rows, compressed, encrypted and signed."""
    sealing = envelope.Sealing(path, recipients=recipients, signing_key=ring.signing_key())
    sealing.write(gzip.compress(ROWS, mtime=0))
    sealing.finish()


def test_gpg_decrypts_and_believes(
    tmp_path: Path, gpg: Gpg, ring: KeyDirectory, agent: str
) -> None:
    """A good signature of ours, an intact message, the same octets after gunzip."""
    sealed(tmp_path / "d.gpg", ring, ring.certificate(agent))
    plain, status = gpg.decrypt(tmp_path / "d.gpg")
    assert gzip.decompress(plain) == ROWS
    assert {"GOODSIG", "VALIDSIG", "DECRYPTION_OKAY", "GOODMDC"} <= status


def test_gpg_decrypts_beside_a_newer_recipient(
    tmp_path: Path, gpg: Gpg, ring: KeyDirectory, agent: str
) -> None:
    """A message for an RFC 9580 key as well is still one that GnuPG 2.2 opens."""
    modern = openpgp.key(openpgp.RFC9580)
    sealed(tmp_path / "d.gpg", ring, openpgp.public(modern), ring.certificate(agent))
    plain, status = gpg.decrypt(tmp_path / "d.gpg")
    assert gzip.decompress(plain) == ROWS
    assert {"GOODSIG", "DECRYPTION_OKAY"} <= status
    with envelope.opened(
        tmp_path / "d.gpg", key=bytes(modern), signer=ring.signing_certificate(), is_gzip=True
    ) as opening:
        assert io.BufferedReader(opening).read() == ROWS
        assert opening.finish() == ring.signer()


@pytest.mark.parametrize("damage", ["octet", "cut"])
def test_damage_fails_there_and_here(
    tmp_path: Path, gpg: Gpg, ring: KeyDirectory, agent: str, damage: str
) -> None:
    """One octet, or the end: neither side takes the file for good."""
    path = tmp_path / "d.gpg"
    sealed(path, ring, ring.certificate(agent))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= damage == "octet"
    path.write_bytes(data if damage == "octet" else data[:-50])
    _, status = gpg.decrypt(path)
    assert {"FAILURE", "DECRYPTION_FAILED"} & status
    assert not {"DECRYPTION_OKAY", "GOODMDC", "GOODSIG"} & status
    secret = gpg.run("--export-secret-keys", agent).stdout
    with (
        envelope.opened(path, key=secret, signer=ring.signing_certificate()) as opening,
        pytest.raises(Refused) as refused,
    ):
        opening.finish()
    assert refused.value.code == "escrow_file_altered"


def test_a_key_of_gpg_opens_here(tmp_path: Path, gpg: Gpg, ring: KeyDirectory, agent: str) -> None:
    """The drill's side: an agent's exported secret key, our file, our judgement."""
    sealed(tmp_path / "d.gpg", ring, ring.certificate(agent))
    secret = gpg.run("--export-secret-keys", agent).stdout
    with envelope.opened(
        tmp_path / "d.gpg", key=secret, signer=ring.signing_certificate(), is_gzip=True
    ) as opening:
        assert io.BufferedReader(opening).read() == ROWS
        opening.finish()


@pytest.mark.parametrize(
    "how",
    [["--clearsign"], ["--sign"], ["--sign", "--armor"], ["--sign", "--compress-algo", "zip"]],
)
def test_reports_of_gpg_verify(gpg: Gpg, ring: KeyDirectory, agent: str, how: list[str]) -> None:
    """Clear, inline, armoured, compressed: the report comes back, another key's word does not."""
    report = b"deposit: d1\nstatus: accepted"
    signed = gpg.run("-u", agent, *how, data=report).stdout
    assert envelope.verify_signed(signed, ring.certificate(agent)) == report
    with pytest.raises(Refused) as refused:
        envelope.verify_signed(signed, ring.signing_certificate())
    assert refused.value.code == "escrow_signature"


@pytest.mark.parametrize("how", [["--detach-sign"], ["--detach-sign", "--armor", "--textmode"]])
def test_detached_reports_of_gpg_verify(
    gpg: Gpg, ring: KeyDirectory, agent: str, how: list[str]
) -> None:
    """The report beside its signature; a changed report is refused."""
    report = b"deposit: d1\nstatus: accepted\n"
    signature = gpg.run("-u", agent, *how, data=report).stdout
    certificate = ring.certificate(agent)
    assert envelope.verify_signed(report, certificate, signature) == report
    with pytest.raises(Refused):
        envelope.verify_signed(report + b" ", certificate, signature)


def test_gpg_verifies_our_manifest(tmp_path: Path, gpg: Gpg, ring: KeyDirectory) -> None:
    """Our detached signature is a good one there, and a bad one over anything else."""
    (tmp_path / "m").write_bytes(b"manifest")
    (tmp_path / "m.asc").write_bytes(envelope.sign(b"manifest", ring.signing_key()))
    good = gpg.run("--verify", str(tmp_path / "m.asc"), str(tmp_path / "m"))
    assert (good.returncode, b"GOODSIG" in good.stderr) == (0, True)
    (tmp_path / "m").write_bytes(b"manifesto")
    assert b"BADSIG" in gpg.run("--verify", str(tmp_path / "m.asc"), str(tmp_path / "m")).stderr


def test_a_subkey_s_end_is_seen(gpg: Gpg, ring: KeyDirectory, agent: str) -> None:
    """The primary key never ends, the encryption key in a year: the year counts."""
    found = certificates.parse(gpg.export(agent))
    assert pysequoia.Cert.from_bytes(found.octets).expiration is None
    assert found.expires_at is not None
    assert 363 <= (found.expires_at - openpgp.real_now()).days <= 365


def test_an_ended_subkey_is_no_recipient(gpg: Gpg, ring: KeyDirectory) -> None:
    """Its primary key lives on, and pysequoia would encrypt all the same; renewed, it is one."""
    fingerprint = gpg.make("old@agent.example", "ed25519", "cv25519", when=LONG_AGO)
    with pytest.raises(ProxyError) as refused:
        ring.add_certificate(gpg.export(fingerprint))
    assert refused.value.code == "escrow_recipient_expired"
    gpg.renew(fingerprint)
    assert ring.add_certificate(gpg.export(fingerprint)) == fingerprint


def test_an_update_brings_a_later_end(tmp_path: Path, gpg: Gpg) -> None:
    """A renewed certificate moves the end of the stored one; the old one takes nothing back."""
    fingerprint = gpg.make("renewing@agent.example", "ed25519", "cv25519", when=LONG_AGO)
    former = gpg.export(fingerprint)
    clock = SetClock(datetime(2024, 6, 1, tzinfo=UTC))
    ring = KeyDirectory(tmp_path / "escrow", clock)
    ring.add_certificate(former)
    clock.at = openpgp.real_now()
    with pytest.raises(ProxyError) as refused:
        ring.certificate(fingerprint)
    assert refused.value.code == "escrow_recipient_expired"
    gpg.renew(fingerprint)
    for update in (gpg.export(fingerprint), former):
        ring.add_certificate(update)
        assert ring.certificate(fingerprint)
    (expiry,) = ring.expiries()
    assert expiry.expires_at is not None
    assert (expiry.expires_at - clock.at).days >= 1000


def test_a_key_that_only_signs_is_no_recipient(gpg: Gpg, ring: KeyDirectory) -> None:
    """It has no subkey that encrypts."""
    fingerprint = gpg.make("signer@agent.example", "ed25519", "")
    with pytest.raises(ProxyError) as refused:
        ring.add_certificate(gpg.export(fingerprint))
    assert refused.value.code == "escrow_recipient_no_encryption_key"


def test_gpg_opens_the_recovery_file(tmp_path: Path, gpg: Gpg) -> None:
    """Without our program: the combined pass-phrase, the file, and a key that imports."""
    made = recovery_key.make(2, 3, secrets.token_bytes)
    (tmp_path / "recovery.asc").write_bytes(made.protected)
    done = subprocess.run(
        [
            *(gpg.program, "--homedir", str(gpg.home), "--batch", "--pinentry-mode", "loopback"),
            *("--passphrase", recovery_key.combine(made.shares[1:]).hex()),
            *("--decrypt", str(tmp_path / "recovery.asc")),
        ],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.stdout == recovery_key.recover(made.protected, made.shares[:2])
    assert b"IMPORT_OK" in gpg.run("--import", data=done.stdout).stderr
