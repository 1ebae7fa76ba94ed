"""A customer search is pinned: what registrars' scripts sign, and by which token it is found.

Made once, by the program that first had such searches; never made anew. The registrar's key is that
of tests.support.registrar_keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from proxy.vault import blind, primitives, statements
from proxy.wire import find_document
from tests.support.finding import LABEL
from tests.support.registrar_keys import REGISTRAR

FOLDER = Path(__file__).with_name("find")
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))


def test_manifest_names_every_vector() -> None:
    """Files are there, as they were made, and no other."""
    lines = [
        f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}\n" for name in NAMES
    ]
    assert NAMES
    assert (FOLDER / "MANIFEST").read_text() == "".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_a_search_of_then_is_one_of_now(name: str) -> None:
    """Document, message, signature and token: each is what this program makes or takes."""
    vector = json.loads((FOLDER / name).read_text("utf-8"))
    document = vector["document"]
    find = find_document.parse(document)
    assert find_document.render(find) == document
    message = statements.find(primitives.sha256(document.encode()))
    assert message.hex() == vector["message"]
    signature = base64.b64decode(vector["signature"])
    assert primitives.is_signed(bytes.fromhex(vector["signing"]), signature, message)
    assert vector["signing"] == REGISTRAR.key.signing
    assert REGISTRAR.sign(document, LABEL) == vector["signature"]
    token = blind.token(find.field, find.value, bytes.fromhex(vector["blind_key"]))
    assert token is not None
    assert token.hex() == vector["token"]
