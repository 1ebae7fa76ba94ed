"""The running service that flows may ask; those that change something start their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import served

if TYPE_CHECKING:
    from tests.support.served import Served


@pytest.fixture(scope="session")
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The service with every sample imported, for tests that only ask."""
    return served.ask_only(request, tmp_path_factory)
