"""The vault's sockets when things go wrong inside it or around it."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from proxy.apps import vault
from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.wire.frames import Answer, Request

ASK = frames.render(frames.Status())


class Answering:
    """A server whose answers a test chooses."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pp-")) / "vault.operator"
        self.raises: Exception | None = None
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.path))
        listener.listen()
        listener.setblocking(False)
        self.server = vault.VaultServer(
            listeners={"operator": (listener,)},
            users={"operator": os.getuid()},
            answer=self.answer,
        )

    async def answer(self, caller: str, request: Request) -> AsyncIterator[Answer]:
        """One frame, or the fault that the test wants."""
        await self.may_go_on.wait()
        if self.raises is not None:
            raise self.raises
        yield {"done": True, "caller": caller, "command": type(request).__name__}

    async def ask(self, octets: bytes = ASK) -> Answer | None:
        """The first frame of an answer, None when the vault closes without one."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            writer.write(octets)
            received = await reader.read()
        except OSError:
            return None
        finally:
            writer.close()
        return frames.parse_answer(received[4:]) if received else None


@pytest.fixture
async def answering() -> AsyncIterator[Answering]:
    """A server on a socket of its own."""
    made = Answering()
    await made.server.start()
    yield made
    made.server.close()
    made.path.unlink()
    made.path.parent.rmdir()


async def test_an_answer_comes_to_the_caller(answering: Answering) -> None:
    """The calling role is the socket's, not what a request claims."""
    assert await answering.ask() == {"done": True, "caller": "operator", "command": "Status"}


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (
            Refused("budget", "Try later."),
            {"error": "budget", "kind": "Refused", "detail": "Try later."},
        ),
        (InvalidInput("bad", "So."), {"error": "bad", "kind": "InvalidInput", "detail": "So."}),
        (
            Unavailable("database", "PostgreSQL at host"),
            {"error": "database", "kind": "Unavailable", "detail": ""},
        ),
        (ValueError("marlene@registrant.example"), {"error": "internal"}),
    ],
)
async def test_faults_leave_as_codes(
    answering: Answering, fault: Exception, says: dict[str, str]
) -> None:
    """A bug's text never leaves, nor is it logged."""
    answering.raises = fault
    with structlog.testing.capture_logs() as logs:
        assert await answering.ask() == says
    assert "marlene" not in str(logs)


async def test_callers_above_the_limit_are_turned_away(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flood of callers costs a bounded number of places."""
    monkeypatch.setattr(vault, "MOST_CALLERS", 2)
    answering.may_go_on.clear()
    waiting = [asyncio.create_task(answering.ask()) for _ in range(5)]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 3:
        more, _ = await asyncio.wait(
            [one for one in waiting if one not in done], return_when=asyncio.FIRST_COMPLETED
        )
        done |= more
    answering.may_go_on.set()
    answers = await asyncio.gather(*waiting)
    assert sorted(answer is None for answer in answers) == [False, False, True, True, True]


async def test_a_silent_caller_loses_its_place(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a frame and silence is closed without an answer."""
    monkeypatch.setattr(vault, "REQUEST_WAIT_S", 0.05)
    assert await answering.ask(ASK[:7]) is None


async def test_a_peer_the_kernel_does_not_name_is_refused(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials there is no caller."""

    def refuse(_: object) -> int:
        raise OSError

    monkeypatch.setattr(vault, "peer_user", refuse)
    assert await answering.ask() is None
