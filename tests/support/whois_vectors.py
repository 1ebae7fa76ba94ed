"""Scenario files of WHOIS: what is published, one line of a client, the whole answer.

`python -m tests.support.whois_vectors` writes every answer (and MANIFEST) anew from the code; read
the difference before committing it, because it is what clients will see.
"""

from __future__ import annotations

import json
import tempfile
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from proxy.apps.throttle import KEY_OCTETS, Table, Throttle
from proxy.apps.whois_answers import Responder
from proxy.metrics import Registry
from proxy.model.public_record import Profile, PublicRecord
from tests.support import published

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FOLDER = Path(__file__).parents[1] / "vectors" / "whois"
MANIFEST = FOLDER / "MANIFEST"


class World:
    """What a vector says is published."""

    def __init__(self, vector: Mapping[str, Any]) -> None:
        """Read the vector's changes to the sample profile and record."""
        self._profile = published.profile(**_parse(Profile, vector.get("profile", {})))
        records = [
            published.record(**_parse(PublicRecord, changes)) for changes in vector["records"]
        ]
        self._records = {record.domain.encode(): record for record in records}

    def find(self, name: bytes) -> tuple[PublicRecord, Profile] | None:
        """The record under a name."""
        record = self._records.get(name)
        return None if record is None else (record, self._profile)

    def profiles(self) -> list[Profile]:
        """The one profile."""
        return [self._profile]

    def as_of(self) -> datetime:
        """The samples' moment."""
        return published.AS_OF


def names() -> list[str]:
    """The vectors there are; none at all is an error, and so is one that MANIFEST does not know."""
    found = sorted(path.stem for path in FOLDER.glob("*.json"))
    listed = MANIFEST.read_text("utf-8").split()
    if not found or found != listed:
        message = f"vectors/whois and its MANIFEST differ: {sorted({*found} ^ {*listed})}"
        raise LookupError(message)
    return found


def load(name: str) -> dict[str, Any]:
    """One vector."""
    vector: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return vector


def answer(vector: Mapping[str, Any]) -> list[str]:
    """The lines the code answers; every line must end in CR LF."""
    with tempfile.TemporaryDirectory() as directory:
        throttle = Throttle(Table(Path(directory, "table"), bytes(KEY_OCTETS)), "whois", None)
        responder = Responder(World(vector), throttle, Registry(), lambda: "reference")
        octets = vector["query"].encode("utf-8", "surrogateescape")
        lines = responder.answer(octets, "192.0.2.1", 1).decode().split("\r\n")
    assert lines.pop() == ""
    return lines


def _parse(kind: type, changes: Mapping[str, Any]) -> dict[str, Any]:
    types = typing.get_type_hints(kind)
    return {name: msgspec.convert(value, types[name]) for name, value in changes.items()}


def _write() -> None:
    found = sorted(FOLDER.glob("*.json"), key=lambda path: path.stem)
    for path in found:
        vector = load(path.stem)
        vector["answer"] = answer(vector)
        path.write_text(json.dumps(vector, indent=2) + "\n", "utf-8")
    MANIFEST.write_text("".join(f"{path.stem}\n" for path in found), "utf-8")


if __name__ == "__main__":
    _write()
