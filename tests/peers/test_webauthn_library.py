"""The `webauthn` package and we agree on assertions, so the helper's are no fiction of ours."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from proxy.errors import Refused
from proxy.vault import signatures
from tests.support.passkey import EXTENDED, PRESENT, RELYING_PARTY, VERIFIED, Passkey, as_json, url

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.peer
HERE = Path(__file__).parent
PEERS = HERE.parents[1] / ".venv-peers" / "bin" / "python"
SEED = hashlib.sha256(b"an approver").digest()
OTHER = Passkey(seed=hashlib.sha256(b"another").digest())
CHALLENGE = hashlib.sha256(b"an order and a nonce").digest()
KEYS = pytest.mark.parametrize(
    "key", [Passkey(seed=SEED), Passkey(seed=SEED, is_p256=False)], ids=["ES256", "EdDSA"]
)


@pytest.fixture(scope="session")
def theirs() -> Callable[[Passkey, str], bool]:
    """Whether the package verifies an assertion's JSON for a key."""
    if not PEERS.exists():
        pytest.skip("no .venv-peers (make peers)")
    found = subprocess.run([PEERS, "-c", "import webauthn"], capture_output=True, check=False)
    if found.returncode != 0:
        pytest.skip("no webauthn in .venv-peers (make peers)")

    def verify(key: Passkey, text: str) -> bool:
        asked = {
            "assertion": json.loads(text),
            "spki": key.spki.hex(),
            "challenge": CHALLENGE.hex(),
            "rp_id": RELYING_PARTY.id,
            "origins": RELYING_PARTY.origins,
        }
        done = subprocess.run(
            [PEERS, HERE / "drivers" / "webauthn_verify.py"],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["verified"] is True

    return verify


def ours(key: Passkey, text: str) -> bool:
    """Whether we verify it."""
    try:
        signatures.verify(key.public, text, CHALLENGE, relying_party=RELYING_PARTY)
    except Refused:
        return False
    return True


@KEYS
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"members": {"crossOrigin": None}},
        {"members": {"origin": "https://console.approvals.example"}},
        {"counter": 9},
        {"flags": PRESENT | VERIFIED | 0x18},
        {"flags": PRESENT | VERIFIED | EXTENDED, "after": b"\xa1\x63abc\xf5"},
    ],
    ids=["plain", "no crossOrigin", "second origin", "counter", "synced", "extended"],
)
def test_both_take_a_sound_assertion(
    theirs: Callable[[Passkey, str], bool], key: Passkey, changes: dict[str, Any]
) -> None:
    """What the software authenticator makes is an assertion to others as well."""
    text = as_json(key.assertion(CHALLENGE, **changes))
    assert theirs(key, text)
    assert ours(key, text)


@KEYS
@pytest.mark.parametrize(
    "changes",
    [
        {"members": {"type": "webauthn.create"}},
        {"members": {"challenge": url(CHALLENGE[:-1])}},
        {"members": {"origin": "https://approvals.example.evil.example"}},
        {"rp_id": "example"},
        {"flags": VERIFIED},
        {"flags": PRESENT},
        {"after": b"\0"},
    ],
    ids=["type", "challenge", "origin", "rp", "presence", "verification", "trailing"],
)
def test_both_refuse_what_is_wrong(
    theirs: Callable[[Passkey, str], bool], key: Passkey, changes: dict[str, Any]
) -> None:
    """No fault that others see passes here."""
    text = as_json(key.assertion(CHALLENGE, **changes))
    assert not theirs(key, text)
    assert not ours(key, text)


@KEYS
def test_both_refuse_another_key(theirs: Callable[[Passkey, str], bool], key: Passkey) -> None:
    """A signature by another key under the same credential id holds for nobody."""
    text = as_json(OTHER.assertion(CHALLENGE, credential=key.credential))
    assert not theirs(key, text)
    assert not ours(key, text)
