"""An instruction to publish is pinned: what registrars' scripts sign stays the very octets.

Made once, by the program that first had publications; never made anew. The registrar's key is that
of tests.support.registrar_keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from proxy.vault import primitives, statements
from proxy.wire import publish_document
from tests.support.publishing import LABEL
from tests.support.registrar_keys import REGISTRAR

FOLDER = Path(__file__).with_name("publish")
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))


def test_manifest_names_every_vector() -> None:
    """Files are there, as they were made, and no other."""
    lines = [
        f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}\n" for name in NAMES
    ]
    assert NAMES
    assert (FOLDER / "MANIFEST").read_text() == "".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_an_instruction_of_then_is_one_of_now(name: str) -> None:
    """Document, statement and signature: each is what this program makes or takes."""
    vector = json.loads((FOLDER / name).read_text("utf-8"))
    document = vector["document"]
    assert publish_document.render(publish_document.parse(document)) == document
    statement = statements.publication(primitives.sha256(document.encode()))
    assert statement.hex() == vector["statement"]
    assert vector["signing"] == REGISTRAR.key.signing
    signature = base64.b64decode(vector["signature"])
    assert primitives.is_signed(bytes.fromhex(vector["signing"]), signature, statement)
    assert REGISTRAR.sign(document, LABEL) == vector["signature"]
