"""Files encrypted by a child process: whole and signed, or not there; no plaintext on disk."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pysequoia
import pytest

import escrow
from escrow import envelope
from proxy.errors import InvalidInput, NotFound, ProxyError, Refused
from tests.support import openpgp

if TYPE_CHECKING:
    from collections.abc import Callable

AGENT = openpgp.key()
MODERN = openpgp.key(openpgp.RFC9580, "Modern")
OURS = openpgp.key(name="Ours")
STRANGER = openpgp.key(name="Stranger")
SIGNER = openpgp.public(OURS)
CANARY = b"Canary Person 7f3a,"
TEXT = CANARY * 20_000
HELD_BACK_OCTETS = 25 << 20  # what Sequoia keeps until a file proved whole


def sealed(
    path: Path, data: bytes = TEXT, recipients: tuple[pysequoia.Tsk, ...] = (AGENT,)
) -> envelope.Sealed:
    """`data` in an encrypted and signed file."""
    sealing = envelope.Sealing(
        path, recipients=[openpgp.public(one) for one in recipients], signing_key=bytes(OURS)
    )
    for start in range(0, len(data), 100_000):
        sealing.write(data[start : start + 100_000])
    return sealing.finish()


def read(path: Path, key: pysequoia.Tsk = AGENT, signer: bytes = SIGNER) -> bytes:
    """The plaintext, believed."""
    with envelope.opened(path, key=bytes(key), signer=signer) as opening:
        data = io.BufferedReader(opening).read()
        opening.finish()
    return data


def names(directory: Path) -> list[str]:
    """What is in a directory, provisional names too."""
    return [path.name for path in directory.iterdir()]


def code_of(call: Callable[[], object]) -> str:
    """The code of the error that `call` raises."""
    with pytest.raises(ProxyError) as raised:
        call()
    assert "backtrace" not in raised.value.detail
    return raised.value.code


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    """What `finish` tells is what lies on disk, private, and it opens to the same octets."""
    path = tmp_path / "d.csv.gpg"
    done = sealed(path)
    on_disk = path.read_bytes()
    assert (done.octets, done.sha256) == (len(on_disk), hashlib.sha256(on_disk).hexdigest())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names(tmp_path) == [path.name]
    assert read(path) == TEXT


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    """Nothing written is still signed."""
    sealed(tmp_path / "d", b"")
    assert read(tmp_path / "d") == b""


@pytest.mark.parametrize("recipients", [(MODERN,), (AGENT, MODERN), (MODERN, AGENT)])
def test_recipients_of_both_versions_open_it(
    tmp_path: Path, recipients: tuple[pysequoia.Tsk, ...]
) -> None:
    """RFC 9580 keys, alone and beside older ones; each opens the same message."""
    sealed(tmp_path / "d", recipients=recipients)
    for one in recipients:
        assert read(tmp_path / "d", one) == TEXT
    assert code_of(lambda: read(tmp_path / "d", STRANGER)) == "escrow_other_key"


def test_gzip_is_taken_off_on_the_way(tmp_path: Path) -> None:
    """A compressed file reads as its content, in small pieces too."""
    sealed(tmp_path / "d", gzip.compress(TEXT))
    with envelope.opened(tmp_path / "d", key=bytes(AGENT), signer=SIGNER, is_gzip=True) as opening:
        data = b"".join(iter(lambda: opening.read(7_001) or b"", b""))
        assert opening.finish() == OURS.extract_certificate().fingerprint.upper()
    assert data == TEXT


def test_gzip_that_ends_early_is_no_end(tmp_path: Path) -> None:
    """Signed, whole, and yet cut before it was sealed."""
    sealed(tmp_path / "d", gzip.compress(os.urandom(1 << 20))[:-1000])

    def read_all() -> None:
        with envelope.opened(
            tmp_path / "d", key=bytes(AGENT), signer=SIGNER, is_gzip=True
        ) as opening:
            io.BufferedReader(opening).read()

    assert code_of(read_all) == "escrow_file_altered"


def test_finish_reads_on(tmp_path: Path) -> None:
    """Whoever stops early still learns whether the whole was sound."""
    sealed(tmp_path / "d", os.urandom(3 << 20))
    with envelope.opened(tmp_path / "d", key=bytes(AGENT), signer=SIGNER) as opening:
        assert len(opening.read(10) or b"") == 10
        assert opening.finish() == opening.finish()


def test_leaving_early_ends_the_child(tmp_path: Path) -> None:
    """Nobody waits for a reader who went away."""
    sealed(tmp_path / "d", os.urandom(3 << 20))
    with envelope.opened(tmp_path / "d", key=bytes(AGENT), signer=SIGNER) as opening:
        opening.read(10)


@pytest.mark.parametrize("damage", ["octet", "last octet", "cut", "appended", "empty", "rubbish"])
@pytest.mark.parametrize("key", [AGENT, MODERN], ids=["v4", "v6"])
def test_an_altered_file_is_not_believed(tmp_path: Path, damage: str, key: pysequoia.Tsk) -> None:
    """One octet, the end cut off, something added: the same code each time."""
    path = tmp_path / "d"
    sealed(path, recipients=(key,))
    data = bytearray(path.read_bytes())
    flipped = {"octet": len(data) // 2, "last octet": len(data) - 1}.get(damage)
    if flipped is not None:
        data[flipped] ^= 1
    others = {"cut": data[:-100], "appended": data * 2, "empty": b"", "rubbish": b"rubbish"}
    path.write_bytes(bytes(others.get(damage, data)))
    assert code_of(lambda: read(path, key)) == "escrow_file_altered"


def test_only_our_signature_counts(tmp_path: Path) -> None:
    """A file signed by another key, or by nobody, opens to a refusal."""
    path = tmp_path / "d"
    sealed(path)
    assert code_of(lambda: read(path, signer=openpgp.public(STRANGER))) == "escrow_signature"
    unsigned = pysequoia.encrypt(TEXT, recipients=[AGENT.extract_certificate()], armor=False)
    path.write_bytes(unsigned)
    assert code_of(lambda: read(path)) == "escrow_signature"


@pytest.mark.parametrize("key", [AGENT, MODERN], ids=["v4", "v6"])
def test_a_long_file_releases_what_is_not_proved(tmp_path: Path, key: pysequoia.Tsk) -> None:
    """Why nothing counts before `finish`: the beginning comes although the end is altered."""
    path = tmp_path / "d"
    sealed(path, TEXT * 200, (key,))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with envelope.opened(path, key=bytes(key), signer=SIGNER) as opening:
        released = len(io.BufferedReader(opening).read())
        assert 0 < released <= len(TEXT) * 200 - HELD_BACK_OCTETS
        assert code_of(opening.finish) == "escrow_file_altered"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (openpgp.expired(openpgp.key()), "escrow_recipient_expired"),
        (openpgp.revoked(openpgp.key()), "escrow_recipient_revoked"),
        (openpgp.without_encryption(openpgp.key()), "escrow_recipient_no_encryption_key"),
        (b"rubbish", "escrow_recipient_malformed"),
        (bytes(openpgp.key()), "escrow_recipient_secret_key"),
    ],
    ids=["expired", "revoked", "no-encryption-key", "rubbish", "secret-key"],
)
def test_no_file_for_a_recipient_of_no_use(tmp_path: Path, recipient: bytes, code: str) -> None:
    """The child refuses too, beside a sound recipient, and leaves nothing."""

    def seal() -> None:
        sealing = envelope.Sealing(
            tmp_path / "d",
            recipients=(openpgp.public(AGENT), recipient),
            signing_key=bytes(OURS),
        )
        sealing.write(TEXT)
        sealing.write(TEXT)
        sealing.finish()

    assert code_of(seal) == code
    assert names(tmp_path) == []


@pytest.mark.parametrize("key", [SIGNER, b"rubbish", openpgp.expired(openpgp.key())])
def test_no_file_without_a_key_that_signs(tmp_path: Path, key: bytes) -> None:
    """A certificate in place of our key, or nothing sound."""
    sealing = envelope.Sealing(tmp_path / "d", recipients=(openpgp.public(AGENT),), signing_key=key)
    assert code_of(sealing.finish) == "escrow_signing_key"
    assert names(tmp_path) == []


def test_a_killed_child_leaves_no_file(tmp_path: Path) -> None:
    """The writer learns of it, and neither name is there."""
    sealing = envelope.Sealing(
        tmp_path / "d", recipients=(openpgp.public(AGENT),), signing_key=bytes(OURS)
    )
    sealing.write(TEXT)
    os.kill(sealing.process_id, signal.SIGKILL)

    def write_on() -> None:
        for _ in range(100):
            sealing.write(TEXT)

    assert code_of(write_on) == "escrow_encryption_failed"
    sealing.abort()
    assert names(tmp_path) == []


def test_a_child_killed_at_the_end_leaves_no_file(tmp_path: Path) -> None:
    """Also when everything was written and only `finish` is to come."""
    sealing = envelope.Sealing(
        tmp_path / "d", recipients=(openpgp.public(AGENT),), signing_key=bytes(OURS)
    )
    os.kill(sealing.process_id, signal.SIGKILL)
    assert code_of(sealing.finish) == "escrow_encryption_failed"
    assert names(tmp_path) == []


def test_giving_up_removes_the_file(tmp_path: Path) -> None:
    """And may be done twice, and does nothing to a finished file."""
    sealing = envelope.Sealing(
        tmp_path / "d", recipients=(openpgp.public(AGENT),), signing_key=bytes(OURS)
    )
    sealing.write(TEXT)
    sealing.abort()
    sealing.abort()
    assert names(tmp_path) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A name that is taken is refused, finished or not."""
    (tmp_path / "d").write_bytes(b"there")
    assert code_of(lambda: sealed(tmp_path / "d")) == "escrow_file_exists"
    assert (tmp_path / "d").read_bytes() == b"there"


def test_no_plaintext_touches_the_disk(tmp_path: Path) -> None:
    """Neither while a file is made nor afterwards does any file hold the canary."""
    sealing = envelope.Sealing(
        tmp_path / "d", recipients=(openpgp.public(AGENT),), signing_key=bytes(OURS)
    )
    for _ in range(20):
        sealing.write(TEXT)
    during = [path.read_bytes() for path in tmp_path.iterdir()]
    sealing.finish()
    after = [path.read_bytes() for path in tmp_path.iterdir()]
    assert len(during) == len(after) == 1
    assert not any(CANARY in data for data in during + after)
    assert not any(bytes(OURS)[:200] in data for data in during + after)


@pytest.mark.skipif(sys.platform != "linux", reason="pidfd and /proc are Linux's")
def test_the_child_shows_no_key_and_dies_with_us(tmp_path: Path) -> None:
    """Its command line and environment hold no key; when its parent is killed it ends too."""
    code = (
        "import sys, pathlib; from escrow import envelope\n"
        "job = [pathlib.Path(name).read_bytes() for name in sys.argv[2:]]\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "one = envelope.Sealing(path, recipients=job[:1], signing_key=job[1])\n"
        "one.write(bytes(1 << 20)); print(one.process_id, flush=True); sys.stdin.read()\n"
    )
    (tmp_path / "agent").write_bytes(openpgp.public(AGENT))
    (tmp_path / "ours").write_bytes(bytes(OURS))
    with subprocess.Popen(
        [sys.executable, "-c", code, *(str(tmp_path / name) for name in ("d", "agent", "ours"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(escrow.__file__).parents[1],
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        watched = os.pidfd_open(child)
        try:
            shown = [Path(f"/proc/{child}/{name}").read_bytes() for name in ("cmdline", "environ")]
            assert b"openpgp_child" in shown[0]
            assert len(shown[0]) < 500
            parent.kill()
            assert select.select([watched], [], [], 30)[0]
        finally:
            os.close(watched)
    assert not (tmp_path / "d").exists()


def test_the_child_loads_little() -> None:
    """No event loop, no database, no other cryptography: what it holds are keys."""
    found = subprocess.run(
        [sys.executable, "-c", "import escrow.openpgp_child, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(escrow.__file__).parents[1],
    ).stdout.split()
    assert "pysequoia" in found
    heavy = {"asyncio", "cryptography", "asyncpg", "structlog", "proxy.store", "proxy.settings"}
    assert heavy & set(found) == set()


def test_a_pass_phrase_opens_what_is_under_one(tmp_path: Path) -> None:
    """A file without recipients, signed by us."""
    (tmp_path / "d").write_bytes(
        pysequoia.encrypt(TEXT, passwords=["word"], signer=OURS.signer(), armor=False)
    )
    with envelope.opened(tmp_path / "d", password="word", signer=SIGNER) as opening:
        assert io.BufferedReader(opening).read() == TEXT
        opening.finish()
    with envelope.opened(tmp_path / "d", password="wrong", signer=SIGNER) as opening:
        assert code_of(opening.finish) == "escrow_other_key"
    with envelope.opened(tmp_path / "d", key=SIGNER, signer=SIGNER) as opening:
        assert code_of(opening.finish) == "escrow_opening_key"
    with pytest.raises(NotFound), envelope.opened(tmp_path / "none", signer=SIGNER):
        pass


def test_a_manifest_s_signature_is_over_every_octet() -> None:
    """Ours verifies; another text, another key, no signature and rubbish do not."""
    signature = envelope.sign(b"manifest", bytes(OURS))
    envelope.verify_detached(b"manifest", signature, SIGNER)
    for data, given, certificate in (
        (b"manifesto", signature, SIGNER),
        (b"manifest", signature, openpgp.public(STRANGER)),
        (b"manifest", b"", SIGNER),
        (b"manifest", b"rubbish", SIGNER),
    ):
        assert (
            code_of(lambda d=data, g=given, c=certificate: envelope.verify_detached(d, g, c))  # type: ignore[misc]  # mypy can not type a lambda with a default
            == "escrow_signature"
        )


@pytest.mark.parametrize(
    "mode", [pysequoia.SignatureMode.INLINE, pysequoia.SignatureMode.CLEAR], ids=["inline", "clear"]
)
def test_a_report_is_what_was_signed(mode: pysequoia.SignatureMode) -> None:
    """Of a signed report comes back what the signature covers, and nothing around it."""
    report = pysequoia.sign(AGENT.signer(), b"status: accepted", mode=mode)
    agent = openpgp.public(AGENT)
    assert envelope.verify_signed(report, agent) == b"status: accepted"
    assert code_of(lambda: envelope.verify_signed(report, SIGNER)) == "escrow_signature"
    assert code_of(lambda: envelope.verify_signed(b"status: accepted", agent)) == "escrow_signature"
    with pytest.raises(InvalidInput):
        envelope.verify_signed(bytes(1 << 21), agent)


def test_a_clear_report_can_not_be_changed() -> None:
    """One word altered inside; a line added before the armour is not part of what comes back."""
    report = pysequoia.sign(AGENT.signer(), b"status: accepted", mode=pysequoia.SignatureMode.CLEAR)
    agent = openpgp.public(AGENT)
    forged = report.replace(b"accepted", b"rejected")
    with pytest.raises(Refused):
        envelope.verify_signed(forged, agent)
    with_more = b"status: rejected\n" + report + b"status: rejected\n"
    try:
        content = envelope.verify_signed(with_more, agent)
    except Refused:
        return
    assert content == b"status: accepted"
