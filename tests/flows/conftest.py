"""The running services that flows may ask; those that change something start their own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.support import case_service, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.case_service import Site
    from tests.support.served import Served


@pytest.fixture(scope="session")
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The service with every sample imported, for tests that only ask."""
    return served.ask_only(request, tmp_path_factory)


@pytest.fixture(scope="session")
def case_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service with its people and a clock that is moved; each test opens cases of its own."""
    if not case_service.FAKETIME:
        missing = "no libfaketime (Debian: apt-get install libfaketime)"
        pytest.fail(missing) if "CI" in os.environ else pytest.skip(missing)  # noqa: TID251 - tests
    yield from case_service.start(tmp_path_factory.mktemp("cases"))
