"""Tests of what edge workers do run on the loop that edge workers run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvloop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loops each test runs on."""
    return {"uvloop": uvloop.new_event_loop}
