"""Passkeys' assertions: each step of WebAuthn's verification refuses with a code of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from proxy.errors import Refused
from proxy.model import approval_key
from proxy.vault import signatures, webauthn
from tests.support.passkey import (
    ATTESTED,
    EXTENDED,
    ORIGIN,
    PRESENT,
    RELYING_PARTY,
    VERIFIED,
    Passkey,
    as_json,
    url,
)
from tests.support.security_key import SshKey

SEED = hashlib.sha256(b"an approver").digest()
P256 = Passkey(seed=SEED)
ED25519 = Passkey(seed=SEED, is_p256=False)
OTHER = Passkey(seed=hashlib.sha256(b"another").digest())
BOTH = pytest.mark.parametrize("key", [P256, ED25519], ids=["ES256", "EdDSA"])
CHALLENGE = hashlib.sha256(b"an order and a nonce").digest()


def check(key: Passkey, assertion: webauthn.Assertion, challenge: bytes = CHALLENGE) -> None:
    """Verify as the vault does, by way of the JSON that a browser gives."""
    signatures.verify(key.public, as_json(assertion), challenge, relying_party=RELYING_PARTY)


def refused(key: Passkey, assertion: webauthn.Assertion, challenge: bytes = CHALLENGE) -> str:
    """The code of the refusal."""
    with pytest.raises(Refused) as refusal:
        check(key, assertion, challenge)
    return refusal.value.code


@BOTH
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"members": {"crossOrigin": None}},
        {"members": {"origin": "https://console.approvals.example"}},
        {"members": {"other_keys_can_be_added_here": "do not compare", "more": {"a": [1]}}},
        {"counter": 2**32 - 1},
        {"flags": PRESENT | VERIFIED | 0x18},
        {"flags": PRESENT | VERIFIED | EXTENDED, "after": b"\xa1\x63abc\xf5"},
    ],
    ids=[
        "plain",
        "no crossOrigin",
        "second origin",
        "new members",
        "counter",
        "synced",
        "extended",
    ],
)
def test_a_sound_assertion_verifies(key: Passkey, changes: dict[str, Any]) -> None:
    """What authenticators and browsers may vary is taken."""
    check(key, key.assertion(CHALLENGE, **changes))


@BOTH
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential": OTHER.credential}, "credential"),
        ({"members": {"type": "webauthn.create"}}, "type"),
        ({"members": {"type": None}}, "type"),
        ({"members": {"challenge": url(CHALLENGE) + "="}}, "challenge"),
        ({"members": {"challenge": url(CHALLENGE[:-1])}}, "challenge"),
        ({"members": {"challenge": CHALLENGE.hex()}}, "challenge"),
        ({"members": {"challenge": [url(CHALLENGE)]}}, "challenge"),
        ({"members": {"challenge": None}}, "challenge"),
        ({"members": {"origin": "http://approvals.example"}}, "origin"),
        ({"members": {"origin": ORIGIN + "/"}}, "origin"),
        ({"members": {"origin": ORIGIN + ":8443"}}, "origin"),
        ({"members": {"origin": "https://approvals.example.evil.example"}}, "origin"),
        ({"members": {"origin": [ORIGIN]}}, "origin"),
        ({"members": {"origin": None}}, "origin"),
        ({"members": {"crossOrigin": True}}, "origin"),
        ({"members": {"crossOrigin": 0}}, "origin"),
        ({"members": {"crossOrigin": "false"}}, "origin"),
        ({"members": {"topOrigin": ORIGIN}}, "origin"),
        ({"rp_id": "example"}, "rp"),
        ({"rp_id": "console.approvals.example"}, "rp"),
        ({"flags": VERIFIED}, "presence"),
        ({"flags": PRESENT}, "verification"),
        ({"flags": 0}, "presence"),
        ({"after": b"\0"}, "malformed"),
        ({"flags": PRESENT | VERIFIED | EXTENDED}, "malformed"),
        ({"flags": PRESENT | VERIFIED | ATTESTED, "after": b"x" * 40}, "malformed"),
        ({"flags": PRESENT | VERIFIED | ATTESTED | EXTENDED, "after": b"x" * 40}, "malformed"),
        ({"flags": PRESENT | VERIFIED | EXTENDED, "after": b"x" * 988}, "malformed"),
        ({"client_data": b""}, "malformed"),
        ({"client_data": b"[]"}, "malformed"),
        ({"client_data": b"null"}, "malformed"),
        ({"client_data": b"{}{}"}, "malformed"),
        ({"client_data": b'{"a":NaN}'}, "malformed"),
        ({"client_data": b'{"a":"\xff"}'}, "malformed"),
        ({"client_data": b'\xef\xbb\xbf{"type":"webauthn.get"}'}, "malformed"),
        ({"client_data": '{"type":"webauthn.get"}'.encode("utf-16")}, "malformed"),
        ({"client_data": b"[" * 4000}, "malformed"),
        ({"client_data": b"{}" + b" " * 4095}, "malformed"),
        ({"client_data": b"{}"}, "type"),
    ],
)
def test_each_fault_has_its_code(key: Passkey, changes: dict[str, Any], code: str) -> None:
    """One thing wrong, soundly signed, and the refusal says which."""
    assert refused(key, key.assertion(CHALLENGE, **changes)) == f"assertion_{code}"


@BOTH
@pytest.mark.parametrize("name", ["type", "challenge", "origin", "crossOrigin", "unknown"])
def test_a_member_named_twice_is_refused(key: Passkey, name: str) -> None:
    """Two readers could read two things, so neither does; deeper members as well."""
    sound = json.loads(key.assertion(CHALLENGE).client_data_json)
    value = json.dumps(sound.get(name, 1))
    doubled = f'{{"{name}":{value},{json.dumps(sound)[1:-1]},"{name}":{value}}}'.encode()
    assert refused(key, key.assertion(CHALLENGE, client_data=doubled)) == "assertion_malformed"
    deeper = f'{{{json.dumps(sound)[1:-1]},"x":{{"{name}":1,"{name}":1}}}}'.encode()
    assert refused(key, key.assertion(CHALLENGE, client_data=deeper)) == "assertion_malformed"


@BOTH
def test_another_challenge_is_refused(key: Passkey) -> None:
    """An assertion over one vote's challenge is none over another's."""
    assertion = key.assertion(CHALLENGE)
    assert refused(key, assertion, hashlib.sha256(b"another").digest()) == "assertion_challenge"


@BOTH
def test_another_key_with_the_credential_is_refused(key: Passkey) -> None:
    """Claiming somebody's credential id does not make their signature."""
    forged = OTHER.assertion(CHALLENGE, credential=key.credential)
    assert refused(key, forged) == "assertion_invalid"


@BOTH
def test_a_broken_signature_is_refused(key: Passkey) -> None:
    """Empty, cut, longer or flipped: the signature does not hold."""
    sound = key.assertion(CHALLENGE)
    good = sound.signature
    for wrong in (b"", good[:-1], good + b"\0", bytes([good[0] ^ 1]) + good[1:], b"\0" * 64):
        assertion = dataclasses.replace(sound, signature=wrong)
        assert refused(key, assertion) == "assertion_invalid"


def test_nought_and_the_orders_multiples_are_refused() -> None:
    """ECDSA values outside 1 to n - 1 do not verify."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    sound = P256.assertion(CHALLENGE)
    r, s = decode_dss_signature(sound.signature)
    for pair in ((0, 0), (r, 0), (0, s), (r + order, s), (r, s + order)):
        assertion = dataclasses.replace(sound, signature=encode_dss_signature(*pair))
        assert refused(P256, assertion) == "assertion_invalid"


def test_the_signature_must_be_der() -> None:
    """The raw pair that JOSE uses, or a length in a longer form, is no signature here."""
    sound = P256.assertion(CHALLENGE)
    r, s = decode_dss_signature(sound.signature)
    der = sound.signature
    for wrong in (r.to_bytes(32) + s.to_bytes(32), b"\x30\x81" + der[1:], der + b"\0"):
        assertion = dataclasses.replace(sound, signature=wrong)
        assert refused(P256, assertion) == "assertion_invalid"


def test_an_openssh_key_makes_no_assertion() -> None:
    """A key is used in its own format alone."""
    key = SshKey(seed=SEED).public  # the seed of ED25519, so that its signature would hold
    assertion = dataclasses.replace(ED25519.assertion(CHALLENGE), credential=key.credential)
    with pytest.raises(Refused, match="assertion_credential"):
        webauthn.verify_assertion(
            key, assertion, CHALLENGE, rp_id=RELYING_PARTY.id, origins=RELYING_PARTY.origins
        )


def test_no_passkey_counts_without_a_relying_party() -> None:
    """Where no site is set up, a sound assertion is refused."""
    text = as_json(P256.assertion(CHALLENGE))
    with pytest.raises(Refused, match="assertion_rp"):
        signatures.verify(P256.public, text, CHALLENGE, relying_party=None)


def test_a_passkey_of_low_order_verifies_nothing() -> None:
    """The signature that anybody can make is refused at verification too, not only enrolment."""
    neutral = (1).to_bytes(32, "little")
    spki = url(bytes.fromhex("302a300506032b6570032100") + neutral)
    key = approval_key.parse_passkey(spki, ED25519.credential)
    forged = dataclasses.replace(ED25519.assertion(CHALLENGE), signature=neutral + bytes(32))
    with pytest.raises(Refused, match="key_malformed"):
        signatures.verify(key, as_json(forged), CHALLENGE, relying_party=RELYING_PARTY)


def json_with(**changes: object) -> str:
    """The JSON of a sound assertion, with members of it or of its response changed or dropped."""
    tree = json.loads(as_json(P256.assertion(CHALLENGE)))
    for name, value in changes.items():
        place = tree["response"] if name in tree["response"] else tree
        place[name] = value
        if value is None:
            del place[name]
    return json.dumps(tree)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "\ud800",
        json_with(id=None),
        json_with(id="", rawId=""),
        json_with(rawId=None),
        json_with(rawId=url(b"y" * 32)),
        json_with(id=OTHER.credential),
        json_with(id=P256.credential + "=", rawId=P256.credential + "="),
        json_with(type="password"),
        json_with(type=None),
        json_with(response=None),
        json_with(response="x"),
        json_with(signature=None),
        json_with(signature="not base64"),
        json_with(signature=7),
        json_with(clientDataJSON="e30="),
        json_with(clientDataJSON="e31"),
        json_with(authenticatorData="+/+/"),
        json_with(padding="x" * 16_384),
        "[" * 9000,
    ],
)
def test_only_an_assertions_json_is_read(text: str) -> None:
    """The envelope is what a browser gives, its parts canonical base64url."""
    with pytest.raises(Refused, match="assertion_malformed"):
        signatures.verify(P256.public, text, CHALLENGE, relying_party=RELYING_PARTY)


def test_new_members_of_the_envelope_are_let_be() -> None:
    """A browser that adds members, or leaves the optional ones out, is understood."""
    for text in (json_with(new=1), json_with(userHandle=None, clientExtensionResults=None)):
        signatures.verify(P256.public, text, CHALLENGE, relying_party=RELYING_PARTY)
