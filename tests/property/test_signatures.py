"""Laws of approvers' signatures, over whatever damage and whatever text."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import ProxyError, Refused
from proxy.model import approval_key, ssh_strings
from proxy.vault import signatures, sshsig, webauthn
from tests.support.passkey import RELYING_PARTY, Passkey, as_json
from tests.support.security_key import SshKey, armor

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = st.binary(min_size=32, max_size=32)
APPLICATIONS = st.none() | st.sampled_from([b"ssh:", b"ssh:approvals"])
SSH_KEYS = st.builds(SshKey, seed=SEEDS, application=APPLICATIONS)
PASSKEYS = st.builds(Passkey, seed=SEEDS, is_p256=st.booleans())
MESSAGES = st.binary(max_size=80)
CHALLENGES = st.binary(min_size=32, max_size=32)
SSH_KEY = SshKey(seed=hashlib.sha256(b"an approver").digest())
PASSKEY = Passkey(seed=SSH_KEY.seed)
OF_ARMOR = st.characters(codec="ascii") | st.characters()


KEY_FAULTS = {None, "key_malformed", "key_kind"}


def fault_of(call: Callable[[], object]) -> str | None:
    """The code of the project's error that `call` ends in; None when it ends well."""
    try:
        call()
    except ProxyError as fault:
        return fault.code
    return None


def load_blob(blob: bytes) -> None:
    """Read an OpenSSH blob and load its key; what is read is all of the blob."""
    found = approval_key.parse_public_blob(blob)
    assert found.octets == blob
    signatures.may_load(found)


def changed(data: st.DataObject, octets: bytes) -> bytes:
    """The octets with one of them another, one taken out, or one put in."""
    place = data.draw(st.integers(0, len(octets) - 1), label="place")
    one = bytes([data.draw(st.integers(0, 255), label="octet")])
    match data.draw(st.sampled_from(["another", "less", "more"]), label="how"):
        case "another":
            damaged = octets[:place] + one + octets[place + 1 :]
        case "less":
            damaged = octets[:place] + octets[place + 1 :]
        case _:
            damaged = octets[:place] + one + octets[place:]
    if damaged == octets:
        return bytes([octets[0] ^ 1]) + octets[1:]
    return damaged


@given(SSH_KEYS, MESSAGES, st.sampled_from(["sha512", "sha256"]), st.data())
def test_any_changed_octet_of_an_sshsig_is_refused(
    key: SshKey, message: bytes, hash_name: str, data: st.DataObject
) -> None:
    """There is no octet of an envelope that may be another one, missing or new."""
    envelope = key.envelope(message, hash_name=hash_name)
    sshsig.verify_sshsig(key.public, armor(envelope), message)
    with pytest.raises(Refused, match="signature_"):
        sshsig.verify_sshsig(key.public, armor(changed(data, envelope)), message)


@given(SSH_KEYS, MESSAGES, st.data())
def test_any_changed_character_of_the_armour_is_refused(
    key: SshKey, message: bytes, data: st.DataObject
) -> None:
    """The armoured text holds no character that may be another one."""
    armored = armor(key.envelope(message))
    place = data.draw(st.integers(0, len(armored) - 1))
    one = data.draw(OF_ARMOR.filter(lambda new: new != armored[place]))
    with pytest.raises(Refused, match="signature_"):
        sshsig.verify_sshsig(key.public, armored[:place] + one + armored[place + 1 :], message)


@given(SSH_KEYS, MESSAGES, MESSAGES)
def test_an_sshsig_holds_for_one_message_and_key(key: SshKey, message: bytes, other: bytes) -> None:
    """Neither another message nor another key verifies."""
    armored = armor(key.envelope(message))
    if other != message:
        with pytest.raises(Refused, match="signature_invalid"):
            sshsig.verify_sshsig(key.public, armored, other)
    stranger = dataclasses.replace(key, seed=hashlib.sha256(key.seed).digest())
    with pytest.raises(Refused, match="signature_key"):
        sshsig.verify_sshsig(stranger.public, armored, message)


@given(SEEDS, MESSAGES)
def test_what_is_rendered_parses(seed: bytes, message: bytes) -> None:
    """Our own armour reads back to its parts, and is the one of the format's other writer."""
    key = SshKey(seed=seed)
    inner = key.signature(sshsig.to_sign(message))[-64:]
    armored = sshsig.render(key.public, inner)
    found = sshsig.parse(armored)
    assert (found.public, found.namespace) == (key.blob, sshsig.NAMESPACE.encode())
    assert armored == armor(key.envelope(message))


@given(
    PASSKEYS,
    CHALLENGES,
    st.sampled_from(["client_data_json", "authenticator_data", "signature"]),
    st.data(),
)
def test_any_changed_octet_of_an_assertion_is_refused(
    key: Passkey, challenge: bytes, part: str, data: st.DataObject
) -> None:
    """There is no octet of client data, authenticator data or signature that may be another."""
    sound = key.assertion(challenge)
    signatures.verify(key.public, as_json(sound), challenge, relying_party=RELYING_PARTY)
    parts = {part: changed(data, getattr(sound, part))}
    damaged = dataclasses.replace(sound, **parts)  # type: ignore[arg-type] # octets alone
    with pytest.raises(Refused, match="assertion_"):
        signatures.verify(key.public, as_json(damaged), challenge, relying_party=RELYING_PARTY)


@given(PASSKEYS, CHALLENGES, CHALLENGES)
def test_an_assertion_holds_for_one_challenge_and_key(
    key: Passkey, challenge: bytes, other: bytes
) -> None:
    """Neither another challenge nor another key with the same credential verifies."""
    sound = as_json(key.assertion(challenge))
    if other != challenge:
        with pytest.raises(Refused, match="assertion_challenge"):
            signatures.verify(key.public, sound, other, relying_party=RELYING_PARTY)
    stranger = dataclasses.replace(key, seed=hashlib.sha256(key.seed).digest())
    forged = stranger.assertion(challenge, credential=key.credential)
    with pytest.raises(Refused, match="assertion_invalid"):
        signatures.verify(key.public, as_json(forged), challenge, relying_party=RELYING_PARTY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
CLIENT_DATA = st.dictionaries(
    st.sampled_from(["type", "challenge", "origin", "crossOrigin", "topOrigin"]), JSON
).map(lambda members: json.dumps(members).encode())


@given(CLIENT_DATA | st.binary(max_size=200), st.binary(max_size=80))
def test_whatever_was_signed_the_answer_is_a_refusal(
    client_data: bytes, authenticator_data: bytes
) -> None:
    """Client data and authenticator data of any shape, soundly signed, end in a refusal."""
    challenge = bytes(32)
    sound = PASSKEY.assertion(challenge)
    for said, seen in (
        (client_data, sound.authenticator_data),
        (sound.client_data_json, authenticator_data),
    ):
        assertion = dataclasses.replace(
            sound,
            client_data_json=said,
            authenticator_data=seen,
            signature=PASSKEY.sign(said, seen),
        )
        with pytest.raises(Refused, match="assertion_"):
            webauthn.verify_assertion(
                PASSKEY.public,
                assertion,
                challenge,
                rp_id=RELYING_PARTY.id,
                origins=RELYING_PARTY.origins,
            )


@given(st.text(max_size=200) | JSON.map(json.dumps))
def test_no_text_makes_a_parser_fall_over(text: str) -> None:
    """Whatever the text, the answer is a key or an error of ours; it is never a signature."""
    for key in (SSH_KEY.public, PASSKEY.public):
        with pytest.raises(Refused):
            signatures.verify(key, text, b"", relying_party=RELYING_PARTY)
    for line in (text, f"ssh-ed25519 {text}"):
        assert fault_of(partial(approval_key.parse_public_line, line)) in KEY_FAULTS
    for public, credential in ((text, PASSKEY.credential), (PASSKEY.public.public, text)):
        assert fault_of(partial(approval_key.parse_passkey, public, credential)) in KEY_FAULTS


@given(st.binary(max_size=200), SSH_KEYS, st.data())
def test_no_octets_make_a_parser_fall_over(octets: bytes, key: SshKey, data: st.DataObject) -> None:
    """Blobs, envelopes and SubjectPublicKeyInfos of any octets end in a key or an error of ours."""
    for blob in (octets, changed(data, key.blob)):
        assert fault_of(partial(load_blob, blob)) in KEY_FAULTS
    for envelope in (octets, b"SSHSIG\0\0\0\1" + octets):
        with pytest.raises(Refused, match="signature_"):
            sshsig.verify_sshsig(key.public, armor(envelope), b"")
    public = approval_key.base64url_text(changed(data, PASSKEY.spki))
    found = fault_of(
        lambda: signatures.may_load(approval_key.parse_passkey(public, PASSKEY.credential))
    )
    assert found in KEY_FAULTS


@given(st.binary(max_size=60))
def test_base64url_has_one_spelling(octets: bytes) -> None:
    """What is rendered parses to the same octets, and padding makes it another text."""
    text = approval_key.base64url_text(octets)
    assert approval_key.base64url_octets(text) == octets
    assert approval_key.base64url_octets(text + "=") is None


@given(st.lists(st.binary(max_size=20), max_size=5), st.binary(max_size=8))
def test_strings_survive(parts: list[bytes], after: bytes) -> None:
    """SSH strings read back to what was rendered, with what follows them left over."""
    rendered = ssh_strings.render(*parts)
    assert ssh_strings.take_many(rendered + after, len(parts)) == (parts, after)
    with pytest.raises(ValueError, match="ssh_string"):
        ssh_strings.take_many(rendered, len(parts) + 1)
