"""Approvers' signatures are pinned: every vector has exactly its outcome."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.vectors import signature_vectors

NAMES = sorted(path.name for path in signature_vectors.FOLDER.glob("*.json"))


def test_manifest_names_every_vector() -> None:
    """No vector is added, lost or changed without the manifest saying so."""
    lines = [
        f"{hashlib.sha256((signature_vectors.FOLDER / name).read_bytes()).hexdigest()}  {name}\n"
        for name in NAMES
    ]
    assert NAMES
    assert signature_vectors.MANIFEST.read_text() == "".join(lines), signature_vectors.REGENERATE


@pytest.mark.parametrize("name", NAMES)
def test_vector_has_its_outcome(name: str) -> None:
    """What the file says happens is what happens, and only what is named so verifies."""
    vector = json.loads((signature_vectors.FOLDER / name).read_text())
    wanted = vector.pop("outcome")
    assert signature_vectors.outcome(vector) == wanted, signature_vectors.REGENERATE
    assert (wanted == "verifies") == ("-verifies" in name)


def test_signing_gives_the_pinned_octets() -> None:
    """The same keys and messages make the very signatures of the files."""
    made = signature_vectors.made()
    assert sorted(f"{name}.json" for name in made) == NAMES, signature_vectors.REGENERATE
    for name, vector in made.items():
        pinned = json.loads((signature_vectors.FOLDER / f"{name}.json").read_text())
        assert vector == pinned, f"{name}: {signature_vectors.REGENERATE}"
