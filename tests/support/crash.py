"""Ends an act at a chosen write, as kill -9 would: it happens or not, nothing after it does.

A real kill leaves the same files and rows: transactions of LMDB and PostgreSQL are whole or absent.
`test_vault_kill.py` kills real processes as well.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

_T = TypeVar("_T")


class Crash(BaseException):
    """The process is gone; nothing may catch this."""


class CrashAt:
    """Counts writes, before and after each, and crashes at the one that was chosen."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.passed = 0

    def point(self) -> None:
        """One place where a process can die."""
        self.passed += 1
        if self.passed == self.place:
            raise Crash

    def around(self, write: Callable[..., _T]) -> Callable[..., _T]:
        """`write` with a place to die before it and one after it."""
        if inspect.iscoroutinefunction(write):
            return self._around_coroutine(write)

        @functools.wraps(write)
        def guarded(*args: object, **kwargs: object) -> _T:
            self.point()
            result = write(*args, **kwargs)
            self.point()
            return result

        return guarded

    def _around_coroutine(self, write: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(write)
        async def guarded(*args: object, **kwargs: object) -> object:
            self.point()
            result = await write(*args, **kwargs)
            self.point()
            return result

        return guarded


@contextlib.contextmanager
def crashing(
    monkeypatch: pytest.MonkeyPatch, place: int, writes: tuple[tuple[object, str], ...]
) -> Iterator[CrashAt]:
    """The block dies at the place-th point around `writes`, given as object and method name.

    A transaction's commit lies between the point after its last write and the next write's.
    """
    crash = CrashAt(place)
    with monkeypatch.context() as patched:
        for owner, name in writes:
            patched.setattr(owner, name, crash.around(getattr(owner, name)))
        with contextlib.suppress(Crash):
            yield crash
