"""The files of a package are pinned: recipients' programs read them, and courts compare them.

Left out are the PDF, whose library may draw otherwise, and signatures, which no two times are the
same: tests/peers reads both. `python -m tests.vectors.test_package_vectors` writes the files.
"""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from uuid import UUID

import pytest

from proxy.model.contact import ContactSet
from proxy.model.identifiers import Role
from proxy.model.order import OrderId
from proxy.vault import package, package_fields
from tests.support import packages as support
from tests.support import vault as vaults

FOLDER = Path(__file__).with_name("packages")
HOSTILE = "\u202eAnna\u202c \u0000 ह 中 שלום e\u0301 é \t<b>&amp;</b> / (\\)"
PDF, CERTIFICATE, SIGNATURE = b"%PDF-1.7\n", b"-----BEGIN CERTIFICATE-----\n", b"\x30\x80"


def made() -> dict[str, bytes]:
    """Every file that is pinned, by name."""
    one = dataclasses.replace(vaults.contacts().given[Role.REGISTRANT], name=HOSTILE)
    contacts = ContactSet(given={Role.REGISTRANT: one}, same_as={})
    order = dataclasses.replace(support.order(), id=OrderId(UUID("ab" * 16)))
    selected = package_fields.select(contacts, support.FIELDS)
    facts = package.disclosure(order, support.SHA256, selected, support.MARK)
    files = package.signed_files(
        facts, PDF, certificate=CERTIFICATE, sign=lambda _octets: SIGNATURE
    )
    pinned = (package.JSON_NAME, package.README_NAME, package.MANIFEST_NAME)
    digest = hashlib.sha256(package.archived(files)).hexdigest()
    return {
        **{name: files.by_name[name] for name in pinned},
        "archive.sha256": f"{digest}\n".encode(),
        "pass-phrase.txt": f"{package.grouped(bytes(range(0xF0, 0x100)))}\n".encode(),
    }


@pytest.mark.parametrize("name", sorted(made()))
def test_a_file_is_the_pinned_one(name: str) -> None:
    """The very octets, for a name with controls, directions, two forms of a letter, and markup."""
    assert made()[name] == (FOLDER / name).read_bytes()


def test_nothing_else_is_pinned() -> None:
    """A file that no test makes would say nothing."""
    assert sorted(one.name for one in FOLDER.iterdir()) == sorted(made())


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, octets in made().items():
        (FOLDER / file).write_bytes(octets)
