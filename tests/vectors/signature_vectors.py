"""Makes and reads the vectors of approvers' signatures: one file is one scenario with one outcome.

`python -m tests.vectors.signature_vectors` writes them anew with the keys below, which are public.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from proxy.errors import ProxyError
from proxy.model import approval_key
from proxy.model.roster import RelyingParty
from proxy.vault import signatures
from tests.support.passkey import (
    ATTESTED,
    EXTENDED,
    ORIGIN,
    PRESENT,
    RP_ID,
    VERIFIED,
    Passkey,
    as_json,
    url,
)
from tests.support.security_key import TOUCHED, SshKey, armor, text
from tests.support.security_key import VERIFIED as PIN_ASKED

FOLDER = Path(__file__).parent / "signatures"
MANIFEST = FOLDER / "MANIFEST"
REGENERATE = "python -m tests.vectors.signature_vectors"

SEED = hashlib.sha256(b"an approver").digest()
PLAIN = SshKey(seed=SEED)
HARDWARE = SshKey(seed=SEED, application=b"ssh:")
STRANGER = SshKey(seed=hashlib.sha256(b"another").digest())
ES256 = Passkey(seed=SEED)
EDDSA = Passkey(seed=SEED, is_p256=False)
MESSAGE = hashlib.sha256(b"an order and a nonce").digest()
NEUTRAL = (1).to_bytes(32, "little")  # the point under which anybody can sign
SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")

Vector = dict[str, str]


def outcome(vector: Vector) -> str:
    """What the code makes of a vector's input: `verifies`, or the refusal's code."""
    try:
        if vector["kind"] == "ssh":
            key = approval_key.parse_public_line(vector["key"])
            relying_party = None
        else:
            key = approval_key.parse_passkey(vector["key"], vector["credential"])
            origins = tuple(vector["origins"].split())
            relying_party = RelyingParty(id=vector["rp_id"], origins=origins)
        message = bytes.fromhex(vector["message"])
        signatures.verify(key, vector["signature"], message, relying_party=relying_party)
    except ProxyError as refusal:
        return f"refused {refusal.code}"
    return "verifies"


def ssh(key: SshKey, signature: str, message: bytes = MESSAGE) -> Vector:
    """A vector of an SSHSIG."""
    line = key.line.rstrip("\n")
    return {"kind": "ssh", "key": line, "message": message.hex(), "signature": signature}


def passkey(key: Passkey, signature: str, message: bytes = MESSAGE) -> Vector:
    """A vector of an assertion."""
    return {
        "kind": "passkey", "key": url(key.spki), "credential": key.credential,
        "message": message.hex(), "signature": signature, "rp_id": RP_ID, "origins": ORIGIN,
    }  # fmt: skip


def _flipped(octets: bytes, place: int) -> bytes:
    place %= len(octets)
    return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]


def _ssh_vectors(name: str, key: SshKey) -> dict[str, Vector]:
    """The scenarios that both kinds of OpenSSH key share."""
    sound = key.envelope(MESSAGE)
    return {
        f"{name}-verifies": ssh(key, armor(sound)),
        f"{name}-verifies-sha256": ssh(key, armor(key.envelope(MESSAGE, hash_name="sha256"))),
        f"{name}-another-message": ssh(key, armor(sound), b"another"),
        f"{name}-another-key": ssh(STRANGER, armor(sound)),
        f"{name}-namespace": ssh(key, armor(key.envelope(MESSAGE, namespace="git"))),
        f"{name}-hash": ssh(key, armor(key.envelope(MESSAGE, hash_name="sha384"))),
        f"{name}-kind": ssh(key, armor(key.envelope(MESSAGE, kind=b"ssh-rsa"))),
        f"{name}-version": ssh(key, armor(key.envelope(MESSAGE, version=2))),
        f"{name}-reserved": ssh(key, armor(key.envelope(MESSAGE, reserved=b"x"))),
        f"{name}-octet-after": ssh(key, armor(sound + b"\0")),
        f"{name}-octet-after-signature": ssh(key, armor(key.envelope(MESSAGE, inner=b"\0"))),
        f"{name}-cut-short": ssh(key, armor(sound[:-1])),
        f"{name}-signature-flipped": ssh(key, armor(_flipped(sound, -20))),
        f"{name}-text-after": ssh(key, armor(sound) + "\n"),
        f"{name}-cr-lf": ssh(key, armor(sound).replace("\n", "\r\n")),
    }


def _of_nobody() -> Vector:
    blob = text(b"ssh-ed25519", NEUTRAL)
    inner = text(b"ssh-ed25519", NEUTRAL + bytes(32))
    fields = text(blob, b"approval@privacyproxy", b"", b"sha512", inner)
    key = approval_key.parse_public_blob(blob)
    signature = armor(b"SSHSIG\0\0\0\1" + fields)
    return {**ssh(PLAIN, signature), "key": f"{key.kind} {key.public}"}


def _passkey_vectors(name: str, key: Passkey) -> dict[str, Vector]:
    """The scenarios that passkeys of both algorithms share."""
    sound = key.assertion(MESSAGE)
    said = json.loads(sound.client_data_json)
    doubled = (json.dumps(said)[:-1] + f', "origin": "{ORIGIN}"}}').encode()
    both = PRESENT | VERIFIED
    made = {
        "verifies": sound,
        "verifies-extended": key.assertion(MESSAGE, flags=both | EXTENDED, after=b"\xa1\x61a\xf5"),
        "verifies-counter": key.assertion(MESSAGE, counter=7),
        "another-challenge": key.assertion(hashlib.sha256(b"another").digest()),
        "challenge-padded": key.assertion(MESSAGE, members={"challenge": url(MESSAGE) + "="}),
        "type": key.assertion(MESSAGE, members={"type": "webauthn.create"}),
        "origin": key.assertion(MESSAGE, members={"origin": "https://approvals.example.org"}),
        "origin-slash": key.assertion(MESSAGE, members={"origin": ORIGIN + "/"}),
        "cross-origin": key.assertion(MESSAGE, members={"crossOrigin": True}),
        "top-origin": key.assertion(MESSAGE, members={"topOrigin": ORIGIN}),
        "member-twice": key.assertion(MESSAGE, client_data=doubled),
        "client-data-array": key.assertion(MESSAGE, client_data=b"[]"),
        "relying-party": key.assertion(MESSAGE, rp_id="example"),
        "user-absent": key.assertion(MESSAGE, flags=VERIFIED),
        "user-not-verified": key.assertion(MESSAGE, flags=PRESENT),
        "octet-after": key.assertion(MESSAGE, after=b"\0"),
        "extension-missing": key.assertion(MESSAGE, flags=both | EXTENDED),
        "attested-key": key.assertion(MESSAGE, flags=both | ATTESTED, after=bytes(40)),
        "another-credential": replace(sound, credential=url(bytes(32))),
        "signature-flipped": replace(sound, signature=_flipped(sound.signature, -1)),
        "signature-cut-short": replace(sound, signature=sound.signature[:-1]),
        "authenticator-data-flipped": replace(
            sound, authenticator_data=_flipped(sound.authenticator_data, -1)
        ),
        "client-data-spaced": replace(
            sound, client_data_json=sound.client_data_json.replace(b",", b", ")
        ),
    }
    return {f"{name}-{scenario}": passkey(key, as_json(one)) for scenario, one in made.items()}


def made() -> dict[str, Vector]:
    """Every vector by file name, with the outcome that the code gives now."""
    untouched = HARDWARE.envelope(MESSAGE, flags=0)
    sound = EDDSA.assertion(MESSAGE)
    forged = replace(sound, signature=NEUTRAL + bytes(32))
    vectors = {
        **_ssh_vectors("ssh", PLAIN),
        **_ssh_vectors("sk", HARDWARE),
        **_passkey_vectors("es256", ES256),
        **_passkey_vectors("eddsa", EDDSA),
        "ssh-key-of-nobody": _of_nobody(),
        "sk-verifies-pin": ssh(
            HARDWARE, armor(HARDWARE.envelope(MESSAGE, flags=TOUCHED | PIN_ASKED))
        ),
        "sk-untouched": ssh(HARDWARE, armor(untouched)),
        "sk-touch-added": ssh(HARDWARE, armor(untouched[:-5] + b"\1" + untouched[-4:])),
        "sk-counter-changed": ssh(HARDWARE, armor(_flipped(HARDWARE.envelope(MESSAGE), -1))),
        "sk-another-application": ssh(
            HARDWARE,
            armor(SshKey(seed=SEED, application=b"ssh:x").envelope(MESSAGE, blob=HARDWARE.blob)),
        ),
        "sk-bare-signature": ssh(HARDWARE, armor(PLAIN.envelope(MESSAGE, blob=HARDWARE.blob))),
        "eddsa-key-of-nobody": {
            **passkey(EDDSA, as_json(forged)), "key": url(SPKI_ED25519 + NEUTRAL),
        },
        "es256-no-json": passkey(ES256, "{"),
    }  # fmt: skip
    return {name: {**one, "outcome": outcome(one)} for name, one in vectors.items()}


def main() -> None:
    """Write every vector and the manifest."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    lines = []
    for name, vector in sorted(made().items(), key=lambda one: f"{one[0]}.json"):
        content = json.dumps(vector, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        (FOLDER / f"{name}.json").write_text(content)
        lines.append(f"{hashlib.sha256(content.encode()).hexdigest()}  {name}.json\n")
    MANIFEST.write_text("".join(lines))


if __name__ == "__main__":
    main()
