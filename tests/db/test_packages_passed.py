"""A package that was sealed is not sent, or not given, once its case is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.errors import Refused
from tests.support import package_cases as support_cases
from tests.support.package_cases import acts, approved, collect, content, release, sealed

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


@pytest.mark.parametrize(
    ("act", "facts", "code"),
    [
        ("stay", {"sets": ("stay",), "material": True}, "package_passed"),
        ("overlay_set", {"overlay": "minor"}, "package_passed"),
        ("unverify_requester", {"material": True}, "package_passed"),
        ("abandon_proposal", {"state": "deciding", "material": True}, "package_passed"),
        ("conflict_declared", {"person": "hana"}, "package_passed"),
        ("conflict_declared", {"person": "rita"}, "case_conflict"),
    ],
)
async def test_a_case_that_changed_sends_no_package(
    case: Opened, act: str, facts: dict[str, Any], code: str
) -> None:
    """What voids an order voids what was sealed by it, until its link is on its way."""
    built = await sealed(case, await approved(case))
    await case.tell(act, **facts)
    with pytest.raises(Refused) as refusal:
        await release(case, built)
    assert refusal.value.code == code
    assert "package_released" not in await acts(case)


async def test_a_change_before_the_case_knew_of_its_package_counts(case: Opened) -> None:
    """The vault built it, then somebody doubted, then the worker told the case of the package."""
    order = await approved(case)
    await case.tell("order_proposed", order=str(order.id), kind="disclose", sha256="00" * 32)
    await case.tell("unverify_requester", material=True)
    built = await sealed(case, order)
    with pytest.raises(Refused) as refusal:
        await release(case, built)
    assert refusal.value.code == "package_passed"


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("stay", {"sets": ("stay",), "material": True}),
        ("unverify_requester", {"material": True}),
    ],
)
async def test_a_link_under_way_gives_nothing_meanwhile(
    case: Opened, act: str, facts: dict[str, Any]
) -> None:
    """Invariant 40 up to the last moment: the ciphertext lies with us, and stays."""
    built = await sealed(case, await approved(case))
    await release(case, built)
    await case.tell(act, **facts)
    with pytest.raises(Refused) as refusal:
        await collect(case, built)
    assert refusal.value.code == "package_waits"
    assert await content(case, built.id)
    if act == "stay":
        await case.tell("lift_stay", clears=("stay",), material=True)
        assert (await collect(case, built)).content


async def test_what_is_no_change_of_the_case_stops_nothing(case: Opened) -> None:
    """Tasks, notices and evidence that come in between."""
    built = await sealed(case, await approved(case))
    await case.tell("task_opened", task=str(uuid4()), kind="look", role="handler")
    await case.add_text("One more letter.")
    await case.tell("mark_sealed", material=False)
    await release(case, built)
    assert (await collect(case, built)).content
