"""A read-back is pinned: what registrars' scripts sign, check and open stays the very octets.

Made once, by the program that first had read-backs; never made anew. The registrar's keys are those
of tests.support.registrar_keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from proxy.vault import primitives, statements
from proxy.wire import read_back_document
from tests.support.registrar_keys import REGISTRAR

FOLDER = Path(__file__).with_name("read_back")
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))


def test_manifest_names_every_vector() -> None:
    """Files are there, as they were made, and no other."""
    lines = [
        f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}\n" for name in NAMES
    ]
    assert NAMES
    assert (FOLDER / "MANIFEST").read_text() == "".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_read_back_of_then_is_one_of_now(name: str) -> None:
    """Document, signatures, ciphertext and answer: each is what this program makes or takes."""
    vector = json.loads((FOLDER / name).read_text("utf-8"))
    document = vector["document"]
    asked = read_back_document.parse(document)
    assert read_back_document.render(asked) == document
    assert (vector["signing"], vector["sealing"]) == (REGISTRAR.key.signing, REGISTRAR.key.sealing)
    digest = primitives.sha256(document.encode())
    assert primitives.is_signed(
        bytes.fromhex(vector["signing"]),
        base64.b64decode(vector["signature"]),
        statements.read_back(digest),
    )
    assert REGISTRAR.sign(document) == vector["signature"]
    answer = {"sealed": vector["sealed"], "signature": vector["answer_signature"]}
    REGISTRAR.check(document, answer, bytes.fromhex(vector["vault"]))
    said = REGISTRAR.open(document, vector["sealed"])
    values = {name: tuple(one) if isinstance(one, list) else one
              for name, one in said["fields"].items()}  # fmt: skip
    assert read_back_document.render_answer(asked, values).decode() == vector["answer"]
