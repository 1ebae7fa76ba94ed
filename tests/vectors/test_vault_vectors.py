"""The vault's bytes are pinned: every vector has exactly its outcome."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.vectors import vault_vectors

NAMES = sorted(path.name for path in vault_vectors.FOLDER.glob("*.json"))


def test_manifest_names_every_vector() -> None:
    """No vector is added, lost or changed without the manifest saying so."""
    lines = [
        f"{hashlib.sha256((vault_vectors.FOLDER / name).read_bytes()).hexdigest()}  {name}\n"
        for name in NAMES
    ]
    assert NAMES
    assert vault_vectors.MANIFEST.read_text() == "".join(lines), vault_vectors.REGENERATE


@pytest.mark.parametrize("name", NAMES)
def test_vector_has_its_outcome(name: str) -> None:
    """What the file says happens is what happens."""
    vector = json.loads((vault_vectors.FOLDER / name).read_text())
    wanted = vector.pop("outcome")
    assert vault_vectors.outcome(vector) == wanted, vault_vectors.REGENERATE


def test_sealing_gives_the_pinned_bytes() -> None:
    """The same key, nonce and plaintext make the very bytes of the files."""
    for name, vector in vault_vectors.made().items():
        pinned = json.loads((vault_vectors.FOLDER / f"{name}.json").read_text())
        assert vector == pinned, f"{name}: {vault_vectors.REGENERATE}"
