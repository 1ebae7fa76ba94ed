from __future__ import annotations

import base64
import dataclasses
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from proxy.errors import InvalidInput, Refused
from proxy.vault import checkpoint, cosignature, note, primitives, verifier
from tests.support import ledger as logs

# The example of Go's own documentation of notes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
# The cosignature of C2SP's own example; its key is not told there.
C2SP_WITNESS = (
    "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs"
    "X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
LOG = logs.Log(logs.leaves(5))
SIGNED = LOG.signed()
TEXT = note.parse(SIGNED).text
LINE = SIGNED.removeprefix(f"{TEXT}\n")
WITNESS_SEED = hashlib.sha256(b"a test witness").digest()
WITNESS = verifier.VerifierKey(
    name="witness.example/w1",
    kind=verifier.Kind.COSIGNATURE,
    public_key=primitives.ed25519_public(WITNESS_SEED),
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
AT = int(NOW.timestamp())
SIGN = primitives.signer(WITNESS_SEED)
COSIGNED = cosignature.cosigned(TEXT, WITNESS, SIGN, AT)


def blob(name: str, octets: bytes) -> str:
    """A signature line of any octets."""
    return f"\u2014 {name} {base64.b64encode(octets).decode()}\n"


def with_cosignature(content: bytes) -> note.Note:
    """The log's note with a line of the witness."""
    line = note.Signature(name=WITNESS.name, key_id=WITNESS.id, content=content)
    return note.Note(text=TEXT, signatures=(*note.parse(SIGNED).signatures, line))


def test_the_note_of_gos_documentation_verifies() -> None:
    """A note and a key that others published are read and found good."""
    key = verifier.parse(GO_KEY)
    assert verifier.render(key) == GO_KEY
    found = note.parse(f"{GO_TEXT}\n{GO_LINE}")
    assert found.text == GO_TEXT
    assert note.verified(found, (key,)) == (key,)


def test_the_cosignature_of_c2sp_is_laid_out_as_ours() -> None:
    """Key id, time and signature lie where the specification's example has them."""
    (line,) = note.parse(f"x\n\n{C2SP_WITNESS}").signatures
    assert line.key_id.hex() == "8d66cf3f"
    assert int.from_bytes(line.content[:8], "big") == 1679315147
    assert len(line.content) == len(COSIGNED.content) == 72


def test_a_note_is_its_rendering() -> None:
    """Parsing and rendering give the very text back, empty lines of the text included."""
    for text in (SIGNED, f"one\n\ntwo\n\n{LINE}", f"{TEXT}\n{LINE}{GO_LINE}{C2SP_WITNESS}"):
        assert note.render(note.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "\n\n", TEXT, f"{TEXT}\n", f"{TEXT}{LINE}", f"\n\n{LINE}", f"{TEXT}\n{LINE}x",
        f"{TEXT}\n{LINE[:-1]}", f"{TEXT}\n{LINE}\n", f"{TEXT}\n{LINE}{LINE}",
        f"{TEXT}\r\n{LINE}", f"\t{SIGNED}", f"\x00{SIGNED}", f"\x1f{SIGNED}", f"\ud800{SIGNED}",
        f"{TEXT}\n- name AAAAAAA=\n", f"{TEXT}\n\u2014 name\n", f"{TEXT}\n\u2014 name \n",
        f"{TEXT}\n\u2014 AAAAAAA=\n", f"{TEXT}\n\u2014  AAAAAAA=\n", f"{TEXT}\nname AAAAAAA=\n",
        f"{TEXT}\n\u2014 na+me AAAAAAA=\n", f"{TEXT}\n\u2014 na\u00a0me AAAAAAA=\n",
        f"{TEXT}\n\u2014 name AAAAAA==\n", f"{TEXT}\n\u2014 name AAAAAAB=\n",
        f"{TEXT}\n\u2014 name AAAAAAA\n", f"{TEXT}\n\u2014 name AAAA AAA=\n",
        f"{TEXT}\n\u2014 name AAAA-AA=\n", f"{TEXT}\n\u2014 name \u0661AAAAAA=\n",
        f"{TEXT}\n" + "".join(blob(f"n{one}", bytes(9)) for one in range(101)),
        "x" * (1 << 18) + SIGNED,
    ],
)  # fmt: skip
def test_what_is_no_note_is_refused(text: str) -> None:
    """Missing parts, control characters, spare base64 and too much of anything do not parse."""
    with pytest.raises(InvalidInput, match="note_malformed"):
        note.parse(text)


def test_a_hundred_signatures_are_no_fault() -> None:
    """C2SP asks for sixteen at least."""
    lines = "".join(blob(f"n{one}", bytes(9)) for one in range(99))
    found = note.parse(f"{TEXT}\n{lines}{LINE}")
    assert note.verified(found, (logs.KEY,)) == (logs.KEY,)


def test_a_note_needs_a_known_key() -> None:
    """Lines of strangers, even under the log's name, do not count."""
    other = verifier.VerifierKey(
        name=logs.KEY.name, kind=verifier.Kind.NOTE, public_key=WITNESS.public_key
    )
    for keys in ((), (other,), (verifier.parse(GO_KEY),)):
        with pytest.raises(Refused, match="note_unsigned"):
            note.verified(note.parse(SIGNED), keys)
    found = note.parse(f"{TEXT}\n{GO_LINE}{LINE}")
    assert note.verified(found, (other, logs.KEY)) == (logs.KEY,)


def test_a_known_key_that_does_not_hold_spoils_the_note() -> None:
    """One good signature does not make up for a bad one of a known key."""
    found = note.parse(f"{TEXT}\n{GO_LINE}{LINE}")
    with pytest.raises(Refused, match="note_signature"):
        note.verified(found, (logs.KEY, verifier.parse(GO_KEY)))
    changed = note.parse(SIGNED.replace("\n5\n", "\n6\n"))
    with pytest.raises(Refused, match="note_signature"):
        note.verified(changed, (logs.KEY,))


ECDSA = bytes([2, *bytes(32)])
OTHER_KIND = "+".join(
    ("name", hashlib.sha256(b"name\n" + ECDSA).hexdigest()[:8], base64.b64encode(ECDSA).decode())
)


@pytest.mark.parametrize(
    "key",
    [
        "", "a", "a+b+c", GO_KEY[:-1], GO_KEY + "\n", " " + GO_KEY, GO_KEY.upper(),
        GO_KEY.replace("PeterNeumann", "PeterNeuman"), GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"), GO_KEY.replace("PeterNeumann", ""),
        GO_KEY.replace("PeterNeumann", "Peter Neumann"), GO_KEY.replace("+ARpc", "+BRpc"),
        GO_KEY + "AAAA", "n" * 600 + GO_KEY,
        OTHER_KIND,
    ],
)  # fmt: skip
def test_what_is_no_verifier_key_is_refused(key: str) -> None:
    """Another id, name, length, kind or spelling is not taken for a key."""
    with pytest.raises(InvalidInput, match="verifier_key"):
        verifier.parse(key)


def test_the_logs_key_is_the_one_on_disk() -> None:
    """What the vault writes for verifiers parses to the log's key."""
    assert verifier.parse(note.verifier_key(logs.PUBLIC)) == logs.KEY
    assert verifier.parse(verifier.render(WITNESS)) == WITNESS
    assert logs.KEY.id == note.key_id(logs.PUBLIC)


def test_a_checkpoint_is_its_text() -> None:
    """The vault's text parses; lines beyond the third are kept."""
    found = checkpoint.parse(TEXT)
    assert found == LOG.checkpoint()
    assert checkpoint.render(found) == note.checkpoint_text(logs.PUBLIC, 5, found.root) == TEXT
    extended = checkpoint.parse(f"{TEXT}one line\nanother\n")
    assert extended.extensions == ("one line", "another")
    assert checkpoint.render(extended) == f"{TEXT}one line\nanother\n"


ROOT64 = base64.b64encode(LOG.checkpoint().root).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "o\n5\n", f"o\n5\n{ROOT64}", f"o\n5\n{ROOT64}\n\n", f"\n5\n{ROOT64}\n",
        f"o\n05\n{ROOT64}\n", f"o\n+5\n{ROOT64}\n", f"o\n-5\n{ROOT64}\n", f"o\n5 \n{ROOT64}\n",
        f"o\n\u0665\n{ROOT64}\n", f"o\n0x5\n{ROOT64}\n", f"o\n{1 << 63}\n{ROOT64}\n",
        f"o\n{10**30}\n{ROOT64}\n", f"o\n5\n{ROOT64[:-1]}\n", f"o\n5\n{ROOT64[:-4]}\n",
        f"o\n5\nAAAA{ROOT64}\n", f"o\n5\n{ROOT64}\n\nx\n", f"o\n0\n{ROOT64}\n",
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    """Sizes in another spelling, other roots and empty lines do not parse."""
    with pytest.raises(InvalidInput, match="checkpoint_malformed"):
        checkpoint.parse(text)


def test_a_checkpoint_is_of_the_log_that_signed_it() -> None:
    """A log can not sign under another log's name."""
    assert checkpoint.opened(SIGNED, logs.KEY) == LOG.checkpoint()
    foreign = dataclasses.replace(LOG.checkpoint(), origin="another.example/log")
    with pytest.raises(Refused, match="checkpoint_origin"):
        checkpoint.opened(logs.signed(foreign), logs.KEY)
    with pytest.raises(Refused, match="note_unsigned"):
        checkpoint.opened(logs.signed(LOG.checkpoint(), WITNESS_SEED), logs.KEY)


def witnessed(found: note.Note, now: datetime = NOW) -> dict[str, int]:
    """Who cosigned when."""
    times = cosignature.witnessed(found, (WITNESS,), now=now, leeway=timedelta(minutes=5))
    return {key.name: at_s for key, at_s in times.items()}


def test_a_cosignature_tells_its_time() -> None:
    """A witness's line holds for the text and its time; none at all is an empty answer."""
    assert witnessed(with_cosignature(COSIGNED.content)) == {WITNESS.name: AT}
    assert witnessed(note.parse(SIGNED)) == {}
    assert witnessed(with_cosignature(COSIGNED.content), NOW - timedelta(minutes=5)) != {}
    with pytest.raises(Refused, match="cosignature_time"):
        witnessed(with_cosignature(COSIGNED.content), NOW - timedelta(minutes=6))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (COSIGNED.content[:-1], "note_signature"),
        (COSIGNED.content + b"\0", "note_signature"),
        ((AT + 1).to_bytes(8, "big") + COSIGNED.content[8:], "note_signature"),
        (AT.to_bytes(8, "big") + SIGN(TEXT.encode()), "note_signature"),
        (bytes(8) + SIGN(cosignature.message(TEXT, 0)), "cosignature_time"),
        (b"\x80" + bytes(7) + SIGN(cosignature.message(TEXT, 1 << 63)), "cosignature_time"),
    ],
    ids=["cut", "longer", "time", "plain", "no_time", "no_clock"],
)
def test_a_wrong_cosignature_is_refused(content: bytes, code: str) -> None:
    """Another time, length or message does not hold, nor does a time that no clock shows."""
    with pytest.raises(Refused, match=code):
        witnessed(with_cosignature(content))


def test_keys_of_another_kind_are_not_tried() -> None:
    """A note's key checks no cosignature, and the other way round."""
    with pytest.raises(Refused, match="verifier_key"):
        note.verified(note.parse(SIGNED), (WITNESS,))
    with pytest.raises(Refused, match="verifier_key"):
        cosignature.witnessed(note.parse(SIGNED), (logs.KEY,), now=NOW, leeway=timedelta(0))
    with pytest.raises(Refused, match="verifier_key"):
        cosignature.cosigned(TEXT, logs.KEY, SIGN, AT)


@pytest.mark.parametrize("at_s", [0, -1, 1 << 63])
def test_no_cosignature_is_made_outside_time(at_s: int) -> None:
    """A time that C2SP does not allow is not signed."""
    with pytest.raises(Refused, match="cosignature_time"):
        cosignature.cosigned(TEXT, WITNESS, SIGN, at_s)
