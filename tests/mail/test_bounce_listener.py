"""The SMTP listener for bounces, over real sockets: what it takes, and all that it refuses."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import pytest_asyncio

from proxy.apps import smtp
from proxy.errors import Unavailable
from proxy.metrics import Registry
from proxy.model.case import NoticeId
from proxy.model.notice import ReportedAction
from proxy.wire import dsn
from tests.support.notices import DOMAIN, PATHS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from proxy.model.notice import Report

NOTICE = NoticeId(uuid4())
OURS = f"{PATHS.local_part(NOTICE)}@{DOMAIN}"
REPORT = (
    "From: MAILER-DAEMON@mx.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    "Action: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n.\r\n"
)


class Listener:
    """A listener, what it took, and how to speak to it."""

    def __init__(self, connections: int = 4, per_client: int = 3) -> None:
        self.taken: list[tuple[NoticeId, Report]] = []
        self.is_away = False
        self.metrics = Registry()
        self.bounces = smtp.Bounces(
            our_name=DOMAIN,
            notice_of=self._notice_of,
            take=self._take,
            limits=smtp.Limits(connections=connections, per_client=per_client),
            metrics=self.metrics,
        )
        self.socket = socket.create_server(("127.0.0.1", 0))

    def _notice_of(self, address: str) -> NoticeId | None:
        local, _, domain = address.rpartition("@")
        return PATHS.notice(local) if domain.lower() == DOMAIN else None

    async def _take(self, notice_id: NoticeId, report: Report) -> None:
        if self.is_away:
            raise Unavailable("database")
        self.taken.append((notice_id, report))

    async def talk(self, *lines: str) -> list[str]:
        """The last line of each answer, the greeting first; "" where the connection is gone."""
        reader, writer = await asyncio.open_connection(*self.socket.getsockname())
        try:
            answers = [await _answer(reader)]
            for line in lines:
                writer.write(line.encode() if line.endswith("\r\n") else f"{line}\r\n".encode())
                answers.append(await _answer(reader))
            return answers
        finally:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> str:
    while True:
        line = (await reader.readline()).decode().rstrip()
        if line[3:4] != "-":
            return line


@pytest_asyncio.fixture
async def listener() -> AsyncIterator[Listener]:
    """A listener that answers."""
    made = Listener()
    await made.bounces.serve(made.socket)
    yield made
    await made.bounces.close(0.0)


async def test_a_bounce_with_our_token_is_taken(listener: Listener) -> None:
    """From the null sender, to a return path of ours: noted, then answered."""
    answers = await listener.talk(
        "EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{OURS}>", "DATA", REPORT, "QUIT"
    )
    assert [one[:3] for one in answers] == ["220", "250", "250", "250", "354", "250", "221"]
    ((notice_id, report),) = listener.taken
    assert notice_id == NOTICE
    assert report.action is ReportedAction.FAILED


async def test_a_host_may_write_our_token_in_capitals_and_name_itself(listener: Listener) -> None:
    """Case says nothing in our return paths; a sender with a name is as good as none."""
    answers = await listener.talk(
        "HELO mx.example", "MAIL FROM:<postmaster@mx.example>", f"RCPT TO:<{OURS.upper()}>"
    )
    assert answers[-1].startswith("250")


@pytest.mark.parametrize(
    "address",
    [
        f"postmaster@{DOMAIN}",
        f"notices@{DOMAIN}",
        f"bounce+{'a' * 42}@{DOMAIN}",
        f"{PATHS.local_part(NOTICE)}@elsewhere.example",
        f"{PATHS.local_part(NOTICE)[:-3]}aaa@{DOMAIN}",
        "meera@kaveri-silk.example",
        f"x%elsewhere.example@{DOMAIN}",
    ],
    ids=["postmaster", "notices", "made_up", "elsewhere", "altered", "a_person", "routed"],
)
async def test_nothing_else_is_taken(listener: Listener, address: str) -> None:
    """Whoever is not a return path of ours is unknown, in the same words, and DATA is refused."""
    answers = await listener.talk("EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{address}>", "DATA")
    assert answers[3] == smtp.UNKNOWN
    assert answers[4][:3] == "503"
    assert listener.taken == []


async def test_one_recipient_a_message(listener: Listener) -> None:
    """A second one is put off: every report is about one notice."""
    other = f"{PATHS.local_part(NoticeId(uuid4()))}@{DOMAIN}"
    answers = await listener.talk(
        "EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{OURS}>", f"RCPT TO:<{other}>"
    )
    assert answers[-1] == smtp.SEVERAL


async def test_a_report_that_can_not_be_noted_is_not_answered_with_yes(listener: Listener) -> None:
    """While the database is away a host is asked to come again."""
    listener.is_away = True
    answers = await listener.talk(
        "EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{OURS}>", "DATA", REPORT
    )
    assert answers[-1] == smtp.LATER


async def test_a_message_too_long_is_refused(listener: Listener) -> None:
    """Announced or not, nothing above the limit is read in whole."""
    announced = await listener.talk("EHLO mx.example", f"MAIL FROM:<> SIZE={dsn.REPORT_OCTETS + 1}")
    assert announced[-1][:3] == "552"
    long = "x" * 900 + "\r\n"
    answers = await listener.talk(
        "EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{OURS}>", "DATA", long * 300 + ".\r\n"
    )
    assert answers[-1][:3] == "552"
    assert listener.taken == []


async def test_names_are_not_told_and_nobody_logs_in(listener: Listener) -> None:
    """VRFY answers the same whatever is asked; EXPN, AUTH and TLS are not there."""
    answers = await listener.talk(
        "EHLO mx.example", f"VRFY {OURS}", "VRFY nobody", "EXPN all", "AUTH PLAIN AAAA", "STARTTLS"
    )
    assert answers[2] == answers[3] == smtp.NO_NAMES
    assert [one[:3] for one in answers[4:]] == ["502", "538", "454"]


async def test_connections_are_limited_by_client_and_in_all(listener: Listener) -> None:
    """One too many is told to come later; when one has left there is room again."""
    open_ones = [await asyncio.open_connection(*listener.socket.getsockname()) for _ in range(3)]
    for reader, _ in open_ones:
        assert (await _answer(reader))[:3] == "220"
    assert (await listener.talk())[0] == smtp.BUSY
    reader, writer = open_ones[0]
    writer.write(b"QUIT\r\n")
    assert (await _answer(reader))[:3] == "221"
    await reader.read()
    assert (await listener.talk())[0][:3] == "220"
    for _, one in open_ones:
        one.close()


async def test_a_session_of_endless_commands_is_ended(listener: Listener) -> None:
    """Guessing return paths ends after a handful of tries a connection."""
    tries = [f"RCPT TO:<bounce+{'a' * 42}@{DOMAIN}>"] * (smtp.COMMANDS["RCPT"] + 1)
    answers = await listener.talk("EHLO mx.example", "MAIL FROM:<>", *tries)
    assert answers[-1][:3] == "421"


async def test_a_bug_tells_nothing_of_itself(listener: Listener) -> None:
    """An exception of ours is one fixed sentence."""

    async def broken(_notice_id: NoticeId, _report: Report) -> None:
        raise ValueError(OURS)

    listener.bounces._take = broken
    answers = await listener.talk(
        "EHLO mx.example", "MAIL FROM:<>", f"RCPT TO:<{OURS}>", "DATA", REPORT
    )
    assert answers[-1] == smtp.BROKEN
