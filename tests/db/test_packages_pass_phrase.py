"""The pass-phrase of a package: told once, to its releaser, sealed to one machine."""

from __future__ import annotations

import base64
import io
import json
import secrets
import zipfile
from typing import TYPE_CHECKING, Any

import pysequoia
import pytest

from proxy.errors import Refused
from proxy.model.order import OrderState
from proxy.run import pass_phrase_desk
from proxy.vault import orders
from proxy.wire import frames
from tests.support import openings as opening_support
from tests.support import package_cases as support_cases
from tests.support.package_cases import (
    approved,
    build,
    content,
    entries,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from proxy.model.order import BuiltPackage, KeptOrder, OrderId
    from tests.support.cases import Opened
    from tests.support.database import Database


pytestmark = pytest.mark.db


@pytest.fixture
async def case(tmp_path: Path, database: Database) -> AsyncIterator[Opened]:
    """A case of an adopted registration."""
    async with support_cases.opened(tmp_path, database) as made:
        yield made


def carried_out(monkeypatch: pytest.MonkeyPatch, state: OrderState) -> None:
    """Every order stands so in the vault's state."""

    def find(_book: object, _order: OrderId) -> KeptOrder:
        class _Kept:
            pass

        kept: Any = _Kept()
        kept.state = state
        found: KeptOrder = kept
        return found

    monkeypatch.setattr(orders.OrderBook, "find", find)


def asking(case: Opened, built: BuiltPackage, person: str = "rita") -> tuple[Any, Any]:
    """A document that asks for a pass-phrase, and the request with its signature."""
    prepared = pass_phrase_desk.prepare(
        opening_support.DEPLOYMENT,
        built.id,
        now=case.service.vault.clock.now(),
        random=secrets.token_bytes,
    )
    signature = frames.Signature(person=person, key="SHA256:key", signature=prepared.message.hex())
    return prepared, frames.PassPhrase(document=prepared.document, signature=signature)


async def told(case: Opened, request: Any) -> bytes:
    """The sealed answer."""
    answer = await opening_support.ask(opening_support.openings(case.service), request)
    assert set(answer) == {"done", "sealed"}
    return base64.b64decode(answer["sealed"])


async def test_a_pass_phrase_is_told_once_to_its_releaser(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It opens the package, needs the order carried out, is sealed to one machine, and is gone."""
    room = opening_support.openings(case.service)
    built = await build(case, await approved(case))
    carried_out(monkeypatch, OrderState.OPEN)
    assert await opening_support.code(room, asking(case, built)[1]) == "package_unused"
    carried_out(monkeypatch, OrderState.CARRIED_OUT)
    assert await opening_support.code(room, asking(case, built, "hana")[1]) == "not_releaser"
    prepared, request = asking(case, built)
    sealed_answer = await told(case, request)
    pass_phrase = pass_phrase_desk.receive(prepared, sealed_answer)
    opened = pysequoia.decrypt(await content(case, built.id), passwords=[pass_phrase]).bytes
    assert zipfile.ZipFile(io.BytesIO(opened or b"")).testzip() is None
    assert await opening_support.code(room, request) == "paper_repeated"
    assert await opening_support.code(room, asking(case, built)[1]) == "pass_phrase_unknown"
    (entry,) = entries(case.service, "pass_phrase_told")
    assert pass_phrase not in json.dumps(entry)
    with pytest.raises(Refused):
        pass_phrase_desk.receive(asking(case, built)[0], sealed_answer)


async def test_a_pass_phrase_stands_nowhere_in_the_clear(
    case: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the state's file nor any table holds it while it waits, nor afterwards."""
    carried_out(monkeypatch, OrderState.CARRIED_OUT)
    built = await build(case, await approved(case))
    prepared, request = asking(case, built)
    pass_phrase = pass_phrase_desk.receive(prepared, await told(case, request))
    state = case.service.vault.key_dir / "vault" / "state" / "data.mdb"
    for form in (pass_phrase, pass_phrase.replace("-", "")):
        assert form.encode() not in state.read_bytes()
        rows = await case.service.administrate(
            "SELECT to_jsonb(p)::text AS text FROM disclosure_package p"
            " UNION ALL SELECT to_jsonb(e)::text FROM ledger_entry e"
            " UNION ALL SELECT to_jsonb(e)::text FROM case_event e"
        )
        assert not any(form in row["text"] for row in rows)
