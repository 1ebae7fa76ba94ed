"""From an approved order to a sealed package: what is opened, for whom, and what is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pysequoia
import pytest

from proxy.model.identifiers import RecordClass
from proxy.model.order import RecordRef
from proxy.run import package_process
from tests.support import openings as opening_support
from tests.support import openpgp
from tests.support import package_cases as support_cases
from tests.support import packages as support
from tests.support.package_cases import (
    approved,
    build,
    code_of,
    content,
    entries,
    to_a_key,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.order import Order
    from tests.support.cases import Opened
    from tests.support.database import Database


pytestmark = pytest.mark.db


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case of an adopted registration."""
    async with support_cases.opened(tmp_path, database) as made:
        yield made


async def test_the_recipient_alone_reads_the_approved_fields(case: Opened) -> None:
    """What their key opens has these fields as stored; nothing else of the person's is in it."""
    secret = openpgp.key()
    order = await to_a_key(case, secret)
    built = await build(case, order)
    ciphertext = await content(case, built.id)
    assert hashlib.sha256(ciphertext).hexdigest() == built.sha256
    opened = pysequoia.decrypt(ciphertext, decryptor=secret.decryptor()).bytes
    assert opened is not None
    archive = zipfile.ZipFile(io.BytesIO(opened))
    found = json.loads(archive.read("disclosure.json"))
    assert {one["name"]: one["value"] for one in found["fields"]} == {
        "registrant.name": "marlene Größe",
        "registrant.street": ["marlene Weg 1", "Hof 2"],
        "registrant.country": "CH",
        "registrant.fax": None,
    }
    whole = b"".join(archive.read(one) for one in archive.namelist())
    for other in (b"marlene@registrant", b"marlenestadt", b"445550100", b"Tech"):
        assert other not in whole
    # four digits stand in any digest sooner or later: as a value of its own
    assert re.search(rb"(?<![0-9A-Za-z-])8001(?![0-9A-Za-z-])", whole) is None
    assert found["copy"] == built.copy
    assert found["contact"] == support_cases.CONTACT


async def test_intent_is_kept_before_the_record_is_opened(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash right after the opening leaves an entry of intent, and no package."""
    order = await approved(case)

    def crash(_facts: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr(package_process, "render", crash)
    with pytest.raises(RuntimeError):
        await build(case, order)
    (entry,) = [one for one in entries(case.service, "opened") if one["facts"]["grant"] == "order"]
    assert entry["facts"]["order"] == str(order.id)
    assert entry["facts"]["sha256"] == support.SHA256
    assert entry["facts"]["fields"] == " ".join(support.FIELDS)
    assert await case.service.administrate("SELECT 1 FROM disclosure_package") == []
    monkeypatch.undo()
    assert (await build(case, order)).sha256


async def test_asked_again_the_package_that_is_there(case: Opened) -> None:
    """A repetition opens nothing, and gives id, digest and copy of the first time."""
    order = await approved(case)
    first = await build(case, order)
    assert await build(case, order) == first
    assert len(entries(case.service, "opened")) == 1


async def test_what_was_rolled_back_or_forged_is_built_anew(case: Opened) -> None:
    """A row that is not the one the state knows is replaced while nobody was given it."""
    order = await approved(case)
    first = await build(case, order)
    await case.service.administrate(
        "UPDATE disclosure_package SET content = 'planted', sha256 = sha256('planted')"
    )
    second = await build(case, order)
    assert second != first
    assert hashlib.sha256(await content(case, second.id)).hexdigest() == second.sha256
    (count,) = await case.service.administrate("SELECT count(*) FROM disclosure_package")
    assert count["count"] == 1


async def test_a_record_that_changed_since_is_not_opened(case: Opened) -> None:
    """Another hash, a newer version or a forged row: refused, and nothing is opened."""
    order = await approved(case, records=(
        RecordRef(record_class=RecordClass.IDENTITY, version=1, sha256="00" * 32),
    ))  # fmt: skip
    assert await code_of(case, order) == "package_record"
    assert entries(case.service, "opened") == []
    fresh = await approved(case)
    newer = dataclasses.replace(case.item, version=2)
    await opening_support.enrol(case.service, newer)
    assert await code_of(case, fresh) == "record_rolled_back"
    for records in ((), (order.subject.deed.records * 2)):  # type: ignore[union-attr]  # ours
        assert await code_of(case, await _with_records(order, records)) == "package_record"


async def _with_records(order: Order, records: Any) -> Order:
    subject: Any = order.subject
    deed = dataclasses.replace(subject.deed, records=records)
    return dataclasses.replace(order, subject=dataclasses.replace(subject, deed=deed))


async def test_a_certificate_that_is_not_in_the_case_gets_nothing(case: Opened) -> None:
    """The certificate is evidence of this very case, of that kind and that fingerprint."""
    secret = openpgp.key()
    order = await to_a_key(case, secret)
    subject: Any = order.subject
    other = await case.add_text("no key", kind="letter")
    await case.service.rounds.adopt()
    for certificate, fingerprint, code in (
        (str(uuid4()), subject.deed.recipient.openpgp, "package_certificate"),
        (str(other.id), subject.deed.recipient.openpgp, "package_certificate"),
        ("", subject.deed.recipient.openpgp, "package_certificate"),
        (subject.deed.recipient.certificate, "AB" * 20, "recipient_other_key"),
    ):
        recipient = dataclasses.replace(
            subject.deed.recipient, certificate=certificate, openpgp=fingerprint
        )
        deed = dataclasses.replace(subject.deed, recipient=recipient)
        changed = dataclasses.replace(order, subject=dataclasses.replace(subject, deed=deed))
        assert await code_of(case, changed) == code
