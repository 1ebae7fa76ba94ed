"""Two acts step by step: every call of the store waits for its turn, so that orders can be chosen.

An act that waits in the database for the other one loses its turns until it comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from proxy.errors import ProxyError
from proxy.store import registrations, speakers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import pytest

BLOCKED_S = 0.04
"""An act that has not come to its next call by then waits for the other one."""

_CALLS = (
    (registrations, ("find", "write", "end")),
    (speakers, ("lock", "holdings", "sighting", "leave", "speak")),
)
_mine: ContextVar[_Act | None] = ContextVar("_mine", default=None)


class _Act:
    """One act: it stands at a gate, is under way, or is over."""

    def __init__(self) -> None:
        self.is_free = False
        self.stands = asyncio.Event()
        self.opens = asyncio.Event()

    async def gate(self) -> None:
        if self.is_free:
            return
        self.stands.set()
        await self.opens.wait()
        self.opens.clear()

    async def step(self, task: asyncio.Task[object]) -> None:
        """Lets it make one call, and waits until it is at the next gate, over, or blocked."""
        if task.done() or not self.stands.is_set():
            return
        self.stands.clear()
        self.opens.set()
        waiting = asyncio.ensure_future(self.stands.wait())
        await asyncio.wait({waiting, task}, timeout=BLOCKED_S, return_when="FIRST_COMPLETED")
        waiting.cancel()

    def release(self) -> None:
        """Lets it run freely."""
        self.is_free = True
        self.opens.set()


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every call of the store that decides about speakers wait at gates, before and after."""

    def gated(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(call)
        async def stepped(*arguments: Any, **named: Any) -> Any:
            act = _mine.get()
            if act is not None:
                await act.gate()
            found = await call(*arguments, **named)
            if act is not None and call.__name__ in {"write", "speak", "end"}:
                await act.gate()
            return found

        return stepped

    for module, names in _CALLS:
        for name in names:
            monkeypatch.setattr(module, name, gated(getattr(module, name)))


async def play(
    order: str, acts: dict[str, Callable[[], Awaitable[object]]]
) -> dict[str, object | ProxyError]:
    """What each act gave, or its refusal; `order` has a letter for every turn."""
    made = {name: _Act() for name in acts}

    async def run(name: str) -> object:
        _mine.set(made[name])
        try:
            return await acts[name]()
        except ProxyError as refusal:
            return refusal

    tasks = {name: asyncio.create_task(run(name)) for name in acts}
    for name, one in made.items():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await one.stands.wait()
        assert one.stands.is_set(), name
    for name in order:
        await made[name].step(tasks[name])
    for one in made.values():
        one.release()
    return {name: await task for name, task in tasks.items()}


def orders(first: str, second: str, most: int) -> list[str]:
    """Orders in which one is interrupted after any number of its calls, for a while or for good."""
    return [
        one * i + other * j + one * 12
        for one, other in ((first, second), (second, first))
        for i in range(1, most)
        for j in (3, 12)
    ]
