"""Fixtures every test may ask for. PostgreSQL is real: one server per test process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import settings

from tests.support.database import EMPTY, Database, Server, running_server

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

# No deadline: a machine under load would make one a timed test.
settings.register_profile("dev", max_examples=100, deadline=None, print_blob=True)
settings.register_profile("ci", max_examples=500, deadline=None, print_blob=True)
settings.register_profile("slow", max_examples=20_000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))  # noqa: TID251 - of the tests


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skipped peer test is a failure where CI is set: nothing is left out quietly."""
    report = yield
    if report.skipped and item.get_closest_marker("peer") and in_ci():
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI is set: {report.longrepr}"
    return report


def in_ci() -> bool:
    """Whether the suite must be whole."""
    return bool(os.environ.get("CI"))  # noqa: TID251 - the one switch of the suite


@pytest.fixture(autouse=True)
def default_logs() -> Iterator[None]:
    """A command run in this process sets the logs to a stream that ends with its test."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The PostgreSQL server of this test process; ask for `database` instead."""
    with running_server(tmp_path_factory.mktemp("postgresql")) as server:
        yield server


@pytest.fixture
def database(postgresql: Server) -> Iterator[Database]:
    """A fresh, migrated database: `database.access("api")` logs in as that role."""
    made = postgresql.create()
    yield made
    postgresql.drop(made)


@pytest.fixture
def empty_database(postgresql: Server) -> Iterator[Database]:
    """A fresh database without any table."""
    made = postgresql.create(EMPTY)
    yield made
    postgresql.drop(made)
