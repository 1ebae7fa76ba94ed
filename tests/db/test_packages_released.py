"""A package on its way to one recipient: released, given once, receipted, or gone."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.errors import Conflict, NotFound, Refused
from proxy.model.case import EvidenceId
from proxy.services import case_events, release_package
from proxy.store import notices
from proxy.store import packages as store
from tests.support import package_cases as support_cases
from tests.support import packages as support
from tests.support.package_cases import (
    acts,
    approved,
    build,
    collect,
    content,
    entries,
    expire,
    release,
    sealed,
    web,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.cases import Opened
    from tests.support.database import Database


pytestmark = pytest.mark.db


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case of an adopted registration."""
    async with support_cases.opened(tmp_path, database) as made:
        yield made


async def test_released_means_one_row_one_event_one_notice(case: Opened) -> None:
    """Invariant 15: intent, result, recipient ledger and chain agree, once each."""
    order = await approved(case)
    built = await sealed(case, order)
    notice = (await release(case, built)).notice_id
    (row,) = await case.service.administrate("SELECT * FROM recipient_ledger")
    assert (row["package_id"], row["order_id"]) == (built.id, order.id)
    assert tuple(row["fields"]) == support.FIELDS
    assert row["registration_id"] == case.item.registration_id
    assert (await acts(case)).count("package_released") == 1
    (sent,) = await case.service.administrate("SELECT * FROM notice WHERE id = $1", notice)
    assert (sent["template"], sent["to_party"], sent["purpose"]) == (
        "n10_package",
        "requester",
        "package",
    )
    assert sent["subject"] == str(built.id)
    with pytest.raises(Conflict) as again:
        await release(case, built)
    assert again.value.code == "package_released"
    (count,) = await case.service.administrate("SELECT count(*) FROM recipient_ledger")
    assert count["count"] == 1
    assert len(entries(case.service, "opened")) == 1


async def test_nobody_but_the_named_releaser_releases(case: Opened) -> None:
    """Whoever else asks is refused, and the package stays where it is."""
    built = await sealed(case, await approved(case))
    with pytest.raises(Refused) as refusal:
        await release(case, built, "hana")
    assert refusal.value.code == "not_releaser"
    assert "package_released" not in await acts(case)


async def test_a_package_whose_case_does_not_know_it_stays(case: Opened) -> None:
    """A row alone releases nothing: the chain must name this package with this digest."""
    built = await build(case, await approved(case))
    with pytest.raises(Refused) as refusal:
        await release(case, built)
    assert refusal.value.code == "package_unsealed"
    order = await approved(case)
    other = await sealed(case, order)
    await case.service.administrate(
        "UPDATE disclosure_package SET content = 'planted', sha256 = sha256('planted')"
        " WHERE id = $1", other.id
    )  # fmt: skip
    with pytest.raises(Refused) as refusal:
        await release(case, other)
    assert refusal.value.code == "package_unsealed"


async def test_a_package_is_given_once(case: Opened) -> None:
    """The first gets the ciphertext, which is then gone; the second is refused."""
    built = await sealed(case, await approved(case))
    with pytest.raises(NotFound):
        await collect(case, built)
    await release(case, built)
    with pytest.raises(Refused) as refusal:
        await collect(case, built, terms="00" * 32)
    assert refusal.value.code == "terms_not_accepted"
    with pytest.raises(NotFound):
        await collect(case, built, case_id=uuid4())
    found = await collect(case, built)
    assert hashlib.sha256(found.content).hexdigest() == built.sha256
    assert found.file_name == f"package-{built.id}.zip.gpg"
    assert await content(case, built.id) == b""
    with pytest.raises(Conflict) as again:
        await collect(case, built)
    assert again.value.code == "package_collected"
    assert (await acts(case)).count("package_collected") == 1


async def test_two_hands_at_once_get_one_package(case: Opened) -> None:
    """Of two releases and of two collections at the same time one succeeds (invariant 8)."""
    built = await sealed(case, await approved(case))
    for step, code in ((release, "package_released"), (collect, "package_collected")):
        both = await asyncio.gather(step(case, built), step(case, built), return_exceptions=True)
        refused = [one for one in both if isinstance(one, BaseException)]
        assert len(refused) == 1
        assert isinstance(refused[0], Conflict)
        assert refused[0].code == code
    found = await acts(case)
    assert (found.count("package_released"), found.count("package_collected")) == (1, 1)


async def test_ciphertext_that_was_exchanged_is_not_given(case: Opened) -> None:
    """Whoever may write the table can not have another file sent under our name."""
    built = await sealed(case, await approved(case))
    await release(case, built)
    await case.service.administrate("ALTER TABLE disclosure_package DISABLE TRIGGER ALL")
    await case.service.administrate(
        "UPDATE disclosure_package SET content = 'planted', sha256 = sha256('planted')"
    )
    with pytest.raises(Refused) as refusal:
        await collect(case, built)
    assert refusal.value.code == "package_unsealed"
    await case.service.administrate("UPDATE disclosure_package SET sha256 = $1",
                                    bytes.fromhex(built.sha256))  # fmt: skip
    with pytest.raises(Conflict) as altered:
        await collect(case, built)
    assert altered.value.code == "package_altered"


async def test_a_receipt_follows_a_collection_once(case: Opened) -> None:
    """Nobody confirms what they did not fetch; what they confirm with lies in the case."""
    built = await sealed(case, await approved(case))
    await release(case, built)
    evidence = await case.add_text("I have it.", kind="receipt")
    step = release_package.receipt
    with pytest.raises(Conflict) as early:
        await web(case, step, built.id, case.id, evidence.id)
    assert early.value.code == "package_uncollected"
    await collect(case, built)
    with pytest.raises(NotFound):
        await web(case, step, built.id, case.id, EvidenceId(uuid4()))
    await web(case, step, built.id, case.id, evidence.id)
    with pytest.raises(Conflict) as again:
        await web(case, step, built.id, case.id, evidence.id)
    assert again.value.code == "package_receipted"
    assert (await acts(case)).count("package_receipted") == 1


async def test_what_nobody_fetches_in_time_is_gone(case: Opened) -> None:
    """After fourteen days link and ciphertext die, once, and nothing brings them back."""
    built = await sealed(case, await approved(case))
    await release(case, built)
    assert await expire(case, days=13.9) == 0
    assert await expire(case, days=14) == 1
    assert await expire(case, days=15) == 0
    assert await content(case, built.id) == b""
    assert (await acts(case)).count("package_expired") == 1
    with pytest.raises(Refused) as refusal:
        await collect(case, built)
    assert refusal.value.code == "package_expired"


async def test_a_link_that_is_over_gives_nothing_before_the_round(case: Opened) -> None:
    """The limit holds by itself, whether or not the worker came by."""
    built = await sealed(case, await approved(case))
    await release(case, built)
    later = case.service.vault.clock.now() + timedelta(days=14)
    with pytest.raises(Refused) as refusal:
        await collect(case, built, now=later)
    assert refusal.value.code == "package_expired"


async def test_a_package_of_an_unused_order_goes_quietly(case: Opened) -> None:
    """What its case never knew of expires without an event, and can not be released."""
    built = await build(case, await approved(case))
    before = await acts(case)
    assert await expire(case, days=14) == 1
    assert await acts(case) == before
    with pytest.raises(Refused) as refusal:
        await release(case, built)
    assert refusal.value.code == "package_expired"


async def test_a_crash_in_any_step_leaves_it_not_begun(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row, ledger, notice and event stand together or not at all; a repetition succeeds."""
    built = await sealed(case, await approved(case))
    for module, name in (
        (store, "add_recipient"),
        (notices, "queue"),
        (case_events, "append"),
    ):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, _crash)
            with pytest.raises(RuntimeError):
                await release(case, built)
        (row,) = await case.service.administrate("SELECT state FROM disclosure_package")
        assert row["state"] == "built"
        assert await case.service.administrate("SELECT 1 FROM recipient_ledger") == []
        assert await case.service.administrate("SELECT 1 FROM notice") == []
    await release(case, built)
    with monkeypatch.context() as broken:
        broken.setattr(case_events, "append", _crash)
        with pytest.raises(RuntimeError):
            await collect(case, built)
    assert (await collect(case, built)).content


async def _crash(*_given: object, **_named: object) -> None:
    raise RuntimeError


async def test_a_package_leaves_no_value_in_any_table(case: Opened) -> None:
    """From building to receipt nothing of the person stands in rows, entries or file names."""
    built = await sealed(case, await approved(case))
    await release(case, built)
    found = await collect(case, built)
    assert b"marlene" not in found.content
    assert "marlene" not in found.file_name
    for table in ("disclosure_package", "recipient_ledger", "notice", "case_event", "ledger_entry"):
        rows = await case.service.administrate(
            f"SELECT to_jsonb(t)::text AS text FROM {table} t"  # noqa: S608 - ours
        )
        assert rows or table == "ledger_entry"
        assert not any("marlene" in row["text"] for row in rows)
    kept = json.dumps(entries(case.service, "opened"))
    assert "marlene" not in kept
